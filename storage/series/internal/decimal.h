// storage/series/internal/decimal.h: doubles as integers times a power of ten, where that loses
// nothing.
//
// Room     storage/series, internal
// Uses     standard library
// Threads  pure functions
// Units    scale s: the integer is the value times 10^s
#pragma once

#include <bit>
#include <cmath>
#include <cstdint>
#include <span>

namespace slowburn::storage::internal {

inline constexpr uint8_t kScales = 7;
inline constexpr double kPowerOfTen[kScales] = {1, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6};
inline constexpr double kScaledMax = 9007199254740992.0;  // 2^53: integers below are exact

// Whether `value` comes back bit by bit from the integer.
inline bool Scale(double value, uint8_t scale, int64_t& scaled) {
  const double product = value * kPowerOfTen[scale];
  if (!(std::fabs(product) < kScaledMax)) return false;  // NaN too
  // Adding 1.5 * 2^52 rounds to an integer in the lower bits: faster than a call of the library.
  scaled = std::fabs(product) < kScaledMax / 4
               ? std::bit_cast<int64_t>(product + 6755399441055744.0) -
                     std::bit_cast<int64_t>(6755399441055744.0)
               : static_cast<int64_t>(product);
  return std::bit_cast<uint64_t>(static_cast<double>(scaled) / kPowerOfTen[scale]) ==
         std::bit_cast<uint64_t>(value);
}

inline void Unscale(std::span<const int64_t> integers, uint8_t scale, std::span<double> values) {
  const double divisor = kPowerOfTen[scale];
  if (scale == 0) {
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(integers[i]);
    return;
  }
  for (size_t i = 0; i < values.size(); ++i) {
    values[i] = static_cast<double>(integers[i]) / divisor;
  }
}

}  // namespace slowburn::storage::internal
