// collector/internal/metric_assembler.h: from the parts of metrics to a batch of valid points.
//
// Room     collector/internal
// Uses     model/, collector/internal
// Threads  one owner
// Units    none
// Source   OTLP metrics.proto; requirements V4 to V9, V14
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "collector/internal/decode_cost.h"
#include "model/metric_batch.h"

namespace slowburn::collector {

inline constexpr uint64_t kNoRecordedValue = 1;  // of a point's flags

// kNone where the number is no temporality.
model::Temporality ToTemporality(int32_t number);

// The decoders of protobuf and JSON read the fields, this one knows what they mean. A point can
// only be judged when its metric is complete: the name, the temporality and whether a sum is
// monotonic may come after it.
//
//   BeginMetric
//     metric() = ...                                  name, unit, description, at any time
//     SetType                                         before the points of each data message
//       metric().temporality, .is_monotonic = ...     at any time
//       BeginPoint ... EndPoint                       for each point
//   EndMetric
//
// Points go straight into the batch, their parts into the vectors below; MetricPoint::stream is
// left as the hash of the point's attributes (stream_hasher.h).
class MetricAssembler {
 public:
  // All outlive it. `attributes` and `rejected` are those of `batch`.
  MetricAssembler(model::MetricBatch& batch, PaidVector<model::SlotValue>& attributes,
                  PaidVector<model::RejectedItem>& rejected, DecodeCost& cost);

  void BeginMetric();
  model::Metric& metric() { return metric_; }
  // `data` is a oneof: another type than before takes back the points so far, the same goes on.
  void SetType(model::MetricType type);
  // One of the metric's metadata.
  void NoteMetadata(const model::RawAttribute& metadata);
  // Takes back the points so far, and the type.
  void DropPoints();
  // Appends the metric, if it has valid points; the others are rejected.
  void EndMetric();

  uint32_t metric_count() const { return metrics_.size(); }
  uint32_t ordinal() const { return ordinal_; }  // of the next point
  // Takes back the metrics from `metric_count` on, with which the ordinals from `ordinal` on came.
  // Their parts stay, unused, and so do rejected points. No metric is open.
  void ReturnTo(uint32_t metric_count, uint32_t ordinal);

  // With its ordinal; `attributes` and `exemplars` begin where their vectors end, and no other
  // point may begin before EndPoint.
  model::MetricPoint& BeginPoint() {
    model::MetricPoint& point = points_.Append();
    point.ordinal = ordinal_++;
    point.attributes.begin = attributes_.size();
    point.exemplars.begin = exemplars.size();
    return point;
  }
  // Histograms and summaries: the value of the point just begun.
  model::HistogramValue& BeginHistogram();
  model::ExponentialHistogramValue& BeginExponential();
  model::SummaryValue& BeginSummary();
  // `has_value`: a gauge or sum has a number; else true.
  void EndPoint(bool has_value) {
    model::MetricPoint& point = points_.back();
    point.attributes.end = attributes_.size();
    point.exemplars.end = exemplars.size();
    if (point.time_unix_nano == 0 || point.no_recorded_value || !has_value) EndOddPoint(point);
  }

  PaidVector<uint64_t> counts;
  PaidVector<double> bounds;
  PaidVector<model::SummaryValue::Quantile> quantiles;
  PaidVector<model::Exemplar> exemplars;
  PaidVector<model::RawAttribute> raw_attributes;

 private:
  // How far everything was when the metric began.
  struct Mark {
    uint32_t ordinal = 0;
    uint32_t points = 0, histograms = 0, exponentials = 0, summaries = 0;
    uint32_t counts = 0, bounds = 0, quantiles = 0, exemplars = 0, raw_attributes = 0;
    uint32_t attributes = 0, rejected = 0;
  };

  void EndOddPoint(model::MetricPoint& point);
  void DropLastPoint();
  void ForgetValue(model::MetricPoint& point);
  void DropPartsOfMetric();
  bool MayHaveInvalidPoint() const;
  void RejectAll(model::Rejection reason);
  void RejectInvalid();
  std::optional<model::Rejection> Judge(const model::MetricPoint& point) const;

  model::MetricBatch& batch_;
  DecodeCost& cost_;
  PaidVector<model::SlotValue>& attributes_;
  PaidVector<model::RejectedItem>& rejected_;
  PaidVector<model::Metric> metrics_;
  PaidVector<model::MetricPoint> points_;
  PaidVector<model::HistogramValue> histograms_;
  PaidVector<model::ExponentialHistogramValue> exponentials_;
  PaidVector<model::SummaryValue> summaries_;

  model::Metric metric_;
  bool has_type_ = false;
  uint32_t ordinal_ = 0;
  Mark mark_;
  std::vector<uint32_t> without_value_storage_;
  PaidVector<uint32_t> without_value_;  // ordinals of this metric's number points, ascending
};

}  // namespace slowburn::collector
