// app/internal/series_metrics.h: what /metrics says of the time series.
//
// Room     app/internal
// Uses     storage/series, prometheus-cpp
// Threads  the stepping thread
// Units    as the metrics' names say
#pragma once

#include <array>
#include <cstdint>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "storage/series/series_store.h"

namespace slowburn::app::internal {

class SeriesMetrics {
 public:
  // `registry` must outlive it.
  explicit SeriesMetrics(prometheus::Registry& registry);

  // Each second. `log_records`: that are kept for the series alone, or for them too.
  void Show(const storage::SeriesStore::Counts& now, uint64_t log_records,
            uint64_t checkpoints_failed);

  prometheus::Counter& requests_lost;
  prometheus::Counter& looks_lost;
  prometheus::Histogram &look_seconds, &slice_seconds;

 private:
  using FateCounters = std::array<prometheus::Counter*, storage::kSampleFates>;

  FateCounters samples_;
  FateCounters exemplars_;
  FateCounters metadata_;
  prometheus::Gauge &active_, &stored_samples_, &stored_bytes_, &log_records_;
  prometheus::Counter &rounds_, &checkpoints_failed_, &days_dropped_;
};

}  // namespace slowburn::app::internal
