// collector/internal/json_text.h: what JSON strings hold: escapes, hex, base64.
//
// Room     collector/internal
// Uses     standard library
// Threads  pure functions
// Units    bytes
// Source   RFC 8259 section 7; RFC 4648 sections 4, 5 and 8
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <string_view>

namespace slowburn::collector {

// Writes `text` without its escapes to `out`, which has text.size() bytes, and returns how many
// were written; nothing when an escape is none. Half a surrogate pair becomes U+FFFD: browsers send
// it where they cut text.
std::optional<size_t> Unescape(std::string_view text, char* out);

// Writes 8 bytes to `out`, of sixteen hex digits in either case at once. False when there is
// another character. The vectors are those that g++ and clang have for any processor.
inline bool DecodeSixteenHex(const char* text, char* out) {
  using Bytes = uint8_t __attribute__((vector_size(16)));
  using Pairs = uint16_t __attribute__((vector_size(16)));
  using HalfBytes = uint8_t __attribute__((vector_size(8)));
  Bytes digits;
  std::memcpy(&digits, text, sizeof(digits));
  const Bytes number = digits - '0';
  const Bytes letter = (digits | 0x20) - 'a';
  const auto is_number = number <= 9;
  const auto is_digit = is_number | (letter <= 5);
  const Bytes halves = is_number ? number : letter + 10;
  Pairs pairs;
  std::memcpy(&pairs, &halves, sizeof(pairs));
  pairs = (pairs << 4 | pairs >> 8) & 0xFF;
  const HalfBytes bytes = __builtin_convertvector(pairs, HalfBytes);
  std::memcpy(out, &bytes, sizeof(bytes));
  uint64_t all[2];
  std::memcpy(all, &is_digit, sizeof(all));
  return (all[0] & all[1]) == UINT64_MAX;
}

// Writes text.size() / 2 bytes to `out`, of an even number of hex digits in either case. False when
// there is another character.
bool DecodeHex(std::string_view text, char* out);

// Writes at most text.size() * 3 / 4 bytes to `out` and returns how many: standard or URL-safe
// alphabet, with padding or without. Nothing when it is not base64.
std::optional<size_t> DecodeBase64(std::string_view text, char* out);

}  // namespace slowburn::collector
