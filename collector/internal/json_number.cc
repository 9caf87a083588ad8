#include "collector/internal/json_number.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace slowburn::collector {
namespace {

constexpr size_t kExactDigits = 15;  // every integer with so many is a double
// Beyond any number that has a value: "1e1000000000000" need not be counted further.
constexpr int64_t kExponentMax = int64_t{1} << 40;

bool IsDigit(char c) { return c >= '0' && c <= '9'; }

// The parts of a number: [-]whole[.fraction][e[+-]exponent].
struct Decimal {
  bool is_negative = false;
  std::string_view whole;
  std::string_view fraction;
  int64_t exponent = 0;

  size_t digits() const { return whole.size() + fraction.size(); }
  char digit(size_t i) const { return i < whole.size() ? whole[i] : fraction[i - whole.size()]; }
  // Its value is its digits, without a point, x 10 ^ scale.
  int64_t scale() const { return exponent - static_cast<int64_t>(fraction.size()); }
};

std::string_view TakeDigits(std::string_view& text) {
  const auto end = std::find_if_not(text.begin(), text.end(), IsDigit);
  const auto size = static_cast<size_t>(end - text.begin());
  const std::string_view digits = text.substr(0, size);
  text.remove_prefix(size);
  return digits;
}

bool Take(char c, std::string_view& text) {
  if (text.empty() || text.front() != c) return false;
  text.remove_prefix(1);
  return true;
}

bool TakeExponent(std::string_view& text, int64_t& exponent) {
  const bool is_negative = Take('-', text);
  if (!is_negative) Take('+', text);
  const std::string_view digits = TakeDigits(text);
  for (const char c : digits) exponent = std::min(exponent * 10 + (c - '0'), kExponentMax);
  if (is_negative) exponent = -exponent;
  return !digits.empty();
}

// RFC 8259's grammar.
bool Split(std::string_view text, Decimal& parts) {
  parts.is_negative = Take('-', text);
  parts.whole = TakeDigits(text);
  if (parts.whole.empty() || (parts.whole.size() > 1 && parts.whole.front() == '0')) return false;
  if (Take('.', text)) {
    parts.fraction = TakeDigits(text);
    if (parts.fraction.empty()) return false;
  }
  if (Take('e', text) || Take('E', text)) {
    if (!TakeExponent(text, parts.exponent)) return false;
  }
  return text.empty();
}

NumberError ToInteger(const Decimal& parts, uint64_t& value) {
  size_t begin = 0;
  size_t end = parts.digits();
  int64_t scale = parts.scale();
  while (begin < end && parts.digit(begin) == '0') ++begin;
  for (; begin < end && parts.digit(end - 1) == '0'; --end) ++scale;
  value = 0;
  if (begin == end) return NumberError::kNone;
  if (scale < 0) return NumberError::kNotAnInteger;
  if (static_cast<int64_t>(end - begin) + scale > 20) return NumberError::kOutOfRange;
  for (size_t i = begin; i < end + static_cast<size_t>(scale); ++i) {
    const auto digit = i < end ? static_cast<uint64_t>(parts.digit(i) - '0') : 0;
    if (__builtin_mul_overflow(value, uint64_t{10}, &value) ||
        __builtin_add_overflow(value, digit, &value)) {
      return NumberError::kOutOfRange;
    }
  }
  return NumberError::kNone;
}

// Whether the number is at least 1: what has no double is then too large, not too small.
bool IsLarge(const Decimal& parts) {
  size_t begin = 0;
  while (begin < parts.digits() && parts.digit(begin) == '0') ++begin;
  return static_cast<int64_t>(parts.digits() - begin) + parts.scale() > 0;
}

}  // namespace

NumberError ParseJsonInteger(std::string_view text, JsonInteger& value) {
  value.is_negative = !text.empty() && text.front() == '-';
  const char* const begin = text.data() + (value.is_negative ? 1 : 0);
  if (ParsePlainInteger(begin, text.data() + text.size(), value.magnitude))
    return NumberError::kNone;
  Decimal parts;
  if (!Split(text, parts)) return NumberError::kNotANumber;
  return ToInteger(parts, value.magnitude);
}

NumberError ParseJsonDouble(std::string_view text, double& value) {
  const bool is_negative = !text.empty() && text.front() == '-';
  const char* const begin = text.data() + (is_negative ? 1 : 0);
  const char* const end = text.data() + text.size();
  if (uint64_t plain; text.size() <= kExactDigits && ParsePlainInteger(begin, end, plain)) {
    value = is_negative ? -static_cast<double>(plain) : static_cast<double>(plain);
    return NumberError::kNone;
  }
  Decimal parts;
  if (!Split(text, parts)) return NumberError::kNotANumber;
  const std::from_chars_result result = std::from_chars(text.data(), end, value);
  if (result.ec == std::errc::result_out_of_range) {
    if (IsLarge(parts)) return NumberError::kOutOfRange;
    value = is_negative ? -0.0 : 0.0;
  }
  return std::isfinite(value) ? NumberError::kNone : NumberError::kOutOfRange;
}

}  // namespace slowburn::collector
