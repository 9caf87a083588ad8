#include "slo/alert_conditions.h"

#include <algorithm>
#include <chrono>
#include <optional>

#include <fmt/format.h>

#include "base/duration_text.h"
#include "base/time_text.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;

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

// "checkout/availability {http_route="/pay"}"
std::string BudgetName(const SloSpec& slo, const GroupStatus& status) {
  if (status.values.empty()) return slo.id();
  return slo.id() + " " + GroupLabels(slo, status.values).Text();
}

SliCounts CountsIn(const GroupStatus& status, seconds window) {
  const auto found = std::find_if(status.burn_rates.begin(), status.burn_rates.end(),
                                  [&](const WindowBurn& burn) { return burn.window == window; });
  return found == status.burn_rates.end() ? SliCounts{} : found->counts;
}

std::string RemainingText(const GroupStatus& status) {
  return status.budget_remaining_ratio.has_value() ? PercentText(*status.budget_remaining_ratio)
                                                   : "none known";
}

// What both kinds have in common; `own` are the labels of the tier or alert itself.
model::AlertCondition Identity(const SloSpec& slo, const std::vector<std::string>& values,
                               std::string_view alert_name, std::string_view severity,
                               const model::LabelSet& own) {
  model::AlertCondition condition;
  condition.labels = GroupLabels(slo, values);
  for (const model::Label& label : slo.labels) condition.labels.Set(label.name, label.value);
  for (const model::Label& label : own) condition.labels.Set(label.name, label.value);
  condition.labels.Set("alertname", alert_name);
  condition.labels.Set("service", slo.service);
  condition.labels.Set("slo", slo.name);
  condition.labels.Set("severity", severity);
  return condition;
}

void Annotate(const SloSpec& slo, const GroupStatus& status, std::string summary,
              std::string description, std::string_view external_url, const model::LabelSet& own,
              model::AlertCondition& condition) {
  model::LabelSet& annotations = condition.annotations;
  if (!slo.description.empty()) description += " " + slo.description;
  annotations.Set("summary", summary);
  annotations.Set("description", description);
  annotations.Set("runbook_url", slo.runbook_url);
  annotations.Set("tier", condition.tier);
  for (const WindowBurn& window : status.burn_rates) {
    if (!window.burn_rate.has_value()) continue;
    annotations.Set("burn_rate_" + base::FormatDuration(window.window),
                    fmt::format("{:.4g}", *window.burn_rate));
  }
  annotations.Set("budget_remaining", RemainingText(status));
  annotations.Set("exhaustion", ExhaustionText(status.exhaustion_seconds));
  annotations.Set("link", fmt::format("{}/#{}", external_url, slo.id()));
  for (const model::Label& annotation : own) annotations.Set(annotation.name, annotation.value);
}

struct Words {
  std::string summary;
  std::string description;
};

Words WordsOf(const SloSpec& slo, const GroupStatus& status, const StateAlert& alert) {
  const std::string name = BudgetName(slo, status);
  const std::string counts =
      fmt::format("{} of {} were bad in {}, the objective is {}.", status.budget.bad,
                  status.budget.total(), slo.window_text, slo.objective.Text());
  switch (alert.kind) {
    case StateAlert::Kind::kBudgetLow: {
      const double threshold = 1 - alert.spent_share.value();
      return {fmt::format("{} has {} of its error budget left, less than {}", name,
                          RemainingText(status), PercentText(threshold)),
              fmt::format("{} Spent in: {}.", counts, ExhaustionText(status.exhaustion_seconds))};
    }
    case StateAlert::Kind::kExhaustion: {
      const std::string within = base::FormatDuration(alert.span);
      if (status.exhaustion_seconds.value_or(1) <= 0) {
        return {fmt::format("{} has spent its error budget", name), counts};
      }
      return {fmt::format("{} spends its error budget within {}", name, within),
              fmt::format("At the rate of the last hour the {} that are left last for {}, less "
                          "than {}. {}",
                          RemainingText(status), ExhaustionText(status.exhaustion_seconds), within,
                          counts)};
    }
    case StateAlert::Kind::kNoData: {
      const std::string since = base::FormatRfc3339(status.last_event.value_or(status.since));
      return {fmt::format("{} has no events since {}", name, since),
              fmt::format("Nothing was counted for {} or more: either nobody uses the service, or "
                          "its telemetry does not arrive. Without events no burn rate is known "
                          "and no page comes.",
                          base::FormatDuration(alert.span))};
    }
    case StateAlert::Kind::kViolated: {
      const double total = static_cast<double>(std::max<uint64_t>(status.budget.total(), 1));
      return {fmt::format("{} misses its objective: {:.6g}% of {} over {}", name,
                          100 * static_cast<double>(status.budget.good) / total,
                          slo.objective.Text(), slo.window_text),
              fmt::format("{} {} of the budget is left.", counts, RemainingText(status))};
    }
  }
  return {};
}

}  // namespace

