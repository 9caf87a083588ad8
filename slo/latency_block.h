// slo/latency_block.h: the latencies of one hour (twelve histograms of five minutes) or one day (24
// of an hour) of one group.
//
// Room     slo: pure
// Uses     base/, slo/
// Threads  a value; one thread at a time writes
// Units    a slot is 5 min in an hour block, 1 h in a day block
// Source   docs/format/latency_block.md
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "slo/latency_histogram.h"
#include "slo/slice.h"

namespace slowburn::slo {

// Unix seconds / 300.
using LatencySlot = uint32_t;
inline constexpr std::chrono::seconds kLatencySlotLength{300};
inline constexpr uint32_t kLatencySlotsPerHour = 12;
inline constexpr uint32_t kLatencyHoursPerDay = 24;

inline LatencySlot LatencySlotOf(Slice slice) { return slice / kSlicesPerDaySlot; }
inline LatencySlot LatencySlotOf(std::chrono::sys_seconds time) {
  return static_cast<LatencySlot>(time.time_since_epoch() / kLatencySlotLength);
}
inline std::chrono::sys_seconds LatencySlotStart(LatencySlot slot) {
  return std::chrono::sys_seconds(slot * kLatencySlotLength);
}

class LatencyBlock {
 public:
  explicit LatencyBlock(uint32_t slots) : slots_(slots) {}

  uint32_t slots() const { return slots_; }
  bool empty() const;
  const LatencyHistogram& At(uint32_t slot) const;
  void Merge(uint32_t slot, const LatencyHistogram& histogram);
  size_t memory_bytes() const;

  // Only slots that hold something take space.
  std::string Encode() const;
  // kDataLoss for bytes that Encode never writes.
  static absl::StatusOr<LatencyBlock> Decode(std::string_view bytes, uint32_t slots);

  friend bool operator==(const LatencyBlock& a, const LatencyBlock& b) {
    return a.Encode() == b.Encode();
  }

 private:
  uint32_t slots_;
  std::vector<LatencyHistogram> histograms_;  // by slot, up to the last that holds something
};

}  // namespace slowburn::slo
