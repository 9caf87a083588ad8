#include "promql/function_table.h"

#include <algorithm>
#include <initializer_list>

namespace slowburn::promql {
namespace {

constexpr ValueType S = ValueType::kScalar;
constexpr ValueType V = ValueType::kVector;
constexpr ValueType M = ValueType::kMatrix;
constexpr ValueType T = ValueType::kString;

constexpr Function Stable(std::string_view name, FunctionId id, ValueType return_type,
                          std::initializer_list<ValueType> args, int variadic = 0) {
  Function function{.name = name, .id = id, .variadic = variadic, .return_type = return_type};
  for (const ValueType type : args) function.arg_types[function.arg_count++] = type;
  return function;
}

constexpr Function Experimental(std::string_view name, FunctionId id, ValueType return_type,
                                std::initializer_list<ValueType> args, int variadic = 0) {
  Function function = Stable(name, id, return_type, args, variadic);
  function.experimental = true;
  return function;
}

using enum FunctionId;
constexpr std::array<Function, kFunctionCount> kFunctions = {
    Stable("abs", kAbs, V, {V}),
    Stable("absent", kAbsent, V, {V}),
    Stable("absent_over_time", kAbsentOverTime, V, {M}),
    Stable("acos", kAcos, V, {V}),
    Stable("acosh", kAcosh, V, {V}),
    Stable("asin", kAsin, V, {V}),
    Stable("asinh", kAsinh, V, {V}),
    Stable("atan", kAtan, V, {V}),
    Stable("atanh", kAtanh, V, {V}),
    Stable("avg_over_time", kAvgOverTime, V, {M}),
    Stable("ceil", kCeil, V, {V}),
    Stable("changes", kChanges, V, {M}),
    Stable("clamp", kClamp, V, {V, S, S}),
    Stable("clamp_max", kClampMax, V, {V, S}),
    Stable("clamp_min", kClampMin, V, {V, S}),
    Stable("cos", kCos, V, {V}),
    Stable("cosh", kCosh, V, {V}),
    Stable("count_over_time", kCountOverTime, V, {M}),
    Stable("day_of_month", kDayOfMonth, V, {V}, 1),
    Stable("day_of_week", kDayOfWeek, V, {V}, 1),
    Stable("day_of_year", kDayOfYear, V, {V}, 1),
    Stable("days_in_month", kDaysInMonth, V, {V}, 1),
    Stable("deg", kDeg, V, {V}),
    Stable("delta", kDelta, V, {M}),
    Stable("deriv", kDeriv, V, {M}),
    Experimental("double_exponential_smoothing", kDoubleExponentialSmoothing, V, {M, S, S}),
    Experimental("end", kEnd, S, {}),
    Stable("exp", kExp, V, {V}),
    Stable("first_over_time", kFirstOverTime, V, {M}),
    Stable("floor", kFloor, V, {V}),
    Stable("histogram_avg", kHistogramAvg, V, {V}),
    Stable("histogram_count", kHistogramCount, V, {V}),
    Stable("histogram_fraction", kHistogramFraction, V, {S, S, V}),
    Stable("histogram_quantile", kHistogramQuantile, V, {S, V}),
    Experimental("histogram_quantiles", kHistogramQuantiles, V, {V, T, S, S}, 9),
    Stable("histogram_stddev", kHistogramStddev, V, {V}),
    Stable("histogram_stdvar", kHistogramStdvar, V, {V}),
    Stable("histogram_sum", kHistogramSum, V, {V}),
    Stable("hour", kHour, V, {V}, 1),
    Stable("idelta", kIdelta, V, {M}),
    Stable("increase", kIncrease, V, {M}),
    Experimental("info", kInfo, V, {V, V}, 1),
    Stable("irate", kIrate, V, {M}),
    Stable("label_join", kLabelJoin, V, {V, T, T, T}, -1),
    Stable("label_replace", kLabelReplace, V, {V, T, T, T, T}),
    Stable("last_over_time", kLastOverTime, V, {M}),
    Stable("ln", kLn, V, {V}),
    Stable("log10", kLog10, V, {V}),
    Stable("log2", kLog2, V, {V}),
    Experimental("mad_over_time", kMadOverTime, V, {M}),
    Experimental("max_of", kMaxOf, S, {S, S}),
    Stable("max_over_time", kMaxOverTime, V, {M}),
    Experimental("min_of", kMinOf, S, {S, S}),
    Stable("min_over_time", kMinOverTime, V, {M}),
    Stable("minute", kMinute, V, {V}, 1),
    Stable("month", kMonth, V, {V}, 1),
    Stable("pi", kPi, S, {}),
    Stable("predict_linear", kPredictLinear, V, {M, S}),
    Stable("present_over_time", kPresentOverTime, V, {M}),
    Stable("quantile_over_time", kQuantileOverTime, V, {S, M}),
    Stable("rad", kRad, V, {V}),
    Experimental("range", kRange, S, {}),
    Stable("rate", kRate, V, {M}),
    Stable("resets", kResets, V, {M}),
    Stable("round", kRound, V, {V, S}, 1),
    Stable("scalar", kScalar, S, {V}),
    Stable("sgn", kSgn, V, {V}),
    Stable("sin", kSin, V, {V}),
    Stable("sinh", kSinh, V, {V}),
    Stable("sort", kSort, V, {V}),
    Experimental("sort_by_label", kSortByLabel, V, {V, T}, -1),
    Experimental("sort_by_label_desc", kSortByLabelDesc, V, {V, T}, -1),
    Stable("sort_desc", kSortDesc, V, {V}),
    Stable("sqrt", kSqrt, V, {V}),
    Experimental("start", kStart, S, {}),
    Experimental("start_timestamp", kStartTimestamp, V, {V}),
    Stable("stddev_over_time", kStddevOverTime, V, {M}),
    Stable("stdvar_over_time", kStdvarOverTime, V, {M}),
    Experimental("step", kStep, S, {}),
    Stable("sum_over_time", kSumOverTime, V, {M}),
    Stable("tan", kTan, V, {V}),
    Stable("tanh", kTanh, V, {V}),
    Stable("time", kTime, S, {}),
    Stable("timestamp", kTimestamp, V, {V}),
    Experimental("ts_of_first_over_time", kTsOfFirstOverTime, V, {M}),
    Experimental("ts_of_last_over_time", kTsOfLastOverTime, V, {M}),
    Experimental("ts_of_max_over_time", kTsOfMaxOverTime, V, {M}),
    Experimental("ts_of_min_over_time", kTsOfMinOverTime, V, {M}),
    Stable("vector", kVector, V, {S}),
    Stable("year", kYear, V, {V}, 1),
};

constexpr bool IsSortedById() {
  for (size_t i = 0; i < kFunctions.size(); ++i) {
    if (kFunctions[i].id != static_cast<FunctionId>(i)) return false;
    if (i > 0 && kFunctions[i - 1].name >= kFunctions[i].name) return false;
  }
  return true;
}
static_assert(IsSortedById());

}  // namespace

std::span<const Function, kFunctionCount> AllFunctions() { return kFunctions; }

const Function* FindFunction(std::string_view name) {
  const auto at = std::ranges::lower_bound(kFunctions, name, {}, &Function::name);
  return at != kFunctions.end() && at->name == name ? &*at : nullptr;
}

bool ReadsEvaluationTime(FunctionId id) {
  switch (id) {
    case FunctionId::kDayOfMonth:
    case FunctionId::kDayOfWeek:
    case FunctionId::kDayOfYear:
    case FunctionId::kDaysInMonth:
    case FunctionId::kEnd:
    case FunctionId::kHour:
    case FunctionId::kMinute:
    case FunctionId::kMonth:
    case FunctionId::kPredictLinear:
    case FunctionId::kRange:
    case FunctionId::kStart:
    case FunctionId::kStep:
    case FunctionId::kTime:
    case FunctionId::kTimestamp:
    case FunctionId::kYear:
      return true;
    default:
      return false;
  }
}

}  // namespace slowburn::promql
