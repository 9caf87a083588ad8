// rate, increase, delta, changes, resets of ranges that are anchored (the last sample before the
// window counts as its start) or smoothed (values at both ends are interpolated). Nothing is
// extrapolated.
#include <algorithm>
#include <memory>
#include <optional>

#include "promql/internal/extended_range.h"
#include "promql/internal/histogram_buckets.h"
#include "promql/internal/histogram_reset.h"
#include "promql/internal/histogram_sum.h"

namespace slowburn::promql {
namespace {

using Hint = NativeHistogram::ResetHint;

// What went wrong or is worth a word, over all windows of a series.
struct Told {
  bool mixed_types = false, mixed_layouts = false, reconciled = false;
  bool gauge_where_counter = false, counter_where_gauge = false;

  void Tell(const Expr& place, std::string_view metric, Notes& notes) const {
    if (mixed_types) notes.MixedFloatsAndHistograms(place, metric);
    if (mixed_layouts) notes.MixedExponentialAndCustom(place, metric);
    if (gauge_where_counter) notes.HistogramNotCounter(place, metric);
    if (counter_where_gauge) notes.HistogramNotGauge(place, metric);
    if (reconciled) notes.BoundsReconciled(place, HistogramUse::kSubtraction);
  }
};

// Arithmetic that is the same for numbers and histograms.
struct FloatMath {
  using Value = double;
  bool IsReset(double before, double now) const { return now < before; }
  bool Add(double& sum, double value, double factor) const {
    sum += factor * value;
    return true;
  }
};

struct HistogramMath {
  using Value = NativeHistogram;
  Told& told;

