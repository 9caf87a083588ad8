#include "slo/engine.h"

#include <algorithm>
#include <set>

#include "base/status.h"
#include "slo/alert_conditions.h"
#include "slo/count_view.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr seconds kHour{3600};
// Masks reach so far into the future, and are made anew when half of it has passed.
constexpr seconds kMaskAhead{14 * 24 * 3600};
constexpr seconds kMaskBehind{402 * 24 * 3600};

// "5m", "1h", ... of the policy, ascending.
std::set<seconds> BurnWindowsOf(const SloSpec& slo) {
  std::set<seconds> windows;
  for (const AlertTier& tier : slo.policy.tiers) {
    windows.insert(tier.long_window);
    windows.insert(tier.short_window);
  }
  return windows;
}

// Index of `wanted`, which joins the others where it is not among them yet.
size_t IndexIn(WindowSet& windows, ViewedWindow wanted) {
  const auto found = std::find(windows.begin(), windows.end(), wanted);
  if (found != windows.end()) return static_cast<size_t>(found - windows.begin());
  windows.push_back(std::move(wanted));
  return windows.size() - 1;
}

}  // namespace

std::vector<std::string> Engine::UnknownSlis(const SloSet& slos) const {
  std::vector<std::string> unknown;
  for (const SloSpec& slo : slos) {
    if (slo.sli.composite() != nullptr) continue;
    std::string canonical = slo.sli.CanonicalText();
    if (table_.Find(canonical).has_value()) continue;
    if (std::find(unknown.begin(), unknown.end(), canonical) == unknown.end())
      unknown.push_back(std::move(canonical));
  }
  return unknown;
}

absl::StatusOr<CountView> Engine::ViewOf(const SloSpec& slo, Masks& masks) const {
  CountView view{.budgeting = slo.budgeting, .mask = nullptr, .exclusions = {}};
  std::vector<const Exclusion*> applying;
  for (const Exclusion& exclusion : *exclusions_) {
    if (exclusion.AppliesTo(slo.id(), slo.labels)) applying.push_back(&exclusion);
  }
  if (applying.empty()) return view;
  view.exclusions = CoverageId(applying);
  std::shared_ptr<const SliceMask>& mask = masks[view.exclusions];
  if (mask == nullptr) {
    SB_ASSIGN_OR_RETURN(SliceMask made,
                        SliceMask::Of(applying, now_ - kMaskBehind, now_ + kMaskAhead));
    mask = std::make_shared<const SliceMask>(std::move(made));
  }
  view.mask = mask;
  return view;
}

// Where the sums of an SLO's windows are: `place` makes room for one.
void Engine::PlaceWindows(const SloSpec& slo, const std::function<Sums(const Window&)>& place,
                          Runtime& runtime) {
  runtime.window = place(slo.window);
  runtime.hour = place(Window::Rolling(kHour));
  for (const AlertTier& tier : slo.policy.tiers) {
    runtime.tiers.push_back(
        {place(Window::Rolling(tier.long_window)), place(Window::Rolling(tier.short_window))});
  }
  for (const seconds window : BurnWindowsOf(slo))
    runtime.burns.push_back({window, place(Window::Rolling(window))});
}

absl::StatusOr<Engine::Runtime> Engine::PlaceCounted(const SloSpec& slo, Masks& masks,
                                                     std::vector<WindowSet>& windows) const {
  const std::optional<SliId> sli = table_.Find(slo.sli.CanonicalText());
  if (!sli.has_value())
    return base::Internal("SLO {} is installed before its SLI has an id", slo.id());
  SB_ASSIGN_OR_RETURN(const CountView view, ViewOf(slo, masks));
  CountView events = view;
  events.budgeting = {};
  WindowSet& of_sli = windows[static_cast<size_t>(*sli) - 1];
  Runtime runtime;
  runtime.sli = *sli;
  PlaceWindows(
      slo,
      [&](const Window& window) {
        // A few timeslices say too little: shorter windows are judged by events.
        const bool long_enough = window.slices() >= kTimeslicesMin * slo.budgeting.timeslice;
        return Sums{IndexIn(of_sli, {long_enough ? view : events, window}),
                    IndexIn(of_sli, {events, window})};
      },
      runtime);
  return runtime;
}

