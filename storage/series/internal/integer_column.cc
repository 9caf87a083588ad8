// Differences of neighbours, less what most of them are (scrapes are 15 s apart, a counter gains
// about as much each time), are the smallest numbers when what remains is noise. Where the rate
// itself drifts, the differences of differences are. Both are tried, and the one with fewer bits
// stays; where all remain 0 nothing is written but the rule.
#include "storage/series/internal/integer_column.h"

#include <algorithm>
#include <bit>
#include <vector>

namespace slowburn::storage::internal {
namespace {

constexpr uint8_t kAround = 0;  // first, usual difference, then each difference less it
constexpr uint8_t kDeltaOfDelta =
    1;                          // first, first difference, then how each differs from the last
constexpr uint8_t kSteady = 2;  // first, difference: all differences are this one

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

void PutHeader(std::string& out, uint8_t kind, int64_t first, uint64_t difference) {
  out.push_back(static_cast<char>(kind));
  PutZigZag(out, first);
  PutZigZag(out, static_cast<int64_t>(difference));
}

}  // namespace

void PutIntegers(std::string& out, std::span<const int64_t> numbers) {
  if (numbers.empty()) return;
  // Scratch: a head encodes a block for every 64 samples that arrive.
  thread_local std::vector<uint64_t> differences;
  differences.resize(numbers.size() - 1);
  for (size_t i = 0; i < differences.size(); ++i) {
    differences[i] = static_cast<uint64_t>(numbers[i + 1]) - static_cast<uint64_t>(numbers[i]);
  }
  if (differences.empty()) return PutHeader(out, kSteady, numbers.front(), 0);
  const uint64_t usual = UsualDifference(differences);
  uint64_t around = 0;
  uint64_t delta_of_delta = 0;
  uint64_t before = differences.front();
  for (const uint64_t difference : differences) {
    around += Bits(difference - usual);
    delta_of_delta += Bits(difference - before);
    before = difference;
  }
  if (around == 0) return PutHeader(out, kSteady, numbers.front(), usual);
  const bool is_around = around <= delta_of_delta;
  PutHeader(out, is_around ? kAround : kDeltaOfDelta, numbers.front(),
            is_around ? usual : differences.front());
  const size_t size = out.size();
  out.resize(size + differences.size() * kVarintBytesMax);
  char* at = out.data() + size;
  before = is_around ? usual : differences.front();
  for (size_t i = is_around ? 0 : 1; i < differences.size(); ++i) {
    at = WriteVarint(at, ZigZag(static_cast<int64_t>(differences[i] - before)));
    if (!is_around) before = differences[i];
  }
  out.resize(static_cast<size_t>(at - out.data()));
}

bool ReadIntegers(ByteReader& in, std::span<int64_t> numbers) {
  if (numbers.empty()) return true;
  const uint8_t kind = in.Byte();
  auto number = static_cast<uint64_t>(in.Signed());
  auto difference = static_cast<uint64_t>(in.Signed());
  if (!in.ok() || kind > kSteady) return false;
  numbers[0] = static_cast<int64_t>(number);
  size_t i = 1;
  switch (kind) {
    case kSteady:
      for (; i < numbers.size(); ++i) {
        number += difference;
        numbers[i] = static_cast<int64_t>(number);
      }
      break;
    case kAround:
      for (; i < numbers.size(); ++i) {
        number += difference + static_cast<uint64_t>(in.Signed());
        numbers[i] = static_cast<int64_t>(number);
      }
      break;
    default:
      for (; i < numbers.size(); ++i) {
        if (i > 1) difference += static_cast<uint64_t>(in.Signed());
        number += difference;
        numbers[i] = static_cast<int64_t>(number);
      }
  }
  return in.ok();
}

}  // namespace slowburn::storage::internal
