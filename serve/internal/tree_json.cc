#include "serve/internal/tree_json.h"

#include <boost/json.hpp>

#include "serve/internal/api_json.h"
#include "serve/internal/json_text.h"

namespace slowburn::serve::internal {
namespace {

namespace json = boost::json;
using promql::As;
using promql::Expr;

json::value NodeJson(const Expr& expr);

json::array TextsJson(const std::vector<std::string>& texts) {
  json::array list;
  for (const std::string& text : texts) list.emplace_back(text);
  return list;
}

std::string_view OpText(model::LabelMatcher::Op op) {
  using Op = model::LabelMatcher::Op;
  switch (op) {
    case Op::kEqual:
      return "=";
    case Op::kNotEqual:
      return "!=";
    case Op::kRegex:
      return "=~";
    case Op::kNotRegex:
      return "!~";
  }
  return "";
}

std::string_view CardinalityText(promql::VectorMatching::Cardinality cardinality) {
  using Cardinality = promql::VectorMatching::Cardinality;
  switch (cardinality) {
    case Cardinality::kOneToOne:
      return "one-to-one";
    case Cardinality::kManyToOne:
      return "many-to-one";
    case Cardinality::kOneToMany:
      return "one-to-many";
    case Cardinality::kManyToMany:
      return "many-to-many";
  }
  return "";
}

json::value MatchingJson(const std::optional<promql::VectorMatching>& matching) {
  if (!matching.has_value()) return nullptr;
  json::object node;
  node["card"] = CardinalityText(matching->cardinality);
  node["fillValues"] = json::object{{"lhs", NumberOrNull(matching->fill_left)},
                                    {"rhs", NumberOrNull(matching->fill_right)}};
  node["include"] = TextsJson(matching->include);
  node["labels"] = TextsJson(matching->labels);
  node["on"] = matching->on;
  return node;
}

// timestamp and startOrEnd, offset.
void SetShift(json::object& node, const promql::TimeShift& shift) {
  using At = promql::TimeShift::At;
  node["offset"] = shift.offset_ms;
  node["startOrEnd"] = nullptr;
  node["timestamp"] = nullptr;
  if (shift.at == At::kStart) node["startOrEnd"] = "start";
  if (shift.at == At::kEnd) node["startOrEnd"] = "end";
  if (shift.at == At::kTimestamp) node["timestamp"] = shift.at_ms;
}

json::object SelectorJson(const promql::VectorSelector& selector) {
  json::object node;
  node["anchored"] = selector.anchored;
  json::array matchers;
  for (const model::LabelMatcher& matcher : selector.matchers) {
    matchers.push_back(json::object{
        {"name", matcher.name()}, {"type", OpText(matcher.op())}, {"value", matcher.value()}});
  }
  node["matchers"] = std::move(matchers);
  node["name"] = selector.name;
  node["smoothed"] = selector.smoothed;
  SetShift(node, selector.shift);
  return node;
}

json::object AggregateJson(const promql::Aggregate& aggregate) {
  json::object node;
  node["expr"] = NodeJson(*aggregate.expr);
  node["grouping"] = TextsJson(aggregate.grouping);
  node["op"] = promql::AggregateOpText(aggregate.op);
  node["param"] = aggregate.param == nullptr ? json::value() : NodeJson(*aggregate.param);
  node["type"] = "aggregation";
  node["without"] = aggregate.without;
  return node;
}

json::object BinaryJson(const promql::Binary& binary) {
  json::object node;
  node["bool"] = binary.returns_bool;
  node["lhs"] = NodeJson(*binary.left);
  node["matching"] = MatchingJson(binary.matching);
  node["op"] = promql::BinaryOpText(binary.op);
  node["rhs"] = NodeJson(*binary.right);
  node["type"] = "binaryExpr";
  return node;
}

json::object CallJson(const promql::Call& call) {
  json::array args, types;
  for (const promql::ExprPtr& arg : call.args) args.push_back(NodeJson(*arg));
  for (const promql::ValueType type : call.function->args())
    types.emplace_back(promql::ApiName(type));
  json::object function;
  function["argTypes"] = std::move(types);
  function["name"] = call.function->name;
  function["returnType"] = promql::ApiName(call.function->return_type);
  function["variadic"] = call.function->variadic;
  json::object node;
  node["args"] = std::move(args);
  node["func"] = std::move(function);
  node["type"] = "call";
  return node;
}

json::object MatrixJson(const promql::MatrixSelector& matrix) {
  json::object node = SelectorJson(*matrix.vector);
  node["range"] = matrix.range_ms;
  node["type"] = "matrixSelector";
  return node;
}

json::object SubqueryJson(const promql::Subquery& subquery) {
  json::object node;
  node["expr"] = NodeJson(*subquery.expr);
  SetShift(node, subquery.shift);
  node["range"] = subquery.range_ms;
  node["step"] = subquery.step_ms;
  node["type"] = "subquery";
  return node;
}

json::value NodeJson(const Expr& expr) {
  json::object node;
  switch (expr.kind) {
    case Expr::Kind::kNumber:
      node["type"] = "numberLiteral";
      node["val"] = GoFixed(As<promql::NumberLiteral>(expr).value);
      return node;
    case Expr::Kind::kString:
      node["type"] = "stringLiteral";
      node["val"] = As<promql::StringLiteral>(expr).text;
      return node;
    case Expr::Kind::kParen:
      node["expr"] = NodeJson(*As<promql::Paren>(expr).expr);
      node["type"] = "parenExpr";
      return node;
    case Expr::Kind::kUnary:
      node["expr"] = NodeJson(*As<promql::Unary>(expr).expr);
      node["op"] = As<promql::Unary>(expr).negates ? "-" : "+";
      node["type"] = "unaryExpr";
      return node;
    case Expr::Kind::kBinary:
      return BinaryJson(As<promql::Binary>(expr));
    case Expr::Kind::kVectorSelector:
      node = SelectorJson(As<promql::VectorSelector>(expr));
      node["type"] = "vectorSelector";
      return node;
    case Expr::Kind::kMatrixSelector:
      return MatrixJson(As<promql::MatrixSelector>(expr));
    case Expr::Kind::kSubquery:
      return SubqueryJson(As<promql::Subquery>(expr));
    case Expr::Kind::kCall:
      return CallJson(As<promql::Call>(expr));
    case Expr::Kind::kAggregate:
      return AggregateJson(As<promql::Aggregate>(expr));
    case Expr::Kind::kStepInvariant:
      return NodeJson(*As<promql::StepInvariant>(expr).expr);
  }
  return node;
}

}  // namespace

std::string TreeJson(const Expr& expr) { return JsonText(NodeJson(expr)); }

}  // namespace slowburn::serve::internal
