// promql/internal/go_float.h: numbers as Go prints them, for labels and messages that Prometheus'
// users compare.
//
// Room     promql/internal
// Uses     standard library
// Threads  pure functions
// Units    none
// Source   Go, strconv.FormatFloat(x, 'f' or 'g', -1, 64)
#pragma once

#include <string>

namespace slowburn::promql {

// The shortest digits that read back as the same number: never an exponent, "0.00001".
std::string GoFloatF(double value);
// With an exponent where it is under -4 or over 5, as strconv has it for the shortest digits.
std::string GoFloatG(double value);

// As the latter, with ".0" where it would read as a whole number: how labels of quantiles are
// written.
std::string OpenMetricsFloat(double value);

}  // namespace slowburn::promql
