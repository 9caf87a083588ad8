#include "promql/internal/duration_value.h"

#include <algorithm>
#include <cmath>

#include "base/status.h"
#include "promql/parser.h"

namespace slowburn::promql::internal {
namespace {

constexpr double kDurationMsMax = 9'223'372'036'854.0;

absl::Status Error(const DurationExpr& expr, std::string_view query, std::string_view text) {
  return base::InvalidArgument("{}: {}", PositionText(query, expr.range.begin), text);
}

absl::StatusOr<double> Seconds(const DurationExpr& expr, std::string_view query,
                               const EvaluationTimes& times) {
  double left = 0, right = 0;
  if (expr.left != nullptr) {
    SB_ASSIGN_OR_RETURN(left, Seconds(*expr.left, query, times));
  }
  if (expr.right != nullptr) {
    SB_ASSIGN_OR_RETURN(right, Seconds(*expr.right, query, times));
  }
  switch (expr.op) {
    case DurationExpr::Op::kSeconds:
      return expr.seconds;
    case DurationExpr::Op::kStep:
      return static_cast<double>(times.step_ms) / 1000;
    case DurationExpr::Op::kRange:
      return static_cast<double>(times.end_ms - times.start_ms) / 1000;
    case DurationExpr::Op::kNegate:
      return -left;
    case DurationExpr::Op::kAdd:
      return left + right;
    case DurationExpr::Op::kSubtract:
      return left - right;
    case DurationExpr::Op::kMultiply:
      return left * right;
    case DurationExpr::Op::kDivide:
      if (right == 0) return Error(expr, query, "division by zero");
      return left / right;
    case DurationExpr::Op::kModulo:
      if (right == 0) return Error(expr, query, "modulo by zero");
      return std::fmod(left, right);
    case DurationExpr::Op::kPower:
      return std::pow(left, right);
    case DurationExpr::Op::kMin:
      return std::min(left, right);
    case DurationExpr::Op::kMax:
      break;
  }
  return std::max(left, right);
}

}  // namespace

absl::StatusOr<int64_t> DurationValueMs(const DurationExpr& expr, std::string_view query,
                                        const EvaluationTimes& times, bool may_be_negative) {
  SB_ASSIGN_OR_RETURN(const double seconds, Seconds(expr, query, times));
  if (seconds <= 0 && !may_be_negative) {
    return Error(expr, query, "duration must be greater than 0");
  }
  const double ms = seconds * 1000;
  // Not a number fails this too.
  if (!(std::abs(ms) <= kDurationMsMax)) return Error(expr, query, "duration is out of range");
  return static_cast<int64_t>(ms);
}

}  // namespace slowburn::promql::internal
