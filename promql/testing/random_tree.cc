#include "promql/testing/random_tree.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

#include "promql/internal/go_text.h"

namespace slowburn::promql::testing {
namespace {

constexpr std::array<std::string_view, 10> kMetrics = {
    "foo", "up", "job:errors:rate5m", "sum", "start", "offset", "by", "fill", "anchored", "_x"};
constexpr std::array<std::string_view, 8> kLabels = {"job", "le",  "a.b", "on",
                                                     "inf", "__x", "sum", "\xC3\xA9"};
constexpr std::array<std::string_view, 7> kTexts = {"",    "5..", "a\"b\\c", "\n\t", "\xE2\x8C\x98",
                                                    ".*x", "$1"};

ExprPtr Parens(ExprPtr expr) {
  auto paren = std::make_unique<Paren>();
  paren->expr = std::move(expr);
  return paren;
}

// As the printer orders them.
std::string SortKey(const model::LabelMatcher& matcher) {
  constexpr std::array<std::string_view, 4> kOps = {"=", "!=", "=~", "!~"};
  return internal::LabelNameText(matcher.name()) +
         std::string(kOps[static_cast<size_t>(matcher.op())]) + internal::Quoted(matcher.value());
}

}  // namespace

std::string RandomTree::Text() { return std::string(kTexts[Below(kTexts.size())]); }

ExprPtr RandomTree::Make(ValueType type, int depth) {
  switch (type) {
    case ValueType::kScalar:
      return MakeScalar(depth);
    case ValueType::kVector:
      return MakeVector(depth);
    case ValueType::kMatrix:
      return MakeMatrix(depth);
    case ValueType::kString:
      break;
  }
  return MakeString();
}

ExprPtr RandomTree::MakeString() {
  auto string = std::make_unique<StringLiteral>();
  string->text = Text();
  return string;
}

ExprPtr RandomTree::MakeScalar(int depth) {
  if (depth > 0 && OneIn(2)) {
    switch (Below(3)) {
      case 0:
        return MakeBinary(ValueType::kScalar, depth - 1);
      case 1:
        return MakeCall(ValueType::kScalar, depth - 1);
      default:
        return Parens(MakeScalar(depth - 1));
    }
  }
  auto number = std::make_unique<NumberLiteral>();
  constexpr std::array<double, 8> kNumbers = {0, 1, -1, 0.1, 1e23, -2.5e-7, 4096, 1e300};
  number->value = kNumbers[Below(kNumbers.size())];
  if (OneIn(8)) number->value = std::numeric_limits<double>::infinity() * (OneIn(2) ? 1 : -1);
  if (OneIn(8)) number->value = std::numeric_limits<double>::quiet_NaN();
  if (OneIn(4)) {
    number->is_duration = true;
    number->value = static_cast<double>(static_cast<int64_t>(Below(10'000'000'000)) - 1000) / 1000;
  }
  return number;
}

ExprPtr RandomTree::MakeVector(int depth) {
  if (depth <= 0) return MakeSelector(false);
  switch (Below(6)) {
    case 0:
      return MakeBinary(ValueType::kVector, depth - 1);
    case 1:
      return MakeCall(ValueType::kVector, depth - 1);
    case 2:
      return MakeAggregate(depth - 1);
    case 3:
      return Parens(MakeVector(depth - 1));
    case 4: {
      auto unary = std::make_unique<Unary>();
      unary->negates = OneIn(2);
      unary->expr = Operand(MakeVector(depth - 1));
      return unary;
    }
    default:
      return MakeSelector(false);
  }
}

ExprPtr RandomTree::MakeMatrix(int depth) {
  const auto set_duration = [this](int64_t& ms, DurationExprPtr& expr) {
    expr = OneIn(3) ? MakeDuration(2) : nullptr;
    if (expr != nullptr && expr->op == DurationExpr::Op::kSeconds) expr.reset();
    if (expr == nullptr) ms = static_cast<int64_t>(Below(1'000'000'000)) + 1;
  };
  if (OneIn(2)) {
    auto matrix = std::make_unique<MatrixSelector>();
    matrix->vector = MakeSelector(true);
    set_duration(matrix->range_ms, matrix->range_expr);
    return matrix;
  }
  auto subquery = std::make_unique<Subquery>();
  ExprPtr inner = MakeVector(depth - 1);
  const bool needs_parens = inner->kind == Expr::Kind::kUnary || inner->kind == Expr::Kind::kBinary;
  subquery->expr = needs_parens ? Parens(std::move(inner)) : std::move(inner);
  set_duration(subquery->range_ms, subquery->range_expr);
  if (OneIn(2)) set_duration(subquery->step_ms, subquery->step_expr);
  subquery->shift = MakeShift();
  return subquery;
}

ExprPtr RandomTree::Operand(ExprPtr expr) {
  const bool stands_alone = expr->kind != Expr::Kind::kUnary && expr->kind != Expr::Kind::kBinary;
  return stands_alone ? std::move(expr) : Parens(std::move(expr));
}

ExprPtr RandomTree::MakeBinary(ValueType type, int depth) {
  auto binary = std::make_unique<Binary>();
  const bool both = type == ValueType::kVector && OneIn(2);
  const bool vector_left = type == ValueType::kVector && (both || OneIn(2));
  binary->op = static_cast<BinaryOp>(Below(both ? 18 : 13));
  if (IsComparison(binary->op)) {
    binary->returns_bool = type == ValueType::kScalar || OneIn(2);
  }
  const auto side = [&](bool is_vector) {
    return Operand(Make(is_vector ? ValueType::kVector : ValueType::kScalar, depth));
  };
  binary->left = side(vector_left);
  binary->right = side(type == ValueType::kVector && (both || !vector_left));
  const bool negative = binary->left->kind == Expr::Kind::kNumber &&
                        std::signbit(As<NumberLiteral>(*binary->left).value);
  // -1 ^ 2 is -(1 ^ 2).
  if (binary->op == BinaryOp::kPower && negative) binary->left = Parens(std::move(binary->left));
  if (both) binary->matching = MakeMatching(binary->op);
  return binary;
}

VectorMatching RandomTree::MakeMatching(BinaryOp op) {
  VectorMatching matching;
  matching.on = OneIn(2);
  matching.labels = MakeLabels();
  if (IsSetOperator(op)) {
    matching.cardinality = VectorMatching::Cardinality::kManyToMany;
    return matching;
  }
  if (OneIn(2)) {
    matching.cardinality = OneIn(2) ? VectorMatching::Cardinality::kManyToOne
                                    : VectorMatching::Cardinality::kOneToMany;
    if (OneIn(2)) matching.include = {"extra"};
  }
  if (OneIn(3)) matching.fill_left = -1.5;
  if (OneIn(3)) matching.fill_right = OneIn(2) ? -1.5 : std::numeric_limits<double>::quiet_NaN();
  return matching;
}

std::vector<std::string> RandomTree::MakeLabels() {
  std::vector<std::string> labels;
  while (!OneIn(3) && labels.size() < 4) labels.emplace_back(kLabels[Below(kLabels.size())]);
  return labels;
}

ExprPtr RandomTree::MakeCall(ValueType type, int depth) {
  auto call = std::make_unique<Call>();
  do {
    call->function = &AllFunctions()[Below(kFunctionCount)];
  } while (call->function->return_type != type || call->function->id == FunctionId::kInfo);
  const Function& function = *call->function;
  const auto least = function.arg_count - (function.variadic == 0 ? 0 : 1);
  uint64_t count = least;
  if (function.variadic > 0) count += Below(static_cast<uint64_t>(function.variadic) + 1);
  if (function.variadic < 0) count += Below(4);
  for (uint64_t i = 0; i < count; ++i) {
    call->args.push_back(Make(function.arg_types[std::min(i, function.arg_count - 1)], depth));
  }
  return call;
}

ExprPtr RandomTree::MakeAggregate(int depth) {
  auto aggregate = std::make_unique<Aggregate>();
  aggregate->op = static_cast<AggregateOp>(Below(14));
  aggregate->grouping = MakeLabels();
  aggregate->without = OneIn(2);
  if (aggregate->op >= AggregateOp::kTopk) {
    const bool takes_label = aggregate->op == AggregateOp::kCountValues;
    aggregate->param = Make(takes_label ? ValueType::kString : ValueType::kScalar, depth);
  }
  aggregate->expr = MakeVector(depth);
  return aggregate;
}

std::unique_ptr<VectorSelector> RandomTree::MakeSelector(bool in_range) {
  auto selector = std::make_unique<VectorSelector>();
  if (!OneIn(4)) selector->name = kMetrics[Below(kMetrics.size())];
  const auto add = [&](std::string_view name, model::LabelMatcher::Op op, std::string value) {
    auto matcher = model::LabelMatcher::Create(std::string(name), op, std::move(value));
    if (matcher.ok()) selector->matchers.push_back(*std::move(matcher));
  };
  while (!OneIn(3) && selector->matchers.size() < 4) {
    add(kLabels[Below(kLabels.size())], static_cast<model::LabelMatcher::Op>(Below(4)), Text());
  }
  if (selector->name.empty()) add("z", model::LabelMatcher::Op::kNotEqual, "");
  std::ranges::sort(selector->matchers, {}, SortKey);
  if (!selector->name.empty()) {
    add(model::kMetricNameLabel, model::LabelMatcher::Op::kEqual, selector->name);
  }
  selector->shift = MakeShift();
  if (OneIn(8)) (in_range && OneIn(2) ? selector->anchored : selector->smoothed) = true;
  return selector;
}

TimeShift RandomTree::MakeShift() {
  TimeShift shift;
  shift.at = static_cast<TimeShift::At>(OneIn(2) ? 0 : Below(4));
  if (shift.at == TimeShift::At::kTimestamp) {
    shift.at_ms = static_cast<int64_t>(Below(4'000'000'000'000)) - 2'000'000'000'000;
  }
  if (OneIn(4)) shift.offset_ms = static_cast<int64_t>(Below(2'000'000)) - 1'000'000;
  if (shift.offset_ms == 0 && OneIn(4)) shift.offset_expr = MakeOffset(2);
  return shift;
}

DurationExprPtr RandomTree::MakeOffset(int depth) {
  DurationExprPtr expr = MakeDuration(depth);
  if (expr->op == DurationExpr::Op::kSeconds) {
    expr = std::make_unique<DurationExpr>();
    expr->op = DurationExpr::Op::kRange;
  }
  const bool is_binary = expr->op >= DurationExpr::Op::kAdd && expr->op <= DurationExpr::Op::kPower;
  if (is_binary) expr->in_parens = true;
  return expr;
}

DurationExprPtr RandomTree::MakeDuration(int depth) {
  auto expr = std::make_unique<DurationExpr>();
  expr->op = static_cast<DurationExpr::Op>(depth <= 0 ? Below(3) : Below(12));
  switch (expr->op) {
    case DurationExpr::Op::kSeconds:
      expr->is_duration = OneIn(2);
      expr->seconds = expr->is_duration ? 90 : 1.5;
      return expr;
    case DurationExpr::Op::kStep:
    case DurationExpr::Op::kRange:
      return expr;
    case DurationExpr::Op::kNegate:
      expr->left = MakeDuration(depth - 1);
      // A negative literal is a literal.
      if (expr->left->op == DurationExpr::Op::kSeconds) return std::move(expr->left);
      break;
    default:
      expr->left = MakeDuration(depth - 1);
      expr->right = MakeDuration(depth - 1);
  }
  const bool takes_operands = expr->op < DurationExpr::Op::kMin;
  for (DurationExpr* side : {expr->left.get(), expr->right.get()}) {
    if (side != nullptr && takes_operands && side->op >= DurationExpr::Op::kNegate &&
        side->op < DurationExpr::Op::kMin) {
      side->in_parens = true;
    }
  }
  return expr;
}

}  // namespace slowburn::promql::testing