absl::StatusOr<Engine::Runtime> Engine::PlaceComposite(const SloSpec& slo, const SloSet& slos,
                                                       Masks& masks,
                                                       std::vector<WindowSet>& windows) const {
  const CompositeSli& composite = *slo.sli.composite();
  SB_ASSIGN_OR_RETURN(const CountView events, ViewOf(slo, masks));
  std::vector<CompositeSums::Member> members;
  for (const CompositeSli::Member& member : composite.members) {
    const auto found = std::find_if(slos.begin(), slos.end(),
                                    [&](const SloSpec& other) { return other.id() == member.slo; });
    const std::optional<SliId> sli =
        found == slos.end() ? std::nullopt : table_.Find(found->sli.CanonicalText());
    if (!sli.has_value())
      return base::Internal("composite {} is installed without its member {}", slo.id(),
                            member.slo);
    members.push_back(
        {.sli = *sli,
         .events = events,
         .timeslices = {.method = BudgetingMethod::kTimeslices,
                        .timeslice = composite.timeslice,
                        .target_units = Objective::kOne - found->objective.budget_units()},
         .weight = member.weight});
  }
  Runtime runtime;
  runtime.composite = std::make_unique<CompositeSums>(composite, std::move(members), table_);
  PlaceWindows(
      slo,
      [&](const Window& window) {
        const size_t at = runtime.composite->Place(window, windows);
        return Sums{at, at};
      },
      runtime);
  return runtime;
}

absl::Status Engine::Install(std::shared_ptr<const SloSet> slos,
                             std::shared_ptr<const ExclusionSet> exclusions, sys_seconds now) {
  now_ = std::max(now_, now);
  exclusions_ = std::move(exclusions);
  masks_until_ = now_ + kMaskAhead / 2;
  Masks masks;
  std::vector<WindowSet> windows(table_.size());
  std::vector<Runtime> runtimes;
  absl::flat_hash_map<std::string, size_t> by_id;
  absl::flat_hash_set<SliId> watched;
  for (const SloSpec& slo : *slos) {
    SB_ASSIGN_OR_RETURN(Runtime runtime, slo.sli.composite() == nullptr
                                             ? PlaceCounted(slo, masks, windows)
                                             : PlaceComposite(slo, *slos, masks, windows));
    // A reload does not forget since when a state holds.
    if (const auto before = by_id_.find(slo.id());
        before != by_id_.end() && runtimes_[before->second].sli == runtime.sli) {
      runtime.groups = runtimes_[before->second].groups;
    }
    if (runtime.composite != nullptr && runtime.composite->watches()) {
      for (const CompositeSums::Member& member : runtime.composite->members())
        watched.insert(member.sli);
    }
    by_id.emplace(slo.id(), runtimes.size());
    runtimes.push_back(std::move(runtime));
  }
  table_.Watch(std::move(watched));
  for (size_t i = 0; i < windows.size(); ++i) {
    SB_RETURN_IF_ERROR(table_.SetWindows(static_cast<SliId>(i + 1), std::move(windows[i]), now_));
  }
  slos_ = std::move(slos);
  runtimes_ = std::move(runtimes);
  by_id_ = std::move(by_id);
  Step(now_);
  return absl::OkStatus();
}

std::shared_ptr<const Matchers> Engine::MakeMatchers() const {
  std::vector<IdentifiedSli> slis;
  std::set<SliId> seen;
  for (size_t i = 0; i < slos_->size(); ++i) {
    if ((*slos_)[i].sli.composite() == nullptr && seen.insert(runtimes_[i].sli).second)
      slis.push_back({runtimes_[i].sli, &(*slos_)[i].sli});
  }
  return std::make_shared<const Matchers>(slis);
}

// --- the sums of one budget

size_t Engine::BudgetsOf(const Runtime& runtime) const {
  return runtime.composite != nullptr ? 1 : table_.groups(runtime.sli);
}

SliCounts Engine::BudgetSum(const Runtime& runtime, GroupId group, const Sums& sums) const {
  return runtime.composite != nullptr ? runtime.composite->budget(sums.budget)
                                      : table_.counts(runtime.sli, group).sum(sums.budget);
}

SliCounts Engine::EventSum(const Runtime& runtime, GroupId group, const Sums& sums) const {
  return runtime.composite != nullptr ? runtime.composite->events(sums.events)
                                      : table_.counts(runtime.sli, group).sum(sums.events);
}

