// Goal: trims keep what Prometheus keeps, and estimate the sum only where something went. Method:
// rows by hand, after its own examples.
#include "promql/internal/histogram_trim.h"

#include <cmath>
#include <limits>

#include <gtest/gtest.h>

#include "promql/internal/histogram_buckets.h"
#include "promql/testing/histogram_parts.h"

namespace slowburn::promql {
namespace {

using testing::HistogramParts;
using testing::MakeHistogram;

constexpr double kInfinity = std::numeric_limits<double>::infinity();
constexpr TrimSide kBelow = TrimSide::kKeepBelow;
constexpr TrimSide kAbove = TrimSide::kKeepAbove;

struct TrimCase {
  std::string name;
  HistogramParts histogram;
  TrimSide side;
  double value;
  HistogramParts want;
};

class TrimmedTest : public ::testing::TestWithParam<TrimCase> {};

TEST_P(TrimmedTest, Keeps) {
  const NativeHistogram got =
      Trimmed(MakeHistogram(GetParam().histogram), GetParam().value, GetParam().side);
  const NativeHistogram want = MakeHistogram(GetParam().want);
  EXPECT_NEAR(got.count, want.count, 1e-9);
  EXPECT_NEAR(got.sum, want.sum, 1e-9);
  EXPECT_NEAR(got.zero_count, want.zero_count, 1e-9);
  NativeHistogram compact = want;
  Compact(compact);
  EXPECT_EQ(got.positive_spans, compact.positive_spans);
  EXPECT_EQ(got.negative_spans, compact.negative_spans);
  ASSERT_EQ(got.positive_counts.size(), compact.positive_counts.size());
  for (size_t i = 0; i < got.positive_counts.size(); ++i) {
    EXPECT_NEAR(got.positive_counts[i], compact.positive_counts[i], 1e-9);
  }
}

const double kRoot = std::sqrt(2.0);
const HistogramParts kPositive = {.count = 6, .sum = 99, .offset = 1, .buckets = {2, 4}};
const HistogramParts kZero = {.count = 5, .sum = 0, .zero_count = 5, .zero_threshold = 0.1};
const HistogramParts kCustom = {
    .schema = -53, .count = 101, .sum = 33, .buckets = {1, 100}, .custom_bounds = {5}};
const HistogramParts kCustomNothing = {.schema = -53, .custom_bounds = {5}};
const HistogramParts kUnbounded = {.schema = -53, .count = 100, .sum = 100, .buckets = {100}};

INSTANTIATE_TEST_SUITE_P(
    Rows, TrimmedTest,
    ::testing::ValuesIn<TrimCase>({
        {"NothingGoes", kPositive, kAbove, 1, kPositive},
        {"AllGoes", kPositive, kBelow, 1, {}},
        {"OnABound",
         kPositive,
         kBelow,
         2,
         {.count = 2, .sum = 2 * kRoot, .offset = 1, .buckets = {2}}},
        {"WithinABucket",
         kPositive,
         kBelow,
         kRoot,
         {.count = 1, .sum = std::sqrt(kRoot), .offset = 1, .buckets = {1}}},
        {"WithinABucketAbove",
         kPositive,
         kAbove,
         kRoot,
         {.count = 5,
          .sum = std::sqrt(kRoot * 2) + 4 * std::sqrt(8.0),
          .offset = 1,
          .buckets = {1, 4}}},
        {"ZeroBucket",
         kZero,
         kAbove,
         0.05,
         {.count = 1.25, .sum = 0.09375, .zero_count = 1.25, .zero_threshold = 0.1}},
        {"ZeroBucketBelow",
         kZero,
         kBelow,
         0.05,
         {.count = 3.75, .sum = -0.09375, .zero_count = 3.75, .zero_threshold = 0.1}},
        {"CustomLastGoesFromBelow",
         kCustom,
         kBelow,
         10,
         {.schema = -53, .count = 1, .sum = 2.5, .buckets = {1}, .custom_bounds = {5}}},
        {"CustomWithinTheFirst",
         kCustom,
         kBelow,
         2,
         {.schema = -53, .count = 0.4, .sum = 0.4, .buckets = {0.4}, .custom_bounds = {5}}},
        {"CustomAllGoes", kCustom, kBelow, 0, kCustomNothing},
        {"CustomFirstIsNotSurelyAbove",
         kCustom,
         kAbove,
         -10,
         {.schema = -53,
          .count = 100,
          .sum = 500,
          .offset = 1,
          .buckets = {100},
          .custom_bounds = {5}}},
        {"CustomNothingGoes", kCustom, kAbove, 0, kCustom},
        {"CustomLastStartsAtTheValue",
         kCustom,
         kAbove,
         10,
         {.schema = -53,
          .count = 100,
          .sum = 1000,
          .offset = 1,
          .buckets = {100},
          .custom_bounds = {5}}},
        {"UnboundedIsCutByNothing", kUnbounded, kBelow, 10, {.schema = -53}},
        {"UnboundedStaysBelowInfinity", kUnbounded, kBelow, kInfinity, kUnbounded},
        {"UnboundedStaysAboveMinusInfinity", kUnbounded, kAbove, -kInfinity, kUnbounded},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::promql
