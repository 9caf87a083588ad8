// Goal: an exclusion covers exactly the SLOs that it names, and what cannot be one is refused with
// what to write. Method: rows.
#include "slo/exclusion.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::slo {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;
using testing::HasSubstr;
using namespace std::chrono_literals;

constexpr sys_seconds kStart{sys_days(2026y / 1 / 4)};

Exclusion Good() {
  return {.id = "deploy",
          .description = "",
          .when = Exclusion::Once{kStart, kStart + 2h},
          .slos = {},
          .labels = {},
          .source = "api"};
}

TEST(ExclusionTest, AppliesToWhatMatchesAllThatIsGiven) {
  struct {
    std::vector<std::string> slos;
    model::LabelSet labels;
    bool want;
  } const rows[] = {
      {{}, {}, true},
      {{"checkout/availability"}, {}, true},
      {{"checkout/latency", "checkout/availability"}, {}, true},
      {{"checkout/*"}, {}, true},
      {{"checkout/latency"}, {}, false},
      {{"check/*"}, {}, false},
      {{"checkout/avail"}, {}, false},
      {{}, {{"team", "payments"}}, true},
      {{}, {{"team", "payments"}, {"tier", "1"}}, true},
      {{}, {{"team", "search"}}, false},
      {{}, {{"team", "payments"}, {"tier", "2"}}, false},
      {{}, {{"region", "eu"}}, false},
      {{"checkout/*"}, {{"team", "payments"}}, true},
      {{"checkout/*"}, {{"team", "search"}}, false},
      {{"cart/*"}, {{"team", "payments"}}, false},
  };
  for (const auto& row : rows) {
    Exclusion exclusion = Good();
    exclusion.slos = row.slos;
    exclusion.labels = row.labels;
    EXPECT_EQ(exclusion.AppliesTo("checkout/availability", {{"team", "payments"}, {"tier", "1"}}),
              row.want)
        << testing::PrintToString(row.slos) << row.labels.Text();
  }
}

