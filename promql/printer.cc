#include "promql/printer.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

#include <fmt/format.h>

#include "promql/internal/go_float.h"
#include "promql/internal/go_text.h"
#include "promql/internal/print_parts.h"
#include "promql/internal/token.h"

namespace slowburn::promql {
namespace {

using internal::DurationText;
using internal::LabelNameText;
using internal::Quoted;

std::string LiteralText(double value, bool is_duration) {
  if (!is_duration) return GoFloatF(value);
  return DurationText(static_cast<int64_t>(std::round(value * 1000)));
}

std::string_view DurationOpText(DurationExpr::Op op) {
  switch (op) {
    case DurationExpr::Op::kAdd:
      return "+";
    case DurationExpr::Op::kSubtract:
      return "-";
    case DurationExpr::Op::kMultiply:
      return "*";
    case DurationExpr::Op::kDivide:
      return "/";
    case DurationExpr::Op::kModulo:
      return "%";
    default:
      return "^";
  }
}

std::string BareDurationText(const DurationExpr& expr);

std::string DurationExprText(const DurationExpr& expr) {
  const std::string text = BareDurationText(expr);
  return expr.in_parens ? fmt::format("({})", text) : text;
}

std::string BareDurationText(const DurationExpr& expr) {
  switch (expr.op) {
    case DurationExpr::Op::kSeconds:
      return LiteralText(expr.seconds, expr.is_duration);
    case DurationExpr::Op::kStep:
      return "step()";
    case DurationExpr::Op::kRange:
      return "range()";
    case DurationExpr::Op::kNegate:
      return fmt::format("-{}", DurationExprText(*expr.left));
    case DurationExpr::Op::kMin:
    case DurationExpr::Op::kMax:
      return fmt::format("{}({}, {})", expr.op == DurationExpr::Op::kMin ? "min_of" : "max_of",
                         DurationExprText(*expr.left), DurationExprText(*expr.right));
    default:
      break;
  }
  std::string left = DurationExprText(*expr.left);
  // A sign binds less than ^, and parentheses around a literal are not kept.
  if (expr.op == DurationExpr::Op::kPower && left.starts_with('-'))
    left = fmt::format("({})", left);
  return fmt::format("{} {} {}", left, DurationOpText(expr.op), DurationExprText(*expr.right));
}

std::string RangeText(int64_t ms, const DurationExprPtr& expr) {
  return expr == nullptr ? DurationText(ms) : DurationExprText(*expr);
}

std::string ShiftText(const TimeShift& shift) {
  std::string text;
  if (shift.at == TimeShift::At::kStart) text = " @ start()";
  if (shift.at == TimeShift::At::kEnd) text = " @ end()";
  if (shift.at == TimeShift::At::kTimestamp) {
    // Whole milliseconds, which a double of seconds might not hold.
    const uint64_t ms =
        shift.at_ms < 0 ? -static_cast<uint64_t>(shift.at_ms) : static_cast<uint64_t>(shift.at_ms);
    text = fmt::format(" @ {}{}.{:03}", shift.at_ms < 0 ? "-" : "", ms / 1000, ms % 1000);
  }
  if (shift.offset_expr != nullptr) {
    text += fmt::format(" offset {}", DurationExprText(*shift.offset_expr));
  } else if (shift.offset_ms != 0) {
    text += fmt::format(" offset {}", DurationText(shift.offset_ms));
  }
  return text;
}

std::string_view MatcherOpText(model::LabelMatcher::Op op) {
  switch (op) {
    case model::LabelMatcher::Op::kEqual:
      return "=";
    case model::LabelMatcher::Op::kNotEqual:
      return "!=";
    case model::LabelMatcher::Op::kRegex:
      return "=~";
    case model::LabelMatcher::Op::kNotRegex:
      break;
  }
  return "!~";
}

// name{a="b"}, without what stands behind.
std::string SeriesText(const VectorSelector& selector) {
  std::vector<std::string> matchers;
  for (const model::LabelMatcher& matcher : selector.matchers) {
    const bool is_name = matcher.name() == model::kMetricNameLabel &&
                         matcher.op() == model::LabelMatcher::Op::kEqual &&
                         matcher.value() == selector.name && !selector.name.empty();
    if (is_name) continue;
    matchers.push_back(fmt::format("{}{}{}", LabelNameText(matcher.name()),
                                   MatcherOpText(matcher.op()), Quoted(matcher.value())));
  }
  std::ranges::sort(matchers);
  if (matchers.empty() && !selector.name.empty()) return selector.name;
  return fmt::format("{}{{{}}}", selector.name, fmt::join(matchers, ","));
}

std::string_view ExtensionText(const VectorSelector& selector) {
  if (selector.anchored) return " anchored";
  return selector.smoothed ? " smoothed" : "";
}

std::string LabelsText(const std::vector<std::string>& labels) {
  std::vector<std::string> names;
  for (const std::string& label : labels) {
    const bool is_number = internal::WordType(label) == internal::TokenType::kNumber;  // inf, nan
    names.push_back(is_number ? Quoted(label) : LabelNameText(label));
  }
  return fmt::format("({})", fmt::join(names, ", "));
}

std::string FillText(const VectorMatching& matching) {
  const auto& left = matching.fill_left;
  const auto& right = matching.fill_right;
  const bool same = left.has_value() && right.has_value() &&
                    (*left == *right || (std::isnan(*left) && std::isnan(*right)));
  if (same) return fmt::format(" fill ({})", GoFloatF(*left));
  std::string text;
  if (left.has_value()) text += fmt::format(" fill_left ({})", GoFloatF(*left));
  if (right.has_value()) text += fmt::format(" fill_right ({})", GoFloatF(*right));
  return text;
}

std::string MatchingText(const VectorMatching& matching) {
  const bool left = matching.cardinality == VectorMatching::Cardinality::kManyToOne;
  const bool right = matching.cardinality == VectorMatching::Cardinality::kOneToMany;
  std::string text;
  if (!matching.labels.empty() || matching.on || left || right) {
    text += fmt::format(" {} {}", matching.on ? "on" : "ignoring", LabelsText(matching.labels));
  }
  if (left || right) {
    text += fmt::format(" group_{} {}", left ? "left" : "right", LabelsText(matching.include));
  }
  return text + FillText(matching);
}

// All to the end of one text, so that a deep tree is not copied once for each of its levels.
void Append(const Expr& expr, std::string& text);

void AppendCall(const Call& call, std::string& text) {
  text += call.function->name;
  text += '(';
  for (size_t i = 0; i < call.args.size(); ++i) {
    if (i > 0) text += ", ";
    Append(*call.args[i], text);
  }
  text += ')';
}

void AppendAggregate(const Aggregate& aggregate, std::string& text) {
  text += internal::AggregateHead(aggregate);
  text += '(';
  if (aggregate.param != nullptr) {
    Append(*aggregate.param, text);
    text += ", ";
  }
  Append(*aggregate.expr, text);
  text += ')';
}

void AppendBinary(const Binary& binary, std::string& text) {
  if (internal::IsInfiniteBase(binary)) {
    text += "Inf";
  } else {
    Append(*binary.left, text);
  }
  text += fmt::format(" {} ", internal::OperatorText(binary));
  Append(*binary.right, text);
}

void Append(const Expr& expr, std::string& text) {
  switch (expr.kind) {
    case Expr::Kind::kNumber:
      text += LiteralText(As<NumberLiteral>(expr).value, As<NumberLiteral>(expr).is_duration);
      return;
    case Expr::Kind::kString:
      text += Quoted(As<StringLiteral>(expr).text);
      return;
    case Expr::Kind::kParen:
      text += '(';
      Append(*As<Paren>(expr).expr, text);
      text += ')';
      return;
    case Expr::Kind::kUnary:
      text += As<Unary>(expr).negates ? '-' : '+';
      return Append(*As<Unary>(expr).expr, text);
    case Expr::Kind::kStepInvariant:
      return Append(*As<StepInvariant>(expr).expr, text);
    case Expr::Kind::kBinary:
      return AppendBinary(As<Binary>(expr), text);
    case Expr::Kind::kVectorSelector: {
      const auto& selector = As<VectorSelector>(expr);
      text += SeriesText(selector);
      text += ExtensionText(selector);
      text += ShiftText(selector.shift);
      return;
    }
    case Expr::Kind::kMatrixSelector: {
      const auto& matrix = As<MatrixSelector>(expr);
      text += fmt::format("{}[{}]{}{}", SeriesText(*matrix.vector),
                          RangeText(matrix.range_ms, matrix.range_expr),
                          ExtensionText(*matrix.vector), ShiftText(matrix.vector->shift));
      return;
    }
    case Expr::Kind::kSubquery:
      Append(*As<Subquery>(expr).expr, text);
      text += internal::SubqueryTail(As<Subquery>(expr));
      return;
    case Expr::Kind::kCall:
      return AppendCall(As<Call>(expr), text);
    case Expr::Kind::kAggregate:
      return AppendAggregate(As<Aggregate>(expr), text);
  }
}

}  // namespace

namespace internal {

std::string AggregateHead(const Aggregate& aggregate) {
  const std::string_view op = AggregateOpText(aggregate.op);
  if (aggregate.without) return fmt::format("{} without {} ", op, LabelsText(aggregate.grouping));
  if (aggregate.grouping.empty()) return std::string(op);
  return fmt::format("{} by {} ", op, LabelsText(aggregate.grouping));
}

std::string OperatorText(const Binary& binary) {
  return fmt::format("{}{}{}", BinaryOpText(binary.op), binary.returns_bool ? " bool" : "",
                     binary.matching.has_value() ? MatchingText(*binary.matching) : "");
}

bool IsInfiniteBase(const Binary& binary) {
  return binary.op == BinaryOp::kPower && binary.left->kind == Expr::Kind::kNumber &&
         As<NumberLiteral>(*binary.left).value == std::numeric_limits<double>::infinity();
}

std::string SubqueryTail(const Subquery& subquery) {
  const bool has_step = subquery.step_ms != 0 || subquery.step_expr != nullptr;
  return fmt::format("[{}:{}]{}", RangeText(subquery.range_ms, subquery.range_expr),
                     has_step ? RangeText(subquery.step_ms, subquery.step_expr) : "",
                     ShiftText(subquery.shift));
}

}  // namespace internal

std::string Print(const Expr& expr) {
  std::string text;
  Append(expr, text);
  return text;
}

}  // namespace slowburn::promql
