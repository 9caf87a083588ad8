#include "app/internal/commit_metrics.h"

#include <string>

#include <fmt/format.h>

namespace slowburn::app::internal {
namespace {

prometheus::Counter& AddCounter(prometheus::Registry& registry, const std::string& name,
                                const std::string& help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Gauge& AddGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Histogram& AddSeconds(prometheus::Registry& registry, const char* name,
                                  const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(
      {}, prometheus::Histogram::BucketBoundaries{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                  0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10});
}

struct Words {
  std::string_view items, sentence;
};
prometheus::Counter& AddItems(prometheus::Registry& registry, const Words& words,
                              std::string_view verb, std::string_view help) {
  return AddCounter(registry, fmt::format("slowburn_collector_{}_{}_total", words.items, verb),
                    fmt::format("{} {}", words.sentence, help));
}

}  // namespace

SignalMetrics::SignalMetrics(prometheus::Registry& registry, std::string_view items,
                             std::string_view sentence)
    : accepted(
          AddItems(registry, {items, sentence}, "accepted", "that were counted and are durable.")),
      duplicate(
          AddItems(registry, {items, sentence}, "duplicate", "that had been accepted before.")),
      rejected(AddItems(registry, {items, sentence}, "rejected",
                        "refused for good, in partial success.")),
      refused(AddItems(registry, {items, sentence}, "refused",
                       "not taken for now: the client sends again.")) {}

MetricSliMetrics::MetricSliMetrics(prometheus::Registry& registry)
    : points(prometheus::BuildCounter()
                 .Name("slowburn_slo_metric_points_total")
                 .Help("Data points as SLIs read them, once for each use, by outcome.")
                 .Register(registry)),
      changes(prometheus::BuildCounter()
                  .Name("slowburn_slo_metric_series_changes_total")
                  .Help("Series of SLIs that began anew without saying so, by what changed.")
                  .Register(registry)),
      counted(points.Add({{"outcome", "counted"}})),
      duplicate(points.Add({{"outcome", "duplicate"}})),
      conflict(points.Add({{"outcome", "conflict"}})),
      out_of_order(points.Add({{"outcome", "out_of_order"}})),
      too_late(points.Add({{"outcome", "too_late"}})),
      overlap(points.Add({{"outcome", "overlap"}})),
      untracked(points.Add({{"outcome", "untracked"}})),
      invalid(points.Add({{"outcome", "invalid"}})),
      resets(changes.Add({{"changed", "value"}})),
      layouts(changes.Add({{"changed", "bounds"}})),
      temporalities(changes.Add({{"changed", "temporality"}})) {}

void MetricSliMetrics::Count(const slo::MetricTally& tally) {
  const auto add = [](prometheus::Counter& counter, uint64_t count) {
    if (count > 0) counter.Increment(static_cast<double>(count));
  };
  add(counted, tally.counted);
  add(duplicate, tally.duplicates);
  add(conflict, tally.conflicts);
  add(out_of_order, tally.out_of_order);
  add(too_late, tally.too_late);
  add(overlap, tally.overlaps);
  add(untracked, tally.untracked);
  add(invalid, tally.invalid);
  add(resets, tally.resets_by_value);
  add(layouts, tally.layout_changes);
  add(temporalities, tally.temporality_changes);
}

CommitMetrics::CommitMetrics(prometheus::Registry& registry)
    : signals{SignalMetrics(registry, "spans", "Spans"),
              SignalMetrics(registry, "data_points", "Data points"),
              SignalMetrics(registry, "log_records", "Log records")},
      remote_write(registry, "samples", "Samples and exemplars of remote writes"),
      metric_slis(registry),
      series(registry),
      too_late(AddCounter(registry, "slowburn_slo_events_too_late_total",
                          "Events older than max_late: accepted, not counted.")),
      overflowed(AddCounter(registry, "slowburn_slo_events_overflowed_total",
                            "Events counted in the group __overflow__.")),
      latencies_dropped(AddCounter(registry, "slowburn_slo_latencies_dropped_total",
                                   "Events counted whose latency is in no percentile: no room in "
                                   "memory, or a block that cannot be read.")),
      clock_jumps(AddCounter(registry, "slowburn_app_clock_jumps_total",
                             "Steps of the wall clock of more than 5 s.")),
      out_of_order_points(AddCounter(registry, "slowburn_app_out_of_order_points_total",
                                     "Points older than the newest of their cumulative stream.")),
      untracked_points(AddCounter(registry, "slowburn_app_untracked_points_total",
                                  "Points of cumulative streams beyond the limit of streams: "
                                  "accepted, each time they come.")),
      duplicate_points(AddCounter(registry, "slowburn_app_duplicate_points_total",
                                  "Points that came before in another request.")),
      alerts_refused(AddGauge(registry, "slowburn_rules_alerts_refused",
                              "Alert conditions of the last second that limits.alerts left out.")),
      dedup_window(AddGauge(registry, "slowburn_app_dedup_window_seconds",
                            "How far back a resent request is recognised.")),
      dedup_entries(
          AddGauge(registry, "slowburn_app_dedup_entries", "Requests that would be recognised.")),
      streams(AddGauge(registry, "slowburn_app_streams",
                       "Cumulative metric streams whose last point is known.")),
      stream_memory(
          AddGauge(registry, "slowburn_app_stream_memory_bytes", "Memory of these streams.")),
      queue_bytes(AddGauge(registry, "slowburn_app_commit_queue_bytes",
                           "Bytes of requests that wait for their commit.")),
      groups(AddGauge(registry, "slowburn_slo_groups",
                      "Groups of all SLIs, totals included, without the idle ones.")),
      idle_groups(AddGauge(registry, "slowburn_slo_groups_idle",
                           "Groups that left memory: silent for a day longer than their windows.")),
      slice_memory(AddGauge(registry, "slowburn_slo_slice_memory_bytes",
                            "Memory of slices and window sums.")),
      latency_memory(
          AddGauge(registry, "slowburn_slo_latency_memory_bytes", "Memory of latency histograms.")),
      metric_series(AddGauge(registry, "slowburn_slo_metric_series",
                             "Metric series whose state is kept, once for each use by an SLI.")),
      metric_series_memory(
          AddGauge(registry, "slowburn_slo_metric_series_memory_bytes", "Memory of these states.")),
      sequence(
          AddGauge(registry, "slowburn_storage_log_sequence", "Sequence of the newest commit.")),
      commit_seconds(AddSeconds(registry, "slowburn_app_commit_duration_seconds",
                                "From taking a group of requests to its answers.")),
      write_seconds(AddSeconds(registry, "slowburn_storage_write_duration_seconds",
                               "One log append, fsync included.")),
      checkpoint_seconds(
          AddSeconds(registry, "slowburn_app_checkpoint_duration_seconds", "One checkpoint.")),
      step_seconds(AddSeconds(registry, "slowburn_slo_step_duration_seconds",
                              "One evaluation of every SLO.")) {}

}  // namespace slowburn::app::internal