Slice Engine::FirstOf(const Runtime& runtime, GroupId group) const {
  return runtime.composite != nullptr ? runtime.composite->first()
                                      : table_.counts(runtime.sli, group).first();
}

std::optional<sys_seconds> Engine::LastEventOf(const Runtime& runtime, GroupId group) const {
  return runtime.composite != nullptr ? runtime.composite->last_event()
                                      : table_.counts(runtime.sli, group).last_event();
}

bool Engine::IsReadable(const Runtime& runtime, GroupId group) const {
  const bool is_read = runtime.composite != nullptr ? runtime.composite->error().ok()
                                                    : table_.error(runtime.sli, group).ok();
  return is_read && EventSum(runtime, group, runtime.window).IsValid();
}

const std::vector<std::string>& Engine::ValuesOf(const Runtime& runtime, GroupId group) const {
  static const std::vector<std::string> kNone;
  return runtime.composite != nullptr ? kNone : table_.values(runtime.sli, group);
}

// --- states

TierFigures Engine::FiguresOf(const Runtime& runtime, size_t at, GroupId group) const {
  const TierSums& sums = runtime.tiers[at];
  TierFigures figures{.in_long = BudgetSum(runtime, group, sums.in_long),
                      .in_short = BudgetSum(runtime, group, sums.in_short),
                      .events_in_long = EventSum(runtime, group, sums.in_long)};
  if (const Slice first = FirstOf(runtime, group); first != 0)
    figures.age = now_ - SliceStart(first);
  if (const auto interval = metric_streams_.PointInterval(runtime.sli); interval.has_value())
    figures.point_interval = std::chrono::round<seconds>(*interval);
  return figures;
}

TierState Engine::StateOfTier(const SloSpec& slo, const Runtime& runtime, size_t at,
                              GroupId group) const {
  return JudgeTier(slo.policy.tiers[at], slo.objective, FiguresOf(runtime, at, group));
}

BudgetFigures Engine::FiguresOf(const SloSpec& slo, const Runtime& runtime, GroupId group) const {
  return {.is_total = group == kTotalGroup,
          .has_events = EventSum(runtime, group, runtime.window).total() > 0,
          .in_window = BudgetSum(runtime, group, runtime.window),
          .in_last_hour = BudgetSum(runtime, group, runtime.hour),
          .window = slo.window.nominal(),
          .last_event = LastEventOf(runtime, group),
          .now = now_};
}

SloState Engine::StateOfGroup(const SloSpec& slo, const Runtime& runtime, GroupId group) const {
  if (!IsReadable(runtime, group)) return SloState::kInvalid;
  const SliCounts in_window = BudgetSum(runtime, group, runtime.window);
  if (!in_window.IsValid()) return SloState::kInvalid;
  if (in_window.total() == 0) return SloState::kNoData;
  if (IsBudgetExhausted(in_window, slo.objective)) return SloState::kExhausted;
  for (size_t tier = 0; tier < slo.policy.tiers.size(); ++tier) {
    if (StateOfTier(slo, runtime, tier, group) == TierState::kBurning) return SloState::kBurning;
  }
  return SloState::kOk;
}

void Engine::Step(sys_seconds now) {
  now_ = std::max(now_, now);
  if (now_ >= masks_until_ && !exclusions_->empty()) RenewMasks();
  table_.Advance(now_);
  const SliTable::LateChanges late = table_.TakeLateChanges();
  for (size_t i = 0; i < runtimes_.size(); ++i) {
    Runtime& runtime = runtimes_[i];
    if (runtime.composite != nullptr) runtime.composite->Step(SliceOf(now_), late);
    const size_t budgets = BudgetsOf(runtime);
    while (runtime.groups.size() < budgets) runtime.groups.push_back({SloState::kNoData, now_});
    for (size_t group = 0; group < budgets; ++group) {
      const SloState state = StateOfGroup((*slos_)[i], runtime, static_cast<GroupId>(group));
      if (state != runtime.groups[group].state) runtime.groups[group] = {state, now_};
    }
  }
}

