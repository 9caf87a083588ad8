// promql/internal/aggregation.h: the aggregations that keep series or make them of values.
//
// Room     promql/internal
// Uses     promql/internal/
// Threads  the thread of the query
// Units    none
// Source   Prometheus documentation, "Aggregation operators"
#pragma once

#include "promql/ast.h"
#include "promql/internal/query_context.h"

namespace slowburn::promql {

// topk, bottomk, limitk, limit_ratio: at each step some series of each group, as they are.
absl::Status EvalPicks(QueryContext& context, const Aggregate& aggregate, const StepGrid& grid,
                       ColumnSink sink);
// count_values.
absl::Status EvalCountValues(QueryContext& context, const Aggregate& aggregate,
                             const StepGrid& grid, ColumnSink sink);

}  // namespace slowburn::promql
