#include "rules/internal/alerting_reader.h"

#include <algorithm>
#include <map>
#include <string_view>
#include <utility>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/duration_text.h"
#include "base/status.h"
#include "rules/internal/alert_values.h"
#include "rules/internal/spec_values.h"
#include "rules/internal/state_alert_reader.h"
#include "rules/internal/tier_reader.h"

// Three places speak about one alert, the later over the earlier: its policy, what is said of its
// severity (`page`, `ticket`, `severities`), and what is said of itself. The tiers are read first,
// with the names of their severities as written; then the three are laid over each other, and last
// come the ranks, which need every severity's final name.

namespace slowburn::rules {
namespace {

using base::YamlNode;
using std::chrono::seconds;

constexpr std::string_view kDefaultPolicy = "sre-workbook";

slo::AlertScope ReadScope(const YamlNode& node, bool grouped) {
  const std::optional<std::string> text = node.String();
  if (!text.has_value()) return grouped ? slo::AlertScope::kGroups : slo::AlertScope::kTotal;
  if (*text == "total") return slo::AlertScope::kTotal;
  // Without groups, both is the total.
  if (*text == "both") return grouped ? slo::AlertScope::kBoth : slo::AlertScope::kTotal;
  if (*text != "groups") {
    node.Error(fmt::format("{} is \"{}\"; write groups, total or both", node.path(), Shown(*text)));
  } else if (!grouped) {
    node.Error(fmt::format(
        "{} is groups, but the SLI has none; add group_by under sli, or write total", node.path()));
  }
  return slo::AlertScope::kGroups;
}

// What is said of severities, by their names in the policy.
class Severities {
 public:
  Severities(const YamlNode& alerting, const std::vector<std::string>& group_by) {
    for (const std::string_view name : {"page", "ticket"}) {
      const YamlNode place = alerting.Optional(name);
      if (place.IsPresent()) Read(std::string(name), place, group_by);
    }
    for (const auto& [name, place] : alerting.Optional("severities").Entries()) {
      if (said_.contains(name)) {
        place.Error(fmt::format("{} is written twice, here and under alerting; keep one", name));
      } else {
        Read(name, place, group_by);
      }
    }
  }

  // The label of alerts of this severity.
  std::string LabelOf(const std::string& severity) const {
    const auto found = said_.find(severity);
    return found == said_.end() || found->second.label.empty() ? severity : found->second.label;
  }
  // Makes the tier's severity its label.
  void ApplyTo(slo::AlertTier& tier) const {
    if (const auto found = said_.find(tier.severity); found != said_.end())
      found->second.keys.ApplyTo(tier);
    tier.severity = LabelOf(tier.severity);
  }
  // Times and guards are about burn rates.
  void ApplyTo(slo::StateAlert& alert) const {
    if (const auto found = said_.find(alert.severity); found != said_.end()) {
      const TierKeys& keys = found->second.keys;
      alert.disabled |= keys.disabled.value_or(false);
      alert.labels = Over(keys.labels, alert.labels);
      alert.annotations = Over(keys.annotations, alert.annotations);
    }
    alert.severity = LabelOf(alert.severity);
  }

  // Two severities with one label would be one alert. `in_use` are the names of those that alert.
  void RefuseEqualLabels(const std::vector<std::string>& in_use) const {
    std::map<std::string, std::string> by_label;
    for (const std::string& name : in_use) {
      const auto [first, is_new] = by_label.emplace(LabelOf(name), name);
      if (is_new || first->second == name) continue;
      const auto place = said_.contains(name) ? said_.find(name) : said_.find(first->second);
      place->second.place.Error(
          fmt::format("{} and {} both have the severity \"{}\"; give them different ones",
                      Shown(first->second), Shown(name), Shown(first->first)));
    }
  }
  // What is said of a severity that no alert has is a likely slip.
  void WarnOfOthersThan(std::vector<std::string> known) const {
    std::sort(known.begin(), known.end());
    known.erase(std::unique(known.begin(), known.end()), known.end());
    for (const auto& [name, one] : said_) {
      if (std::binary_search(known.begin(), known.end(), name)) continue;
      one.place.Warning(fmt::format("no alert of this SLO has the severity {}; write one of: {}",
                                    Shown(name), fmt::join(known, ", ")));
    }
  }

