// rules/internal/window_reader.h: the `window` and the `budgeting` of an SLO document.
//
// Room     rules/internal
// Uses     base/, slo/
// Threads  pure functions
// Units    as the spec
// Source   DESIGN section 4, "Budgeting" and "Windows"
#pragma once

#include <optional>
#include <string>

#include "base/yaml_reader.h"
#include "slo/budgeting.h"
#include "slo/window.h"

namespace slowburn::rules {

struct SpecWindow {
  slo::Window window;
  std::string text;  // "30d" as written; "month Europe/Paris"
};

// A duration, or {calendar: month, time_zone: Europe/Paris}; UTC where no zone is written.
std::optional<SpecWindow> ReadWindow(const base::YamlNode& node);
// The length of a timeslice, at most a tenth of the window, in slices.
std::optional<uint32_t> ReadTimeslice(const base::YamlNode& node,
                                      const std::optional<SpecWindow>& window);
// A method's name, or {method: timeslices, timeslice: 1m, target: 95%}; occurrences where there is
// none.
slo::Budgeting ReadBudgeting(const base::YamlNode& node, const std::optional<SpecWindow>& window);

}  // namespace slowburn::rules