// The same exclusions, further into the future. They could be laid out once, so they can again.
void Engine::RenewMasks() {
  masks_until_ = now_ + kMaskAhead / 2;
  (void)Install(slos_, exclusions_, now_).ok();
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
    for (size_t group = 0; group < BudgetsOf(runtimes_[i]); ++group) {
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
  const std::vector<std::string>& values = ValuesOf(runtime, group);
  const bool is_readable = IsReadable(runtime, group);
  std::optional<GroupStatus> status;  // Most budgets have no alert and need none.
  const auto add_unknown = [&](const auto& tier_or_alert) {
    conditions.push_back(AlertIdentity(slo, values, tier_or_alert));
    conditions.back().is_unknown = true;
  };
  for (size_t at = 0; at < slo.policy.tiers.size(); ++at) {
    const AlertTier& tier = slo.policy.tiers[at];
    if (tier.disabled) continue;
    const TierFigures figures = FiguresOf(runtime, at, group);
    if (!is_readable || !figures.IsValid()) {
      add_unknown(tier);
    } else if (JudgeTier(tier, slo.objective, figures) == TierState::kBurning) {
      if (!status.has_value()) status = StatusOf(index, group);
      conditions.push_back(BurnRateCondition(slo, *status, at, options_.external_url));
    }
  }
  for (const StateAlert& alert : slo.alerting.state_alerts) {
    if (alert.disabled) continue;
    if (!is_readable) {
      add_unknown(alert);
    } else if (Holds(alert, slo.objective, FiguresOf(slo, runtime, group))) {
      if (!status.has_value()) status = StatusOf(index, group);
      conditions.push_back(StateCondition(slo, *status, alert, options_.external_url));
    }
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
  GroupStatus status;
  status.group = group;
  status.values = ValuesOf(runtime, group);
  const auto g = static_cast<size_t>(group);
  status.state = StateOfGroup(slo, runtime, group);
  status.since = g < runtime.groups.size() && runtime.groups[g].state == status.state
                     ? runtime.groups[g].since
                     : now_;
  if (const Slice first = FirstOf(runtime, group); first != 0)
    status.first_event = SliceStart(first);
  status.last_event = LastEventOf(runtime, group);
  status.lifetime = runtime.composite != nullptr ? runtime.composite->lifetime()
                                                 : table_.counts(runtime.sli, group).lifetime();
  status.in_window = EventSum(runtime, group, runtime.window);
  status.budget = BudgetSum(runtime, group, runtime.window);
  status.budget_remaining_ratio = BudgetRemainingRatio(status.budget, slo.objective);
  status.budget_remaining_events =
      BudgetEvents(status.budget, slo.objective) - static_cast<double>(status.budget.bad);
  status.exhaustion_seconds = ExhaustionSeconds(
      status.budget, BudgetSum(runtime, group, runtime.hour), slo.objective, slo.window.nominal());
  const auto burn = [&](const Sums& sums) {
    return BurnRate(BudgetSum(runtime, group, sums), slo.objective);
  };
  for (const BurnSums& window : runtime.burns) {
    status.burn_rates.push_back(
        {window.window, EventSum(runtime, group, window.sums), burn(window.sums)});
  }
  for (size_t at = 0; at < slo.policy.tiers.size(); ++at) {
    const AlertTier& tier = slo.policy.tiers[at];
    const TierFigures figures = FiguresOf(runtime, at, group);
    const TierState state = JudgeTier(tier, slo.objective, figures);
    status.tiers.push_back({tier, state, BurnRate(figures.in_long, slo.objective),
                            BurnRate(figures.in_short, slo.objective),
                            TierReason(tier, state, figures)});
  }
  for (const StateAlert& alert : slo.alerting.state_alerts) {
    status.state_alerts.push_back(
        {alert, Holds(alert, slo.objective, FiguresOf(slo, runtime, group))});
  }
  return status;
}

SloStatus Engine::Status(size_t slo) const {
  SloStatus status;
  status.index = slo;
  status.state = SloState::kOk;
  for (size_t group = 0; group < BudgetsOf(runtimes_[slo]); ++group) {
    status.groups.push_back(StatusOf(slo, static_cast<GroupId>(group)));
    status.state = std::min(status.state, status.groups.back().state);  // worst first
  }
  return status;
}

seconds Engine::longest_window() const {
  seconds longest{0};
  for (const SloSpec& slo : *slos_) longest = std::max(longest, slo.window.longest());
  return longest;
}

}  // namespace slowburn::slo
