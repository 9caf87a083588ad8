// promql/function_table.h: the functions of the language: what they take and return.
//
// Room     promql
// Uses     promql/
// Threads  immutable; pure functions
// Units    none
// Source   Prometheus 3 documentation, "Functions"
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string_view>

#include "promql/value_type.h"

namespace slowburn::promql {

// In the order of their names, so that it is an index into AllFunctions().
enum class FunctionId : uint8_t {
  kAbs,
  kAbsent,
  kAbsentOverTime,
  kAcos,
  kAcosh,
  kAsin,
  kAsinh,
  kAtan,
  kAtanh,
  kAvgOverTime,
  kCeil,
  kChanges,
  kClamp,
  kClampMax,
  kClampMin,
  kCos,
  kCosh,
  kCountOverTime,
  kDayOfMonth,
  kDayOfWeek,
  kDayOfYear,
  kDaysInMonth,
  kDeg,
  kDelta,
  kDeriv,
  kDoubleExponentialSmoothing,
  kEnd,
  kExp,
  kFirstOverTime,
  kFloor,
  kHistogramAvg,
  kHistogramCount,
  kHistogramFraction,
  kHistogramQuantile,
  kHistogramQuantiles,
  kHistogramStddev,
  kHistogramStdvar,
  kHistogramSum,
  kHour,
  kIdelta,
  kIncrease,
  kInfo,
  kIrate,
  kLabelJoin,
  kLabelReplace,
  kLastOverTime,
  kLn,
  kLog10,
  kLog2,
  kMadOverTime,
  kMaxOf,
  kMaxOverTime,
  kMinOf,
  kMinOverTime,
  kMinute,
  kMonth,
  kPi,
  kPredictLinear,
  kPresentOverTime,
  kQuantileOverTime,
  kRad,
  kRange,
  kRate,
  kResets,
  kRound,
  kScalar,
  kSgn,
  kSin,
  kSinh,
  kSort,
  kSortByLabel,
  kSortByLabelDesc,
  kSortDesc,
  kSqrt,
  kStart,
  kStartTimestamp,
  kStddevOverTime,
  kStdvarOverTime,
  kStep,
  kSumOverTime,
  kTan,
  kTanh,
  kTime,
  kTimestamp,
  kTsOfFirstOverTime,
  kTsOfLastOverTime,
  kTsOfMaxOverTime,
  kTsOfMinOverTime,
  kVector,
  kYear,
};
inline constexpr size_t kFunctionCount = 90;

struct Function {
  static constexpr size_t kArgTypesMax = 5;

  std::string_view name;
  FunctionId id = FunctionId::kAbs;
  // 0: just as many arguments as arg_types. n > 0: the last one may be left out, and n - 1 more of
  // its type may follow. -1: the last one may be left out or follow any number of times.
  int variadic = 0;
  ValueType return_type = ValueType::kVector;
  bool experimental = false;
  size_t arg_count = 0;
  std::array<ValueType, kArgTypesMax> arg_types = {};

  std::span<const ValueType> args() const { return {arg_types.data(), arg_count}; }
};

std::span<const Function, kFunctionCount> AllFunctions();
// Null for a name that is none; names are lower case.
const Function* FindFunction(std::string_view name);

// Its value depends on when it is evaluated, whatever its arguments: time, hour, predict_linear,
// step, ...
bool ReadsEvaluationTime(FunctionId id);

}  // namespace slowburn::promql
