// app/slo_series_columns.h: which series the budgets of an SLO have, and what their values are.
//
// Room     app
// Uses     model/, slo/
// Threads  pure functions
// Units    ratios 0..1 (a remaining ratio may be negative), seconds, days
// Source   DESIGN section 6, "Series we expose and store"
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/label_set.h"
#include "slo/compat_series.h"
#include "slo/group_figures.h"
#include "slo/latency_sum.h"
#include "slo/slo_spec.h"

namespace slowburn::app {

// One series of each budget: its name, the labels that it has beside the budget's own, and which
// figure it shows.
struct SloColumn {
  enum class Figure : uint8_t {
    kObjective,
    kWindowRatio,      // good, of what the budget counts, over one of the policy's windows
    kRatio,            // the same over the SLO's own window
    kBurnRate,         // over one of the policy's windows
    kBudgetRemaining,  // a ratio
    kGoodEvents,       // ever
    kBadEvents,        // ever
    kExhaustion,       // seconds
    // --- of the total alone
    kThreshold,         // the burn rate above which one of the policy's tiers is
    kLatency,           // seconds: one of slo::kPercentiles of what is recent
    kLatencyThreshold,  // seconds
    kCompat,            // of another program's board: `compat` says which
  };

  Figure figure = Figure::kObjective;
  std::string metric;
  model::LabelSet labels;  // "window", "outcome", ...; of kCompat all but the name
  // Which of the policy's windows or tiers, of the percentiles, or of slo::CompatWindows.
  size_t index = 0;
  slo::CompatFigure compat = slo::CompatFigure::kInfo;  // of kCompat

  friend bool operator==(const SloColumn&, const SloColumn&) = default;
};

// `windows` are those of the policy, as GroupFigures has them.
std::vector<SloColumn> SloColumns(const slo::SloSpec& spec, bool is_total,
                                  const std::vector<std::chrono::seconds>& windows);
// The labels of a column's series for a budget, whose values of group_by are `values`.
model::LabelSet SloColumnLabels(const SloColumn& column, const slo::SloSpec& spec,
                                const std::vector<std::string>& values);
// Nothing while there is no event. `now` is the engine's time; `recent` are the percentiles of what
// is recent, of an SLO that has a latency.
std::optional<double> SloColumnValue(const SloColumn& column, const slo::SloSpec& spec,
                                     const slo::GroupFigures& figures, std::chrono::sys_seconds now,
                                     const std::optional<slo::LatencyPercentiles>& recent);

}  // namespace slowburn::app
