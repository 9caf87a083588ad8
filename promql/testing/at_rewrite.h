// promql/testing/at_rewrite.h: a query in other words that must have the same answer.
//
// Room     promql/testing: tests only
// Uses     promql/
// Threads  pure functions
// Units    unix milliseconds
// Source   Prometheus, promql/promqltest
#pragma once

#include <optional>
#include <string>

#include "promql/ast.h"

namespace slowburn::promql::testing {

// `expr` with "@ time" on every selector and subquery that has none and is in no subquery that has
// one: it answers at any time what it answered at `time_ms`. Nothing where a function reads the
// time of evaluation.
std::optional<std::string> PinnedTo(const Expr& expr, int64_t time_ms);

}  // namespace slowburn::promql::testing
