// Goal: each part of the language gives the numbers that a person works out. Method: rows of a
// query and its answer over a few small series; then the ways in which a query is refused or ended.
#include "promql/engine.h"

#include <limits>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "promql/testing/histogram_parts.h"
#include "promql/testing/memory_series.h"
#include "promql/testing/result_text.h"

namespace slowburn::promql {
namespace {

using testing::MakeHistogram;
using testing::MemorySeries;
using testing::ResultText;

constexpr int64_t kMinute = 60'000;

// Every minute from 0 to 10: two counters, the second of which begins anew after 5; gauges; a
// series that ends at 3; classic buckets; a native histogram.
MemorySeries MakeSeries() {
  MemorySeries series;
  for (int64_t i = 0; i <= 10; ++i) {
    const auto x = static_cast<double>(i);
    const int64_t time = i * kMinute;
    series.Append({{"__name__", "hits_total"}, {"job", "api"}, {"pod", "a"}}, time, 60 * x);
    series.Append({{"__name__", "hits_total"}, {"job", "api"}, {"pod", "b"}}, time,
                  120 * static_cast<double>(i % 6));
    series.Append({{"__name__", "hits_total"}, {"job", "web"}, {"pod", "c"}}, time, 30 * x);
    series.Append({{"__name__", "pod_info"}, {"pod", "a"}, {"team", "x"}}, time, 1);
    series.Append({{"__name__", "pod_info"}, {"pod", "b"}, {"team", "y"}}, time, 1);
    series.Append({{"__name__", "temperature"}, {"room", "north"}}, time, 20 - x);
    series.Append({{"__name__", "temperature"}, {"room", "south"}}, time, 10 + x);
    series.Append({{"__name__", "latency_bucket"}, {"le", "1"}}, time, x);
    series.Append({{"__name__", "latency_bucket"}, {"le", "2"}}, time, 3 * x);
    series.Append({{"__name__", "latency_bucket"}, {"le", "+Inf"}}, time, 4 * x);
    series.Append({{"__name__", "sizes"}}, time,
                  MakeHistogram({.count = 4 * x, .sum = 6 * x, .offset = 1, .buckets = {4 * x}}));
  }
  for (int64_t i = 0; i < 3; ++i) series.Append({{"__name__", "gone"}}, i * kMinute, 7);
  series.Append({{"__name__", "gone"}}, 3 * kMinute, model::StaleMarker());
  return series;
}

struct QueryCase {
  std::string name;
  std::string query;
  std::string want;
};

EngineOptions EveryFeature() {
  EngineOptions options;
  options.parser = ParserOptions::Everything();
  return options;
}

std::string TextOrError(const absl::StatusOr<QueryResult>& result) {
  return result.ok() ? ResultText(*result) : std::string(base::Message(result.status()));
}

class InstantTest : public ::testing::TestWithParam<QueryCase> {};

TEST_P(InstantTest, AtTenMinutes) {
  const MemorySeries series = MakeSeries();
  const Engine engine(EveryFeature(), base::SystemClock());
  EXPECT_EQ(TextOrError(engine.Instant(series, {GetParam().query, 10 * kMinute})), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Selectors, InstantTest,
    ::testing::ValuesIn<QueryCase>({
        {"Value", R"(temperature{room="north"})", R"({__name__="temperature", room="north"} 10)"},
        {"Nothing", "absent_metric", ""},
        {"Stale", "gone", ""},
        {"Offset", R"(temperature{room="north"} offset 4m)",
         R"({__name__="temperature", room="north"} 14)"},
        {"BeforeItWasStale", "gone offset 8m", R"({__name__="gone"} 7)"},
        {"At", R"(temperature{room="north"} @ 120)",
         R"({__name__="temperature", room="north"} 18)"},
        {"LookbackIsLeftOpen", R"(temperature{room="north"} offset -5m)", ""},
        {"LookbackReaches", R"(temperature{room="north"} offset -4m59s)",
         R"({__name__="temperature", room="north"} 10)"},
        {"Range", R"(temperature{room="north"}[2m])",
         R"({__name__="temperature", room="north"} 11@540000 10@600000)"},
        {"Subquery", "vector(time())[3m:1m]", "{} 480@480000 540@540000 600@600000"},
        {"Histogram", "sizes", R"({__name__="sizes"} {count:40, sum:60, (1,2]:40})"},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    RangeFunctions, InstantTest,
    ::testing::ValuesIn<QueryCase>({
        {"Rate", R"(rate(hits_total{pod="a"}[5m]))", R"({job="api", pod="a"} 1)"},
        {"RateExtrapolates", R"(rate(hits_total{pod="b"}[3m]))", R"({job="api", pod="b"} 2)"},
        // 480, 600 | 0, 120, 240, 360, 480: it grew by 600 over 6 minutes, and by as much per
        // minute in the one to the window's start.
        {"IncreaseOverAReset", R"(increase(hits_total{pod="b"}[7m]))",
         R"({job="api", pod="b"} 700)"},
        {"Delta", R"(delta(temperature{room="north"}[5m]))", R"({room="north"} -5)"},
        {"Irate", R"(irate(hits_total{pod="a"}[5m]))", R"({job="api", pod="a"} 1)"},
        {"Idelta", R"(idelta(temperature{room="north"}[5m]))", R"({room="north"} -1)"},
        {"Resets", R"(resets(hits_total{pod="b"}[10m]))", R"({job="api", pod="b"} 1)"},
        {"Changes", R"(changes(temperature{room="north"}[4m]))", R"({room="north"} 3)"},
        {"Sum", R"(sum_over_time(temperature{room="north"}[3m]))", R"({room="north"} 33)"},
        {"Avg", R"(avg_over_time(temperature{room="north"}[3m]))", R"({room="north"} 11)"},
        {"Min", R"(min_over_time(temperature{room="north"}[3m]))", R"({room="north"} 10)"},
        {"Max", R"(max_over_time(temperature{room="north"}[3m]))", R"({room="north"} 12)"},
        // -0 from the first to the fourth minute, then 0: the first of equals.
        {"MinOfZeroes", "min_over_time((sgn(vector(time() - 300)) * 0)[10m:1m])", "{} -0"},
        {"MaxOfZeroes", "max_over_time((sgn(vector(time() - 300)) * 0)[10m:1m])", "{} -0"},
        {"Count", R"(count_over_time(temperature{room="north"}[3m]))", R"({room="north"} 3)"},
        {"Last", R"(last_over_time(gone[10m]))", R"({__name__="gone"} 7)"},
        {"First", R"(first_over_time(temperature{room="north"}[3m]))",
         R"({__name__="temperature", room="north"} 12)"},
        {"Present", R"(present_over_time(gone[10m]))", "{} 1"},
        {"Stdvar", R"(stdvar_over_time(temperature{room="north"}[2m]))", R"({room="north"} 0.25)"},
        {"Quantile", R"(quantile_over_time(0.5, temperature{room="north"}[4m]))",
         R"({room="north"} 11.5)"},
        {"Mad", R"(mad_over_time(temperature{room="north"}[3m]))", R"({room="north"} 1)"},
        {"Deriv", R"(deriv(temperature{room="north"}[5m]) * 60)", R"({room="north"} -1)"},
        {"PredictLinear", R"(predict_linear(temperature{room="north"}[5m], 120))",
         R"({room="north"} 8)"},
        {"AbsentOverTime", R"(absent_over_time(nothing{job="x"}[5m]))", R"({job="x"} 1)"},
        {"TimeOfMax", R"(ts_of_max_over_time(temperature{room="north"}[3m]))",
         R"({room="north"} 480)"},
        {"OfSubquery", R"(max_over_time(sum(temperature)[5m:1m]))", "{} 30"},
        {"HistogramRate", "rate(sizes[4m])",
         "{} {count:0.06666666666666665, sum:0.09999999999999999, (1,2]:0.06666666666666665}"},
        {"HistogramAvg", "avg_over_time(sizes[3m])", "{} {count:36, sum:54, (1,2]:36}"},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Functions, InstantTest,
    ::testing::ValuesIn<QueryCase>({
        {"Scalar", "1 + 2 * 3 ^ 2", "19"},
        {"String", R"("text")", "text"},
        {"Time", "time()", "600"},
        {"ScalarOfOne", R"(scalar(temperature{room="north"}))", "10"},
        {"ScalarOfTwo", "scalar(temperature)", "NaN"},
        {"Vector", "vector(2)", "{} 2"},
        {"Abs", R"(abs(-temperature{room="north"}))", R"({room="north"} 10)"},
        {"Clamp", R"(clamp(temperature, 12, 15))", "{room=\"north\"} 12\n{room=\"south\"} 15"},
        {"ClampWrongWayRound", "clamp(temperature, 15, 12)", ""},
        {"ClampMaxOfZeroes", "clamp_max(vector(-0), 0)", "{} -0"},
        {"ClampMinOfZeroes", "clamp_min(vector(0), -0)", "{} 0"},
        {"ClampOfZeroes", "clamp(vector(-0), 0, 5)", "{} 0"},
        {"RoundHalvesUp", "round(vector(-2.5))", "{} -2"},
        {"RoundTo", "round(vector(7.3), 0.5)", "{} 7.5"},
        {"Timestamp", R"(timestamp(temperature{room="north"} offset 1m))", R"({room="north"} 540)"},
        {"TimestampOfMore", R"(timestamp(temperature{room="north"} + 0))", R"({room="north"} 600)"},
        {"DayOfWeek", "day_of_week(vector(1600000000))", "{} 0"},
        {"DaysInMonth", "days_in_month(vector(1582977600))", "{} 29"},
        {"DayOfYear", "day_of_year(vector(1609372800))", "{} 366"},
        {"Year", "year(vector(-1))", "{} 1969"},
        {"Sort", "sort(temperature)",
         "{__name__=\"temperature\", room=\"north\"} 10\n"
         "{__name__=\"temperature\", room=\"south\"} 20"},
        {"SortDesc", "sort_desc(temperature)",
         "{__name__=\"temperature\", room=\"south\"} 20\n"
         "{__name__=\"temperature\", room=\"north\"} 10"},
        {"SortByLabelDesc", R"(sort_by_label_desc(temperature, "room"))",
         "{__name__=\"temperature\", room=\"south\"} 20\n"
         "{__name__=\"temperature\", room=\"north\"} 10"},
        {"LabelReplace",
         R"q(label_replace(temperature{room="north"}, "hall", "$1-${x}", "room", "(n.)(?P<x>.*)"))q",
         R"({__name__="temperature", hall="no-rth", room="north"} 10)"},
        {"LabelReplaceNoMatch",
         R"q(label_replace(temperature{room="north"}, "hall", "$1", "room", "s(.*)"))q",
         R"({__name__="temperature", room="north"} 10)"},
        {"LabelJoin", R"(label_join(pod_info{pod="a"}, "both", "/", "pod", "team"))",
         R"({__name__="pod_info", both="a/x", pod="a", team="x"} 1)"},
        {"Absent", R"(absent(nothing{job="x", pod=~"y.*"}))", R"({job="x"} 1)"},
        {"NotAbsent", "absent(temperature)", ""},
        {"ClassicQuantile", "histogram_quantile(0.5, latency_bucket)", "{} 1.5"},
        {"ClassicFraction", "histogram_fraction(0, 1, latency_bucket)", "{} 0.25"},
        {"NativeQuantile", "histogram_quantile(0.5, sizes)", "{} 1.4142135623730951"},
        {"NativeCount", "histogram_count(sizes)", "{} 40"},
        {"NativeAvg", "histogram_avg(sizes)", "{} 1.5"},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Aggregations, InstantTest,
    ::testing::ValuesIn<QueryCase>({
        {"Sum", "sum(temperature)", "{} 30"},
        {"SumBy", "sum by (job) (hits_total)", "{job=\"api\"} 1080\n{job=\"web\"} 300"},
        {"SumWithout", "sum without (pod) (hits_total)", "{job=\"api\"} 1080\n{job=\"web\"} 300"},
        {"SumOfRates", "sum by (job) (rate(hits_total[3m]))", "{job=\"api\"} 3\n{job=\"web\"} 0.5"},
        {"Avg", "avg(temperature)", "{} 15"},
        {"Min", "min(temperature)", "{} 10"},
        {"Max", "max(temperature)", "{} 20"},
        {"Count", "count({room=~\".+\"})", "{} 2"},
        {"Group", "group by (room) (temperature)", "{room=\"north\"} 1\n{room=\"south\"} 1"},
        {"Stddev", "stddev(temperature)", "{} 5"},
        {"Stdvar", "stdvar(temperature)", "{} 25"},
        {"Quantile", "quantile(0.25, temperature)", "{} 12.5"},
        {"Topk", "topk(1, temperature)", R"({__name__="temperature", room="south"} 20)"},
        {"TopkOrder", "topk(5, temperature)",
         "{__name__=\"temperature\", room=\"south\"} 20\n"
         "{__name__=\"temperature\", room=\"north\"} 10"},
        // a and b are held, and a is the worst of them when the better c comes.
        {"BottomkOfEquals",
         R"(bottomk(2, label_replace(vector(8), "x", "a", "", "") or label_replace(vector(8), "x", "b", "", "") or label_replace(vector(6), "x", "c", "", "")))",
         "{x=\"c\"} 6\n{x=\"b\"} 8"},
        {"TopkOfNanAlone",
         R"(topk(1, label_replace(vector(NaN), "x", "a", "", "") or label_replace(vector(NaN), "x", "b", "", "")))",
         "{x=\"a\"} NaN"},
        {"Bottomk", "bottomk by (job) (1, hits_total)",
         "{__name__=\"hits_total\", job=\"api\", pod=\"b\"} 480\n"
         "{__name__=\"hits_total\", job=\"web\", pod=\"c\"} 300"},
        {"CountValues", R"(count_values("value", pod_info))", R"({value="1"} 2)"},
        {"CountValuesAsName", R"(count_values("__name__", abs(temperature)))",
         "{__name__=\"10\"} 1\n{__name__=\"20\"} 1"},
        {"SumOfHistograms", "sum(sizes)", "{} {count:40, sum:60, (1,2]:40}"},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Operators, InstantTest,
    ::testing::ValuesIn<QueryCase>({
        {"WithScalar", R"(temperature{room="north"} * 2)", R"({room="north"} 20)"},
        {"Filter", "temperature > 15", R"({__name__="temperature", room="south"} 20)"},
        {"FilterFromTheLeft", "15 < temperature", R"({__name__="temperature", room="south"} 20)"},
        {"Bool", "temperature > bool 15", "{room=\"north\"} 0\n{room=\"south\"} 1"},
        {"OneToOne", "temperature - temperature", "{room=\"north\"} 0\n{room=\"south\"} 0"},
        {"GroupLeftName", R"(hits_total{pod="a"} * on (pod) group_left (__name__) pod_info)",
         R"({__name__="pod_info", job="api", pod="a"} 600)"},
        {"GroupLeftNameWithBool",
         R"(hits_total{pod="a"} > bool on (pod) group_left (__name__) pod_info)",
         R"({job="api", pod="a"} 1)"},
        {"GroupLeft", "hits_total * on (pod) group_left (team) pod_info",
         "{job=\"api\", pod=\"a\", team=\"x\"} 600\n{job=\"api\", pod=\"b\", team=\"y\"} 480"},
        {"GroupRight", "pod_info * on (pod) group_right (team) hits_total",
         "{job=\"api\", pod=\"a\", team=\"x\"} 600\n{job=\"api\", pod=\"b\", team=\"y\"} 480"},
        {"And", R"(temperature and temperature{room="north"})",
         R"({__name__="temperature", room="north"} 10)"},
        {"Unless", R"(temperature unless temperature{room="north"})",
         R"({__name__="temperature", room="south"} 20)"},
        {"Or", R"(temperature{room="north"} or temperature)",
         "{__name__=\"temperature\", room=\"north\"} 10\n"
         "{__name__=\"temperature\", room=\"south\"} 20"},
        {"NamesGo", R"({__name__=~"temperature|pod_info"} * 0 and on () vector(1))",
         "{pod=\"a\", team=\"x\"} 0\n{pod=\"b\", team=\"y\"} 0\n{room=\"north\"} 0\n"
         "{room=\"south\"} 0"},
        {"HistogramTimesScalar", "sizes * 2", "{} {count:80, sum:120, (1,2]:80}"},
        {"HistogramPlusHistogram", "sizes + sizes", "{} {count:80, sum:120, (1,2]:80}"},
        {"HistogramPlusFloat", "sizes + 1", ""},
        {"Trim", "sizes </ 2", R"({__name__="sizes"} {count:40, sum:60, (1,2]:40})"},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Errors, InstantTest,
    ::testing::ValuesIn<QueryCase>({
        {"ManyToMany", "hits_total + on (job) hits_total",
         "found duplicate series for the match group {job=\"api\"} on the right hand-side of the "
         "operation: [{__name__=\"hits_total\", job=\"api\", pod=\"a\"}, {__name__=\"hits_total\", "
         "job=\"api\", pod=\"b\"}];many-to-many matching not allowed: matching labels must be "
         "unique on one side"},
        {"ManyToOne", "hits_total + on (job) sum by (job) (hits_total)",
         "multiple matches for labels: many-to-one matching must be explicit "
         "(group_left/group_right)"},
        {"SameLabelset", R"(-label_replace(temperature, "room", "x", "", ""))",
         "vector cannot contain metrics with the same labelset"},
        {"SameLabelsetWithoutValuesAsNames", R"(abs(count_values("__name__", temperature)))",
         "vector cannot contain metrics with the same labelset"},
        {"TopkOfNan", "topk(NaN, temperature)", "Parameter value is NaN"},
        {"BadRegex", R"(label_replace(temperature, "a", "b", "c", "("))",
         "invalid regular expression in label_replace(): ("},
    }),
    [](const auto& info) { return info.param.name; });

class RangeTest : public ::testing::TestWithParam<QueryCase> {};

TEST_P(RangeTest, FromOneToFiveMinutes) {
  const MemorySeries series = MakeSeries();
  const Engine engine(EveryFeature(), base::SystemClock());
  EXPECT_EQ(
      TextOrError(engine.Range(series, {GetParam().query, kMinute, 5 * kMinute, 2 * kMinute})),
      GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, RangeTest,
    ::testing::ValuesIn<QueryCase>({
        {"Selector", R"(temperature{room="north"})",
         R"({__name__="temperature", room="north"} 19 17 15)"},
        {"Ends", "gone", R"({__name__="gone"} 7 _ _)"},
        {"Scalar", "time()", "{} 60 180 300"},
        {"StepInvariant", R"(temperature{room="north"} @ 600)",
         R"({__name__="temperature", room="north"} 10 10 10)"},
        {"AtEnd", R"(temperature{room="north"} @ end())",
         R"({__name__="temperature", room="north"} 15 15 15)"},
        {"Filter", R"(temperature{room="north"} > 16)",
         R"({__name__="temperature", room="north"} 19 17 _)"},
        {"Rate", R"(rate(hits_total{pod="a"}[2m]))", R"({job="api", pod="a"} 0.5 1 1)"},
        {"Topk", "topk(1, temperature)", "{__name__=\"temperature\", room=\"north\"} 19 17 15"},
        {"CountValues", R"(count_values("v", gone))", R"({v="7"} 1 _ _)"},
        {"Quantile", "histogram_quantile(0.5, latency_bucket)", "{} 1.5 1.5 1.5"},
        {"Sorted", "label_replace(temperature, \"room\", \"a\", \"room\", \"south\")",
         "{__name__=\"temperature\", room=\"a\"} 11 13 15\n"
         "{__name__=\"temperature\", room=\"north\"} 19 17 15"},
        {"RangeVector", "temperature[5m]",
         "invalid expression type \"range vector\" for range query, must be Scalar or instant "
         "Vector"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(AnnotationsTest, SayWhatAndWhere) {
  const MemorySeries series = MakeSeries();
  const Engine engine(EveryFeature(), base::SystemClock());
  const auto result = engine.Instant(series, {"quantile(2, rate(temperature[5m]))", 10 * kMinute});
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_THAT(result->annotations.warnings(),
              ::testing::ElementsAre(
                  "PromQL warning: quantile value should be between 0 and 1, got 2 (1:10)"));
  EXPECT_THAT(
      result->annotations.infos(),
      ::testing::ElementsAre("PromQL info: metric might not be a counter, name does not end in "
                             "_total/_sum/_count/_bucket: \"temperature\" (1:18)"));
}

TEST(DelayedNameRemovalTest, LabelReplaceStillSeesTheName) {
  const MemorySeries series = MakeSeries();
  EngineOptions options = EveryFeature();
  const std::string query =
      R"(label_replace(rate(hits_total{pod="a"}[5m]), "metric", "$1", "__name__", "(.*)_total"))";
  EXPECT_EQ(
      TextOrError(Engine(options, base::SystemClock()).Instant(series, {query, 10 * kMinute})),
      R"({job="api", pod="a"} 1)");
  options.delayed_name_removal = true;
  EXPECT_EQ(
      TextOrError(Engine(options, base::SystemClock()).Instant(series, {query, 10 * kMinute})),
      R"({job="api", metric="hits", pod="a"} 1)");
}

TEST(LimitsTest, CancelledWhenTheClientHasGone) {
  const MemorySeries series = MakeSeries();
  const Engine engine(EveryFeature(), base::SystemClock());
  std::stop_source stop;
  stop.request_stop();
  const auto result = engine.Instant(series, {"sum(temperature)", 0}, stop.get_token());
  EXPECT_EQ(result.status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(base::Message(result.status()), "query was canceled in expression evaluation");
}

// One second passes each time somebody looks.
class TickingClock final : public base::Clock {
 public:
  base::UnixNanos Now() const override { return {}; }
  std::chrono::steady_clock::time_point Monotonic() const override {
    return std::chrono::steady_clock::time_point(std::chrono::seconds(looks_++));
  }
  int looks() const { return looks_; }

 private:
  mutable int looks_ = 0;
};

TEST(LimitsTest, TimeIsLookedAtOnTheWayBack) {
  MemorySeries series;
  series.Append({{"__name__", "x"}}, 0, 1);
  EngineOptions options = EveryFeature();
  // Down to the selector and through it: the time is over when the sorts begin, or else when the
  // query ends.
  TickingClock one_sort;
  ASSERT_TRUE(Engine(options, one_sort).Instant(series, {"sort(x)", 0}).ok());
  TickingClock many;
  std::string query = "x";
  for (int i = 0; i < 100; ++i) query = "sort(" + query + ")";
  options.timeout = std::chrono::seconds(100 + one_sort.looks());
  EXPECT_EQ(TextOrError(Engine(options, many).Instant(series, {query, 0})),
            "query timed out in expression evaluation");
}

TEST(LimitsTest, TimeIsLookedAtBetweenLabels) {
  MemorySeries series;
  for (int i = 0; i < 1000; ++i)
    series.Append({{"__name__", "x"}, {"id", std::to_string(i)}}, 0, 1);
  for (const char* query :
       {"label_join(x, 'a', '', 'id')", "label_replace(x, 'a', '$1', 'id', '(.*)')"}) {
    EngineOptions options = EveryFeature();
    options.timeout = std::chrono::hours(1);
    TickingClock plain;
    ASSERT_TRUE(Engine(options, plain).Instant(series, {"x", 0}).ok());
    options.timeout = std::chrono::seconds(plain.looks() + 100);
    EXPECT_EQ(TextOrError(Engine(options, TickingClock()).Instant(series, {query, 0})),
              "query timed out in expression evaluation")
        << query;
  }
}

TEST(LimitsTest, LabelsThatAQueryMakes) {
  MemorySeries series;
  for (int i = 0; i < 1000; ++i) {
    series.Append({{"__name__", "x"}, {"id", std::to_string(i)}, {"v", std::string(4096, 'v')}}, 0,
                  1);
  }
  const auto repeated = [](std::string_view text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
  };
  const auto refusal = [&](const std::string& query) {
    const auto result = Engine(EveryFeature(), base::SystemClock()).Instant(series, {query, 0});
    EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted) << query.substr(0, 60);
    return std::string(base::Message(result.status()));
  };
  const std::string too_long =
      "the label a would have a value of more than 16384 bytes; join or repeat less";
  EXPECT_EQ(refusal("label_join(x, 'a', ''" + repeated(", 'v'", 30'000) + ")"), too_long);
  EXPECT_EQ(refusal("label_replace(x, 'a', '" + repeated("$1", 100'000) + "', 'v', '(.*)')"),
            too_long);
  EXPECT_THAT(refusal("label_replace(x, 'a', '$1', 'v', '" + repeated("(.*)", 101) + "')"),
              ::testing::HasSubstr("has 101 groups, at most 100 are allowed"));
}

TEST(LimitsTest, LabelsThatAQueryHolds) {
  MemorySeries series;
  for (int i = 0; i < 1000; ++i) {
    series.Append({{"__name__", "x"}, {"id", std::to_string(i)}, {"v", std::string(4096, 'v')}}, 0,
                  1);
  }
  EngineOptions options = EveryFeature();
  options.timeout = std::chrono::hours(1);
  TickingClock plain;
  ASSERT_TRUE(Engine(options, plain).Instant(series, {"x", 0}).ok());
  TickingClock clock;
  options.memory_bytes_max = 4 << 20;  // of 1,000 labels of 12 KiB
  const auto result =
      Engine(options, clock).Instant(series, {"label_join(x,'a','','v','v','v')", 0});
  EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_LT(clock.looks(), plain.looks() + 500) << "it goes on after there were too many";
}

TEST(LimitsTest, TimesNearTheEpoch) {
  const MemorySeries series = MakeSeries();
  const Engine engine(EveryFeature(), base::SystemClock());
  constexpr int64_t kFar = std::numeric_limits<int64_t>::max();
  EXPECT_THAT(TextOrError(engine.Instant(series, {"temperature", kFar})),
              ::testing::HasSubstr("is out of range"));
  EXPECT_THAT(TextOrError(engine.Range(series, {"temperature", -kFar, kFar, 1})),
              ::testing::HasSubstr("is out of range"));
  EXPECT_EQ(TextOrError(engine.Instant(series, {"temperature", 9'000'000'000'000'000})), "");
}

TEST(LimitsTest, WhatGroupsHold) {
  const MemorySeries series = MakeSeries();
  EngineOptions options = EveryFeature();
  options.memory_bytes_max = 20'000;
  const Engine engine(options, base::SystemClock());
  for (const char* query : {"quantile(0.5, hits_total)", "sum(sizes)"}) {
    const auto result = engine.Range(series, {query, 0, 10 * kMinute, 1500});
    EXPECT_EQ(result.status().code(), absl::StatusCode::kResourceExhausted) << query;
  }
  EXPECT_TRUE(engine.Range(series, {"sum(hits_total)", 0, 10 * kMinute, 10'000}).ok());
}

TEST(LimitsTest, TimeMemoryStepsSamples) {
  const MemorySeries series = MakeSeries();
  EngineOptions options = EveryFeature();
  options.timeout = std::chrono::milliseconds(-1);
  EXPECT_EQ(TextOrError(Engine(options, base::SystemClock()).Instant(series, {"temperature", 0})),
            "query timed out in expression evaluation");
  options = EveryFeature();
  options.memory_bytes_max = 100;
  EXPECT_THAT(TextOrError(Engine(options, base::SystemClock()).Instant(series, {"temperature", 0})),
              ::testing::StartsWith("query processing would load too many samples into memory in "
                                    "query execution"));
  options = EveryFeature();
  options.steps_max = 2;
  const Engine steps(options, base::SystemClock());
  EXPECT_THAT(TextOrError(steps.Range(series, {"temperature", 0, 10 * kMinute, kMinute})),
              ::testing::StartsWith("query has 11 steps, at most 2 are allowed"));
  EXPECT_THAT(TextOrError(steps.Instant(series, {"sum_over_time(temperature[1h:1s])", 0})),
              ::testing::StartsWith("subquery has 3600 steps, at most 2 are allowed"));
  options = EveryFeature();
  options.read.samples = 3;
  EXPECT_EQ(Engine(options, base::SystemClock())
                .Instant(series, {"sum_over_time(temperature[10m])", 10 * kMinute})
                .status()
                .code(),
            absl::StatusCode::kResourceExhausted);
}

}  // namespace
}  // namespace slowburn::promql
