// model/native_of_exponential.h: an OTLP exponential histogram as Prometheus' native histogram.
//
// Room     model
// Uses     base/, model/
// Threads  one owner
// Units    as model/native_histogram.h
// Source   OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility", "Exponential
//          Histograms"
#pragma once

#include <vector>

#include <absl/status/statusor.h>

#include "model/metric_batch.h"
#include "model/native_histogram_view.h"

namespace slowburn::model {

// Makes one after the other, in memory that it keeps.
class NativeOfExponential {
 public:
  // Holds until the next is made. Finer scales than Prometheus has are merged down first, then laid
  // out. kInvalidArgument where it cannot be one: too coarse a scale, no sum, indexes beyond 32
  // bits.
  absl::StatusOr<NativeHistogramView> Make(const MetricBatch& batch,
                                           const ExponentialHistogramValue& value);

 private:
  struct Side {
    std::vector<NativeHistogram::Span> spans;
    std::vector<double> counts;
  };
  static bool Lay(const MetricBatch& batch, const ExponentialHistogramValue::Buckets& from,
                  int schemas_down, Side& side);

  Side positive_;
  Side negative_;
};

// What ends a series of histograms.
NativeHistogram StaleHistogram();

}  // namespace slowburn::model
