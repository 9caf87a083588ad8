#include "tests/sim/reference.h"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fmt/format.h>

namespace slowburn::sim {
namespace {

constexpr int64_t kSecond = 1'000'000'000;
constexpr int64_t kSliceSeconds = 10;
constexpr int64_t kFutureMax = 10 * 60 * kSecond;
constexpr int64_t kDedupWindow = 10 * 60 * kSecond;

constexpr int64_t kPointReachSeconds = 320;

bool IsTooNew(int64_t time_nanos, int64_t received_at) {
  return time_nanos > received_at + kFutureMax;
}

int64_t CountTooNew(const Batch& batch, int64_t received_at) {
  return std::count_if(batch.events.begin(), batch.events.end(),
                       [&](const Event& e) { return IsTooNew(e.time_nanos(), received_at); }) +
         std::count_if(batch.samples.begin(), batch.samples.end(), [&](const MetricSample& s) {
           return IsTooNew(s.time * kSecond, received_at);
         });
}

// http.route -> http_route
std::string LabelName(std::string name) {
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

Labels GroupLabels(const SloConfig& slo, const ReferenceCounts::Group& group) {
  Labels labels;
  for (size_t i = 0; i < group.values.size(); ++i)
    labels[LabelName(slo.sli.group_by[i])] = group.values[i];
  return labels;
}

Labels AlertLabels(const SloConfig& slo, const ReferenceCounts::Group& group,
                   const std::string& alert, const std::string& severity) {
  Labels labels = GroupLabels(slo, group);
  for (const auto& [name, value] : slo.labels) labels[name] = value;
  labels["alertname"] = alert;
  labels["service"] = slo.service;
  labels["slo"] = slo.name;
  labels["severity"] = severity;
  const auto found = slo.severities.find(severity);
  if (found == slo.severities.end()) return labels;
  for (const auto& [name, value] : found->second.labels) labels[name] = value;
  return labels;
}

bool IsInScope(const SloConfig& slo, const ReferenceCounts::Group& group) {
  const std::string scope =
      slo.sli.group_by.empty() ? "total" : (slo.scope.empty() ? "groups" : slo.scope);
  return scope != (group.values.empty() ? "groups" : "total");
}

// Of two that tell of one incident, who is heard: severities as they appear, but page and critical
// before the others.
int RankOf(const SloConfig& slo, const std::string& severity) {
  const auto is_paging = [](const std::string& one) { return one == "page" || one == "critical"; };
  std::vector<std::string> of_kind;  // as this one, each once
  const auto meet = [&](const std::string& one) {
    if (is_paging(one) == is_paging(severity) &&
        std::find(of_kind.begin(), of_kind.end(), one) == of_kind.end())
      of_kind.push_back(one);
  };
  for (const Tier& tier : TiersOf(slo)) meet(tier.severity);
  for (const StateAlertConfig& alert : slo.state_alerts) meet(alert.severity);
  const auto at = std::find(of_kind.begin(), of_kind.end(), severity);
  // Paging ones are counted from above: a page keeps its rank whatever else a reload brings.
  return is_paging(severity) ? 1000 - static_cast<int>(at - of_kind.begin())
                             : static_cast<int>(of_kind.end() - at);
}

// The reason's name within its alert.
std::string TierOf(const StateAlertConfig& alert) {
  return fmt::format("{} {} {}", alert.alert_name(), alert.remaining_percent, alert.span_seconds);
}

void AddReasons(const SloConfig& slo, const BudgetView& view, std::vector<Reason>& reasons) {
  const ReferenceCounts::Group& group = *view.group;
  for (const Tier& tier : view.tiers) {
    if (tier.disabled) continue;
    if (TierStateOf(slo, tier, view) != "burning") continue;
    reasons.push_back({.labels = AlertLabels(slo, group, "SLOBurnRate", tier.severity),
                       .tier = tier.name,
                       .hold_nanos = tier.hold_seconds * kSecond,
                       .keep_nanos = tier.keep_seconds * kSecond,
                       .settle_nanos = tier.short_seconds * kSecond,
                       .incident = slo.id() + LabelText(GroupLabels(slo, group)),
                       .rank = RankOf(slo, tier.severity)});
  }
}

bool IsDisabled(const SloConfig& slo, const StateAlertConfig& alert) {
  const auto severity = slo.severities.find(alert.severity);
  const bool none_of_severity =
      severity != slo.severities.end() && severity->second.keys.disabled.value_or(false);
  return alert.disabled || none_of_severity;
}

// Whether this reason of an alert with these labels is one that the SLO could give.
bool MayTell(const SloConfig& slo, const Labels& labels, const std::string& tier) {
  ReferenceCounts::Group group;
  for (const std::string& name : slo.sli.group_by) {
    if (labels.contains(LabelName(name))) group.values.push_back(labels.at(LabelName(name)));
  }
  if (!group.values.empty() && group.values.size() < slo.sli.group_by.size()) return false;
  if (!IsInScope(slo, group)) return false;
  for (const Tier& one : TiersOf(slo)) {
    if (!one.disabled && one.name == tier &&
        AlertLabels(slo, group, "SLOBurnRate", one.severity) == labels)
      return true;
  }
  return std::any_of(slo.state_alerts.begin(), slo.state_alerts.end(), [&](const auto& one) {
    return !IsDisabled(slo, one) && TierOf(one) == tier &&
           AlertLabels(slo, group, one.alert_name(), one.severity) == labels;
  });
}

void AddStateReasons(const SloConfig& slo, const BudgetView& view, std::vector<Reason>& reasons) {
  const ReferenceCounts::Group& group = *view.group;
  for (const StateAlertConfig& alert : slo.state_alerts) {
    if (IsDisabled(slo, alert)) continue;
    if (!Holds(slo, alert, view)) continue;
    const bool is_low = alert.kind == StateAlertKind::kBudgetLow;
    int64_t settle_seconds = alert.span_seconds;
    if (alert.kind == StateAlertKind::kExhaustion) settle_seconds = 3600;
    reasons.push_back(
        {.labels = AlertLabels(slo, group, alert.alert_name(), alert.severity),
         .tier = TierOf(alert),
         .hold_nanos = alert.hold_seconds * kSecond,
         .keep_nanos = alert.keep_seconds * kSecond,
         .settle_nanos = settle_seconds * kSecond,
         .incident = is_low ? slo.id() + LabelText(GroupLabels(slo, group)) + " budget" : "",
         .rank = is_low ? RankOf(slo, alert.severity) : 0,
         .is_silence = alert.kind == StateAlertKind::kNoData});
  }
}

}  // namespace

// --- requests

Reference::Commit Reference::Decide(const std::vector<ArrivedRequest>& requests, int64_t now,
                                    const std::function<bool(uint64_t)>& was_counted) const {
  Commit commit;
  commit.time = now;
  std::map<uint64_t, int64_t> rejected_here;  // by batch: those that this commit remembers
  const int64_t oldest_slice =
      now / kSecond / kSliceSeconds - options_.max_late_seconds / kSliceSeconds;
  Placement placement(counts_, idle_, options_.groups_max);
  for (const ArrivedRequest& request : requests) {
    const Batch& batch = *request.batch;
    const bool deduplicate = !batch.has_event_without_time();
    const std::string signal = batch.signal();
    commit.ledger[signal + "/decoded"] += batch.size();
    Verdicts& verdicts = commit.verdicts.emplace_back();
    verdicts.rejected = CountTooNew(batch, request.received_at);
    if (deduplicate && !rejected_here.contains(batch.id)) {
      verdicts.is_resent =
          known_.contains(batch.id) && (!IsDoubtful(batch.id, now) || !was_counted(batch.id));
    } else if (deduplicate) {
      verdicts.is_resent = true;
    }
    if (verdicts.is_resent) {
      // The first answer, once more.
      const auto here = rejected_here.find(batch.id);
      verdicts.rejected = here != rejected_here.end() ? here->second : known_.at(batch.id).rejected;
      commit.ledger[signal + "/duplicate"] += batch.size();
      continue;
    }
    if (deduplicate) {
      rejected_here.emplace(batch.id, verdicts.rejected);
      commit.known.push_back({batch.id, now, verdicts.rejected});
    }
    commit.batches.push_back(batch.id);
    const auto rejected = static_cast<uint64_t>(verdicts.rejected);
    commit.ledger[signal + "/accepted"] += batch.size() - rejected;
    commit.ledger[signal + "/rejected/too_new"] += rejected;
    ReadPoints(request, now, commit);
    for (const Event& event : batch.events) {
      if (IsTooNew(event.time_nanos(), request.received_at)) continue;
      const int64_t time = event.time_nanos() == 0 ? request.received_at : event.time_nanos();
      for (const SliConfig& sli : request.slis) {
        const std::optional<bool> good = Judge(sli, event, batch.is_logs);
        if (!good.has_value()) continue;
        if (time / kSecond / kSliceSeconds < oldest_slice) {
          ++commit.ledger[signal + "/too_late"];
          continue;
        }
        std::vector<std::string> group = GroupOf(sli, event);
        if (!group.empty()) group = placement.Place(sli, std::move(group));
        commit.counted.push_back({sli, std::move(group), time / kSecond, *good});
      }
    }
  }
  return commit;
}

// A point that is so old that not all of its increment would be taken is too late.
void Reference::ReadPoints(const ArrivedRequest& request, int64_t now, Commit& commit) const {
  const int64_t oldest = now / kSecond - options_.max_late_seconds + kPointReachSeconds;
  for (const MetricSample& sample : request.batch->samples) {
    if (IsTooNew(sample.time * kSecond, request.received_at)) continue;
    for (const SliConfig& sli : request.slis) {
      for (MetricUse& use : UsesOf(sli, sample)) {
        if (sample.time < oldest) {
          ++commit.ledger["metrics/too_late"];
        } else {
          commit.points.push_back(std::move(use));
        }
      }
    }
  }
}

bool Reference::IsDoubtful(uint64_t batch, int64_t now) const {
  const int64_t time = known_.at(batch).time;
  return now - time > kDedupWindow || doubtful_.contains({batch, time});
}

// A request is surely known for as long as it was never seen older than the window. The clock may
// have been ahead when it was.
void Reference::FindDoubtful(int64_t now) {
  for (const auto& [batch, known] : known_) {
    if (now - known.time > kDedupWindow) doubtful_.emplace(batch, known.time);
  }
}

void Reference::Fold(const Commit& commit) {
  for (const CountedEvent& event : commit.counted) counts_.Add(event);
  if (!commit.points.empty())
    counts_.Add(metrics_.Take(commit.points, commit.time / kSecond), options_.groups_max);
  for (const Commit::Known& known : commit.known) known_[known.batch] = known;
  stored_.insert(commit.batches.begin(), commit.batches.end());
  for (const auto& [counter, items] : commit.ledger) ledger_[counter] += items;
}

void Reference::Store(Commit commit, uint64_t position) {
  Fold(commit);
  history_.push_back({position, std::move(commit)});
}

uint64_t Reference::ledger(const std::string& counter) const {
  const auto found = ledger_.find(counter);
  return found == ledger_.end() ? 0 : found->second;
}

// --- time

AlertChanges Reference::Tick(int64_t now) {
  engine_seconds_ = std::max(engine_seconds_, now / kSecond);
  FindDoubtful(now);
  return alerts_.Evaluate(Reasons(), now);
}

void Reference::Apply(const AlertChanges& changes) {
  if (changes.empty()) return;
  alerts_.Apply(changes);
  has_unwritten_alerts_ = true;
  for (const auto& [key, alert] : changes) {
    if (alert.has_value() && alert->fired_at != 0) ever_fired_.emplace(key, alert->fired_at);
  }
}

void Reference::WriteAlerts(const std::vector<std::string>& alerts, uint64_t position) {
  AlertChanges written;
  for (const std::string& key : alerts) {
    const auto found = alerts_.alerts().find(key);
    written[key] = found == alerts_.alerts().end() ? std::nullopt : std::optional(found->second);
  }
  history_.push_back({position, std::move(written)});
}

void Reference::WriteCheckpoint(uint64_t position) {
  if (!has_unwritten_alerts_) return;
  history_.push_back({position, alerts_.alerts()});
  has_unwritten_alerts_ = false;
}

// --- SLOs

const Reference::Plain& Reference::PlainOf(const SloConfig& slo) const {
  const auto [at, is_new] = plain_.try_emplace(slo.id());
  if (!is_new) return at->second;
  at->second.tiers = TiersOf(slo);
  for (const ExclusionMap* exclusions : {&exclusions_, &of_files_}) {
    for (const auto& [id, exclusion] : *exclusions) {
      if (exclusion.AppliesTo(slo.service, slo.id(), slo.labels))
        at->second.excluded.Add(exclusion);
    }
  }
  return at->second;
}

// To the nearest second; 0: it is not known.
int64_t Reference::PointInterval(const SliConfig& sli) const {
  const auto found = metrics_.intervals().find(sli);
  if (found == metrics_.intervals().end()) return 0;
  return std::lrint(static_cast<double>(found->second) / 1000);
}

const SloConfig& Reference::Find(const std::string& slo) const {
  return *std::find_if(slos_.begin(), slos_.end(),
                       [&](const SloConfig& one) { return one.id() == slo; });
}

const std::vector<ReferenceCounts::Group>& Reference::groups(const SloConfig& slo) const {
  static const std::vector<ReferenceCounts::Group> kNone(1);
  return slo.composite.has_value() ? kNone : counts_.groups(slo.sli);
}

BudgetView Reference::View(const SloConfig& slo, const ReferenceCounts::Group& group) const {
  const Plain& plain = PlainOf(slo);
  BudgetView view{.group = &group,
                  .members = {},
                  .tiers = plain.tiers,
                  .now = engine_seconds_,
                  .fine_from = fine_from_,
                  .excluded = &plain.excluded,
                  .point_interval = 0};
  if (!slo.composite.has_value()) {
    view.point_interval = PointInterval(slo.sli);
    return view;
  }
  for (const CompositeConfig::Member& member : slo.composite->members) {
    const SloConfig& of = Find(member.slo);
    view.members.push_back({&groups(of).front(), of.budget_units, member.weight});
    view.point_interval = std::max(view.point_interval, PointInterval(of.sli));
  }
  return view;
}

AlertChanges Reference::Install(SloConfigs slos, ExclusionMap of_files, int64_t now) {
  engine_seconds_ = std::max(engine_seconds_, now / kSecond);
  slos_ = std::move(slos);
  of_files_ = std::move(of_files);
  plain_.clear();
  return alerts_.EndOrphans(
      [&](const Labels& labels, const std::string& tier) {
        return std::any_of(slos_.begin(), slos_.end(), [&](const SloConfig& slo) {
          return slo.service == labels.at("service") && slo.name == labels.at("slo") &&
                 MayTell(slo, labels, tier);
        });
      },
      now);
}

std::set<SliConfig> Reference::slis() const {
  std::set<SliConfig> slis;
  for (const SloConfig& slo : slos_) {
    if (!slo.composite.has_value()) slis.insert(slo.sli);
  }
  return slis;
}

bool Reference::IsIdle(const SloConfig& slo, const ReferenceCounts::Group& group) const {
  return !slo.composite.has_value() && IsIdle(slo.sli, group);
}

bool Reference::IsIdle(const SliConfig& sli, const ReferenceCounts::Group& group) const {
  const auto found = idle_.find(sli);
  return found != idle_.end() && found->second.contains(group.values);
}

// A composite's windows are its members' as well.
int64_t Reference::LongestWindow(const SliConfig& sli) const {
  int64_t longest = 3600;  // of the time to exhaustion
  for (const SloConfig& slo : slos_) {
    bool reads = !slo.composite.has_value() && slo.sli == sli;
    if (slo.composite.has_value()) {
      const auto& members = slo.composite->members;
      reads = std::any_of(members.begin(), members.end(),
                          [&](const auto& member) { return Find(member.slo).sli == sli; });
    }
    if (reads) longest = std::max(longest, slo.longest_seconds());
  }
  return longest;
}

std::vector<Reason> Reference::Reasons() const {
  std::vector<Reason> reasons;
  for (const SloConfig& slo : slos_) {
    for (const ReferenceCounts::Group& group : groups(slo)) {
      if (IsIdle(slo, group) || !IsInScope(slo, group)) continue;
      const BudgetView view = View(slo, group);
      AddReasons(slo, view, reasons);
      AddStateReasons(slo, view, reasons);
    }
  }
  if (options_.dead_man) {
    reasons.push_back(
        {.labels = {{"alertname", "SLODeadMan"}, {"severity", "none"}}, .tier = "always"});
  }
  return reasons;
}

// --- exclusions

void Reference::Fold(const ReferenceExclusionChange& change) {
  plain_.clear();
  if (change.exclusion.has_value()) {
    exclusions_.insert_or_assign(change.id, *change.exclusion);
  } else {
    exclusions_.erase(change.id);
  }
}

void Reference::Exclude(ReferenceExclusionChange change, uint64_t position, int64_t now) {
  engine_seconds_ = std::max(engine_seconds_, now / kSecond);
  Fold(change);
  history_.push_back({position, std::move(change)});
}

// --- crashes

void Reference::Lose(const std::function<bool(uint64_t)>& survived) {
  std::erase_if(history_, [&](const Entry& entry) { return !survived(entry.position); });
  known_.clear();
  counts_ = {};
  metrics_ = {};
  stored_.clear();
  ledger_.clear();
  alerts_ = ReferenceAlerts(options_.resend_seconds);
  exclusions_.clear();
  plain_.clear();
  for (const Entry& entry : history_) {
    if (const auto* commit = std::get_if<Commit>(&entry.what)) {
      Fold(*commit);
    } else if (const auto* changes = std::get_if<AlertChanges>(&entry.what)) {
      alerts_.Apply(*changes);
    } else if (const auto* exclusion = std::get_if<ReferenceExclusionChange>(&entry.what)) {
      Fold(*exclusion);
    } else {
      alerts_.Restart(std::get<AlertMap>(entry.what), 0);
    }
  }
  has_unwritten_alerts_ = false;
}

void Reference::Restart(int64_t now) {
  FindDoubtful(now);
  alerts_.Restart(alerts_.alerts(), now);
  slos_.clear();
  of_files_.clear();
  plain_.clear();
  engine_seconds_ = 0;
}

}  // namespace slowburn::sim
