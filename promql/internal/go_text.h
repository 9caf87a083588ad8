// promql/internal/go_text.h: strings and durations as Prometheus prints them.
//
// Room     promql, internal
// Uses     standard library
// Threads  pure functions
// Units    milliseconds
// Source   The Go Programming Language, packages strconv and fmt; Prometheus durations
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace slowburn::promql::internal {

// A character of UTF-8 text.
struct Rune {
  int32_t code = 0;   // kRuneError for bytes that are none
  size_t length = 1;  // bytes
};
inline constexpr int32_t kRuneError = 0xFFFD;
inline constexpr int32_t kRuneEnd = -1;  // behind the text

Rune FirstRune(std::string_view text);  // of text that is not empty

// "a\tb" and 'x', escaped as Go's %q does.
std::string Quoted(std::string_view text);
std::string QuotedRune(int32_t code);
// The first `count` characters in quotes.
std::string QuotedPrefix(std::string_view text, size_t count);
// U+0063 'c'.
std::string RuneWithCode(int32_t code);

// 1h30m, 0s, -5m; years and weeks only where they come out even.
std::string DurationText(int64_t ms);

// A label's name as a query writes it: in quotes unless it is letters, digits and underscores.
std::string LabelNameText(std::string_view name);

}  // namespace slowburn::promql::internal
