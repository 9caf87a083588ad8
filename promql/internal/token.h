// promql/internal/token.h: the words and signs of a query.
//
// Room     promql, internal
// Uses     promql/
// Threads  values
// Units    bytes of the query
// Source   Prometheus 3 documentation, "Querying basics"
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "promql/ast.h"

namespace slowburn::promql::internal {

enum class TokenType : uint8_t {
  kEnd,
  kError,  // text says what is wrong
  kIdentifier,
  kMetricIdentifier,  // has a colon
  kNumber,
  kDuration,
  kString,
  kLeftParen,
  kRightParen,
  kLeftBrace,
  kRightBrace,
  kLeftBracket,
  kRightBracket,
  kComma,
  kColon,
  kEqual,
  // Operators.
  kAdd,
  kSub,
  kMul,
  kDiv,
  kMod,
  kPow,
  kAtan2,
  kEqualEqual,
  kNotEqual,
  kLess,
  kLessOrEqual,
  kGreater,
  kGreaterOrEqual,
  kAnd,
  kOr,
  kUnless,
  kTrimUpper,
  kTrimLower,
  kEqualRegex,
  kNotEqualRegex,
  kAt,
  // Aggregations, in the order of AggregateOp.
  kSum,
  kAvg,
  kCount,
  kMin,
  kMax,
  kGroup,
  kStddev,
  kStdvar,
  kTopk,
  kBottomk,
  kCountValues,
  kQuantile,
  kLimitk,
  kLimitRatio,
  // Keywords.
  kOffset,
  kBy,
  kWithout,
  kOn,
  kIgnoring,
  kGroupLeft,
  kGroupRight,
  kBool,
  kAnchored,
  kSmoothed,
  // Words that are keywords in few places.
  kStart,
  kEndWord,
  kStep,
  kRange,
  kMinOf,
  kMaxOf,
};

struct Token {
  TokenType type = TokenType::kEnd;
  std::string_view text;  // of the query
  std::string error;      // kError
  uint32_t begin = 0;

  SourceRange range() const { return {begin, begin + static_cast<uint32_t>(text.size())}; }
};

bool IsAggregator(TokenType type);
AggregateOp AggregateOpOf(TokenType type);  // of an aggregator
// Nothing for a token that joins no two expressions.
std::optional<BinaryOp> BinaryOpOf(TokenType type);

// May name a metric, or a label in a grouping, although it is a keyword elsewhere.
bool IsMetricWord(TokenType type);
bool IsLabelWord(TokenType type);

// As "unexpected ..." goes on: identifier "foo", <op:==>, end of input.
std::string Description(const Token& token);

// kIdentifier or the keyword's, whose case does not matter.
TokenType WordType(std::string_view word);

}  // namespace slowburn::promql::internal
