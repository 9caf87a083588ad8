#include "serve/internal/slo_json.h"

#include <algorithm>

#include "base/duration_text.h"
#include "serve/internal/exclusion_json.h"
#include "serve/internal/json_text.h"
#include "serve/internal/metric_json.h"

namespace slowburn::serve::internal {
namespace {

namespace json = boost::json;

constexpr size_t kContributorsMax = 10;

json::object LabelsJson(const slo::SloSpec& spec, const slo::GroupStatus& group) {
  json::object labels;
  const size_t count = std::min(spec.sli.group_by.size(), group.values.size());
  for (size_t i = 0; i < count; ++i) labels[spec.sli.group_by[i]] = group.values[i];
  return labels;
}

// Since when the alert is in its state.
base::UnixNanos Since(const model::Alert& alert) {
  switch (alert.state) {
    case model::AlertState::kPending:
      return alert.active_at;
    case model::AlertState::kFiring:
      return alert.fired_at;
    case model::AlertState::kInactive:
      return alert.resolved_at;
  }
  return alert.active_at;
}

json::array AlertsJson(const std::vector<const model::Alert*>& alerts) {
  json::array list;
  for (const model::Alert* alert : alerts) {
    json::object entry;
    entry["name"] = alert->labels.Get("alertname");
    entry["severity"] = alert->labels.Get("severity");
    entry["state"] = model::AlertStateName(alert->state);
    entry["since"] = TimeNumber(Since(*alert));
    list.push_back(std::move(entry));
  }
  return list;
}

// In what the budget counts: whole numbers, but for parts of timeslices and of weights.
json::object BudgetJson(const BudgetMethod& method, const slo::SliCounts& budget) {
  json::object entry;
  const auto put = [&](std::string_view key, uint64_t number) {
    json::value& value = entry[json::string_view(key.data(), key.size())];
    if (method.unit == 1) {
      value = number;
    } else {
      value = static_cast<double>(number) / method.unit;
    }
  };
  put("good", budget.good);
  put("bad", budget.bad);
  put("total", budget.total());
  return entry;
}

json::object MethodJson(const BudgetMethod& method) {
  json::object entry;
  entry["method"] = method.name;
  entry["timeslice"] = nullptr;
  if (method.timeslice.has_value()) entry["timeslice"] = base::FormatDuration(*method.timeslice);
  entry["target"] = NumberOrNull(method.target);
  return entry;
}

json::object CompositeJson(const slo::CompositeSli& composite,
                           const std::vector<CompositeMembers::Member>& members) {
  json::array list;
  for (const CompositeMembers::Member& member : members) {
    json::object entry;
    entry["id"] = member.id;
    entry["weight"] = member.weight;
    entry["state"] = nullptr;
    entry["budget_remaining_ratio"] = nullptr;
    if (member.total != nullptr) {
      entry["state"] = slo::SloStateName(member.total->state);
      entry["budget_remaining_ratio"] = NumberOrNull(member.total->budget_remaining_ratio);
    }
    list.push_back(std::move(entry));
  }
  json::object object;
  object["method"] = slo::CompositeMethodName(composite.method);
  object["members"] = std::move(list);
  return object;
}

json::object GroupJson(const slo::SloSpec& spec, const BudgetMethod& method,
                       const slo::GroupStatus& group, const GroupAlerts& alerts) {
  const slo::SliCounts& counts = group.in_window;
  json::object entry;
  entry["labels"] = LabelsJson(spec, group);
  entry["state"] = slo::SloStateName(group.state);
  entry["good"] = counts.good;
  entry["bad"] = counts.bad;
  entry["total"] = counts.total();
  entry["excluded_seconds"] = group.excluded.count();
  entry["sli_ratio"] = NumberOrNull(GoodRatio(group.budget));
  entry["event_ratio"] = NumberOrNull(GoodRatio(counts));
  entry["budget"] = BudgetJson(method, group.budget);
  entry["budget_remaining_ratio"] = NumberOrNull(group.budget_remaining_ratio);
  entry["budget_remaining_events"] = group.budget_remaining_events / method.unit;
  entry["exhaustion_seconds"] = NumberOrNull(group.exhaustion_seconds);
  json::object burn_rates;
  for (const slo::WindowBurn& burn : group.burn_rates) {
    burn_rates[base::FormatDuration(burn.window)] = NumberOrNull(burn.burn_rate);
  }
  entry["burn_rates"] = std::move(burn_rates);
  entry["alerts"] = AlertsJson(alerts.Of(spec, group));
  entry["since"] = group.since.time_since_epoch().count();
  entry["last_event"] = TimeOrNull(group.last_event);
  return entry;
}

json::object SetJson(const model::LabelSet& labels) {
  json::object object;
  for (const model::Label& label : labels) object[label.name] = label.value;
  return object;
}

json::object TierJson(const slo::SloSpec& spec, const slo::TierStatus& status) {
  const slo::AlertTier& tier = status.tier;
  json::object entry;
  entry["name"] = tier.name;
  entry["severity"] = tier.severity;
  entry["long"] = base::FormatDuration(tier.long_window);
  entry["short"] = base::FormatDuration(tier.short_window);
  entry["factor"] = tier.factor.value();
  entry["threshold_error_ratio"] = tier.factor.value() * spec.objective.error_budget();
  entry["long_burn_rate"] = NumberOrNull(status.long_burn_rate);
  entry["short_burn_rate"] = NumberOrNull(status.short_burn_rate);
  entry["state"] = slo::TierStateName(status.state);
  entry["reason"] = status.reason;
  entry["for"] = base::FormatDuration(tier.hold);
  entry["keep_firing_for"] = base::FormatDuration(tier.keep_firing_for);
  entry["min_total"] = tier.min_total;
  entry["min_bad"] = tier.min_bad;
  entry["disabled"] = tier.disabled;
  entry["labels"] = SetJson(tier.labels);
  entry["annotations"] = SetJson(tier.annotations);
  return entry;
}

json::object StateAlertJson(const slo::StateAlertStatus& status, bool is_readable) {
  const slo::StateAlert& alert = status.alert;
  json::object entry;
  entry["name"] = slo::AlertNameOf(alert.kind);
  entry["tier"] = alert.name;
  entry["severity"] = alert.severity;
  entry["holds"] = nullptr;
  if (is_readable) entry["holds"] = status.holds;
  entry["for"] = base::FormatDuration(alert.hold);
  entry["keep_firing_for"] = base::FormatDuration(alert.keep_firing_for);
  entry["disabled"] = alert.disabled;
  entry["labels"] = SetJson(alert.labels);
  entry["annotations"] = SetJson(alert.annotations);
  return entry;
}

json::object PolicyJson(const slo::SloSpec& spec, const slo::GroupStatus& group) {
  json::object policy;
  policy["name"] = spec.policy.name;
  json::array tiers;
  for (const slo::TierStatus& tier : group.tiers) tiers.push_back(TierJson(spec, tier));
  policy["tiers"] = std::move(tiers);
  json::array unreachable;
  for (const slo::UnreachableTier& tier : spec.policy.unreachable) {
    json::object entry;
    entry["name"] = tier.name;
    entry["severity"] = tier.severity;
    entry["reason"] = tier.reason;
    unreachable.push_back(std::move(entry));
  }
  policy["unreachable"] = std::move(unreachable);
  json::array alerts;
  for (const slo::StateAlertStatus& alert : group.state_alerts)
    alerts.push_back(StateAlertJson(alert, group.state != slo::SloState::kInvalid));
  policy["alerts"] = std::move(alerts);
  return policy;
}

json::array ContributorsJson(const slo::SloSpec& spec, const slo::SloStatus& status) {
  std::vector<const slo::GroupStatus*> groups;
  uint64_t bad = 0;
  for (const slo::GroupStatus& group : status.groups) {
    if (group.group == slo::kTotalGroup || group.in_window.bad == 0) continue;
    groups.push_back(&group);
    bad += group.in_window.bad;
  }
  const size_t shown = std::min(groups.size(), kContributorsMax);
  std::ranges::partial_sort(groups, groups.begin() + static_cast<std::ptrdiff_t>(shown),
                            [](const auto* a, const auto* b) {
                              return a->in_window.bad != b->in_window.bad
                                         ? a->in_window.bad > b->in_window.bad
                                         : a->values < b->values;
                            });
  json::array list;
  for (size_t i = 0; i < shown; ++i) {
    json::object entry;
    entry["labels"] = LabelsJson(spec, *groups[i]);
    entry["bad"] = groups[i]->in_window.bad;
    entry["bad_share_ratio"] =
        static_cast<double>(groups[i]->in_window.bad) / static_cast<double>(bad);
    list.push_back(std::move(entry));
  }
  return list;
}

}  // namespace

json::object SloJson::Summary(const slo::SloStatus& status) const {
  const slo::SloSpec& spec = (*reading_.slos)[status.index];
  const BudgetMethod method = BudgetMethodOf(spec);
  json::object slo;
  slo["id"] = spec.id();
  slo["service"] = spec.service;
  slo["name"] = spec.name;
  slo["objective"] = spec.objective.ratio();
  slo["window"] = spec.window_text;
  slo["exclusions"] = ExclusionIdsJson(spec, *reading_.exclusions);
  if (const auto period = PeriodOf(spec, reading_.now)) {
    slo["window_start"] = period->start.time_since_epoch().count();
    slo["window_end"] = TimeOrNull(period->end);
  }
  slo["budgeting"] = MethodJson(method);
  if (const slo::CompositeSli* composite = spec.sli.composite())
    slo["composite"] = CompositeJson(*composite, members_.Of(spec));
  if (status.metric.has_value()) slo["metric"] = MetricJson(spec.sli, *status.metric);
  json::array groups;
  for (const slo::GroupStatus& group : status.groups)
    groups.push_back(GroupJson(spec, method, group, alerts_));
  slo["groups"] = std::move(groups);
  return slo;
}

json::object SloJson::Detail(const slo::SloStatus& status, const slo::GroupStatus& group) const {
  const slo::SloSpec& spec = (*reading_.slos)[status.index];
  json::object slo = Summary(status);
  slo["description"] = spec.description;
  slo["runbook_url"] = spec.runbook_url;
  slo["labels"] = SetJson(spec.labels);
  slo["source"] = spec.source;
  slo["spec"] = spec.text;
  slo["policy"] = PolicyJson(spec, group);
  slo["contributors"] = ContributorsJson(spec, status);
  return slo;
}

json::array EpochsJson(const std::vector<EpochReading>& epochs) {
  json::array list;
  for (const EpochReading& epoch : epochs) {
    json::object entry;
    entry["epoch"] = epoch.epoch;
    entry["since"] = epoch.since.time_since_epoch().count();
    entry["until"] = TimeOrNull(epoch.until);
    entry["sli"] = epoch.sli;
    entry["good"] = epoch.lifetime.good;
    entry["bad"] = epoch.lifetime.bad;
    list.push_back(std::move(entry));
  }
  return list;
}

json::object HistoryJson(const std::vector<slo::HistoryPoint>& points) {
  json::array list;
  for (const slo::HistoryPoint& point : points) {
    json::object entry;
    entry["t"] = point.time.time_since_epoch().count();
    entry["good"] = point.counts.good;
    entry["bad"] = point.counts.bad;
    entry["error_ratio"] = NumberOrNull(point.error_ratio);
    entry["budget_remaining_ratio"] = NumberOrNull(point.budget_remaining_ratio);
    if (point.excluded.count() > 0) entry["excluded_seconds"] = point.excluded.count();
    list.push_back(std::move(entry));
  }
  json::object history;
  history["points"] = std::move(list);
  return history;
}

const slo::GroupStatus* FindGroup(const slo::SloSpec& spec, const slo::SloStatus& status,
                                  const GroupSelector& group) {
  for (const slo::GroupStatus& candidate : status.groups) {
    if (candidate.values.size() != group.size()) continue;
    bool matches = true;
    for (size_t i = 0; i < candidate.values.size() && matches; ++i) {
      const auto wanted = group.find(spec.sli.group_by[i]);
      matches = wanted != group.end() && wanted->second == candidate.values[i];
    }
    if (matches) return &candidate;
  }
  return nullptr;
}

}  // namespace slowburn::serve::internal
