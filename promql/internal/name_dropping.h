// promql/internal/name_dropping.h: what happens to metric names after an operator changed the
// meaning of the numbers.
//
// Room     promql/internal
// Uses     promql/internal/
// Threads  the thread of the query
// Units    none
// Source   Prometheus documentation, "Operators"; feature flag promql-delayed-name-removal
#pragma once

#include "promql/ast.h"
#include "promql/internal/query_context.h"

namespace slowburn::promql {

// Passes columns from `produce` on to `sink` without their names: at once, or with delayed removal
// marked to lose them. `expr` is what the names come from. Series that differ by nothing else
// become one where they have no step in common, and are an error (kFailedPrecondition) elsewhere.
absl::Status DropNames(QueryContext& context, const Expr& expr,
                       absl::FunctionRef<absl::Status(ColumnSink)> produce, ColumnSink sink);

// Series with equal labels as one; see above.
absl::Status MergeEqualLabels(QueryContext& context, Columns& columns);

// Whether no two series of the expression can differ by the name alone.
bool HasOneName(const Expr& expr);

}  // namespace slowburn::promql
