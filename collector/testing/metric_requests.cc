#include "collector/testing/metric_requests.h"

#include <array>
#include <cmath>
#include <limits>

namespace slowburn::collector {
namespace {

namespace otlp = opentelemetry::proto::metrics::v1;

constexpr double kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

uint32_t RandomFlags(Random& random) {
  return OneIn(12, random) ? 1 + 2 * static_cast<uint32_t>(Below(3, random))
                           : 2 * static_cast<uint32_t>(Below(2, random));
}

double RandomDouble(Random& random) {
  constexpr std::array kSpecial = {kNaN, kInfinity, -kInfinity, -0.0, -1.5, 1e308};
  if (OneIn(6, random)) return kSpecial[random() % kSpecial.size()];
  return Below(100'000, random) / 16.0;
}

template <typename Point>
void FillExemplars(Point& point, Random& random) {
  for (int i = OneIn(2, random) ? 0 : Below(4, random); i > 0; --i) {
    auto& exemplar = *point.add_exemplars();
    exemplar.set_time_unix_nano(random());
    if (!OneIn(5, random)) {
      OneIn(2, random) ? exemplar.set_as_int(static_cast<int64_t>(random()))
                       : exemplar.set_as_double(RandomDouble(random));
    }
    if (!OneIn(3, random)) exemplar.set_trace_id(RandomId(16, random));
    if (!OneIn(3, random)) exemplar.set_span_id(RandomId(8, random));
    AddAttributes(Below(3, random), *exemplar.mutable_filtered_attributes(), random);
  }
}

template <typename Point>
void FillPoint(Point& point, Random& random) {
  if (!OneIn(4, random)) point.set_start_time_unix_nano(random());
  if (!OneIn(12, random)) point.set_time_unix_nano(random());
  AddAttributes(Below(6, random), *point.mutable_attributes(), random);
  point.set_flags(RandomFlags(random));
}

void FillNumber(otlp::NumberDataPoint& point, Random& random) {
  FillPoint(point, random);
  FillExemplars(point, random);
  if (OneIn(12, random)) return;
  if (OneIn(2, random)) {
    point.set_as_double(RandomDouble(random));
  } else {
    point.set_as_int(OneIn(6, random) ? static_cast<int64_t>(random()) : Below(1000, random));
  }
}

// Values that fit together, or but for one thing.
void FillHistogram(otlp::HistogramDataPoint& point, Random& random) {
  FillPoint(point, random);
  FillExemplars(point, random);
  if (OneIn(2, random)) point.set_sum(RandomDouble(random));
  if (OneIn(2, random)) point.set_min(RandomDouble(random));
  if (OneIn(2, random)) point.set_max(RandomDouble(random));
  const int bounds = OneIn(5, random) ? 0 : Below(6, random);
  uint64_t count = 0;
  for (int i = 0; i <= bounds; ++i) {
    if (i < bounds) point.add_explicit_bounds(i * 2.5 - 5);
    point.add_bucket_counts(OneIn(30, random) ? UINT64_MAX : random() % 1000);
    count += point.bucket_counts(i);
  }
  point.set_count(count);
  switch (Below(12, random)) {
    case 0:
      return point.set_count(count + 1);
    case 1:
      return point.add_bucket_counts(0);
    case 2:
      return point.clear_bucket_counts();
    case 3:
      point.clear_bucket_counts();
      return point.clear_explicit_bounds();
    case 4:
      if (bounds > 0) point.set_explicit_bounds(Below(bounds, random), kNaN);
      return;
    case 5:
      if (bounds > 1) point.set_explicit_bounds(1, point.explicit_bounds(0));
      return;
    default:
      return;
  }
}

uint64_t FillBuckets(otlp::ExponentialHistogramDataPoint::Buckets& buckets, Random& random) {
  buckets.set_offset(OneIn(8, random) ? static_cast<int32_t>(random()) : Below(80, random) - 40);
  uint64_t count = 0;
  for (int i = Below(20, random); i > 0; --i) {
    buckets.add_bucket_counts(OneIn(3, random) ? 0 : random() % 1000);
    count += buckets.bucket_counts().Get(buckets.bucket_counts_size() - 1);
  }
  return count;
}

void FillExponential(otlp::ExponentialHistogramDataPoint& point, Random& random) {
  FillPoint(point, random);
  FillExemplars(point, random);
  if (OneIn(2, random)) point.set_sum(RandomDouble(random));
  if (OneIn(2, random)) point.set_min(RandomDouble(random));
  if (OneIn(2, random)) point.set_max(RandomDouble(random));
  point.set_scale(OneIn(3, random) ? Below(34, random) - 12 : Below(9, random));
  point.set_zero_count(random() % 10);
  uint64_t count = point.zero_count();
  if (!OneIn(5, random)) count += FillBuckets(*point.mutable_positive(), random);
  if (OneIn(3, random)) count += FillBuckets(*point.mutable_negative(), random);
  point.set_count(OneIn(10, random) ? count + 1 : count);
  if (OneIn(4, random)) point.set_zero_threshold(RandomDouble(random));
}

void FillSummary(otlp::SummaryDataPoint& point, Random& random) {
  FillPoint(point, random);
  point.set_count(random());
  point.set_sum(RandomDouble(random));
  for (int i = Below(4, random); i > 0; --i) {
    auto& quantile = *point.add_quantile_values();
    quantile.set_quantile(OneIn(12, random) ? RandomDouble(random) : Below(9, random) / 8.0);
    quantile.set_value(RandomDouble(random));
  }
}

otlp::AggregationTemporality RandomTemporality(Random& random) {
  return static_cast<otlp::AggregationTemporality>(OneIn(8, random) ? 3 * Below(2, random)
                                                                    : 1 + Below(2, random));
}

void FillMetric(otlp::Metric& metric, Random& random) {
  if (!OneIn(12, random)) metric.set_name(RandomText(20, random) + "n");
  metric.set_unit(RandomText(2, random));
  metric.set_description(RandomText(9, random));
  AddAttributes(Below(2, random), *metric.mutable_metadata(), random);
  const int points = Below(5, random);
  switch (Below(6, random)) {
    case 0:
      metric.mutable_gauge();
      for (int i = 0; i < points; ++i)
        FillNumber(*metric.mutable_gauge()->add_data_points(), random);
      return;
    case 1:
      metric.mutable_sum()->set_aggregation_temporality(RandomTemporality(random));
      metric.mutable_sum()->set_is_monotonic(OneIn(2, random));
      for (int i = 0; i < points; ++i) FillNumber(*metric.mutable_sum()->add_data_points(), random);
      return;
    case 2:
      metric.mutable_histogram()->set_aggregation_temporality(RandomTemporality(random));
      for (int i = 0; i < points; ++i) {
        FillHistogram(*metric.mutable_histogram()->add_data_points(), random);
      }
      return;
    case 3:
      metric.mutable_exponential_histogram()->set_aggregation_temporality(
          RandomTemporality(random));
      for (int i = 0; i < points; ++i) {
        FillExponential(*metric.mutable_exponential_histogram()->add_data_points(), random);
      }
      return;
    case 4:
      for (int i = 0; i < points; ++i) {
        FillSummary(*metric.mutable_summary()->add_data_points(), random);
      }
      return;
    default:
      return;  // no data
  }
}

template <typename Point>
void FillTypicalPoint(Point& point, Random& random) {
  constexpr std::array<const char*, 6> kKeys = {"http.route",       "http.request.method",
                                                "url.scheme",       "http.response.status_code",
                                                "network.protocol", "server.address"};
  point.set_start_time_unix_nano(1'790'000'000'000'000'000);
  point.set_time_unix_nano(1'790'000'060'000'000'000 + random() % 1'000'000);
  for (const char* key : kKeys) {
    auto& attribute = *point.add_attributes();
    attribute.set_key(key);
    if (key == kKeys[3]) {
      attribute.mutable_value()->set_int_value(OneIn(10, random) ? 500 : 200);
    } else {
      attribute.mutable_value()->set_string_value("v" + std::to_string(random() % 90));
    }
  }
}

otlp::Metric& AddTypicalMetric(int index, otlp::ScopeMetrics& scope_metrics) {
  auto& metric = *scope_metrics.add_metrics();
  metric.set_name(fmt::format("http.server.request.metric.{}", index));
  metric.set_unit("1");
  metric.set_description("What it measures, in a sentence.");
  return metric;
}

}  // namespace

MetricsData RandomMetrics(Random& random) {
  MetricsData metrics;
  for (int r = Below(4, random); r > 0; --r) {
    auto& resource_metrics = *metrics.add_resource_metrics();
    if (!OneIn(5, random)) FillResource(*resource_metrics.mutable_resource(), random);
    resource_metrics.set_schema_url(RandomText(12, random));
    for (int s = Below(4, random); s > 0; --s) {
      auto& scope_metrics = *resource_metrics.add_scope_metrics();
      if (!OneIn(5, random)) FillScope(*scope_metrics.mutable_scope(), random);
      if (OneIn(2, random)) scope_metrics.set_schema_url(RandomText(12, random));
      for (int i = Below(5, random); i > 0; --i) FillMetric(*scope_metrics.add_metrics(), random);
    }
  }
  return metrics;
}

MetricsData TypicalMetrics(int numbers, int histograms, Random& random) {
  constexpr int kPointsPerMetric = 16;
  MetricsData metrics;
  auto& resource_metrics = *metrics.add_resource_metrics();
  FillTypicalResource(*resource_metrics.mutable_resource(), random);
  auto& scope_metrics = *resource_metrics.add_scope_metrics();
  scope_metrics.mutable_scope()->set_name("io.opentelemetry.spring-webmvc-6.0");
  for (int i = 0; i < numbers; i += kPointsPerMetric) {
    auto& metric = AddTypicalMetric(i / kPointsPerMetric, scope_metrics);
    const bool is_sum = i / kPointsPerMetric % 4 != 0;
    if (is_sum) {
      metric.mutable_sum()->set_is_monotonic(true);
      metric.mutable_sum()->set_aggregation_temporality(otlp::AGGREGATION_TEMPORALITY_CUMULATIVE);
    }
    for (int p = i; p < std::min(i + kPointsPerMetric, numbers); ++p) {
      auto& point = is_sum ? *metric.mutable_sum()->add_data_points()
                           : *metric.mutable_gauge()->add_data_points();
      FillTypicalPoint(point, random);
      if (is_sum) {
        point.set_as_int(Below(1'000'000, random));
      } else {
        point.set_as_double(Below(1'000'000, random) / 7.0);
      }
    }
  }
  for (int i = 0; i < histograms; i += kPointsPerMetric) {
    auto& metric = AddTypicalMetric(1000 + i, scope_metrics);
    metric.mutable_histogram()->set_aggregation_temporality(
        otlp::AGGREGATION_TEMPORALITY_CUMULATIVE);
    for (int p = i; p < std::min(i + kPointsPerMetric, histograms); ++p) {
      auto& point = *metric.mutable_histogram()->add_data_points();
      FillTypicalPoint(point, random);
      point.set_sum(Below(100'000, random));
      uint64_t count = 0;
      for (int b = 0; b < 15; ++b) {
        if (b < 14) point.add_explicit_bounds(5 << b);
        point.add_bucket_counts(random() % 1000);
        count += point.bucket_counts(b);
      }
      point.set_count(count);
    }
  }
  return metrics;
}

}  // namespace slowburn::collector
