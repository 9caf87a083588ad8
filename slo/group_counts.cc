#include "slo/group_counts.h"

#include <algorithm>
#include <utility>

namespace slowburn::slo {
namespace {

// Longer steps are read as ranges: a range does not leave its hours in memory.
constexpr uint32_t kStepsMax = kSlicesPerHour;

uint32_t HourOf(Slice slice) { return slice / kSlicesPerHour; }
Slice Before(Slice slice, uint32_t slices) { return slice > slices ? slice - slices : 0; }

// As a day block knows the hour: each five minutes at the first of their slices.
SliceBlock ByFiveMinutes(const SliceBlock& hour) {
  SliceBlock coarse(kHourSlots);
  for (uint32_t slot = 0; slot < kHourSlots; slot += kSlicesPerDaySlot)
    coarse.Set(slot, hour.Sum(slot, slot + kSlicesPerDaySlot));
  return coarse;
}

}  // namespace

void GroupCounts::Restore(const GroupRunningState& state) {
  through_ = state.through;
  view_.first = state.first;
  view_.days_rolled = state.days_rolled;
  last_event_ = state.last_event;
  lifetime_ = state.lifetime;
  stale_ = false;
  sums_.clear();
  windows_.clear();
  for (const GroupRunningState::Sum& sum : state.sums) {
    windows_.push_back(sum.window);
    sums_.push_back(sum.counts);
  }
}

void GroupCounts::Rewind(Slice to) {
  if (through_ <= to) return;
  through_ = to;
  stale_ = true;
  changed_ = true;
}

absl::Status GroupCounts::SetWindows(const std::vector<uint32_t>& windows,
                                     const BlockSource& source) {
  const RangeReader reader(view_, source);
  std::vector<SliCounts> sums;
  for (const uint32_t window : windows) {
    const auto known =
        stale_ ? windows_.end() : std::find(windows_.begin(), windows_.end(), window);
    if (known != windows_.end()) {
      sums.push_back(sums_[static_cast<size_t>(known - windows_.begin())]);
      continue;
    }
    const auto sum = reader.Sum(Before(through_, window), through_ + 1);
    if (!sum.ok()) {
      sums_.assign(windows.size(), {});
      windows_ = windows;
      stale_ = true;
      return sum.status();
    }
    sums.push_back(*sum);
    changed_ = true;
  }
  sums_ = std::move(sums);
  windows_ = windows;
  stale_ = false;
  Evict();
  return absl::OkStatus();
}

absl::Status GroupCounts::Resum(const BlockSource& source) {
  const std::vector<uint32_t> windows = std::exchange(windows_, {});
  return SetWindows(windows, source);
}

ResidentHour* GroupCounts::Find(uint32_t hour) {
  const auto at = std::lower_bound(
      view_.hours.begin(), view_.hours.end(), hour,
      [](const ResidentHour& resident, uint32_t wanted) { return resident.hour < wanted; });
  return at != view_.hours.end() && at->hour == hour ? &*at : nullptr;
}

absl::StatusOr<ResidentHour*> GroupCounts::Resident(uint32_t hour, const BlockSource& source) {
  if (ResidentHour* resident = Find(hour)) return resident;
  auto block = RangeReader(view_, source).Hour(hour);
  if (!block.ok()) return block.status();
  const auto at = std::lower_bound(
      view_.hours.begin(), view_.hours.end(), hour,
      [](const ResidentHour& resident, uint32_t wanted) { return resident.hour < wanted; });
  return &*view_.hours.insert(at, ResidentHour{hour, false, *std::move(block)});
}

absl::Status GroupCounts::Load(Slice slice, const BlockSource& source) {
  return Resident(HourOf(slice), source).status();
}

void GroupCounts::Add(const SliceChange& change) {
  // Where five minutes are the finest that is known, so it counts as its day block will have it: it
  // must not move within a window that has it.
  Slice counted_at = change.slice;
  if (counted_at / kSlicesPerDay < view_.hours_kept_from)
    counted_at -= counted_at % kSlicesPerDaySlot;
  ResidentHour& resident = *Find(HourOf(counted_at));
  resident.block.Add(counted_at % kSlicesPerHour, change.counts);
  resident.dirty = true;
  changed_ = true;
  lifetime_ += change.counts;
  // A day that was thought out of reach (a larger max_late, a clock that jumped) is rolled again.
  view_.days_rolled = std::min(view_.days_rolled, change.slice / kSlicesPerDay);
  if (view_.first == 0 || change.slice < view_.first) view_.first = change.slice;
  last_event_ = std::max(
      last_event_, SliceStart(change.slice) + std::chrono::seconds(change.last_offset_seconds));
  if (counted_at > through_) return;  // It counts once time reaches it.
  for (size_t i = 0; i < sums_.size(); ++i) {
    if (counted_at >= Before(through_, windows_[i])) sums_[i] += change.counts;
  }
}

void GroupCounts::SetHour(uint32_t hour, SliceBlock block) {
  for (uint32_t slot = 0; slot < kHourSlots; ++slot) {
    if (block.At(slot).total() == 0) continue;
    const Slice slice = hour * kSlicesPerHour + slot;
    if (view_.first == 0 || slice < view_.first) view_.first = slice;
    last_event_ = std::max(last_event_, SliceStart(slice));
  }
  // Where the day's other hours are known by five minutes, so is this one once it is rolled: counts
  // must not move within a window that has them.
  if (hour / 24 < view_.hours_kept_from) block = ByFiveMinutes(block);
  const auto at = std::lower_bound(
      view_.hours.begin(), view_.hours.end(), hour,
      [](const ResidentHour& resident, uint32_t wanted) { return resident.hour < wanted; });
  lifetime_ += block.Sum(0, kHourSlots);
  if (at != view_.hours.end() && at->hour == hour) {
    lifetime_ -= at->block.Sum(0, kHourSlots);
    *at = ResidentHour{hour, true, std::move(block)};
  } else {
    view_.hours.insert(at, ResidentHour{hour, true, std::move(block)});
  }
  // Its day has to be rolled again.
  view_.days_rolled = std::min(view_.days_rolled, hour / 24);
  changed_ = true;
}

absl::StatusOr<SliCounts> GroupCounts::CountsAt(Slice slice, const BlockSource& source) {
  const auto resident = Resident(HourOf(slice), source);
  if (!resident.ok()) return resident.status();
  return (*resident)->block.At(slice % kSlicesPerHour);
}

// One slice forward.
absl::Status GroupCounts::Step(const BlockSource& source) {
  const auto entering = CountsAt(through_ + 1, source);
  if (!entering.ok()) return entering.status();
  for (size_t i = 0; i < windows_.size(); ++i) {
    sums_[i] += *entering;
    if (through_ < windows_[i] || through_ - windows_[i] < FirstCounted(view_))
      continue;  // Nothing lies there.
    const auto leaving = CountsAt(through_ - windows_[i], source);
    if (!leaving.ok()) return leaving.status();
    sums_[i] -= *leaving;
  }
  ++through_;
  return absl::OkStatus();
}

absl::Status GroupCounts::Advance(Slice to, const BlockSource& source) {
  if (stale_) {
    through_ = std::max(through_, to);
    return Resum(source);
  }
  if (to <= through_) return absl::OkStatus();
  if (view_.first == 0) {
    through_ = to;
    return absl::OkStatus();
  }
  if (to - through_ > kStepsMax) {
    through_ = to;
    return Resum(source);
  }
  const uint32_t hour = HourOf(through_);
  while (through_ < to) {
    const absl::Status stepped = Step(source);
    if (!stepped.ok()) {
      stale_ = true;
      sums_.assign(windows_.size(), {});
      return stepped;
    }
  }
  if (HourOf(through_) != hour) {
    // A silent group needs a new checkpoint only so often that a restart never has to step far.
    changed_ = true;
    Evict();
  }
  return absl::OkStatus();
}

void GroupCounts::Evict() {
  std::erase_if(view_.hours, [&](const ResidentHour& resident) {
    if (resident.dirty || resident.hour + 1 >= HourOf(through_)) return false;
    return std::none_of(windows_.begin(), windows_.end(), [&](uint32_t window) {
      return resident.hour == HourOf(Before(through_, window));
    });
  });
}

std::optional<std::chrono::sys_seconds> GroupCounts::last_event() const {
  if (view_.first == 0) return std::nullopt;
  return last_event_;
}

absl::StatusOr<SliceBlock> GroupCounts::MakeDay(uint32_t day, const BlockSource& source) const {
  SliceBlock block(kDaySlots);
  const RangeReader reader(view_, source);
  constexpr uint32_t kSums = kHourSlots / kSlicesPerDaySlot;
  for (uint32_t hour = 0; hour < 24; ++hour) {
    const auto hour_block = reader.Hour(day * 24 + hour);
    if (!hour_block.ok()) return hour_block.status();
    for (uint32_t i = 0; i < kSums; ++i) {
      block.Set(hour * kSums + i,
                hour_block->Sum(i * kSlicesPerDaySlot, (i + 1) * kSlicesPerDaySlot));
    }
  }
  return block;
}

GroupRunningState GroupCounts::State() const {
  GroupRunningState state{through_, view_.first, view_.days_rolled, last_event_, {}, lifetime_};
  if (stale_) return state;  // Who restores it reads the sums.
  for (size_t i = 0; i < windows_.size(); ++i) state.sums.push_back({windows_[i], sums_[i]});
  return state;
}

void GroupCounts::MarkClean() {
  for (ResidentHour& resident : view_.hours) resident.dirty = false;
  changed_ = false;
  Evict();
}

size_t GroupCounts::memory_bytes() const {
  size_t bytes =
      sizeof(*this) + sums_.capacity() * sizeof(SliCounts) + windows_.capacity() * sizeof(uint32_t);
  bytes += (view_.hours.capacity() - view_.hours.size()) * sizeof(ResidentHour);
  for (const ResidentHour& resident : view_.hours) {
    bytes += sizeof(ResidentHour) - sizeof(SliceBlock) + resident.block.memory_bytes();
  }
  return bytes;
}

}  // namespace slowburn::slo
