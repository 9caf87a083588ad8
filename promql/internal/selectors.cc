// Instant vector selectors: the last sample at or before each step, unless it is too old or says
// that the series has ended.
#include <memory>

#include "promql/internal/evaluator.h"
#include "promql/internal/extended_range.h"
#include "promql/internal/sample_reading.h"
#include "promql/internal/windows.h"

namespace slowburn::promql {
namespace {

using model::NativeHistogram;

constexpr size_t kNone = static_cast<size_t>(-1);

// When a selector looks, at each step of the grid; `range_ms` back.
Windows LookbackWindows(const QueryContext& context, const VectorSelector& selector,
                        const StepGrid& grid) {
  return WindowsOf(selector.shift, context.lookback_ms(), grid);
}

void PickFloats(const storage::SampleColumns& samples, const Windows& windows, SelectWhat what,
                Column& out) {
  TimeCursor cursor(samples.times_ms);
  const int64_t* times = samples.times_ms.data();
  const double* values = samples.values.data();
  double* results = out.values.data();
  for (size_t step = 0; step < windows.count; ++step) {
    const int64_t moment = windows.EndAt(step);
    const size_t after = cursor.FirstAfter(moment);
    if (after == 0 || times[after - 1] <= moment - windows.range_ms) continue;
    // A stale marker is what stands where there is nothing.
    const double value = values[after - 1];
    if (what == SelectWhat::kTimestamp && !model::IsStale(value)) {
      results[step] = static_cast<double>(times[after - 1]) / 1000;
    } else {
      results[step] = value;
    }
  }
}

void PickHistograms(const storage::SampleColumns& samples, const Windows& windows, SelectWhat what,
                    Column& out) {
  TimeCursor floats(samples.times_ms), histograms(samples.histogram_times_ms);
  size_t copied = kNone;
  HistogramPtr copy;
  for (size_t step = 0; step < windows.count; ++step) {
    const int64_t moment = windows.EndAt(step);
    const size_t after = histograms.FirstAfter(moment);
    const size_t after_float = floats.FirstAfter(moment);
    if (after == 0) continue;
    const int64_t time = samples.histogram_times_ms[after - 1];
    if (time <= moment - windows.range_ms) continue;
    if (after_float > 0 && samples.times_ms[after_float - 1] > time) continue;
    const NativeHistogram& histogram = samples.histograms[after - 1];
    if (model::IsStale(histogram.sum)) {
      out.Remove(step);
    } else if (what == SelectWhat::kTimestamp) {
      out.SetNumber(step, static_cast<double>(time) / 1000);
    } else {
      if (copied != after) {
        copied = after;
        copy = std::make_shared<const NativeHistogram>(histogram);
      }
      out.SetHistogram(step, copy);
    }
  }
}

}  // namespace

absl::Status EvalSelector(QueryContext& context, const VectorSelector& selector,
                          const StepGrid& grid, SelectWhat what, ColumnSink sink) {
  Windows windows = LookbackWindows(context, selector, grid);
  const bool smoothed = selector.smoothed && what == SelectWhat::kValue;
  if (smoothed) {
    windows.end_ms += windows.range_ms;
    windows.range_ms *= 2;
  }
  const storage::TimeRange range = windows.Hull();
  auto selected = context.selections().Select(selector.matchers, range);
  if (!selected.ok()) return selected.status();
  Selection& selection = **selected;
  return context.MakeColumns(
      selection.series().size(),
      [&](size_t i, Scratch& scratch, Column& out) {
        const auto read = ReadSamples(context, selection, i, range, scratch.samples);
        if (!read.ok()) return read.status();
        const storage::SampleColumns& samples = **read;
        out.Reset(grid.count);
        out.labels = selection.series()[i].labels;
        out.drops_name = false;
        if (smoothed) {
          SmoothValues(samples, windows, context.lookback_ms(), selector,
                       out.labels->Get(model::kMetricNameLabel), scratch.notes, out);
        } else {
          PickFloats(samples, windows, what, out);
          if (!samples.histograms.empty()) PickHistograms(samples, windows, what, out);
        }
        if (scratch.count.has_value()) scratch.count->AddPoints(out, context.histogram_stats);
        return absl::OkStatus();
      },
      sink);
}

}  // namespace slowburn::promql
