#include "model/promql_string.h"

#include <cstdint>
#include <optional>

#include "base/status.h"
#include "model/label_set.h"

namespace slowburn::model {
namespace {

constexpr uint32_t kCodePointMax = 0x10FFFF;

void AppendUtf8(std::string& text, uint32_t code) {
  const auto put = [&](uint32_t byte) { text += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 0x3F));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 0x3F));
    put(0x80 | (code >> 6 & 0x3F));
    put(0x80 | (code & 0x3F));
  }
}

std::optional<uint32_t> Digit(char c, uint32_t base) {
  uint32_t digit = base;
  if (c >= '0' && c <= '9') digit = static_cast<uint32_t>(c - '0');
  if (c >= 'a' && c <= 'f') digit = static_cast<uint32_t>(c - 'a') + 10;
  if (c >= 'A' && c <= 'F') digit = static_cast<uint32_t>(c - 'A') + 10;
  if (digit >= base) return std::nullopt;
  return digit;
}

std::optional<uint32_t> Digits(std::string_view text, size_t count, uint32_t base) {
  if (text.size() < count) return std::nullopt;
  uint32_t number = 0;
  for (const char c : text.substr(0, count)) {
    const std::optional<uint32_t> digit = Digit(c, base);
    if (!digit.has_value()) return std::nullopt;
    number = number * base + *digit;
  }
  return number;
}

// Appends what the escape at the begin of `escape` (after its backslash) says; the bytes it took, 0
// when it is none.
size_t AppendEscape(std::string_view escape, char quote, std::string& text) {
  if (escape.empty()) return 0;
  constexpr std::string_view kLetters = "abfnrtv\\";
  constexpr std::string_view kMeanings = "\a\b\f\n\r\t\v\\";
  const char first = escape.front();
  if (const size_t at = kLetters.find(first); at != std::string_view::npos) {
    text += kMeanings[at];
    return 1;
  }
  if (first == quote) {
    text += quote;
    return 1;
  }
  const auto bytes = [&](size_t skip, size_t count, uint32_t base) -> size_t {
    const std::optional<uint32_t> number = Digits(escape.substr(skip), count, base);
    if (!number.has_value() || *number > 0xFF) return 0;
    text += static_cast<char>(*number);
    return skip + count;
  };
  const auto character = [&](size_t count) -> size_t {
    const std::optional<uint32_t> code = Digits(escape.substr(1), count, 16);
    if (!code.has_value() || *code > kCodePointMax || (*code >= 0xD800 && *code < 0xE000)) return 0;
    AppendUtf8(text, *code);
    return 1 + count;
  };
  if (first == 'x') return bytes(1, 2, 16);
  if (first == 'u') return character(4);
  if (first == 'U') return character(8);
  return bytes(0, 3, 8);
}

}  // namespace

absl::StatusOr<PromqlString> ReadPromqlString(std::string_view input) {
  const char quote = input.front();
  PromqlString read;
  size_t at = 1;
  for (;; ++at) {
    if (at == input.size() || (input[at] == '\n' && quote != '`'))
      return base::InvalidArgument("a string has no end; close it with {}", quote);
    if (input[at] == quote) break;
    if (input[at] != '\\' || quote == '`') {
      read.text += input[at];
      continue;
    }
    const size_t taken = AppendEscape(input.substr(at + 1), quote, read.text);
    if (taken == 0) {
      return base::InvalidArgument("{} is no escape; write \\\\ for a backslash",
                                   ValidUtf8(input.substr(at, 2)));
    }
    at += taken;
  }
  read.bytes_read = at + 1;
  if (ValidUtf8(read.text) != read.text)
    return base::InvalidArgument("a string is not UTF-8, which no label is; write the characters");
  return read;
}

std::string QuotePromqlString(std::string_view text) {
  std::string quoted = "\"";
  for (const char c : text) {
    if (c == '\n') {
      quoted += "\\n";
      continue;
    }
    if (c == '"' || c == '\\') quoted += '\\';
    quoted += c;
  }
  return quoted + "\"";
}

}  // namespace slowburn::model
