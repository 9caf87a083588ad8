// The part of QueryParser that knows operators: how they bind, what stands behind them.
#include <utility>

#include <absl/strings/ascii.h>

#include "base/status.h"
#include "promql/internal/query_parser.h"

namespace slowburn::promql::internal {
namespace {

using enum TokenType;

bool IsFill(std::string_view lower) {
  return lower == "fill" || lower == "fill_left" || lower == "fill_right";
}

}  // namespace

int Precedence(BinaryOp op) {
  switch (op) {
    case BinaryOp::kOr:
      return kLowestPrecedence;
    case BinaryOp::kAnd:
    case BinaryOp::kUnless:
      return 2;
    case BinaryOp::kAdd:
    case BinaryOp::kSubtract:
      return 4;
    case BinaryOp::kMultiply:
    case BinaryOp::kDivide:
    case BinaryOp::kModulo:
    case BinaryOp::kAtan2:
      return 5;
    case BinaryOp::kPower:
      return kPowerPrecedence;
    default:
      break;
  }
  return 3;  // comparisons and trims
}

absl::Status QueryParser::ParseBinaryModifiers(Binary& binary) {
  binary.returns_bool = TakeIf(kBool);
  VectorMatching& matching = binary.matching.emplace();
  if (PeekIs(kOn) || PeekIs(kIgnoring)) {
    matching.on = Take().type == kOn;
    SB_ASSIGN_OR_RETURN(matching.labels, ParseLabels());
    if (PeekIs(kGroupLeft) || PeekIs(kGroupRight)) {
      matching.cardinality = Take().type == kGroupLeft ? VectorMatching::Cardinality::kManyToOne
                                                       : VectorMatching::Cardinality::kOneToMany;
      if (PeekIs(kLeftParen)) {
        SB_ASSIGN_OR_RETURN(matching.include, ParseLabels());
      }
    }
  }
  return ParseFills(matching);
}

absl::Status QueryParser::ParseFills(VectorMatching& matching) {
  for (;;) {
    const std::string word = PeekIs(kIdentifier)
                                 ? absl::AsciiStrToLower({Peek().text.data(), Peek().text.size()})
                                 : std::string();
    if (!IsFill(word) || PeekSecond().type != kLeftParen) return absl::OkStatus();
    const Token token = Take();
    if (!options_.binop_fill_modifiers) {
      return Error(token.begin,
                   "binary operator fill modifiers are experimental and not enabled "
                   "(promql-binop-fill-modifiers)");
    }
    const bool fills_left = word != "fill_right";
    const bool fills_right = word != "fill_left";
    if ((fills_left && matching.fill_left.has_value()) ||
        (fills_right && matching.fill_right.has_value())) {
      return Error(token.begin, "fill modifier may not be set multiple times");
    }
    SB_ASSIGN_OR_RETURN(const double value, ParseFillValue());
    if (fills_left) matching.fill_left = value;
    if (fills_right) matching.fill_right = value;
  }
}

absl::StatusOr<double> QueryParser::ParseFillValue() {
  SB_RETURN_IF_ERROR(Expect(kLeftParen));
  const ContextScope scope(*this, {"fill modifier", "number"});
  SB_ASSIGN_OR_RETURN(const double value, ReadSignedNumber());
  SB_RETURN_IF_ERROR(Expect(kRightParen));
  return value;
}

}  // namespace slowburn::promql::internal
