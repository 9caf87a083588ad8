// slo/delta_index.h: where in an SliDelta the events of one SLI, slice and group count.
//
// Room     slo
// Uses     slo/
// Threads  one owner; reuse it for the next delta (it keeps its table)
// Units    none
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "slo/sli_delta.h"

namespace slowburn::slo {

// A hash table over the entries of the delta that is being made. Open addressing; a cell is
// stamp << 32 | entry and counts only while it carries the delta's stamp, so that beginning anew is
// one increment.
class DeltaIndex {
 public:
  DeltaIndex() : cells_(256, 0) {}

  // A new, empty delta. Whether the stamp came round, after 2^32 of them: stamps that were kept
  // elsewhere must not look new.
  bool Begin();
  // Of the current delta; never 0.
  uint32_t stamp() const { return stamp_; }
  // The entry, appended to `delta` if it is not there yet.
  uint32_t FindOrAppend(SliId sli, Slice slice, std::string_view key, SliDelta& delta);

 private:
  void Grow(const SliDelta& delta);

  std::vector<uint64_t> cells_;  // a power of two, at most half full
  uint32_t stamp_ = 0;
};

}  // namespace slowburn::slo
