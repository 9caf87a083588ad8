// slo/composite_history.h: what a composite made of its members, and what was left of its budget,
// step by step.
//
// Room     slo
// Uses     slo/
// Threads  pure; reads through the source, from the caller's thread
// Units    steps are whole slices
#pragma once

#include <chrono>
#include <vector>

#include <absl/status/statusor.h>

#include "slo/composite_sums.h"
#include "slo/objective.h"
#include "slo/slo_status.h"

namespace slowburn::slo {

struct CompositeBudget {
  CompositeMethod method;
  uint32_t timeslice;  // slices, with kAnyBad
  std::vector<CompositeSums::Member> members;
  Window window;
  Objective objective;
};

// As History: one point per step, and the budget of the window that ends there. A step's counts are
// the events of the member that decides (kWorstOf), else of all; its error ratio is what Combine
// makes of the members' steps. kAnyBad keeps a byte per timeslice of [start - window, end) and
// reads each of their hours once. `views` are the members' totals, in their order.
absl::StatusOr<std::vector<HistoryPoint>> CompositeHistory(
    const CompositeBudget& of, const std::vector<const GroupView*>& views,
    const BlockSource& source, std::chrono::sys_seconds start, std::chrono::sys_seconds end,
    std::chrono::seconds step);

}  // namespace slowburn::slo
