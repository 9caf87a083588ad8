// Goal: percentiles are those of the sorted durations, to the error that is promised. Method: exact
// nearest rank over seeded distributions beside sums of any number of parts.
#include "slo/latency_sum.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include <gtest/gtest.h>

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

struct DistributionCase {
  std::string name;
  std::function<double(std::mt19937_64&)> draw;  // nanoseconds
};

class LatencySumTest : public testing::TestWithParam<DistributionCase> {};

TEST_P(LatencySumTest, IsAsNearToTheExactPercentileAsItPromises) {
  std::mt19937_64 random(17);
  for (const size_t count : {1, 2, 3, 9, 10, 11, 99, 100, 101, 999, 1000, 1001, 20'000}) {
    std::vector<uint64_t> values(count);
    std::vector<LatencyHistogram> parts(1 + random() % 12);
    for (uint64_t& value : values) {
      value = static_cast<uint64_t>(std::max(0.0, GetParam().draw(random)));
      parts[random() % parts.size()].Record(value);
    }
    std::ranges::sort(values);
    LatencySum sum;
    for (const LatencyHistogram& part : parts) sum.Add(part);
    ASSERT_EQ(sum.count(), count);
    for (uint32_t per_mille = 0; per_mille <= 1000; ++per_mille) {
      const size_t rank = std::max<size_t>((count * per_mille + 999) / 1000, 1);
      const auto exact = static_cast<double>(values[rank - 1]);
      ASSERT_LE(std::abs(*sum.Quantile(per_mille) - exact), kLatencyRelativeError * exact)
          << "rank " << rank << " of " << count;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Distributions, LatencySumTest,
    testing::ValuesIn<DistributionCase>({
        {"Constant", [](auto&) { return 150e6; }},
        {"AFewNanoseconds", [](auto& r) { return static_cast<double>(r() % 12); }},
        {"Uniform", [](auto& r) { return std::uniform_real_distribution<>(0, 2e9)(r); }},
        {"Exponential", [](auto& r) { return std::exponential_distribution<>(1 / 80e6)(r); }},
        {"LogNormal", [](auto& r) { return std::lognormal_distribution<>(17, 1)(r); }},
        {"TwoModes",
         [](auto& r) { return r() % 10 == 0 ? 5e9 + static_cast<double>(r() % 1000) : 2e6; }},
        {"HeavyTail",
         [](auto& r) { return 1e6 / std::pow(1 - std::generate_canonical<double, 53>(r), 2.0); }},
        {"MostlyZero", [](auto& r) { return r() % 4 == 0 ? 30e6 : 0.0; }},
    }),
    [](const auto& info) { return info.param.name; });

TEST(LatencySumTest, NothingHasNoPercentile) {
  LatencySum sum;
  EXPECT_EQ(sum.Quantile(500), std::nullopt);
  sum.Add({});
  EXPECT_EQ(sum.Quantile(500), std::nullopt);
  EXPECT_EQ(PercentilesOf(sum, {}, {}).count, 0u);
}

TEST(LatencySumTest, PercentilesAreSeconds) {
  LatencySum sum;
  LatencyHistogram histogram;
  histogram.Append(LatencyBucketOf(100'000'000), 989);
  histogram.Append(LatencyBucketOf(1'000'000'000), 11);
  sum.Add(histogram);
  const sys_seconds start(seconds(300)), end(seconds(600));
  const LatencyPercentiles got = PercentilesOf(sum, start, end);
  EXPECT_EQ(got.start, start);
  EXPECT_EQ(got.end, end);
  EXPECT_EQ(got.count, 1000u);
  const double want[] = {0.1, 0.1, 0.1, 1, 1};  // the 989th is fast, the 990th slow
  for (size_t i = 0; i < kPercentiles.size(); ++i)
    EXPECT_NEAR(got.seconds[i], want[i], want[i] * kLatencyRelativeError) << kPercentiles[i].name;
}

TEST(LatencySumTest, RanksOfHugeCountsDoNotWrapAround) {
  LatencySum sum;
  LatencyHistogram histogram;
  histogram.Append(100, UINT64_MAX);
  histogram.Append(200, UINT64_MAX);
  sum.Add(histogram);
  EXPECT_EQ(sum.count(), UINT64_MAX);
  EXPECT_EQ(*sum.Quantile(999), LatencyEstimateOf(100));  // of as many as can be counted
}

}  // namespace
}  // namespace slowburn::slo
