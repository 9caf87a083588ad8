// serve/internal/tree_json.h: a parsed query as JSON, for who draws it.
//
// Room     serve
// Uses     promql/
// Threads  pure functions
// Units    milliseconds
// Source   Prometheus 3, "HTTP API", "Parsing a PromQL expression into an abstract syntax tree"
#pragma once

#include <string>

#include "promql/ast.h"

namespace slowburn::serve::internal {

// {"type":"binaryExpr","op":"+","lhs":{...},"rhs":{...},"matching":null,"bool":false}
std::string TreeJson(const promql::Expr& expr);

}  // namespace slowburn::serve::internal
