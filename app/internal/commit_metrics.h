// app/internal/commit_metrics.h: what the commit loop counts for /metrics.
//
// Room     app/internal
// Uses     app/, model/, prometheus-cpp
// Threads  thread-safe
// Units    as the metrics' names say
#pragma once

#include <array>
#include <string_view>

#include <prometheus/counter.h>
#include <prometheus/family.h>
#include <prometheus/gauge.h>
#include <prometheus/histogram.h>
#include <prometheus/registry.h>

#include "app/internal/series_metrics.h"
#include "app/request_plan.h"
#include "model/signal.h"
#include "slo/metric_increment.h"

namespace slowburn::app::internal {

// Names after what is counted: slowburn_collector_spans_accepted_total, ..._data_points_...,
// ..._log_records_..., ..._samples_... of remote writes
struct SignalMetrics {
  // `items` in names ("data_points") and at the beginning of a sentence ("Data points").
  SignalMetrics(prometheus::Registry& registry, std::string_view items, std::string_view sentence);

  prometheus::Counter& accepted;
  prometheus::Counter& duplicate;
  prometheus::Counter& rejected;
  prometheus::Counter& refused;
};

// What SLIs read of data points, by what became of it.
struct MetricSliMetrics {
  explicit MetricSliMetrics(prometheus::Registry& registry);
  void Count(const slo::MetricTally& tally);

 private:
  using Family = prometheus::Family<prometheus::Counter>;
  Family& points;
  Family& changes;
  prometheus::Counter &counted, &duplicate, &conflict, &out_of_order, &too_late, &overlap,
      &untracked, &invalid;
  prometheus::Counter &resets, &layouts, &temporalities;
};

struct CommitMetrics {
  // `registry` must outlive it.
  explicit CommitMetrics(prometheus::Registry& registry);

  SignalMetrics& of(const CountedRequest& request) {
    return request.is_remote_write ? remote_write : signals[static_cast<size_t>(request.signal)];
  }

  std::array<SignalMetrics, model::kSignals.size()> signals;
  SignalMetrics remote_write;
  MetricSliMetrics metric_slis;
  SeriesMetrics series;
  prometheus::Counter &too_late, &overflowed, &latencies_dropped, &clock_jumps;
  prometheus::Counter &out_of_order_points, &untracked_points, &duplicate_points;
  prometheus::Gauge &alerts_refused, &dedup_window, &dedup_entries, &streams, &stream_memory,
      &queue_bytes, &groups, &idle_groups, &slice_memory, &latency_memory, &metric_series,
      &metric_series_memory, &sequence;
  prometheus::Histogram &commit_seconds, &write_seconds, &checkpoint_seconds, &step_seconds;
};

}  // namespace slowburn::app::internal
