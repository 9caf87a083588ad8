// Functions that need no arithmetic over a window: first, last, count, present.
#include <memory>

#include "promql/internal/range_call.h"

namespace slowburn::promql {
namespace {

using model::NativeHistogram;

// Windows overlap, so a histogram is often picked at several steps: it is copied once.
class SharedHistograms {
 public:
  HistogramPtr Of(const NativeHistogram& histogram) {
    if (source_ != &histogram) {
      source_ = &histogram;
      copy_ = std::make_shared<const NativeHistogram>(histogram);
    }
    return copy_;
  }

 private:
  const NativeHistogram* source_ = nullptr;
  HistogramPtr copy_;
};

struct Pick {
  int64_t time_ms = 0;
  double value = 0;
  const NativeHistogram* histogram = nullptr;
};

Pick First(const RangeInput& input, const Window& window) {
  const bool has_float = window.floats() > 0;
  const bool has_histogram = window.histogram_count() > 0;
  if (has_float && (!has_histogram ||
                    input.times[window.begin] < input.histogram_times[window.histogram_begin])) {
    return {input.times[window.begin], input.values[window.begin]};
  }
  return {input.histogram_times[window.histogram_begin], 0,
          &input.histograms[window.histogram_begin]};
}

Pick Last(const RangeInput& input, const Window& window) {
  const bool has_float = window.floats() > 0;
  const bool has_histogram = window.histogram_count() > 0;
  if (has_float && (!has_histogram || input.times[window.end - 1] >
                                          input.histogram_times[window.histogram_end - 1])) {
    return {input.times[window.end - 1], input.values[window.end - 1]};
  }
  return {input.histogram_times[window.histogram_end - 1], 0,
          &input.histograms[window.histogram_end - 1]};
}

double Seconds(int64_t time_ms) { return static_cast<double>(time_ms) / 1000; }

}  // namespace

void PickOverTime(const RangeCall& call, const RangeInput& input, std::string_view /*metric*/,
                  Notes& /*notes*/, Column& out) {
  SharedHistograms shared;
  const auto put = [&](size_t step, const Pick& pick) {
    if (pick.histogram == nullptr) {
      out.SetNumber(step, pick.value);
    } else {
      out.SetHistogram(step, shared.Of(*pick.histogram));
    }
  };
  ForEachWindow(input, call.windows, [&](const Window& window) {
    switch (call.function) {
      case FunctionId::kFirstOverTime:
        return put(window.step, First(input, window));
      case FunctionId::kLastOverTime:
        return put(window.step, Last(input, window));
      case FunctionId::kTsOfFirstOverTime:
        return out.SetNumber(window.step, Seconds(First(input, window).time_ms));
      case FunctionId::kTsOfLastOverTime:
        return out.SetNumber(window.step, Seconds(Last(input, window).time_ms));
      case FunctionId::kCountOverTime:
        return out.SetNumber(window.step,
                             static_cast<double>(window.floats() + window.histogram_count()));
      default:  // present_over_time
        return out.SetNumber(window.step, 1);
    }
  });
}

}  // namespace slowburn::promql
