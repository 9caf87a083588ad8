// Goal: SLIs on metrics are read as written, and each slip is told with its line and what to write.
// Method: rows of an `sli` in a whole file against its canonical text, or against the error.
#include "rules/internal/metric_sli_reader.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/spec_file.h"

namespace slowburn::rules {
namespace {

using testing::HasSubstr;

SpecFileResult Read(const std::string& sli) {
  return ReadSpecText(
      "apiVersion: slowburn/v1\nkind: SLO\nmetadata: {name: availability}\nspec:\n"
      "  service: checkout\n  objective: 99.9%\n  window: 30d\n  sli:\n" +
          sli,
      "a.yaml");
}

struct ReadCase {
  const char* name;
  const char* sli;
  const char* want;
};
class MetricSliReadTest : public testing::TestWithParam<ReadCase> {};

TEST_P(MetricSliReadTest, HasItsCanonicalText) {
  const SpecFileResult read = Read(GetParam().sli);
  ASSERT_TRUE(read.errors.empty()) << read.errors.front();
  EXPECT_EQ(read.slos.at(0).sli.CanonicalText(), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, MetricSliReadTest,
    testing::ValuesIn<ReadCase>({
        {"BadAndTotal", R"(
    counter: {total: 'http_requests_total{job="a"}', bad: 'http_requests_total{job="a",code=~"5.."}'})",
         R"(counter bad={__name__="http_requests_total",code=~"5..",job="a"} )"
         R"(total={__name__="http_requests_total",job="a"})"},
        {"GoodAndTotal", R"(
    counter: {total: t, good: g}
    group_by: [http_route])",
         R"(counter good={__name__="g"} total={__name__="t"} by=10:http_route)"},
        {"GoodAndBad", R"(
    counter: {bad: b, good: g})",
         R"(counter good={__name__="g"} bad={__name__="b"})"},
        {"HistogramDuration", R"(
    histogram: {metric: 'latency_seconds{job="a"}', max: 300ms})",
         R"(histogram metric={__name__="latency_seconds",job="a"} max=0.3)"},
        {"HistogramDurationOfABucket", R"(
    histogram: {metric: latency_seconds_bucket, max: 1m30s})",
         R"(histogram metric={__name__="latency_seconds_bucket"} max=90)"},
        {"HistogramMilliseconds", R"(
    histogram: {metric: latency_milliseconds, max: 1s})",
         R"(histogram metric={__name__="latency_milliseconds"} max=1000)"},
        {"HistogramNumber", R"(
    histogram: {metric: size_bytes, max: 4096})",
         R"(histogram metric={__name__="size_bytes"} max=4096)"},
        {"HistogramNumberInSeconds", R"(
    histogram: {metric: latency_seconds, max: 0.25})",
         R"(histogram metric={__name__="latency_seconds"} max=0.25)"},
        {"GaugeBool", R"(
    gauge: {metric: 'probe_success{job="a"}', bool: true})",
         R"(gauge metric={__name__="probe_success",job="a"} bool)"},
        {"GaugeMax", R"(
    gauge: {metric: queue, max: 0.5})",
         R"(gauge metric={__name__="queue"} max=0.5)"},
        {"GaugeMin", R"(
    gauge: {metric: replicas, min: -1e3})",
         R"(gauge metric={__name__="replicas"} min=-1000)"},
    }),
    [](const auto& info) { return info.param.name; });

class MetricSliRefusedTest : public testing::TestWithParam<ReadCase> {};

TEST_P(MetricSliRefusedTest, SaysWhatToWrite) {
  const SpecFileResult read = Read(GetParam().sli);
  ASSERT_FALSE(read.errors.empty());
  EXPECT_THAT(read.errors.front(), HasSubstr(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, MetricSliRefusedTest,
    testing::ValuesIn<ReadCase>({
        {"CounterOfOne", R"(
    counter: {total: t})",
         "a.yaml:10: spec.sli.counter has one of good, bad and total; write two"},
        {"CounterOfAll", R"(
    counter: {total: t, bad: b, good: g})",
         "has all of good, bad and total; write two"},
        {"CounterOfNone", R"(
    counter: {})",
         "has none of good, bad and total"},
        {"CounterTwice", R"(
    counter: {total: 't{a="1"}', bad: '{__name__="t",a="1"}'})",
         "spec.sli.counter selects the same series twice"},
        {"CounterIsText", R"(
    counter: t)",
         "spec.sli.counter is \"t\"; write a map"},
        {"CounterKey", R"(
    counter: {total: t, bda: b})",
         "unknown key \"bda\"; did you mean \"bad\"?"},
        {"CounterGroupBy", R"(
    counter: {total: t, bad: b, group_by: [x]})",
         "group_by does not belong to spec.sli.counter"},
        {"BadSelector", R"(
    counter: {total: 't{a=1}', bad: b})",
         "total: column 5: found '1' after label a; a value stands in quotes"},
        {"Rate", R"(
    counter: {total: 'rate(t[5m])', bad: b})",
         "total: column 5: a selector calls no function"},
        {"HistogramWithoutMax", R"(
    histogram: {metric: latency_seconds})",
         "spec.sli.histogram.max is missing"},
        {"HistogramWithLe", R"(
    histogram: {metric: 'latency_seconds_bucket{le="0.3"}', max: 300ms})",
         "metric: a histogram is read whole; leave out le"},
        {"HistogramDurationWithoutUnit", R"(
    histogram: {metric: size_bytes, max: 300ms})",
         "spec.sli.histogram.max is 300ms, but the selector names no metric in a unit of time"},
        {"HistogramMaxIsWord", R"(
    histogram: {metric: latency_seconds, max: fast})",
         "spec.sli.histogram.max is \"fast\"; write a number, like 0.5"},
        {"GaugeWithoutTest", R"(
    gauge: {metric: g})",
         "spec.sli.gauge has none of bool, max and min; write one"},
        {"GaugeWithTwoTests", R"(
    gauge: {metric: g, max: 1, min: 0})",
         "spec.sli.gauge has several of bool, max and min"},
        {"GaugeBoolFalse", R"(
    gauge: {metric: g, bool: false})",
         "spec.sli.gauge.bool is false; write bool: true, or max: 0"},
        {"GaugeMaxIsInfinite", R"(
    gauge: {metric: g, max: inf})",
         "spec.sli.gauge.max is \"inf\"; write a number"},
        {"GaugeWithoutMetric", R"(
    gauge: {max: 1})",
         "spec.sli.gauge.metric is missing"},
        {"TwoSources", R"(
    gauge: {metric: g, max: 1}
    counter: {total: t, bad: b})",
         "a.yaml:11: spec.sli.counter stands beside gauge, and an SLI has one source"},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::rules
