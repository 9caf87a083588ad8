#include "app/slo_series_columns.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include <fmt/format.h>

#include "base/duration_text.h"

namespace slowburn::app {
namespace {

using std::chrono::seconds;
using Figure = SloColumn::Figure;

std::optional<double> ShareOf(uint64_t part, const slo::SliCounts& counts) {
  if (counts.total() == 0) return std::nullopt;
  return static_cast<double>(part) / static_cast<double>(counts.total());
}

void AddNative(const slo::SloSpec& spec, bool is_total, const std::vector<seconds>& windows,
               std::vector<SloColumn>& columns) {
  const auto add = [&](Figure figure, std::string_view name, model::LabelSet labels = {},
                       size_t index = 0) {
    columns.push_back({.figure = figure,
                       .metric = fmt::format("slowburn_slo_{}{}", is_total ? "" : "group_", name),
                       .labels = std::move(labels),
                       .index = index});
  };
  add(Figure::kObjective, "objective_ratio");
  bool has_own_window = false;
  for (size_t i = 0; i < windows.size(); ++i) {
    const std::string text = base::FormatDuration(windows[i]);
    add(Figure::kWindowRatio, "sli_ratio", {{"window", text}}, i);
    add(Figure::kBurnRate, "burn_rate", {{"window", text}}, i);
    has_own_window |= spec.window.calendar() == nullptr && windows[i] == spec.window.nominal();
  }
  // A calendar window has its own name: "month Europe/Paris" is no 30d.
  if (!has_own_window) add(Figure::kRatio, "sli_ratio", {{"window", spec.window.Text()}});
  add(Figure::kBudgetRemaining, "error_budget_remaining_ratio");
  add(Figure::kGoodEvents, "events_total", {{"outcome", "good"}});
  add(Figure::kBadEvents, "events_total", {{"outcome", "bad"}});
  add(Figure::kExhaustion, "exhaustion_seconds");
}

// A tier that nobody is told of has no threshold.
void AddThresholds(const slo::SloSpec& spec, std::vector<SloColumn>& columns) {
  for (size_t i = 0; i < spec.policy.tiers.size(); ++i) {
    const slo::AlertTier& tier = spec.policy.tiers[i];
    if (tier.disabled) continue;
    columns.push_back({.figure = Figure::kThreshold,
                       .metric = "slowburn_slo_burn_rate_threshold",
                       .labels = {{"severity", tier.severity},
                                  {"short_window", base::FormatDuration(tier.short_window)},
                                  {"tier", tier.name},
                                  {"window", base::FormatDuration(tier.long_window)}},
                       .index = i});
  }
}

void AddLatency(const slo::SloSpec& spec, std::vector<SloColumn>& columns) {
  if (!spec.sli.latency().has_value()) return;
  columns.push_back({.figure = Figure::kLatencyThreshold,
                     .metric = "slowburn_slo_latency_threshold_seconds",
                     .labels = {}});
  for (size_t i = 0; i < slo::kPercentiles.size(); ++i) {
    columns.push_back(
        {.figure = Figure::kLatency,
         .metric = "slowburn_slo_latency_seconds",
         .labels = {{"quantile", fmt::format("{}", slo::kPercentiles[i].per_mille / 1000.0)}},
         .index = i});
  }
}

void AddCompat(const slo::SloSpec& spec, std::vector<SloColumn>& columns) {
  for (slo::CompatSeries& series : slo::CompatSeriesOf(spec)) {
    columns.push_back({.figure = Figure::kCompat,
                       .metric = std::move(series.metric),
                       .labels = std::move(series.labels),
                       .index = series.window,
                       .compat = series.figure});
  }
}

}  // namespace

std::vector<SloColumn> SloColumns(const slo::SloSpec& spec, bool is_total,
                                  const std::vector<seconds>& windows) {
  std::vector<SloColumn> columns;
  AddNative(spec, is_total, windows, columns);
  if (is_total) {
    AddThresholds(spec, columns);
    AddLatency(spec, columns);
    AddCompat(spec, columns);
  }
  return columns;
}

model::LabelSet SloColumnLabels(const SloColumn& column, const slo::SloSpec& spec,
                                const std::vector<std::string>& values) {
  model::LabelSet labels = column.labels;
  labels.Set("__name__", column.metric);
  if (column.figure == Figure::kCompat) return labels;
  labels.Set("service", spec.service);
  labels.Set("slo", spec.name);
  for (size_t i = 0; i < std::min(spec.sli.group_by.size(), values.size()); ++i)
    labels.Set(model::NormalizedLabelName(spec.sli.group_by[i]), values[i]);
  return labels;
}

std::optional<double> SloColumnValue(const SloColumn& column, const slo::SloSpec& spec,
                                     const slo::GroupFigures& figures, std::chrono::sys_seconds now,
                                     const std::optional<slo::LatencyPercentiles>& recent) {
  const auto window = [&]() -> const slo::WindowBurn& { return figures.burn_rates[column.index]; };
  switch (column.figure) {
    case Figure::kObjective:
      return spec.objective.ratio();
    case Figure::kWindowRatio:
      return ShareOf(window().budget.good, window().budget);
    case Figure::kRatio:
      return ShareOf(figures.budget.good, figures.budget);
    case Figure::kBurnRate:
      return window().burn_rate;
    case Figure::kBudgetRemaining:
      return figures.budget_remaining_ratio;
    case Figure::kGoodEvents:
      return static_cast<double>(figures.lifetime.good);
    case Figure::kBadEvents:
      return static_cast<double>(figures.lifetime.bad);
    case Figure::kExhaustion:
      return figures.exhaustion_seconds;
    case Figure::kThreshold:
      return spec.policy.tiers[column.index].factor.value();
    case Figure::kLatency:
      return recent.has_value() ? std::optional(recent->seconds[column.index]) : std::nullopt;
    case Figure::kCompat:
      return slo::CompatValue(column.compat, column.index, spec,
                              {.budget = figures.budget,
                               .lifetime = figures.lifetime,
                               .windows = figures.compat_windows,
                               .now = now});
    case Figure::kLatencyThreshold:
      break;
  }
  return spec.sli.latency()->max.count();
}

}  // namespace slowburn::app
