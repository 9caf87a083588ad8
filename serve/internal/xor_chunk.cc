#include "serve/internal/xor_chunk.h"

#include <algorithm>
#include <array>
#include <bit>

#include "serve/internal/bit_writer.h"

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

void PutDouble(BitWriter& bits, double value) { bits.Put(std::bit_cast<uint64_t>(value), 64); }

// -2^(n-1) < value <= 2^(n-1): what n bits hold here.
bool Fits(int64_t value, unsigned bits) {
  const int64_t most = int64_t{1} << (bits - 1);
  return value > -most && value <= most;
}

// A prefix of ones that says how many bits follow.
struct Width {
  unsigned bits;
  unsigned prefix;
  unsigned prefix_bits;
};

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

// What changed of a double's bits, in the window of bits that the one before had, if it lies there.
class XorWriter {
 public:
  explicit XorWriter(double first) : before_(std::bit_cast<uint64_t>(first)) {}

  void Put(BitWriter& bits, double value) {
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

 private:
  uint64_t before_;
  bool has_window_ = false;
  unsigned leading_ = 0;
  unsigned trailing_ = 0;
};

// Whole numbers of a histogram's layout: short where they are small.
constexpr std::array<Width, 8> kLayoutWidths = {{{3, 0b10, 2},
                                                 {6, 0b110, 3},
                                                 {9, 0b1110, 4},
                                                 {12, 0b11110, 5},
                                                 {18, 0b111110, 6},
                                                 {25, 0b1111110, 7},
                                                 {56, 0b11111110, 8},
                                                 {64, 0b11111111, 8}}};

void PutLayoutNumber(BitWriter& bits, int64_t value) {
  if (value == 0) return bits.Put(0, 1);
  for (const Width& width : kLayoutWidths) {
    if (width.bits < 64 && !Fits(value, width.bits)) continue;
    bits.Put(width.prefix, width.prefix_bits);
    return bits.Put(static_cast<uint64_t>(value), width.bits);
  }
}

void PutLayoutCount(BitWriter& bits, uint64_t value) {
  if (value == 0) return bits.Put(0, 1);
  for (const Width& width : kLayoutWidths) {
    if (width.bits < 64 && (value >> width.bits) != 0) continue;
    bits.Put(width.prefix, width.prefix_bits);
    return bits.Put(value, width.bits);
  }
}

void PutSpans(BitWriter& bits, const std::vector<model::NativeHistogram::Span>& spans) {
  PutLayoutCount(bits, spans.size());
  for (const auto& span : spans) {
    PutLayoutCount(bits, span.length);
    PutLayoutNumber(bits, span.offset);
  }
}

// 0 is a byte 0, a power of two from 2^-243 to 2^10 its exponent, anything else 255 and its bits.
void PutZeroThreshold(BitWriter& bits, double threshold) {
  if (threshold == 0) return bits.PutByte(0);
  const auto raw = std::bit_cast<uint64_t>(threshold);
  const int exponent = static_cast<int>((raw >> 52) & 0x7ff) - 1022;
  const bool is_power = (raw & ((uint64_t{1} << 52) - 1)) == 0 && threshold > 0;
  if (is_power && exponent >= -242 && exponent <= 11)
    return bits.PutByte(static_cast<uint8_t>(exponent + 243));
  bits.PutByte(255);
  bits.Put(raw, 64);
}

uint8_t ResetFlags(model::NativeHistogram::ResetHint hint) {
  using enum model::NativeHistogram::ResetHint;
  switch (hint) {
    case kReset:
      return 0x80;
    case kNotReset:
      return 0x40;
    case kGauge:
      return 0xc0;
    case kUnknown:
      break;
  }
  return 0;
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

std::string HistogramChunk(int64_t time_ms, const model::NativeHistogram& histogram) {
  BitWriter bits;
  bits.Put(1, 16);
  bits.PutByte(ResetFlags(histogram.reset_hint));
  PutZeroThreshold(bits, histogram.zero_threshold);
  PutLayoutNumber(bits, histogram.schema);
  PutSpans(bits, histogram.positive_spans);
  PutSpans(bits, histogram.negative_spans);
  if (histogram.schema == model::NativeHistogram::kCustomBuckets) {
    PutLayoutCount(bits, histogram.custom_bounds.size());
    for (const double bound : histogram.custom_bounds) {
      bits.Put(0, 1);  // of no short form
      PutDouble(bits, bound);
    }
  }
  PutLayoutNumber(bits, time_ms);
  for (const double number : {histogram.count, histogram.zero_count, histogram.sum})
    PutDouble(bits, number);
  for (const double count : histogram.positive_counts) PutDouble(bits, count);
  for (const double count : histogram.negative_counts) PutDouble(bits, count);
  return std::move(bits).Take();
}

}  // namespace slowburn::serve::internal
