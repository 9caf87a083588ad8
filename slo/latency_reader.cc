#include "slo/latency_reader.h"

#include <algorithm>

#include "base/status.h"

namespace slowburn::slo {
namespace {

constexpr uint32_t kSlotsPerDay = kLatencySlotsPerHour * kLatencyHoursPerDay;

// Which slots of an hour lie in [begin, end) and in no masked range: a bit for each.
uint32_t WantedSlots(uint32_t hour, LatencySlot begin, LatencySlot end,
                     std::span<const LatencySlotRange> masked) {
  const auto bits = [&](LatencySlot from, LatencySlot to) {
    const LatencySlot hour_begin = hour * kLatencySlotsPerHour;
    from = std::clamp(from, hour_begin, hour_begin + kLatencySlotsPerHour) - hour_begin;
    to = std::clamp(to, hour_begin, hour_begin + kLatencySlotsPerHour) - hour_begin;
    return to <= from ? 0u : ((1u << to) - 1) & ~((1u << from) - 1);
  };
  uint32_t wanted = bits(begin, end);
  for (const LatencySlotRange& range : masked) wanted &= ~bits(range.begin, range.end);
  return wanted;
}

// Those that reach into [begin, end).
std::span<const LatencySlotRange> Within(std::span<const LatencySlotRange> masked,
                                         LatencySlot begin, LatencySlot end) {
  const auto from = std::ranges::partition_point(
      masked, [&](const LatencySlotRange& range) { return range.end <= begin; });
  const auto to = std::ranges::partition_point(
      masked, [&](const LatencySlotRange& range) { return range.begin < end; });
  return from < to ? std::span<const LatencySlotRange>(from, to)
                   : std::span<const LatencySlotRange>();
}

}  // namespace

std::chrono::seconds LatencyGranularityAt(const LatencyView& view, std::chrono::sys_seconds time) {
  const auto day =
      static_cast<uint32_t>(std::chrono::floor<std::chrono::days>(time).time_since_epoch().count());
  return day < view.hours_kept_from ? std::chrono::seconds(3600) : kLatencySlotLength;
}

bool LatencyReader::HasResident(uint32_t day) const {
  return std::ranges::any_of(view_.hours, [&](const ResidentLatencyHour& resident) {
    return resident.hour / kLatencyHoursPerDay == day;
  });
}

// An empty one where nothing was recorded.
absl::StatusOr<const LatencyBlock*> LatencyReader::Day(uint32_t day) {
  if (last_day_ != day) {
    last_day_.reset();
    SB_ASSIGN_OR_RETURN(std::optional<LatencyBlock> stored,
                        source_.ReadDay(view_.sli, view_.group, day));
    last_day_block_ = std::move(stored).value_or(LatencyBlock(kLatencyHoursPerDay));
    last_day_ = day;
  }
  return &last_day_block_;
}

absl::StatusOr<LatencyBlock> LatencyReader::ReadHour(uint32_t hour) {
  const uint32_t day = hour / kLatencyHoursPerDay;
  LatencyBlock block(kLatencySlotsPerHour);
  SB_ASSIGN_OR_RETURN(std::optional<LatencyBlock> stored,
                      source_.ReadHour(view_.sli, view_.group, hour));
  if (stored.has_value()) return *std::move(stored);
  // An hour of a day that was made a block may have been dropped, now or long ago: its day knows.
  if (day >= view_.hours_kept_from && day >= view_.days_rolled) return block;
  SB_ASSIGN_OR_RETURN(const LatencyBlock* const whole_day, Day(day));
  block.Merge(0, whole_day->At(hour % kLatencyHoursPerDay));
  return block;
}

absl::StatusOr<const LatencyBlock*> LatencyReader::Hour(uint32_t hour) {
  const auto at = std::ranges::lower_bound(view_.hours, hour, {}, &ResidentLatencyHour::hour);
  if (at != view_.hours.end() && at->hour == hour) return &at->block;
  if (last_hour_ != hour) {
    last_hour_.reset();
    SB_ASSIGN_OR_RETURN(last_hour_block_, ReadHour(hour));
    last_hour_ = hour;
  }
  return &last_hour_block_;
}

absl::Status LatencyReader::AddHour(uint32_t hour, uint32_t slots, LatencySum& sum) {
  SB_ASSIGN_OR_RETURN(const LatencyBlock* const block, Hour(hour));
  const bool is_known_as_a_whole = hour / kLatencyHoursPerDay < view_.hours_kept_from;
  for (uint32_t slot = 0; slot < kLatencySlotsPerHour; ++slot) {
    if (is_known_as_a_whole || (slots >> slot & 1) != 0) sum.Add(block->At(slot));
  }
  return absl::OkStatus();
}

// False when only its hours know.
absl::StatusOr<bool> LatencyReader::AddDay(uint32_t day, LatencySum& sum) {
  if (day >= view_.days_rolled || HasResident(day)) return false;
  SB_ASSIGN_OR_RETURN(const LatencyBlock* const block, Day(day));
  if (block->empty()) return day < view_.hours_kept_from;
  for (uint32_t hour = 0; hour < kLatencyHoursPerDay; ++hour) sum.Add(block->At(hour));
  return true;
}

absl::StatusOr<LatencySum> LatencyReader::Sum(LatencySlot begin, LatencySlot end,
                                              std::span<const LatencySlotRange> masked) {
  LatencySum sum;
  if (view_.first_hour == 0) return sum;
  // Nothing lies before the first event; its day may be read as a whole.
  begin = std::max(begin, view_.first_hour / kLatencyHoursPerDay * kSlotsPerDay);
  while (begin < end) {
    if (begin % kSlotsPerDay == 0 && end - begin >= kSlotsPerDay &&
        Within(masked, begin, begin + kSlotsPerDay).empty()) {
      SB_ASSIGN_OR_RETURN(const bool is_added, AddDay(begin / kSlotsPerDay, sum));
      if (is_added) {
        begin += kSlotsPerDay;
        continue;
      }
    }
    const uint32_t hour = begin / kLatencySlotsPerHour;
    const LatencySlot hour_end = std::min(end, (hour + 1) * kLatencySlotsPerHour);
    const uint32_t wanted = WantedSlots(hour, begin, hour_end, Within(masked, begin, hour_end));
    if (wanted != 0) SB_RETURN_IF_ERROR(AddHour(hour, wanted, sum));
    begin = hour_end;
  }
  return sum;
}

absl::StatusOr<LatencyBlock> LatencyReader::MakeDay(uint32_t day) {
  LatencyBlock made(kLatencyHoursPerDay);
  SB_ASSIGN_OR_RETURN(const bool has_hours, source_.HasHours(view_.sli, view_.group, day));
  if (!has_hours && !HasResident(day)) return made;
  for (uint32_t i = 0; i < kLatencyHoursPerDay; ++i) {
    SB_ASSIGN_OR_RETURN(const LatencyBlock* const hour, Hour(day * kLatencyHoursPerDay + i));
    for (uint32_t slot = 0; slot < kLatencySlotsPerHour; ++slot) made.Merge(i, hour->At(slot));
  }
  return made;
}

}  // namespace slowburn::slo
