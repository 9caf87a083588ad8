// slo/internal/past_series.h: the series of an SLI as history has them -> points to count.
//
// Room     slo/internal
// Uses     slo/
// Threads  one thread at a time
// Units    unix nanoseconds
// Source   docs/metrics_sli.md, "The past"
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include <absl/status/status.h>

#include "slo/metric_delta.h"
#include "slo/metric_history.h"
#include "slo/sli_spec.h"

namespace slowburn::slo::internal {

struct PastPoint {
  CounterPoint point;   // of a gauge the time alone
  bool is_bad = false;  // gauges
  BucketBounds around;  // of a histogram whose `good` is an estimate
};

// One series, or the buckets of one histogram.
struct PastSeries {
  StreamKey stream;
  uint64_t writer = 0;
  std::string group_key;
  ObservationKind kind = ObservationKind::kCumulative;  // or kGauge
  CountEffect effect;
  std::vector<PastPoint> points;  // ascending; those before the stretch's begin come first
  uint64_t invalid = 0;           // samples that are no points
};

// Each series of `sli`, once. kInvalidArgument for an SLI that reads no metrics, and for a
// histogram whose name the selector does not pin. kResourceExhausted where the buckets of all
// histograms together are more samples than memory should hold at once.
absl::Status VisitPast(const IdentifiedSli& sli, const MetricHistory& history,
                       const MetricHistory::Stretch& stretch,
                       const std::function<absl::Status(PastSeries&)>& visit);

}  // namespace slowburn::slo::internal
