#include "promql/testing/at_rewrite.h"

#include "promql/printer.h"

namespace slowburn::promql::testing {
namespace {

void Pin(TimeShift& shift, int64_t time_ms) {
  if (shift.at == TimeShift::At::kTimestamp) return;
  shift.at = TimeShift::At::kTimestamp;
  shift.at_ms = time_ms;
}

// False where a function reads the time of evaluation.
bool PinAll(Expr& expr, int64_t time_ms) {
  switch (expr.kind) {
    case Expr::Kind::kVectorSelector:
      Pin(As<VectorSelector>(expr).shift, time_ms);
      return true;
    case Expr::Kind::kMatrixSelector:
      Pin(As<MatrixSelector>(expr).vector->shift, time_ms);
      return true;
    case Expr::Kind::kSubquery:
      // What is inside is evaluated at the subquery's own steps.
      Pin(As<Subquery>(expr).shift, time_ms);
      return true;
    case Expr::Kind::kCall:
      if (ReadsEvaluationTime(As<Call>(expr).function->id)) return false;
      break;
    default:
      break;
  }
  bool all = true;
  for (const Expr* child : ChildrenOf(expr)) {
    all = PinAll(const_cast<Expr&>(*child), time_ms) && all;
  }
  return all;
}

}  // namespace

std::optional<std::string> PinnedTo(const Expr& expr, int64_t time_ms) {
  const ExprPtr pinned = Clone(expr);
  if (!PinAll(*pinned, time_ms)) return std::nullopt;
  return Print(*pinned);
}

}  // namespace slowburn::promql::testing
