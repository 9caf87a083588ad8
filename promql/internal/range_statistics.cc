// Spread and quantiles of the numbers of a window.
#include <algorithm>
#include <cmath>
#include <limits>

#include "promql/internal/kahan.h"
#include "promql/internal/range_call.h"

namespace slowburn::promql {
namespace {

double VarianceOf(std::span<const double> values) {
  double count = 0;
  KahanSum mean, squares;
  for (const double value : values) {
    count += 1;
    const double delta = value - mean.Value();
    mean.Add(delta / count);
    squares.Add(delta * (value - mean.Value()));
  }
  return squares.Value() / count;
}

// The median of the distances from the median.
double MedianDeviationOf(std::vector<double>& values) {
  // One that is not a number makes the result none: quantiles would sort it away.
  const auto nan = std::ranges::find_if(values, [](double value) { return std::isnan(value); });
  if (nan != values.end()) return *nan;
  const double median = QuantileOf(0.5, values);
  for (double& value : values) value = std::fabs(value - median);
  return QuantileOf(0.5, values);
}

void NoteQuantiles(const RangeCall& call, Notes& notes) {
  for (const double q : call.first_param) {
    if (std::isnan(q) || q < 0 || q > 1) notes.BadQuantile(*call.place, q);
  }
}

}  // namespace

double QuantileOf(double q, std::vector<double>& values) {
  constexpr double kInfinity = std::numeric_limits<double>::infinity();
  if (values.empty() || std::isnan(q)) return std::numeric_limits<double>::quiet_NaN();
  if (q < 0) return -kInfinity;
  if (q > 1) return kInfinity;
  const auto first =
      std::partition(values.begin(), values.end(), [](double value) { return std::isnan(value); });
  std::sort(first, values.end());
  const double rank = q * static_cast<double>(values.size() - 1);
  const auto lower = static_cast<size_t>(std::floor(rank));
  const size_t upper = std::min(values.size() - 1, lower + 1);
  const double weight = rank - std::floor(rank);
  return values[lower] * (1 - weight) + values[upper] * weight;
}

void StatisticOverTime(const RangeCall& call, const RangeInput& input, std::string_view metric,
                       Notes& notes, Column& out) {
  if (call.function == FunctionId::kQuantileOverTime) NoteQuantiles(call, notes);
  std::vector<double> sorted;
  ForEachFloatWindow(call, input, metric, notes, [&](const Window& window) {
    const std::span<const double> values = input.values.subspan(window.begin, window.floats());
    double result = 0;
    switch (call.function) {
      case FunctionId::kStdvarOverTime:
        result = VarianceOf(values);
        break;
      case FunctionId::kStddevOverTime:
        result = std::sqrt(VarianceOf(values));
        break;
      case FunctionId::kQuantileOverTime:
        sorted.assign(values.begin(), values.end());
        result = QuantileOf(call.first_param[window.step], sorted);
        break;
      default:  // mad_over_time
        sorted.assign(values.begin(), values.end());
        result = MedianDeviationOf(sorted);
        break;
    }
    out.SetNumber(window.step, result);
  });
}

}  // namespace slowburn::promql
