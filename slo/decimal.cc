#include "slo/decimal.h"

namespace slowburn::slo {
namespace {

constexpr uint64_t kUnitsMax = 10'000'000'000;  // A digit more and eight decimals still fit.

}  // namespace

std::optional<Decimal> ReadDecimal(std::string_view text, int decimals) {
  Decimal decimal;
  int left = decimals;
  bool in_fraction = false;
  bool has_digit = false;
  for (const char c : text) {
    if (c == '.') {
      if (in_fraction) return std::nullopt;
      in_fraction = true;
      continue;
    }
    if (c < '0' || c > '9') return std::nullopt;
    has_digit = true;
    if (in_fraction && left == 0) {
      decimal.too_fine |= c != '0';
      continue;
    }
    if (decimal.units > kUnitsMax) return std::nullopt;
    decimal.units = decimal.units * 10 + static_cast<uint64_t>(c - '0');
    if (in_fraction) --left;
  }
  if (!has_digit) return std::nullopt;
  for (; left > 0; --left) decimal.units *= 10;
  return decimal;
}

}  // namespace slowburn::slo
