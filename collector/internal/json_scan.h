// collector/internal/json_scan.h: where the tokens of a JSON text begin.
//
// Room     collector/internal
// Uses     simdjson (inside)
// Threads  one text at a time in each thread
// Units    bytes
// Source   RFC 8259; simdjson 3, first stage
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <absl/status/status.h>

namespace slowburn::collector {

// A token is a bracket, a comma, a colon, the opening quote of a string, or the first byte of what
// stands between those (a number, true, a misspelling).
struct JsonTokens {
  const char* text = nullptr;       // a byte 0 follows its end, and kTextAhead bytes can be read
  const uint32_t* begin = nullptr;  // offsets in `text`, ascending
  const uint32_t* end = nullptr;    // kTokensAhead more tokens follow, each at the text's end
};
inline constexpr size_t kTextAhead = 64;
inline constexpr size_t kTokensAhead = 16;

// Whether `text` may have more than `count` tokens. Found without the memory for them, and without
// looking where it is shorter than that.
bool HasMoreTokens(std::string_view text, size_t count);

// simdjson's first stage over one text: it finds the tokens, checks UTF-8, and that strings end and
// have no control characters. Nothing else of simdjson is used: in a release build its on-demand
// values neither bound the depth of what they skip nor match its brackets.
//
// Its memory is the thread's, 4 bytes a token, written to as far as there are tokens; what an
// uncommonly large text took is given back when this ends.
class JsonScan {
 public:
  // `text` gets room behind its end; it must stay as it is while tokens() are read.
  explicit JsonScan(std::string& text);
  ~JsonScan();
  JsonScan(const JsonScan&) = delete;
  JsonScan& operator=(const JsonScan&) = delete;

  // kInvalidArgument with the byte of what is wrong; kResourceExhausted without memory.
  const absl::Status& status() const { return status_; }
  // Only when the status is OK: at least one token.
  const JsonTokens& tokens() const { return tokens_; }

 private:
  absl::Status status_;
  JsonTokens tokens_;
};

}  // namespace slowburn::collector