 private:
  struct Said {
    TierKeys keys;
    std::string label;  // empty: the name
    YamlNode place;
  };

  void Read(const std::string& name, const YamlNode& place,
            const std::vector<std::string>& group_by) {
    place.AllowKeys(
        {"disable", "labels", "annotations", "for", "keep_firing_for", "min_total", "min_bad"});
    TierKeys keys = ReadTierKeys(place, group_by, true);
    std::string label(keys.labels.Get("severity"));
    keys.labels.Set("severity", "");
    said_.emplace(name, Said{std::move(keys), std::move(label), place});
  }
  static model::LabelSet Over(model::LabelSet below, const model::LabelSet& above) {
    for (const model::Label& label : above) below.Set(label.name, label.value);
    return below;
  }

  std::map<std::string, Said> said_;
};

// The tiers before severities are applied, and what is said of each.
struct Draft {
  slo::AlertPolicy policy;
  std::map<std::string, TierKeys> keys;  // by tier
};

void WarnOfUnreachable(const PlacedTier& placed, slo::Objective objective, seconds window) {
  const std::optional<std::string> reason = slo::WhyUnreachable(placed.tier, objective, window);
  if (!reason.has_value()) return;
  placed.place.Warning(fmt::format("tier {} can never fire: {}; change it, or leave it out",
                                   placed.tier.name, *reason));
}

Draft ReadList(const YamlNode& node, const YamlNode& tiers_node,
               const std::vector<std::string>& group_by,
               const std::optional<slo::Objective>& objective, const std::optional<seconds>& window,
               slo::Objective stand_in) {
  if (tiers_node.IsPresent()) {
    tiers_node.Error(
        fmt::format("{} changes a named policy, and this one is a list; write it in "
                    "the list's own tiers",
                    tiers_node.path()));
  }
  Draft draft;
  std::vector<slo::AlertTier> tiers;
  for (PlacedTier& placed : ReadTierList(node, group_by, window)) {
    if (objective.has_value() && window.has_value()) WarnOfUnreachable(placed, *objective, *window);
    draft.keys.emplace(placed.tier.name, std::move(placed.keys));
    tiers.push_back(std::move(placed.tier));
  }
  draft.policy = slo::MakeAlertPolicy("custom", std::move(tiers), objective.value_or(stand_in),
                                      window.value_or(std::chrono::hours(400 * 24)));
  return draft;
}

// `tiers`: what is said of a named policy's, by name.
void ReadTierChanges(const YamlNode& node, const std::vector<std::string>& group_by, Draft& draft) {
  std::vector<std::string_view> names;
  for (const slo::AlertTier& tier : draft.policy.tiers) names.push_back(tier.name);
  for (const slo::UnreachableTier& tier : draft.policy.unreachable) names.push_back(tier.name);
  for (const auto& [name, place] : node.Entries()) {
    place.AllowKeys({"severity", "disable", "for", "keep_firing_for", "min_total", "min_bad",
                     "labels", "annotations"});
    const std::optional<std::string> severity = ReadSeverity(place.Optional("severity"));
    draft.keys.emplace(name, ReadTierKeys(place, group_by, false));
    if (std::find(names.begin(), names.end(), name) == names.end()) {
      place.Error(fmt::format("the policy {} has no tier \"{}\"; write one of: {}",
                              draft.policy.name, Shown(name), fmt::join(names, ", ")));
    }
    for (slo::AlertTier& tier : draft.policy.tiers) {
      if (tier.name == name && severity.has_value()) tier.severity = *severity;
    }
  }
}

std::optional<Draft> ReadNamed(const YamlNode& node, const YamlNode& tiers_node,
                               const std::vector<std::string>& group_by,
                               const std::optional<slo::Objective>& objective,
                               const std::optional<seconds>& window, slo::Objective stand_in) {
  absl::StatusOr<slo::AlertPolicy> policy = slo::MakeAlertPolicy(
      node.String().value_or(std::string(kDefaultPolicy)), objective.value_or(stand_in),
      window.value_or(std::chrono::hours(24 * 30)));
  if (!policy.ok()) {
    node.Error(std::string(base::Message(policy.status())));
    return std::nullopt;
  }
  Draft draft{.policy = *std::move(policy), .keys = {}};
  // Whoever sets neither objective nor window has other worries: its tiers' names are not known.
  if (objective.has_value() && window.has_value()) {
    ReadTierChanges(tiers_node, group_by, draft);
    if (draft.policy.tiers.empty()) {
      node.Warning(fmt::format("no tier of the policy {} can ever fire at {} over {}: {}",
                               draft.policy.name, objective->Text(), base::FormatDuration(*window),
                               draft.policy.unreachable.front().reason));
    }
  }
  return draft;
}

// Lays what is said over the tiers, and notes the severities by their names as written.
void Apply(const Severities& severities, Draft& draft, std::vector<slo::StateAlert>& alerts,
           std::vector<std::string>& known, std::vector<std::string>& in_use) {
  for (slo::AlertTier& tier : draft.policy.tiers) {
    const std::string name = tier.severity;
    severities.ApplyTo(tier);
    if (const auto said = draft.keys.find(tier.name); said != draft.keys.end())
      said->second.ApplyTo(tier);
    known.push_back(name);
    if (!tier.disabled) in_use.push_back(name);
  }
  for (slo::UnreachableTier& tier : draft.policy.unreachable) {
    known.push_back(tier.severity);
    tier.severity = severities.LabelOf(tier.severity);
  }
  for (slo::StateAlert& alert : alerts) {
    const std::string name = alert.severity;
    severities.ApplyTo(alert);
    known.push_back(name);
    if (!alert.disabled) in_use.push_back(name);
  }
}

}  // namespace

Alerting ReadAlerting(const YamlNode& node, const std::vector<std::string>& group_by,
                      const std::optional<slo::Objective>& objective,
                      const std::optional<seconds>& window) {
  node.AllowKeys({"policy", "scope", "page", "ticket", "severities", "tiers", "budget",
                  "exhaustion", "no_data", "violated"});
  const slo::Objective stand_in = slo::Objective::Parse("99.9%").value();
  Alerting read;
  read.spec.scope = ReadScope(node.Optional("scope"), !group_by.empty());
  read.spec.state_alerts = ReadStateAlerts(node, group_by);
  const Severities severities(node, group_by);
  const YamlNode policy_node = node.Optional("policy");
  const YamlNode tiers_node = node.Optional("tiers");
  std::optional<Draft> draft;
  if (policy_node.IsMap()) {
    policy_node.Error(
        fmt::format("{} is a map; write the name of a policy, like {}, or a list of "
                    "tiers",
                    policy_node.path(), kDefaultPolicy));
  } else if (policy_node.IsSequence()) {
    draft = ReadList(policy_node, tiers_node, group_by, objective, window, stand_in);
  } else {
    draft = ReadNamed(policy_node, tiers_node, group_by, objective, window, stand_in);
  }
  if (!draft.has_value()) return read;
  std::vector<std::string> known;
  std::vector<std::string> in_use;
  Apply(severities, *draft, read.spec.state_alerts, known, in_use);
  severities.RefuseEqualLabels(in_use);
  severities.WarnOfOthersThan(std::move(known));
  slo::RankAlerts(draft->policy, read.spec.state_alerts);
  read.policy = std::move(draft->policy);
  return read;
}

}  // namespace slowburn::rules
