#include "slo/composite_sums.h"

#include <algorithm>
#include <memory>
#include <utility>

#include "base/mutant.h"
#include "base/status.h"

namespace slowburn::slo {
namespace {

size_t IndexIn(WindowSet& windows, ViewedWindow wanted) {
  const auto found = std::find(windows.begin(), windows.end(), wanted);
  if (found != windows.end()) return static_cast<size_t>(found - windows.begin());
  windows.push_back(std::move(wanted));
  return windows.size() - 1;
}

// One member's slices, hour by hour.
struct MemberReader {
  MemberReader(const GroupView& view, const BlockSource& source)
      : slices(view, source), hours(slices) {}
  RangeReader slices;
  HourlyReader hours;
};

}  // namespace

std::optional<Slice> FirstCounted(const std::vector<const GroupView*>& views) {
  std::optional<Slice> first;
  for (const GroupView* view : views) {
    if (view->first == 0) continue;
    const Slice of_view = FirstCounted(*view);
    const bool is_earlier = SB_MUTANT("from_last_member") ? first < of_view : first > of_view;
    if (!first.has_value() || is_earlier) first = of_view;
  }
  return first;
}

TimesliceRing::Verdict JudgeTogether(const std::vector<CompositeSums::Member>& members,
                                     const std::vector<const GroupView*>& views,
                                     const BlockSource& source) {
  struct State {
    std::vector<std::unique_ptr<MemberReader>> readers;
    std::vector<SliCounts> scores;  // of one call
  };
  const auto state = std::make_shared<State>();  // Shared: std::function is copied.
  for (const GroupView* view : views)
    state->readers.push_back(std::make_unique<MemberReader>(*view, source));
  return [&members, state](Slice begin) -> absl::StatusOr<std::optional<bool>> {
    state->scores.clear();
    for (size_t i = 0; i < members.size(); ++i) {
      const Budgeting& budgeting = members[i].timeslices;
      SB_ASSIGN_OR_RETURN(const SliCounts events,
                          SumOfEvents(members[i].events, state->readers[i]->hours, begin,
                                      begin + budgeting.timeslice));
      state->scores.push_back(budgeting.Score(events));
    }
    return IsGoodTogether(state->scores);
  };
}

CompositeSums::CompositeSums(const CompositeSli& spec, std::vector<Member> members,
                             const SliTable& table)
    : method_(spec.method),
      timeslice_(spec.timeslice),
      members_(std::move(members)),
      table_(table) {}

size_t CompositeSums::Place(const Window& window, std::vector<WindowSet>& windows) {
  for (size_t i = 0; i < windows_.size(); ++i) {
    if (windows_[i].window == window) return i;
  }
  PlacedWindow placed{.window = window, .at = {}, .ring = std::nullopt};
  for (const Member& member : members_) {
    placed.at.push_back(
        IndexIn(windows[static_cast<size_t>(member.sli) - 1], {member.events, window}));
  }
  windows_.push_back(std::move(placed));
  return windows_.size() - 1;
}

void CompositeSums::StepRing(Slice through, const SliTable::LateChanges& late) {
  std::vector<const GroupView*> views;
  for (const Member& member : members_) views.push_back(&counts(member).view());
  const TimesliceRing::Verdict verdict = JudgeTogether(members_, views, table_.source());
  const Slice first = FirstCounted(views).value_or(through);
  if (!ring_.has_value()) {
    std::vector<Window> long_enough;
    for (PlacedWindow& placed : windows_) {
      if (placed.window.slices() < kTimeslicesMin * timeslice_) continue;
      placed.ring = long_enough.size();
      long_enough.push_back(placed.window);
    }
    ring_.emplace(timeslice_, std::move(long_enough));
  } else if (ring_error_.ok() && !late.all) {
    for (const auto& [sli, slice] : late.slices) {
      const auto is_member = [sli = sli](const Member& member) { return member.sli == sli; };
      if (std::any_of(members_.begin(), members_.end(), is_member))
        ring_error_.Update(ring_->Recheck(slice, verdict));
    }
    ring_error_.Update(ring_->Advance(through, first, verdict));
    if (ring_error_.ok()) return;
  }
  // What could not be read is tried again a slice later.
  if (!ring_error_.ok() && through == ring_->through()) return;
  ring_error_ = ring_->Begin(through, first, verdict);
}

void CompositeSums::Step(Slice through, const SliTable::LateChanges& late) {
  if (method_ == CompositeMethod::kAnyBad) StepRing(through, late);
}

std::vector<MemberCounts> CompositeSums::CountsAt(size_t window) const {
  std::vector<MemberCounts> all;
  for (size_t i = 0; i < members_.size(); ++i) {
    all.push_back({counts(members_[i]).sum(windows_[window].at[i]), members_[i].weight});
  }
  return all;
}

SliCounts CompositeSums::budget(size_t window) const {
  if (windows_[window].ring.has_value()) return ring_->sum(*windows_[window].ring);
  return Combine(method_, CountsAt(window));
}

SliCounts CompositeSums::events(size_t window) const {
  const std::vector<MemberCounts> all = CountsAt(window);
  if (method_ == CompositeMethod::kWorstOf) return Combine(method_, all);
  SliCounts sum;
  for (const MemberCounts& member : all) sum += member.counts;
  return sum;
}

SliCounts CompositeSums::lifetime() const {
  SliCounts sum;
  for (const Member& member : members_) sum += counts(member).lifetime();
  return sum;
}

Slice CompositeSums::first() const {
  Slice first = 0;
  for (const Member& member : members_) {
    const Slice of_member = counts(member).first();
    if (of_member != 0 && (first == 0 || of_member < first)) first = of_member;
  }
  return first;
}

std::optional<std::chrono::sys_seconds> CompositeSums::last_event() const {
  std::optional<std::chrono::sys_seconds> last;
  for (const Member& member : members_) last = std::max(last, counts(member).last_event());
  return last;
}

absl::Status CompositeSums::error() const {
  for (const Member& member : members_) SB_RETURN_IF_ERROR(table_.error(member.sli, kTotalGroup));
  return ring_error_;
}

}  // namespace slowburn::slo
