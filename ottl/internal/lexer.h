// ottl/internal/lexer.h: a condition's text as tokens.
//
// Room     ottl, internal
// Uses     base/duration_text.h, ottl/condition.h
// Threads  pure function
// Units    offsets are bytes from 0
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "ottl/condition.h"

namespace slowburn::ottl::internal {

struct Token {
  enum class Kind : uint8_t {
    kName,      // and, span, SPAN_KIND_SERVER, IsMatch
    kString,    // text: unescaped
    kInt,       // integer; also a float without a fraction that fits: 1e3 and 1000 compare alike
    kDouble,    // number
    kBytes,     // text: the bytes of 0x...
    kDuration,  // integer: nanoseconds
    kCompare,   // op
    kLeftParen,
    kRightParen,
    kLeftBracket,
    kRightBracket,
    kComma,
    kDot,
    kEnd,
  };
  Kind kind = Kind::kEnd;
  size_t offset = 0;
  std::string_view spelling{};  // as written
  Node::Op op = Node::Op::kEqual;
  std::string text{};
  int64_t integer = 0;
  double number = 0;
};

// The tokens, the last one being kEnd. They view `text`. Errors as ottl/condition.h says.
absl::StatusOr<std::vector<Token>> Lex(std::string_view text);

}  // namespace slowburn::ottl::internal
