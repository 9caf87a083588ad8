#include "slo/composite_history.h"

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>

#include "base/status.h"
#include "slo/burn_rate.h"
#include "slo/sliding_budget.h"

namespace slowburn::slo {
namespace {

Slice RoundUp(Slice slice, uint32_t unit) { return (slice + unit - 1) / unit * unit; }

// One member's slices and the window over them.
struct SlidingMember {
  SlidingMember(const CompositeBudget& of, const CompositeSums::Member& member,
                const GroupView& view, const BlockSource& source)
      : window(member.events, of.window), reader(view, source), budget(window, reader) {}
  ViewedWindow window;
  RangeReader reader;
  SlidingBudget budget;
};

// The timeslices that lie whole in a window that moves on.
class SlidingTimeslices {
 public:
  // Judges all that any window between those that end at `first` and `last` holds.
  static absl::StatusOr<SlidingTimeslices> Read(const CompositeBudget& of,
                                                const std::vector<const GroupView*>& views,
                                                const BlockSource& source, Slice first,
                                                Slice last) {
    SlidingTimeslices slices(of);
    const uint32_t length = of.timeslice;
    const Slice from = std::max(WindowBegin(of.window, first), FirstCounted(views).value_or(last));
    slices.origin_ = from / length;
    const TimesliceRing::Verdict verdict = JudgeTogether(of.members, views, source);
    for (uint32_t at = slices.origin_; (at + 1) * length <= last; ++at) {
      SB_ASSIGN_OR_RETURN(const std::optional<bool> good, verdict(at * length));
      slices.cells_.push_back(!good.has_value() ? kEmpty : *good ? kGood : kBad);
    }
    slices.begin_ = slices.end_ = slices.origin_;
    return slices;
  }

  // Later than before.
  void MoveTo(Slice end) {
    const uint32_t length = of_->timeslice;
    const uint32_t until = std::max(end / length, origin_);
    const uint32_t from =
        std::clamp(RoundUp(WindowBegin(of_->window, end), length) / length, origin_, until);
    for (; end_ < until; ++end_) sum_ += Worth(end_);
    for (; begin_ < from; ++begin_) sum_ -= Worth(begin_);
  }
  const SliCounts& sum() const { return sum_; }

 private:
  enum Cell : uint8_t { kEmpty, kGood, kBad };

  explicit SlidingTimeslices(const CompositeBudget& of) : of_(&of) {}
  SliCounts Worth(uint32_t timeslice) const {
    const uint8_t cell = cells_[timeslice - origin_];
    return {.good = cell == kGood ? 1u : 0u, .bad = cell == kBad ? 1u : 0u};
  }

  const CompositeBudget* of_;
  std::vector<uint8_t> cells_;
  // Numbers since the epoch: of the first cell, and of the window's.
  uint32_t origin_ = 0;
  uint32_t begin_ = 0;
  uint32_t end_ = 0;
  SliCounts sum_;
};

SliCounts EventsOf(CompositeMethod method, const std::vector<MemberCounts>& members) {
  if (method == CompositeMethod::kWorstOf) return Combine(method, members);
  SliCounts sum;
  for (const MemberCounts& member : members) sum += member.counts;
  return sum;
}

}  // namespace

absl::StatusOr<std::vector<HistoryPoint>> CompositeHistory(
    const CompositeBudget& of, const std::vector<const GroupView*>& views,
    const BlockSource& source, std::chrono::sys_seconds start, std::chrono::sys_seconds end,
    std::chrono::seconds step) {
  const Slice first = SliceOf(start);
  const uint32_t step_slices = SlicesIn(step);
  std::optional<SlidingTimeslices> timeslices;
  if (of.method == CompositeMethod::kAnyBad &&
      of.window.slices() >= kTimeslicesMin * of.timeslice) {
    SB_ASSIGN_OR_RETURN(
        timeslices, SlidingTimeslices::Read(of, views, source, first + step_slices, SliceOf(end)));
  }
  // Pointers: each holds references to its own parts.
  std::vector<std::unique_ptr<SlidingMember>> members;
  for (size_t i = 0; i < of.members.size(); ++i) {
    members.push_back(std::make_unique<SlidingMember>(of, of.members[i], *views[i], source));
    if (!timeslices.has_value()) SB_RETURN_IF_ERROR(members.back()->budget.Begin(first));
  }
  std::vector<HistoryPoint> points;
  for (Slice head = first; head + step_slices <= SliceOf(end); head += step_slices) {
    const Slice next = head + step_slices;
    std::vector<MemberCounts> in_step;
    std::vector<MemberCounts> in_window;
    for (size_t i = 0; i < members.size(); ++i) {
      SlidingMember& member = *members[i];
      SB_ASSIGN_OR_RETURN(const SliCounts events,
                          SumOfEvents(member.window.view(), member.reader, head, next));
      in_step.push_back({events, of.members[i].weight});
      if (timeslices.has_value()) continue;
      SB_RETURN_IF_ERROR(member.budget.MoveTo(next));
      in_window.push_back({member.budget.sum(), of.members[i].weight});
    }
    if (timeslices.has_value()) timeslices->MoveTo(next);
    const SliCounts budget =
        timeslices.has_value() ? timeslices->sum() : Combine(of.method, in_window);
    points.push_back({.time = SliceStart(next),
                      .counts = EventsOf(of.method, in_step),
                      .error_ratio = ErrorRatio(Combine(of.method, in_step)),
                      .budget_remaining_ratio = BudgetRemainingRatio(budget, of.objective)});
  }
  return points;
}

}  // namespace slowburn::slo
