// Straight lines and smoothed ones through the numbers of a window.
#include <cmath>
#include <limits>

#include "promql/internal/kahan.h"
#include "promql/internal/range_call.h"

namespace slowburn::promql {
namespace {

struct Line {
  double slope = 0;
  double intercept = 0;  // at the time that was asked
};

// Least squares; x in seconds from `origin_ms`.
Line FitLine(std::span<const int64_t> times, std::span<const double> values, int64_t origin_ms) {
  KahanSum sum_x, sum_y, sum_xy, sum_xx;
  bool constant = true;
  for (size_t i = 0; i < values.size(); ++i) {
    const double x = static_cast<double>(times[i] - origin_ms) / 1000;
    const double y = values[i];
    constant = constant && (i == 0 || y == values[0]);
    sum_x.Add(x);
    sum_y.Add(y);
    sum_xy.Add(x * y);
    sum_xx.Add(x * x);
  }
  if (constant) {
    constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
    return std::isinf(values[0]) ? Line{kNan, kNan} : Line{0, values[0]};
  }
  const auto count = static_cast<double>(values.size());
  const double x = sum_x.Value();
  const double y = sum_y.Value();
  const double covariance = sum_xy.Value() - x * y / count;
  const double variance = sum_xx.Value() - x * x / count;
  const double slope = covariance / variance;
  return {slope, y / count - slope * x / count};
}

// Holt's linear method: a level that follows the values and a trend that follows the level.
double SmoothedValue(std::span<const double> values, double smoothing, double trend_smoothing) {
  double before = 0;
  double level = values[0];
  double trend = values[1] - values[0];
  for (size_t i = 1; i < values.size(); ++i) {
    if (i > 1) trend = trend_smoothing * (level - before) + (1 - trend_smoothing) * trend;
    before = level;
    level = smoothing * values[i] + (1 - smoothing) * (level + trend);
  }
  return level;
}

}  // namespace

void TrendOverTime(const RangeCall& call, const RangeInput& input, std::string_view metric,
                   Notes& notes, Column& out) {
  ForEachFloatWindow(call, input, metric, notes, [&](const Window& window) {
    if (window.floats() < 2) return;
    const auto times = input.times.subspan(window.begin, window.floats());
    const auto values = input.values.subspan(window.begin, window.floats());
    switch (call.function) {
      case FunctionId::kDeriv:
        return out.SetNumber(window.step, FitLine(times, values, times.front()).slope);
      case FunctionId::kPredictLinear: {
        const Line line = FitLine(times, values, call.grid.TimeAt(window.step));
        return out.SetNumber(window.step,
                             line.slope * call.first_param[window.step] + line.intercept);
      }
      default:
        return out.SetNumber(window.step, SmoothedValue(values, call.first_param[window.step],
                                                        call.second_param[window.step]));
    }
  });
}

}  // namespace slowburn::promql
