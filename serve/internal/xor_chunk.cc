#include "serve/internal/xor_chunk.h"

#include <array>

#include "serve/internal/chunk_bits.h"

namespace slowburn::serve::internal {
namespace {

// Go's varints, of whole bytes.
void PutUvarint(BitWriter& bits, uint64_t value) {
  for (; value > 0x7f; value >>= 7) bits.PutByte(static_cast<uint8_t>(value | 0x80));
  bits.PutByte(static_cast<uint8_t>(value));
}

void PutVarint(BitWriter& bits, int64_t value) {
  const auto raw = static_cast<uint64_t>(value);
  PutUvarint(bits, value < 0 ? ~(raw << 1) : raw << 1);
}

// Of how much longer this step between samples is than the one before.
void PutStepChange(BitWriter& bits, int64_t change) {
  if (change == 0) return bits.Put(0, 1);
  constexpr std::array<Width, 3> kWidths = {{{14, 0b10, 2}, {17, 0b110, 3}, {20, 0b1110, 4}}};
  for (const Width& width : kWidths) {
    if (!Fits(change, width.bits)) continue;
    bits.Put(width.prefix, width.prefix_bits);
    return bits.Put(static_cast<uint64_t>(change), width.bits);
  }
  bits.Put(0b1111, 4);
  bits.Put(static_cast<uint64_t>(change), 64);
}

}  // namespace

std::string XorChunk(std::span<const int64_t> times_ms, std::span<const double> values) {
  BitWriter bits;
  bits.Put(times_ms.size(), 16);
  PutVarint(bits, times_ms[0]);
  PutDouble(bits, values[0]);
  XorWriter writer(values[0]);
  int64_t step = 0;
  for (size_t i = 1; i < times_ms.size(); ++i) {
    const int64_t new_step = times_ms[i] - times_ms[i - 1];
    if (i == 1) {
      PutUvarint(bits, static_cast<uint64_t>(new_step));
    } else {
      PutStepChange(bits, new_step - step);
    }
    step = new_step;
    writer.Put(bits, values[i]);
  }
  return std::move(bits).Take();
}

}  // namespace slowburn::serve::internal
