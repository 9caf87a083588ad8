#include "slo/spread.h"

#include <algorithm>

#include "base/mutant.h"

namespace slowburn::slo {
namespace {

constexpr uint64_t kSliceNanos = std::chrono::nanoseconds(kSliceLength).count();
constexpr uint64_t kSpreadNanos = std::chrono::nanoseconds(kSpreadMax).count();

}  // namespace

SliceShares Spread(uint64_t count, uint64_t from, uint64_t to) {
  SliceShares spread;
  if (to == 0) to = 1;
  if (from >= to) from = to - 1;
  if (to - from > kSpreadNanos) {
    if (SB_MUTANT("spread_at_start")) to = from + kSpreadNanos;
    from = to - kSpreadNanos;
  }
  const uint64_t length = to - from;
  std::array<uint64_t, 32> remainders{};
  std::array<uint8_t, 32> order{};
  uint64_t left = count;
  for (uint64_t begin = from; begin < to;) {
    const uint64_t slice = begin / kSliceNanos;
    const uint64_t end = begin + std::min(to - begin, kSliceNanos - begin % kSliceNanos);
    const auto share = static_cast<unsigned __int128>(count) * (end - begin);
    const auto whole = static_cast<uint64_t>(share / length);
    remainders[spread.size_] = static_cast<uint64_t>(share % length);
    order[spread.size_] = static_cast<uint8_t>(spread.size_);
    spread.shares_[spread.size_++] = {static_cast<Slice>(slice), whole};
    left -= whole;
    begin = end;
  }
  if (left == 0) return spread;
  // `left` is less than the number of slices.
  std::stable_sort(order.begin(), order.begin() + spread.size_,
                   [&](uint8_t a, uint8_t b) { return remainders[a] > remainders[b]; });
  for (uint64_t i = 0; i < left; ++i) ++spread.shares_[order[i]].count;
  return spread;
}

}  // namespace slowburn::slo
