#include "serve/internal/chunk_bits.h"

#include <algorithm>
#include <array>

namespace slowburn::serve::internal {
namespace {

constexpr std::array<Width, 8> kWidths = {{{3, 0b10, 2},
                                           {6, 0b110, 3},
                                           {9, 0b1110, 4},
                                           {12, 0b11110, 5},
                                           {18, 0b111110, 6},
                                           {25, 0b1111110, 7},
                                           {56, 0b11111110, 8},
                                           {64, 0b11111111, 8}}};

}  // namespace

void PutVarbit(BitWriter& bits, int64_t value) {
  if (value == 0) return bits.Put(0, 1);
  for (const Width& width : kWidths) {
    if (width.bits < 64 && !Fits(value, width.bits)) continue;
    bits.Put(width.prefix, width.prefix_bits);
    return bits.Put(static_cast<uint64_t>(value), width.bits);
  }
}

void PutVarbitUnsigned(BitWriter& bits, uint64_t value) {
  if (value == 0) return bits.Put(0, 1);
  for (const Width& width : kWidths) {
    if (width.bits < 64 && (value >> width.bits) != 0) continue;
    bits.Put(width.prefix, width.prefix_bits);
    return bits.Put(value, width.bits);
  }
}

void XorWriter::Put(BitWriter& bits, double value) {
  const auto now = std::bit_cast<uint64_t>(value);
  const uint64_t change = now ^ before_;
  before_ = now;
  if (change == 0) return bits.Put(0, 1);
  bits.Put(1, 1);
  // Five bits say it.
  const auto leading = static_cast<unsigned>(std::min(std::countl_zero(change), 31));
  const auto trailing = static_cast<unsigned>(std::countr_zero(change));
  if (has_window_ && leading >= leading_ && trailing >= trailing_) {
    bits.Put(0, 1);
    return bits.Put(change >> trailing_, 64 - leading_ - trailing_);
  }
  has_window_ = true;
  leading_ = leading;
  trailing_ = trailing;
  const unsigned meaning = 64 - leading - trailing;
  bits.Put(1, 1);
  bits.Put(leading, 5);
  bits.Put(meaning & 63, 6);  // 64 is written as 0
  bits.Put(change >> trailing, meaning);
}

}  // namespace slowburn::serve::internal