  bool IsReset(const NativeHistogram& before, const NativeHistogram& now) const {
    return promql::IsReset(before, now);
  }
  bool Add(NativeHistogram& sum, const NativeHistogram& value, double factor) const {
    HistogramSum total(sum);
    const HistogramMerge merge = total.Add(factor == 1 ? value : Scaled(value, factor));
    told.mixed_layouts |= !merge.compatible;
    told.reconciled |= merge.bounds_reconciled;
    sum = total.Value();
    return merge.compatible;
  }
};

struct Bounds {
  int64_t start = 0, end = 0;
  bool counter = false, smoothed = false;
};

// The increase between two moments. `times` has a sample after the start; nothing where a smoothed
// window has none up to its end, or where histograms do not go together.
template <typename Math>
std::optional<typename Math::Value> IncreaseOf(std::span<const int64_t> times,
                                               std::span<const typename Math::Value> values,
                                               const Bounds& bounds, const Math& math) {
  using Value = typename Math::Value;
  const size_t after =
      static_cast<size_t>(std::ranges::upper_bound(times, bounds.start) - times.begin());
  const size_t first = after == 0 ? 0 : after - 1;
  size_t last = times.size() - 1;
  if (bounds.smoothed) {
    const auto reached = std::ranges::lower_bound(times, bounds.end);
    if (reached != times.end()) last = static_cast<size_t>(reached - times.begin());
    if (times[first] > bounds.end) return std::nullopt;
  }
  const bool cuts_left = bounds.smoothed && times[first] < bounds.start;
  const bool cuts_right = bounds.smoothed && last > 0 && times[last] > bounds.end;
  // `weight` of the way from one sample to the next; a counter that began anew began at 0.
  const auto between = [&](size_t from, int64_t moment, bool adds_before) -> std::optional<Value> {
    const double weight = static_cast<double>(moment - times[from]) /
                          static_cast<double>(times[from + 1] - times[from]);
    const bool reset = bounds.counter && math.IsReset(values[from], values[from + 1]);
    Value value = values[from + 1];
    Value scaled = value;
    if (!math.Add(scaled, value, weight - 1)) return std::nullopt;
    if (reset && !adds_before) return scaled;
    if (!math.Add(scaled, values[from], reset ? 1 : 1 - weight)) return std::nullopt;
    return scaled;
  };
  const bool same_pair = cuts_left && cuts_right && last == first + 1;
  std::optional<Value> left = values[first];
  if (cuts_left) left = between(first, bounds.start, false);
  std::optional<Value> right = values[last];
  if (cuts_right) right = between(last - 1, bounds.end, !same_pair);
  if (!left.has_value() || !right.has_value() || !math.Add(*right, *left, -1)) return std::nullopt;
  for (size_t i = first + (cuts_left ? 2 : 1); bounds.counter && i + (cuts_right ? 1 : 0) <= last;
       ++i) {
    if (!math.IsReset(values[i - 1], values[i])) continue;
    if (!math.Add(*right, values[i - 1], 1)) return std::nullopt;
  }
  return right;
}

void CheckHints(std::span<const NativeHistogram> samples, bool counter, Told& told) {
  const auto is_gauge = [](const NativeHistogram& one) { return one.reset_hint == Hint::kGauge; };
  if (counter) {
    told.gauge_where_counter |= std::ranges::any_of(samples, is_gauge);
  } else {
    told.counter_where_gauge |= !is_gauge(samples.front()) || !is_gauge(samples.back());
  }
}

// Leaves out what was before the anchor, the last sample at or before the start.
void DropBeforeAnchor(const RangeInput& input, int64_t start, Window& window) {
  const auto last_before = [&](std::span<const int64_t> times, size_t begin, size_t end) {
    const auto at = std::upper_bound(times.begin() + static_cast<ptrdiff_t>(begin),
                                     times.begin() + static_cast<ptrdiff_t>(end), start);
    return static_cast<size_t>(at - times.begin());
  };
  const size_t floats = last_before(input.times, window.begin, window.end);
  const size_t histograms =
      last_before(input.histogram_times, window.histogram_begin, window.histogram_end);
  const bool has_float = floats > window.begin;
  const bool has_histogram = histograms > window.histogram_begin;
  const bool anchor_is_float =
      has_float &&
      (!has_histogram || input.times[floats - 1] > input.histogram_times[histograms - 1]);
  window.begin = anchor_is_float ? floats - 1 : floats;
  window.histogram_begin = has_histogram && !anchor_is_float ? histograms - 1 : histograms;
}

bool EndsAfter(const RangeInput& input, const Window& window, int64_t start) {
  if (window.floats() > 0 && input.times[window.end - 1] > start) return true;
  return window.histogram_count() > 0 && input.histogram_times[window.histogram_end - 1] > start;
}

void Increase(const RangeCall& call, const RangeInput& input, const Window& window,
              const Bounds& bounds, Told& told, Column& out) {
  if (window.floats() > 0 && window.histogram_count() > 0) {
    told.mixed_types = true;
    return;
  }
  const double seconds = static_cast<double>(bounds.end - bounds.start) / 1000;
  const double factor = call.function == FunctionId::kRate ? 1 / seconds : 1;
  if (window.floats() > 0) {
    const auto increase =
        IncreaseOf(input.times.subspan(window.begin, window.floats()),
                   input.values.subspan(window.begin, window.floats()), bounds, FloatMath{});
    if (increase.has_value()) out.SetNumber(window.step, *increase * factor);
    return;
  }
  const auto samples = input.histograms.subspan(window.histogram_begin, window.histogram_count());
  const auto increase =
      IncreaseOf(input.histogram_times.subspan(window.histogram_begin, window.histogram_count()),
                 samples, bounds, HistogramMath{told});
  if (!increase.has_value()) return;
  CheckHints(samples, bounds.counter, told);
  NativeHistogram value = Scaled(*increase, factor);
  value.reset_hint = Hint::kGauge;
  out.SetHistogram(window.step, std::make_shared<const NativeHistogram>(std::move(value)));
}

}  // namespace

void ExtendedRate(const RangeCall& call, const RangeInput& input, std::string_view metric,
                  Notes& notes, Column& out) {
  const ExtendedRange& extended = *call.extended;
  const bool counts = call.function == FunctionId::kChanges || call.function == FunctionId::kResets;
  Told told;
  ForEachWindow(input, call.windows, [&](Window window) {
    Bounds bounds{.counter = call.function != FunctionId::kDelta, .smoothed = extended.smoothed};
    bounds.end = call.windows.EndAt(window.step) - extended.after_ms;
    bounds.start = bounds.end - extended.range_ms;
    DropBeforeAnchor(input, bounds.start, window);
    if (!EndsAfter(input, window, bounds.start)) return;
    if (counts) {
      out.SetNumber(window.step, CountMixedChanges(call.function, input, window));
    } else {
      Increase(call, input, window, bounds, told, out);
    }
  });
  told.Tell(*call.place, metric, notes);
}

}  // namespace slowburn::promql
