#include "serve/slo_alert_rules.h"

#include <map>
#include <utility>

#include <fmt/format.h>

#include "base/duration_text.h"
#include "slo/slice.h"

namespace slowburn::serve {
namespace {

constexpr std::string_view kBurnRateAlert = "SLOBurnRate";

// slowburn_slo_burn_rate{service="checkout",slo="availability",window="1h"}
std::string Series(const slo::SloSpec& spec, std::string_view name, std::string_view more = "") {
  const bool of_groups = spec.alerting.scope == slo::AlertScope::kGroups;
  return fmt::format("slowburn_slo_{}{}{{service=\"{}\",slo=\"{}\"{}}}", of_groups ? "group_" : "",
                     name, spec.service, spec.name, more);
}

std::string BurnRate(const slo::SloSpec& spec, std::chrono::seconds window) {
  return Series(spec, "burn_rate", fmt::format(",window=\"{}\"", base::FormatDuration(window)));
}

std::string QueryOf(const slo::SloSpec& spec, const slo::AlertTier& tier) {
  const double factor = tier.factor.value();
  return fmt::format("{} > {} and ignoring (window) {} > {}", BurnRate(spec, tier.long_window),
                     factor, BurnRate(spec, tier.short_window), factor);
}

std::string QueryOf(const slo::SloSpec& spec, const slo::StateAlert& alert) {
  const std::string remaining = Series(spec, "error_budget_remaining_ratio");
  switch (alert.kind) {
    case slo::StateAlert::Kind::kBudgetLow:
      return fmt::format("{} < {}", remaining, 1 - alert.spent_share.value());
    case slo::StateAlert::Kind::kExhaustion:
      return fmt::format("{} < {}", Series(spec, "exhaustion_seconds"), alert.span.count());
    case slo::StateAlert::Kind::kNoData:
      return fmt::format("sum(increase({}[{}])) == 0", Series(spec, "events_total"),
                         base::FormatDuration(alert.span));
    case slo::StateAlert::Kind::kViolated:
      return fmt::format("{} < 0", remaining);
  }
  return "";
}

// The rules of one SLO, by alert name and severity, in the order of the policy.
class Rules {
 public:
  explicit Rules(const SloReading& reading) : reading_(reading) {}

  template <typename Tier>
  void Add(const slo::SloSpec& spec, std::string_view name, const Tier& tier) {
    if (tier.disabled) return;
    for (RuleReading& rule : rules_) {
      if (rule.name == name && rule.labels.Get("severity") == tier.severity) {
        rule.query += " or " + QueryOf(spec, tier);
        return;
      }
    }
    RuleReading rule{.name = std::string(name),
                     .query = QueryOf(spec, tier),
                     .duration = tier.hold,
                     .keep_firing_for = tier.keep_firing_for,
                     .labels = spec.labels,
                     .annotations = tier.annotations,
                     .last_evaluation = reading_.now};
    rule.labels.Set("service", spec.service);
    rule.labels.Set("slo", spec.name);
    rule.labels.Set("severity", tier.severity);
    rules_.push_back(std::move(rule));
  }

  // An alert of the book that is about this SLO.
  void AddAlert(const model::Alert& alert) {
    if (alert.state == model::AlertState::kInactive) return;
    for (RuleReading& rule : rules_) {
      if (rule.name != alert.labels.Get("alertname") ||
          rule.labels.Get("severity") != alert.labels.Get("severity"))
        continue;
      rule.alerts.push_back({.labels = alert.labels,
                             .annotations = alert.annotations,
                             .state = alert.state,
                             .active_at = alert.active_at});
      return;
    }
  }

  std::vector<RuleReading> Take() { return std::move(rules_); }

 private:
  const SloReading& reading_;
  std::vector<RuleReading> rules_;
};

using AlertsBySlo =
    std::multimap<std::pair<std::string_view, std::string_view>, const model::Alert*>;

RuleGroupReading GroupOf(const SloReading& reading, const slo::SloSpec& spec,
                         const AlertsBySlo& alerts) {
  Rules rules(reading);
  for (const slo::AlertTier& tier : spec.policy.tiers) rules.Add(spec, kBurnRateAlert, tier);
  for (const slo::StateAlert& alert : spec.alerting.state_alerts)
    rules.Add(spec, slo::AlertNameOf(alert.kind), alert);
  const auto [begin, end] = alerts.equal_range({spec.service, spec.name});
  for (auto at = begin; at != end; ++at) rules.AddAlert(*at->second);
  return {.name = spec.id(),
          .file = spec.source.substr(0, spec.source.rfind(':')),
          .interval = slo::kSliceLength,
          .last_evaluation = reading.now,
          .rules = rules.Take()};
}

}  // namespace

std::vector<RuleGroupReading> SloAlertRules::RuleGroups() const {
  const SloReading reading = queries_.AllSlos();
  AlertsBySlo alerts;
  for (const model::Alert& alert : reading.alerts)
    alerts.insert({{alert.labels.Get("service"), alert.labels.Get("slo")}, &alert});
  std::vector<RuleGroupReading> groups;
  for (const slo::SloSpec& spec : *reading.slos) groups.push_back(GroupOf(reading, spec, alerts));
  return groups;
}

}  // namespace slowburn::serve
