// Goal: of every metric the valid points are kept and the others rejected for the right reason.
// Method: one metric a row, valid but for the one thing that the row changes. (Its bytes in other
// forms: otlp_metrics_wire_test.cc; against protobuf: otlp_decoders_test.cc.)
#include "collector/otlp_metrics.h"

#include <limits>
#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "collector/testing/metric_requests.h"

namespace slowburn::collector {
namespace {

namespace otlp = opentelemetry::proto::metrics::v1;
using model::MetricBatch;
using model::Rejection;
using model::Temporality;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

// --- One metric, one rule

otlp::Metric Named() {
  otlp::Metric metric;
  metric.set_name("requests");
  return metric;
}

otlp::Metric Gauge() {
  otlp::Metric metric = Named();
  auto& point = *metric.mutable_gauge()->add_data_points();
  point.set_time_unix_nano(5);
  point.set_as_double(1.5);
  return metric;
}

otlp::Metric Sum() {
  otlp::Metric metric = Named();
  metric.mutable_sum()->set_aggregation_temporality(otlp::AGGREGATION_TEMPORALITY_CUMULATIVE);
  metric.mutable_sum()->set_is_monotonic(true);
  auto& point = *metric.mutable_sum()->add_data_points();
  point.set_time_unix_nano(5);
  point.set_as_int(7);
  return metric;
}

otlp::Metric Histogram() {
  otlp::Metric metric = Named();
  metric.mutable_histogram()->set_aggregation_temporality(otlp::AGGREGATION_TEMPORALITY_DELTA);
  auto& point = *metric.mutable_histogram()->add_data_points();
  point.set_time_unix_nano(5);
  point.set_count(6);
  for (const double bound : {1.0, 2.0}) point.add_explicit_bounds(bound);
  for (const uint64_t count : {1, 2, 3}) point.add_bucket_counts(count);
  return metric;
}

otlp::Metric Exponential() {
  otlp::Metric metric = Named();
  metric.mutable_exponential_histogram()->set_aggregation_temporality(
      otlp::AGGREGATION_TEMPORALITY_DELTA);
  auto& point = *metric.mutable_exponential_histogram()->add_data_points();
  point.set_time_unix_nano(5);
  point.set_count(6);
  point.set_zero_count(1);
  point.mutable_positive()->add_bucket_counts(2);
  point.mutable_negative()->add_bucket_counts(3);
  return metric;
}

otlp::Metric Summary() {
  otlp::Metric metric = Named();
  auto& point = *metric.mutable_summary()->add_data_points();
  point.set_time_unix_nano(5);
  auto& quantile = *point.add_quantile_values();
  quantile.set_quantile(0.5);
  quantile.set_value(3);
  return metric;
}

otlp::NumberDataPoint& SumPoint(otlp::Metric& m) {
  return *m.mutable_sum()->mutable_data_points(0);
}
otlp::NumberDataPoint& GaugePoint(otlp::Metric& m) {
  return *m.mutable_gauge()->mutable_data_points(0);
}
otlp::HistogramDataPoint& HistogramPoint(otlp::Metric& m) {
  return *m.mutable_histogram()->mutable_data_points(0);
}
otlp::ExponentialHistogramDataPoint& ExponentialPoint(otlp::Metric& m) {
  return *m.mutable_exponential_histogram()->mutable_data_points(0);
}
otlp::SummaryDataPoint& SummaryPoint(otlp::Metric& m) {
  return *m.mutable_summary()->mutable_data_points(0);
}

// An exponential histogram of one value, in the bucket `index` at `scale`.
void PutInto(otlp::ExponentialHistogramDataPoint& point, int32_t scale, int32_t index) {
  point.set_scale(scale);
  point.clear_negative();
  point.set_zero_count(0);
  point.set_count(2);
  point.mutable_positive()->set_offset(index);
}

// One metric in one scope of one resource.
std::string Body(const otlp::Metric& metric) {
  MetricsData metrics;
  *metrics.add_resource_metrics()->add_scope_metrics()->add_metrics() = metric;
  return metrics.SerializeAsString();
}

TEST(MetricTypeHintTest, IsThatOfTheMetadata) {
  const std::pair<const char*, model::TypeHint> rows[] = {{"unknown", model::TypeHint::kUnknown},
                                                          {"info", model::TypeHint::kInfo},
                                                          {"stateset", model::TypeHint::kStateset},
                                                          {"gauge", model::TypeHint::kNone}};
  for (const auto& [type, want] : rows) {
    otlp::Metric metric = Gauge();
    metric.add_metadata()->set_key("other");
    auto& metadata = *metric.add_metadata();
    metadata.set_key("prometheus.type");
    metadata.mutable_value()->set_string_value(type);
    const std::string body = Body(metric);
    MetricBatch batch;
    ASSERT_TRUE(DecodeMetrics(body, TestProjection(), batch).ok());
    EXPECT_EQ(batch.metrics.at(0).type_hint, want) << type;
    EXPECT_THAT(batch.raw_attributes, IsEmpty());
  }
}

struct PointCase {
  std::string name;
  otlp::Metric (*make)();
  void (*change)(otlp::Metric&);
  std::optional<Rejection> want;  // nothing: the point is accepted
};

class PointRuleTest : public testing::TestWithParam<PointCase> {};

TEST_P(PointRuleTest, AcceptsOrRejects) {
  otlp::Metric metric = GetParam().make();
  GetParam().change(metric);
  const std::string body = Body(metric);
  MetricBatch batch;
  const absl::Status status = DecodeMetrics(body, TestProjection(), batch);
  ASSERT_TRUE(status.ok()) << base::Message(status);
  EXPECT_EQ(batch.decoded(), 1u);
  if (!GetParam().want.has_value()) {
    EXPECT_THAT(batch.rejected, IsEmpty());
    EXPECT_EQ(batch.metrics.size(), 1u);
    return;
  }
  ASSERT_EQ(batch.rejected.size(), 1u);
  EXPECT_EQ(model::RejectionName(batch.rejected[0].reason), model::RejectionName(*GetParam().want));
  EXPECT_EQ(batch.rejected[0].ordinal, 0u);
  // Nothing of it is left.
  EXPECT_THAT(batch.metrics, IsEmpty());
  EXPECT_THAT(batch.scopes, IsEmpty());
  EXPECT_THAT(batch.resources, IsEmpty());
  EXPECT_THAT(batch.counts, IsEmpty());
}

void Nothing(otlp::Metric&) {}
std::string NameOf(const testing::TestParamInfo<PointCase>& info) { return info.param.name; }

INSTANTIATE_TEST_SUITE_P(
    Metric, PointRuleTest,
    testing::ValuesIn<PointCase>({
        {"ValidGauge", Gauge, Nothing, {}},
        {"ValidSum", Sum, Nothing, {}},
        {"ValidHistogram", Histogram, Nothing, {}},
        {"ValidExponential", Exponential, Nothing, {}},
        {"ValidSummary", Summary, Nothing, {}},
        {"NoMetricName", Gauge, [](auto& m) { m.clear_name(); }, Rejection::kNoMetricName},
        {"NoMetricNameBeforeTemporality", Sum,
         [](auto& m) {
           m.clear_name();
           m.mutable_sum()->clear_aggregation_temporality();
         },
         Rejection::kNoMetricName},
        {"NoMetricNameOfHistogram", Histogram, [](auto& m) { m.clear_name(); },
         Rejection::kNoMetricName},
        {"V4NoTimeOfGauge", Gauge, [](auto& m) { GaugePoint(m).clear_time_unix_nano(); },
         Rejection::kNoTime},
        {"V4NoTimeOfSum", Sum, [](auto& m) { SumPoint(m).clear_time_unix_nano(); },
         Rejection::kNoTime},
        {"V4NoTimeOfHistogram", Histogram,
         [](auto& m) { HistogramPoint(m).clear_time_unix_nano(); }, Rejection::kNoTime},
        {"V4NoTimeOfExponential", Exponential,
         [](auto& m) { ExponentialPoint(m).clear_time_unix_nano(); }, Rejection::kNoTime},
        {"V4NoTimeOfSummary", Summary, [](auto& m) { SummaryPoint(m).clear_time_unix_nano(); },
         Rejection::kNoTime},
        {"V4NoTimeBeforeAllElse", Histogram,
         [](auto& m) {
           m.clear_name();
           m.mutable_histogram()->clear_aggregation_temporality();
           HistogramPoint(m).set_count(1);
           HistogramPoint(m).clear_time_unix_nano();
         },
         Rejection::kNoTime},
        {"V4TimeOfTheYear2554",
         Gauge,
         [](auto& m) { GaugePoint(m).set_time_unix_nano(UINT64_MAX); },
         {}},
        {"V5GaugeWithoutValue", Gauge, [](auto& m) { GaugePoint(m).clear_as_double(); },
         Rejection::kNoValue},
        {"V5SumWithoutValue", Sum, [](auto& m) { SumPoint(m).clear_as_int(); },
         Rejection::kNoValue},
        {"V6SumUnspecified", Sum, [](auto& m) { m.mutable_sum()->clear_aggregation_temporality(); },
         Rejection::kNoTemporality},
        {"V6SumUnknown", Sum,
         [](auto& m) {
           m.mutable_sum()->set_aggregation_temporality(
               static_cast<otlp::AggregationTemporality>(3));
         },
         Rejection::kNoTemporality},
        {"V6SumNegative", Sum,
         [](auto& m) {
           m.mutable_sum()->set_aggregation_temporality(
               static_cast<otlp::AggregationTemporality>(-1));
         },
         Rejection::kNoTemporality},
        {"V6HistogramUnspecified", Histogram,
         [](auto& m) { m.mutable_histogram()->clear_aggregation_temporality(); },
         Rejection::kNoTemporality},
        {"V6ExponentialUnspecified", Exponential,
         [](auto& m) { m.mutable_exponential_histogram()->clear_aggregation_temporality(); },
         Rejection::kNoTemporality},
    }),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Histogram, PointRuleTest,
    testing::ValuesIn<PointCase>({
        {"V7CountsMissing", Histogram, [](auto& m) { HistogramPoint(m).clear_bucket_counts(); },
         Rejection::kBrokenHistogram},
        {"V7BoundsMissing", Histogram, [](auto& m) { HistogramPoint(m).clear_explicit_bounds(); },
         Rejection::kBrokenHistogram},
        {"V7OneCountTooMany", Histogram, [](auto& m) { HistogramPoint(m).add_bucket_counts(0); },
         Rejection::kBrokenHistogram},
        {"V7AsManyCountsAsBounds", Histogram,
         [](auto& m) { HistogramPoint(m).add_explicit_bounds(9); }, Rejection::kBrokenHistogram},
        {"V7BoundsNotIncreasing", Histogram,
         [](auto& m) { HistogramPoint(m).set_explicit_bounds(1, 0.5); },
         Rejection::kBrokenHistogram},
        {"V7BoundsEqual", Histogram, [](auto& m) { HistogramPoint(m).set_explicit_bounds(1, 1); },
         Rejection::kBrokenHistogram},
        {"V7FirstBoundNaN", Histogram,
         [](auto& m) { HistogramPoint(m).set_explicit_bounds(0, kNaN); },
         Rejection::kBrokenHistogram},
        {"V7LastBoundNaN", Histogram,
         [](auto& m) { HistogramPoint(m).set_explicit_bounds(1, kNaN); },
         Rejection::kBrokenHistogram},
        {"V7OnlyBoundNaN", Histogram,
         [](auto& m) {
           HistogramPoint(m).clear_explicit_bounds();
           HistogramPoint(m).add_explicit_bounds(kNaN);
           HistogramPoint(m).clear_bucket_counts();
           for (const uint64_t count : {3, 3}) HistogramPoint(m).add_bucket_counts(count);
         },
         Rejection::kBrokenHistogram},
        {"V7InfiniteBounds",
         Histogram,
         [](auto& m) {
           HistogramPoint(m).set_explicit_bounds(0, -kInfinity);
           HistogramPoint(m).set_explicit_bounds(1, kInfinity);
         },
         {}},
        {"V7CountIsNotTheSum", Histogram, [](auto& m) { HistogramPoint(m).set_count(7); },
         Rejection::kBrokenHistogram},
        {"V7SumOfCountsOverflows", Histogram,
         [](auto& m) {  // to 6 again
           HistogramPoint(m).set_bucket_counts(0, uint64_t{1} << 63);
           HistogramPoint(m).set_bucket_counts(1, uint64_t{1} << 63);
           HistogramPoint(m).set_bucket_counts(2, 6);
         },
         Rejection::kBrokenHistogram},
        {"V7NeitherCountsNorBounds",
         Histogram,
         [](auto& m) {
           HistogramPoint(m).clear_bucket_counts();
           HistogramPoint(m).clear_explicit_bounds();
         },
         {}},
        {"V7OneBucket",
         Histogram,
         [](auto& m) {
           HistogramPoint(m).clear_bucket_counts();
           HistogramPoint(m).clear_explicit_bounds();
           HistogramPoint(m).add_bucket_counts(6);
         },
         {}},
        {"SumMinAndMaxMayBeAnything",
         Histogram,
         [](auto& m) {
           HistogramPoint(m).set_sum(kNaN);
           HistogramPoint(m).set_min(kInfinity);
           HistogramPoint(m).set_max(-1);
         },
         {}},
        {"V8CountIsNotTheSum", Exponential, [](auto& m) { ExponentialPoint(m).set_count(5); },
         Rejection::kBrokenHistogram},
        {"V8ZeroCountMissing", Exponential, [](auto& m) { ExponentialPoint(m).clear_zero_count(); },
         Rejection::kBrokenHistogram},
        {"V8SumOfCountsOverflows", Exponential,
         [](auto& m) {  // to 6 again
           ExponentialPoint(m).mutable_positive()->add_bucket_counts(uint64_t{1} << 63);
           ExponentialPoint(m).mutable_positive()->add_bucket_counts(uint64_t{1} << 63);
         },
         Rejection::kBrokenHistogram},
        {"V8SumWithNegativeBucketsOverflows", Exponential,
         [](auto& m) {
           ExponentialPoint(m).mutable_positive()->add_bucket_counts(uint64_t{1} << 63);
           ExponentialPoint(m).mutable_negative()->add_bucket_counts(uint64_t{1} << 63);
         },
         Rejection::kBrokenHistogram},
        {"V8SumWithZeroCountOverflows", Exponential,
         [](auto& m) {
           ExponentialPoint(m).set_zero_count(UINT64_MAX);
           ExponentialPoint(m).mutable_positive()->add_bucket_counts(2);
         },
         Rejection::kBrokenHistogram},
        {"V8Empty",
         Exponential,
         [](auto& m) {
           ExponentialPoint(m).Clear();
           ExponentialPoint(m).set_time_unix_nano(5);
         },
         {}},
        {"V8LargestScale", Exponential, [](auto& m) { ExponentialPoint(m).set_scale(20); }, {}},
        {"V8ScaleTooLarge", Exponential, [](auto& m) { ExponentialPoint(m).set_scale(21); },
         Rejection::kBrokenHistogram},
        {"V8SmallestScale", Exponential, [](auto& m) { ExponentialPoint(m).set_scale(-10); }, {}},
        {"V8ScaleTooSmall", Exponential, [](auto& m) { ExponentialPoint(m).set_scale(-11); },
         Rejection::kBrokenHistogram},
        {"V8ScaleOfTheWorst", Exponential,
         [](auto& m) { ExponentialPoint(m).set_scale(INT32_MIN); }, Rejection::kBrokenHistogram},
        {"V8LargestDouble",
         Exponential,
         [](auto& m) { PutInto(ExponentialPoint(m), 0, 1023); },
         {}},
        {"V8AboveTheLargestDouble", Exponential,
         [](auto& m) { PutInto(ExponentialPoint(m), 0, 1024); }, Rejection::kBrokenHistogram},
        {"V8SmallestDouble",
         Exponential,
         [](auto& m) { PutInto(ExponentialPoint(m), 0, -1075); },
         {}},
        {"V8BelowTheSmallestDouble", Exponential,
         [](auto& m) { PutInto(ExponentialPoint(m), 0, -1076); }, Rejection::kBrokenHistogram},
        {"V8LargestDoubleAtScale20",
         Exponential,
         [](auto& m) { PutInto(ExponentialPoint(m), 20, (1 << 30) - 1); },
         {}},
        {"V8AboveTheLargestDoubleAtScale20", Exponential,
         [](auto& m) { PutInto(ExponentialPoint(m), 20, 1 << 30); }, Rejection::kBrokenHistogram},
        {"V8LargestDoubleAtScaleMinus10",
         Exponential,
         [](auto& m) { PutInto(ExponentialPoint(m), -10, 0); },
         {}},
        {"V8AboveTheLargestDoubleAtScaleMinus10", Exponential,
         [](auto& m) { PutInto(ExponentialPoint(m), -10, 1); }, Rejection::kBrokenHistogram},
        {"V8SmallestDoubleAtScaleMinus10",
         Exponential,
         [](auto& m) { PutInto(ExponentialPoint(m), -10, -2); },
         {}},
        {"V8BelowTheSmallestDoubleAtScaleMinus10", Exponential,
         [](auto& m) { PutInto(ExponentialPoint(m), -10, -3); }, Rejection::kBrokenHistogram},
        {"V8IndexBeyond32Bits", Exponential,
         [](auto& m) {
           PutInto(ExponentialPoint(m), 20, INT32_MAX);
           ExponentialPoint(m).mutable_positive()->set_bucket_counts(0, 0);
           ExponentialPoint(m).mutable_positive()->add_bucket_counts(2);
         },
         Rejection::kBrokenHistogram},
        {"V8EmptyBucketsMayLieAnywhere",
         Exponential,
         [](auto& m) {
           PutInto(ExponentialPoint(m), 0, 1023);
           ExponentialPoint(m).mutable_positive()->add_bucket_counts(0);
         },
         {}},
        {"V8MostBuckets",
         Exponential,
         [](auto& m) {
           ExponentialPoint(m).set_scale(8);
           while (ExponentialPoint(m).positive().bucket_counts_size() < 4096) {
             ExponentialPoint(m).mutable_positive()->add_bucket_counts(0);
           }
         },
         {}},
        {"V8TooManyBuckets", Exponential,
         [](auto& m) {
           ExponentialPoint(m).set_scale(8);
           while (ExponentialPoint(m).negative().bucket_counts_size() < 4097) {
             ExponentialPoint(m).mutable_negative()->add_bucket_counts(0);
           }
         },
         Rejection::kBrokenHistogram},
        {"V8ZeroThresholdNaN", Exponential,
         [](auto& m) { ExponentialPoint(m).set_zero_threshold(kNaN); },
         Rejection::kBrokenHistogram},
        {"V8ZeroThresholdNegative", Exponential,
         [](auto& m) { ExponentialPoint(m).set_zero_threshold(-1e-9); },
         Rejection::kBrokenHistogram},
        {"QuantileNaN", Summary,
         [](auto& m) { SummaryPoint(m).mutable_quantile_values(0)->set_quantile(kNaN); },
         Rejection::kBrokenHistogram},
        {"QuantileBelowZero", Summary,
         [](auto& m) { SummaryPoint(m).mutable_quantile_values(0)->set_quantile(-0.1); },
         Rejection::kBrokenHistogram},
        {"QuantileAboveOne", Summary,
         [](auto& m) { SummaryPoint(m).mutable_quantile_values(0)->set_quantile(1.1); },
         Rejection::kBrokenHistogram},
        {"ValueOfQuantileMayBeNaN",
         Summary,
         [](auto& m) { SummaryPoint(m).mutable_quantile_values(0)->set_value(kNaN); },
         {}},
    }),
    NameOf);

INSTANTIATE_TEST_SUITE_P(
    Value, PointRuleTest,
    testing::ValuesIn<PointCase>({
        {"V9EndedGauge",
         Gauge,
         [](auto& m) {
           GaugePoint(m).clear_as_double();
           GaugePoint(m).set_flags(1);
         },
         {}},
        {"V9EndedSum",
         Sum,
         [](auto& m) {
           SumPoint(m).set_as_double(kNaN);
           SumPoint(m).set_flags(0xFFFFFFFF);
         },
         {}},
        {"V9EndedHistogram",
         Histogram,
         [](auto& m) {
           HistogramPoint(m).set_count(99);
           HistogramPoint(m).set_flags(1);
         },
         {}},
        {"V9EndedExponential",
         Exponential,
         [](auto& m) {
           ExponentialPoint(m).set_scale(99);
           ExponentialPoint(m).set_flags(1);
         },
         {}},
        {"V9EndedSummary",
         Summary,
         [](auto& m) {
           SummaryPoint(m).mutable_quantile_values(0)->set_quantile(2);
           SummaryPoint(m).set_flags(1);
         },
         {}},
        {"V9EndedPointNeedsATime", Gauge,
         [](auto& m) {
           GaugePoint(m).clear_time_unix_nano();
           GaugePoint(m).set_flags(1);
         },
         Rejection::kNoTime},
        {"V9OtherFlagsMeanNothing", Gauge,
         [](auto& m) {
           GaugePoint(m).clear_as_double();
           GaugePoint(m).set_flags(2);
         },
         Rejection::kNoValue},
        {"V14NegativeCumulativeInt", Sum, [](auto& m) { SumPoint(m).set_as_int(-1); },
         Rejection::kNegative},
        {"V14NegativeDelta", Sum,
         [](auto& m) {
           m.mutable_sum()->set_aggregation_temporality(otlp::AGGREGATION_TEMPORALITY_DELTA);
           SumPoint(m).set_as_double(-0.5);
         },
         Rejection::kNegative},
        {"V14MinusZeroIsZero", Sum, [](auto& m) { SumPoint(m).set_as_double(-0.0); }, {}},
        {"V14NegativeNotMonotonic",
         Sum,
         [](auto& m) {
           m.mutable_sum()->set_is_monotonic(false);
           SumPoint(m).set_as_int(-1);
         },
         {}},
        {"NaNInMonotonicSum", Sum, [](auto& m) { SumPoint(m).set_as_double(kNaN); },
         Rejection::kNotFinite},
        {"InfinityInMonotonicSum", Sum, [](auto& m) { SumPoint(m).set_as_double(kInfinity); },
         Rejection::kNotFinite},
        {"MinusInfinityInMonotonicSum", Sum, [](auto& m) { SumPoint(m).set_as_double(-kInfinity); },
         Rejection::kNotFinite},
        {"NaNInOtherSum",
         Sum,
         [](auto& m) {
           m.mutable_sum()->set_is_monotonic(false);
           SumPoint(m).set_as_double(kNaN);
         },
         {}},
        {"NaNInGauge", Gauge, [](auto& m) { GaugePoint(m).set_as_double(kNaN); }, {}},
    }),
    NameOf);

TEST(DecodeMetricsTest, V5MetricWithoutDataHasNoPoints) {
  MetricBatch batch;
  ASSERT_TRUE(DecodeMetrics(Body(Named()), TestProjection(), batch).ok());
  EXPECT_EQ(batch.decoded(), 0u);
  EXPECT_THAT(batch.metrics, IsEmpty());
}

TEST(DecodeMetricsTest, V5ExemplarWithoutValueIsLeftOut) {
  otlp::Metric metric = Gauge();
  GaugePoint(metric).add_exemplars()->set_time_unix_nano(1);
  auto& exemplar = *GaugePoint(metric).add_exemplars();
  exemplar.set_as_int(-3);
  exemplar.set_trace_id(std::string(16, '\x11'));
  exemplar.set_span_id("short");
  const std::string body = Body(metric);
  MetricBatch batch;
  ASSERT_TRUE(DecodeMetrics(body, TestProjection(), batch).ok());
  ASSERT_EQ(batch.exemplars.size(), 1u);
  EXPECT_EQ(batch.exemplars[0].value, -3);
  EXPECT_EQ(batch.exemplars[0].trace_id, std::string(16, '\x11'));
  EXPECT_EQ(batch.exemplars[0].span_id, "");
}

TEST(DecodeMetricsTest, V9NothingOfAnEndedPointsValueIsLeft) {
  otlp::Metric metric = Histogram();
  HistogramPoint(metric).set_flags(1);
  HistogramPoint(metric).set_sum(3);
  MetricBatch batch;
  std::string body = Body(metric);
  ASSERT_TRUE(DecodeMetrics(body, TestProjection(), batch).ok());
  ASSERT_EQ(batch.points.size(), 1u);
  EXPECT_TRUE(batch.points[0].no_recorded_value);
  const model::HistogramValue& value = batch.histograms.at(batch.points[0].index);
  EXPECT_EQ(value.count, 0u);
  EXPECT_FALSE(value.has_sum);
  EXPECT_EQ(value.counts.size() + value.bounds.size(), 0u);

  metric = Gauge();
  GaugePoint(metric).set_as_double(kNaN);
  GaugePoint(metric).set_flags(1);
  body = Body(metric);
  ASSERT_TRUE(DecodeMetrics(body, TestProjection(), batch).ok());
  EXPECT_EQ(batch.points.at(0).as_double, 0);
}

TEST(DecodeMetricsTest, E6RejectedPointsLeaveTheirNeighbours) {
  otlp::Metric metric = Sum();
  for (const int64_t value : {-1, 2, 3, -4, 5}) {
    auto& point = *metric.mutable_sum()->add_data_points();
    point.set_time_unix_nano(value == 3 ? 0 : 6);
    point.set_as_int(value);
  }
  const std::string body = Body(metric) + Body(Gauge());
  MetricBatch batch;
  ASSERT_TRUE(DecodeMetrics(body, TestProjection(), batch).ok());
  std::vector<std::pair<uint32_t, int64_t>> kept;
  for (const auto& point : batch.points) kept.emplace_back(point.ordinal, point.as_int);
  kept.pop_back();  // the gauge's
  EXPECT_THAT(kept, ElementsAre(std::pair(0u, 7), std::pair(2u, 2), std::pair(5u, 5)));
  EXPECT_EQ(batch.points.back().ordinal, 6u);
  std::vector<std::pair<uint32_t, Rejection>> rejected;
  for (const auto& item : batch.rejected) rejected.emplace_back(item.ordinal, item.reason);
  EXPECT_THAT(rejected,
              ElementsAre(std::pair(1u, Rejection::kNegative), std::pair(3u, Rejection::kNoTime),
                          std::pair(4u, Rejection::kNegative)));
}

}  // namespace
}  // namespace slowburn::collector
