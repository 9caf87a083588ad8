// Goal: a query counts the samples that it looks at as Prometheus 3 says it does. Method: rows of a
// query and the figures of each step, reckoned by hand from the series below; Prometheus itself is
// asked in tests/promql/differential.
#include "promql/internal/sample_count.h"

#include <optional>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "promql/engine.h"
#include "promql/testing/histogram_parts.h"
#include "promql/testing/memory_series.h"

namespace slowburn::promql {
namespace {

using testing::MakeHistogram;
using testing::MemorySeries;

constexpr int64_t kMinute = 60'000;

// Every minute from 0 to 10: a series that lasts, one that ends at 6, and histograms of a span and
// four buckets, which are 13 samples each.
MemorySeries MakeSeries() {
  MemorySeries series;
  for (int64_t i = 0; i <= 10; ++i) {
    const auto x = static_cast<double>(i);
    series.Append({{"__name__", "up"}, {"job", "a"}}, i * kMinute, x);
    if (i < 6) series.Append({{"__name__", "up"}, {"job", "b"}}, i * kMinute, x);
    series.Append({{"__name__", "sizes"}}, i * kMinute,
                  MakeHistogram({.count = 4 * x, .sum = 6 * x, .buckets = {x, x, x, x}}));
  }
  series.Append({{"__name__", "up"}, {"job", "b"}}, 6 * kMinute, model::StaleMarker());
  return series;
}

using Counts = std::vector<uint64_t>;

struct CountCase {
  std::string name;
  std::string query;
  Counts queryable;
  Counts read;
};

class RangeCountTest : public ::testing::TestWithParam<CountCase> {};

TEST_P(RangeCountTest, FromFiveToSevenMinutes) {
  for (const uint32_t threads : {1, 3}) {
    EngineOptions options;
    options.threads = threads;
    const MemorySeries series = MakeSeries();
    const auto result = Engine(options, base::SystemClock())
                            .Range(series, {.text = GetParam().query,
                                            .start_ms = 5 * kMinute,
                                            .end_ms = 7 * kMinute,
                                            .step_ms = kMinute,
                                            .lookback = std::nullopt,
                                            .counts_samples = true});
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->samples->queryable, GetParam().queryable);
    EXPECT_EQ(result->samples->read, GetParam().read);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Numbers, RangeCountTest,
    ::testing::ValuesIn<CountCase>({
        {"Selector", "up", {2, 1, 1}, {2, 1, 1}},
        {"Offset", "up offset 1m", {2, 2, 1}, {2, 2, 1}},
        {"Both", "up + on (job) up", {4, 2, 2}, {4, 2, 2}},
        {"Scalar", "vector(scalar(up{job=\"a\"})) + time()", {1, 1, 1}, {1, 1, 1}},
        {"Timestamp", "timestamp(up)", {2, 1, 1}, {2, 1, 1}},
        {"Absent", "absent(up{job=\"b\"})", {1, 0, 0}, {1, 0, 0}},
        {"Window", "count_over_time(up[2m])", {4, 3, 2}, {4, 1, 1}},
        {"ShortWindow", "sum_over_time(up{job=\"a\"}[30s])", {1, 1, 1}, {1, 1, 1}},
        {"AbsentOverTime", "absent_over_time(up[2m])", {4, 3, 2}, {4, 1, 1}},
        {"NothingToCount", "1 + time()", {0, 0, 0}, {0, 0, 0}},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    SameAtEachStep, RangeCountTest,
    ::testing::ValuesIn<CountCase>({
        {"Selector", "up @ 300", {2, 2, 2}, {2, 0, 0}},
        {"Part", "up{job=\"a\"} + on () group_left () sum(up @ 300)", {3, 3, 3}, {3, 1, 1}},
        {"Window", "sum_over_time(up[2m] @ 300)", {4, 4, 4}, {4, 0, 0}},
        // The function looks at the time of the step, so it is called at each.
        {"OnlyItsRange", "predict_linear(up{job=\"a\"}[2m] @ 300, 60)", {2, 2, 2}, {2, 0, 0}},
    }),
    [](const auto& info) { return info.param.name; });

// Steps of [4m:2m] are at 2, 4 and 6 minutes; at 5, 6 and 7 its windows have two of them.
INSTANTIATE_TEST_SUITE_P(
    Subqueries, RangeCountTest,
    ::testing::ValuesIn<CountCase>({
        {"OfSelector", "max_over_time(up{job=\"a\"}[4m:2m])", {2, 2, 2}, {2, 1, 0}},
        {"OfWindows",
         "max_over_time(count_over_time(up{job=\"a\"}[3m])[4m:2m])",
         {2, 2, 2},
         {5, 2, 0}},
        {"OfWhatIsTheSame", "max_over_time((up{job=\"a\"} @ 60)[4m:2m])", {2, 2, 2}, {1, 0, 0}},
        {"Within",
         "max_over_time(max_over_time(up{job=\"a\"}[2m:1m])[4m:2m])",
         {2, 2, 2},
         {4, 2, 0}},
        // At 5m, 5m30s, ... 7m: what is at 5m30s and 6m30s no window sees.
        {"WithGaps", "max_over_time(up{job=\"a\"}[10s:30s])", {1, 1, 1}, {1, 1, 1}},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Histograms, RangeCountTest,
    ::testing::ValuesIn<CountCase>({
        {"Selector", "sizes", {13, 13, 13}, {13, 13, 13}},
        {"Window", "rate(sizes[2m])", {26, 26, 26}, {26, 13, 13}},
        {"WithoutBuckets", "histogram_count(sizes)", {11, 11, 11}, {11, 11, 11}},
        {"WindowWithoutBuckets", "histogram_sum(rate(sizes[2m]))", {22, 22, 22}, {22, 11, 11}},
        {"OnlyTheirTimes", "timestamp(sizes)", {1, 1, 1}, {1, 1, 1}},
    }),
    [](const auto& info) { return info.param.name; });

class InstantCountTest : public ::testing::TestWithParam<CountCase> {};

TEST_P(InstantCountTest, AtFiveMinutes) {
  const MemorySeries series = MakeSeries();
  const auto result = Engine({}, base::SystemClock())
                          .Instant(series, {.text = GetParam().query,
                                            .time_ms = 5 * kMinute,
                                            .lookback = std::nullopt,
                                            .counts_samples = true});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->samples->queryable, GetParam().queryable);
  EXPECT_EQ(result->samples->read, GetParam().read);
}

INSTANTIATE_TEST_SUITE_P(
    Answers, InstantCountTest,
    ::testing::ValuesIn<CountCase>({
        {"Selector", "sum(up)", {2}, {2}},
        {"Range", "up[2m]", {4}, {4}},
        {"Histograms", "sizes[2m]", {26}, {26}},
        {"Subquery", "up[4m:2m]", {4}, {4}},
        // 9 samples of `a` in three windows that are 3 m long and 1 m apart, 5 different ones.
        {"SubqueryOfWindows", "count_over_time(up{job=\"a\"}[3m])[3m:1m]", {9}, {5}},
        {"FunctionOfSubquery", "max_over_time(up[4m:2m])", {4}, {4}},
    }),
    [](const auto& info) { return info.param.name; });

TEST(SampleCountTest, IsMadeOnlyWhereItIsAskedFor) {
  const MemorySeries series = MakeSeries();
  const auto result = Engine({}, base::SystemClock()).Instant(series, {"up", 5 * kMinute});
  ASSERT_TRUE(result.ok());
  EXPECT_FALSE(result->samples.has_value());
}

uint64_t PeakOf(const std::string& query) {
  const MemorySeries series = MakeSeries();
  const auto result = Engine({}, base::SystemClock())
                          .Range(series, {.text = query,
                                          .start_ms = 0,
                                          .end_ms = 10 * kMinute,
                                          .step_ms = kMinute,
                                          .lookback = std::nullopt,
                                          .counts_samples = true});
  return result.ok() ? result->samples->peak : 0;
}

// Two series of 11 steps are made at once, beside the samples of one that are read: 6 of the series
// that ends, with its marker 7. The answer has less.
TEST(SampleCountTest, KnowsHowManyWereHeldAtOnce) {
  EXPECT_EQ(PeakOf("up"), 2U * 11 + 7);
  EXPECT_GE(PeakOf("up + on (job) up"), 4U * 11);
  EXPECT_GE(PeakOf("max_over_time(up[5m:10s])"), 2U * (11 + 10 * 6));
}

TEST(SampleCountTest, WeighsAHistogramByItsLists) {
  const model::NativeHistogram empty;
  EXPECT_EQ(SamplesOf(empty, false), 11U);
  const model::NativeHistogram both{.positive_spans = {{0, 2}},
                                    .negative_spans = {{0, 1}, {3, 1}},
                                    .positive_counts = {1, 2},
                                    .negative_counts = {3, 4}};
  EXPECT_EQ(SamplesOf(both, false), (168U + 8 + 7 * 8) / 16);
  EXPECT_EQ(SamplesOf(both, true), 11U);
  const model::NativeHistogram custom{.schema = model::NativeHistogram::kCustomBuckets,
                                      .positive_spans = {{0, 2}},
                                      .positive_counts = {1, 2},
                                      .custom_bounds = {1, 2, 3}};
  EXPECT_EQ(SamplesOf(custom, false), (168U + 8 + 6 * 8) / 16);
}

}  // namespace
}  // namespace slowburn::promql
