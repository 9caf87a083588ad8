#include "slo/sliding_budget.h"

#include <algorithm>

#include "base/status.h"

namespace slowburn::slo {
namespace {

Slice Before(Slice slice, uint32_t slices) { return slice > slices ? slice - slices : 0; }

}  // namespace

Slice WindowBegin(const Window& window, Slice end) {
  return window.BeginAt(window.calendar() == nullptr ? end : Before(end, 1));
}

absl::Status SlidingBudget::Begin(Slice end) {
  begin_ = WindowBegin(of_.window(), end);
  end_ = end;
  SB_ASSIGN_OR_RETURN(sum_, Sum(begin_, end));
  return absl::OkStatus();
}

absl::Status SlidingBudget::MoveTo(Slice end) {
  const Slice begin = WindowBegin(of_.window(), end);
  if (begin >= end_) return Begin(end);  // Nothing of the window is left.
  SB_ASSIGN_OR_RETURN(const SliCounts entering, Entering(end));
  SB_ASSIGN_OR_RETURN(const SliCounts leaving, Leaving(begin));
  sum_ += entering;
  sum_ -= leaving;
  begin_ = begin;
  end_ = end;
  return absl::OkStatus();
}

absl::StatusOr<SliCounts> SlidingBudget::Sum(Slice begin, Slice end) const {
  if (!of_.view().budgeting.by_time()) return SumOfEvents(of_.view(), reader_, begin, end);
  return SumOfTimeslices(of_.view(), reader_, begin, Before(end + 1, timeslice()));
}

absl::StatusOr<SliCounts> SlidingBudget::Entering(Slice end) const {
  if (!of_.view().budgeting.by_time()) return SumOfEvents(of_.view(), reader_, end_, end);
  return SumOfTimeslices(of_.view(), reader_, std::max(begin_, Before(end_ + 1, timeslice())),
                         Before(end + 1, timeslice()));
}

absl::StatusOr<SliCounts> SlidingBudget::Leaving(Slice begin) const {
  if (!of_.view().budgeting.by_time()) return SumOfEvents(of_.view(), reader_, begin_, begin);
  return SumOfTimeslices(of_.view(), reader_, begin_, begin);
}

}  // namespace slowburn::slo
