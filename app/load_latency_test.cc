// Goal: made-up latencies have the percentiles that were asked for. Method: a row per form and per
// way to be refused; percentiles read back from the quantiles.
#include "app/load_latency.h"

#include <algorithm>
#include <string>

#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

// The latency below which `share` of the draws are.
double MillisecondsAt(const LoadLatency& latency, double share) {
  const auto place = static_cast<uint64_t>(share * 4096);
  return static_cast<double>(latency.At(place << 52).count()) / 1e6;
}

TEST(LoadLatencyTest, HasItsPercentiles) {
  const auto latency = LoadLatency::Parse("20,200");
  ASSERT_TRUE(latency.ok()) << latency.status();
  EXPECT_NEAR(MillisecondsAt(*latency, 0.5), 20, 0.05);
  EXPECT_NEAR(MillisecondsAt(*latency, 0.99), 200, 2);
  EXPECT_NEAR(latency->ShareWithin(milliseconds(20)), 0.5, 1e-9);
  EXPECT_NEAR(latency->ShareWithin(milliseconds(200)), 0.99, 1e-9);
  uint64_t within = 0;
  double sum = 0;
  for (uint64_t place = 0; place < 4096; ++place) {
    const nanoseconds drawn = latency->At(place << 52 | 12345);
    within += drawn <= milliseconds(100) ? 1 : 0;
    sum += std::chrono::duration<double>(drawn).count();
  }
  EXPECT_NEAR(static_cast<double>(within) / 4096, latency->ShareWithin(milliseconds(100)), 1e-3);
  EXPECT_NEAR(sum / 4096, latency->mean().count(), latency->mean().count() / 100);
}

TEST(LoadLatencyTest, MedianAndSigma) {
  const auto latency = LoadLatency::Parse("10/1");
  ASSERT_TRUE(latency.ok()) << latency.status();
  EXPECT_NEAR(MillisecondsAt(*latency, 0.5), 10, 0.05);
  EXPECT_NEAR(MillisecondsAt(*latency, 0.8413), 27.18, 0.1);  // one deviation: a factor e
}

TEST(LoadLatencyTest, ConstantWithoutDeviation) {
  const auto latency = LoadLatency::Parse("5/0");
  ASSERT_TRUE(latency.ok()) << latency.status();
  EXPECT_EQ(latency->At(0), milliseconds(5));
  EXPECT_EQ(latency->At(~uint64_t{0}), milliseconds(5));
  EXPECT_EQ(latency->ShareWithin(milliseconds(4)), 0);
  EXPECT_EQ(latency->ShareWithin(milliseconds(5)), 1);
}

struct Refused {
  std::string name;
  std::string text;
  std::string want;
};

class LoadLatencyRefusedTest : public testing::TestWithParam<Refused> {};

TEST_P(LoadLatencyRefusedTest, SaysWhy) {
  const auto latency = LoadLatency::Parse(GetParam().text);
  ASSERT_FALSE(latency.ok());
  EXPECT_NE(base::Message(latency.status()).find(GetParam().want), std::string_view::npos)
      << latency.status();
}

INSTANTIATE_TEST_SUITE_P(Forms, LoadLatencyRefusedTest,
                         testing::ValuesIn<Refused>({
                             {"Empty", "", "neither P50,P99"},
                             {"OneNumber", "20", "neither P50,P99"},
                             {"NoNumber", "a,b", "neither P50,P99"},
                             {"ThreeNumbers", "1,2,3", "neither P50,P99"},
                             {"NotFinite", "1,inf", "neither P50,P99"},
                             {"ZeroMedian", "0,10", "the median must be"},
                             {"NegativeMedian", "-1/1", "the median must be"},
                             {"Falling", "20,10", "is below the 50th"},
                             {"NegativeSigma", "20/-1", "sigma is -1.00"},
                             {"WideSigma", "20/6", "sigma is 6.00"},
                         }),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::app
