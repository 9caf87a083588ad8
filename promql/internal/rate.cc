// rate, increase, delta: the difference between the first and the last sample of a window,
// corrected for resets and extrapolated to the window's ends.
#include <algorithm>
#include <memory>
#include <optional>
#include <vector>

#include "promql/internal/column_blocks.h"
#include "promql/internal/histogram_buckets.h"
#include "promql/internal/histogram_reset.h"
#include "promql/internal/histogram_sum.h"
#include "promql/internal/range_call.h"

namespace slowburn::promql {
namespace {

using Hint = model::NativeHistogram::ResetHint;

struct RateKind {
  bool counter = false;     // not delta
  bool per_second = false;  // rate
};

RateKind KindOf(FunctionId function) {
  return {function != FunctionId::kDelta, function == FunctionId::kRate};
}

// What the extrapolation looks at; of histograms their counts.
struct Sampled {
  int64_t first_ms = 0, last_ms = 0;
  size_t samples = 0;
  double first_value = 0;
  double increase = 0;
};

double Seconds(int64_t ms) { return static_cast<double>(ms) / 1000; }

// By which factor the increase between the first and the last sample becomes that of the window.
// Most windows of a series are alike, so what the last one needed is kept.
class Extrapolation {
 public:
  Extrapolation(const RateKind& kind, int64_t range_ms)
      : kind_(kind), range_ms_(range_ms), per_(kind.per_second ? Seconds(range_ms) : 1) {}

  double FactorOf(const Sampled& sampled, int64_t window_end) {
    const Shape shape{sampled.last_ms - sampled.first_ms,
                      sampled.first_ms - (window_end - range_ms_), window_end - sampled.last_ms,
                      sampled.samples};
    if (shape != shape_) Look(shape);
    if (kind_.counter && sampled.increase > 0 && sampled.first_value >= 0 &&
        interval_ * sampled.first_value < to_start_ * sampled.increase) {
      // No counter was ever below zero.
      const double to_zero = interval_ * (sampled.first_value / sampled.increase);
      return (interval_ + to_zero + to_end_) / interval_ / per_;
    }
    return factor_;
  }

 private:
  struct Shape {
    int64_t interval_ms = -1, to_start_ms = 0, to_end_ms = 0;
    size_t samples = 0;
    friend bool operator==(const Shape&, const Shape&) = default;
  };

  void Look(const Shape& shape) {
    shape_ = shape;
    interval_ = Seconds(shape.interval_ms);
    to_start_ = Seconds(shape.to_start_ms);
    to_end_ = Seconds(shape.to_end_ms);
    const double average = interval_ / static_cast<double>(shape.samples - 1);
    // A gap as long as this at an end means that the series begins or ends there.
    const double threshold = average * 1.1;
    if (to_start_ >= threshold) to_start_ = average / 2;
    if (to_end_ >= threshold) to_end_ = average / 2;
    factor_ = (interval_ + to_start_ + to_end_) / interval_ / per_;
  }

  RateKind kind_;
  int64_t range_ms_;
  double per_;  // seconds, of rate
  Shape shape_;
  double interval_ = 0, to_start_ = 0, to_end_ = 0;
  double factor_ = 0;
};

// Where a counter begins anew: the indices whose value is below the one before.
void FindResets(std::span<const double> values, std::vector<size_t>& resets) {
  resets.clear();
  if (values.empty()) return;
  const double* at = values.data() + 1;
  ForEachBlock(values.size() - 1, [&](size_t begin, size_t count) {
    bool any = false;
    for (size_t i = begin; i < begin + count; ++i) any |= at[i] < at[i - 1];
    if (!any) return;  // resets are rare
    for (size_t i = begin; i < begin + count; ++i) {
      if (at[i] < at[i - 1]) resets.push_back(i + 1);
    }
  });
}

void FloatRates(const RangeCall& call, const RangeInput& input, Column& out) {
  const RateKind kind = KindOf(call.function);
  std::vector<size_t> resets;
  if (kind.counter) FindResets(input.values, resets);
  const int64_t* times = input.times.data();
  const double* values = input.values.data();
  double* results = out.values.data();
  size_t first_reset = 0;
  Extrapolation extrapolation(kind, call.windows.range_ms);
  ForEachWindow(input, call.windows, [&](const Window& window) {
    if (window.floats() < 2) return;
    const size_t last = window.end - 1;
    double increase = values[last] - values[window.begin];
    while (first_reset < resets.size() && resets[first_reset] <= window.begin) ++first_reset;
    for (size_t i = first_reset; i < resets.size() && resets[i] <= last; ++i) {
      increase += values[resets[i] - 1];
    }
    const Sampled sampled{times[window.begin], times[last], window.floats(), values[window.begin],
                          increase};
    results[window.step] =
        increase * extrapolation.FactorOf(sampled, call.windows.EndAt(window.step));
  });
}

// The increase of histograms over one window, and what to say about it.
class HistogramIncrease {
 public:
  // `resets` says of each sample whether the counter began anew before it; empty for a gauge.
  HistogramIncrease(std::span<const NativeHistogram> samples, std::span<const char> resets)
      : samples_(samples), resets_(resets), counter_(!resets.empty()) {}

