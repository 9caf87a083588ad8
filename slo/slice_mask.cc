#include "slo/slice_mask.h"

#include <algorithm>
#include <utility>

#include <xxhash.h>

#include "base/mutant.h"
#include "base/status.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using SliceRange = std::pair<Slice, Slice>;

constexpr sys_seconds kSlicesEnd{kSliceLength * int64_t{UINT32_MAX}};

// The slice that holds `time`, and the first that begins at `time` or later; cut to what a Slice
// can be.
Slice SliceHolding(sys_seconds time) {
  return SliceOf(std::clamp(time, sys_seconds{}, kSlicesEnd));
}
Slice SliceFrom(sys_seconds time) {
  return SliceOf(std::clamp(time, sys_seconds{}, kSlicesEnd - kSliceLength) + kSliceLength -
                 seconds(1));
}

// Collects ranges in any order and joins them when it holds twice what a mask may have: the memory
// is bounded however often exclusions overlap.
class Stretches {
 public:
  void Add(SliceRange range) {
    if (range.first >= range.second) return;
    // Each exclusion's occurrences rise, so most of what touches comes after what it touches.
    if (!ranges_.empty() && range.first >= ranges_.back().first &&
        range.first <= ranges_.back().second) {
      ranges_.back().second = std::max(ranges_.back().second, range.second);
      return;
    }
    ranges_.push_back(range);
    if (ranges_.size() >= 2 * SliceMask::kStretchesMax) Join();
  }

  bool full() const { return full_; }
  const std::vector<SliceRange>& Join() {
    std::sort(ranges_.begin(), ranges_.end());
    std::vector<SliceRange> joined;
    for (const SliceRange& range : ranges_) {
      if (!joined.empty() && range.first <= joined.back().second) {
        joined.back().second = std::max(joined.back().second, range.second);
      } else {
        joined.push_back(range);
      }
    }
    full_ = full_ || joined.size() > SliceMask::kStretchesMax;
    ranges_ = std::move(joined);
    return ranges_;
  }

 private:
  std::vector<SliceRange> ranges_;
  bool full_ = false;
};

}  // namespace

absl::StatusOr<SliceMask> SliceMask::Of(std::span<const Exclusion* const> exclusions,
                                        sys_seconds from, sys_seconds to) {
  if (exclusions.size() > kExclusionsMax) {
    return base::InvalidArgument("there are {} exclusions; at most {} can be in force",
                                 exclusions.size(), kExclusionsMax);
  }
  const Slice first = SliceHolding(from);
  const Slice last = SliceFrom(to);
  Stretches collected;
  const auto add = [&](sys_seconds begin, sys_seconds end) {
    const Slice past = SB_MUTANT("exclusion_edge") ? SliceHolding(end) : SliceFrom(end);
    collected.Add({std::max(first, SliceHolding(begin)), std::min(last, past)});
  };
  for (const Exclusion* exclusion : exclusions) {
    if (const auto* once = std::get_if<Exclusion::Once>(&exclusion->when)) {
      add(once->start, once->end);
    } else {
      std::get<Recurrence>(exclusion->when).ForEach(SliceStart(first), SliceStart(last), add);
    }
    if (collected.full()) break;
  }
  const std::vector<SliceRange>& joined = collected.Join();
  if (collected.full()) {
    return base::InvalidArgument(
        "the exclusions make more than {} stretches of time; write fewer of them, or let them "
        "repeat less often",
        kStretchesMax);
  }
  SliceMask mask;
  uint64_t before = 0;
  for (const auto& [begin, end] : joined) {
    mask.stretches_.push_back({begin, end, before});
    before += end - begin;
  }
  return mask;
}

bool SliceMask::Covers(Slice slice) const {
  if (stretches_.empty()) return false;
  const auto stretch = FirstEndingAfter(slice);
  return stretch != stretches_.end() && stretch->begin <= slice;
}

void SliceMask::ForEachCovered(Slice begin, Slice end,
                               absl::FunctionRef<void(Slice, Slice)> fn) const {
  if (begin >= end) return;
  for (auto stretch = FirstEndingAfter(begin); stretch != stretches_.end() && stretch->begin < end;
       ++stretch) {
    fn(std::max(begin, stretch->begin), std::min(end, stretch->end));
  }
}

uint64_t SliceMask::CoveredSlices(Slice begin, Slice end) const {
  return begin >= end ? 0 : CoveredBefore(end) - CoveredBefore(begin);
}

uint64_t SliceMask::Key(Slice begin, Slice end) const {
  std::vector<Slice> bounds;
  ForEachCovered(begin, end, [&](Slice from, Slice to) {
    bounds.push_back(from);
    bounds.push_back(to);
  });
  return XXH3_64bits(bounds.data(), bounds.size() * sizeof(Slice));
}

std::vector<SliceMask::Stretch>::const_iterator SliceMask::FirstEndingAfter(Slice slice) const {
  return std::upper_bound(
      stretches_.begin(), stretches_.end(), slice,
      [](Slice wanted, const Stretch& stretch) { return wanted < stretch.end; });
}

uint64_t SliceMask::CoveredBefore(Slice slice) const {
  const auto stretch = FirstEndingAfter(slice);
  if (stretch == stretches_.end()) {
    if (stretches_.empty()) return 0;
    const Stretch& last = stretches_.back();
    return last.before + (last.end - last.begin);
  }
  return stretch->before + (slice > stretch->begin ? slice - stretch->begin : 0);
}

}  // namespace slowburn::slo
