// slo/compat_series.h: the series that boards made for Sloth or for Pyrra ask for, of an SLO whose
// spec says so.
//
// Room     slo: pure
// Uses     model/, slo/
// Threads  pure functions
// Units    ratios 0..1 (a remaining ratio may be negative), burn rates without unit, seconds, days
// Source   Sloth, internal/plugin/slo/core (sli_rules, metadata_rules); Pyrra, slo/rules.go
// (GenericRules); DESIGN section 6, "Series we expose and store"; docs/compatibility.md
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/label_set.h"
#include "slo/slo_spec.h"
#include "slo/slo_status.h"

namespace slowburn::slo {

// What one of them shows. Ratios are of what the budget counts.
enum class CompatFigure : uint8_t {
  kObjective,
  kErrorBudget,       // 1 - objective
  kErrorRatio,        // over one of CompatWindows
  kPeriodErrorRatio,  // over the SLO's own window, as all that follow with "period"
  kPeriodDays,
  kPeriodSeconds,
  kPeriodBurnRate,  // 1: the whole budget is spent
  kBudgetRemaining,
  kPeriodAvailability,
  kBurnRate,         // over one of CompatWindows
  kEventsPerSecond,  // likewise
  kBadPerSecond,     // likewise
  kEvents,           // ever
  kBadEvents,        // ever
  kInfo,             // always 1
};

// One series of an SLO's total.
struct CompatSeries {
  CompatFigure figure = CompatFigure::kInfo;
  std::string metric;
  bool is_counter = false;
  std::string_view help;   // one line
  model::LabelSet labels;  // all but the name
  size_t window = 0;       // which of CompatWindows
};

// The windows, beside its own, that the series of this SLO are over; ascending.
std::vector<std::chrono::seconds> CompatWindows(const SloSpec& spec);
// None where the spec does not ask for any. Each metric once.
std::vector<CompatSeries> CompatSeriesOf(const SloSpec& spec);

// What is known of the total.
struct CompatFigures {
  SliCounts budget;  // over the SLO's own window, as the budget counts
  SliCounts lifetime;
  const std::vector<WindowBurn>& windows;  // CompatWindows
  std::chrono::sys_seconds now{};          // engine time
};
// Nothing while there is no event that it could be of.
std::optional<double> CompatValue(CompatFigure figure, size_t window, const SloSpec& spec,
                                  const CompatFigures& figures);

}  // namespace slowburn::slo
