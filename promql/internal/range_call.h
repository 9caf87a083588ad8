// promql/internal/range_call.h: functions of range vectors, a series at a time.
//
// Room     promql/internal
// Uses     promql/internal/
// Threads  a RangeCall is read by all workers; kernels are pure but for the notes they are given
// Units    unix milliseconds
// Source   Prometheus documentation, "Functions"
#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "promql/ast.h"
#include "promql/internal/column.h"
#include "promql/internal/notes.h"
#include "promql/internal/windows.h"

namespace slowburn::promql {

// A range that is anchored or smoothed: `windows` then begin a lookback earlier and, smoothed, end
// one later.
struct ExtendedRange {
  int64_t range_ms = 0;  // as it was asked for
  int64_t after_ms = 0;  // how much later windows end
  bool smoothed = false;
};

// One call, the same for all of its series.
struct RangeCall {
  const Call* call = nullptr;
  const Expr* place = nullptr;  // what annotations are about: the first argument
  FunctionId function = FunctionId::kRate;
  StepGrid grid;                    // when it is evaluated
  Windows windows;                  // what each step looks at
  std::vector<double> first_param;  // by step: the scalar arguments besides the range
  std::vector<double> second_param;
  std::optional<ExtendedRange> extended;
};

// `out` has the grid's steps, all absent. `metric` is the name of the series, or "".
using RangeKernel = void (*)(const RangeCall& call, const RangeInput& input,
                             std::string_view metric, Notes& notes, Column& out);

// Of every function that takes a range vector except absent_over_time.
RangeKernel RangeKernelOf(FunctionId function);

// The kernels by file. rate.cc:
void ExtrapolatedRate(const RangeCall& call, const RangeInput& input, std::string_view metric,
                      Notes& notes, Column& out);
// instant_rate.cc: irate, idelta
void InstantRate(const RangeCall& call, const RangeInput& input, std::string_view metric,
                 Notes& notes, Column& out);
// range_changes.cc: resets, changes
void CountChanges(const RangeCall& call, const RangeInput& input, std::string_view metric,
                  Notes& notes, Column& out);
// The same count over one window, numbers and histograms in the order of time.
double CountMixedChanges(FunctionId function, const RangeInput& input, const Window& window);
// range_sums.cc: sum_over_time, avg_over_time
void SumOverTime(const RangeCall& call, const RangeInput& input, std::string_view metric,
                 Notes& notes, Column& out);
// range_picks.cc: first_, last_, count_, present_over_time and ts_of_first_, ts_of_last_over_time
void PickOverTime(const RangeCall& call, const RangeInput& input, std::string_view metric,
                  Notes& notes, Column& out);
// range_extremes.cc: min_, max_, ts_of_min_, ts_of_max_over_time
void ExtremeOverTime(const RangeCall& call, const RangeInput& input, std::string_view metric,
                     Notes& notes, Column& out);
// range_statistics.cc: stddev_, stdvar_, quantile_, mad_over_time
void StatisticOverTime(const RangeCall& call, const RangeInput& input, std::string_view metric,
                       Notes& notes, Column& out);
// range_trends.cc: deriv, predict_linear, double_exponential_smoothing
void TrendOverTime(const RangeCall& call, const RangeInput& input, std::string_view metric,
                   Notes& notes, Column& out);

// Calls `use(window)` for windows that hold numbers; says so where histograms beside them are left
// out.
template <typename Use>
void ForEachFloatWindow(const RangeCall& call, const RangeInput& input, std::string_view metric,
                        Notes& notes, Use use) {
  bool ignored = false;
  ForEachWindow(input, call.windows, [&](const Window& window) {
    if (window.floats() == 0) return;
    if (window.histogram_count() > 0) ignored = true;
    use(window);
  });
  if (ignored) notes.HistogramsIgnoredInRange(*call.place, metric);
}

// The q-quantile of numbers in any order, which it reorders; NaN counts as the smallest.
double QuantileOf(double q, std::vector<double>& values);

}  // namespace slowburn::promql
