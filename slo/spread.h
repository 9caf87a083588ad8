// slo/spread.h: the events of an interval, as whole numbers in its slices.
//
// Room     slo: pure arithmetic
// Uses     slo/
// Threads  pure functions
// Units    unix nanoseconds; an interval is [from, to)
// Source   DESIGN section 4, "A metric's increment"; largest remainder (Hamilton's method)
#pragma once

#include <array>
#include <cstdint>
#include <span>

#include "slo/slice.h"

namespace slowburn::slo {

// What happened between two points of a metric is put into so much time before the second one.
inline constexpr std::chrono::minutes kSpreadMax{5};

struct SliceShare {
  Slice slice = 0;
  uint64_t count = 0;
};

// At most 31 shares: 30 whole slices, or 29 and two parts.
class SliceShares {
 public:
  // A loop over those of a temporary would outlive them.
  std::span<const SliceShare> shares() const& { return {shares_.data(), size_}; }
  std::span<const SliceShare> shares() && = delete;

 private:
  friend SliceShares Spread(uint64_t count, uint64_t from, uint64_t to);
  std::array<SliceShare, 32> shares_;
  size_t size_ = 0;
};

// `count` events, evenly in time over the last kSpreadMax of [from, to): each slice has its share
// rounded down, and what is left goes to the slices that lost most by it, the earlier ones first
// where they lost the same. Empty intervals (from >= to) are the instant before `to`. The counts
// add up to `count`; slices ascend.
SliceShares Spread(uint64_t count, uint64_t from, uint64_t to);

}  // namespace slowburn::slo
