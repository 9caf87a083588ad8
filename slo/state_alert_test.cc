// Goal: an alert on a budget's state holds exactly beyond its bound, however large the counts are.
// Method: rows around each bound; the integers against the figure that people are shown.
#include "slo/state_alert.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using namespace std::chrono_literals;

constexpr sys_seconds kNow{1'702'080'000s};
constexpr seconds kWindow = 30 * 24h;

StateAlert Alert(StateAlert::Kind kind) {
  StateAlert alert;
  alert.kind = kind;
  return alert;
}
StateAlert BudgetBelow(uint64_t remaining_percent) {
  StateAlert alert = Alert(StateAlert::Kind::kBudgetLow);
  alert.spent_share = Rational::Of(100 - remaining_percent, 100);
  return alert;
}

struct HoldsCase {
  std::string name;
  StateAlert alert;
  SliCounts in_window;
  std::optional<seconds> silence;
  bool is_total = true;
  bool want = false;
};
void PrintTo(const HoldsCase& row, std::ostream* out) { *out << row.name; }
class StateAlertTest : public testing::TestWithParam<HoldsCase> {};

TEST_P(StateAlertTest, HoldsBeyondItsBound) {
  const HoldsCase& c = GetParam();
  StateAlert alert = c.alert;
  if (alert.kind == StateAlert::Kind::kNoData) alert.span = 30min;
  BudgetFigures figures{.is_total = c.is_total,
                        .has_events = c.in_window.total() > 0,
                        .in_window = c.in_window,
                        .in_last_hour = {},
                        .window = kWindow,
                        .last_event = {},
                        .excluded_since = {},
                        .now = kNow};
  if (c.silence.has_value()) figures.last_event = kNow - *c.silence;
  EXPECT_EQ(Holds(alert, *Objective::Parse("99.9%"), figures), c.want);
}

// 100,000 events may hold 100 bad ones.
constexpr SliCounts Bad(uint64_t bad) { return {.good = 100'000 - bad, .bad = bad}; }
constexpr auto kNoData = StateAlert::Kind::kNoData;
constexpr auto kViolated = StateAlert::Kind::kViolated;

INSTANTIATE_TEST_SUITE_P(Bounds, StateAlertTest,
                         testing::ValuesIn<HoldsCase>({
                             {"QuarterLeft", BudgetBelow(25), Bad(75), {}, true, false},
                             {"LessThanAQuarterLeft", BudgetBelow(25), Bad(76), {}, true, true},
                             {"NothingLeft", BudgetBelow(0), Bad(100), {}, true, false},
                             {"LessThanNothingLeft", BudgetBelow(0), Bad(101), {}, true, true},
                             {"NothingKnown", BudgetBelow(25), {}, {}, true, false},
                             {"Met", Alert(kViolated), Bad(100), {}, true, false},
                             {"Missed", Alert(kViolated), Bad(101), {}, true, true},
                             {"MissedWithoutEvents", Alert(kViolated), {}, {}, true, false},
                             {"NeverAnEvent", Alert(kNoData), {}, {}, true, false},
                             {"SilentForLess", Alert(kNoData), Bad(0), 1799s, true, false},
                             {"Silent", Alert(kNoData), Bad(0), 1800s, true, true},
                             {"SilentBeyondTheWindow", Alert(kNoData), {}, 31 * 24h, true, true},
                             {"EventsOfTheFuture", Alert(kNoData), Bad(0), -60s, true, false},
                             {"SilentGroup", Alert(kNoData), Bad(0), 1800s, false, true},
                             {"GroupThatIsGone", Alert(kNoData), {}, 31 * 24h, false, false},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(StateAlertTest, ExhaustionIsComparedExactly) {
  const Objective objective = *Objective::Parse("99.9%");
  // Half of the budget is left, and the hour burns at 5: 3 d.
  const SliCounts half = Bad(50);
  const SliCounts at_five{.good = 995, .bad = 5};
  EXPECT_FALSE(IsExhaustedWithin(half, at_five, objective, kWindow, 72h));
  EXPECT_TRUE(IsExhaustedWithin(half, at_five, objective, kWindow, 72h + 1s));
  EXPECT_FALSE(IsExhaustedWithin(half, {.good = 1000, .bad = 0}, objective, kWindow, 9600h));
  EXPECT_FALSE(IsExhaustedWithin(half, {}, objective, kWindow, 9600h)) << "nothing in the hour";
  EXPECT_FALSE(IsExhaustedWithin({}, {}, objective, kWindow, 72h)) << "nothing at all";
  EXPECT_TRUE(IsExhaustedWithin(Bad(100), {}, objective, kWindow, 1s)) << "spent to the last event";
  EXPECT_TRUE(IsExhaustedWithin(Bad(101), {}, objective, kWindow, 1s)) << "overspent";
}

TEST(StateAlertTest, ExhaustionSurvivesHugeCounts) {
  // A billion events a second for 400 days, the budget nearly whole; the hour burns at 2: 200 days
  // less what is spent.
  const Objective objective = *Objective::Parse("99.999999%");
  const uint64_t total = 34'560'000'000'000'000;
  const SliCounts in_window{.good = total - 2, .bad = 2};
  const SliCounts in_hour{.good = 3'600'000'000'000 - 72'000, .bad = 72'000};
  EXPECT_FALSE(IsExhaustedWithin(in_window, in_hour, objective, 9600h, 4799h));
  EXPECT_TRUE(IsExhaustedWithin(in_window, in_hour, objective, 9600h, 4800h));
}

// Goal: the alert and the figure beside it never disagree. Method: random counts; where the figure
// is a second or more away from the bound, both say the same.
TEST(StateAlertPropertyTest, ExhaustionAgreesWithTheFigure) {
  const uint64_t seed = std::random_device{}();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  const auto counts = [&] {
    const uint64_t total = random() % (uint64_t{1} << (1 + random() % 50));
    const uint64_t bad = total == 0 ? 0 : random() % (total + 1) >> (random() % 30);
    return SliCounts{.good = total - bad, .bad = bad};
  };
  for (const std::string_view text : {"50%", "90%", "99.9%", "99.999999%"}) {
    const Objective objective = *Objective::Parse(text);
    for (int i = 0; i < 2000; ++i) {
      const SliCounts in_window = counts();
      const SliCounts in_hour = counts();
      const seconds within(1 + static_cast<int64_t>(random() % 40'000'000));
      const std::optional<double> figure =
          ExhaustionSeconds(in_window, in_hour, objective, kWindow);
      const double bound = static_cast<double>(within.count());
      if (figure.has_value() && std::abs(*figure - bound) < 1) continue;
      EXPECT_EQ(IsExhaustedWithin(in_window, in_hour, objective, kWindow, within),
                figure.has_value() && *figure < bound)
          << in_window.good << "+" << in_window.bad << ", " << in_hour.good << "+" << in_hour.bad
          << " within " << within.count();
    }
  }
}

}  // namespace
}  // namespace slowburn::slo
