// Goal: the policies are the published ones, scaled by the SLO's window, and guards hold. Method:
// rows as the SRE Workbook, Sloth's catalogue and Pyrra's code have them, and the rest by hand.
#include "slo/alert_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/duration_text.h"
#include "base/status.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using namespace std::chrono_literals;

std::vector<std::string> Rows(const AlertPolicy& policy) {
  std::vector<std::string> rows;
  for (const AlertTier& tier : policy.tiers) {
    rows.push_back(fmt::format("{} {} {:.4g}", tier.severity, tier.name, tier.factor.value()));
  }
  return rows;
}

AlertPolicy Make(std::string_view name, std::string_view objective, seconds window) {
  return *MakeAlertPolicy(name, *Objective::Parse(objective), window);
}

TEST(AlertPolicyTest, WorkbookScalesByWindow) {
  EXPECT_THAT(Rows(Make("sre-workbook", "99.9%", 720h)),
              ElementsAre("page 1h/5m 14.4", "page 6h/30m 6", "ticket 1d/2h 3", "ticket 3d/6h 1"));
  EXPECT_THAT(
      Rows(Make("sre-workbook", "99.9%", 672h)),
      ElementsAre("page 1h/5m 13.44", "page 6h/30m 5.6", "ticket 1d/2h 2.8", "ticket 3d/6h 1"));
  EXPECT_THAT(
      Rows(Make("sre-workbook", "99.9%", 168h)),
      ElementsAre("page 1h/5m 3.36", "page 6h/30m 1.4", "ticket 1d/2h 1", "ticket 3d/6h 1"));
}

TEST(AlertPolicyTest, SlowburnAddsTheOutageTier) {
  const AlertPolicy policy = Make("slowburn", "99.9%", 720h);
  EXPECT_THAT(Rows(policy), ElementsAre("page 1m/10s 144", "page 1h/5m 14.4", "page 6h/30m 6",
                                        "ticket 1d/2h 3", "ticket 3d/6h 1"));
  EXPECT_EQ(policy.tiers[0].min_bad, 20u);
  EXPECT_EQ(policy.tiers[0].keep_firing_for, 300s);
}

TEST(AlertPolicyTest, WhatCanNeverFireIsLeftOutAndSaid) {
  // 144 x 1 % and 14.4 x 10 % are ratios above 1.
  const AlertPolicy low = Make("slowburn", "90%", 720h);
  EXPECT_THAT(Rows(low), ElementsAre("page 6h/30m 6", "ticket 1d/2h 3", "ticket 3d/6h 1"));
  ASSERT_EQ(low.unreachable.size(), 2u);
  EXPECT_THAT(low.unreachable[0].reason, HasSubstr("burn rate 144 at 90%"));
  const AlertPolicy day = Make("sre-workbook", "99.9%", 24h);
  EXPECT_THAT(Rows(day), ElementsAre("page 1h/5m 1", "page 6h/30m 1", "ticket 1d/2h 1"));
  ASSERT_EQ(day.unreachable.size(), 1u);
  EXPECT_THAT(day.unreachable[0].reason, HasSubstr("3d is longer than the SLO's 1d"));
}

TEST(AlertPolicyTest, ExactlyOneIsUnreachable) {
  // Factor x (1 - T) = 1: an error ratio is never strictly above 1.
  EXPECT_THAT(Rows(Make("sre-workbook", "0.000001%", 1h)), ElementsAre("page 1h/5m 1"));
  const auto all_bad = Make("sre-workbook", "50%", 100h);  // 2 % x 100 h / 1 h = 2 = 1 / 0.5
  EXPECT_THAT(Rows(all_bad), ElementsAre("page 6h/30m 1", "ticket 1d/2h 1", "ticket 3d/6h 1"));
}

