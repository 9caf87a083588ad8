// Goal: sums have the layout that all summands can be brought to, and the hint that they share.
// Method: rows of two histograms with what comes out, by hand.
#include "promql/internal/histogram_sum.h"

#include <cmath>
#include <utility>

#include <gtest/gtest.h>

#include "promql/internal/histogram_buckets.h"
#include "promql/testing/histogram_parts.h"

namespace slowburn::promql {
namespace {

using testing::HistogramParts;
using testing::MakeHistogram;
using Hint = NativeHistogram::ResetHint;

struct SumCase {
  std::string name;
  HistogramParts a, b;
  HistogramParts want_sum;
  HistogramParts want_difference;
  bool want_reconciled = false;
};

class HistogramSumTest : public ::testing::TestWithParam<SumCase> {};

TEST_P(HistogramSumTest, Adds) {
  HistogramSum sum(MakeHistogram(GetParam().a));
  const HistogramMerge merge = sum.Add(MakeHistogram(GetParam().b));
  EXPECT_TRUE(merge.compatible);
  EXPECT_EQ(merge.bounds_reconciled, GetParam().want_reconciled);
  EXPECT_TRUE(SameDistribution(sum.Value(), MakeHistogram(GetParam().want_sum)))
      << HistogramText(sum.Value());
}

TEST_P(HistogramSumTest, Subtracts) {
  HistogramSum sum(MakeHistogram(GetParam().a));
  sum.Subtract(MakeHistogram(GetParam().b));
  EXPECT_TRUE(SameDistribution(sum.Value(), MakeHistogram(GetParam().want_difference)))
      << HistogramText(sum.Value());
}

INSTANTIATE_TEST_SUITE_P(
    Rows, HistogramSumTest,
    ::testing::ValuesIn<SumCase>({
        {.name = "SameLayout",
         .a = {.count = 4, .sum = 5, .buckets = {1, 2, 1}},
         .b = {.count = 3, .sum = 2, .buckets = {1, 1, 1}},
         .want_sum = {.count = 7, .sum = 7, .buckets = {2, 3, 2}},
         .want_difference = {.count = 1, .sum = 3, .buckets = {0, 1, 0}}},
        {.name = "OtherPlaces",
         .a = {.count = 1, .sum = 1, .offset = -3, .buckets = {1}},
         .b = {.count = 2, .sum = 4, .offset = 2, .buckets = {2}, .negative_buckets = {1}},
         .want_sum = {.count = 3,
                      .sum = 5,
                      .offset = -3,
                      .buckets = {1, 0, 0, 0, 0, 2},
                      .negative_buckets = {1}},
         .want_difference = {.count = -1,
                             .sum = -3,
                             .offset = -3,
                             .buckets = {1, 0, 0, 0, 0, -2},
                             .negative_buckets = {-1}}},
        // (1, 2] and (2, 4] become (1, 4].
        {.name = "CoarserSchema",
         .a = {.schema = 0, .count = 4, .sum = 4, .offset = 1, .buckets = {2, 2}},
         .b = {.schema = -1, .count = 1, .sum = 4, .offset = 1, .buckets = {1}},
         .want_sum = {.schema = -1, .count = 5, .sum = 8, .offset = 1, .buckets = {5}},
         .want_difference = {.schema = -1, .count = 3, .sum = 0, .offset = 1, .buckets = {3}}},
        // A zero bucket up to 1 swallows (0.5, 1].
        {.name = "WiderZeroBucket",
         .a = {.count = 4, .sum = 2, .zero_count = 1, .zero_threshold = 0.5, .buckets = {2, 1}},
         .b = {.count = 3, .sum = 0, .zero_count = 3, .zero_threshold = 1},
         .want_sum = {.count = 7,
                      .sum = 2,
                      .zero_count = 6,
                      .zero_threshold = 1,
                      .offset = 1,
                      .buckets = {1}},
         .want_difference = {.count = 1,
                             .sum = 2,
                             .zero_count = 0,
                             .zero_threshold = 1,
                             .offset = 1,
                             .buckets = {1}}},
        // One up to 0.75 would cut (0.5, 1], so it grows to 1.
        {.name = "ZeroBucketCutsABucket",
         .a = {.count = 2, .sum = 2, .zero_threshold = 0.25, .buckets = {2}},
         .b = {.count = 1, .sum = 0, .zero_count = 1, .zero_threshold = 0.75},
         .want_sum = {.count = 3, .sum = 2, .zero_count = 3, .zero_threshold = 1},
         .want_difference = {.count = 1, .sum = 2, .zero_count = 1, .zero_threshold = 1}},
        {.name = "CustomBounds",
         .a = {.schema = -53, .count = 2, .sum = 1, .buckets = {1, 1}, .custom_bounds = {5, 10}},
         .b = {.schema = -53,
               .count = 1,
               .sum = 20,
               .offset = 2,
               .buckets = {1},
               .custom_bounds = {5, 10}},
         .want_sum =
             {.schema = -53, .count = 3, .sum = 21, .buckets = {1, 1, 1}, .custom_bounds = {5, 10}},
         .want_difference = {.schema = -53,
                             .count = 1,
                             .sum = -19,
                             .buckets = {1, 1, -1},
                             .custom_bounds = {5, 10}}},
        {.name = "CustomBoundsDiffer",
         .a = {.schema = -53, .count = 6, .sum = 9, .buckets = {1, 2, 3}, .custom_bounds = {2, 5}},
         .b = {.schema = -53,
               .count = 15,
               .sum = 10,
               .buckets = {1, 2, 4, 8},
               .custom_bounds = {1, 5, 10}},
         .want_sum =
             {.schema = -53, .count = 21, .sum = 19, .buckets = {6, 15}, .custom_bounds = {5}},
         .want_difference =
             {.schema = -53, .count = -9, .sum = -1, .buckets = {0, -9}, .custom_bounds = {5}},
         .want_reconciled = true},
    }),
    [](const auto& info) { return info.param.name; });

TEST(HistogramSumRefusalTest, ExponentialMeetsCustom) {
  const auto exponential = MakeHistogram({.count = 1, .sum = 1, .buckets = {1}});
  HistogramSum sum(exponential);
  const auto custom =
      MakeHistogram({.schema = -53, .count = 1, .buckets = {1}, .custom_bounds = {1}});
  EXPECT_FALSE(sum.Add(custom).compatible);
  EXPECT_TRUE(SameDistribution(sum.Value(), exponential));
}

// It ends, where a NaN was never reached.
TEST(HistogramSumTest, AZeroBucketOfNoWidthIsNotWidened) {
  const auto odd = MakeHistogram(
      {.count = 3, .sum = 1, .zero_count = 1, .zero_threshold = std::nan(""), .buckets = {2}});
  const auto usual = MakeHistogram({.count = 6, .sum = 1, .zero_threshold = 0.25, .buckets = {6}});
  for (const auto& [first, second] : {std::pair(odd, usual), std::pair(usual, odd)}) {
    HistogramSum sum(first);
    sum.Add(second);
    EXPECT_EQ(sum.Value().count, 9);
    EXPECT_EQ(sum.Value().positive_counts, std::vector<double>{8});
  }
}

TEST(HistogramSumTest, HintsGaugeWinsThenUnknown) {
  const struct {
    Hint a, b, want;
    bool collision;
  } rows[] = {
      {Hint::kNotReset, Hint::kNotReset, Hint::kNotReset, false},
      {Hint::kNotReset, Hint::kUnknown, Hint::kUnknown, false},
      {Hint::kUnknown, Hint::kReset, Hint::kUnknown, false},
      {Hint::kNotReset, Hint::kGauge, Hint::kGauge, false},
      {Hint::kGauge, Hint::kReset, Hint::kGauge, false},
      {Hint::kReset, Hint::kNotReset, Hint::kUnknown, true},
      {Hint::kNotReset, Hint::kReset, Hint::kUnknown, true},
  };
  for (const auto& row : rows) {
    HistogramSum sum(MakeHistogram({.hint = row.a}));
    EXPECT_EQ(sum.Add(MakeHistogram({.hint = row.b})).reset_collision, row.collision);
    EXPECT_EQ(sum.Value().reset_hint, row.want);
  }
}

TEST(HistogramSumTest, LargeNumbersThatCancelLeaveTheSmallOnes) {
  HistogramSum sum(MakeHistogram({.count = 1, .sum = 5.5, .buckets = {1}}));
  sum.Add(MakeHistogram({.count = 1, .sum = 1e100, .buckets = {1e100}}));
  sum.Add(MakeHistogram({.count = 1, .sum = -1e100, .buckets = {-1e100}}));
  EXPECT_EQ(sum.Value().sum, 5.5);
  EXPECT_EQ(sum.Value().positive_counts, std::vector<double>({1}));
}

TEST(ScaledTest, NegativeFactorsMakeGauges) {
  const auto histogram =
      MakeHistogram({.count = 4, .sum = 2, .buckets = {4}, .hint = Hint::kNotReset});
  EXPECT_EQ(Scaled(histogram, 2).reset_hint, Hint::kNotReset);
  EXPECT_EQ(Scaled(histogram, 2).count, 8);
  EXPECT_EQ(Scaled(histogram, -1).reset_hint, Hint::kGauge);
  EXPECT_EQ(Divided(histogram, 4).sum, 0.5);
  EXPECT_TRUE(Divided(histogram, 0).positive_counts.empty());
}

}  // namespace
}  // namespace slowburn::promql
