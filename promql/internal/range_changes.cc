// resets, changes: how often neighbours in a window differ in a way that counts.
#include <cmath>

#include "promql/internal/histogram_buckets.h"
#include "promql/internal/histogram_reset.h"
#include "promql/internal/range_call.h"

namespace slowburn::promql {
namespace {

bool FloatsCount(FunctionId function, double before, double now) {
  if (function == FunctionId::kResets) return now < before;
  return now != before && !(std::isnan(now) && std::isnan(before));
}

bool HistogramsCount(FunctionId function, const NativeHistogram& before,
                     const NativeHistogram& now) {
  return function == FunctionId::kResets ? IsReset(before, now) : !SameDistribution(before, now);
}

// counted[i]: how many up to and including i, so that a window's is a difference.
std::vector<uint32_t> Running(FunctionId function, std::span<const double> values) {
  std::vector<uint32_t> counted(values.size());
  for (size_t i = 1; i < values.size(); ++i) {
    counted[i] = counted[i - 1] + (FloatsCount(function, values[i - 1], values[i]) ? 1 : 0);
  }
  return counted;
}

}  // namespace

// A change of kind counts.
double CountMixedChanges(FunctionId function, const RangeInput& input, const Window& window) {
  size_t at = window.begin;
  size_t histogram_at = window.histogram_begin;
  const double* number = nullptr;
  const NativeHistogram* histogram = nullptr;
  double count = 0;
  while (at < window.end || histogram_at < window.histogram_end) {
    const bool take_float =
        histogram_at == window.histogram_end ||
        (at < window.end && input.times[at] < input.histogram_times[histogram_at]);
    if (take_float) {
      const double& now = input.values[at++];
      if (histogram != nullptr || (number != nullptr && FloatsCount(function, *number, now))) {
        ++count;
      }
      number = &now;
      histogram = nullptr;
    } else {
      const NativeHistogram& now = input.histograms[histogram_at++];
      if (number != nullptr ||
          (histogram != nullptr && HistogramsCount(function, *histogram, now))) {
        ++count;
      }
      histogram = &now;
      number = nullptr;
    }
  }
  return count;
}

void CountChanges(const RangeCall& call, const RangeInput& input, std::string_view /*metric*/,
                  Notes& /*notes*/, Column& out) {
  if (!input.histograms.empty()) {
    ForEachWindow(input, call.windows, [&](const Window& window) {
      out.values[window.step] = CountMixedChanges(call.function, input, window);
    });
    return;
  }
  const std::vector<uint32_t> counted = Running(call.function, input.values);
  ForEachWindow(input, call.windows, [&](const Window& window) {
    out.values[window.step] = static_cast<double>(counted[window.end - 1] - counted[window.begin]);
  });
}

}  // namespace slowburn::promql
