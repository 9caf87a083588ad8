#include "slo/engine.h"

#include <algorithm>
#include <set>

#include "base/status.h"
#include "slo/alert_conditions.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr seconds kHour{3600};
// The windows an SLO needs, in slices: its own, its tiers', and the hour that exhaustion is
// reckoned by.
std::set<uint32_t> WindowsOf(const SloSpec& slo) {
  std::set<uint32_t> windows{SlicesIn(slo.window), SlicesIn(kHour)};
  for (const AlertTier& tier : slo.policy.tiers) {
    windows.insert(SlicesIn(tier.long_window));
    windows.insert(SlicesIn(tier.short_window));
  }
  return windows;
}

// "5m", "1h", ... of the policy, ascending.
std::set<seconds> BurnWindowsOf(const SloSpec& slo) {
  std::set<seconds> windows;
  for (const AlertTier& tier : slo.policy.tiers) {
    windows.insert(tier.long_window);
    windows.insert(tier.short_window);
  }
  return windows;
}

}  // namespace

std::vector<std::string> Engine::UnknownSlis(const SloSet& slos) const {
  std::vector<std::string> unknown;
  for (const SloSpec& slo : slos) {
    std::string canonical = slo.sli.CanonicalText();
    if (table_.Find(canonical).has_value()) continue;
    if (std::find(unknown.begin(), unknown.end(), canonical) == unknown.end())
      unknown.push_back(std::move(canonical));
  }
  return unknown;
}

absl::Status Engine::Install(std::shared_ptr<const SloSet> slos, sys_seconds now) {
  now_ = std::max(now_, now);
  std::vector<std::set<uint32_t>> windows(table_.size());
  std::vector<Runtime> runtimes;
  for (const SloSpec& slo : *slos) {
    const std::optional<SliId> sli = table_.Find(slo.sli.CanonicalText());
    if (!sli.has_value())
      return base::Internal("SLO {} is installed before its SLI has an id", slo.id());
    Runtime runtime;
    runtime.sli = *sli;
    runtimes.push_back(std::move(runtime));
    windows[static_cast<size_t>(*sli) - 1].merge(WindowsOf(slo));
  }
  for (size_t i = 0; i < windows.size(); ++i) {
    SB_RETURN_IF_ERROR(
        table_.SetWindows(static_cast<SliId>(i + 1), {windows[i].begin(), windows[i].end()}, now_));
  }
  absl::flat_hash_map<std::string, size_t> by_id;
  for (size_t i = 0; i < slos->size(); ++i) {
    const SloSpec& slo = (*slos)[i];
    Runtime& runtime = runtimes[i];
    const std::vector<uint32_t>& sli_windows = table_.windows(runtime.sli);
    const auto index = [&](seconds window) {
      return static_cast<size_t>(
          std::lower_bound(sli_windows.begin(), sli_windows.end(), SlicesIn(window)) -
          sli_windows.begin());
    };
    runtime.window_at = index(slo.window);
    runtime.hour_at = index(kHour);
    for (const AlertTier& tier : slo.policy.tiers) {
      runtime.tiers.push_back({index(tier.long_window), index(tier.short_window)});
    }
    for (const seconds window : BurnWindowsOf(slo)) runtime.burn_at.push_back(index(window));
    // A reload does not forget since when a state holds.
    if (const auto before = by_id_.find(slo.id());
        before != by_id_.end() && runtimes_[before->second].sli == runtime.sli) {
      runtime.groups = runtimes_[before->second].groups;
    }
    by_id.emplace(slo.id(), i);
  }
  slos_ = std::move(slos);
  runtimes_ = std::move(runtimes);
  by_id_ = std::move(by_id);
  Step(now_);
  return absl::OkStatus();
}

std::shared_ptr<const Matcher> Engine::MakeMatcher() const {
  std::vector<Matcher::Sli> slis;
  std::set<SliId> seen;
  for (size_t i = 0; i < slos_->size(); ++i) {
    if (seen.insert(runtimes_[i].sli).second) slis.push_back({runtimes_[i].sli, &(*slos_)[i].sli});
  }
  return std::make_shared<const Matcher>(slis);
}

TierState Engine::StateOfTier(const SloSpec& slo, const Runtime& runtime, size_t at,
                              const GroupCounts& counts) const {
  const AlertTier& tier = slo.policy.tiers[at];
  if (counts.first() == 0 || now_ - SliceStart(counts.first()) < tier.short_window)
    return TierState::kWarming;
  const SliCounts& in_long = counts.sum(runtime.tiers[at].long_at);
  const SliCounts& in_short = counts.sum(runtime.tiers[at].short_at);
  if (!BurnsFasterThan(in_long, slo.objective, tier.factor) ||
      !BurnsFasterThan(in_short, slo.objective, tier.factor)) {
    return TierState::kQuiet;
  }
  return IsBurning(tier, slo.objective, in_long, in_short) ? TierState::kBurning
                                                           : TierState::kSuppressed;
}

SloState Engine::StateOfGroup(const SloSpec& slo, const Runtime& runtime, GroupId group) const {
  if (!table_.error(runtime.sli, group).ok()) return SloState::kInvalid;
  const GroupCounts& counts = table_.counts(runtime.sli, group);
  const SliCounts& in_window = counts.sum(runtime.window_at);
  if (in_window.total() == 0) return SloState::kNoData;
  if (IsBudgetExhausted(in_window, slo.objective)) return SloState::kExhausted;
  for (size_t tier = 0; tier < slo.policy.tiers.size(); ++tier) {
    if (StateOfTier(slo, runtime, tier, counts) == TierState::kBurning) return SloState::kBurning;
  }
  return SloState::kOk;
}

