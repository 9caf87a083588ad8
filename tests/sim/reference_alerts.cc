#include "tests/sim/reference_alerts.h"

#include <algorithm>
#include <functional>
#include <set>

namespace slowburn::sim {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kResolvedKept = 3600 * kSecond;

// A clock that went back has not run at all.
int64_t Since(int64_t then, int64_t now) { return std::max<int64_t>(now - then, 0); }

std::optional<ReferenceAlert> Ended(const ReferenceAlert* held, int64_t now) {
  if (held == nullptr || held->fired_at == 0) return std::nullopt;  // Nobody heard of it.
  if (held->state == "inactive") return *held;
  ReferenceAlert ended = *held;
  ended.state = "inactive";
  ended.resolved_at = now;
  ended.tiers.clear();
  return ended;
}

bool IsExpired(const ReferenceAlert& alert, int64_t now) {
  return alert.state == "inactive" && Since(alert.resolved_at, now) > kResolvedKept &&
         alert.told_until <= now;
}

}  // namespace

std::string LabelText(const Labels& labels) {
  std::string text = "{";
  for (const auto& [name, value] : labels) {
    if (text.size() > 1) text += ", ";
    text += name + "=\"" + value + "\"";
  }
  return text + "}";
}

std::optional<ReferenceAlert> ReferenceAlerts::Next(const ReferenceAlert* held,
                                                    const std::vector<const Reason*>& reasons,
                                                    const std::vector<const Reason*>& unknown,
                                                    int64_t now) const {
  ReferenceAlert next;
  const bool goes_on = held != nullptr && held->state != "inactive";
  if (goes_on) next = *held;
  next.tiers.clear();
  for (const Reason* reason : reasons) {
    ReferenceAlert::TierSpell tier{.active_at = now};
    if (goes_on && held->tiers.contains(reason->tier)) tier = held->tiers.at(reason->tier);
    tier.missed_since = 0;
    tier.keep_nanos = reason->keep_nanos;
    tier.settle_nanos = reason->is_silence ? 0 : reason->settle_nanos;
    tier.firing = tier.firing || Since(tier.active_at, now) >= reason->hold_nanos;
    next.tiers.emplace(reason->tier, tier);
  }
  for (const auto& [name, spell] : goes_on ? held->tiers : decltype(next.tiers){}) {
    if (next.tiers.contains(name)) continue;
    ReferenceAlert::TierSpell tier = spell;
    const bool is_unknown = std::any_of(unknown.begin(), unknown.end(),
                                        [&](const Reason* reason) { return reason->tier == name; });
    if (is_unknown) next.tiers.emplace(name, tier);
    if (is_unknown || !spell.firing) continue;
    // It fires since before the restart, and was not watched for long enough after it: its silence
    // says nothing.
    const int64_t watched = Since(watched_since_, now);
    const bool in_doubt = Since(tier.active_at, now) > watched && watched < tier.settle_nanos;
    if (!in_doubt) {
      if (tier.keep_nanos <= 0) continue;
      if (tier.missed_since == 0) tier.missed_since = now;
      if (Since(tier.missed_since, now) >= tier.keep_nanos) continue;
    }
    next.tiers.emplace(name, tier);
  }
  if (next.tiers.empty()) return Ended(held, now);
  if (!goes_on) {
    next.labels = reasons.front()->labels;
    next.active_at = now;
  }
  if (!reasons.empty()) {
    next.incident = reasons.front()->incident;
    next.rank = reasons.front()->rank;
  }
  const bool fires = std::any_of(next.tiers.begin(), next.tiers.end(),
                                 [](const auto& tier) { return tier.second.firing; });
  next.state = fires ? "firing" : "pending";
  if (fires && next.fired_at == 0) next.fired_at = now;
  if (held != nullptr) next.told_until = held->told_until;
  // Each time it is told for four resends. When less than a minute more is written down, a quarter
  // of an hour is.
  const int64_t told = now + 4 * resend_seconds_ * kSecond;
  if (fires && next.told_until < told + 60 * kSecond) next.told_until = told + 900 * kSecond;
  return next;
}

AlertChanges ReferenceAlerts::Evaluate(const std::vector<Reason>& reasons, int64_t now) const {
  std::map<std::string, std::vector<const Reason*>> by_alert;
  for (const auto& [key, alert] : alerts_) by_alert[key];
  std::map<std::string, std::vector<const Reason*>> unknown;
  std::set<int, std::greater<>> ranks;
  for (const auto& [key, alert] : alerts_) ranks.insert(alert.rank);
  for (const Reason& reason : reasons) {
    if (reason.is_silence && Since(watched_since_, now) < reason.settle_nanos) {
      unknown[LabelText(reason.labels)].push_back(&reason);
    } else {
      by_alert[LabelText(reason.labels)].push_back(&reason);
      ranks.insert(reason.rank);
    }
  }
  const auto held = [&](const std::string& key) {
    const auto found = alerts_.find(key);
    return found == alerts_.end() ? nullptr : &found->second;
  };
  std::map<std::string, int> firing_rank;  // by incident
  AlertChanges changes;
  // Pages before their tickets.
  for (const int rank : ranks) {
    for (const auto& [key, true_now] : by_alert) {
      const ReferenceAlert* before = held(key);
      if ((true_now.empty() ? before->rank : true_now.front()->rank) != rank) continue;
      const std::string& incident =
          true_now.empty() ? before->incident : true_now.front()->incident;
      const bool is_outranked =
          !incident.empty() && firing_rank.contains(incident) && firing_rank.at(incident) > rank;
      std::optional<ReferenceAlert> next =
          is_outranked ? Ended(before, now) : Next(before, true_now, unknown[key], now);
      if (next.has_value() && IsExpired(*next, now)) next.reset();
      if (next.has_value() && next->state == "firing" && !incident.empty())
        firing_rank.emplace(incident, rank);
      if (before == nullptr ? next.has_value() : next != *before) changes.emplace(key, next);
    }
  }
  return changes;
}

AlertChanges ReferenceAlerts::EndOrphans(
    const std::function<bool(const Labels&, const std::string&)>& may_be_told, int64_t now) const {
  AlertChanges changes;
  for (const auto& [key, alert] : alerts_) {
    if (!alert.labels.contains("slo") || alert.state == "inactive") continue;
    ReferenceAlert next = alert;
    std::erase_if(next.tiers,
                  [&](const auto& one) { return !may_be_told(next.labels, one.first); });
    if (next.tiers.size() == alert.tiers.size()) continue;
    const bool fires = std::any_of(next.tiers.begin(), next.tiers.end(),
                                   [](const auto& one) { return one.second.firing; });
    next.state = fires ? "firing" : "pending";
    changes.emplace(key, next.tiers.empty() ? Ended(&alert, now) : std::optional(next));
  }
  return changes;
}

void ReferenceAlerts::Apply(const AlertChanges& changes) {
  for (const auto& [key, alert] : changes) {
    if (alert.has_value()) {
      alerts_.insert_or_assign(key, *alert);
    } else {
      alerts_.erase(key);
    }
  }
}

}  // namespace slowburn::sim
