#include "slo/history.h"

#include "base/status.h"
#include "slo/burn_rate.h"
#include "slo/sliding_budget.h"

namespace slowburn::slo {

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
