#include "promql/internal/binary_evaluation.h"

#include <utility>

#include "promql/internal/binary_numbers.h"
#include "promql/internal/evaluator.h"
#include "promql/internal/name_dropping.h"

namespace slowburn::promql {
namespace {

absl::Status EvalWithScalar(QueryContext& context, const Binary& binary, const StepGrid& grid,
                            ColumnSink sink) {
  const bool scalar_left = TypeOf(*binary.left) == ValueType::kScalar;
  const Expr& vector = scalar_left ? *binary.right : *binary.left;
  auto values = EvalScalar(context, scalar_left ? *binary.left : *binary.right, grid);
  if (!values.ok()) return values.status();
  const Column scalar{.values = *std::move(values)};
  BinaryNotes told;
  const auto produce = [&](ColumnSink next) {
    Column out;
    return EvalVector(context, vector, grid, [&](Column& column) {
      if (scalar_left) {
        CombineColumns(binary, scalar, column, KeepSide::kRight, told, out);
      } else {
        CombineColumns(binary, column, scalar, KeepSide::kLeft, told, out);
      }
      out.labels = column.labels;
      out.drops_name = column.drops_name;
      return IsEmpty(out) ? absl::OkStatus() : next(out);
    });
  };
  absl::Status status =
      DropsName(binary) ? DropNames(context, vector, produce, sink) : produce(sink);
  told.Tell(binary, context.notes());
  return status;
}

}  // namespace

absl::Status EvalBinary(QueryContext& context, const Binary& binary, const StepGrid& grid,
                        ColumnSink sink) {
  // Whoever is around it gets what the operator makes of the buckets.
  const bool stats = std::exchange(context.histogram_stats, false);
  absl::Status status;
  if (!binary.matching.has_value()) {
    status = EvalWithScalar(context, binary, grid, sink);
  } else if (IsSetOperator(binary.op)) {
    status = EvalSetOperator(context, binary, grid, sink);
  } else {
    status = EvalJoin(context, binary, grid, sink);
  }
  context.histogram_stats = stats;
  return status;
}

absl::StatusOr<std::vector<double>> EvalScalarBinary(QueryContext& context, const Binary& binary,
                                                     const StepGrid& grid) {
  auto left = EvalScalar(context, *binary.left, grid);
  if (!left.ok()) return left;
  auto right = EvalScalar(context, *binary.right, grid);
  if (!right.ok()) return right;
  std::vector<double> result(grid.count);
  CombineNumbers(binary, *left, *right, KeepSide::kLeft, result);
  return result;
}

}  // namespace slowburn::promql
