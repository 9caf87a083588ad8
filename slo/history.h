// slo/history.h: what an SLO counted, and what was left of its budget, step by step.
//
// Room     slo
// Uses     slo/
// Threads  pure; reads through the reader, which belongs to one thread
// Units    steps are whole slices
#pragma once

#include <chrono>
#include <vector>

#include <absl/status/statusor.h>

#include "slo/count_view.h"
#include "slo/objective.h"
#include "slo/slo_status.h"

namespace slowburn::slo {

// One point per step: ends at start + step, ..., end; each with the events of its step and the
// budget of the window that ends there. start, end and step are whole slices, end - start a
// multiple of step. Reads [start - window, end) twice at most.
absl::StatusOr<std::vector<HistoryPoint>> History(const ViewedWindow& of, Objective objective,
                                                  const RangeReader& reader,
                                                  std::chrono::sys_seconds start,
                                                  std::chrono::sys_seconds end,
                                                  std::chrono::seconds step);

}  // namespace slowburn::slo
