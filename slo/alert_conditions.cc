#include "slo/alert_conditions.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "base/duration_text.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;

constexpr int kPageRank = 2;
constexpr int kTicketRank = 1;

std::string PercentText(double ratio) { return fmt::format("{:.4g}%", ratio * 100); }

std::string ExhaustionText(const std::optional<double>& left) {
  if (!left.has_value()) return "not at the current rate";
  if (*left <= 0) return "spent";
  return base::FormatDuration(seconds(static_cast<int64_t>(std::min(*left, 3.15e9))));
}

model::LabelSet GroupLabels(const SloSpec& slo, const std::vector<std::string>& values) {
  model::LabelSet labels;
  for (size_t i = 0; i < values.size() && i < slo.sli.group_by.size(); ++i) {
    labels.Set(model::NormalizedLabelName(slo.sli.group_by[i]), values[i]);
  }
  return labels;
}

SliCounts CountsIn(const GroupStatus& status, seconds window) {
  const auto found = std::find_if(status.burn_rates.begin(), status.burn_rates.end(),
                                  [&](const WindowBurn& burn) { return burn.window == window; });
  return found == status.burn_rates.end() ? SliCounts{} : found->counts;
}

}  // namespace

const SeverityAlerting& AlertingOf(const SloSpec& slo, const AlertTier& tier) {
  return tier.severity == "page" ? slo.alerting.page : slo.alerting.ticket;
}

model::AlertCondition AlertIdentity(const SloSpec& slo, const std::vector<std::string>& values,
                                    const AlertTier& tier) {
  const model::LabelSet group_labels = GroupLabels(slo, values);
  model::AlertCondition condition;
  condition.tier = tier.name;
  condition.rank = tier.severity == "page" ? kPageRank : kTicketRank;
  condition.incident = slo.id() + group_labels.Text();

  condition.labels = group_labels;
  for (const model::Label& label : slo.labels) condition.labels.Set(label.name, label.value);
  condition.labels.Set("alertname", "SLOBurnRate");
  condition.labels.Set("service", slo.service);
  condition.labels.Set("slo", slo.name);
  condition.labels.Set("severity", tier.severity);
  for (const model::Label& label : AlertingOf(slo, tier).labels)
    condition.labels.Set(label.name, label.value);
  return condition;
}

model::AlertCondition BurnRateCondition(const SloSpec& slo, const GroupStatus& status, size_t at,
                                        std::string_view external_url) {
  const AlertTier& tier = slo.policy.tiers[at];
  const std::string group = GroupLabels(slo, status.values).Text();
  const SliCounts in_long = CountsIn(status, tier.long_window);
  const double burn = status.tiers[at].long_burn_rate.value_or(0);
  const std::string remaining = PercentText(status.budget_remaining_ratio.value_or(0));

  model::AlertCondition condition = AlertIdentity(slo, status.values, tier);
  condition.hold = tier.hold;
  condition.keep_firing_for = tier.keep_firing_for;
  condition.settle = tier.short_window;
  condition.annotations.Set(
      "summary", fmt::format("{}{} burns its error budget {:.3g} times too fast", slo.id(),
                             status.values.empty() ? "" : " " + group, burn));
  condition.annotations.Set(
      "description",
      fmt::format(
          "{} of {} events were bad in the last {}, the objective is {}. {} of the {} budget is "
          "left; spent in: {}.{}",
          in_long.bad, in_long.total(), base::FormatDuration(tier.long_window),
          slo.objective.Text(), remaining, slo.window_text,
          ExhaustionText(status.exhaustion_seconds),
          slo.description.empty() ? "" : " " + slo.description));
  condition.annotations.Set("runbook_url", slo.runbook_url);
  condition.annotations.Set("tier", tier.name);
  for (const WindowBurn& window : status.burn_rates) {
    if (!window.burn_rate.has_value()) continue;
    condition.annotations.Set("burn_rate_" + base::FormatDuration(window.window),
                              fmt::format("{:.4g}", *window.burn_rate));
  }
  condition.annotations.Set("budget_remaining", remaining);
  condition.annotations.Set("exhaustion", ExhaustionText(status.exhaustion_seconds));
  condition.annotations.Set("link", fmt::format("{}/#{}", external_url, slo.id()));
  for (const model::Label& annotation : AlertingOf(slo, tier).annotations)
    condition.annotations.Set(annotation.name, annotation.value);
  return condition;
}

}  // namespace slowburn::slo
