#include "rules/internal/window_reader.h"

#include <chrono>
#include <memory>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "rules/internal/spec_values.h"
#include "slo/objective.h"
#include "slo/slo_spec.h"

namespace slowburn::rules {
namespace {

using base::YamlNode;

std::optional<SpecWindow> ReadCalendar(const YamlNode& node) {
  node.AllowKeys({"calendar", "time_zone"});
  const YamlNode period_node = node.Required("calendar");
  const YamlNode zone_node = node.Optional("time_zone");
  const std::optional<std::string> name = period_node.String();
  const std::string zone = zone_node.String().value_or("UTC");
  if (!name.has_value()) return std::nullopt;
  const std::optional<slo::CalendarPeriod> period = slo::ParseCalendarPeriod(*name);
  if (!period.has_value()) {
    period_node.Error(fmt::format("{} is \"{}\"; write day, week, month, quarter or year",
                                  period_node.path(), Shown(*name)));
    return std::nullopt;
  }
  auto grid = slo::CalendarGrid::Create(*period, zone);
  if (!grid.ok()) {
    zone_node.Error(std::string(base::Message(grid.status())));
    return std::nullopt;
  }
  std::string text = (*grid)->Text();
  return SpecWindow{slo::Window::Calendar(*std::move(grid)), std::move(text)};
}

// At least ten timeslices: of fewer, one decides too much.
void CheckAgainst(const YamlNode& node, std::chrono::seconds timeslice, const SpecWindow& window) {
  if (window.window.nominal() >= timeslice * slo::kTimeslicesMin) return;
  node.Error(fmt::format("{} is {} of a window of {}; write at most a tenth of the window",
                         node.path(), node.String().value_or(""), window.text));
}

// What share of good events makes a timeslice good: as an objective, or 100%.
uint64_t ReadTarget(const YamlNode& node) {
  const std::optional<std::string> text = node.String();
  if (!text.has_value()) return 0;
  if (*text == "100%" || *text == "1") return slo::Objective::kOne;
  const absl::StatusOr<slo::Objective> target = slo::Objective::Parse(*text);
  if (target.ok()) return slo::Objective::kOne - target->budget_units();
  node.Error(fmt::format("{}: {}", node.path(), base::Message(target.status())));
  return 0;
}

}  // namespace

std::optional<SpecWindow> ReadWindow(const YamlNode& node) {
  if (node.IsMap()) return ReadCalendar(node);
  const std::optional<std::chrono::nanoseconds> length = node.Duration();
  if (!length.has_value()) return std::nullopt;
  const std::string text = node.String().value_or("");
  if (const absl::Status status = slo::CheckWindow(*length); !status.ok()) {
    node.Error(fmt::format("{} is {}: {}", node.path(), Shown(text), base::Message(status)));
    return std::nullopt;
  }
  return SpecWindow{slo::Window::Rolling(std::chrono::duration_cast<std::chrono::seconds>(*length)),
                    text};
}

std::optional<uint32_t> ReadTimeslice(const YamlNode& node,
                                      const std::optional<SpecWindow>& window) {
  const std::optional<std::chrono::nanoseconds> length = node.Duration();
  if (!length.has_value()) return std::nullopt;
  if (const absl::Status status = slo::CheckTimeslice(*length); !status.ok()) {
    node.Error(fmt::format("{} is {}: {}", node.path(), Shown(node.String().value_or("")),
                           base::Message(status)));
    return std::nullopt;
  }
  const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(*length);
  if (window.has_value()) CheckAgainst(node, seconds, *window);
  return slo::SlicesIn(seconds);
}

slo::Budgeting ReadBudgeting(const YamlNode& node, const std::optional<SpecWindow>& window) {
  slo::Budgeting budgeting;
  if (!node.IsPresent()) return budgeting;
  const bool is_map = node.IsMap();
  if (is_map) node.AllowKeys({"method", "timeslice", "target"});
  const YamlNode method_node = is_map ? node.Required("method") : node;
  const std::optional<std::string> name = method_node.String();
  if (!name.has_value()) return budgeting;
  const auto method = slo::ParseBudgetingMethod(*name);
  if (!method.has_value()) {
    method_node.Error(fmt::format("{} is \"{}\"; write occurrences, timeslices or ratio_timeslices",
                                  method_node.path(), Shown(*name)));
    return budgeting;
  }
  const bool by_time = *method != slo::BudgetingMethod::kOccurrences;
  if (by_time && !is_map) {
    node.Error(fmt::format("{} is {}, which needs a length; write {{method: {}, timeslice: 1m}}",
                           node.path(), *name, *name));
    return budgeting;
  }
  if (!is_map) return budgeting;
  const YamlNode timeslice = by_time ? node.Required("timeslice") : node.Optional("timeslice");
  const YamlNode target = *method == slo::BudgetingMethod::kTimeslices ? node.Required("target")
                                                                       : node.Optional("target");
  if (!by_time && timeslice.IsPresent())
    timeslice.Error(
        fmt::format("{} does not belong to occurrences; leave it out", timeslice.path()));
  if (*method != slo::BudgetingMethod::kTimeslices && target.IsPresent())
    target.Error(fmt::format("{} belongs to timeslices alone; leave it out", target.path()));
  if (!by_time) return budgeting;
  const std::optional<uint32_t> length = ReadTimeslice(timeslice, window);
  if (!length.has_value()) return budgeting;
  return {.method = *method,
          .timeslice = *length,
          .target_units = *method == slo::BudgetingMethod::kTimeslices ? ReadTarget(target) : 0};
}

}  // namespace slowburn::rules
