// slo/decimal.h: a decimal number as people write it, as an exact integer.
//
// Room     slo: pure
// Uses     standard library
// Threads  pure functions
// Units    integers of 10^-decimals
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

namespace slowburn::slo {

struct Decimal {
  uint64_t units = 0;     // of 10^-decimals
  bool too_fine = false;  // has more decimals than that, not all zero: they are left out of `units`
};

// "99.9" with 6 decimals is 99,900,000. Digits and at most one point; nothing when `text` is no
// such number, or has more than 11 digits. `decimals` is at most 8.
std::optional<Decimal> ReadDecimal(std::string_view text, int decimals);

}  // namespace slowburn::slo
