#include "slo/latency_delta.h"

#include <algorithm>
#include <tuple>
#include <utility>

namespace slowburn::slo {

void LatencyTally::Append(uint32_t entry, int32_t bucket) {
  counts_.push_back({entry, bucket, 1});
  if (counts_.size() * 2 > cells_.size()) Grow();
}

void LatencyTally::Grow() {
  cells_.assign(cells_.size() * 4, 0);
  const size_t mask = cells_.size() - 1;
  for (size_t i = 0; i < counts_.size(); ++i) {
    size_t at = Hash(counts_[i].entry, counts_[i].bucket) & mask;
    while (cells_[at] != 0) at = (at + 1) & mask;
    cells_[at] = (uint64_t{stamp_} << 32) | i;
  }
}

std::vector<LatencyCount> LatencyTally::Take() {
  std::vector<LatencyCount> taken(counts_.begin(), counts_.end());
  counts_.clear();
  if (cells_.size() > kCellsKeptMax) *this = LatencyTally();
  if (++stamp_ == 0) {  // The stamp came round: old cells must not look new.
    std::ranges::fill(cells_, 0);
    stamp_ = 1;
  }
  std::ranges::sort(taken, [](const LatencyCount& a, const LatencyCount& b) {
    return std::tie(a.entry, a.bucket) < std::tie(b.entry, b.bucket);
  });
  return taken;
}

}  // namespace slowburn::slo
