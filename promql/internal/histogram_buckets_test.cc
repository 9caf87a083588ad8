// Goal: bucket bounds and spans are those of the specification. Method: rows by hand.
#include "promql/internal/histogram_buckets.h"

#include <limits>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "promql/testing/histogram_parts.h"

namespace slowburn::promql {
namespace {

using testing::MakeHistogram;

TEST(ExponentialBoundTest, PowersAndRoots) {
  EXPECT_EQ(ExponentialBound(0, 0), 1);
  EXPECT_EQ(ExponentialBound(3, 0), 8);
  EXPECT_EQ(ExponentialBound(-1, 0), 0.5);
  EXPECT_EQ(ExponentialBound(1, -1), 4);
  EXPECT_DOUBLE_EQ(ExponentialBound(1, 1), std::sqrt(2.0));
  EXPECT_DOUBLE_EQ(ExponentialBound(-1, 1), std::sqrt(0.5));
  EXPECT_DOUBLE_EQ(ExponentialBound(1, 8), std::exp2(1.0 / 256));
}

TEST(ExponentialBoundTest, LastBucketBelowInfinityEndsAtLargestDouble) {
  EXPECT_EQ(ExponentialBound(1024, 0), std::numeric_limits<double>::max());
  EXPECT_EQ(ExponentialBound(1025, 0), std::numeric_limits<double>::infinity());
  EXPECT_EQ(ExponentialBound(64, -4), std::numeric_limits<double>::max());
  EXPECT_EQ(ExponentialBound(1024 * 256, 8), std::numeric_limits<double>::max());
}

TEST(ReducedIndexTest, HalvesTheResolution) {
  // Buckets 1 and 2 of schema 1, (1, 1.41] and (1.41, 2], are bucket 1 of schema 0, (1, 2].
  EXPECT_EQ(ReducedIndex(1, 1, 0), 1);
  EXPECT_EQ(ReducedIndex(2, 1, 0), 1);
  EXPECT_EQ(ReducedIndex(3, 1, 0), 2);
  EXPECT_EQ(ReducedIndex(0, 1, 0), 0);
  EXPECT_EQ(ReducedIndex(-1, 1, 0), 0);
  EXPECT_EQ(ReducedIndex(-2, 1, 0), -1);
}

TEST(SpansTest, GoThereAndBackWithoutEmptyBuckets) {
  const std::vector<NativeHistogram::Span> spans = {{-2, 2}, {3, 3}};
  const std::vector<double> counts = {1, 0, 2, 0, 4};
  const auto buckets = IndexedCounts(spans, counts);
  EXPECT_THAT(buckets,
              ::testing::ElementsAre(IndexedCount{-2, 1}, IndexedCount{-1, 0}, IndexedCount{3, 2},
                                     IndexedCount{4, 0}, IndexedCount{5, 4}));
  std::vector<NativeHistogram::Span> spans_back;
  std::vector<double> counts_back;
  SetSpans(buckets, spans_back, counts_back);
  EXPECT_THAT(spans_back,
              ::testing::ElementsAre(NativeHistogram::Span{-2, 1}, NativeHistogram::Span{4, 1},
                                     NativeHistogram::Span{1, 1}));
  EXPECT_THAT(counts_back, ::testing::ElementsAre(1, 2, 4));
}

TEST(AllBucketsTest, AscendWithTheZeroBucketBetween) {
  const auto buckets = AllBuckets(MakeHistogram(
      {.zero_count = 5, .zero_threshold = 0.5, .buckets = {1, 2}, .negative_buckets = {3, 4}}));
  ASSERT_EQ(buckets.size(), 5u);
  const double want[5][3] = {{-2, -1, 4}, {-1, -0.5, 3}, {-0.5, 0.5, 5}, {0.5, 1, 1}, {1, 2, 2}};
  for (size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(buckets[i].lower, want[i][0]) << i;
    EXPECT_EQ(buckets[i].upper, want[i][1]) << i;
    EXPECT_EQ(buckets[i].count, want[i][2]) << i;
  }
}

TEST(AllBucketsTest, CustomBoundsAreOpenAtBothEnds) {
  const auto buckets =
      AllBuckets(MakeHistogram({.schema = -53, .buckets = {1, 2, 3}, .custom_bounds = {5, 10}}));
  ASSERT_EQ(buckets.size(), 3u);
  EXPECT_EQ(buckets[0].lower, -std::numeric_limits<double>::infinity());
  EXPECT_EQ(buckets[0].upper, 5);
  EXPECT_EQ(buckets[2].lower, 10);
  EXPECT_EQ(buckets[2].upper, std::numeric_limits<double>::infinity());
}

TEST(SameDistributionTest, EmptyBucketsDoNotMatter) {
  const auto a = MakeHistogram({.count = 3, .sum = 2, .buckets = {1, 0, 2}});
  auto b = a;
  Compact(b);
  EXPECT_NE(a.positive_spans, b.positive_spans);
  EXPECT_TRUE(SameDistribution(a, b));
  b.count = 4;
  EXPECT_FALSE(SameDistribution(a, b));
}

TEST(HistogramTextTest, BucketsByAscendingBounds) {
  EXPECT_EQ(HistogramText(MakeHistogram({.count = 7,
                                         .sum = 5.5,
                                         .zero_count = 1,
                                         .zero_threshold = 0.001,
                                         .buckets = {0, 2},
                                         .negative_buckets = {4}})),
            "{count:7, sum:5.5, [-1,-0.5):4, [-0.001,0.001]:1, (1,2]:2}");
}

}  // namespace
}  // namespace slowburn::promql