  // Nothing where layouts do not go together.
  std::optional<HistogramSum> Compute() {
    CheckHints();
    const NativeHistogram& last = samples_.back();
    const NativeHistogram* previous = &samples_.front();
    NativeHistogram nothing;
    if (counter_ && resets_[1] != 0) {
      // The first sample is of no account, so its layout must not matter either.
      nothing.schema = samples_[1].schema;
      nothing.custom_bounds = samples_[1].custom_bounds;
      previous = &nothing;
    }
    if (!SameKind(*previous, last)) return std::nullopt;
    int8_t schema = std::min(last.schema, previous->schema);
    for (const NativeHistogram& sample : samples_.subspan(1)) {
      if (!counter_) break;
      if (!SameKind(sample, last)) return std::nullopt;
      schema = std::min(schema, sample.schema);
    }
    HistogramSum sum(last);
    sum.ReduceTo(schema);
    if (!Note(sum.Subtract(*previous), subtraction_reconciled)) return std::nullopt;
    if (counter_ && !AddResets(sum)) return std::nullopt;
    sum.SetHint(Hint::kGauge);
    return sum;
  }

  bool mixed_layouts = false;
  bool gauge_where_counter = false, counter_where_gauge = false;
  bool subtraction_reconciled = false, addition_reconciled = false;

 private:
  void CheckHints() {
    const auto is_gauge = [](const NativeHistogram& one) { return one.reset_hint == Hint::kGauge; };
    if (counter_) {
      gauge_where_counter = std::ranges::any_of(samples_, is_gauge);
    } else {
      counter_where_gauge = !is_gauge(samples_.front()) || !is_gauge(samples_.back());
    }
  }

  bool SameKind(const NativeHistogram& a, const NativeHistogram& b) {
    if (UsesCustomBounds(a) == UsesCustomBounds(b)) return true;
    mixed_layouts = true;
    return false;
  }

  bool Note(const HistogramMerge& merge, bool& reconciled) {
    mixed_layouts |= !merge.compatible;
    reconciled |= merge.bounds_reconciled;
    return merge.compatible;
  }

  // Of the first sample nothing was subtracted if the second one is a reset.
  bool AddResets(HistogramSum& sum) {
    for (size_t i = 2; i < samples_.size(); ++i) {
      if (resets_[i] != 0 && !Note(sum.Add(samples_[i - 1]), addition_reconciled)) return false;
    }
    return true;
  }

  std::span<const NativeHistogram> samples_;
  std::span<const char> resets_;
  bool counter_;
};

// Found once for all windows.
std::vector<char> HistogramResets(std::span<const NativeHistogram> samples) {
  std::vector<char> resets(samples.size());
  for (size_t i = 1; i < samples.size(); ++i) {
    resets[i] = IsReset(samples[i - 1], samples[i]) ? 1 : 0;
  }
  return resets;
}

struct HistogramNotes {
  bool mixed_types = false, mixed_layouts = false;
  bool gauge_where_counter = false, counter_where_gauge = false;
  bool subtraction_reconciled = false, addition_reconciled = false;

  void Take(const HistogramIncrease& increase) {
    mixed_layouts |= increase.mixed_layouts;
    gauge_where_counter |= increase.gauge_where_counter;
    counter_where_gauge |= increase.counter_where_gauge && !increase.mixed_layouts;
    subtraction_reconciled |= increase.subtraction_reconciled;
    addition_reconciled |= increase.addition_reconciled;
  }

  void Tell(const Expr& place, std::string_view metric, Notes& notes) const {
    if (mixed_types) notes.MixedFloatsAndHistograms(place, metric);
    if (mixed_layouts) notes.MixedExponentialAndCustom(place, metric);
    if (gauge_where_counter) notes.HistogramNotCounter(place, metric);
    if (counter_where_gauge) notes.HistogramNotGauge(place, metric);
    if (subtraction_reconciled) notes.BoundsReconciled(place, HistogramUse::kSubtraction);
    if (addition_reconciled) notes.BoundsReconciled(place, HistogramUse::kAddition);
  }
};

HistogramPtr HistogramRateOf(const RangeCall& call, const RangeInput& input, const Window& window,
                             std::span<const char> resets, HistogramNotes& told) {
  const RateKind kind = KindOf(call.function);
  const auto samples = input.histograms.subspan(window.histogram_begin, window.histogram_count());
  if (kind.counter) resets = resets.subspan(window.histogram_begin, samples.size());
  HistogramIncrease increase(samples, resets);
  std::optional<HistogramSum> sum = increase.Compute();
  told.Take(increase);
  if (!sum.has_value()) return nullptr;
  const Sampled sampled{input.histogram_times[window.histogram_begin],
                        input.histogram_times[window.histogram_end - 1], samples.size(),
                        samples.front().count, sum->Value().count};
  Extrapolation extrapolation(kind, call.windows.range_ms);
  sum->Scale(extrapolation.FactorOf(sampled, call.windows.EndAt(window.step)));
  return std::make_shared<const NativeHistogram>(sum->Value());
}

}  // namespace

void ExtrapolatedRate(const RangeCall& call, const RangeInput& input, std::string_view metric,
                      Notes& notes, Column& out) {
  if (input.histograms.empty()) return FloatRates(call, input, out);
  HistogramNotes told;
  RangeInput floats = input;
  floats.histogram_times = {};
  floats.histograms = {};
  FloatRates(call, floats, out);
  const std::vector<char> resets =
      KindOf(call.function).counter ? HistogramResets(input.histograms) : std::vector<char>();
  ForEachWindow(input, call.windows, [&](const Window& window) {
    if (window.histogram_count() == 0) return;
    if (window.floats() > 0) {
      told.mixed_types = true;
      out.Remove(window.step);
    } else if (window.histogram_count() > 1) {
      HistogramPtr rate = HistogramRateOf(call, input, window, resets, told);
      if (rate != nullptr) out.SetHistogram(window.step, std::move(rate));
    }
  });
  told.Tell(*call.place, metric, notes);
}

}  // namespace slowburn::promql
