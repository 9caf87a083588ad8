#include "app/internal/series_metrics.h"

#include <string>

#include <prometheus/family.h>

namespace slowburn::app::internal {
namespace {

using storage::FateCounts;

prometheus::Gauge& AddGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}
prometheus::Counter& AddCounter(prometheus::Registry& registry, const char* name,
                                const char* help) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add({});
}

std::array<prometheus::Counter*, storage::kSampleFates> AddFates(prometheus::Registry& registry,
                                                                 const char* name,
                                                                 const char* help) {
  auto& family = prometheus::BuildCounter().Name(name).Help(help).Register(registry);
  std::array<prometheus::Counter*, storage::kSampleFates> counters{};
  for (size_t i = 0; i < counters.size(); ++i) {
    const std::string fate(storage::FateName(static_cast<storage::SampleFate>(i)));
    counters[i] = &family.Add({{"fate", fate}});
  }
  return counters;
}

prometheus::Histogram::BucketBoundaries DurationBounds() {
  return {0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1};
}

// The store has sums since the start, as a counter has.
void Raise(prometheus::Counter& counter, uint64_t sum) {
  counter.Increment(static_cast<double>(sum) - counter.Value());
}
void Raise(const std::array<prometheus::Counter*, storage::kSampleFates>& counters,
           const FateCounts& sums) {
  for (size_t i = 0; i < counters.size(); ++i) Raise(*counters[i], sums[i]);
}

}  // namespace

SeriesMetrics::SeriesMetrics(prometheus::Registry& registry)
    : requests_lost(AddCounter(
          registry, "slowburn_series_requests_lost_total",
          "Requests that were counted and whose samples were not stored: series cannot be read.")),
      looks_lost(AddCounter(registry, "slowburn_series_slo_looks_lost_total",
                            "Looks at SLOs that could not be stored as series.")),
      look_seconds(prometheus::BuildHistogram()
                       .Name("slowburn_series_slo_look_duration_seconds")
                       .Help("Storing how some of the SLOs stand.")
                       .Register(registry)
                       .Add({}, DurationBounds())),
      slice_seconds(prometheus::BuildHistogram()
                        .Name("slowburn_series_slice_duration_seconds")
                        .Help("Writing what one slice of the time series has in memory.")
                        .Register(registry)
                        .Add({}, DurationBounds())),
      samples_(AddFates(registry, "slowburn_series_samples_total",
                        "Samples that came to the time series, by what became of them.")),
      exemplars_(AddFates(registry, "slowburn_series_exemplars_total",
                          "Exemplars that came to the time series, by what became of them.")),
      metadata_(AddFates(registry, "slowburn_series_metadata_total",
                         "Metadata of metrics that came, by what became of it.")),
      active_(AddGauge(registry, "slowburn_series_active",
                       "Time series in memory: those that had a sample in the last two hours.")),
      stored_samples_(AddGauge(registry, "slowburn_series_stored_samples", "Samples in chunks.")),
      stored_bytes_(AddGauge(registry, "slowburn_series_stored_bytes",
                             "Bytes of chunks and postings, before RocksDB's compression.")),
      log_records_(AddGauge(registry, "slowburn_series_log_records",
                            "Records that the log keeps until series are written.")),
      rounds_(AddCounter(registry, "slowburn_series_checkpoint_rounds_total",
                         "Times that all time series were written.")),
      checkpoints_failed_(
          AddCounter(registry, "slowburn_series_checkpoints_failed_total",
                     "Checkpoints without series, because these could not be read.")),
      days_dropped_(AddCounter(registry, "slowburn_series_retentions_total",
                               "Days of time series that went by retention.")) {}

void SeriesMetrics::Show(const storage::SeriesStore::Counts& now, uint64_t log_records,
                         uint64_t checkpoints_failed) {
  Raise(samples_, now.written.samples);
  Raise(exemplars_, now.written.exemplars);
  Raise(metadata_, now.written.metadata);
  active_.Set(static_cast<double>(now.living_series));
  stored_samples_.Set(static_cast<double>(now.stored_samples));
  stored_bytes_.Set(static_cast<double>(now.stored_bytes));
  log_records_.Set(static_cast<double>(log_records));
  Raise(rounds_, now.rounds);
  Raise(checkpoints_failed_, checkpoints_failed);
  Raise(days_dropped_, now.days_dropped);
}

}  // namespace slowburn::app::internal
