// irate, idelta: the difference between the last two samples of a window.
#include <algorithm>
#include <array>
#include <memory>

#include "promql/internal/histogram_buckets.h"
#include "promql/internal/histogram_reset.h"
#include "promql/internal/histogram_sum.h"
#include "promql/internal/range_call.h"

namespace slowburn::promql {
namespace {

using Hint = model::NativeHistogram::ResetHint;

struct Pick {
  int64_t time_ms = 0;
  double value = 0;
  const NativeHistogram* histogram = nullptr;
};

// The last two of all samples, the older first. There are at least two.
std::array<Pick, 2> LastTwo(const RangeInput& input, const Window& window) {
  size_t floats = window.end;
  size_t histograms = window.histogram_end;
  std::array<Pick, 2> picks;
  for (size_t i = 2; i-- > 0;) {
    const bool has_float = floats > window.begin;
    const bool has_histogram = histograms > window.histogram_begin;
    const bool take_float =
        has_float &&
        (!has_histogram || input.times[floats - 1] > input.histogram_times[histograms - 1]);
    if (take_float) {
      --floats;
      picks[i] = {input.times[floats], input.values[floats], nullptr};
    } else {
      --histograms;
      picks[i] = {input.histogram_times[histograms], 0, &input.histograms[histograms]};
    }
  }
  return picks;
}

class InstantRates {
 public:
  InstantRates(const RangeCall& call, Column& out)
      : rate_(call.function == FunctionId::kIrate), out_(out) {}

  void Compute(const RangeInput& input, const Window& window) {
    if (window.floats() + window.histogram_count() < 2) return;
    const auto [older, newer] = LastTwo(input, window);
    const int64_t interval_ms = newer.time_ms - older.time_ms;
    if (interval_ms == 0) return;
    const double seconds = static_cast<double>(interval_ms) / 1000;
    if ((older.histogram == nullptr) != (newer.histogram == nullptr)) {
      mixed_types_ = true;
    } else if (newer.histogram == nullptr) {
      const bool reset = rate_ && newer.value < older.value;
      const double change = reset ? newer.value : newer.value - older.value;
      out_.SetNumber(window.step, rate_ ? change / seconds : change);
    } else {
      OfHistograms(*older.histogram, *newer.histogram, seconds, window.step);
    }
  }

  void Tell(const Expr& place, std::string_view metric, Notes& notes) const {
    if (mixed_types_) notes.MixedFloatsAndHistograms(place, metric);
    if (mixed_layouts_) notes.MixedExponentialAndCustom(place, metric);
    if (gauge_where_counter_) notes.HistogramNotCounter(place, metric);
    if (counter_where_gauge_) notes.HistogramNotGauge(place, metric);
    if (reconciled_) notes.BoundsReconciled(place, HistogramUse::kSubtraction);
  }

 private:
  void OfHistograms(const NativeHistogram& older, const NativeHistogram& newer, double seconds,
                    size_t step) {
    const bool gauge = newer.reset_hint == Hint::kGauge;
    const bool older_gauge = older.reset_hint == Hint::kGauge;
    gauge_where_counter_ |= rate_ && (gauge || older_gauge);
    counter_where_gauge_ |= !rate_ && (!gauge || !older_gauge);
    HistogramSum sum(newer);
    if (!rate_ || !IsReset(older, newer)) {
      const HistogramMerge merge = sum.Subtract(older);
      mixed_layouts_ |= !merge.compatible;
      reconciled_ |= merge.bounds_reconciled;
      if (!merge.compatible) return;
    }
    sum.SetHint(Hint::kGauge);
    if (rate_) sum.DivideBy(seconds);
    out_.SetHistogram(step, std::make_shared<const NativeHistogram>(sum.Value()));
  }

  bool rate_;
  Column& out_;
  bool mixed_types_ = false, mixed_layouts_ = false, reconciled_ = false;
  bool gauge_where_counter_ = false, counter_where_gauge_ = false;
};

}  // namespace

void InstantRate(const RangeCall& call, const RangeInput& input, std::string_view metric,
                 Notes& notes, Column& out) {
  InstantRates rates(call, out);
  ForEachWindow(input, call.windows, [&](const Window& window) { rates.Compute(input, window); });
  rates.Tell(*call.place, metric, notes);
}

}  // namespace slowburn::promql
