// slo/metric_latencies.h: how long the events of an exponential histogram took, as latency
// histograms keep it.
//
// Room     slo: pure
// Uses     model/, slo/
// Threads  values
// Units    the metric's
// Source   OTLP metrics.proto, ExponentialHistogramDataPoint
#pragma once

#include <cstdint>
#include <optional>

#include "model/metric_batch.h"
#include "slo/latency_histogram.h"

namespace slowburn::slo {

// A histogram and how coarse it is: a bucket holds as much as 2^coarseness of ours, whatever is in
// it being put into the one in its middle.
struct MetricLatencies {
  static constexpr uint32_t kCoarsenessMax = kLatencyScale;  // a bucket doubles: 38 %

  uint32_t coarseness = 0;
  LatencyHistogram histogram;

  // Nothing where it is coarser than kCoarsenessMax. What is below 0 lasted 0.
  static std::optional<MetricLatencies> Of(const model::MetricBatch& batch,
                                           const model::ExponentialHistogramValue& value);
  // What came since `before`, as coarse as the coarser of the two. Nothing where some bucket holds
  // less than before.
  std::optional<MetricLatencies> Since(const MetricLatencies& before) const;

  friend bool operator==(const MetricLatencies&, const MetricLatencies&) = default;
};

// How far an estimate from so coarse a histogram may be away from an event, as a share of it.
double LatencyErrorOf(uint32_t coarseness);

}  // namespace slowburn::slo
