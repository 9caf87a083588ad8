// promql/internal/binary_evaluation.h: binary operators between two instant vectors.
//
// Room     promql/internal
// Uses     promql/internal/
// Threads  the thread of the query
// Units    none
// Source   Prometheus documentation, "Operators"
#pragma once

#include "promql/ast.h"
#include "promql/internal/query_context.h"

namespace slowburn::promql {

// Arithmetic, comparison, trims: each series with its partner.
absl::Status EvalJoin(QueryContext& context, const Binary& binary, const StepGrid& grid,
                      ColumnSink sink);
// and, or, unless.
absl::Status EvalSetOperator(QueryContext& context, const Binary& binary, const StepGrid& grid,
                             ColumnSink sink);

}  // namespace slowburn::promql
