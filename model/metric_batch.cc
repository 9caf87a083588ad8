#include "model/metric_batch.h"

#include "model/internal/reject_later.h"

namespace slowburn::model {

void MetricBatch::Clear() {
  ClearEnvelopes();
  metrics.clear();
  points.clear();
  histograms.clear();
  exponentials.clear();
  summaries.clear();
  counts.clear();
  bounds.clear();
  quantiles.clear();
  exemplars.clear();
  raw_attributes.clear();
  resource_raw_attributes.clear();
  scope_raw_attributes.clear();
}

void MetricBatch::RejectAfter(uint64_t latest_unix_nano) {
  const bool any = internal::RejectLater(
      metrics, points, &Metric::point_begin, &Metric::point_end,
      [&](const MetricPoint& point) { return point.time_unix_nano > latest_unix_nano; }, rejected);
  if (any) SortRejected();
}

size_t MetricBatch::memory_bytes() const {
  return EnvelopeMemory() + metrics.capacity() * sizeof(Metric) +
         points.capacity() * sizeof(MetricPoint) + histograms.capacity() * sizeof(HistogramValue) +
         exponentials.capacity() * sizeof(ExponentialHistogramValue) +
         summaries.capacity() * sizeof(SummaryValue) + counts.capacity() * sizeof(uint64_t) +
         bounds.capacity() * sizeof(double) +
         quantiles.capacity() * sizeof(SummaryValue::Quantile) +
         exemplars.capacity() * sizeof(Exemplar) +
         raw_attributes.capacity() * sizeof(RawAttribute) +
         (resource_raw_attributes.capacity() + scope_raw_attributes.capacity()) *
             sizeof(IndexRange);
}

}  // namespace slowburn::model
