#include "promql/internal/extended_range.h"

#include <algorithm>
#include <memory>

#include <fmt/format.h>

#include "promql/internal/histogram_buckets.h"
#include "promql/internal/histogram_reset.h"
#include "promql/internal/histogram_sum.h"

namespace slowburn::promql {
namespace {

using Hint = NativeHistogram::ResetHint;

constexpr FunctionId kSmoothedFunctions[] = {FunctionId::kDelta, FunctionId::kIncrease,
                                             FunctionId::kRate};
constexpr FunctionId kAnchoredFunctions[] = {FunctionId::kChanges, FunctionId::kDelta,
                                             FunctionId::kIncrease, FunctionId::kRate,
                                             FunctionId::kResets};

double WeightAt(int64_t before_ms, int64_t after_ms, int64_t moment) {
  return static_cast<double>(moment - before_ms) / static_cast<double>(after_ms - before_ms);
}

// Null where the two do not go together.
HistogramPtr Between(const NativeHistogram& before, const NativeHistogram& after, double weight) {
  if (UsesCustomBounds(before) != UsesCustomBounds(after)) return nullptr;
  HistogramSum sum(Scaled(after, weight));
  const bool counter = after.reset_hint != Hint::kGauge;
  if (!counter || !IsReset(before, after)) sum.Add(Scaled(before, 1 - weight));
  NativeHistogram value = sum.Value();
  value.reset_hint = before.reset_hint;
  return std::make_shared<const NativeHistogram>(std::move(value));
}

}  // namespace

std::optional<ExtendedRange> ExtendedRangeOf(const MatrixSelector& selector, int64_t lookback_ms) {
  const VectorSelector& vector = *selector.vector;
  if (!vector.anchored && !vector.smoothed) return std::nullopt;
  return ExtendedRange{.range_ms = selector.range_ms,
                       .after_ms = vector.smoothed ? lookback_ms : 0,
                       .smoothed = vector.smoothed};
}

Windows Extend(const ExtendedRange& extended, int64_t lookback_ms, Windows windows) {
  windows.end_ms += extended.after_ms;
  windows.range_ms += extended.after_ms + lookback_ms;
  return windows;
}

absl::Status CheckExtended(const ExtendedRange& extended, const Function& function) {
  const bool allowed = extended.smoothed ? std::ranges::count(kSmoothedFunctions, function.id) > 0
                                         : std::ranges::count(kAnchoredFunctions, function.id) > 0;
  if (allowed) return absl::OkStatus();
  return absl::FailedPreconditionError(fmt::format(
      "{} modifier can only be used with: {} - not with {}",
      extended.smoothed ? "smoothed" : "anchored",
      extended.smoothed ? "delta, increase, rate" : "changes, delta, increase, rate, resets",
      function.name));
}

void SmoothValues(const storage::SampleColumns& samples, const Windows& windows,
                  int64_t lookback_ms, const Expr& place, std::string_view metric, Notes& notes,
                  Column& out) {
  const RangeInput input{samples.times_ms, samples.values, samples.histogram_times_ms,
                         samples.histograms};
  bool mixed_types = false;
  bool mixed_layouts = false;
  ForEachWindow(input, windows, [&](const Window& window) {
    if (window.floats() > 0 && window.histogram_count() > 0) {
      mixed_types = true;
      return;
    }
    const bool floats = window.floats() > 0;
    const auto times =
        floats ? input.times.subspan(window.begin, window.floats())
               : input.histogram_times.subspan(window.histogram_begin, window.histogram_count());
    const int64_t moment = windows.EndAt(window.step) - lookback_ms;
    const auto after = static_cast<size_t>(std::ranges::upper_bound(times, moment) - times.begin());
    if (after == 0) return;
    const size_t before = after - 1;
    const bool exact = times[before] == moment || after == times.size();
    const double weight = exact ? 0 : WeightAt(times[before], times[after], moment);
    if (floats) {
      const double* values = input.values.data() + window.begin;
      const bool keep = exact || model::IsStale(values[after]) || model::IsStale(values[before]);
      out.values[window.step] =
          keep ? values[before] : values[before] + (values[after] - values[before]) * weight;
      return;
    }
    const NativeHistogram* histograms = input.histograms.data() + window.histogram_begin;
    if (model::IsStale(histograms[before].sum)) return;
    if (exact || model::IsStale(histograms[after].sum)) {
      out.SetHistogram(window.step, std::make_shared<const NativeHistogram>(histograms[before]));
      return;
    }
    HistogramPtr value = Between(histograms[before], histograms[after], weight);
    mixed_layouts |= value == nullptr;
    if (value != nullptr) out.SetHistogram(window.step, std::move(value));
  });
  if (mixed_types) notes.MixedFloatsAndHistograms(place, metric);
  if (mixed_layouts) notes.MixedExponentialAndCustom(place, metric);
}

}  // namespace slowburn::promql
