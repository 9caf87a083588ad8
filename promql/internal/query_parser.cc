#include "promql/internal/query_parser.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "promql/internal/go_text.h"

namespace slowburn::promql::internal {

using enum TokenType;

namespace {

// What the lexer found wrong tells itself.
bool BeginsExpression(TokenType type) {
  return IsMetricWord(type) || (type >= kNumber && type <= kLeftParen) || type == kLeftBrace ||
         type == kAdd || type == kSub || type == kError;
}

}  // namespace

absl::Status ParseError(std::string_view query, uint32_t at, std::string_view text) {
  return base::InvalidArgument("{}: parse error: {}", PositionText(query, at), text);
}

absl::StatusOr<ExprPtr> QueryParser::Parse() {
  if (PeekIs(kEnd)) return Error(0, "no expression found in input");
  SB_ASSIGN_OR_RETURN(Parsed parsed, ParseExpression(kLowestPrecedence));
  if (!PeekIs(kEnd)) return Unexpected();
  return std::move(parsed.expr);
}

absl::StatusOr<QueryParser::Parsed> QueryParser::ParseExpression(int precedence_min) {
  const DepthScope scope(*this);
  SB_RETURN_IF_ERROR(CheckHeight(depth_, Peek().begin));
  SB_ASSIGN_OR_RETURN(Parsed left, ParseUnary());
  for (;;) {
    const std::optional<BinaryOp> op = BinaryOpOf(Peek().type);
    if (!op.has_value() || Precedence(*op) < precedence_min) return left;
    Take();
    SB_ASSIGN_OR_RETURN(left, ParseBinary(std::move(left), *op));
  }
}

absl::StatusOr<QueryParser::Parsed> QueryParser::ParseBinary(Parsed left, BinaryOp op) {
  auto binary = std::make_unique<Binary>();
  binary->op = op;
  SB_RETURN_IF_ERROR(ParseBinaryModifiers(*binary));
  const int precedence = Precedence(op);
  SB_ASSIGN_OR_RETURN(Parsed right,
                      ParseExpression(op == BinaryOp::kPower ? precedence : precedence + 1));
  binary->range = {left.expr->range.begin, right.expr->range.end};
  binary->left = std::move(left.expr);
  binary->right = std::move(right.expr);
  return Grown(std::move(binary), std::max(left.height, right.height));
}

absl::StatusOr<QueryParser::Parsed> QueryParser::ParseUnary() {
  if (!PeekIs(kAdd) && !PeekIs(kSub)) return ParseOperand();
  const Token sign = Take();
  // A sign binds like *, so that -1^2 is -(1^2).
  SB_ASSIGN_OR_RETURN(Parsed operand, ParseExpression(kPowerPrecedence));
  if (operand.expr->kind == Expr::Kind::kNumber) {
    auto& number = As<NumberLiteral>(*operand.expr);
    if (sign.type == kSub) number.value = -number.value;
    number.range.begin = sign.begin;
    return operand;
  }
  auto unary = std::make_unique<Unary>();
  unary->negates = sign.type == kSub;
  unary->range = {sign.begin, operand.expr->range.end};
  unary->expr = std::move(operand.expr);
  return Grown(std::move(unary), operand.height);
}

absl::StatusOr<QueryParser::Parsed> QueryParser::ParseOperand() {
  SB_ASSIGN_OR_RETURN(Parsed operand, ParsePrimary());
  for (;;) {
    switch (Peek().type) {
      case kLeftBracket: {
        SB_ASSIGN_OR_RETURN(operand, ParseBrackets(std::move(operand)));
        break;
      }
      case kOffset:
        SB_RETURN_IF_ERROR(ParseOffset(*operand.expr));
        break;
      case kAt:
        SB_RETURN_IF_ERROR(ParseAt(*operand.expr));
        break;
      case kAnchored:
      case kSmoothed:
        SB_RETURN_IF_ERROR(ParseExtension(*operand.expr));
        break;
      default:
        return operand;
    }
  }
}

absl::StatusOr<QueryParser::Parsed> QueryParser::ParsePrimary() {
  const TokenType type = Peek().type;
  if (type == kNumber || type == kDuration) return ParseNumber();
  if (type == kString) return ParseString();
  if (type == kLeftParen) return ParseParen();
  if (type == kLeftBrace) return ParseSelector({.begin = Peek().begin});
  if (!IsMetricWord(type)) return Unexpected();
  const Token word = Take();
  const bool opens = PeekIs(kLeftParen);
  if (IsAggregator(type) && (opens || PeekIs(kBy) || PeekIs(kWithout))) {
    return ParseAggregate(word);
  }
  const bool names_function = type == kIdentifier || (type >= kStart && type <= kMaxOf);
  if (names_function && opens) return ParseCall(word);
  return ParseSelector(word);
}

absl::StatusOr<QueryParser::Parsed> QueryParser::ParseParen() {
  auto paren = std::make_unique<Paren>();
  paren->range.begin = Take().begin;
  SB_ASSIGN_OR_RETURN(Parsed inner, ParseExpression(kLowestPrecedence));
  SB_RETURN_IF_ERROR(Expect(kRightParen));
  paren->range.end = last_end_;
  paren->expr = std::move(inner.expr);
  return Grown(std::move(paren), inner.height);
}

absl::StatusOr<QueryParser::Parsed> QueryParser::ParseNumber() {
  const Token token = Take();
  auto number = std::make_unique<NumberLiteral>();
  SB_ASSIGN_OR_RETURN(number->value, ReadNumber(token));
  number->is_duration = token.type == kDuration;
  number->range = token.range();
  return Grown(std::move(number), 0);
}

absl::StatusOr<QueryParser::Parsed> QueryParser::ParseString() {
  const Token token = Take();
  auto string = std::make_unique<StringLiteral>();
  SB_ASSIGN_OR_RETURN(string->text, ReadString(token));
  string->range = token.range();
  return Grown(std::move(string), 0);
}

absl::StatusOr<std::vector<QueryParser::Parsed>> QueryParser::ParseArguments() {
  SB_RETURN_IF_ERROR(Expect(kLeftParen));
  std::vector<Parsed> args;
  if (TakeIf(kRightParen)) return args;
  for (;;) {
    SB_ASSIGN_OR_RETURN(Parsed arg, ParseExpression(kLowestPrecedence));
    args.push_back(std::move(arg));
    if (TakeIf(kRightParen)) return args;
    const Token comma = Peek();
    SB_RETURN_IF_ERROR(Expect(kComma));
    if (!BeginsExpression(Peek().type)) {
      return Error(comma.begin, "trailing commas not allowed in function call args");
    }
  }
}

absl::StatusOr<QueryParser::Parsed> QueryParser::ParseCall(const Token& name) {
  SB_ASSIGN_OR_RETURN(std::vector<Parsed> args, ParseArguments());
  auto call = std::make_unique<Call>();
  call->range = {name.begin, last_end_};
  call->function = FindFunction(name.text);
  if (call->function == nullptr) {
    return Error(name.begin, fmt::format("unknown function with name {}", Quoted(name.text)));
  }
  if (call->function->experimental && !options_.experimental_functions) {
    return Error(name.begin, fmt::format("function {} is not enabled (experimental: "
                                         "promql-experimental-functions)",
                                         Quoted(name.text)));
  }
  int height = 0;
  for (Parsed& arg : args) {
    height = std::max(height, arg.height);
    call->args.push_back(std::move(arg.expr));
  }
  return Grown(std::move(call), height);
}

absl::StatusOr<QueryParser::Parsed> QueryParser::ParseAggregate(const Token& op) {
  const ContextScope scope(*this, {"aggregation", ""});
  auto aggregate = std::make_unique<Aggregate>();
  aggregate->op = AggregateOpOf(op.type);
  aggregate->range.begin = op.begin;
  const auto parse_grouping = [&]() -> absl::Status {
    if (!PeekIs(kBy) && !PeekIs(kWithout)) return absl::OkStatus();
    aggregate->without = Take().type == kWithout;
    SB_ASSIGN_OR_RETURN(aggregate->grouping, ParseLabels());
    return absl::OkStatus();
  };
  const bool grouping_first = !PeekIs(kLeftParen);
  if (grouping_first) SB_RETURN_IF_ERROR(parse_grouping());
  SB_ASSIGN_OR_RETURN(std::vector<Parsed> args, ParseArguments());
  if (!grouping_first) SB_RETURN_IF_ERROR(parse_grouping());
  aggregate->range.end = last_end_;
  return FinishAggregate(std::move(aggregate), std::move(args));
}

absl::StatusOr<QueryParser::Parsed> QueryParser::FinishAggregate(
    std::unique_ptr<Aggregate> aggregate, std::vector<Parsed> args) {
  const AggregateOp op = aggregate->op;
  const uint32_t begin = aggregate->range.begin;
  if (args.empty()) return Error(begin, "no arguments for aggregate expression provided");
  const bool is_experimental = op == AggregateOp::kLimitk || op == AggregateOp::kLimitRatio;
  if (is_experimental && !options_.experimental_functions) {
    return Error(begin, fmt::format("{}() is experimental and must be enabled with "
                                    "--enable-feature=promql-experimental-functions",
                                    AggregateOpText(op)));
  }
  const size_t wanted = op >= AggregateOp::kTopk ? 2 : 1;
  if (args.size() != wanted) {
    return Error(begin, fmt::format("wrong number of arguments for aggregate expression provided, "
                                    "expected {}, got {}",
                                    wanted, args.size()));
  }
  int height = args.back().height;
  if (wanted == 2) {
    height = std::max(height, args.front().height);
    aggregate->param = std::move(args.front().expr);
  }
  aggregate->expr = std::move(args.back().expr);
  return Grown(std::move(aggregate), height);
}

const Token& QueryParser::Peek() {
  if (!peeked_.has_value()) peeked_ = lexer_.Next();
  return *peeked_;
}

Token QueryParser::PeekSecond() {
  Peek();
  Lexer ahead = lexer_;
  return ahead.Next();
}

Token QueryParser::Take() {
  Token token = Peek();
  last_end_ = token.range().end;
  peeked_.reset();
  return token;
}

bool QueryParser::TakeIf(TokenType type) {
  if (!PeekIs(type)) return false;
  Take();
  return true;
}

absl::Status QueryParser::Expect(TokenType type) {
  return TakeIf(type) ? absl::OkStatus() : Unexpected();
}

absl::Status QueryParser::Unexpected() {
  return Unexpected(contexts_.empty() ? Context{} : contexts_.back());
}

absl::Status QueryParser::Unexpected(Context context) {
  const Token& token = Peek();
  if (token.type == kError) return Error(token.begin, token.error);
  std::string text = fmt::format("unexpected {}", Description(token));
  if (!context.construct.empty()) text += fmt::format(" in {}", context.construct);
  if (!context.expected.empty()) text += fmt::format(", expected {}", context.expected);
  return Error(token.begin, text);
}

absl::Status QueryParser::Error(uint32_t at, std::string_view text) const {
  return ParseError(query_, at, text);
}

absl::Status QueryParser::CheckHeight(int height, uint32_t at) const {
  if (height <= kDepthMax) return absl::OkStatus();
  return Error(at,
               fmt::format("expression is more than {} levels deep; write it in parts", kDepthMax));
}

absl::StatusOr<QueryParser::Parsed> QueryParser::Grown(ExprPtr expr, int height_below) const {
  SB_RETURN_IF_ERROR(CheckHeight(height_below + 1, expr->range.begin));
  return Parsed{std::move(expr), height_below + 1};
}

}  // namespace slowburn::promql::internal
