#include "promql/ast.h"

#include <array>

namespace slowburn::promql {
namespace {

constexpr std::array<std::string_view, 18> kBinaryOpTexts = {"+",      "-",     "*",  "/",   "%",
                                                             "^",      "atan2", "==", "!=",  "<",
                                                             "<=",     ">",     ">=", "and", "or",
                                                             "unless", "</",    ">/"};
constexpr std::array<std::string_view, 14> kAggregateOpTexts = {
    "sum",    "avg",  "count",   "min",          "max",      "group",  "stddev",
    "stdvar", "topk", "bottomk", "count_values", "quantile", "limitk", "limit_ratio"};

}  // namespace

std::string_view BinaryOpText(BinaryOp op) { return kBinaryOpTexts[static_cast<size_t>(op)]; }

bool IsComparison(BinaryOp op) { return op >= BinaryOp::kEqual && op <= BinaryOp::kGreaterOrEqual; }

bool IsSetOperator(BinaryOp op) { return op >= BinaryOp::kAnd && op <= BinaryOp::kUnless; }

std::string_view AggregateOpText(AggregateOp op) {
  return kAggregateOpTexts[static_cast<size_t>(op)];
}

ValueType TypeOf(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::kNumber:
      return ValueType::kScalar;
    case Expr::Kind::kString:
      return ValueType::kString;
    case Expr::Kind::kParen:
      return TypeOf(*As<Paren>(expr).expr);
    case Expr::Kind::kUnary:
      return TypeOf(*As<Unary>(expr).expr);
    case Expr::Kind::kStepInvariant:
      return TypeOf(*As<StepInvariant>(expr).expr);
    case Expr::Kind::kBinary: {
      const auto& binary = As<Binary>(expr);
      const bool scalars =
          TypeOf(*binary.left) == ValueType::kScalar && TypeOf(*binary.right) == ValueType::kScalar;
      return scalars ? ValueType::kScalar : ValueType::kVector;
    }
    case Expr::Kind::kCall:
      return As<Call>(expr).function->return_type;
    case Expr::Kind::kMatrixSelector:
    case Expr::Kind::kSubquery:
      return ValueType::kMatrix;
    case Expr::Kind::kVectorSelector:
    case Expr::Kind::kAggregate:
      break;
  }
  return ValueType::kVector;
}

std::vector<const Expr*> ChildrenOf(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::kNumber:
    case Expr::Kind::kString:
    case Expr::Kind::kVectorSelector:
      break;
    case Expr::Kind::kParen:
      return {As<Paren>(expr).expr.get()};
    case Expr::Kind::kUnary:
      return {As<Unary>(expr).expr.get()};
    case Expr::Kind::kStepInvariant:
      return {As<StepInvariant>(expr).expr.get()};
    case Expr::Kind::kBinary:
      return {As<Binary>(expr).left.get(), As<Binary>(expr).right.get()};
    case Expr::Kind::kMatrixSelector:
      return {As<MatrixSelector>(expr).vector.get()};
    case Expr::Kind::kSubquery:
      return {As<Subquery>(expr).expr.get()};
    case Expr::Kind::kCall: {
      std::vector<const Expr*> args;
      for (const ExprPtr& arg : As<Call>(expr).args) args.push_back(arg.get());
      return args;
    }
    case Expr::Kind::kAggregate: {
      const auto& aggregate = As<Aggregate>(expr);
      if (aggregate.param == nullptr) return {aggregate.expr.get()};
      return {aggregate.param.get(), aggregate.expr.get()};
    }
  }
  return {};
}

}  // namespace slowburn::promql
