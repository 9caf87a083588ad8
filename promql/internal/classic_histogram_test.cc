// Goal: quantiles and fractions of cumulative buckets are Prometheus'. Method: rows by hand.
#include "promql/internal/classic_histogram.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace slowburn::promql {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

struct ClassicCase {
  std::string name;
  std::vector<ClassicBucket> buckets;
  double quantile;
  double want;
  bool want_forced = false;
};

class ClassicQuantileTest : public ::testing::TestWithParam<ClassicCase> {};

TEST_P(ClassicQuantileTest, Finds) {
  std::vector<ClassicBucket> buckets = GetParam().buckets;
  EXPECT_EQ(MendBuckets(buckets), GetParam().want_forced);
  const double got = ClassicQuantile(GetParam().quantile, buckets);
  if (std::isnan(GetParam().want)) {
    EXPECT_TRUE(std::isnan(got)) << got;
  } else {
    EXPECT_DOUBLE_EQ(got, GetParam().want);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ClassicQuantileTest,
    ::testing::ValuesIn<ClassicCase>({
        {"Linear", {{1, 2}, {2, 4}, {kInfinity, 4}}, 0.75, 1.5},
        {"FirstBeginsAtZero", {{1, 2}, {2, 4}, {kInfinity, 4}}, 0.25, 0.5},
        {"FirstBelowZero", {{-1, 2}, {kInfinity, 4}}, 0.25, -1},
        {"LastHasNoEnd", {{1, 2}, {2, 3}, {kInfinity, 4}}, 0.99, 2},
        {"AnyOrder", {{kInfinity, 4}, {2, 4}, {1, 2}}, 0.75, 1.5},
        {"EqualBoundsAddUp", {{1, 1}, {1, 1}, {2, 4}, {kInfinity, 4}}, 0.75, 1.5},
        {"NoInfinity", {{1, 2}, {2, 4}}, 0.5, kNan},
        {"OnlyInfinity", {{kInfinity, 4}}, 0.5, kNan},
        {"NoObservations", {{1, 0}, {kInfinity, 0}}, 0.5, kNan},
        {"Below", {{1, 2}, {kInfinity, 2}}, -1, -kInfinity},
        {"Above", {{1, 2}, {kInfinity, 2}}, 2, kInfinity},
        {"Decreases", {{1, 4}, {2, 2}, {4, 8}, {kInfinity, 8}}, 0.75, 3, true},
        {"DecreasesByRounding", {{1, 4}, {2, 4 - 1e-14}, {kInfinity, 4}}, 0.5, 0.5, false},
    }),
    [](const auto& info) { return info.param.name; });

TEST(ClassicFractionTest, Rows) {
  std::vector<ClassicBucket> buckets = {{1, 2}, {2, 4}, {kInfinity, 8}};
  MendBuckets(buckets);
  EXPECT_DOUBLE_EQ(ClassicFraction(0, 1, buckets), 0.25);
  EXPECT_DOUBLE_EQ(ClassicFraction(0.5, 1.5, buckets), 0.25);
  EXPECT_DOUBLE_EQ(ClassicFraction(-kInfinity, kInfinity, buckets), 1);
  EXPECT_DOUBLE_EQ(ClassicFraction(2, 2, buckets), 0);
  EXPECT_TRUE(std::isnan(ClassicFraction(kNan, 2, buckets)));
  EXPECT_TRUE(std::isnan(ClassicFraction(0, 1, {{1, 2}})));
}

}  // namespace
}  // namespace slowburn::promql
