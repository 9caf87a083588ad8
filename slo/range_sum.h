// slo/range_sum.h: exact sums over any range of slices of one group: what is in memory first, the
// store for the rest.
//
// Room     slo
// Uses     slo/
// Threads  a RangeReader belongs to one thread; GroupView is a value
// Units    slices, [begin, end)
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

#include <absl/status/statusor.h>

#include "slo/block_source.h"
#include "slo/slice_block.h"

namespace slowburn::slo {

// An hour that is in memory. In memory or current in the store: a block is never older in memory.
struct ResidentHour {
  uint32_t hour = 0;
  bool dirty = false;  // newer than the store
  SliceBlock block{kHourSlots};
};

// Where the counts of one group are. `hours` is sorted.
struct GroupView {
  SliId sli{};
  GroupId group{};
  std::vector<ResidentHour> hours;
  Slice first = 0;  // of the first event; 0: there was none
  Slice last = 0;   // of the last one
  uint32_t days_rolled =
      0;  // days before this one have a day block in the store where anything was counted
  uint32_t hours_kept_from = 0;  // days before this one have lost their hour blocks
};

// No slice before it counts anything: where only day blocks are left, counts stand at the first
// slice of their five minutes, which may be before the first event.
inline Slice FirstCounted(const GroupView& view) {
  return view.first - view.first % kSlicesPerDaySlot;
}

// Sums of one group. Days that lost their hour blocks count by five-minute sums, each at the first
// of its slices, so a range whose bounds are divisible by 300 s is exact there too.
class RangeReader {
 public:
  // Both must outlive the reader.
  RangeReader(const GroupView& view, const BlockSource& source) : view_(view), source_(source) {}

  absl::StatusOr<SliCounts> Sum(Slice begin, Slice end) const;
  // Nothing was ever counted.
  bool empty() const { return view_.first == 0; }
  // No slice before it counts anything.
  Slice first_counted() const { return FirstCounted(view_); }
  // The hour as it is, resident or stored; an empty block where nothing was counted.
  absl::StatusOr<SliceBlock> Hour(uint32_t hour) const;

 private:
  const ResidentHour* FindResident(uint32_t hour) const;
  bool HasResident(uint32_t day) const;
  absl::StatusOr<SliCounts> SumWithinHour(uint32_t hour, uint32_t begin, uint32_t end) const;

  const GroupView& view_;
  const BlockSource& source_;
};

// Sums of short stretches one after the other: reads each hour once. What is counted meanwhile is
// not in the hour that it holds.
class HourlyReader {
 public:
  // `reader` must outlive it.
  explicit HourlyReader(const RangeReader& reader) : reader_(reader) {}
  absl::StatusOr<SliCounts> Sum(Slice begin, Slice end);

 private:
  const RangeReader& reader_;
  uint32_t hour_ = 0;
  std::optional<SliceBlock> block_;
};

// The least granularity at which counts of `slice` are still known: 10 s, or 300 s where only day
// blocks are left.
std::chrono::seconds GranularityAt(const GroupView& view, Slice slice);

}  // namespace slowburn::slo
