// promql/internal/evaluator.h: an expression over the steps of a grid.
//
// Room     promql/internal
// Uses     promql/
// Threads  the thread of the query
// Units    unix milliseconds
// Source   Prometheus 3 documentation, "Querying"
#pragma once

#include <vector>

#include <absl/status/statusor.h>

#include "promql/ast.h"
#include "promql/internal/query_context.h"

namespace slowburn::promql {

// An instant vector, series by series. Each series comes once; none is without points.
absl::Status EvalVector(QueryContext& context, const Expr& expr, const StepGrid& grid,
                        ColumnSink sink);
absl::StatusOr<Columns> CollectVector(QueryContext& context, const Expr& expr,
                                      const StepGrid& grid);
// A scalar at each step.
absl::StatusOr<std::vector<double>> EvalScalar(QueryContext& context, const Expr& expr,
                                               const StepGrid& grid);
// The text of a string expression.
const std::string& TextOf(const Expr& expr);

// Without parentheses and StepInvariant around it.
const Expr& Bare(const Expr& expr);

// The parts, by file. selectors.cc:
enum class SelectWhat : uint8_t { kValue, kTimestamp };
absl::Status EvalSelector(QueryContext& context, const VectorSelector& selector,
                          const StepGrid& grid, SelectWhat what, ColumnSink sink);
// range_evaluation.cc: functions that take a range vector
absl::Status EvalRangeCall(QueryContext& context, const Call& call, const StepGrid& grid,
                           ColumnSink sink);
absl::Status EvalAbsentOverTime(QueryContext& context, const Call& call, const StepGrid& grid,
                                ColumnSink sink);
// A range vector as it is, at the grid's only step, with times of its own.
absl::StatusOr<std::vector<ResultSeries>> EvalRangeVector(QueryContext& context, const Expr& expr,
                                                          const StepGrid& grid);
// function_evaluation.cc
absl::Status EvalCall(QueryContext& context, const Call& call, const StepGrid& grid,
                      ColumnSink sink);
// absent.cc: the labels that absent() can know of what is absent
model::LabelSet LabelsOfAbsent(const Expr& expr);
// label_functions.cc
absl::Status EvalLabelCall(QueryContext& context, const Call& call, const StepGrid& grid,
                           ColumnSink sink);
// info_function.cc
absl::Status EvalInfo(QueryContext& context, const Call& call, const StepGrid& grid,
                      ColumnSink sink);
// histogram_functions.cc
absl::Status EvalHistogramCall(QueryContext& context, const Call& call, const StepGrid& grid,
                               ColumnSink sink);
// aggregation.cc
absl::Status EvalAggregate(QueryContext& context, const Aggregate& aggregate, const StepGrid& grid,
                           ColumnSink sink);
// binary_evaluation.cc
absl::Status EvalBinary(QueryContext& context, const Binary& binary, const StepGrid& grid,
                        ColumnSink sink);
absl::StatusOr<std::vector<double>> EvalScalarBinary(QueryContext& context, const Binary& binary,
                                                     const StepGrid& grid);

}  // namespace slowburn::promql
