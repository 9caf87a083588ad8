// Goal: the policies are the published ones, scaled by the SLO's window, and guards hold. Method:
// rows computed by hand from the SRE Workbook's budget shares.
#include "slo/alert_policy.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

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
              HasSubstr("write sre-workbook or slowburn"));
}

}  // namespace
}  // namespace slowburn::slo
