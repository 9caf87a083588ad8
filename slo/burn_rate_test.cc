// Goal: the arithmetic of budgets is the definition's, exact at the threshold, and never NaN.
// Method: rows computed by hand.
#include "slo/burn_rate.h"

#include <gtest/gtest.h>

namespace slowburn::slo {
namespace {

using namespace std::chrono_literals;

const Objective k999 = *Objective::Parse("99.9%");

TEST(BurnRateTest, SilenceIsNeitherGoodNorBad) {
  EXPECT_EQ(ErrorRatio({}), std::nullopt);
  EXPECT_EQ(BurnRate({}, k999), std::nullopt);
  EXPECT_EQ(BudgetRemainingRatio({}, k999), std::nullopt);
  EXPECT_EQ(ExhaustionSeconds({}, {}, k999, 720h), std::nullopt);
  EXPECT_FALSE(BurnsFasterThan({}, k999, {0, 1}));
  EXPECT_FALSE(IsBudgetExhausted({}, k999));
}

TEST(BurnRateTest, FollowsTheDefinitions) {
  const SliCounts counts{.good = 9'986, .bad = 14};
  EXPECT_DOUBLE_EQ(*ErrorRatio(counts), 0.0014);
  EXPECT_NEAR(*BurnRate(counts, k999), 1.4, 1e-12);
  EXPECT_NEAR(BudgetEvents(counts, k999), 10.0, 1e-9);
  EXPECT_NEAR(*BudgetRemainingRatio(counts, k999), -0.4, 1e-12);
  EXPECT_TRUE(IsBudgetExhausted(counts, k999));
}

TEST(BurnRateTest, ThresholdIsStrictlyGreaterAndExact) {
  // 14.4 x 0.1 % of 10,000 events is exactly 144.
  const Rational factor = Rational::Of(144, 10);
  EXPECT_EQ(factor, (Rational{72, 5}));
  EXPECT_FALSE(BurnsFasterThan({.good = 9'856, .bad = 144}, k999, factor));
  EXPECT_TRUE(BurnsFasterThan({.good = 9'855, .bad = 145}, k999, factor));
  // 0.1 % of 3 x 10^15 events: beyond what a double would tell apart.
  const uint64_t total = 3'000'000'000'000'000;
  EXPECT_FALSE(BurnsFasterThan({total - total / 1000, total / 1000}, k999, {1, 1}));
  EXPECT_TRUE(BurnsFasterThan({total - total / 1000 - 1, total / 1000 + 1}, k999, {1, 1}));
}

TEST(BurnRateTest, ExhaustionIsWhatIsLeftAtTheLastHoursPace) {
  // 40 % left of a 30-day budget, burning at 4: 3 days.
  const SliCounts window{.good = 999'400, .bad = 600};
  const SliCounts hour{.good = 996, .bad = 4};
  EXPECT_NEAR(*ExhaustionSeconds(window, hour, k999, 720h), 3 * 86'400.0, 1e-3);
  EXPECT_EQ(ExhaustionSeconds(window, {.good = 5, .bad = 0}, k999, 720h), std::nullopt);
  EXPECT_EQ(ExhaustionSeconds(window, {}, k999, 720h), std::nullopt);
  EXPECT_EQ(*ExhaustionSeconds({.good = 0, .bad = 9}, {}, k999, 720h), 0.0);
}

TEST(RationalTest, Orders) {
  EXPECT_LT(Rational::Of(14, 15), (Rational{1, 1}));
  EXPECT_FALSE(Rational::Of(15, 15) < (Rational{1, 1}));
}

}  // namespace
}  // namespace slowburn::slo
