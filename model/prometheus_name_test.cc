// Goal: a metric has the name in slowburn that it has in Prometheus. Method: the published examples
// as rows, name, unit and type against the result; then the other strategies and what is refused.
#include "model/prometheus_name.h"

#include <gtest/gtest.h>

namespace slowburn::model {
namespace {

enum Kind { kCounter, kUpDown, kGauge, kHistogram, kExponential, kSummary };

Metric MetricOf(std::string_view name, std::string_view unit, Kind kind) {
  constexpr MetricType kTypes[] = {MetricType::kSum,
                                   MetricType::kSum,
                                   MetricType::kGauge,
                                   MetricType::kHistogram,
                                   MetricType::kExponentialHistogram,
                                   MetricType::kSummary};
  Metric metric;
  metric.name = name;
  metric.unit = unit;
  metric.type = kTypes[kind];
  metric.is_monotonic = kind == kCounter;
  return metric;
}

struct NameCase {
  const char* otlp;
  const char* unit;
  Kind kind;
  const char* want;
};
class PrometheusNameTest : public testing::TestWithParam<NameCase> {};

TEST_P(PrometheusNameTest, IsThatOfPrometheus) {
  const NameCase& row = GetParam();
  const auto name = PrometheusName(MetricOf(row.otlp, row.unit, row.kind));
  ASSERT_TRUE(name.ok()) << name.status();
  EXPECT_EQ(*name, row.want);
}

INSTANTIATE_TEST_SUITE_P(
    Published, PrometheusNameTest,
    testing::ValuesIn<NameCase>({
        {"requests", "", kCounter, "requests_total"},
        {"requests", "1/s", kGauge, "requests_per_second"},
        {"requests", "1/s", kCounter, "requests_per_second_total"},
        {"custom_metric", "unit@with#special/chars", kGauge,
         "custom_metric_unit_with_special_per_chars"},
        {"otelcol_process_cpu_seconds", "s", kCounter, "otelcol_process_cpu_seconds_total"},
        {"123metric", "", kGauge, "_123metric"},
        {"metric__with__multiple__underscores", "unit__multiple__underscores", kGauge,
         "metric_with_multiple_underscores_unit_multiple_underscores"},
        {"custom_metric", "By/{custom}", kGauge, "custom_metric_bytes"},
        {"http.server.request.duration", "s", kHistogram, "http_server_request_duration_seconds"},
        {"http.server.active_requests", "{request}", kUpDown, "http_server_active_requests"},
        {"system.cpu.utilization", "1", kGauge, "system_cpu_utilization_ratio"},
        {"system.disk.io", "By", kCounter, "system_disk_io_bytes_total"},
        {"system.disk.io", "By", kUpDown, "system_disk_io_bytes"},
        {"process.cpu.time", "s", kCounter, "process_cpu_time_seconds_total"},
        {"a.total.b", "", kCounter, "a_b_total"},
        {"total", "", kCounter, "total"},
        {"foo.bar_total", "s", kCounter, "foo_bar_seconds_total"},
        {"foo_seconds_bar", "s", kGauge, "foo_seconds_bar"},
        {"temp", "Cel", kGauge, "temp_celsius"},
        {"net", "KBy", kGauge, "net_kilobytes"},
        {"queue.size", "{items}", kGauge, "queue_size"},
        {"ratio.of.x", "1", kGauge, "of_x_ratio"},
        {"speed", "m/s", kGauge, "speed_meters_per_second"},
        {"rate", "{packet}/s", kGauge, "rate_per_second"},
        {"x", "%", kGauge, "x_percent"},
        {"system.network.io", "By", kCounter, "system_network_io_bytes_total"},
        {"jvm.gc.duration", "s", kExponential, "jvm_gc_duration_seconds"},
        {"a:b.c", "", kGauge, "a:b_c"},
        {"hit.ratio", "1", kUpDown, "hit_ratio"},
        {"bytes.per_second", "By/s", kGauge, "bytes_per_second_per_second"},
    }));

INSTANTIATE_TEST_SUITE_P(More, PrometheusNameTest,
                         testing::ValuesIn<NameCase>({
                             {"x", "kBy", kGauge, "x_kilobytes"},
                             {"x", "TiBy", kGauge, "x_tebibytes"},
                             {"x", " s / {request} ", kGauge, "x_seconds"},
                             {"x", "1", kCounter, "x_total"},
                             {"x", "/s", kGauge, "x_per_second"},
                             {"x", "By/mo", kGauge, "x_bytes_per_month"},
                             {"x", "1/{x}", kGauge, "x"},
                             {"__x__", "", kGauge, "x"},
                             {"caf\u00e9.time", "", kGauge, "caf_time"},
                             {"rpc.duration", "ms", kSummary, "rpc_duration_milliseconds"},
                         }));

TEST(PrometheusNameTest, RefusesWhatLeavesNothing) {
  for (const char* name : {"...", "_", "\u00e9"})
    EXPECT_FALSE(PrometheusName(MetricOf(name, "", kGauge)).ok()) << name;
}

struct StrategyCase {
  NameStrategy strategy;
  const char* otlp;
  const char* unit;
  Kind kind;
  const char* want;
};
class NameStrategyTest : public testing::TestWithParam<StrategyCase> {};

TEST_P(NameStrategyTest, Names) {
  const StrategyCase& row = GetParam();
  EXPECT_EQ(PrometheusName(MetricOf(row.otlp, row.unit, row.kind), row.strategy).value(), row.want);
}

INSTANTIATE_TEST_SUITE_P(
    All, NameStrategyTest,
    testing::ValuesIn<StrategyCase>({
        {NameStrategy::kUnderscoresWithoutSuffixes, "a..b.total", "s", kCounter, "a__b_total"},
        {NameStrategy::kUnderscoresWithoutSuffixes, "1a\u00e9", "", kGauge, "_1a_"},
        {NameStrategy::kUtf8WithSuffixes, "http.duration", "s", kHistogram,
         "http.duration_seconds"},
        {NameStrategy::kUtf8WithSuffixes, "io_total", "By", kCounter, "io_bytes_total"},
        {NameStrategy::kUtf8WithSuffixes, "io.bytes", "By", kCounter, "io_bytes_total"},
        {NameStrategy::kUtf8WithSuffixes, "used", "1", kGauge, "used_ratio"},
        {NameStrategy::kNoTranslation, "http.duration", "s", kHistogram, "http.duration"},
    }));

TEST(PrometheusTypeTest, FollowsTheOtlpType) {
  const auto name = [](Kind kind, TypeHint hint = TypeHint::kNone) {
    Metric metric = MetricOf("x", "", kind);
    metric.type_hint = hint;
    return PrometheusTypeName(metric);
  };
  EXPECT_EQ(name(kCounter), "counter");
  EXPECT_EQ(name(kUpDown), "gauge");
  EXPECT_EQ(name(kGauge), "gauge");
  EXPECT_EQ(name(kHistogram), "histogram");
  EXPECT_EQ(name(kExponential), "histogram");
  EXPECT_EQ(name(kSummary), "summary");
  // What Prometheus has and OTLP has not is a gauge that says so; a counter is one in both.
  EXPECT_EQ(name(kGauge, TypeHint::kUnknown), "unknown");
  EXPECT_EQ(name(kGauge, TypeHint::kInfo), "info");
  EXPECT_EQ(name(kUpDown, TypeHint::kStateset), "stateset");
  EXPECT_EQ(name(kCounter, TypeHint::kUnknown), "counter");
}

TEST(PrometheusUnitTest, IsThatOfTheName) {
  EXPECT_EQ(PrometheusUnit("By/s"), "bytes_per_second");
  EXPECT_EQ(PrometheusUnit("ms"), "milliseconds");
  EXPECT_EQ(PrometheusUnit("1"), "");
  EXPECT_EQ(PrometheusUnit("{request}"), "");
}

}  // namespace
}  // namespace slowburn::model
