// promql/testing/value_comparison.h: whether a query answered what its script wants.
//
// Room     promql/testing: tests only
// Uses     model/, promql/, promql/testing/
// Threads  pure functions
// Units    unix milliseconds
// Source   Prometheus, promql/promqltest: how results are compared
#pragma once

#include <string>
#include <vector>

#include "promql/testing/script.h"
#include "promql/value.h"

namespace slowburn::promql::testing {

// Equal but for rounding: a millionth of their sizes together; both not a number; a stale marker is
// equal to itself alone.
bool AlmostEqual(double a, double b);
// Layouts and counts; the reset hint where `wants_hint`.
bool SameHistogram(const model::NativeHistogram& want, const model::NativeHistogram& got,
                   bool wants_hint);

// What is wrong, "" if nothing.
std::string CompareResult(const EvalCommand& eval, const QueryResult& result);
// What the middle of a range query says, against what an instant query wants. `result` is a range
// vector that has a step at `time_ms`.
std::string CompareStep(const EvalCommand& eval, const QueryResult& result, int64_t time_ms);
std::string CompareAnnotations(const EvalCommand& eval, const Annotations& annotations);
// Of a query that failed with `error`.
std::string CompareFailure(const ExpectedText& want, const std::string& error);

}  // namespace slowburn::promql::testing