void Engine::Step(sys_seconds now) {
  now_ = std::max(now_, now);
  table_.Advance(now_);
  for (size_t i = 0; i < runtimes_.size(); ++i) {
    Runtime& runtime = runtimes_[i];
    const size_t groups = table_.groups(runtime.sli);
    while (runtime.groups.size() < groups) runtime.groups.push_back({SloState::kNoData, now_});
    for (size_t group = 0; group < groups; ++group) {
      const SloState state = StateOfGroup((*slos_)[i], runtime, static_cast<GroupId>(group));
      if (state != runtime.groups[group].state) runtime.groups[group] = {state, now_};
    }
  }
}

bool Engine::Alerts(const SloSpec& slo, GroupId group) const {
  switch (slo.alerting.scope) {
    case AlertScope::kTotal:
      return group == kTotalGroup;
    case AlertScope::kGroups:
      return group != kTotalGroup;
    case AlertScope::kBoth:
      return true;
  }
  return true;
}

std::vector<model::AlertCondition> Engine::Conditions() const {
  std::vector<model::AlertCondition> conditions;
  for (size_t i = 0; i < runtimes_.size(); ++i) {
    for (size_t group = 0; group < table_.groups(runtimes_[i].sli); ++group) {
      if (Alerts((*slos_)[i], static_cast<GroupId>(group)))
        AddConditions(i, static_cast<GroupId>(group), conditions);
    }
  }
  return conditions;
}

void Engine::AddConditions(size_t index, GroupId group,
                           std::vector<model::AlertCondition>& conditions) const {
  const SloSpec& slo = (*slos_)[index];
  const Runtime& runtime = runtimes_[index];
  const bool is_readable = table_.error(runtime.sli, group).ok();
  std::optional<GroupStatus> status;  // Most budgets have no alert and need none.
  for (size_t at = 0; at < slo.policy.tiers.size(); ++at) {
    const AlertTier& tier = slo.policy.tiers[at];
    if (AlertingOf(slo, tier).disabled) continue;
    if (!is_readable) {
      conditions.push_back(AlertIdentity(slo, table_.values(runtime.sli, group), tier));
      conditions.back().is_unknown = true;
      continue;
    }
    if (StateOfTier(slo, runtime, at, table_.counts(runtime.sli, group)) != TierState::kBurning)
      continue;
    if (!status.has_value()) status = StatusOf(index, group);
    conditions.push_back(BurnRateCondition(slo, *status, at, options_.external_url));
  }
}

std::optional<size_t> Engine::FindSlo(std::string_view id) const {
  const auto found = by_id_.find(absl::string_view(id.data(), id.size()));
  if (found == by_id_.end()) return std::nullopt;
  return found->second;
}

GroupStatus Engine::StatusOf(size_t index, GroupId group) const {
  const SloSpec& slo = (*slos_)[index];
  const Runtime& runtime = runtimes_[index];
  const GroupCounts& counts = table_.counts(runtime.sli, group);
  GroupStatus status;
  status.group = group;
  if (group != kTotalGroup) status.values = table_.values(runtime.sli, group);
  const auto g = static_cast<size_t>(group);
  status.state = StateOfGroup(slo, runtime, group);
  status.since = g < runtime.groups.size() && runtime.groups[g].state == status.state
                     ? runtime.groups[g].since
                     : now_;
  if (counts.first() != 0) status.first_event = SliceStart(counts.first());
  status.last_event = counts.last_event();
  status.in_window = counts.sum(runtime.window_at);
  status.lifetime = counts.lifetime();
  status.budget_remaining_ratio = BudgetRemainingRatio(status.in_window, slo.objective);
  status.budget_remaining_events =
      BudgetEvents(status.in_window, slo.objective) - static_cast<double>(status.in_window.bad);
  status.exhaustion_seconds =
      ExhaustionSeconds(status.in_window, counts.sum(runtime.hour_at), slo.objective, slo.window);
  for (const size_t at : runtime.burn_at) {
    const SliCounts& in_window = counts.sum(at);
    status.burn_rates.push_back({table_.windows(runtime.sli)[at] * kSliceLength, in_window,
                                 BurnRate(in_window, slo.objective)});
  }
  for (size_t tier = 0; tier < slo.policy.tiers.size(); ++tier) {
    status.tiers.push_back({slo.policy.tiers[tier], StateOfTier(slo, runtime, tier, counts),
                            BurnRate(counts.sum(runtime.tiers[tier].long_at), slo.objective),
                            BurnRate(counts.sum(runtime.tiers[tier].short_at), slo.objective)});
  }
  return status;
}

SloStatus Engine::Status(size_t slo) const {
  SloStatus status;
  status.index = slo;
  status.state = SloState::kOk;
  for (size_t group = 0; group < table_.groups(runtimes_[slo].sli); ++group) {
    status.groups.push_back(StatusOf(slo, static_cast<GroupId>(group)));
    status.state = std::min(status.state, status.groups.back().state);  // worst first
  }
  return status;
}

seconds Engine::longest_window() const {
  seconds longest{0};
  for (const SloSpec& slo : *slos_) longest = std::max(longest, slo.window);
  return longest;
}

}  // namespace slowburn::slo
