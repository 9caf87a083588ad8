// slo/testing/slice_sums.h: increments as counts of slices.
//
// Room     slo, for tests
// Uses     slo/
// Threads  pure functions
// Units    slices, events
#pragma once

#include <map>
#include <span>

#include "slo/metric_increment.h"
#include "slo/spread.h"

namespace slowburn::slo::testing {

// By slice: total in `good` + `bad`, good in `good`. Slices without a count are left out.
inline std::map<Slice, SliCounts> SliceSums(std::span<const Increment> increments) {
  std::map<Slice, SliCounts> sums;
  for (const Increment& increment : increments) {
    const auto add = [&](uint64_t count, uint64_t SliCounts::*member) {
      const SliceShares spread = Spread(count, increment.from, increment.to);
      for (const SliceShare& share : spread.shares()) {
        sums[share.slice].*member += increment.is_taken_back ? 0 - share.count : share.count;
      }
    };
    add(increment.good, &SliCounts::good);
    add(increment.total - increment.good, &SliCounts::bad);
  }
  std::erase_if(sums, [](const auto& entry) { return entry.second == SliCounts{}; });
  return sums;
}

inline SliCounts Total(std::span<const Increment> increments) {
  SliCounts total;
  for (const auto& [slice, counts] : SliceSums(increments)) total += counts;
  return total;
}

}  // namespace slowburn::slo::testing
