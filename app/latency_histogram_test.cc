// Goal: percentiles are the exact nearest-rank ones to three digits, at any scale. Method: sorted
// samples as the oracle, over several distributions; the edges of buckets one by one.
#include "app/latency_histogram.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>

#include <gtest/gtest.h>

namespace slowburn::app {
namespace {

using std::chrono::hours;
using std::chrono::nanoseconds;

nanoseconds ExactPercentile(const std::vector<nanoseconds>& sorted, double share) {
  const auto rank = static_cast<size_t>(std::ceil(share * static_cast<double>(sorted.size())));
  return sorted[std::max<size_t>(rank, 1) - 1];
}

using Random = std::mt19937_64;

struct Distribution {
  std::string name;
  std::function<double(Random&)> draw;  // nanoseconds
};

class LatencyHistogramTest : public testing::TestWithParam<Distribution> {};

TEST_P(LatencyHistogramTest, IsWithinOneInAThousandOfSortedSamples) {
  Random random(7);
  LatencyHistogram histogram;
  std::vector<nanoseconds> samples;
  for (int i = 0; i < 20'000; ++i) {
    const nanoseconds latency(static_cast<int64_t>(GetParam().draw(random)));
    samples.push_back(latency);
    histogram.Record(latency);
  }
  std::ranges::sort(samples);
  for (const double share : {0.0, 0.001, 0.1, 0.5, 0.9, 0.99, 0.999, 0.9999, 1.0}) {
    const nanoseconds exact = ExactPercentile(samples, share);
    const nanoseconds read = histogram.Percentile(share);
    EXPECT_GE(read, exact) << share;
    EXPECT_LE(read, exact + exact / 1000) << share;
  }
  EXPECT_EQ(histogram.count(), samples.size());
  EXPECT_EQ(histogram.max(), samples.back());
}

INSTANTIATE_TEST_SUITE_P(
    Shapes, LatencyHistogramTest,
    testing::ValuesIn<Distribution>({
        {"Nanoseconds", [](Random& r) { return std::uniform_real_distribution(0.0, 3e3)(r); }},
        {"Uniform", [](Random& r) { return std::uniform_real_distribution(1e6, 9e6)(r); }},
        {"LongTail", [](Random& r) { return std::lognormal_distribution(15.0, 2.0)(r); }},
        {"Constant", [](Random&) { return 4'194'304.0; }},
        {"TwoPeaks",
         [](Random& r) { return std::bernoulli_distribution(0.02)(r) ? 2.5e9 : 1.25e5; }},
    }),
    [](const auto& info) { return info.param.name; });

TEST(LatencyHistogramTest, BucketsMeetAtTheirEdges) {
  // Two neighbours at each power of two: the smaller one must not be read as the larger.
  for (int power = 1; power < 41; ++power) {
    const nanoseconds edge(int64_t{1} << power);
    LatencyHistogram histogram;
    histogram.Record(edge - nanoseconds(1));
    histogram.Record(edge);
    EXPECT_EQ(histogram.Percentile(0.5), edge - nanoseconds(1)) << power;
    EXPECT_EQ(histogram.Percentile(1.0), edge) << power;
  }
}

TEST(LatencyHistogramTest, EmptyIsZero) {
  const LatencyHistogram histogram;
  EXPECT_EQ(histogram.Percentile(0.99), nanoseconds(0));
  EXPECT_EQ(histogram.Mean(), nanoseconds(0));
  EXPECT_EQ(histogram.max(), nanoseconds(0));
}

TEST(LatencyHistogramTest, OutOfBoundsIsBounded) {
  LatencyHistogram histogram;
  histogram.Record(nanoseconds(-5));
  EXPECT_EQ(histogram.Percentile(1.0), nanoseconds(0));
  histogram.Record(hours(30));
  EXPECT_EQ(histogram.max(), hours(30));
  EXPECT_GE(histogram.Percentile(1.0), LatencyHistogram::kLatencyMax);
  EXPECT_LT(histogram.Percentile(1.0), hours(2));
  EXPECT_EQ(histogram.count(), 2u);
}

TEST(LatencyHistogramTest, AddIsRecordingBoth) {
  LatencyHistogram left;
  LatencyHistogram right;
  LatencyHistogram both;
  for (int i = 1; i <= 1000; ++i) {
    const nanoseconds latency(i * 37'000);
    (i % 3 == 0 ? left : right).Record(latency);
    both.Record(latency);
  }
  left.Add(right);
  for (const double share : {0.01, 0.5, 0.99, 1.0}) {
    EXPECT_EQ(left.Percentile(share), both.Percentile(share));
  }
  EXPECT_EQ(left.count(), both.count());
  EXPECT_EQ(left.Mean(), both.Mean());
  EXPECT_EQ(left.Mean(), nanoseconds(18'518'500));
  left.Clear();
  EXPECT_EQ(left.count(), 0u);
  EXPECT_EQ(left.Percentile(0.5), nanoseconds(0));
  left.Record(nanoseconds(9));
  EXPECT_EQ(left.Percentile(0.5), nanoseconds(9));
}

}  // namespace
}  // namespace slowburn::app
