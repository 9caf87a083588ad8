#include "promql/internal/type_checker.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "base/status.h"
#include "promql/internal/go_text.h"
#include "promql/internal/query_parser.h"

namespace slowburn::promql::internal {
namespace {

bool IsSpace(char c) { return c == ' ' || c == '\t' || c == '\n' || c == '\r'; }

bool IsArithmeticType(ValueType type) {
  return type == ValueType::kScalar || type == ValueType::kVector;
}

class TypeChecker {
 public:
  explicit TypeChecker(std::string_view query) : query_(query) {}

  absl::Status Check(Expr& expr) {
    switch (expr.kind) {
      case Expr::Kind::kNumber:
      case Expr::Kind::kString:
        return absl::OkStatus();
      case Expr::Kind::kParen:
        return Check(*As<Paren>(expr).expr);
      case Expr::Kind::kStepInvariant:
        return Check(*As<StepInvariant>(expr).expr);
      case Expr::Kind::kUnary:
        return CheckUnary(As<Unary>(expr));
      case Expr::Kind::kBinary:
        return CheckBinary(As<Binary>(expr));
      case Expr::Kind::kVectorSelector:
        return CheckSelector(As<VectorSelector>(expr), false);
      case Expr::Kind::kMatrixSelector:
        return CheckSelector(*As<MatrixSelector>(expr).vector, false);
      case Expr::Kind::kSubquery:
        return CheckSubquery(As<Subquery>(expr));
      case Expr::Kind::kCall:
        return CheckCall(As<Call>(expr));
      case Expr::Kind::kAggregate:
        break;
    }
    return CheckAggregate(As<Aggregate>(expr));
  }

 private:
  absl::Status Error(uint32_t at, const std::string& text) const {
    return ParseError(query_, at, text);
  }

  absl::Status Expect(Expr& expr, ValueType wanted, std::string_view context) {
    SB_RETURN_IF_ERROR(Check(expr));
    const ValueType type = TypeOf(expr);
    if (type == wanted) return absl::OkStatus();
    return Error(expr.range.begin,
                 fmt::format("expected type {} in {}, got {}", DocumentedName(wanted), context,
                             DocumentedName(type)));
  }

  absl::Status CheckUnary(Unary& unary) {
    SB_RETURN_IF_ERROR(Check(*unary.expr));
    const ValueType type = TypeOf(*unary.expr);
    if (IsArithmeticType(type)) return absl::OkStatus();
    return Error(unary.range.begin,
                 fmt::format("unary expression only allowed on expressions of type scalar or "
                             "instant vector, got {}",
                             Quoted(DocumentedName(type))));
  }

  // Where the operator is.
  uint32_t OperatorBegin(const Binary& binary) const {
    uint32_t at = binary.left->range.end;
    while (at < query_.size() && IsSpace(query_[at])) ++at;
    return at;
  }

  absl::Status CheckBinary(Binary& binary) {
    SB_RETURN_IF_ERROR(Check(*binary.left));
    SB_RETURN_IF_ERROR(Check(*binary.right));
    const ValueType left = TypeOf(*binary.left), right = TypeOf(*binary.right);
    const bool scalars = left == ValueType::kScalar && right == ValueType::kScalar;
    if (binary.returns_bool && !IsComparison(binary.op)) {
      return Error(OperatorBegin(binary), "bool modifier can only be used on comparison operators");
    }
    if (IsComparison(binary.op) && !binary.returns_bool && scalars) {
      return Error(OperatorBegin(binary), "comparisons between scalars must use BOOL modifier");
    }
    SB_RETURN_IF_ERROR(CheckGroupLabels(binary));
    for (const Expr* side : {binary.left.get(), binary.right.get()}) {
      if (IsArithmeticType(TypeOf(*side))) continue;
      return Error(side->range.begin,
                   "binary expression must contain only scalar and instant vector types");
    }
    return CheckMatching(binary, left == ValueType::kVector && right == ValueType::kVector);
  }

  absl::Status CheckGroupLabels(const Binary& binary) const {
    if (!binary.matching.has_value() || !binary.matching->on) return absl::OkStatus();
    for (const std::string& label : binary.matching->labels) {
      if (std::ranges::count(binary.matching->include, label) == 0) continue;
      return Error(
          OperatorBegin(binary),
          fmt::format("label {} must not occur in ON and GROUP clause at once", Quoted(label)));
    }
    return absl::OkStatus();
  }