TEST(AlertPolicyTest, BurnsOnlyWhenBothWindowsDoAndTheGuardsAreMet) {
  const Objective objective = *Objective::Parse("99.9%");
  const AlertTier tier = Make("sre-workbook", "99.9%", 720h).tiers[0];
  const SliCounts quiet{.good = 1000, .bad = 0};
  const SliCounts loud{.good = 900, .bad = 100};
  EXPECT_TRUE(IsBurning(tier, objective, loud, loud));
  EXPECT_FALSE(IsBurning(tier, objective, loud, quiet));
  EXPECT_FALSE(IsBurning(tier, objective, quiet, loud));
  EXPECT_FALSE(IsBurning(tier, objective, {.good = 0, .bad = 1},
                         {.good = 0, .bad = 1}));  // one bad event pages nobody
  EXPECT_TRUE(IsBurning(tier, objective, {.good = 0, .bad = 2}, {.good = 0, .bad = 1}));
  EXPECT_FALSE(IsBurning(tier, objective, {}, {}));
}

TEST(AlertPolicyTest, RefusesAnUnknownName) {
  const auto got = MakeAlertPolicy("sre", *Objective::Parse("99%"), 720h);
  EXPECT_THAT(std::string(base::Message(got.status())),
              HasSubstr("write sre-workbook, slowburn, pyrra or a list of tiers"));
}

// --- shares of a budget, as Sloth's catalogues have them

struct ShareCase {
  std::string name;
  uint64_t share_millionths;
  seconds window;
  seconds long_window;
  Rational want;
};
void PrintTo(const ShareCase& row, std::ostream* out) { *out << row.name; }
class ScaledFactorTest : public testing::TestWithParam<ShareCase> {};

TEST_P(ScaledFactorTest, IsExact) {
  const ShareCase& c = GetParam();
  EXPECT_EQ(ScaledFactor(c.share_millionths, c.window, c.long_window), c.want);
  EXPECT_EQ(ScaledFactorAtLeastOne(c.share_millionths, c.window, c.long_window),
            c.want < (Rational{1, 1}) ? (Rational{1, 1}) : c.want);
}

