#include "slo/compat_series.h"

#include <utility>

#include <fmt/format.h>

#include "base/duration_text.h"
#include "slo/burn_rate.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using namespace std::chrono_literals;
using Figure = CompatFigure;

// Those of Sloth's alerts, whatever the SLO's window. The first is that of "current" burn rates
// and, in Pyrra, of rates.
constexpr seconds kShortest = 5min;
constexpr seconds kSlothWindows[] = {kShortest, 30min, 1h, 2h, 6h, 24h, 72h};

// Sloth adds the owner's labels to all of its series. Ours tell SLOs apart whatever these are.
model::LabelSet SlothLabels(const SloSpec& spec) {
  model::LabelSet labels = spec.labels;
  labels.Set("sloth_id", fmt::format("{}-{}", spec.service, spec.name));
  labels.Set("sloth_service", spec.service);
  labels.Set("sloth_slo", spec.name);
  return labels;
}

void AddSloth(const SloSpec& spec, std::vector<CompatSeries>& series) {
  const model::LabelSet labels = SlothLabels(spec);
  const auto add = [&](Figure figure, std::string metric, std::string_view help,
                       std::string_view window_text = "", size_t window = 0) {
    series.push_back({.figure = figure,
                      .metric = std::move(metric),
                      .is_counter = false,
                      .help = help,
                      .labels = labels,
                      .window = window});
    if (!window_text.empty()) series.back().labels.Set("sloth_window", window_text);
  };
  const std::string period = base::FormatDuration(spec.window.nominal());
  const std::string shortest = base::FormatDuration(kShortest);
  constexpr std::string_view kRatioHelp = "The share of the window that was bad.";
  const std::vector<seconds> windows = CompatWindows(spec);
  for (size_t i = 0; i < windows.size(); ++i) {
    const std::string text = base::FormatDuration(windows[i]);
    if (text == period) continue;
    add(Figure::kErrorRatio, fmt::format("slo:sli_error:ratio_rate{}", text), kRatioHelp, text, i);
  }
  add(Figure::kPeriodErrorRatio, fmt::format("slo:sli_error:ratio_rate{}", period), kRatioHelp,
      period);
  add(Figure::kObjective, "slo:objective:ratio", "The share of events that must be good.");
  add(Figure::kErrorBudget, "slo:error_budget:ratio", "The share of events that may be bad.");
  add(Figure::kPeriodDays, "slo:time_period:days", "The length of the SLO's window.");
  // Sloth makes these three of a ratio's series, and they keep its label.
  add(Figure::kBurnRate, "slo:current_burn_rate:ratio",
      "How fast the error budget is spent now: 1 spends it in exactly one SLO window.", shortest);
  add(Figure::kPeriodBurnRate, "slo:period_burn_rate:ratio",
      "The share of the SLO window's error budget that is spent.", period);
  add(Figure::kBudgetRemaining, "slo:period_error_budget_remaining:ratio",
      "The share of the SLO window's error budget that is left; negative once overspent.", period);
  add(Figure::kInfo, "sloth_slo_info", "What the SLO is, in labels.");
  std::string objective = spec.objective.Text();
  objective.pop_back();  // the percent sign
  series.back().labels.Set("sloth_mode", "serve");
  series.back().labels.Set("sloth_objective", objective);
  series.back().labels.Set("sloth_spec", "slowburn/v1");
  series.back().labels.Set("sloth_version", "slowburn");
}

void AddPyrra(const SloSpec& spec, std::vector<CompatSeries>& series) {
  model::LabelSet labels = spec.labels;
  labels.Set("service", spec.service);
  labels.Set("slo", spec.name);
  const auto add = [&](Figure figure, std::string_view metric, std::string_view help) {
    const bool is_counter = figure == Figure::kEvents || figure == Figure::kBadEvents;
    series.push_back({.figure = figure,
                      .metric = std::string(metric),
                      .is_counter = is_counter,
                      .help = help,
                      .labels = labels,
                      .window = 0});
  };
  add(Figure::kObjective, "pyrra_objective", "The share of events that must be good.");
  add(Figure::kPeriodSeconds, "pyrra_window", "The length of the SLO's window in seconds.");
  add(Figure::kPeriodAvailability, "pyrra_availability",
      "The share of the SLO's window that was good.");
  add(Figure::kEventsPerSecond, "pyrra_requests:rate5m", "Events per second.");
  add(Figure::kBadPerSecond, "pyrra_errors:rate5m", "Bad events per second.");
  add(Figure::kEvents, "pyrra_requests_total", "Events counted, ever.");
  add(Figure::kBadEvents, "pyrra_errors_total", "Bad events counted, ever.");
}

// The open slice is part of every window.
double PerSecond(uint64_t events, const WindowBurn& window, std::chrono::sys_seconds now) {
  const seconds open = now.time_since_epoch() % kSliceLength;
  return static_cast<double>(events) / static_cast<double>((window.window + open).count());
}

}  // namespace

std::vector<seconds> CompatWindows(const SloSpec& spec) {
  if (spec.compat.sloth) return {std::begin(kSlothWindows), std::end(kSlothWindows)};
  if (spec.compat.pyrra) return {kShortest};
  return {};
}

std::vector<CompatSeries> CompatSeriesOf(const SloSpec& spec) {
  std::vector<CompatSeries> series;
  if (spec.compat.sloth) AddSloth(spec, series);
  if (spec.compat.pyrra) AddPyrra(spec, series);
  return series;
}

std::optional<double> CompatValue(CompatFigure figure, size_t window, const SloSpec& spec,
                                  const CompatFigures& figures) {
  const auto seconds_of = [](seconds length) { return static_cast<double>(length.count()); };
  switch (figure) {
    case Figure::kObjective:
      return spec.objective.ratio();
    case Figure::kErrorBudget:
      return spec.objective.error_budget();
    case Figure::kErrorRatio:
      return ErrorRatio(figures.windows[window].budget);
    case Figure::kPeriodErrorRatio:
      return ErrorRatio(figures.budget);
    case Figure::kPeriodDays:
      return seconds_of(spec.window.nominal()) / seconds_of(24h);
    case Figure::kPeriodSeconds:
      return seconds_of(spec.window.nominal());
    case Figure::kPeriodBurnRate:
      return BurnRate(figures.budget, spec.objective);
    case Figure::kBudgetRemaining:
      return BudgetRemainingRatio(figures.budget, spec.objective);
    case Figure::kPeriodAvailability:
      if (figures.budget.total() == 0) return std::nullopt;
      return static_cast<double>(figures.budget.good) / static_cast<double>(figures.budget.total());
    case Figure::kBurnRate:
      return figures.windows[window].burn_rate;
    case Figure::kEventsPerSecond:
      return PerSecond(figures.windows[window].counts.total(), figures.windows[window],
                       figures.now);
    case Figure::kBadPerSecond:
      return PerSecond(figures.windows[window].counts.bad, figures.windows[window], figures.now);
    case Figure::kEvents:
      return static_cast<double>(figures.lifetime.total());
    case Figure::kBadEvents:
      return static_cast<double>(figures.lifetime.bad);
    case Figure::kInfo:
      break;
  }
  return 1;
}

}  // namespace slowburn::slo