  absl::Status CheckMatching(Binary& binary, bool vectors) const {
    if (!binary.matching.has_value()) return absl::OkStatus();
    const uint32_t begin = binary.range.begin;
    const std::string op(BinaryOpText(binary.op));
    const bool fills =
        binary.matching->fill_left.has_value() || binary.matching->fill_right.has_value();
    if (!vectors) {
      if (!binary.matching->labels.empty()) {
        return Error(begin, "vector matching only allowed between instant vectors");
      }
      if (fills) return Error(begin, "fill modifiers only allowed between instant vectors");
      binary.matching.reset();
      if (!IsSetOperator(binary.op)) return absl::OkStatus();
      return Error(begin, fmt::format("set operator {} not allowed in binary scalar expression",
                                      Quoted(op)));
    }
    if (!IsSetOperator(binary.op)) return absl::OkStatus();
    if (binary.matching->cardinality != VectorMatching::Cardinality::kOneToOne &&
        binary.matching->cardinality != VectorMatching::Cardinality::kManyToMany) {
      return Error(begin, fmt::format("no grouping allowed for {} operation", Quoted(op)));
    }
    if (fills) return Error(begin, "filling in missing series not allowed for set operators");
    binary.matching->cardinality = VectorMatching::Cardinality::kManyToMany;
    return absl::OkStatus();
  }

  absl::Status CheckSelector(const VectorSelector& selector, bool may_match_all) const {
    const model::LabelMatcher* name = nullptr;
    const size_t own = selector.name.empty() ? 0 : 1;
    const auto refuse = [&](std::string_view first, std::string_view second) {
      return Error(selector.range.begin, fmt::format("metric name must not be set twice: {} or {}",
                                                     Quoted(first), Quoted(second)));
    };
    for (size_t i = 0; i + own < selector.matchers.size(); ++i) {
      const model::LabelMatcher& matcher = selector.matchers[i];
      if (matcher.name() != model::kMetricNameLabel) continue;
      if (own == 1) return refuse(selector.name, matcher.value());
      if (matcher.op() != model::LabelMatcher::Op::kEqual) continue;
      if (name != nullptr) return refuse(name->value(), matcher.value());
      name = &matcher;
    }
    const bool refuses_absent = std::ranges::any_of(
        selector.matchers, [](const model::LabelMatcher& matcher) { return !matcher.Matches(""); });
    if (own == 1 || may_match_all || refuses_absent) return absl::OkStatus();
    return Error(selector.range.begin,
                 "vector selector must contain at least one non-empty matcher");
  }

  absl::Status CheckSubquery(Subquery& subquery) {
    SB_RETURN_IF_ERROR(Check(*subquery.expr));
    const ValueType type = TypeOf(*subquery.expr);
    if (type == ValueType::kVector) return absl::OkStatus();
    return Error(
        subquery.range.begin,
        fmt::format("subquery is only allowed on instant vector, got {} instead", ApiName(type)));
  }

  absl::Status CheckArgumentCount(const Call& call) const {
    const Function& function = *call.function;
    const size_t count = call.args.size();
    const auto refuse = [&](std::string_view qualifier, size_t wanted) {
      return Error(call.range.begin, fmt::format("expected {}{} argument(s) in call to {}, got {}",
                                                 qualifier, wanted, Quoted(function.name), count));
    };
    if (function.variadic == 0) {
      return count == function.arg_count ? absl::OkStatus() : refuse("", function.arg_count);
    }
    const size_t least = function.arg_count - 1;
    if (count < least) return refuse("at least ", least);
    const size_t most = least + static_cast<size_t>(std::max(function.variadic, 0));
    return function.variadic > 0 && count > most ? refuse("at most ", most) : absl::OkStatus();
  }

  // The second argument of info() says which labels to add, so it may match every series.
  absl::Status CheckInfoLabels(Expr& labels) const {
    const ValueType type = TypeOf(labels);
    if (type != ValueType::kVector) {
      return Error(labels.range.begin,
                   fmt::format("expected type instant vector in call to function \"info\", got {}",
                               DocumentedName(type)));
    }
    if (labels.kind != Expr::Kind::kVectorSelector || !As<VectorSelector>(labels).name.empty()) {
      return Error(labels.range.begin,
                   "expected label selectors only, got vector selector instead");
    }
    return CheckSelector(As<VectorSelector>(labels), true);
  }

  absl::Status CheckCall(Call& call) {
    SB_RETURN_IF_ERROR(CheckArgumentCount(call));
    const Function& function = *call.function;
    for (size_t i = 0; i < call.args.size(); ++i) {
      if (function.id == FunctionId::kInfo && i == 1) {
        SB_RETURN_IF_ERROR(CheckInfoLabels(*call.args[i]));
        continue;
      }
      const ValueType wanted = function.arg_types[std::min(i, function.arg_count - 1)];
      SB_RETURN_IF_ERROR(
          Expect(*call.args[i], wanted, fmt::format("call to function {}", Quoted(function.name))));
    }
    return absl::OkStatus();
  }

  absl::Status CheckAggregate(Aggregate& aggregate) {
    SB_RETURN_IF_ERROR(Expect(*aggregate.expr, ValueType::kVector, "aggregation expression"));
    if (aggregate.param == nullptr) return absl::OkStatus();
    const bool takes_label = aggregate.op == AggregateOp::kCountValues;
    return Expect(*aggregate.param, takes_label ? ValueType::kString : ValueType::kScalar,
                  "aggregation parameter");
  }

  std::string_view query_;
};

}  // namespace

absl::Status CheckTypes(Expr& expr, std::string_view query) {
  return TypeChecker(query).Check(expr);
}

}  // namespace slowburn::promql::internal