TEST(ExclusionTest, GoodOnesPass) {
  EXPECT_TRUE(CheckExclusion(Good()).ok());
  Exclusion full = Good();
  full.id = std::string(128, 'x');
  full.description = std::string(1'000, 'x');
  full.slos = std::vector<std::string>(100, "a.b/*");
  full.when = Exclusion::Once{kStart, kStart + 31 * 24h};
  EXPECT_TRUE(CheckExclusion(full).ok());
  full.when = *Recurrence::Parse("FREQ=DAILY", absl::CivilSecond(2026, 1, 1), "UTC", 1h);
  EXPECT_TRUE(CheckExclusion(full).ok());
  EXPECT_FALSE(full == Good());
  EXPECT_EQ(Good(), Good());
}

TEST(ExclusionTest, IdentityIsOfTheTimes) {
  const Exclusion first = Good();
  Exclusion same_time = Good();
  same_time.id = "other";
  same_time.slos = {"checkout/*"};
  Exclusion later = Good();
  later.when = Exclusion::Once{kStart + 1s, kStart + 2h};
  Exclusion daily = Good();
  daily.when = *Recurrence::Parse("FREQ=DAILY", absl::CivilSecond(2026, 1, 1), "UTC", 1h);
  Exclusion elsewhere = Good();
  elsewhere.when = *Recurrence::Parse("FREQ=DAILY", absl::CivilSecond(2026, 1, 1), "Etc/UTC", 1h);
  const auto identity = [](std::vector<const Exclusion*> set) { return IdentityOf(set); };
  EXPECT_EQ(identity({}), "");
  // Checkpoints hold it: it may not change.
  EXPECT_EQ(identity({&first}), "c3b54c6fcff280bca26a1cc9ba9b78c0");
  EXPECT_EQ(identity({&daily}), "e4010fadc68d36e54d75163917e5476e");
  EXPECT_EQ(identity({&first, &later}), identity({&later, &same_time, &first}));
  EXPECT_EQ(identity({&first}), identity({&same_time}));
  EXPECT_NE(identity({&first}), identity({&later}));
  EXPECT_NE(identity({&first}), identity({&first, &later}));
  EXPECT_NE(identity({&daily}), identity({&elsewhere})) << "by name, not by what the zone does";
}

TEST(ExclusionTest, RefusesWithWhatToWrite) {
  struct {
    std::string_view name;
    std::function<void(Exclusion&)> change;
    std::string_view want;
  } const rows[] = {
      {"no id", [](auto& e) { e.id = ""; }, "the id is \"\"; write 1 to 128 letters"},
      {"slash", [](auto& e) { e.id = "a/b"; }, "the id is \"a/b\""},
      {"long id", [](auto& e) { e.id = std::string(129, 'a'); }, "write 1 to 128 letters"},
      {"long text", [](auto& e) { e.description = std::string(1'001, 'a'); }, "has 1001 bytes"},
      {"name", [](auto& e) { e.slos = {"checkout"}; }, "\"checkout\" names no SLO; write service/"},
      {"all", [](auto& e) { e.slos = {"*"}; }, "\"*\" names no SLO"},
      {"all of all", [](auto& e) { e.slos = {"*/*"}; }, "\"*/*\" names no SLO"},
      {"part", [](auto& e) { e.slos = {"checkout/a*"}; }, "or checkout/* for all of a service"},
      {"deep", [](auto& e) { e.slos = {"a/b/c"}; }, "\"a/b/c\" names no SLO"},
      {"many", [](auto& e) { e.slos.assign(101, "a/b"); }, "it names 101 SLOs; write at most 100"},
      {"labels",
       [](auto& e) {
         for (int i = 0; i < 65; ++i) e.labels.Set("l" + std::to_string(i), "x");
       },
       "it has 65 labels; write at most 64"},
      {"empty",
       [](auto& e) {
         e.when = Exclusion::Once{kStart, kStart};
       },
       "not after the start"},
      {"back",
       [](auto& e) {
         e.when = Exclusion::Once{kStart, kStart - 1s};
       },
       "a later end"},
      {"long",
       [](auto& e) {
         e.when = Exclusion::Once{kStart, kStart + 31 * 24h + 1s};
       },
       "it lasts 31d1s; write at most 31d, or several after each other"},
      {"early",
       [](auto& e) {
         e.when = Exclusion::Once{sys_seconds{-1s}, sys_seconds{1s}};
       },
       "outside 1970 to 2100"},
      {"late",
       [](auto& e) {
         e.when = Exclusion::Once{sys_days(2100y / 12 / 31), sys_days(2101y / 1 / 1) + 1s};
       },
       "outside 1970 to 2100"},
  };
  for (const auto& row : rows) {
    Exclusion exclusion = Good();
    row.change(exclusion);
    const absl::Status status = CheckExclusion(exclusion);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << row.name;
    EXPECT_THAT(std::string(base::Message(status)), HasSubstr(std::string(row.want))) << row.name;
  }
}

using Once = std::optional<Exclusion::Once>;

TEST(ExclusionTimesTest, OfOneOff) {
  const Exclusion exclusion = Good();
  const Exclusion::Once whole{kStart, kStart + 2h};
  EXPECT_EQ(TimesAt(exclusion, kStart - 1s).current, Once());
  EXPECT_EQ(TimesAt(exclusion, kStart - 1s).next, Once(whole));
  for (const sys_seconds within : {kStart, kStart + 2h - 1s}) {
    EXPECT_EQ(TimesAt(exclusion, within).current, Once(whole));
    EXPECT_EQ(TimesAt(exclusion, within).next, Once());
  }
  EXPECT_EQ(TimesAt(exclusion, kStart + 2h).current, Once());
  EXPECT_EQ(TimesAt(exclusion, kStart + 2h).next, Once());
}

TEST(ExclusionTimesTest, OfWhatRepeats) {
  struct {
    std::string_view rule;
    std::chrono::seconds duration;
    sys_seconds now;
    std::optional<sys_seconds> current, next;  // their beginnings
  } const rows[] = {
      {"FREQ=WEEKLY", 2h, kStart + 1h, kStart, kStart + 7 * 24h},
      {"FREQ=WEEKLY", 2h, kStart + 2h, {}, kStart + 7 * 24h},
      {"FREQ=WEEKLY", 2h, kStart - 1s, {}, kStart},
      // They overlap: the one that began last.
      {"FREQ=DAILY", 30h, kStart + 25h, kStart + 24h, kStart + 48h},
      // Far ahead, and never again.
      {"FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29", 1h, kStart, {}, sys_days(2028y / 2 / 29)},
      {"FREQ=WEEKLY;COUNT=2", 2h, kStart + 7 * 24h, kStart + 7 * 24h, {}},
      {"FREQ=WEEKLY;COUNT=2", 2h, kStart + 9 * 24h, {}, {}},
      {"FREQ=YEARLY", 1h, sys_days(2100y / 12 / 31), {}, {}},
  };
  for (const auto& row : rows) {
    Exclusion exclusion = Good();
    exclusion.when =
        Recurrence::Parse(row.rule, absl::CivilSecond(2026, 1, 4), "UTC", row.duration).value();
    const ExclusionTimes times = TimesAt(exclusion, row.now);
    const auto want = [&](std::optional<sys_seconds> begin) {
      return begin.has_value() ? Once({*begin, *begin + row.duration}) : Once();
    };
    EXPECT_EQ(times.current, want(row.current))
        << row.rule << " " << row.now.time_since_epoch().count();
    EXPECT_EQ(times.next, want(row.next)) << row.rule << " " << row.now.time_since_epoch().count();
  }
}

TEST(ExclusionTest, MadeIdsSayWhenAndAreValid) {
  EXPECT_EQ(MakeExclusionId(kStart + 2h + 3s, 0xbeef), "20260104T020003Z-0000beef");
  EXPECT_TRUE(IsValidExclusionId(MakeExclusionId(kStart, 0)));
}

}  // namespace
}  // namespace slowburn::slo
