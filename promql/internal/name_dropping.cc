#include "promql/internal/name_dropping.h"

#include <algorithm>
#include <unordered_map>

#include "promql/internal/evaluator.h"
#include "promql/internal/label_key.h"

namespace slowburn::promql {
namespace {

bool AppendPoints(Column& to, const Column& from) {
  for (size_t step = 0; step < from.steps(); ++step) {
    if (!from.HasPoint(step)) continue;
    if (to.HasPoint(step)) return false;
    to.CopyPoint(step, from, step);
  }
  return true;
}

bool KeepsNames(FunctionId function) {
  switch (function) {
    case FunctionId::kLastOverTime:
    case FunctionId::kFirstOverTime:
    case FunctionId::kSort:
    case FunctionId::kSortDesc:
    case FunctionId::kSortByLabel:
    case FunctionId::kSortByLabelDesc:
      return true;
    default:
      return false;
  }
}

bool HasOneName(const VectorSelector& selector) {
  return std::ranges::any_of(selector.matchers, [](const model::LabelMatcher& matcher) {
    return matcher.name() == model::kMetricNameLabel &&
           matcher.op() == model::LabelMatcher::Op::kEqual;
  });
}

bool HasOneNameCall(const Call& call) {
  switch (call.function->id) {
    case FunctionId::kLabelReplace:
    case FunctionId::kLabelJoin:
    case FunctionId::kInfo:
      return false;
    default:
      break;
  }
  if (!KeepsNames(call.function->id)) return true;
  return HasOneName(*call.args[0]);
}

bool HasOneNameAggregate(const Aggregate& aggregate) {
  switch (aggregate.op) {
    case AggregateOp::kTopk:
    case AggregateOp::kBottomk:
    case AggregateOp::kLimitk:
    case AggregateOp::kLimitRatio:
      return HasOneName(*aggregate.expr);
    case AggregateOp::kCountValues:
      if (TextOf(*aggregate.param) == model::kMetricNameLabel) return false;
      [[fallthrough]];
    default:
      return aggregate.without || std::ranges::find(aggregate.grouping, model::kMetricNameLabel) ==
                                      aggregate.grouping.end();
  }
}

}  // namespace

bool HasOneName(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::kVectorSelector:
      return HasOneName(As<VectorSelector>(expr));
    case Expr::Kind::kMatrixSelector:
    case Expr::Kind::kSubquery:
    case Expr::Kind::kParen:
    case Expr::Kind::kStepInvariant:
    case Expr::Kind::kUnary:
      return HasOneName(*ChildrenOf(expr).front());
    case Expr::Kind::kCall:
      return HasOneNameCall(As<Call>(expr));
    case Expr::Kind::kAggregate:
      return HasOneNameAggregate(As<Aggregate>(expr));
    default:
      return false;
  }
}

absl::Status MergeEqualLabels(QueryContext& context, Columns& columns) {
  std::unordered_map<std::string, size_t> first;
  std::vector<Column> merged;
  merged.reserve(columns.series.size());
  for (Column& column : columns.series) {
    context.SettleName(column);
    const auto [known, is_new] = first.try_emplace(LabelKey(*column.labels), merged.size());
    if (is_new) {
      merged.push_back(std::move(column));
      continue;
    }
    Column& same = merged[known->second];
    same.drops_name |= column.drops_name;
    if (!AppendPoints(same, column)) {
      return absl::FailedPreconditionError("vector cannot contain metrics with the same labelset");
    }
  }
  columns.series = std::move(merged);
  return absl::OkStatus();
}

absl::Status DropNames(QueryContext& context, const Expr& expr,
                       absl::FunctionRef<absl::Status(ColumnSink)> produce, ColumnSink sink) {
  const bool nothing_else_goes = !context.options().type_and_unit_labels;
  if (context.delays_names() || (nothing_else_goes && HasOneName(expr))) {
    return produce([&](Column& column) {
      column.drops_name = true;
      return sink(column);
    });
  }
  Columns columns(context.meter());
  absl::Status status = produce([&](Column& column) {
    column.drops_name = true;
    return columns.Add(std::move(column));
  });
  status.Update(status.ok() ? MergeEqualLabels(context, columns) : status);
  for (Column& column : columns.series) {
    if (status.ok()) status.Update(sink(column));
  }
  return status;
}

}  // namespace slowburn::promql