model::AlertCondition AlertIdentity(const SloSpec& slo, const std::vector<std::string>& values,
                                    const AlertTier& tier) {
  model::AlertCondition condition =
      Identity(slo, values, "SLOBurnRate", tier.severity, tier.labels);
  condition.tier = tier.name;
  condition.rank = tier.rank;
  condition.incident = slo.id() + GroupLabels(slo, values).Text();
  return condition;
}

model::AlertCondition AlertIdentity(const SloSpec& slo, const std::vector<std::string>& values,
                                    const StateAlert& alert) {
  model::AlertCondition condition =
      Identity(slo, values, AlertNameOf(alert.kind), alert.severity, alert.labels);
  condition.tier = alert.name;
  if (alert.kind == StateAlert::Kind::kBudgetLow) {
    condition.rank = alert.rank;
    condition.incident = slo.id() + GroupLabels(slo, values).Text() + " budget";
  }
  return condition;
}

bool CanAsk(const SloSpec& slo, const model::LabelSet& labels, std::string_view tier) {
  std::vector<std::string> values;
  for (const std::string& name : slo.sli.group_by) {
    const std::string label = model::NormalizedLabelName(name);
    if (labels.Has(label)) values.emplace_back(labels.Get(label));
  }
  const bool is_total = values.empty();
  if (!is_total && values.size() != slo.sli.group_by.size()) return false;
  if (slo.alerting.scope == (is_total ? AlertScope::kGroups : AlertScope::kTotal)) return false;
  const auto is_that = [&](const auto& one) {
    return !one.disabled && one.name == tier && AlertIdentity(slo, values, one).labels == labels;
  };
  return std::any_of(slo.policy.tiers.begin(), slo.policy.tiers.end(), is_that) ||
         std::any_of(slo.alerting.state_alerts.begin(), slo.alerting.state_alerts.end(), is_that);
}

model::AlertCondition BurnRateCondition(const SloSpec& slo, const GroupStatus& status, size_t at,
                                        std::string_view external_url) {
  const AlertTier& tier = slo.policy.tiers[at];
  const SliCounts in_long = CountsIn(status, tier.long_window);

  model::AlertCondition condition = AlertIdentity(slo, status.values, tier);
  condition.hold = tier.hold;
  condition.keep_firing_for = tier.keep_firing_for;
  condition.settle = tier.short_window;
  Annotate(slo, status,
           fmt::format("{} burns its error budget {:.3g} times too fast", BudgetName(slo, status),
                       status.tiers[at].long_burn_rate.value_or(0)),
           fmt::format("{} of {} events were bad in the last {}, the objective is {}. {} of the {} "
                       "budget is left; spent in: {}.",
                       in_long.bad, in_long.total(), base::FormatDuration(tier.long_window),
                       slo.objective.Text(), RemainingText(status), slo.window_text,
                       ExhaustionText(status.exhaustion_seconds)),
           external_url, tier.annotations, condition);
  return condition;
}

model::AlertCondition StateCondition(const SloSpec& slo, const GroupStatus& status,
                                     const StateAlert& alert, std::string_view external_url) {
  model::AlertCondition condition = AlertIdentity(slo, status.values, alert);
  condition.hold = alert.hold;
  condition.keep_firing_for = alert.keep_firing_for;
  if (alert.kind == StateAlert::Kind::kNoData) {
    condition.settle = alert.span;
    condition.is_silence = true;
  } else if (alert.kind == StateAlert::Kind::kExhaustion) {
    condition.settle = std::chrono::hours(1);
  }
  Words words = WordsOf(slo, status, alert);
  Annotate(slo, status, std::move(words.summary), std::move(words.description), external_url,
           alert.annotations, condition);
  return condition;
}

}  // namespace slowburn::slo
