// PrettyPrint of promql/printer.h.
#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "promql/internal/print_parts.h"
#include "promql/printer.h"

namespace slowburn::promql {
namespace {

constexpr size_t kLineBytesMax = 100;

std::string Indent(size_t level) { return std::string(2 * level, ' '); }

std::string Pretty(const Expr& expr, size_t level);

std::string PrettyArguments(const std::vector<ExprPtr>& args, size_t level) {
  std::vector<std::string> texts;
  for (const ExprPtr& arg : args) texts.push_back(Pretty(*arg, level));
  return fmt::format("{}", fmt::join(texts, ",\n"));
}

std::string PrettyAggregate(const Aggregate& aggregate, size_t level) {
  const std::string param =
      aggregate.param == nullptr ? "" : fmt::format("{},\n", Pretty(*aggregate.param, level + 1));
  return fmt::format("{}{}(\n{}{}\n{})", Indent(level), internal::AggregateHead(aggregate), param,
                     Pretty(*aggregate.expr, level + 1), Indent(level));
}

std::string PrettyUnary(const Unary& unary, size_t level) {
  const std::string child = Pretty(*unary.expr, level);
  return fmt::format("{}{}{}", Indent(level), unary.negates ? "-" : "+",
                     child.substr(std::min(child.find_first_not_of(' '), child.size())));
}

std::string PrettyBinary(const Binary& binary, size_t level) {
  const std::string left = internal::IsInfiniteBase(binary) ? Indent(level + 1) + "Inf"
                                                            : Pretty(*binary.left, level + 1);
  return fmt::format("{}\n{}{}\n{}", left, Indent(level), internal::OperatorText(binary),
                     Pretty(*binary.right, level + 1));
}

// What is too long for one line.
std::string Split(const Expr& expr, size_t level) {
  switch (expr.kind) {
    case Expr::Kind::kParen:
      return fmt::format("{0}(\n{1}\n{0})", Indent(level),
                         Pretty(*As<Paren>(expr).expr, level + 1));
    case Expr::Kind::kUnary:
      return PrettyUnary(As<Unary>(expr), level);
    case Expr::Kind::kStepInvariant:
      return Pretty(*As<StepInvariant>(expr).expr, level);
    case Expr::Kind::kBinary:
      return PrettyBinary(As<Binary>(expr), level);
    case Expr::Kind::kSubquery:
      return Pretty(*As<Subquery>(expr).expr, level) + internal::SubqueryTail(As<Subquery>(expr));
    case Expr::Kind::kCall:
      return fmt::format("{0}{1}(\n{2}\n{0})", Indent(level), As<Call>(expr).function->name,
                         PrettyArguments(As<Call>(expr).args, level + 1));
    case Expr::Kind::kAggregate:
      return PrettyAggregate(As<Aggregate>(expr), level);
    default:
      return Indent(level) + Print(expr);
  }
}

std::string Pretty(const Expr& expr, size_t level) {
  std::string line = Print(expr);
  if (line.size() > kLineBytesMax) return Split(expr, level);
  // Prometheus forgets the indent here, and who compares files of rules wants the same text.
  if (expr.kind == Expr::Kind::kSubquery) return line;
  return Indent(level) + line;
}

}  // namespace

std::string PrettyPrint(const Expr& expr) { return Pretty(expr, 0); }

}  // namespace slowburn::promql
