// and, or, unless: which series stay, step by step; their points do not change.
#include <vector>

#include "promql/internal/binary_evaluation.h"
#include "promql/internal/evaluator.h"
#include "promql/internal/name_dropping.h"
#include "promql/internal/vector_matching.h"

namespace slowburn::promql {
namespace {

// At which steps any of the series has a point.
std::vector<bool> PresenceOf(const std::vector<Column>& series, const std::vector<size_t>& indices,
                             size_t steps) {
  std::vector<bool> present(steps);
  for (const size_t i : indices) {
    for (size_t step = 0; step < steps; ++step) {
      if (series[i].HasPoint(step)) present[step] = true;
    }
  }
  return present;
}

// Takes away the points at steps where `present` is not `wanted`.
void KeepWhere(const std::vector<bool>& present, bool wanted, Column& column) {
  for (size_t step = 0; step < column.steps(); ++step) {
    if (present[step] != wanted) column.Remove(step);
  }
}

void Mask(const MatchGroup& group, BinaryOp op, std::vector<Column>& left,
          std::vector<Column>& right, size_t steps) {
  if (op == BinaryOp::kOr) {
    if (group.right.empty() || group.left.empty()) return;
    const std::vector<bool> present = PresenceOf(left, group.left, steps);
    for (const size_t i : group.right) KeepWhere(present, false, right[i]);
    return;
  }
  const bool wanted = op == BinaryOp::kAnd;
  if (group.right.empty() && !wanted) return;
  const std::vector<bool> present = PresenceOf(right, group.right, steps);
  for (const size_t i : group.left) KeepWhere(present, wanted, left[i]);
}

}  // namespace

absl::Status EvalSetOperator(QueryContext& context, const Binary& binary, const StepGrid& grid,
                             ColumnSink sink) {
  auto left = CollectVector(context, *binary.left, grid);
  if (!left.ok()) return left.status();
  auto right = CollectVector(context, *binary.right, grid);
  if (!right.ok()) return right.status();
  for (Columns* side : {&*left, &*right}) {
    for (Column& column : side->series) context.SettleName(column);
  }
  const Matching matching(*binary.matching);
  for (const MatchGroup& group : matching.Groups(left->series, right->series)) {
    if (absl::Status status = context.CheckTime(); !status.ok()) return status;
    Mask(group, binary.op, left->series, right->series, grid.count);
  }
  Columns results(context.meter());
  for (Columns* side : {&*left, &*right}) {
    if (side == &*right && binary.op != BinaryOp::kOr) break;
    for (Column& column : side->series) {
      if (IsEmpty(column)) continue;
      if (absl::Status status = results.Add(std::move(column)); !status.ok()) return status;
    }
  }
  absl::Status status;
  if (binary.op == BinaryOp::kOr) status = MergeEqualLabels(context, results);
  for (Column& column : results.series) {
    if (status.ok()) status.Update(sink(column));
  }
  return status;
}

}  // namespace slowburn::promql
