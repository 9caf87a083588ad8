#include "collector/internal/metric_assembler.h"

#include <algorithm>

#include "collector/ingest_sink.h"
#include "collector/internal/metric_checks.h"
#include "model/attribute_text.h"

namespace slowburn::collector {
namespace {

using model::MetricPoint;
using model::MetricType;
using model::RejectedItem;
using model::Rejection;

bool HasTemporality(MetricType type) {
  return type != MetricType::kGauge && type != MetricType::kSummary;
}

model::TypeHint ToTypeHint(std::string_view type) {
  if (type == "unknown") return model::TypeHint::kUnknown;
  if (type == "info") return model::TypeHint::kInfo;
  if (type == "stateset") return model::TypeHint::kStateset;
  return model::TypeHint::kNone;
}

}  // namespace

model::Temporality ToTemporality(int32_t number) {
  switch (number) {
    case 1:
      return model::Temporality::kDelta;
    case 2:
      return model::Temporality::kCumulative;
    default:
      return model::Temporality::kNone;
  }
}

MetricAssembler::MetricAssembler(model::MetricBatch& batch,
                                 PaidVector<model::SlotValue>& attributes,
                                 PaidVector<model::RejectedItem>& rejected, DecodeCost& cost)
    : counts(batch.counts, cost),
      bounds(batch.bounds, cost),
      quantiles(batch.quantiles, cost),
      exemplars(batch.exemplars, cost),
      raw_attributes(batch.raw_attributes, cost),
      batch_(batch),
      cost_(cost),
      attributes_(attributes),
      rejected_(rejected),
      metrics_(batch.metrics, cost),
      points_(batch.points, cost),
      histograms_(batch.histograms, cost),
      exponentials_(batch.exponentials, cost),
      summaries_(batch.summaries, cost),
      without_value_(without_value_storage_, cost) {}

void MetricAssembler::BeginMetric() {
  metric_ = {};
  has_type_ = false;
  without_value_.DropFrom(0);
  mark_ = {.ordinal = ordinal_,
           .points = points_.size(),
           .histograms = histograms_.size(),
           .exponentials = exponentials_.size(),
           .summaries = summaries_.size(),
           .counts = counts.size(),
           .bounds = bounds.size(),
           .quantiles = quantiles.size(),
           .exemplars = exemplars.size(),
           .raw_attributes = raw_attributes.size(),
           .attributes = attributes_.size(),
           .rejected = rejected_.size()};
}

void MetricAssembler::SetType(MetricType type) {
  if (has_type_ && metric_.type == type) return;
  if (has_type_) DropPoints();
  has_type_ = true;
  metric_.type = type;
  metric_.temporality = model::Temporality::kNone;
  metric_.is_monotonic = false;
}

void MetricAssembler::NoteMetadata(const model::RawAttribute& metadata) {
  if (metadata.key != "prometheus.type") return;
  metric_.type_hint = ToTypeHint(model::AttributeText(metadata.value));
}

void MetricAssembler::DropPoints() {
  points_.DropFrom(mark_.points);
  rejected_.DropFrom(mark_.rejected);
  without_value_.DropFrom(0);
  DropPartsOfMetric();
  ordinal_ = mark_.ordinal;
  has_type_ = false;
}

void MetricAssembler::EndMetric() {
  const uint32_t rejected_before = rejected_.size();
  if (metric_.name.empty()) {
    RejectAll(Rejection::kNoMetricName);
  } else if (HasTemporality(metric_.type) && metric_.temporality == model::Temporality::kNone) {
    RejectAll(Rejection::kNoTemporality);
  } else if (MayHaveInvalidPoint()) {
    RejectInvalid();
  }
  // Points without time were rejected first.
  std::inplace_merge(
      batch_.rejected.begin() + mark_.rejected, batch_.rejected.begin() + rejected_before,
      batch_.rejected.end(),
      [](const RejectedItem& a, const RejectedItem& b) { return a.ordinal < b.ordinal; });

  if (points_.size() == mark_.points) return DropPartsOfMetric();
  metric_.point_begin = mark_.points;
  metric_.point_end = points_.size();
  metrics_.Append(metric_);
  if (metric_.temporality == model::Temporality::kCumulative)
    cost_.Charge((metric_.point_end - metric_.point_begin) * kCumulativePointBytes);
}

void MetricAssembler::ReturnTo(uint32_t metric_count, uint32_t ordinal) {
  if (metric_count < metrics_.size()) points_.DropFrom(metrics_[metric_count].point_begin);
  metrics_.DropFrom(metric_count);
  ordinal_ = ordinal;
}

model::HistogramValue& MetricAssembler::BeginHistogram() {
  points_.back().index = histograms_.size();
  return histograms_.Append();
}

model::ExponentialHistogramValue& MetricAssembler::BeginExponential() {
  points_.back().index = exponentials_.size();
  return exponentials_.Append();
}

model::SummaryValue& MetricAssembler::BeginSummary() {
  points_.back().index = summaries_.size();
  return summaries_.Append();
}

// Without time, ended, or without value.
void MetricAssembler::EndOddPoint(MetricPoint& point) {
  if (point.time_unix_nano == 0) {
    rejected_.Append({point.ordinal, Rejection::kNoTime});
    DropLastPoint();
  } else if (point.no_recorded_value) {
    ForgetValue(point);
  } else {
    without_value_.Append(point.ordinal);
  }
}

// The smallest point on the wire is one without time, so it must leave little behind.
void MetricAssembler::DropLastPoint() {
  const MetricPoint& point = points_.back();
  attributes_.DropFrom(point.attributes.begin);
  exemplars.DropFrom(point.exemplars.begin);
  switch (metric_.type) {
    case MetricType::kGauge:
    case MetricType::kSum:
      break;
    case MetricType::kHistogram:
      histograms_.DropFrom(point.index);
      break;
    case MetricType::kExponentialHistogram:
      exponentials_.DropFrom(point.index);
      break;
    case MetricType::kSummary:
      summaries_.DropFrom(point.index);
      break;
  }
  points_.DropFrom(points_.size() - 1);
}

// So that nobody takes it for one (V9), and nobody judges it.
void MetricAssembler::ForgetValue(MetricPoint& point) {
  switch (metric_.type) {
    case MetricType::kGauge:
    case MetricType::kSum:
      point.as_int = 0;
      point.is_int = false;
      break;
    case MetricType::kHistogram:
      histograms_[point.index] = {};
      break;
    case MetricType::kExponentialHistogram:
      exponentials_[point.index] = {};
      break;
    case MetricType::kSummary:
      summaries_[point.index] = {};
      break;
  }
}

void MetricAssembler::DropPartsOfMetric() {
  histograms_.DropFrom(mark_.histograms);
  exponentials_.DropFrom(mark_.exponentials);
  summaries_.DropFrom(mark_.summaries);
  counts.DropFrom(mark_.counts);
  bounds.DropFrom(mark_.bounds);
  quantiles.DropFrom(mark_.quantiles);
  exemplars.DropFrom(mark_.exemplars);
  raw_attributes.DropFrom(mark_.raw_attributes);
  attributes_.DropFrom(mark_.attributes);
}

bool MetricAssembler::MayHaveInvalidPoint() const {
  switch (metric_.type) {
    case MetricType::kGauge:
      return !without_value_storage_.empty();
    case MetricType::kSum:
      return metric_.is_monotonic || !without_value_storage_.empty();
    default:
      return true;
  }
}

void MetricAssembler::RejectAll(Rejection reason) {
  for (uint32_t i = mark_.points; i < points_.size(); ++i) {
    rejected_.Append({points_[i].ordinal, reason});
  }
  points_.DropFrom(mark_.points);
}

void MetricAssembler::RejectInvalid() {
  uint32_t kept = mark_.points;
  for (uint32_t i = mark_.points; i < points_.size(); ++i) {
    const MetricPoint& point = points_[i];
    if (const std::optional<Rejection> reason = Judge(point); reason.has_value()) {
      rejected_.Append({point.ordinal, *reason});
      continue;
    }
    if (kept != i) points_[kept] = point;
    ++kept;
  }
  points_.DropFrom(kept);
}

std::optional<Rejection> MetricAssembler::Judge(const MetricPoint& point) const {
  const auto broken_unless = [](bool fits) {
    return fits ? std::nullopt : std::optional(Rejection::kBrokenHistogram);
  };
  switch (metric_.type) {
    case MetricType::kGauge:
    case MetricType::kSum:
      if (std::ranges::binary_search(without_value_storage_, point.ordinal)) {
        return Rejection::kNoValue;
      }
      return metric_.is_monotonic ? CheckMonotonic(point) : std::nullopt;
    case MetricType::kHistogram:
      return broken_unless(FitsTogether(batch_, batch_.histograms[point.index]));
    case MetricType::kExponentialHistogram:
      return broken_unless(FitsTogether(batch_, batch_.exponentials[point.index]));
    case MetricType::kSummary:
      return broken_unless(FitsTogether(batch_, batch_.summaries[point.index]));
  }
  return std::nullopt;
}

}  // namespace slowburn::collector
