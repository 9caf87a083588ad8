// promql/internal/math_functions.h: functions of one number.
//
// Room     promql/internal
// Uses     promql/
// Threads  pure functions
// Units    angles are radians
// Source   Prometheus documentation, "Functions"
#pragma once

#include <span>
#include <vector>

#include "promql/function_table.h"

namespace slowburn::promql {

using MathFunction = double (*)(double);

// Null for what is no function of a single number.
MathFunction MathFunctionOf(FunctionId function);

// clamp, clamp_min, clamp_max, round, with their scalars by step (round may have none). A lower
// bound over the upper one leaves nothing.
void ApplyBounds(FunctionId function, std::span<const std::vector<double>> params,
                 std::vector<double>& values);

}  // namespace slowburn::promql
