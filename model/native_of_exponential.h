// model/native_of_exponential.h: an OTLP exponential histogram as Prometheus' native histogram.
//
// Room     model
// Uses     base/, model/
// Threads  pure functions
// Units    as model/native_histogram.h
// Source   OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility", "Exponential
//          Histograms"
#pragma once

#include <absl/status/statusor.h>

#include "model/metric_batch.h"
#include "model/native_histogram.h"

namespace slowburn::model {

// Finer scales than Prometheus has are merged down first, then laid out. kInvalidArgument where it
// cannot be one: too coarse a scale, no sum, indexes beyond 32 bits.
absl::StatusOr<NativeHistogram> NativeHistogramOf(const MetricBatch& batch,
                                                  const ExponentialHistogramValue& value);

// What ends a series of histograms.
NativeHistogram StaleHistogram();

}  // namespace slowburn::model
