// Goal: quantiles, fractions and variance are those of Prometheus. Method: rows by hand; and
// quantile and fraction are each other's inverse on histograms of both kinds.
#include "promql/internal/histogram_quantile.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "promql/testing/histogram_parts.h"

namespace slowburn::promql {
namespace {

using testing::HistogramParts;
using testing::MakeHistogram;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
const double kNan = std::nan("");

struct QuantileCase {
  std::string name;
  HistogramParts histogram;
  double quantile;
  double want;
};

void ExpectSame(double got, double want) {
  if (std::isnan(want)) {
    EXPECT_TRUE(std::isnan(got)) << got;
  } else {
    EXPECT_DOUBLE_EQ(got, want);
  }
}

class HistogramQuantileTest : public ::testing::TestWithParam<QuantileCase> {};

TEST_P(HistogramQuantileTest, Finds) {
  ExpectSame(HistogramQuantile(GetParam().quantile, MakeHistogram(GetParam().histogram)),
             GetParam().want);
}

const HistogramParts kPositive = {.count = 4, .sum = 5, .buckets = {1, 2, 1}};
const HistogramParts kNegative = {.count = 4, .sum = -5, .negative_buckets = {1, 2, 1}};
const HistogramParts kZero = {.count = 4, .sum = 0, .zero_count = 4, .zero_threshold = 1};
const HistogramParts kCustom = {
    .schema = -53, .count = 4, .sum = 20, .buckets = {1, 2, 1}, .custom_bounds = {5, 10}};

INSTANTIATE_TEST_SUITE_P(
    Rows, HistogramQuantileTest,
    ::testing::ValuesIn<QuantileCase>({
        {"Below", kPositive, -0.1, -kInfinity},
        {"Above", kPositive, 1.1, kInfinity},
        {"NotANumber", kPositive, kNan, kNan},
        {"NoObservations", {}, 0.5, kNan},
        // Half way, on a logarithmic scale, from 1 to 2.
        {"Median", kPositive, 0.5, std::sqrt(2.0)},
        {"Least", kPositive, 0, 0.5},
        {"Most", kPositive, 1, 4},
        {"NegativeMedian", kNegative, 0.5, -std::sqrt(2.0)},
        {"ZeroBucketIsLinear", kZero, 0.25, -0.5},
        {"ZeroBucketLeansToThePositive",
         {.count = 4, .zero_count = 2, .zero_threshold = 0.5, .buckets = {0, 2}},
         0.25,
         0.25},
        {"CustomIsLinear", kCustom, 0.5, 7.5},
        {"CustomFirstBeginsAtZero", kCustom, 0.125, 2.5},
        {"CustomLastHasNoEnd", kCustom, 0.99, 10},
        {"CustomFirstBelowZero",
         {.schema = -53, .count = 1, .sum = 1, .buckets = {1}, .custom_bounds = {-5}},
         0.5,
         -5},
        {"NanObservationsSkew", {.count = 5, .sum = kNan, .buckets = {0, 4}}, 0.4, std::sqrt(2.0)},
        {"NanObservationsReached", {.count = 5, .sum = kNan, .buckets = {0, 4}}, 0.9, kNan},
    }),
    [](const auto& info) { return info.param.name; });

struct FractionCase {
  std::string name;
  HistogramParts histogram;
  double lower, upper;
  double want;
};

class HistogramFractionTest : public ::testing::TestWithParam<FractionCase> {};

TEST_P(HistogramFractionTest, Counts) {
  ExpectSame(
      HistogramFraction(GetParam().lower, GetParam().upper, MakeHistogram(GetParam().histogram)),
      GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(Rows, HistogramFractionTest,
                         ::testing::ValuesIn<FractionCase>({
                             {"AllOfIt", kPositive, -kInfinity, kInfinity, 1},
                             {"ABucket", kPositive, 1, 2, 0.5},
                             {"HalfABucket", kPositive, 1, std::sqrt(2.0), 0.25},
                             {"Nothing", kPositive, 2, 2, 0},
                             {"WrongWayRound", kPositive, 3, 2, 0},
                             {"NotANumber", kPositive, kNan, 2, kNan},
                             {"NoObservations", {}, 0, 1, kNan},
                             {"Negative", kNegative, -2, -std::sqrt(2.0), 0.25},
                             {"Zero", kZero, 0, 0.5, 0.25},
                             {"Custom", kCustom, 5, 7.5, 0.25},
                             {"CustomFirst", kCustom, 0, 2.5, 0.125},
                             {"CustomLastIsNotReached", kCustom, 10, 100, 0},
                             {"NanObservationsAreNowhere",
                              {.count = 5, .sum = kNan, .buckets = {0, 4}},
                              -kInfinity,
                              kInfinity,
                              0.8},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(HistogramFractionTest, UndoesQuantile) {
  const HistogramParts both = {.schema = 2,
                               .count = 20,
                               .sum = 1,
                               .zero_count = 2,
                               .zero_threshold = 0.01,
                               .offset = -2,
                               .buckets = {1, 2, 3, 4},
                               .negative_buckets = {5, 3}};
  for (const HistogramParts& parts : {both, kPositive, kNegative}) {
    const auto histogram = MakeHistogram(parts);
    for (double quantile = 0.05; quantile < 1; quantile += 0.05) {
      const double value = HistogramQuantile(quantile, histogram);
      EXPECT_NEAR(HistogramFraction(-kInfinity, value, histogram), quantile, 1e-9);
    }
  }
}

TEST(HistogramVarianceTest, BucketsCountAtTheirMiddles) {
  // Four of sqrt(2) with a mean of 2.
  ExpectSame(HistogramVariance(MakeHistogram({.count = 4, .sum = 8, .offset = 1, .buckets = {4}})),
             (std::sqrt(2.0) - 2) * (std::sqrt(2.0) - 2));
  ExpectSame(HistogramVariance(MakeHistogram({.schema = -53,
                                              .count = 2,
                                              .sum = 15,
                                              .offset = 1,
                                              .buckets = {2},
                                              .custom_bounds = {5, 10}})),
             0);
}

}  // namespace
}  // namespace slowburn::promql
