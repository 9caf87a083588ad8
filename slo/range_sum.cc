#include "slo/range_sum.h"

#include <algorithm>

namespace slowburn::slo {
namespace {

constexpr uint32_t kHoursPerDay = 24;

// An hour of a day block: each five-minute sum at the first of its slices.
SliceBlock HourOfDay(const SliceBlock& day, uint32_t hour_of_day) {
  SliceBlock hour(kHourSlots);
  constexpr uint32_t kSums = kHourSlots / kSlicesPerDaySlot;
  for (uint32_t i = 0; i < kSums; ++i) {
    hour.Set(i * kSlicesPerDaySlot, day.At(hour_of_day * kSums + i));
  }
  return hour;
}

}  // namespace

const ResidentHour* RangeReader::FindResident(uint32_t hour) const {
  const auto at = std::lower_bound(
      view_.hours.begin(), view_.hours.end(), hour,
      [](const ResidentHour& resident, uint32_t wanted) { return resident.hour < wanted; });
  return at != view_.hours.end() && at->hour == hour ? &*at : nullptr;
}

bool RangeReader::HasResident(uint32_t day) const {
  const auto at = std::lower_bound(
      view_.hours.begin(), view_.hours.end(), day * kHoursPerDay,
      [](const ResidentHour& resident, uint32_t wanted) { return resident.hour < wanted; });
  return at != view_.hours.end() && at->hour < (day + 1) * kHoursPerDay;
}

absl::StatusOr<SliceBlock> RangeReader::Hour(uint32_t hour) const {
  if (const ResidentHour* resident = FindResident(hour)) return resident->block;
  if (view_.first == 0 || hour < view_.first / kSlicesPerHour) return SliceBlock(kHourSlots);
  const uint32_t day = hour / kHoursPerDay;
  const bool lost_hours = day < view_.hours_kept_from;
  // A day that lost its hours and is to be rolled again has those that a backfill replaced.
  if (!lost_hours || day >= view_.days_rolled) {
    auto stored = source_.ReadHour(view_.sli, view_.group, hour);
    if (!stored.ok()) return stored.status();
    if (stored->has_value()) return **std::move(stored);
    // An hour of a rolled day that is not there was empty, or has just been dropped: its day knows.
    if (!lost_hours && day >= view_.days_rolled) return SliceBlock(kHourSlots);
  }
  auto stored = source_.ReadDay(view_.sli, view_.group, day);
  if (!stored.ok()) return stored.status();
  return stored->has_value() ? HourOfDay(**stored, hour % kHoursPerDay) : SliceBlock(kHourSlots);
}

absl::StatusOr<SliCounts> RangeReader::SumWithinHour(uint32_t hour, uint32_t begin,
                                                     uint32_t end) const {
  if (const ResidentHour* resident = FindResident(hour)) return resident->block.Sum(begin, end);
  const auto block = Hour(hour);
  if (!block.ok()) return block.status();
  return block->Sum(begin, end);
}

absl::StatusOr<SliCounts> RangeReader::Sum(Slice begin, Slice end) const {
  SliCounts sum;
  if (view_.first == 0 || end <= FirstCounted(view_)) return sum;
  // Nothing lies before the first event; its day may be read as a whole.
  begin = std::max(begin, view_.first / kSlicesPerDay * kSlicesPerDay);
  while (begin < end) {
    const uint32_t day = begin / kSlicesPerDay;
    if (begin % kSlicesPerDay == 0 && end - begin >= kSlicesPerDay && day < view_.days_rolled &&
        !HasResident(day)) {
      const auto block = source_.ReadDay(view_.sli, view_.group, day);
      if (!block.ok()) return block.status();
      // A day that is not there was empty, or its block is still being written: its hours know.
      if (block->has_value() || day < view_.hours_kept_from) {
        if (block->has_value()) sum += (*block)->Sum(0, kDaySlots);
        begin += kSlicesPerDay;
        continue;
      }
    }
    const uint32_t hour = begin / kSlicesPerHour;
    const Slice hour_begin = hour * kSlicesPerHour;
    const Slice hour_end = std::min<Slice>(end, hour_begin + kSlicesPerHour);
    const auto part = SumWithinHour(hour, begin - hour_begin, hour_end - hour_begin);
    if (!part.ok()) return part.status();
    sum += *part;
    begin = hour_end;
  }
  return sum;
}

absl::StatusOr<SliCounts> HourlyReader::Sum(Slice begin, Slice end) {
  SliCounts sum;
  while (begin < end) {
    const uint32_t hour = begin / kSlicesPerHour;
    const Slice hour_begin = hour * kSlicesPerHour;
    const Slice hour_end = std::min<Slice>(end, hour_begin + kSlicesPerHour);
    if (!block_.has_value() || hour != hour_) {
      auto block = reader_.Hour(hour);
      if (!block.ok()) return block.status();
      block_ = *std::move(block);
      hour_ = hour;
    }
    sum += block_->Sum(begin - hour_begin, hour_end - hour_begin);
    begin = hour_end;
  }
  return sum;
}

std::chrono::seconds GranularityAt(const GroupView& view, Slice slice) {
  return slice / kSlicesPerDay < view.hours_kept_from ? std::chrono::seconds(300) : kSliceLength;
}

}  // namespace slowburn::slo
