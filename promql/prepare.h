// promql/prepare.h: a parsed tree made ready for one evaluation.
//
// Room     promql
// Uses     promql/
// Threads  pure functions
// Units    milliseconds
// Source   Prometheus documentation, "@ modifier", "Subquery"
#pragma once

#include <absl/status/statusor.h>

#include "promql/ast.h"

namespace slowburn::promql {

struct EvaluationTimes {
  int64_t start_ms = 0;
  int64_t end_ms = 0;   // of an instant query: start
  int64_t step_ms = 0;  // of an instant query: 0
};

// A copy in which computed durations are numbers (range_ms, step_ms, offset_ms; their expressions
// are gone), @ start() and @ end() are timestamps, and the largest parts that have the same value
// at every step are wrapped in StepInvariant (not number and string literals, and nothing that is a
// range vector). kInvalidArgument in Prometheus' words for a computed duration that is
// not allowed, with its position in `query`.
absl::StatusOr<ExprPtr> Prepare(const Expr& expr, std::string_view query,
                                const EvaluationTimes& times);

}  // namespace slowburn::promql
