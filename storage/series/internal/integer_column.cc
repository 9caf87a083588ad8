// Differences of neighbours, less what most of them are (scrapes are 15 s apart, a counter gains
// about as much each time), are the smallest numbers when what remains is noise. Where the rate
// itself drifts, the differences of differences are. Both are tried, and the one with fewer bits
// stays; where all remain 0 nothing is written but the rule.
//
// For good a number is written as a token, which says how long it is and what its upper three bits
// are, and the bits below, which no compressor can make smaller. Tokens of one column are of few
// kinds and cost a compressor their entropy; beside bytes of random bits, as the varints have them,
// they would cost up to half as much again.
#include "storage/series/internal/integer_column.h"

#include <algorithm>
#include <bit>
#include <functional>
#include <vector>

namespace slowburn::storage::internal {
namespace {

constexpr uint8_t kAround = 0;  // first, usual difference, then each difference less it
constexpr uint8_t kDeltaOfDelta =
    1;                          // first, first difference, then how each differs from the last
constexpr uint8_t kSteady = 2;  // first, difference: all differences are this one
constexpr uint8_t kTokens = 3;  // plus kAround or kDeltaOfDelta: the same with tokens and bits

// A number below 8 is its token. Any other is 1, two bits, and `width` bits more.
constexpr uint8_t kTokensMax = 252;

uint64_t Bits(uint64_t difference) {
  return static_cast<uint64_t>(std::bit_width(ZigZag(static_cast<int64_t>(difference))));
}

// The median of up to 64 of them, evenly taken: exact enough to centre the rest.
uint64_t UsualDifference(const std::vector<uint64_t>& differences) {
  constexpr size_t kPicks = 64;
  int64_t picks[kPicks];
  const size_t count = std::min(kPicks, differences.size());
  for (size_t i = 0; i < count; ++i) {
    picks[i] = static_cast<int64_t>(differences[i * differences.size() / count]);
  }
  std::nth_element(picks, picks + count / 2, picks + count);
  return static_cast<uint64_t>(picks[count / 2]);
}

// Returns where it ends.
size_t PutHeader(std::string& out, uint8_t kind, int64_t first, uint64_t difference) {
  out.push_back(static_cast<char>(kind));
  PutZigZag(out, first);
  PutZigZag(out, static_cast<int64_t>(difference));
  return out.size();
}

char* WriteToken(char* out, uint64_t number, BitWriter& bits) {
  if (number < 8) {
    *out = static_cast<char>(number);
    return out + 1;
  }
  const int width = static_cast<int>(std::bit_width(number)) - 3;
  *out = static_cast<char>((width << 2) + static_cast<int>(number >> width));
  bits.Put(number & ((uint64_t{1} << width) - 1), width);
  return out + 1;
}

// What follows the header.
template <bool kIsAround, typename Next>
void ReadRest(std::span<int64_t> numbers, uint64_t difference, Next&& next) {
  auto number = static_cast<uint64_t>(numbers[0]);
  for (size_t i = 1; i < numbers.size(); ++i) {
    if constexpr (kIsAround) {
      number += difference + static_cast<uint64_t>(UnZigZag(next()));
    } else {
      if (i > 1) difference += static_cast<uint64_t>(UnZigZag(next()));
      number += difference;
    }
    numbers[i] = static_cast<int64_t>(number);
  }
}

template <typename Next>
void ReadRest(bool is_around, std::span<int64_t> numbers, uint64_t difference, Next&& next) {
  if (is_around) {
    ReadRest<true>(numbers, difference, next);
  } else {
    ReadRest<false>(numbers, difference, next);
  }
}

}  // namespace

size_t PutIntegers(std::string& out, std::span<const int64_t> numbers, BitWriter* bits) {
  if (numbers.empty()) return out.size();
  // Scratch: a head encodes a block for every 64 samples that arrive.
  thread_local std::vector<uint64_t> differences;
  differences.resize(numbers.size() - 1);
  for (size_t i = 0; i < differences.size(); ++i) {
    differences[i] = static_cast<uint64_t>(numbers[i + 1]) - static_cast<uint64_t>(numbers[i]);
  }
  if (differences.empty()) return PutHeader(out, kSteady, numbers.front(), 0);
  // Times mostly are: no need to look for what is usual.
  if (std::adjacent_find(differences.begin(), differences.end(), std::not_equal_to<>()) ==
      differences.end()) {
    return PutHeader(out, kSteady, numbers.front(), differences.front());
  }
  const uint64_t usual = UsualDifference(differences);
  uint64_t around = 0;
  uint64_t delta_of_delta = 0;
  uint64_t before = differences.front();
  for (const uint64_t difference : differences) {
    around += Bits(difference - usual);
    delta_of_delta += Bits(difference - before);
    before = difference;
  }
  const bool is_around = around <= delta_of_delta;
  const uint8_t kind = is_around ? kAround : kDeltaOfDelta;
  const size_t size = PutHeader(out, static_cast<uint8_t>(bits == nullptr ? kind : kind + kTokens),
                                numbers.front(), is_around ? usual : differences.front());
  out.resize(size + differences.size() * (bits == nullptr ? kVarintBytesMax : 1));
  if (bits != nullptr) bits->Reserve(differences.size(), 64);
  char* at = out.data() + size;
  before = is_around ? usual : differences.front();
  for (size_t i = is_around ? 0 : 1; i < differences.size(); ++i) {
    const uint64_t number = ZigZag(static_cast<int64_t>(differences[i] - before));
    at = bits == nullptr ? WriteVarint(at, number) : WriteToken(at, number, *bits);
    if (!is_around) before = differences[i];
  }
  out.resize(static_cast<size_t>(at - out.data()));
  return size;
}

bool ReadIntegers(ByteReader& in, std::span<int64_t> numbers, BitReader& bits) {
  if (numbers.empty()) return true;
  const uint8_t kind = in.Byte();
  const auto first = static_cast<uint64_t>(in.Signed());
  const auto step = static_cast<uint64_t>(in.Signed());
  if (!in.ok() || kind > kTokens + kDeltaOfDelta) return false;
  numbers[0] = static_cast<int64_t>(first);
  if (kind == kSteady) {
    for (size_t i = 1; i < numbers.size(); ++i) {
      numbers[i] = static_cast<int64_t>(first + i * step);
    }
    return true;
  }
  const bool is_around = kind == kAround || kind == kTokens + kAround;
  if (kind < kTokens) {
    ReadRest(is_around, numbers, step, [&] { return in.Varint(); });
    return in.ok();
  }
  const size_t rest = numbers.size() - (is_around ? 1 : std::min<size_t>(2, numbers.size()));
  const std::string_view tokens = in.Bytes(rest);
  if (!in.ok()) return false;
  const auto* token = reinterpret_cast<const uint8_t*>(tokens.data());
  const bool are_tokens =
      std::all_of(token, token + rest, [](uint8_t one) { return one < kTokensMax; });
  if (!are_tokens) return false;
  const auto next = [&] {
    const uint8_t one = *token++;
    if (one < 8) return uint64_t{one};
    const int width = (one >> 2) - 1;
    return (uint64_t{4} + (one & 3)) << width | bits.Get(width);
  };
  ReadRest(is_around, numbers, step, next);
  return bits.ok();
}

}  // namespace slowburn::storage::internal
