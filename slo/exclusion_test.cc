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

}  // namespace
}  // namespace slowburn::slo
