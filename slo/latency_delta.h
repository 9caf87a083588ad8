// slo/latency_delta.h: what one request adds to latency histograms, counted while its events are
// matched.
//
// Room     slo: pure
// Uses     slo/
// Threads  a LatencyTally belongs to one thread
// Units    nanoseconds, events
#pragma once

#include <cstdint>
#include <vector>

#include "slo/latency_bucket.h"

namespace slowburn::slo {

// Events of one entry of an SliDelta that lasted about the same.
struct LatencyCount {
  uint32_t entry = 0;
  int32_t bucket = kLatencyZeroBucket;
  uint32_t count = 0;
  friend bool operator==(const LatencyCount&, const LatencyCount&) = default;
};

// Counts by (entry, bucket) in a table of open addressing that is used again for every request.
class LatencyTally {
 public:
  LatencyTally() : cells_(kCellsMin, 0) {}

  void Add(uint32_t entry, uint64_t nanos) {
    const int32_t bucket = LatencyBucketOf(nanos);
    const size_t mask = cells_.size() - 1;
    for (size_t at = Hash(entry, bucket) & mask;; at = (at + 1) & mask) {
      if (cells_[at] >> 32 != stamp_) {
        cells_[at] = (uint64_t{stamp_} << 32) | counts_.size();
        Append(entry, bucket);
        return;
      }
      LatencyCount& known = counts_[static_cast<uint32_t>(cells_[at])];
      if (known.entry == entry && known.bucket == bucket) {
        ++known.count;
        return;
      }
    }
  }
  bool empty() const { return counts_.empty(); }
  // By entry, then by bucket. Empties the tally.
  std::vector<LatencyCount> Take();

 private:
  static constexpr size_t kCellsMin = 1024;         // 8 KiB
  static constexpr size_t kCellsKeptMax = 1 << 16;  // 512 KiB: more is given back after a request

  static size_t Hash(uint32_t entry, int32_t bucket) {
    const uint64_t key = (uint64_t{entry} << 12) + static_cast<uint32_t>(bucket);
    return (key * 0x9E37'79B9'7F4A'7C15) >> 32;
  }
  void Append(uint32_t entry, int32_t bucket);
  void Grow();

  std::vector<LatencyCount> counts_;
  std::vector<uint64_t> cells_;  // stamp << 32 | place in counts_
  uint32_t stamp_ = 1;
};

}  // namespace slowburn::slo
