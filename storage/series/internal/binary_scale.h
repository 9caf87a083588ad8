// storage/series/internal/binary_scale.h: doubles as integers times a power of two: every finite
// double is one.
//
// Room     storage/series, internal
// Uses     standard library
// Threads  pure functions
// Units    exponent e: the value is the integer times 2^e
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstdint>
#include <optional>
#include <span>

namespace slowburn::storage::internal {

// 2^e is a normal double, so that one multiplication brings the value back.
inline constexpr int kExponentMin = -1022;
inline constexpr int kExponentMax = 1023;
inline constexpr int kIntegerBits = 62;  // of the largest, so that two differ by less than 2^63

struct BinaryParts {
  uint64_t mantissa = 0;  // odd, or 0
  int exponent = 0;
  bool is_finite = false;
};
inline BinaryParts PartsOf(double value) {
  const auto bits = std::bit_cast<uint64_t>(value);
  const auto biased = static_cast<int>(bits >> 52 & 0x7FF);
  const uint64_t fraction = bits & ((uint64_t{1} << 52) - 1);
  if (biased == 0x7FF) return {};
  const uint64_t mantissa = biased == 0 ? fraction : fraction | uint64_t{1} << 52;
  if (mantissa == 0) return {.is_finite = true};
  const int zeroes = std::countr_zero(mantissa);
  return {mantissa >> zeroes, std::max(biased, 1) - 1075 + zeroes, true};
}

// The exponent with which all finite values are integers; nothing where one would be too large.
inline std::optional<int> CommonExponent(std::span<const double> values) {
  int least = kExponentMax;
  int end = -2000;  // one past the highest bit of any
  for (const double value : values) {
    const BinaryParts parts = PartsOf(value);
    if (parts.mantissa == 0) continue;
    least = std::min(least, parts.exponent);
    end = std::max(end, parts.exponent + static_cast<int>(std::bit_width(parts.mantissa)));
  }
  if (least < kExponentMin || end - least > kIntegerBits) return std::nullopt;
  return least;
}

// Whether `value` comes back bit by bit from the integer; of CommonExponent.
inline bool ScaleBinary(double value, int exponent, int64_t& integer) {
  const BinaryParts parts = PartsOf(value);
  if (!parts.is_finite || (parts.mantissa == 0 && std::signbit(value))) return false;
  const auto size =
      static_cast<int64_t>(parts.mantissa == 0 ? 0 : parts.mantissa << (parts.exponent - exponent));
  integer = std::signbit(value) ? -size : size;
  return true;
}

inline void UnscaleBinary(std::span<const int64_t> integers, int exponent,
                          std::span<double> values) {
  const double unit = std::ldexp(1.0, exponent);
  for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(integers[i]) * unit;
}

}  // namespace slowburn::storage::internal
