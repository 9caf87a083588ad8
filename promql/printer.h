// promql/printer.h: a tree as text again.
//
// Room     promql
// Uses     promql/
// Threads  pure functions
// Units    none
// Source   Prometheus HTTP API, "Formatting query expressions"
#pragma once

#include <string>

#include "promql/ast.h"

namespace slowburn::promql {

// On one line: sum by (job) (rate(http_requests_total{code="500"}[5m])). Parses to the same tree.
std::string Print(const Expr& expr);

// As format_query answers: what has more than 100 characters goes over several indented lines.
std::string PrettyPrint(const Expr& expr);

}  // namespace slowburn::promql
