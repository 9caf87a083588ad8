#include "promql/prepare.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "promql/internal/duration_value.h"

namespace slowburn::promql {
namespace {

class Preparation {
 public:
  Preparation(std::string_view query, const EvaluationTimes& times)
      : query_(query), times_(times) {}

  absl::Status Resolve(Expr& expr) {
    switch (expr.kind) {
      case Expr::Kind::kVectorSelector:
        return ResolveShift(As<VectorSelector>(expr).shift);
      case Expr::Kind::kMatrixSelector: {
        auto& matrix = As<MatrixSelector>(expr);
        SB_RETURN_IF_ERROR(ResolveShift(matrix.vector->shift));
        return ResolveDuration(matrix.range_ms, matrix.range_expr, false);
      }
      case Expr::Kind::kSubquery: {
        auto& subquery = As<Subquery>(expr);
        SB_RETURN_IF_ERROR(ResolveShift(subquery.shift));
        SB_RETURN_IF_ERROR(ResolveDuration(subquery.step_ms, subquery.step_expr, false));
        SB_RETURN_IF_ERROR(ResolveDuration(subquery.range_ms, subquery.range_expr, false));
        return Resolve(*subquery.expr);
      }
      default:
        break;
    }
    for (const Expr* child : ChildrenOf(expr)) {
      // The tree is ours; ChildrenOf is for readers.
      SB_RETURN_IF_ERROR(Resolve(const_cast<Expr&>(*child)));
    }
    return absl::OkStatus();
  }

  // Wraps what is invariant below `expr`, unless all of it is: then its parent decides.
  bool IsInvariant(Expr& expr) {
    switch (expr.kind) {
      case Expr::Kind::kNumber:
      case Expr::Kind::kString:
        return true;
      case Expr::Kind::kVectorSelector:
        return As<VectorSelector>(expr).shift.at == TimeShift::At::kTimestamp;
      case Expr::Kind::kMatrixSelector:
        return IsInvariant(*As<MatrixSelector>(expr).vector);
      case Expr::Kind::kParen:
        return IsInvariant(*As<Paren>(expr).expr);
      case Expr::Kind::kUnary:
        return IsInvariant(*As<Unary>(expr).expr);
      case Expr::Kind::kStepInvariant:
        return true;
      case Expr::Kind::kSubquery: {
        auto& subquery = As<Subquery>(expr);
        if (IsInvariant(*subquery.expr)) Wrap(subquery.expr);
        return subquery.shift.at == TimeShift::At::kTimestamp;
      }
      case Expr::Kind::kBinary:
        return AreInvariant({&As<Binary>(expr).left, &As<Binary>(expr).right}, true);
      case Expr::Kind::kAggregate: {
        auto& aggregate = As<Aggregate>(expr);
        if (aggregate.param == nullptr) return IsInvariant(*aggregate.expr);
        return AreInvariant({&aggregate.param, &aggregate.expr}, true);
      }
      case Expr::Kind::kCall:
        break;
    }
    auto& call = As<Call>(expr);
    std::vector<ExprPtr*> args;
    for (ExprPtr& arg : call.args) args.push_back(&arg);
    return AreInvariant(args, !ReadsEvaluationTime(call.function->id));
  }

  static void Wrap(ExprPtr& expr) {
    const Expr* inner = expr.get();
    while (inner->kind == Expr::Kind::kParen) inner = As<Paren>(*inner).expr.get();
    const bool is_literal =
        inner->kind == Expr::Kind::kNumber || inner->kind == Expr::Kind::kString;
    if (is_literal || TypeOf(*expr) == ValueType::kMatrix) return;
    auto wrapper = std::make_unique<StepInvariant>();
    wrapper->range = expr->range;
    wrapper->expr = std::move(expr);
    expr = std::move(wrapper);
  }

 private:
  absl::Status ResolveDuration(int64_t& ms, DurationExprPtr& expr, bool may_be_negative) {
    if (expr == nullptr) return absl::OkStatus();
    SB_ASSIGN_OR_RETURN(ms, internal::DurationValueMs(*expr, query_, times_, may_be_negative));
    expr.reset();
    return absl::OkStatus();
  }

  absl::Status ResolveShift(TimeShift& shift) {
    if (shift.at == TimeShift::At::kStart) shift.at_ms = times_.start_ms;
    if (shift.at == TimeShift::At::kEnd) shift.at_ms = times_.end_ms;
    if (shift.at != TimeShift::At::kEvaluation) shift.at = TimeShift::At::kTimestamp;
    return ResolveDuration(shift.offset_ms, shift.offset_expr, true);
  }

  bool AreInvariant(const std::vector<ExprPtr*>& parts, bool parent_is) {
    std::vector<ExprPtr*> invariant;
    for (ExprPtr* part : parts) {
      if (IsInvariant(**part)) invariant.push_back(part);
    }
    if (parent_is && invariant.size() == parts.size()) return true;
    for (ExprPtr* part : invariant) Wrap(*part);
    return false;
  }

  std::string_view query_;
  const EvaluationTimes& times_;
};

}  // namespace

absl::StatusOr<ExprPtr> Prepare(const Expr& expr, std::string_view query,
                                const EvaluationTimes& times) {
  ExprPtr prepared = Clone(expr);
  Preparation preparation(query, times);
  SB_RETURN_IF_ERROR(preparation.Resolve(*prepared));
  if (preparation.IsInvariant(*prepared)) Preparation::Wrap(prepared);
  return prepared;
}

}  // namespace slowburn::promql
