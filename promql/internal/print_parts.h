// promql/internal/print_parts.h: the pieces that the one-line and the pretty form share.
//
// Room     promql, internal
// Uses     promql/
// Threads  pure functions
// Units    none
#pragma once

#include <string>

#include "promql/ast.h"

namespace slowburn::promql::internal {

// sum by (job) or sum: what stands before the parenthesis, with its space.
std::string AggregateHead(const Aggregate& aggregate);
// == bool on (job) group_left (team)
std::string OperatorText(const Binary& binary);
// Inf ^ 2: the sign of +Inf would be read as that of the power.
bool IsInfiniteBase(const Binary& binary);
// [5m:1m] @ 1.000 offset 3m
std::string SubqueryTail(const Subquery& subquery);

}  // namespace slowburn::promql::internal
