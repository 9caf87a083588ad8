// Clone and SameTree of promql/ast.h.
#include <algorithm>
#include <cmath>
#include <utility>

#include "promql/ast.h"

namespace slowburn::promql {
namespace {

DurationExprPtr CloneDuration(const DurationExprPtr& from) {
  if (from == nullptr) return nullptr;
  auto to = std::make_unique<DurationExpr>();
  to->op = from->op;
  to->seconds = from->seconds;
  to->is_duration = from->is_duration;
  to->in_parens = from->in_parens;
  to->range = from->range;
  to->left = CloneDuration(from->left);
  to->right = CloneDuration(from->right);
  return to;
}

TimeShift CloneShift(const TimeShift& from) {
  return {from.offset_ms, CloneDuration(from.offset_expr), from.at, from.at_ms};
}

std::unique_ptr<VectorSelector> CloneSelector(const VectorSelector& from) {
  auto to = std::make_unique<VectorSelector>();
  to->range = from.range;
  to->name = from.name;
  to->matchers = from.matchers;
  to->shift = CloneShift(from.shift);
  to->anchored = from.anchored;
  to->smoothed = from.smoothed;
  return to;
}

std::unique_ptr<Binary> CloneBinary(const Binary& from) {
  auto to = std::make_unique<Binary>();
  to->op = from.op;
  to->returns_bool = from.returns_bool;
  to->matching = from.matching;
  to->left = Clone(*from.left);
  to->right = Clone(*from.right);
  return to;
}

std::unique_ptr<MatrixSelector> CloneMatrix(const MatrixSelector& from) {
  auto to = std::make_unique<MatrixSelector>();
  to->vector = CloneSelector(*from.vector);
  to->range_ms = from.range_ms;
  to->range_expr = CloneDuration(from.range_expr);
  return to;
}

std::unique_ptr<Subquery> CloneSubquery(const Subquery& from) {
  auto to = std::make_unique<Subquery>();
  to->expr = Clone(*from.expr);
  to->range_ms = from.range_ms;
  to->range_expr = CloneDuration(from.range_expr);
  to->step_ms = from.step_ms;
  to->step_expr = CloneDuration(from.step_expr);
  to->shift = CloneShift(from.shift);
  return to;
}

std::unique_ptr<Call> CloneCall(const Call& from) {
  auto to = std::make_unique<Call>();
  to->function = from.function;
  for (const ExprPtr& arg : from.args) to->args.push_back(Clone(*arg));
  return to;
}

std::unique_ptr<Aggregate> CloneAggregate(const Aggregate& from) {
  auto to = std::make_unique<Aggregate>();
  to->op = from.op;
  to->without = from.without;
  to->grouping = from.grouping;
  if (from.param != nullptr) to->param = Clone(*from.param);
  to->expr = Clone(*from.expr);
  return to;
}

// Of a node whose only child is `expr`.
template <typename Node>
std::unique_ptr<Node> CloneWrapper(const Node& from) {
  auto to = std::make_unique<Node>();
  to->expr = Clone(*from.expr);
  return to;
}

ExprPtr CloneNode(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::kNumber: {
      auto to = std::make_unique<NumberLiteral>();
      to->value = As<NumberLiteral>(expr).value;
      to->is_duration = As<NumberLiteral>(expr).is_duration;
      return to;
    }
    case Expr::Kind::kString: {
      auto to = std::make_unique<StringLiteral>();
      to->text = As<StringLiteral>(expr).text;
      return to;
    }
    case Expr::Kind::kUnary: {
      auto to = CloneWrapper(As<Unary>(expr));
      to->negates = As<Unary>(expr).negates;
      return to;
    }
    case Expr::Kind::kParen:
      return CloneWrapper(As<Paren>(expr));
    case Expr::Kind::kStepInvariant:
      return CloneWrapper(As<StepInvariant>(expr));
    case Expr::Kind::kBinary:
      return CloneBinary(As<Binary>(expr));
    case Expr::Kind::kVectorSelector:
      return CloneSelector(As<VectorSelector>(expr));
    case Expr::Kind::kMatrixSelector:
      return CloneMatrix(As<MatrixSelector>(expr));
    case Expr::Kind::kSubquery:
      return CloneSubquery(As<Subquery>(expr));
    case Expr::Kind::kCall:
      return CloneCall(As<Call>(expr));
    case Expr::Kind::kAggregate:
      break;
  }
  return CloneAggregate(As<Aggregate>(expr));
}

bool SameNumber(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool SameFill(const std::optional<double>& a, const std::optional<double>& b) {
  return a.has_value() == b.has_value() && (!a.has_value() || SameNumber(*a, *b));
}

bool SameDuration(const DurationExprPtr& a, const DurationExprPtr& b) {
  if (a == nullptr || b == nullptr) return a == b;
  return a->op == b->op && SameNumber(a->seconds, b->seconds) && a->is_duration == b->is_duration &&
         a->in_parens == b->in_parens && SameDuration(a->left, b->left) &&
         SameDuration(a->right, b->right);
}

bool SameShift(const TimeShift& a, const TimeShift& b) {
  return a.offset_ms == b.offset_ms && a.at == b.at && a.at_ms == b.at_ms &&
         SameDuration(a.offset_expr, b.offset_expr);
}

bool SameMatching(const std::optional<VectorMatching>& a, const std::optional<VectorMatching>& b) {
  if (!a.has_value() || !b.has_value()) return a.has_value() == b.has_value();
  return a->cardinality == b->cardinality && a->on == b->on && a->labels == b->labels &&
         a->include == b->include && SameFill(a->fill_left, b->fill_left) &&
         SameFill(a->fill_right, b->fill_right);
}

bool SameMatchers(const std::vector<model::LabelMatcher>& a,
                  const std::vector<model::LabelMatcher>& b) {
  return std::ranges::equal(a, b, [](const auto& left, const auto& right) {
    return left.name() == right.name() && left.op() == right.op() && left.value() == right.value();
  });
}

// All but the children.
bool SameNode(const Expr& a, const Expr& b) {
  switch (a.kind) {
    case Expr::Kind::kNumber: {
      const auto &left = As<NumberLiteral>(a), &right = As<NumberLiteral>(b);
      return SameNumber(left.value, right.value) && left.is_duration == right.is_duration;
    }
    case Expr::Kind::kString:
      return As<StringLiteral>(a).text == As<StringLiteral>(b).text;
    case Expr::Kind::kParen:
    case Expr::Kind::kStepInvariant:
      return true;
    case Expr::Kind::kUnary:
      return As<Unary>(a).negates == As<Unary>(b).negates;
    case Expr::Kind::kBinary: {
      const auto &left = As<Binary>(a), &right = As<Binary>(b);
      return left.op == right.op && left.returns_bool == right.returns_bool &&
             SameMatching(left.matching, right.matching);
    }
    case Expr::Kind::kVectorSelector: {
      const auto &left = As<VectorSelector>(a), &right = As<VectorSelector>(b);
      return left.name == right.name && SameMatchers(left.matchers, right.matchers) &&
             SameShift(left.shift, right.shift) && left.anchored == right.anchored &&
             left.smoothed == right.smoothed;
    }
    case Expr::Kind::kMatrixSelector: {
      const auto &left = As<MatrixSelector>(a), &right = As<MatrixSelector>(b);
      return left.range_ms == right.range_ms && SameDuration(left.range_expr, right.range_expr);
    }
    case Expr::Kind::kSubquery: {
      const auto &left = As<Subquery>(a), &right = As<Subquery>(b);
      return left.range_ms == right.range_ms && left.step_ms == right.step_ms &&
             SameDuration(left.range_expr, right.range_expr) &&
             SameDuration(left.step_expr, right.step_expr) && SameShift(left.shift, right.shift);
    }
    case Expr::Kind::kCall:
      return As<Call>(a).function == As<Call>(b).function;
    case Expr::Kind::kAggregate:
      break;
  }
  const auto &left = As<Aggregate>(a), &right = As<Aggregate>(b);
  return left.op == right.op && left.without == right.without && left.grouping == right.grouping;
}

}  // namespace

ExprPtr Clone(const Expr& expr) {
  ExprPtr to = CloneNode(expr);
  to->range = expr.range;
  return to;
}

bool SameTree(const Expr& a, const Expr& b) {
  if (a.kind != b.kind || !SameNode(a, b)) return false;
  return std::ranges::equal(ChildrenOf(a), ChildrenOf(b), [](const Expr* left, const Expr* right) {
    return SameTree(*left, *right);
  });
}

}  // namespace slowburn::promql
