// The part of QueryParser that reads numbers and durations, also those that are computed.
#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "model/promql_string.h"
#include "promql/internal/go_text.h"
#include "promql/internal/literals.h"
#include "promql/internal/query_parser.h"

namespace slowburn::promql::internal {
namespace {

using enum TokenType;

// Of time.Duration, which Prometheus computes with.
constexpr double kDurationSecondsMax = 9223372036.0;

std::optional<DurationExpr::Op> DurationOpOf(TokenType type) {
  switch (type) {
    case kAdd:
      return DurationExpr::Op::kAdd;
    case kSub:
      return DurationExpr::Op::kSubtract;
    case kMul:
      return DurationExpr::Op::kMultiply;
    case kDiv:
      return DurationExpr::Op::kDivide;
    case kMod:
      return DurationExpr::Op::kModulo;
    case kPow:
      return DurationExpr::Op::kPower;
    default:
      return std::nullopt;
  }
}

int DurationPrecedence(DurationExpr::Op op) {
  if (op == DurationExpr::Op::kPower) return kPowerPrecedence;
  const bool adds = op == DurationExpr::Op::kAdd || op == DurationExpr::Op::kSubtract;
  return Precedence(adds ? BinaryOp::kAdd : BinaryOp::kMultiply);
}

bool IsSign(TokenType type) { return type == kAdd || type == kSub; }

}  // namespace

absl::StatusOr<double> QueryParser::ReadNumber(const Token& token) const {
  if (token.type == kNumber) {
    const absl::StatusOr<double> number = NumberOf(token.text);
    if (!number.ok()) return Error(token.begin, base::Message(number.status()));
    return *number;
  }
  const absl::StatusOr<int64_t> ms = DurationMsOf(token.text);
  if (!ms.ok()) return Error(token.begin, base::Message(ms.status()));
  return static_cast<double>(*ms) / 1000;
}

absl::StatusOr<double> QueryParser::ReadSignedNumber() {
  double sign = 1;
  if (IsSign(Peek().type) && Take().type == kSub) sign = -1;
  if (!PeekIs(kNumber) && !PeekIs(kDuration)) return Unexpected();
  SB_ASSIGN_OR_RETURN(const double number, ReadNumber(Take()));
  return sign * number;
}

absl::StatusOr<std::string> QueryParser::ReadString(const Token& token) const {
  absl::StatusOr<model::PromqlString> read = model::ReadPromqlString(token.text);
  if (!read.ok()) {
    return Error(token.begin,
                 fmt::format("error unquoting string: {}", base::Message(read.status())));
  }
  return std::move(read->text);
}

absl::StatusOr<QueryParser::ParsedDuration> QueryParser::ParseDuration(int precedence_min) {
  const DepthScope scope(*this);
  SB_RETURN_IF_ERROR(CheckHeight(depth_, Peek().begin));
  ParsedDuration left;
  if (IsSign(Peek().type)) {
    const Token sign = Take();
    SB_ASSIGN_OR_RETURN(ParsedDuration operand, ParseDuration(kPowerPrecedence));
    SB_ASSIGN_OR_RETURN(left, NegatedDuration(sign, std::move(operand)));
  } else {
    SB_ASSIGN_OR_RETURN(left, ParseDurationPrimary());
  }
  for (;;) {
    const std::optional<DurationExpr::Op> op = DurationOpOf(Peek().type);
    if (!op.has_value() || DurationPrecedence(*op) < precedence_min) return left;
    const Token sign = Take();
    const int next = DurationPrecedence(*op) + (*op == DurationExpr::Op::kPower ? 0 : 1);
    SB_ASSIGN_OR_RETURN(ParsedDuration right, ParseDuration(next));
    const bool by_zero = right.expr->op == DurationExpr::Op::kSeconds && right.expr->seconds == 0;
    if (by_zero && *op == DurationExpr::Op::kDivide) return Error(sign.begin, "division by zero");
    if (by_zero && *op == DurationExpr::Op::kModulo) return Error(sign.begin, "modulo by zero");
    auto binary = std::make_unique<DurationExpr>();
    binary->op = *op;
    binary->range = {left.expr->range.begin, right.expr->range.end};
    const int height = std::max(left.height, right.height) + 1;
    SB_RETURN_IF_ERROR(CheckHeight(height, binary->range.begin));
    binary->left = std::move(left.expr);
    binary->right = std::move(right.expr);
    left = {std::move(binary), height};
  }
}

absl::StatusOr<QueryParser::ParsedDuration> QueryParser::NegatedDuration(const Token& sign,
                                                                         ParsedDuration operand) {
  if (operand.expr->op == DurationExpr::Op::kSeconds) {
    if (sign.type == kSub) operand.expr->seconds = -operand.expr->seconds;
    operand.expr->range.begin = sign.begin;
    return operand;
  }
  if (sign.type == kAdd) return operand;
  auto negated = std::make_unique<DurationExpr>();
  negated->op = DurationExpr::Op::kNegate;
  negated->range = {sign.begin, operand.expr->range.end};
  negated->left = std::move(operand.expr);
  SB_RETURN_IF_ERROR(CheckHeight(operand.height + 1, sign.begin));
  return ParsedDuration{std::move(negated), operand.height + 1};
}

absl::StatusOr<QueryParser::ParsedDuration> QueryParser::ParseDurationPrimary() {
  const TokenType type = Peek().type;
  if (type == kLeftParen) return ParseDurationParen();
  if (type >= kStep && type <= kMaxOf) return ParseDurationCall(Take());
  if (type != kNumber && type != kDuration) return Unexpected();
  const Token token = Take();
  auto literal = std::make_unique<DurationExpr>();
  SB_ASSIGN_OR_RETURN(literal->seconds, ReadNumber(token));
  // Not a number fails this too.
  if (!(std::abs(literal->seconds) <= kDurationSecondsMax)) {
    return Error(token.begin, "duration out of range");
  }
  literal->is_duration = token.type == kDuration;
  literal->range = token.range();
  return ParsedDuration{std::move(literal), 1};
}

absl::StatusOr<QueryParser::ParsedDuration> QueryParser::ParseDurationParen() {
  const Token paren = Take();
  SB_ASSIGN_OR_RETURN(ParsedDuration inner, ParseDuration(kLowestPrecedence));
  SB_RETURN_IF_ERROR(Expect(kRightParen));
  if (inner.expr->op != DurationExpr::Op::kSeconds) {
    inner.expr->in_parens = true;
    inner.expr->range = {paren.begin, last_end_};
  }
  return inner;
}

absl::StatusOr<QueryParser::ParsedDuration> QueryParser::ParseDurationCall(const Token& name) {
  auto call = std::make_unique<DurationExpr>();
  int height = 1;
  SB_RETURN_IF_ERROR(Expect(kLeftParen));
  if (name.type == kStep || name.type == kRange) {
    call->op = name.type == kStep ? DurationExpr::Op::kStep : DurationExpr::Op::kRange;
  } else {
    call->op = name.type == kMinOf ? DurationExpr::Op::kMin : DurationExpr::Op::kMax;
    SB_ASSIGN_OR_RETURN(ParsedDuration left, ParseDuration(kLowestPrecedence));
    SB_RETURN_IF_ERROR(Expect(kComma));
    SB_ASSIGN_OR_RETURN(ParsedDuration right, ParseDuration(kLowestPrecedence));
    height = std::max(left.height, right.height) + 1;
    call->left = std::move(left.expr);
    call->right = std::move(right.expr);
  }
  SB_RETURN_IF_ERROR(Expect(kRightParen));
  call->range = {name.begin, last_end_};
  SB_RETURN_IF_ERROR(CheckHeight(height, name.begin));
  return ParsedDuration{std::move(call), height};
}

// One operand with at most one sign: more of them need parentheses.
absl::StatusOr<QueryParser::ParsedDuration> QueryParser::ParseOffsetDuration() {
  if (!IsSign(Peek().type)) return ParseDurationPrimary();
  const Token sign = Take();
  SB_ASSIGN_OR_RETURN(ParsedDuration operand, ParseDurationPrimary());
  return NegatedDuration(sign, std::move(operand));
}

absl::Status QueryParser::ReadPositiveDuration(int64_t& ms, DurationExprPtr& expr) {
  SB_ASSIGN_OR_RETURN(ParsedDuration parsed, ParseDuration(kLowestPrecedence));
  if (parsed.expr->op != DurationExpr::Op::kSeconds) {
    expr = std::move(parsed.expr);
    return absl::OkStatus();
  }
  ms = static_cast<int64_t>(std::round(parsed.expr->seconds * 1e9) / 1e6);
  if (ms > 0) return absl::OkStatus();
  return Error(parsed.expr->range.begin, "duration must be greater than 0");
}

}  // namespace slowburn::promql::internal
