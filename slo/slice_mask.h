// slo/slice_mask.h: which slices count for nothing.
//
// Room     slo: pure
// Uses     base/, slo/
// Threads  immutable values
// Units    slices; ranges are [begin, end)
// Source   DESIGN section 4, "Exclusions"
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <vector>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>

#include "slo/exclusion.h"
#include "slo/slice.h"

namespace slowburn::slo {

// The slices that a set of exclusions covers, e.g. [2026-01-04T01:00Z, 03:00Z) and the same a week
// later: sorted stretches that neither overlap nor touch. A slice is covered when any part of it
// lies in an exclusion. At most kStretchesMax stretches of 16 bytes; a question is a binary search.
class SliceMask {
 public:
  static constexpr size_t kStretchesMax = 100'000;

  SliceMask() = default;  // covers nothing

  // What `exclusions` cover of the slices that overlap [from, to). kInvalidArgument for more than
  // kExclusionsMax of them, or when they give more than kStretchesMax stretches. The cost follows
  // their occurrences in the range.
  static absl::StatusOr<SliceMask> Of(std::span<const Exclusion* const> exclusions,
                                      std::chrono::sys_seconds from, std::chrono::sys_seconds to);

  bool empty() const { return stretches_.empty(); }
  size_t stretches() const { return stretches_.size(); }
  bool Covers(Slice slice) const;
  // Calls fn(begin, end) for each covered stretch within [begin, end), cut to it, rising.
  void ForEachCovered(Slice begin, Slice end, absl::FunctionRef<void(Slice, Slice)> fn) const;
  uint64_t CoveredSlices(Slice begin, Slice end) const;
  // A hash of what is covered of [begin, end): equal for masks that cover the same there.
  uint64_t Key(Slice begin = 0, Slice end = UINT32_MAX) const;

  friend bool operator==(const SliceMask&, const SliceMask&) = default;

 private:
  struct Stretch {
    Slice begin;
    Slice end;
    uint64_t before;  // covered slices of all earlier stretches
    friend bool operator==(const Stretch&, const Stretch&) = default;
  };

  // The first stretch that ends after `slice`.
  std::vector<Stretch>::const_iterator FirstEndingAfter(Slice slice) const;
  // How many covered slices lie before `slice`.
  uint64_t CoveredBefore(Slice slice) const;

  std::vector<Stretch> stretches_;
};

}  // namespace slowburn::slo
