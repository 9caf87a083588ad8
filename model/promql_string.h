// model/promql_string.h: string literals as PromQL writes them: "a\n", 'a', `raw`.
//
// Room     model
// Uses     base/, model/
// Threads  pure functions
// Units    bytes; the text of a literal is UTF-8
// Source   Prometheus documentation, "Expression language", string literals (Go's escapes)
#pragma once

#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace slowburn::model {

struct PromqlString {
  std::string text;       // without quotes and escapes
  size_t bytes_read = 0;  // of the input, quotes included
};

// The literal that `input` begins with; its first byte is one of " ' `. kInvalidArgument, with what
// to write instead, for a literal without end, an unknown escape, or text that is not UTF-8.
absl::StatusOr<PromqlString> ReadPromqlString(std::string_view input);

// `text` in double quotes, as ReadPromqlString reads it back: \", \\ and \n.
std::string QuotePromqlString(std::string_view text);

}  // namespace slowburn::model
