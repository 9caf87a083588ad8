#include <algorithm>
#include <cmath>
#include <optional>

#include "collector/testing/metric_requests.h"

// What DecodeMetrics should find, from protobuf's own classes: slow and plain.

namespace slowburn::collector {
namespace {

namespace otlp = opentelemetry::proto::metrics::v1;
using model::Rejection;
using opentelemetry::proto::common::v1::AnyValue;
__extension__ using Wide = unsigned __int128;

// --- The two sides, as the same text
// --------------------------------------------------------------

std::string Canonical(AnyValue value) {
  value.DiscardUnknownFields();
  const bool has_none = value.value_case() == AnyValue::VALUE_NOT_SET ||
                        value.value_case() == AnyValue::kStringValueStrindex;
  return has_none ? "" : Hex(value.SerializeAsString());
}

template <typename Attributes>
std::string RawText(const Attributes& attributes) {
  std::string text = " raw";
  for (const auto& attribute : attributes) {
    text += fmt::format(" {}={}", attribute.key(), Canonical(attribute.value()));
  }
  return text;
}

std::string RawText(const model::MetricBatch& batch, model::IndexRange range) {
  std::string text = " raw";
  for (uint32_t i = range.begin; i < range.end; ++i) {
    const model::RawAttribute& attribute = batch.raw_attributes.at(i);
    AnyValue value;
    const bool is_any_value =
        value.ParseFromArray(attribute.value.data(), static_cast<int>(attribute.value.size()));
    text += fmt::format(" {}={}", attribute.key, is_any_value ? Canonical(value) : "broken");
  }
  return text;
}

std::string NumberText(int64_t value) { return fmt::format("int {}", value); }
std::string NumberText(double value) { return fmt::format("double {:x}", Bits(value)); }

std::string OptionalText(std::string_view name, bool has, double value) {
  return has ? fmt::format(" {} {:x}", name, Bits(value)) : "";
}

template <typename Counts>
std::string CountsText(const Counts& counts) {
  std::string text = " [";
  for (const uint64_t count : counts) text += fmt::format("{} ", count);
  return text + "]";
}
template <typename Bounds>
std::string BoundsText(const Bounds& bounds) {
  std::string text = " [";
  for (const double bound : bounds) text += fmt::format("{:x} ", Bits(bound));
  return text + "]";
}

template <typename T>
std::vector<T> Slice(const std::vector<T>& values, model::IndexRange range) {
  return {values.begin() + range.begin, values.begin() + range.end};
}

// --- Protobuf's side
// ------------------------------------------------------------------------------

struct PointFacts {
  uint64_t start = 0;
  uint64_t time = 0;
  uint32_t flags = 0;
  const google::protobuf::RepeatedPtrField<opentelemetry::proto::common::v1::KeyValue>* attributes;
  std::string value;
  std::string exemplars;
  std::optional<Rejection> reason;  // what is wrong with the value
};

struct MetricFacts {
  model::MetricType type = model::MetricType::kGauge;
  int temporality = 0;
  bool has_temporality = false;
  bool is_monotonic = false;
  std::vector<PointFacts> points;
};

template <typename Point>
std::string ExemplarsText(const Point& point) {
  std::string text;
  for (const auto& exemplar : point.exemplars()) {
    if (exemplar.value_case() == otlp::Exemplar::VALUE_NOT_SET) continue;
    const double value = exemplar.value_case() == otlp::Exemplar::kAsInt
                             ? static_cast<double>(exemplar.as_int())
                             : exemplar.as_double();
    text += fmt::format(" exemplar {} {:x} '{}' '{}'{}", exemplar.time_unix_nano(), Bits(value),
                        IdText(exemplar.trace_id(), 16), IdText(exemplar.span_id(), 8),
                        RawText(exemplar.filtered_attributes()));
  }
  return text;
}

template <typename Point>
PointFacts CommonFacts(const Point& point) {
  PointFacts facts;
  facts.start = point.start_time_unix_nano();
  facts.time = point.time_unix_nano();
  facts.flags = point.flags();
  facts.attributes = &point.attributes();
  return facts;
}

PointFacts Facts(const otlp::NumberDataPoint& point, bool is_monotonic) {
  PointFacts facts = CommonFacts(point);
  facts.exemplars = ExemplarsText(point);
  if (point.value_case() == otlp::NumberDataPoint::VALUE_NOT_SET) {
    facts.reason = Rejection::kNoValue;
    return facts;
  }
  const bool is_int = point.value_case() == otlp::NumberDataPoint::kAsInt;
  facts.value = is_int ? NumberText(point.as_int()) : NumberText(point.as_double());
  if (!is_monotonic) return facts;
  if (!is_int && (std::isnan(point.as_double()) || std::isinf(point.as_double()))) {
    facts.reason = Rejection::kNotFinite;
  } else if (is_int ? point.as_int() < 0 : point.as_double() < 0) {
    facts.reason = Rejection::kNegative;
  }
  return facts;
}

PointFacts Facts(const otlp::HistogramDataPoint& point) {
  PointFacts facts = CommonFacts(point);
  facts.exemplars = ExemplarsText(point);
  facts.value = fmt::format("histogram {}{}{}{}{}{}", point.count(),
                            OptionalText("sum", point.has_sum(), point.sum()),
                            OptionalText("min", point.has_min(), point.min()),
                            OptionalText("max", point.has_max(), point.max()),
                            CountsText(point.bucket_counts()), BoundsText(point.explicit_bounds()));
  const auto& counts = point.bucket_counts();
  const auto& bounds = point.explicit_bounds();
  Wide total = 0;
  for (const uint64_t count : counts) total += count;
  bool fits = counts.empty() ? bounds.empty()
                             : counts.size() == bounds.size() + 1 && total == point.count();
  for (int i = 0; i < bounds.size(); ++i) {
    if (std::isnan(bounds[i]) || (i > 0 && bounds[i - 1] >= bounds[i])) fits = false;
  }
  if (!fits) facts.reason = Rejection::kBrokenHistogram;
  return facts;
}

// Whether the bucket (2^(index * 2^-scale), 2^((index + 1) * 2^-scale)] has a double, other than 0,
// in it.
bool HasDouble(int64_t index, int scale) {
  const long double lower = std::ldexp(static_cast<long double>(index), -scale);
  const long double upper = std::ldexp(static_cast<long double>(index + 1), -scale);
  return lower < 1024 && upper >= -1074;
}

PointFacts Facts(const otlp::ExponentialHistogramDataPoint& point) {
  PointFacts facts = CommonFacts(point);
  facts.exemplars = ExemplarsText(point);
  facts.value = fmt::format("exponential {} {} {:x} {}{}{}{}", point.count(), point.zero_count(),
                            Bits(point.zero_threshold()), point.scale(),
                            OptionalText("sum", point.has_sum(), point.sum()),
                            OptionalText("min", point.has_min(), point.min()),
                            OptionalText("max", point.has_max(), point.max()));
  Wide total = point.zero_count();
  bool fits = point.scale() >= -10 && point.scale() <= 20 && point.zero_threshold() >= 0 &&
              !std::isinf(point.zero_threshold());
  for (const auto* buckets : {&point.positive(), &point.negative()}) {
    facts.value += fmt::format(" {}{}", buckets->offset(), CountsText(buckets->bucket_counts()));
    fits &= buckets->bucket_counts_size() <= 4096;
    int64_t index = buckets->offset();
    for (const uint64_t count : buckets->bucket_counts()) {
      total += count;
      if (count > 0 && !HasDouble(index, point.scale())) fits = false;
      ++index;
    }
  }
  if (!fits || total != point.count()) facts.reason = Rejection::kBrokenHistogram;
  return facts;
}

PointFacts Facts(const otlp::SummaryDataPoint& point) {
  PointFacts facts = CommonFacts(point);
  facts.value = fmt::format("summary {} {:x}", point.count(), Bits(point.sum()));
  for (const auto& quantile : point.quantile_values()) {
    facts.value += fmt::format(" {:x}={:x}", Bits(quantile.quantile()), Bits(quantile.value()));
    if (std::isnan(quantile.quantile()) || quantile.quantile() < 0 || quantile.quantile() > 1) {
      facts.reason = Rejection::kBrokenHistogram;
    }
  }
  return facts;
}

MetricFacts Facts(const otlp::Metric& metric) {
  MetricFacts facts;
  const auto take = [&facts](model::MetricType type, const auto& data, const auto&... more) {
    facts.type = type;
    for (const auto& point : data.data_points()) facts.points.push_back(Facts(point, more...));
  };
  const auto take_temporality = [&facts](const auto& data) {
    facts.has_temporality = true;
    facts.temporality = data.aggregation_temporality();
  };
  switch (metric.data_case()) {
    case otlp::Metric::kGauge:
      take(model::MetricType::kGauge, metric.gauge(), false);
      break;
    case otlp::Metric::kSum:
      take_temporality(metric.sum());
      facts.is_monotonic = metric.sum().is_monotonic();
      take(model::MetricType::kSum, metric.sum(), facts.is_monotonic);
      break;
    case otlp::Metric::kHistogram:
      take_temporality(metric.histogram());
      take(model::MetricType::kHistogram, metric.histogram());
      break;
    case otlp::Metric::kExponentialHistogram:
      take_temporality(metric.exponential_histogram());
      take(model::MetricType::kExponentialHistogram, metric.exponential_histogram());
      break;
    case otlp::Metric::kSummary:
      take(model::MetricType::kSummary, metric.summary());
      break;
    case otlp::Metric::DATA_NOT_SET:
      break;
  }
  return facts;
}

std::optional<Rejection> Judge(const otlp::Metric& metric, const MetricFacts& facts,
                               const PointFacts& point) {
  if (point.time == 0) return Rejection::kNoTime;
  if (metric.name().empty()) return Rejection::kNoMetricName;
  if (facts.has_temporality && facts.temporality != 1 && facts.temporality != 2) {
    return Rejection::kNoTemporality;
  }
  return (point.flags & 1) != 0 ? std::nullopt : point.reason;
}

// For each point of a request: what(resource metrics, scope metrics, metric, facts, point, reason).
template <typename Fn>
void ForEachPoint(const MetricsData& metrics, const Fn& what) {
  for (const auto& resource_metrics : metrics.resource_metrics()) {
    for (const auto& scope_metrics : resource_metrics.scope_metrics()) {
      for (const auto& metric : scope_metrics.metrics()) {
        const MetricFacts facts = Facts(metric);
        for (const PointFacts& point : facts.points) {
          what(resource_metrics, scope_metrics, metric, facts, point, Judge(metric, facts, point));
        }
      }
    }
  }
}

std::string MetricText(std::string_view name, std::string_view unit, std::string_view description,
                       model::MetricType type, int temporality, bool is_monotonic) {
  return fmt::format(" | metric {} {} '{}' {} {} {}", name, unit, description,
                     static_cast<int>(type), temporality, is_monotonic);
}

std::string PointText(uint32_t ordinal, uint64_t start, uint64_t time, bool is_ended,
                      std::string_view value) {
  return fmt::format(" | point {} {} {} {}", ordinal, start, time, is_ended ? "ended" : value);
}

// --- The batch's side
// -----------------------------------------------------------------------------

std::string ValueText(const model::MetricBatch& batch, const model::Metric& metric,
                      const model::MetricPoint& point) {
  switch (metric.type) {
    case model::MetricType::kGauge:
    case model::MetricType::kSum:
      return point.is_int ? NumberText(point.as_int) : NumberText(point.as_double);
    case model::MetricType::kHistogram: {
      const model::HistogramValue& value = batch.histograms.at(point.index);
      return fmt::format("histogram {}{}{}{}{}{}", value.count,
                         OptionalText("sum", value.has_sum, value.sum),
                         OptionalText("min", value.has_min, value.min),
                         OptionalText("max", value.has_max, value.max),
                         CountsText(Slice(batch.counts, value.counts)),
                         BoundsText(Slice(batch.bounds, value.bounds)));
    }
    case model::MetricType::kExponentialHistogram: {
      const model::ExponentialHistogramValue& value = batch.exponentials.at(point.index);
      return fmt::format(
          "exponential {} {} {:x} {}{}{}{} {}{} {}{}", value.count, value.zero_count,
          Bits(value.zero_threshold), value.scale, OptionalText("sum", value.has_sum, value.sum),
          OptionalText("min", value.has_min, value.min),
          OptionalText("max", value.has_max, value.max), value.positive.offset,
          CountsText(Slice(batch.counts, value.positive.counts)), value.negative.offset,
          CountsText(Slice(batch.counts, value.negative.counts)));
    }
    case model::MetricType::kSummary: {
      const model::SummaryValue& value = batch.summaries.at(point.index);
      std::string text = fmt::format("summary {} {:x}", value.count, Bits(value.sum));
      for (const auto& [quantile, at] : Slice(batch.quantiles, value.quantiles)) {
        text += fmt::format(" {:x}={:x}", Bits(quantile), Bits(at));
      }
      return text;
    }
  }
  return "?";
}

std::string ExemplarsText(const model::MetricBatch& batch, model::IndexRange range) {
  std::string text;
  for (const model::Exemplar& exemplar : Slice(batch.exemplars, range)) {
    text += fmt::format(" exemplar {} {:x} '{}' '{}'{}", exemplar.time_unix_nano,
                        Bits(exemplar.value), Hex(exemplar.trace_id), Hex(exemplar.span_id),
                        RawText(batch, exemplar.raw_attributes));
  }
  return text;
}

size_t ResourceOf(const model::MetricBatch& batch, uint32_t scope) {
  size_t resource = 0;
  while (scope >= batch.resources.at(resource).scope_end) ++resource;
  return resource;
}

// --- Streams
// --------------------------------------------------------------------------------------

template <typename Attributes>
std::string SortedText(const Attributes& attributes) {
  std::vector<std::string> sorted;
  for (const auto& attribute : attributes) {
    sorted.push_back(fmt::format("{}:{}={} ", attribute.key().size(), attribute.key(),
                                 Canonical(attribute.value())));
  }
  std::ranges::sort(sorted);
  std::string text;
  for (const std::string& attribute : sorted) text += attribute;
  return text;
}

}  // namespace

std::vector<std::string> Describe(const MetricsData& metrics,
                                  const model::AttributeProjection& projection) {
  std::vector<std::string> lines;
  std::vector<std::string> rejected;
  uint32_t ordinal = 0;
  ForEachPoint(metrics, [&](const auto& resource_metrics, const auto& scope_metrics,
                            const auto& metric, const MetricFacts& facts, const PointFacts& point,
                            std::optional<Rejection> reason) {
    const uint32_t own_ordinal = ordinal++;
    if (reason.has_value()) {
      rejected.push_back(RejectedText(own_ordinal, *reason));
      return;
    }
    lines.push_back(
        ResourceText(resource_metrics.resource(), projection) +
        ScopeText(scope_metrics, projection) + RawText(resource_metrics.resource().attributes()) +
        RawText(scope_metrics.scope().attributes()) +
        MetricText(metric.name(), metric.unit(), metric.description(), facts.type,
                   facts.temporality, facts.is_monotonic) +
        PointText(own_ordinal, point.start, point.time, (point.flags & 1) != 0, point.value) +
        Text(Projected(*point.attributes, model::AttributeScope::kItem, projection)) +
        RawText(*point.attributes) + point.exemplars);
  });
  lines.insert(lines.end(), rejected.begin(), rejected.end());
  return lines;
}

std::vector<std::string> Describe(const model::MetricBatch& batch) {
  std::vector<std::string> lines;
  uint32_t next_point = 0;
  ForEachScope(batch, batch.metrics.size(), lines, [&](const std::string& inner, uint32_t s) {
    const std::string raw = RawText(batch, batch.resource_raw_attributes.at(ResourceOf(batch, s))) +
                            RawText(batch, batch.scope_raw_attributes.at(s));
    for (uint32_t m = batch.scopes[s].item_begin; m < batch.scopes[s].item_end; ++m) {
      const model::Metric& metric = batch.metrics.at(m);
      if (metric.point_begin != next_point) lines.push_back("points do not follow each other");
      next_point = metric.point_end;
      for (uint32_t p = metric.point_begin; p < metric.point_end; ++p) {
        const model::MetricPoint& point = batch.points.at(p);
        lines.push_back(inner + raw +
                        MetricText(metric.name, metric.unit, metric.description, metric.type,
                                   static_cast<int>(metric.temporality), metric.is_monotonic) +
                        PointText(point.ordinal, point.start_time_unix_nano, point.time_unix_nano,
                                  point.no_recorded_value, ValueText(batch, metric, point)) +
                        Text(Projected(batch, point.attributes)) +
                        RawText(batch, point.raw_attributes) +
                        ExemplarsText(batch, point.exemplars));
      }
    }
  });
  if (next_point != batch.points.size()) lines.push_back("a point of no metric");
  if (batch.resource_raw_attributes.size() != batch.resources.size() ||
      batch.scope_raw_attributes.size() != batch.scopes.size()) {
    lines.push_back("raw attributes are not parallel");
  }
  if (batch.has_item_without_time) lines.push_back("a point without time");
  for (const model::RejectedItem& point : batch.rejected) {
    lines.push_back(RejectedText(point.ordinal, point.reason));
  }
  return lines;
}

std::vector<std::string> StreamTexts(const MetricsData& metrics) {
  std::vector<std::string> streams;
  ForEachPoint(metrics, [&](const auto& resource_metrics, const auto& scope_metrics,
                            const auto& metric, const MetricFacts& facts, const PointFacts& point,
                            std::optional<Rejection> reason) {
    if (reason.has_value()) return;
    const auto& scope = scope_metrics.scope();
    streams.push_back(fmt::format("{}| {}:{} {}:{} {}| {}:{} {}:{} {} {} {}| {}",
                                  SortedText(resource_metrics.resource().attributes()),
                                  scope.name().size(), scope.name(), scope.version().size(),
                                  scope.version(), SortedText(scope.attributes()),
                                  metric.name().size(), metric.name(), metric.unit().size(),
                                  metric.unit(), static_cast<int>(facts.type), facts.temporality,
                                  facts.is_monotonic, SortedText(*point.attributes)));
  });
  return streams;
}

}  // namespace slowburn::collector
