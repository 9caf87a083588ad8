#include "slo/group_counts.h"

#include <algorithm>
#include <utility>

#include "base/mutant.h"
#include "base/status.h"

namespace slowburn::slo {
namespace {

// Longer steps are read as ranges: a range does not leave its hours in memory. The state of a
// silent group may be two hours old when the program stops.
constexpr uint32_t kStepsMax = 4 * kSlicesPerHour;

uint32_t HourOf(Slice slice) { return slice / kSlicesPerHour; }

// As a day block knows the hour: each five minutes at the first of their slices.
SliceBlock ByFiveMinutes(const SliceBlock& hour) {
  SliceBlock coarse(kHourSlots);
  for (uint32_t slot = 0; slot < kHourSlots; slot += kSlicesPerDaySlot)
    coarse.Set(slot, hour.Sum(slot, slot + kSlicesPerDaySlot));
  return coarse;
}

}  // namespace

void GroupCounts::Restore(const GroupRunningState& state,
                          std::shared_ptr<const WindowSet> windows) {
  through_ = state.through;
  tidied_hour_ = HourOf(through_);
  view_.first = state.first;
  view_.days_rolled = state.days_rolled;
  SetLastEvent(state.last_event);
  lifetime_ = state.lifetime;
  stale_ = false;
  windows_ = std::move(windows);
  restored_ = state.sums;
  sums_.clear();
  for (const ViewedWindow& window : *windows_) {
    const auto sum = std::find_if(restored_.begin(), restored_.end(),
                                  [&](const auto& one) { return one.key == window.key(); });
    sums_.push_back(sum->counts);
    restored_.erase(sum);
  }
}

void GroupCounts::Rewind(Slice to) {
  if (through_ <= to) return;
  through_ = to;
  stale_ = true;
  changed_ = true;
}

absl::Status GroupCounts::SetWindows(std::shared_ptr<const WindowSet> windows,
                                     const BlockSource& source) {
  const RangeReader reader(view_, source);
  const auto known = [&](const ViewedWindow& wanted) -> const SliCounts* {
    if (stale_) return nullptr;
    for (size_t i = 0; i < windows_->size(); ++i) {
      if (window(i) == wanted) return &sums_[i];
    }
    if (restored_.empty()) return nullptr;
    const auto found = std::find_if(restored_.begin(), restored_.end(),
                                    [&](const auto& sum) { return sum.key == wanted.key(); });
    return found == restored_.end() ? nullptr : &found->counts;
  };
  std::vector<SliCounts> sums;
  absl::Status failed;
  for (const ViewedWindow& wanted : *windows) {
    if (const SliCounts* sum = known(wanted)) {
      sums.push_back(*sum);
      continue;
    }
    const auto sum = wanted.Read(reader, through_);
    if (!sum.ok()) {
      failed = sum.status();
      break;
    }
    sums.push_back(*sum);
    changed_ = true;
  }
  windows_ = std::move(windows);
  restored_ = {};
  stale_ = !failed.ok();
  if (stale_) sums.assign(windows_->size(), {});
  sums_ = std::move(sums);
  if (!stale_) {
    tidied_hour_ = HourOf(through_);
    Evict();
  }
  return failed;
}

absl::Status GroupCounts::Resum(const BlockSource& source) {
  stale_ = true;
  return SetWindows(windows_, source);
}

ResidentHour* GroupCounts::Find(uint32_t hour) {
  const auto at = std::lower_bound(
      view_.hours.begin(), view_.hours.end(), hour,
      [](const ResidentHour& resident, uint32_t wanted) { return resident.hour < wanted; });
  return at != view_.hours.end() && at->hour == hour ? &*at : nullptr;
}

absl::StatusOr<ResidentHour*> GroupCounts::Resident(uint32_t hour, const BlockSource& source) {
  if (ResidentHour* resident = Find(hour)) return resident;
  absl::StatusOr<SliceBlock> block = SliceBlock(kHourSlots);
  // After the last event there is nothing to read.
  if (hour <= HourOf(SliceOf(last_event_))) block = RangeReader(view_, source).Hour(hour);
  if (!block.ok()) return block.status();
  const auto at = std::lower_bound(
      view_.hours.begin(), view_.hours.end(), hour,
      [](const ResidentHour& resident, uint32_t wanted) { return resident.hour < wanted; });
  return &*view_.hours.insert(at, ResidentHour{hour, false, *std::move(block)});
}

absl::Status GroupCounts::Load(Slice slice, const BlockSource& source) {
  uint32_t from = HourOf(slice), to = from;
  for (const ViewedWindow& window : *windows_) {
    const uint32_t length = window.view().budgeting.timeslice;
    if (length == 0) continue;
    const Slice begin = slice - slice % length;
    from = std::min(from, HourOf(begin));
    to = std::max(to, HourOf(begin + length - 1));
  }
  for (uint32_t hour = from; hour <= to; ++hour) {
    const auto resident = Resident(hour, source);
    if (!resident.ok()) return resident.status();
  }
  return absl::OkStatus();
}

void GroupCounts::Add(const SliceChange& change, const BlockSource& source) {
  // Where five minutes are the finest that is known, so it counts as its day block will have it: it
  // must not move within a window that has it.
  SliceChange counted = change;
  if (counted.slice / kSlicesPerDay < view_.hours_kept_from)
    counted.slice -= counted.slice % kSlicesPerDaySlot;
  ResidentHour& resident = *Find(HourOf(counted.slice));
  resident.block.Add(counted.slice % kSlicesPerHour, counted.counts);
  resident.dirty = true;
  changed_ = true;
  lifetime_ += change.counts;
  // A day that was thought out of reach (a larger max_late, a clock that jumped) is rolled again.
  view_.days_rolled = std::min(view_.days_rolled, change.slice / kSlicesPerDay);
  if (view_.first == 0 || change.slice < view_.first) view_.first = change.slice;
  SetLastEvent(std::max(
      last_event_, SliceStart(change.slice) + std::chrono::seconds(change.last_offset_seconds)));
  if (SB_MUTANT("lose_late") && counted.slice < through_) return;
  const bool is_ahead = counted.slice > through_ && !SB_MUTANT("future_at_once");
  if (is_ahead) return;  // It counts once time reaches it.
  restored_.clear();
  for (size_t i = 0; i < sums_.size(); ++i) {
    const CountView& view = window(i).view();
    if (view.Covers(counted.slice)) continue;
    if (view.budgeting.by_time()) {
      AddToTimeslices(i, counted, source);
    } else if (counted.slice >= window(i).window().BeginAt(through_)) {
      sums_[i] += counted.counts;
    }
  }
}

// A late event may turn a timeslice that is over.
void GroupCounts::AddToTimeslices(size_t at, const SliceChange& change, const BlockSource& source) {
  const CountView& view = window(at).view();
  const Slice begin = change.slice - change.slice % view.budgeting.timeslice;
  const bool is_open = begin + view.budgeting.timeslice > through_;
  if (is_open || SB_MUTANT("late_turns_nothing")) return;
  if (begin < window(at).window().BeginAt(through_)) return;
  const auto after = Timeslice(view, begin, source);
  if (!after.ok()) {  // Cannot be: it is loaded.
    stale_ = true;
    return;
  }
  SliCounts before = *after;
  before -= change.counts;
  sums_[at] -= view.budgeting.Score(before);
  sums_[at] += view.budgeting.Score(*after);
}

void GroupCounts::SetHour(uint32_t hour, SliceBlock block) {
  for (uint32_t slot = 0; slot < kHourSlots; ++slot) {
    if (block.At(slot) == SliCounts{}) continue;
    const Slice slice = hour * kSlicesPerHour + slot;
    if (view_.first == 0 || slice < view_.first) view_.first = slice;
    SetLastEvent(std::max(last_event_, SliceStart(slice)));
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

absl::StatusOr<SliCounts> GroupCounts::Timeslice(const CountView& view, Slice begin,
                                                 const BlockSource& source) const {
  return SumOfEvents(view, RangeReader(view_, source), begin, begin + view.budgeting.timeslice);
}

absl::Status GroupCounts::StepEvents(size_t at, const SliCounts& entering,
                                     const BlockSource& source) {
  const CountView& view = window(at).view();
  const Slice begin = window(at).window().BeginAt(through_);
  const Slice next_begin = window(at).window().BeginAt(through_ + 1);
  if (next_begin != begin && window(at).window().calendar() != nullptr) {
    sums_[at] = {};  // A period begins.
  } else if (next_begin != begin && begin >= FirstCounted(view_) && !view.Covers(begin)) {
    const Slice out = SB_MUTANT("slice_off_by_one") ? begin + 1 : begin;
    SB_ASSIGN_OR_RETURN(const SliCounts leaving, CountsAt(out, source));
    sums_[at] -= leaving;
  }
  if (!view.Covers(through_ + 1)) sums_[at] += entering;
  return absl::OkStatus();
}

absl::Status GroupCounts::StepTimeslices(size_t at, const BlockSource& source) {
  const CountView& view = window(at).view();
  const uint32_t length = view.budgeting.timeslice;
  const Slice next = through_ + 1;
  const Slice begin = window(at).window().BeginAt(through_);
  const Slice next_begin = window(at).window().BeginAt(next);
  if (next_begin != begin && window(at).window().calendar() != nullptr) {
    sums_[at] = {};
  } else if (next_begin != begin && begin % length == 0 && begin + length > FirstCounted(view_)) {
    // Keeps the hour at the window's edge in memory while its timeslices leave.
    SB_RETURN_IF_ERROR(Resident(HourOf(begin), source).status());
    SB_ASSIGN_OR_RETURN(const SliCounts leaving, Timeslice(view, begin, source));
    sums_[at] -= view.budgeting.Score(leaving);
  }
  if (next % length != 0 || next < next_begin + length) return absl::OkStatus();
  SB_ASSIGN_OR_RETURN(const SliCounts closed, Timeslice(view, next - length, source));
  sums_[at] += view.budgeting.Score(closed);
  return absl::OkStatus();
}

// One slice forward.
absl::Status GroupCounts::Step(const BlockSource& source) {
  SB_ASSIGN_OR_RETURN(const SliCounts entering, CountsAt(through_ + 1, source));
  for (size_t i = 0; i < sums_.size(); ++i) {
    SB_RETURN_IF_ERROR(window(i).view().budgeting.by_time() ? StepTimeslices(i, source)
                                                            : StepEvents(i, entering, source));
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
    tidied_hour_ = HourOf(to);
    return absl::OkStatus();
  }
  if (to - through_ > kStepsMax) {
    through_ = to;
    return Resum(source);
  }
  while (through_ < to) {
    const absl::Status stepped = Step(source);
    if (!stepped.ok()) {
      stale_ = true;
      sums_.assign(windows_->size(), {});
      return stepped;
    }
  }
  if (HourOf(through_) > tidied_hour_ + 1) Tidy();  // Nobody has prepared it.
  return absl::OkStatus();
}

void GroupCounts::Sleep(std::shared_ptr<const WindowSet> windows) {
  std::erase_if(view_.hours, [](const ResidentHour& resident) { return !resident.dirty; });
  view_.hours.shrink_to_fit();
  windows_ = std::move(windows);
  sums_.assign(windows_->size(), {});
  restored_ = {};
  stale_ = true;  // A checkpoint of it has no sums: longer windows may hold its events one day.
}

absl::Status GroupCounts::Wake(Slice through, const BlockSource& source) {
  through_ = through;
  tidied_hour_ = HourOf(through);
  // Nothing happened since its last event: those days have no blocks to be made.
  const uint32_t last_day = SliceOf(last_event_) / kSlicesPerDay;
  if (view_.days_rolled > last_day)
    view_.days_rolled = std::max(view_.days_rolled, through / kSlicesPerDay);
  const bool holds_events =
      std::any_of(windows_->begin(), windows_->end(), [&](const ViewedWindow& window) {
        return window.window().BeginAt(through) <= SliceOf(last_event_) + kSlicesPerDay;
      });
  stale_ = holds_events;
  return holds_events ? Resum(source) : absl::OkStatus();
}

// A silent group needs a new checkpoint only so often that a restart never has to step far.
void GroupCounts::Tidy() {
  aged_ = true;
  tidied_hour_ = HourOf(through_);
  Evict();
}

void GroupCounts::Prepare(const BlockSource& source) {
  if (stale_ || view_.first == 0) return;
  Tidy();
  (void)Resident(HourOf(through_) + 1, source).ok();
  for (const ViewedWindow& window : *windows_) {
    const uint32_t next = HourOf(window.window().BeginAt(through_)) + 1;
    const bool leaves = window.window().calendar() == nullptr;
    if (leaves && (next + 1) * kSlicesPerHour > FirstCounted(view_))
      (void)Resident(next, source).ok();
  }
}

void GroupCounts::Evict() {
  std::erase_if(view_.hours, [&](const ResidentHour& resident) {
    if (resident.dirty || resident.hour + 1 >= HourOf(through_)) return false;
    return std::none_of(windows_->begin(), windows_->end(), [&](const ViewedWindow& window) {
      const uint32_t edge = HourOf(window.window().BeginAt(through_));
      return window.window().calendar() == nullptr &&
             (resident.hour == edge || resident.hour == edge + 1);
    });
  });
}

std::optional<std::chrono::sys_seconds> GroupCounts::last_event() const {
  if (view_.first == 0) return std::nullopt;
  return last_event_;
}

absl::StatusOr<SliceBlock> GroupCounts::MakeDay(uint32_t day, const BlockSource& source) const {
  SliceBlock block(kDaySlots);
  if (day > SliceOf(last_event_) / kSlicesPerDay) return block;
  const RangeReader reader(view_, source);
  constexpr uint32_t kSums = kHourSlots / kSlicesPerDaySlot;
  for (uint32_t hour = 0; hour < 24; ++hour) {
    const auto hour_block = reader.Hour(day * 24 + hour);
    if (!hour_block.ok()) return hour_block.status();
    for (uint32_t i = 0; i < kSums; ++i) {
      block.Set(hour * kSums + i,
                hour_block->Sum(i * kSlicesPerDaySlot + (SB_MUTANT("day_loses_slice") ? 1 : 0),
                                (i + 1) * kSlicesPerDaySlot));
    }
  }
  return block;
}

GroupRunningState GroupCounts::State() const {
  GroupRunningState state{through_, view_.first, view_.days_rolled, last_event_, {}, lifetime_};
  if (stale_) return state;  // Who restores it reads the sums.
  state.sums = restored_;
  for (size_t i = 0; i < sums_.size(); ++i) state.sums.push_back({window(i).key(), sums_[i]});
  return state;
}

void GroupCounts::MarkClean() {
  for (ResidentHour& resident : view_.hours) resident.dirty = false;
  changed_ = aged_ = false;
  Evict();
}

size_t GroupCounts::memory_bytes() const {
  size_t bytes = sizeof(*this) + sums_.capacity() * sizeof(SliCounts);
  bytes += (view_.hours.capacity() - view_.hours.size()) * sizeof(ResidentHour);
  for (const ResidentHour& resident : view_.hours) {
    bytes += sizeof(ResidentHour) - sizeof(SliceBlock) + resident.block.memory_bytes();
  }
  return bytes;
}

}  // namespace slowburn::slo
