// slo/group_figures.h: the figures of one budget that series show.
//
// Room     slo
// Uses     slo/
// Threads  values
// Units    ratios 0..1 (a remaining ratio may be negative), burn rates without unit, seconds
#pragma once

#include <optional>
#include <vector>

#include "slo/slo_status.h"

namespace slowburn::slo {

// As in GroupStatus; nothing in it is text, so those of all budgets can be asked for often.
struct GroupFigures {
  SliCounts in_window;  // events
  SliCounts budget;     // as the budget counts
  SliCounts lifetime;
  std::optional<double> budget_remaining_ratio;
  std::optional<double> exhaustion_seconds;
  std::vector<WindowBurn> burn_rates;      // the policy's windows, ascending
  std::vector<WindowBurn> compat_windows;  // of a total: CompatWindows
};

}  // namespace slowburn::slo
