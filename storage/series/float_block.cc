// Most numbers that are measured are integers or have a few decimals: times a power of ten they are
// integers, and come back exactly by one division, which rounds correctly. What does not (NaN, an
// infinity, a stale marker, -0.0, a long fraction) may be an exception, if there are few; otherwise
// the raw bits are kept, each XOR the one before and byte by byte in planes: sign, exponent and the
// upper mantissa change seldom, so their planes are mostly zeroes, and a plane of zeroes is not
// written. For good such numbers are integers times a power of two, if none is too large for that:
// what they differ by is then noise of as many bits as it has, not of whole bytes.
#include "storage/series/float_block.h"

#include <bit>
#include <cmath>
#include <limits>
#include <optional>

#include "base/status.h"
#include "storage/series/internal/binary_scale.h"
#include "storage/series/internal/block_times.h"
#include "storage/series/internal/bytes.h"
#include "storage/series/internal/decimal.h"
#include "storage/series/internal/integer_column.h"
#include "storage/series/sealed_chunk.h"

namespace slowburn::storage {
namespace {

using internal::BitReader;
using internal::BitWriter;
using internal::BrokenBlock;
using internal::ByteReader;
using internal::kScales;
using internal::PutFixed64;
using internal::PutIntegers;
using internal::PutVarint;
using internal::PutZigZag;

constexpr uint8_t kRaw = kScales;       // after the scales 0 to 6
constexpr uint8_t kBinary = kRaw + 1;   // integers times a power of two
constexpr size_t kExceptionShare = 16;  // one in so many values may be one
constexpr size_t kPlanes = 8;
constexpr size_t kCutBytesMin = 64;  // so many tokens are worth a compression of their own

// The least scale that fits all values but the exceptions, or kRaw.
uint8_t ScaleOf(std::span<const double> values) {
  const size_t exceptions_max = 1 + values.size() / kExceptionShare;
  size_t exceptions = 0;
  uint8_t scale = 0;
  for (const double value : values) {
    int64_t scaled = 0;
    if (internal::Scale(value, scale, scaled)) continue;
    uint8_t larger = scale + 1;
    while (larger < kScales && !internal::Scale(value, larger, scaled)) ++larger;
    if (larger < kScales) {
      scale = larger;
    } else if (++exceptions > exceptions_max) {
      return kRaw;
    }
  }
  return scale;
}

// Where the numbers of the column begin; nothing when there are too many exceptions after all.
// `scale(value, integer)` is false for one, `put_head` writes what comes before them.
template <typename Scale, typename PutHead>
std::optional<size_t> PutScaled(std::span<const double> values, std::string& out, BitWriter* bits,
                                Scale&& scale, PutHead&& put_head) {
  thread_local std::vector<int64_t> integers;  // scratch
  thread_local std::vector<size_t> exceptions;
  integers.resize(values.size());
  exceptions.clear();
  int64_t before = 0;
  for (size_t i = 0; i < values.size(); ++i) {
    if (scale(values[i], integers[i])) {
      before = integers[i];
    } else {
      integers[i] = before;  // costs nothing in the column
      exceptions.push_back(i);
    }
  }
  if (exceptions.size() > 1 + values.size() / kExceptionShare) return std::nullopt;
  put_head();
  PutVarint(out, exceptions.size());
  size_t next = 0;
  for (const size_t index : exceptions) {
    PutVarint(out, index - next);
    PutFixed64(out, std::bit_cast<uint64_t>(values[index]));
    next = index + 1;
  }
  return PutIntegers(out, integers, bits);
}

std::optional<size_t> PutDecimal(std::span<const double> values, uint8_t scale, std::string& out,
                                 BitWriter* bits) {
  return PutScaled(
      values, out, bits,
      [scale](double value, int64_t& integer) { return internal::Scale(value, scale, integer); },
      [&] { out.push_back(static_cast<char>(scale)); });
}

std::optional<size_t> PutBinary(std::span<const double> values, std::string& out, BitWriter* bits) {
  const std::optional<int> exponent = internal::CommonExponent(values);
  if (!exponent) return std::nullopt;
  return PutScaled(
      values, out, bits,
      [&](double value, int64_t& integer) {
        return internal::ScaleBinary(value, *exponent, integer);
      },
      [&] {
        out.push_back(static_cast<char>(kBinary));
        PutZigZag(out, *exponent);
      });
}

void PutRaw(std::span<const double> values, std::string& out) {
  const size_t count = values.size();
  thread_local std::vector<uint64_t> words;
  words.resize(count);
  uint64_t before = 0;
  uint64_t any = 0;
  for (size_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<uint64_t>(values[i]);
    words[i] = bits ^ before;
    before = bits;
    any |= words[i];
  }
  uint8_t mask = 0;
  for (size_t plane = 0; plane < kPlanes; ++plane) {
    if (((any >> (8 * plane)) & 0xFF) != 0) mask = static_cast<uint8_t>(mask | (1U << plane));
  }
  out.push_back(static_cast<char>(kRaw));
  out.push_back(static_cast<char>(mask));
  size_t at = out.size();
  out.resize(at + count * static_cast<size_t>(std::popcount(mask)));
  for (size_t plane = 0; plane < kPlanes; ++plane) {
    if (((mask >> plane) & 1) == 0) continue;
    char* to = out.data() + at;
    for (size_t i = 0; i < count; ++i) to[i] = static_cast<char>(words[i] >> (8 * plane));
    at += count;
  }
}

absl::Status ReadRaw(ByteReader& in, std::span<double> values) {
  const uint8_t mask = in.Byte();
  if (in.remaining() != values.size() * static_cast<size_t>(std::popcount(mask))) {
    return BrokenBlock("floats", in, "planes of another size");
  }
  thread_local std::vector<uint64_t> words;
  words.assign(values.size(), 0);
  for (size_t plane = 0; plane < kPlanes; ++plane) {
    if (((mask >> plane) & 1) == 0) continue;
    const std::string_view bytes = in.Bytes(values.size());
    for (size_t i = 0; i < words.size(); ++i) {
      words[i] |= static_cast<uint64_t>(static_cast<uint8_t>(bytes[i])) << (8 * plane);
    }
  }
  uint64_t before = 0;
  for (size_t i = 0; i < words.size(); ++i) {
    before ^= words[i];
    values[i] = std::bit_cast<double>(before);
  }
  return absl::OkStatus();
}

absl::Status ReadScaled(ByteReader& in, uint8_t kind, std::span<double> values, BitReader& bits) {
  struct Exception {
    size_t index;
    uint64_t bits;
  };
  const int64_t exponent = kind == kBinary ? in.Signed() : 0;
  if (exponent < internal::kExponentMin || exponent > internal::kExponentMax) {
    return BrokenBlock("floats", in, "an exponent that cannot be");
  }
  const uint64_t count = in.Count();
  if (count > values.size()) return BrokenBlock("floats", in, "more exceptions than values");
  thread_local std::vector<Exception> exceptions;
  exceptions.clear();
  uint64_t next = 0;
  for (uint64_t i = 0; i < count; ++i) {
    const uint64_t gap = in.Varint();
    const uint64_t bits = in.Fixed64();
    if (!in.ok() || gap >= values.size() - next) {
      return BrokenBlock("floats", in, "an exception beyond the values");
    }
    exceptions.push_back({static_cast<size_t>(next + gap), bits});
    next += gap + 1;
    if (next == values.size() && i + 1 < count) {
      return BrokenBlock("floats", in, "an exception beyond the values");
    }
  }
  thread_local std::vector<int64_t> integers;
  integers.resize(values.size());
  if (!internal::ReadIntegers(in, integers, bits) || !in.AtEnd()) {
    return BrokenBlock("floats", in, "values that end too soon or too late");
  }
  if (kind == kBinary) {
    internal::UnscaleBinary(integers, static_cast<int>(exponent), values);
  } else {
    internal::Unscale(integers, kind, values);
  }
  for (const Exception& exception : exceptions) {
    values[exception.index] = std::bit_cast<double>(exception.bits);
  }
  return absl::OkStatus();
}

// Returns where the numbers of the values begin; they go on to the end.
size_t PutValues(std::span<const double> values, std::string& out, BitWriter* bits) {
  const uint8_t scale = ScaleOf(values);
  std::optional<size_t> begin;
  if (scale != kRaw) begin = PutDecimal(values, scale, out, bits);
  if (!begin && bits != nullptr) begin = PutBinary(values, out, bits);
  if (begin) return *begin;
  PutRaw(values, out);
  return out.size();
}

}  // namespace

void EncodeFloats(std::span<const int64_t> times_ms, std::span<const double> values,
                  std::string& out) {
  internal::PutTimes(out, times_ms);
  PutValues(values, out, nullptr);
}

std::string SealFloats(std::span<const int64_t> times_ms, std::span<const double> values) {
  thread_local std::string block;  // scratch
  thread_local BitWriter bits;
  block.clear();
  bits.Clear();
  const size_t times_begin = internal::PutTimes(block, times_ms, &bits);
  const size_t times_end = block.size();
  const size_t values_begin = PutValues(values, block, &bits);
  // Tokens are of few kinds, and of others in each column; what is between them is of any.
  size_t cuts[3];
  size_t count = 0;
  if (times_end - times_begin >= kCutBytesMin) {
    cuts[count++] = times_begin;
    cuts[count++] = times_end;
  }
  if (block.size() - values_begin >= kCutBytesMin) cuts[count++] = values_begin;
  return SealChunk({.samples = times_ms.size(), .span_ms = times_ms.back() - times_ms.front()},
                   block, bits.Finish(), std::span(cuts).first(count));
}

absl::Status DecodeFloats(std::string_view bytes, std::vector<int64_t>& times_ms,
                          std::vector<double>& values, std::string_view bits) {
  ByteReader in(bytes);
  BitReader bits_in(bits);
  size_t count = 0;
  SB_RETURN_IF_ERROR(internal::ReadTimes(in, times_ms, count, bits_in));
  const size_t before = values.size();
  values.resize(before + count);
  const std::span<double> read = std::span(values).subspan(before);
  const uint8_t kind = in.Byte();
  absl::Status status;
  if (!in.ok() || kind > kBinary) {
    status = BrokenBlock("floats", in, "a scale that cannot be");
  } else {
    status = kind == kRaw ? ReadRaw(in, read) : ReadScaled(in, kind, read, bits_in);
  }
  if (status.ok() && !bits_in.AtEnd()) {
    status = BrokenBlock("floats", in, "bits that are of no number");
  }
  if (status.ok()) return status;
  times_ms.resize(times_ms.size() - count);
  values.resize(before);
  return status;
}

}  // namespace slowburn::storage
