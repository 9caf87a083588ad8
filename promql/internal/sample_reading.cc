#include "promql/internal/sample_reading.h"

#include <algorithm>

#include "model/sample.h"
#include "promql/internal/column_blocks.h"
#include "promql/internal/histogram_reset.h"

namespace slowburn::promql {
namespace {

using Hint = model::NativeHistogram::ResetHint;

void SetResetHints(std::vector<model::NativeHistogram>& histograms) {
  for (size_t i = 1; i < histograms.size(); ++i) {
    const model::NativeHistogram& before = histograms[i - 1];
    model::NativeHistogram& now = histograms[i];
    if (now.reset_hint != Hint::kUnknown || model::IsStale(now.sum)) continue;
    if (model::IsStale(before.sum)) continue;
    now.reset_hint = IsReset(before, now) ? Hint::kReset : Hint::kNotReset;
  }
}

bool IsStaleHistogram(const model::NativeHistogram& histogram) {
  return model::IsStale(histogram.sum);
}

// Moves what is no stale marker to the front.
template <typename Value, typename Stale>
void DropStale(std::vector<int64_t>& times, std::vector<Value>& values, Stale stale) {
  size_t kept = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (stale(values[i])) continue;
    if (kept != i) {
      values[kept] = std::move(values[i]);
      times[kept] = times[i];
    }
    ++kept;
  }
  values.resize(kept);
  times.resize(kept);
}

bool HasStale(const std::vector<double>& values) {
  bool stale = false;
  ForEachBlock(values.size(), [&](size_t begin, size_t count) {
    const double* at = values.data() + begin;
    if (AnyNan(at, count)) stale = stale || std::any_of(at, at + count, model::IsStale);
  });
  return stale;
}

struct Part {
  size_t begin = 0, count = 0;
};

Part Within(const std::vector<int64_t>& times, storage::TimeRange range) {
  const auto begin = std::ranges::lower_bound(times, range.begin_ms);
  const auto end = std::lower_bound(begin, times.end(), range.end_ms);
  return {static_cast<size_t>(begin - times.begin()), static_cast<size_t>(end - begin)};
}

}  // namespace

absl::StatusOr<const storage::SampleColumns*> ReadSamples(const QueryContext& context,
                                                          Selection& selection, size_t series,
                                                          storage::TimeRange range,
                                                          storage::SampleColumns& scratch) {
  if (!context.histogram_stats) {
    return context.selections().Read(selection, series, range, scratch);
  }
  // The first one of the range must not know of what was before.
  absl::Status status =
      context.snapshot().ReadSamples(selection.series()[series].id, range, scratch);
  if (!status.ok()) return status;
  SetResetHints(scratch.histograms);
  return &scratch;
}

RangeInput InputOf(const storage::SampleColumns& samples, storage::TimeRange range,
                   storage::SampleColumns& scratch) {
  const storage::SampleColumns* clean = &samples;
  if (HasStale(samples.values) || std::ranges::any_of(samples.histograms, IsStaleHistogram)) {
    if (&scratch != &samples) scratch = samples;
    DropStale(scratch.times_ms, scratch.values, model::IsStale);
    DropStale(scratch.histogram_times_ms, scratch.histograms, IsStaleHistogram);
    clean = &scratch;
  }
  const Part floats = Within(clean->times_ms, range);
  const Part histograms = Within(clean->histogram_times_ms, range);
  return {std::span(clean->times_ms).subspan(floats.begin, floats.count),
          std::span(clean->values).subspan(floats.begin, floats.count),
          std::span(clean->histogram_times_ms).subspan(histograms.begin, histograms.count),
          std::span(clean->histograms).subspan(histograms.begin, histograms.count)};
}

}  // namespace slowburn::promql
