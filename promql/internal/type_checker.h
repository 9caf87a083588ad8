// promql/internal/type_checker.h: refuses what parses but makes no sense.
//
// Room     promql, internal
// Uses     promql/
// Threads  pure functions
// Units    bytes of the query
// Source   Prometheus 3 documentation, "Operators", "Functions"
#pragma once

#include <string_view>

#include <absl/status/status.h>

#include "promql/ast.h"

namespace slowburn::promql::internal {

// Also settles what depends on types: a binary expression keeps its matching only between instant
// vectors, and a set operator matches many to many.
absl::Status CheckTypes(Expr& expr, std::string_view query);

}  // namespace slowburn::promql::internal
