// slo/sliding_budget.h: the sum of a window that moves on through the past.
//
// Room     slo
// Uses     slo/
// Threads  belongs to one thread
// Units    slices; the window ends before `end`
#pragma once

#include <absl/status/status.h>

#include "slo/count_view.h"

namespace slowburn::slo {

// Where a window begins that ends before `end`: a calendar's ends with its period, not at the
// beginning of the next.
Slice WindowBegin(const Window& window, Slice end);

// What enters at the window's head leaves at its tail: each slice is read twice at most.
class SlidingBudget {
 public:
  // Both must outlive it.
  SlidingBudget(const ViewedWindow& of, const RangeReader& reader) : of_(of), reader_(reader) {}

  // The window that ends before `end`, read as a whole.
  absl::Status Begin(Slice end);
  // Later.
  absl::Status MoveTo(Slice end);
  const SliCounts& sum() const { return sum_; }

 private:
  uint32_t timeslice() const { return of_.view().budgeting.timeslice; }
  absl::StatusOr<SliCounts> Sum(Slice begin, Slice end) const;
  absl::StatusOr<SliCounts> Entering(Slice end) const;
  absl::StatusOr<SliCounts> Leaving(Slice begin) const;

  const ViewedWindow& of_;
  const RangeReader& reader_;
  Slice begin_ = 0;
  Slice end_ = 0;
  SliCounts sum_;
};

}  // namespace slowburn::slo
