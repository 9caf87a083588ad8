// Goal: what came between two points of an exponential histogram is what a histogram of the events
// between them holds, whatever the scales of the two, and as near as it says. Method: rows; then
// random events whose scale falls now and then, as an SDK lets it.
#include "slo/metric_latencies.h"

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "slo/latency_sum.h"

namespace slowburn::slo {
namespace {

// As an SDK counts `values`, all above 0.
MetricLatencies LatenciesOf(const std::vector<double>& values, int32_t scale) {
  model::MetricBatch batch;
  model::ExponentialHistogramValue value;
  value.scale = scale;
  value.count = values.size();
  std::vector<int32_t> indexes;
  for (const double v : values)
    indexes.push_back(static_cast<int32_t>(std::ceil(std::ldexp(std::log2(v), scale))) - 1);
  if (!indexes.empty()) {
    const auto [least, most] = std::minmax_element(indexes.begin(), indexes.end());
    value.positive.offset = *least;
    batch.counts.resize(static_cast<size_t>(*most - *least) + 1);
    for (const int32_t index : indexes) ++batch.counts[static_cast<size_t>(index - *least)];
    value.positive.counts = {0, static_cast<uint32_t>(batch.counts.size())};
  }
  return MetricLatencies::Of(batch, value).value();
}

TEST(MetricLatenciesTest, SaysNothingFromBucketsThatMoreThanDouble) {
  model::ExponentialHistogramValue value;
  for (const int32_t scale : {-1, -10}) {
    value.scale = scale;
    EXPECT_FALSE(MetricLatencies::Of({}, value).has_value());
  }
  value.scale = 0;
  EXPECT_EQ(MetricLatencies::Of({}, value)->coarseness, 4u);
  value.scale = 20;
  EXPECT_EQ(MetricLatencies::Of({}, value)->coarseness, 0u);
}

TEST(MetricLatenciesTest, WhatIsBelowZeroLastedNothing) {
  model::MetricBatch batch;
  batch.counts = {2, 3};
  model::ExponentialHistogramValue value{.count = 6, .zero_count = 1};
  value.negative.counts = {0, 2};
  const auto latencies = MetricLatencies::Of(batch, value);
  ASSERT_TRUE(latencies.has_value());
  LatencyHistogram want;
  want.Append(kLatencyZeroBucket, 6);
  EXPECT_EQ(latencies->histogram, want);
}

TEST(MetricLatenciesTest, ABucketThatFellIsNoHistory) {
  const MetricLatencies one = LatenciesOf({0.1, 0.2}, 6), other = LatenciesOf({0.1, 0.3, 0.4}, 6);
  EXPECT_FALSE(other.Since(one).has_value());
  EXPECT_FALSE(LatenciesOf({0.1}, 6).Since(one).has_value());
  EXPECT_FALSE(LatenciesOf({}, 6).Since(one).has_value());
  EXPECT_TRUE(one.Since(one)->histogram.empty());
  EXPECT_EQ(one.Since(LatenciesOf({}, 3))->coarseness, 1u);
}

TEST(MetricLatenciesTest, WhatCameSinceIsWhatCameSince) {
  std::mt19937_64 random(20250307);
  std::lognormal_distribution<double> seconds(-2, 1.5);
  for (int round = 0; round < 100; ++round) {
    auto scale = static_cast<int32_t>(random() % 9);
    std::vector<double> values;
    MetricLatencies before = LatenciesOf(values, scale);
    for (int point = 0; point < 10; ++point) {
      std::vector<double> came;
      for (uint64_t n = 1 + random() % 50; n > 0; --n) came.push_back(seconds(random));
      values.insert(values.end(), came.begin(), came.end());
      if (scale > 0 && random() % 4 == 0) --scale;
      const MetricLatencies now = LatenciesOf(values, scale);
      const auto since = now.Since(before);
      ASSERT_TRUE(since.has_value());
      EXPECT_EQ(
          since->histogram,
          LatenciesOf(came, kLatencyScale - static_cast<int32_t>(since->coarseness)).histogram);
      LatencySum sum;
      sum.Add(since->histogram);
      std::sort(came.begin(), came.end());
      const double median = came[(came.size() + 1) / 2 - 1];
      EXPECT_NEAR(*sum.Quantile(500), median,
                  median * LatencyErrorOf(since->coarseness) * (1 + 1e-9));
      before = now;
    }
  }
}

TEST(MetricLatenciesTest, CoarserIsFurtherAway) {
  EXPECT_DOUBLE_EQ(LatencyErrorOf(0), kLatencyRelativeError);
  for (uint32_t i = 0; i < MetricLatencies::kCoarsenessMax; ++i)
    EXPECT_LT(LatencyErrorOf(i), LatencyErrorOf(i + 1));
  EXPECT_LT(LatencyErrorOf(MetricLatencies::kCoarsenessMax), 0.42);
}

}  // namespace
}  // namespace slowburn::slo
