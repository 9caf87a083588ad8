// Goal: two exponential histograms add up to what counting all their observations anew would give,
// at the finest schema both can be had in. Method: seeded random histograms beside plain maps of
// buckets; rows for zero buckets and for spans.
#include "model/histogram_addition.h"

#include <cmath>
#include <map>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/exponential_buckets.h"

namespace slowburn::model {
namespace {

using Map = std::map<int64_t, double>;

Map AsMap(const std::vector<NativeHistogram::Span>& spans, const std::vector<double>& counts) {
  Map map;
  for (const ExponentialBucket& bucket : BucketsOf(spans, counts)) map[bucket.index] = bucket.count;
  return map;
}

// One schema down at a time.
Map Coarser(Map map, int schemas) {
  for (int i = 0; i < schemas; ++i) {
    Map halved;
    for (const auto& [index, count] : map) {
      halved[index > 0 ? (index + 1) / 2 : index / 2] += count;
    }
    map = halved;
  }
  return map;
}

NativeHistogram Random(std::mt19937_64& random) {
  NativeHistogram histogram;
  histogram.schema = static_cast<int8_t>(static_cast<int>(random() % 13) - 4);
  histogram.zero_threshold = 1e-128;
  histogram.zero_count = static_cast<double>(random() % 5);
  histogram.count = histogram.zero_count;
  const auto fill = [&](auto& spans, auto& counts) {
    ExponentialBuckets buckets;
    int64_t index = static_cast<int64_t>(random() % 200) - 100;
    for (uint64_t i = random() % 30; i > 0; --i) {
      buckets.push_back({index, static_cast<double>(1 + random() % 9)});
      histogram.count += buckets.back().count;
      index += 1 + static_cast<int64_t>(random() % (random() % 4 == 0 ? 9 : 2));
    }
    ASSERT_TRUE(SetBuckets(buckets, spans, counts));
    ASSERT_EQ(BucketsOf(spans, counts), buckets);
  };
  fill(histogram.positive_spans, histogram.positive_counts);
  fill(histogram.negative_spans, histogram.negative_counts);
  histogram.sum = static_cast<double>(random() % 1000);
  return histogram;
}

TEST(HistogramAdditionTest, IsThatOfPlainMaps) {
  for (uint64_t seed = 1; seed <= 2000; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937_64 random(seed);
    const NativeHistogram a = Random(random);
    const NativeHistogram b = Random(random);
    const NativeHistogram sum = AddHistograms(a, b, 4096);
    ASSERT_EQ(sum.schema, std::min(a.schema, b.schema));
    ASSERT_EQ(sum.count, a.count + b.count);
    ASSERT_EQ(sum.sum, a.sum + b.sum);
    ASSERT_EQ(sum.zero_count, a.zero_count + b.zero_count);
    const auto side = [&](auto spans, auto counts) {
      Map wanted = Coarser(AsMap(a.*spans, a.*counts), a.schema - sum.schema);
      for (const auto& [index, count] :
           Coarser(AsMap(b.*spans, b.*counts), b.schema - sum.schema)) {
        wanted[index] += count;
      }
      ASSERT_EQ(AsMap(sum.*spans, sum.*counts), wanted);
    };
    side(&NativeHistogram::positive_spans, &NativeHistogram::positive_counts);
    side(&NativeHistogram::negative_spans, &NativeHistogram::negative_counts);
  }
}

NativeHistogram WithZero(double threshold, double zero_count, const ExponentialBuckets& positive) {
  NativeHistogram histogram;
  histogram.zero_threshold = threshold;
  histogram.zero_count = zero_count;
  EXPECT_TRUE(SetBuckets(positive, histogram.positive_spans, histogram.positive_counts));
  return histogram;
}

// Bucket i of schema 0 is (2^(i-1), 2^i].
TEST(HistogramAdditionTest, TheWiderZeroBucketTakesWhatLiesBelowIt) {
  const NativeHistogram sum =
      AddHistograms(WithZero(0.25, 1, {{0, 2}, {1, 3}}), WithZero(0.5, 10, {{1, 4}}), 4096);
  EXPECT_EQ(sum.zero_threshold, 0.5);
  EXPECT_EQ(sum.zero_count, 11);
  EXPECT_EQ(AsMap(sum.positive_spans, sum.positive_counts), (Map{{0, 2}, {1, 7}}));
}

TEST(HistogramAdditionTest, AZeroBucketThatWouldCutABucketGrowsToItsEnd) {
  const NativeHistogram sum =
      AddHistograms(WithZero(0.25, 1, {{0, 2}, {1, 3}}), WithZero(0.75, 10, {{1, 4}}), 4096);
  EXPECT_EQ(sum.zero_threshold, 1);
  EXPECT_EQ(sum.zero_count, 13);
  EXPECT_EQ(AsMap(sum.positive_spans, sum.positive_counts), (Map{{1, 7}}));
}

// It ends, where a NaN was never reached.
TEST(HistogramAdditionTest, AZeroBucketOfNoWidthIsNotWidened) {
  const NativeHistogram odd = WithZero(std::nan(""), 1, {{0, 2}});
  const NativeHistogram usual = WithZero(0.25, 10, {{1, 4}});
  for (const NativeHistogram& sum :
       {AddHistograms(odd, usual, 4096), AddHistograms(usual, odd, 4096)}) {
    EXPECT_EQ(sum.zero_count, 11);
    EXPECT_EQ(AsMap(sum.positive_spans, sum.positive_counts), (Map{{0, 2}, {1, 4}}));
  }
}

TEST(HistogramAdditionTest, TooManyBucketsAreMergedDown) {
  ExponentialBuckets many;
  for (int64_t i = 1; i <= 16; ++i) many.push_back({i, 1});
  const NativeHistogram sum = AddHistograms(WithZero(0, 0, many), WithZero(0, 0, many), 5);
  EXPECT_EQ(sum.schema, -2);
  EXPECT_EQ(AsMap(sum.positive_spans, sum.positive_counts), (Map{{1, 8}, {2, 8}, {3, 8}, {4, 8}}));
}

TEST(HistogramAdditionTest, SpansBridgeSmallGapsOnly) {
  NativeHistogram histogram = WithZero(0, 0, {{4, 10}, {7, 20}, {8, 5}, {12, 2}});
  EXPECT_EQ(histogram.positive_spans, (std::vector<NativeHistogram::Span>{{4, 5}, {3, 1}}));
  EXPECT_EQ(histogram.positive_counts, (std::vector<double>{10, 0, 0, 20, 5, 2}));
  EXPECT_FALSE(
      SetBuckets({{int64_t{1} << 40, 1}}, histogram.positive_spans, histogram.positive_counts));
}

}  // namespace
}  // namespace slowburn::model