INSTANTIATE_TEST_SUITE_P(
    Sloth, ScaledFactorTest,
    testing::ValuesIn<ShareCase>({
        {"PageQuick30d", 20'000, 720h, 1h, {72, 5}},  // 14.4
        {"PageSlow30d", 50'000, 720h, 6h, {6, 1}},
        {"TicketQuick30d", 100'000, 720h, 24h, {3, 1}},
        {"TicketSlow30d", 100'000, 720h, 72h, {1, 1}},
        {"PageQuick28d", 20'000, 672h, 1h, {336, 25}},    // 13.44
        {"PageSlow28d", 50'000, 672h, 6h, {28, 5}},       // 5.6
        {"TicketQuick28d", 100'000, 672h, 24h, {14, 5}},  // 2.8
        {"TicketSlow28d", 100'000, 672h, 72h, {14, 15}},  // 0.933: raised
        {"PageQuick7d", 80'000, 168h, 1h, {336, 25}},     // 8 %: 13.44
        {"PageSlow7d", 125'000, 168h, 6h, {7, 2}},        // 12.5 %: 3.5
        {"TicketQuick7d", 200'000, 168h, 24h, {7, 5}},    // 20 %: 1.4
        {"TicketSlow7d", 420'000, 168h, 72h, {49, 50}},   // 42 %: 0.98, raised
        {"PageQuickCustom30d", 10'000, 720h, 30min, {72, 5}},
        {"PageSlowCustom30d", 20'000, 720h, 3h, {24, 5}},  // 4.8
        {"TicketQuickCustom30d", 50'000, 720h, 12h, {3, 1}},
        {"TicketSlowCustom30d", 50'000, 720h, 36h, {1, 1}},
        // The finest share over the longest window: nothing is rounded, nothing overflows.
        {"Finest", 1, 9600h, 30s, {144, 125}},
    }),
    [](const auto& info) { return info.param.name; });

// --- Pyrra

std::vector<std::string> PyrraRows(const AlertPolicy& policy) {
  std::vector<std::string> rows;
  for (const AlertTier& tier : policy.tiers) {
    rows.push_back(fmt::format("{} {} {} for {}", tier.severity, tier.factor.value(), tier.name,
                               base::FormatDuration(tier.hold)));
  }
  return rows;
}

struct PyrraCase {
  std::string name;
  seconds window;
  std::vector<std::string> want;  // fast, medium, slow, long-term
};
void PrintTo(const PyrraCase& row, std::ostream* out) { *out << row.name; }
class PyrraPolicyTest : public testing::TestWithParam<PyrraCase> {};

TEST_P(PyrraPolicyTest, HasPyrrasFigures) {
  const AlertPolicy policy = Make("pyrra", "99.9%", GetParam().window);
  EXPECT_THAT(PyrraRows(policy), testing::ElementsAreArray(GetParam().want));
  for (const AlertTier& tier : policy.tiers) {
    EXPECT_TRUE(CheckTierWindows(tier.long_window, tier.short_window).ok()) << tier.name;
    EXPECT_EQ(tier.rank, tier.severity == "critical" ? kPagingRank : 1);
    EXPECT_EQ(tier.min_bad, tier.severity == "critical" ? 2u : 1u);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Windows, PyrraPolicyTest,
    testing::ValuesIn<PyrraCase>({
        {"SevenDays",
         168h,
         {"critical 14 15m/1m for 1m", "critical 7 1h30m/8m for 4m", "warning 2 6h/30m for 15m",
          "warning 1 1d/1h30m for 45m"}},
        {"FourteenDays",
         336h,
         {"critical 14 30m/3m for 1m", "critical 7 3h/15m for 8m", "warning 2 12h/1h for 30m",
          "warning 1 2d/3h for 1h30m"}},
        {"TwentyEightDays",
         672h,
         {"critical 14 1h/5m for 2m", "critical 7 6h/30m for 15m", "warning 2 1d/2h for 1h",
          "warning 1 4d/6h for 3h"}},
        {"ThirtyDays",
         720h,
         {"critical 14 1h4m/5m for 2m", "critical 7 6h26m/32m for 16m",
          "warning 2 1d1h43m/2h9m for 1h4m", "warning 1 4d6h51m/6h26m for 3h13m"}},
        {"NinetyDays",
         2160h,
         {"critical 14 3h13m/16m for 6m", "critical 7 19h17m/1h36m for 48m",
          "warning 2 3d5h9m/6h26m for 3h13m", "warning 1 12d20h34m/19h17m for 9h39m"}},
        // Where Pyrra's rounding makes short windows of 0 (its rules break there), slices stand in.
        {"TwoDays",
         48h,
         {"critical 14 4m/20s for 0s", "critical 7 26m/2m for 1m", "warning 2 1h43m/9m for 4m",
          "warning 1 6h51m/26m for 13m"}},
        {"OneHour",
         1h,
         {"critical 7 1m/10s for 0s", "warning 2 2m/10s for 0s", "warning 1 9m/1m for 0s"}},
        {"OneMinute", 60s, {}},
    }),
    [](const auto& info) { return info.param.name; });

TEST(AlertPolicyTest, PyrrasTierThatSlicesAreTooCoarseForIsUnreachable) {
  const AlertPolicy policy = Make("pyrra", "99.9%", 1h);
  ASSERT_EQ(policy.unreachable.size(), 1u);
  EXPECT_EQ(policy.unreachable[0].name, "10s/10s");
  EXPECT_THAT(policy.unreachable[0].reason, HasSubstr("slice of 10 s in an SLO over 1h"));
  EXPECT_EQ(Make("pyrra", "99.9%", 60s).unreachable.size(), 4u);
}

// What is burnt in the long window just at the threshold, whatever the SLO's window is.
TEST(AlertPolicyTest, PyrrasRowsSpendTheSameShares) {
  const AlertPolicy policy = Make("pyrra", "99.9%", 672h);
  std::vector<std::string> shares;
  for (const AlertTier& tier : policy.tiers) {
    shares.push_back(fmt::format(
        "{:.2f}",
        100 * tier.factor.value() * static_cast<double>(tier.long_window.count()) / (672 * 3600)));
  }
  EXPECT_THAT(shares, ElementsAre("2.08", "6.25", "7.14", "14.29"));
}

// --- lists of tiers

TEST(AlertPolicyTest, AListKeepsItsNamesAndItsOrder) {
  AlertTier fast;
  fast.name = "fast";
  fast.severity = "sev1";
  fast.long_window = 1h;
  fast.short_window = 5min;
  fast.factor = {72, 5};
  AlertTier slow = fast;
  slow.name = "";
  slow.long_window = 72h;
  slow.short_window = 6h;
  slow.factor = {1, 2};
  AlertTier never = fast;
  never.name = "never";
  never.factor = {1000, 1};
  const AlertPolicy policy =
      MakeAlertPolicy("custom", {never, slow, fast}, *Objective::Parse("99.9%"), 720h);
  EXPECT_EQ(policy.name, "custom");
  EXPECT_THAT(Rows(policy), ElementsAre("sev1 3d/6h 0.5", "sev1 fast 14.4"));
  ASSERT_EQ(policy.unreachable.size(), 1u);
  EXPECT_EQ(policy.unreachable[0].name, "never");
}

TEST(AlertPolicyTest, ChecksWindowsOfATier) {
  struct Case {
    std::chrono::nanoseconds long_window, short_window;
    std::string_view want;
  };
  for (const Case& c :
       {Case{1h, 5min, ""}, Case{20s, 10s, ""}, Case{9600h, 10s, ""},
        Case{1h, 5s, "5s is shorter than a slice"}, Case{1h, 0s, "0s is shorter than a slice"},
        Case{1h, 10'500ms, "10s500ms is no whole number of slices"},
        Case{65s, 10s, "1m5s is no whole number of slices"},
        Case{5min, 5min, "5m is not shorter than the long one of 5m"},
        Case{5min, 1h, "1h is not shorter than the long one of 5m"},
        Case{9601h, 1h, "longer than 400d"}}) {
    const absl::Status status = CheckTierWindows(c.long_window, c.short_window);
    if (c.want.empty()) {
      EXPECT_TRUE(status.ok()) << status;
    } else {
      EXPECT_THAT(std::string(base::Message(status)), HasSubstr(std::string(c.want)));
    }
  }
}

// --- ranks

TEST(AlertPolicyTest, SeveritiesRankAsTheyAppearButPagesBeforeTickets) {
  using Names = std::vector<std::string>;
  EXPECT_EQ(RankSeverities({"page", "page", "ticket"}), (Names{"page", "ticket"}));
  EXPECT_EQ(RankSeverities({"ticket", "page"}), (Names{"page", "ticket"}));
  EXPECT_EQ(RankSeverities({"warning", "info", "critical"}),
            (Names{"critical", "info", "warning"}));
  EXPECT_EQ(RankSeverities({"sev2", "sev1", "sev2"}), (Names{"sev2", "sev1"}));
  EXPECT_EQ(RankSeverities({"warning", "page", "ticket", "critical"}),
            (Names{"page", "critical", "warning", "ticket"}));
  EXPECT_EQ(RankSeverities({}), Names{});
  EXPECT_EQ(RankOf({"page", "ticket"}, "page"), kPagingRank);
  EXPECT_EQ(RankOf({"page"}, "page"), kPagingRank);
  EXPECT_EQ(RankOf({"page", "ticket"}, "ticket"), 1);
  EXPECT_EQ(RankOf({"page", "ticket"}, "info"), 0);
  EXPECT_EQ(RankOf({"sev1", "page", "info", "ticket"}, "sev1"), kPagingRank);
  EXPECT_EQ(RankOf({"sev1", "page", "info", "ticket"}, "page"), kPagingRank - 1);
  EXPECT_EQ(RankOf({"sev1", "page", "info", "ticket"}, "info"), 2);
}

// A page that is only kept firing has the rank of when it last burned: over 6 h, without tickets.
TEST(AlertPolicyTest, APageOutranksTicketsThatAReloadBrings) {
  const Objective objective = Objective::Parse("99.9%").value();
  const AlertPolicy before = *MakeAlertPolicy("slowburn", objective, 6h);
  const AlertPolicy after = *MakeAlertPolicy("slowburn", objective, 30 * 24h);
  ASSERT_EQ(before.tiers.back().severity, "page");
  ASSERT_EQ(after.tiers.back().severity, "ticket");
  for (const AlertTier& page : before.tiers) EXPECT_GT(page.rank, after.tiers.back().rank);
}

}  // namespace
}  // namespace slowburn::slo
