// collector/internal/json_number.h: numbers as JSON writes them, exactly.
//
// Room     collector/internal
// Uses     standard library
// Threads  pure functions
// Units    none
// Source   RFC 8259 section 6; proto3 JSON mapping
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace slowburn::collector {

// Eight digits at once; false when one of them is none. Each step adds neighbours: digits to pairs,
// pairs to fours, fours to eight.
inline bool ParseEightDigits(const char* text, uint64_t& value) {
  uint64_t word;
  std::memcpy(&word, text, sizeof(word));
  // Each byte has the high half 3, and still has when 6 more would carry into it.
  constexpr uint64_t kHigh = 0xF0F0F0F0F0F0F0F0;
  constexpr uint64_t kDigits = 0x3030303030303030;
  const uint64_t is_below = (word & kHigh) ^ kDigits;
  const uint64_t is_above = ((word + 0x0606060606060606) & kHigh) ^ kDigits;
  if ((is_below | is_above) != 0) return false;
  word = (word & 0x0F0F0F0F0F0F0F0F) * 2561 >> 8;
  word = (word & 0x00FF00FF00FF00FF) * 6553601 >> 16;
  value = (word & 0x0000FFFF0000FFFF) * 42949672960001 >> 32;
  return true;
}

// [at, end) as most integers are: 1 to 19 digits, without a zero in front, and nothing else.
inline bool ParsePlainInteger(const char* at, const char* end, uint64_t& value) {
  const auto digits = static_cast<size_t>(end - at);
  if (digits - 1 >= 19 || (*at == '0' && digits > 1)) return false;
  value = 0;
  for (uint64_t eight; end - at >= 8; at += 8) {
    if (!ParseEightDigits(at, eight)) return false;
    value = value * 100'000'000 + eight;
  }
  for (; at != end; ++at) {
    const auto digit = static_cast<uint64_t>(static_cast<uint8_t>(*at - '0'));
    if (digit > 9) return false;
    value = value * 10 + digit;
  }
  return true;
}

struct JsonInteger {
  uint64_t magnitude = 0;
  bool is_negative = false;
};

enum class NumberError : uint8_t { kNone, kNotANumber, kNotAnInteger, kOutOfRange };

// All of `text`. An integer may have a fraction or an exponent ("1.0", "1e3", "12e-1" is none).
NumberError ParseJsonInteger(std::string_view text, JsonInteger& value);

// All of `text`, rounded to the nearest double; what is too small is 0. kOutOfRange where it would
// be infinite.
NumberError ParseJsonDouble(std::string_view text, double& value);

}  // namespace slowburn::collector
