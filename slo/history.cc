#include "slo/history.h"

#include <algorithm>

#include "base/status.h"
#include "slo/burn_rate.h"

namespace slowburn::slo {
namespace {

Slice Before(Slice slice, uint32_t slices) { return slice > slices ? slice - slices : 0; }

// Slides a window over the slices of a history: what enters at its head leaves at its tail.
class SlidingBudget {
 public:
  SlidingBudget(const ViewedWindow& of, const RangeReader& reader) : of_(of), reader_(reader) {}

  // The window that ends before `end`, read as a whole.
  absl::Status Begin(Slice end) {
    begin_ = BeginOf(end);
    end_ = end;
    SB_ASSIGN_OR_RETURN(sum_, Sum(begin_, end));
    return absl::OkStatus();
  }
  absl::Status MoveTo(Slice end) {
    const Slice begin = BeginOf(end);
    if (begin >= end_) return Begin(end);  // Nothing of the window is left.
    SB_ASSIGN_OR_RETURN(const SliCounts entering, Entering(end));
    SB_ASSIGN_OR_RETURN(const SliCounts leaving, Leaving(begin));
    sum_ += entering;
    sum_ -= leaving;
    begin_ = begin;
    end_ = end;
    return absl::OkStatus();
  }
  const SliCounts& sum() const { return sum_; }

 private:
  uint32_t timeslice() const { return of_.view().budgeting.timeslice; }
  // A calendar's window ends with its period, not at the beginning of the next.
  Slice BeginOf(Slice end) const {
    return of_.window().calendar() == nullptr ? of_.window().BeginAt(end)
                                              : of_.window().BeginAt(Before(end, 1));
  }
  absl::StatusOr<SliCounts> Sum(Slice begin, Slice end) const {
    if (!of_.view().budgeting.by_time()) return SumOfEvents(of_.view(), reader_, begin, end);
    return SumOfTimeslices(of_.view(), reader_, begin, Before(end + 1, timeslice()));
  }
  absl::StatusOr<SliCounts> Entering(Slice end) const {
    if (!of_.view().budgeting.by_time()) return SumOfEvents(of_.view(), reader_, end_, end);
    return SumOfTimeslices(of_.view(), reader_, std::max(begin_, Before(end_ + 1, timeslice())),
                           Before(end + 1, timeslice()));
  }
  absl::StatusOr<SliCounts> Leaving(Slice begin) const {
    if (!of_.view().budgeting.by_time()) return SumOfEvents(of_.view(), reader_, begin_, begin);
    return SumOfTimeslices(of_.view(), reader_, begin_, begin);
  }

  const ViewedWindow& of_;
  const RangeReader& reader_;
  Slice begin_ = 0;
  Slice end_ = 0;
  SliCounts sum_;
};

}  // namespace

absl::StatusOr<std::vector<HistoryPoint>> History(const ViewedWindow& of, Objective objective,
                                                  const RangeReader& reader,
                                                  std::chrono::sys_seconds start,
                                                  std::chrono::sys_seconds end,
                                                  std::chrono::seconds step) {
  SlidingBudget budget(of, reader);
  SB_RETURN_IF_ERROR(budget.Begin(SliceOf(start)));
  std::vector<HistoryPoint> points;
  const uint32_t step_slices = SlicesIn(step);
  for (Slice head = SliceOf(start); head + step_slices <= SliceOf(end); head += step_slices) {
    SB_ASSIGN_OR_RETURN(const SliCounts events,
                        SumOfEvents(of.view(), reader, head, head + step_slices));
    SB_RETURN_IF_ERROR(budget.MoveTo(head + step_slices));
    points.push_back({.time = SliceStart(head + step_slices),
                      .counts = events,
                      .error_ratio = ErrorRatio(events),
                      .budget_remaining_ratio = BudgetRemainingRatio(budget.sum(), objective),
                      .excluded = of.view().ExcludedTime(head, head + step_slices)});
  }
  return points;
}

}  // namespace slowburn::slo
