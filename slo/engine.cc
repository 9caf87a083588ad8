#include "slo/engine.h"

#include <algorithm>
#include <set>

#include "base/status.h"
#include "slo/alert_conditions.h"
#include "slo/compat_series.h"
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

std::vector<const Exclusion*> ApplyingTo(const SloSpec& slo, const ExclusionSet& exclusions) {
  std::vector<const Exclusion*> applying;
  for (const Exclusion& exclusion : exclusions) {
    if (exclusion.AppliesTo(slo.id(), slo.labels)) applying.push_back(&exclusion);
  }
  return applying;
}

// What the alert is decided by.
Window WindowOf(const SloSpec& slo, const StateAlert& alert) {
  return alert.kind == StateAlert::Kind::kNoData ? Window::Rolling(alert.span) : slo.window;
}

// Index of `wanted`, which joins the others where it is not among them yet.
size_t IndexIn(WindowSet& windows, ViewedWindow wanted) {
  const auto found = std::find(windows.begin(), windows.end(), wanted);
  if (found != windows.end()) return static_cast<size_t>(found - windows.begin());
  windows.push_back(std::move(wanted));
  return windows.size() - 1;
}

// How much of the time after the slice of `since`, up to `now`, is left out.
seconds ExcludedSince(const CountView& events, sys_seconds since, sys_seconds now) {
  const Slice open = SliceOf(now);
  if (SliceOf(since) >= open) return seconds(0);
  return events.ExcludedTime(SliceOf(since) + 1, open) +
         (events.Covers(open) ? now - SliceStart(open) : seconds(0));
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

absl::StatusOr<Engine::Masks> Engine::MakeMasks(const SloSet& slos, const ExclusionSet& exclusions,
                                                sys_seconds now) {
  Masks masks;
  for (const SloSpec& slo : slos) {
    const std::vector<const Exclusion*> applying = ApplyingTo(slo, exclusions);
    if (applying.empty()) continue;
    std::shared_ptr<const SliceMask>& mask = masks[IdentityOf(applying)];
    if (mask != nullptr) continue;
    absl::StatusOr<SliceMask> made = SliceMask::Of(applying, now - kMaskBehind, now + kMaskAhead);
    if (!made.ok()) return base::Annotate(made.status(), fmt::format("exclusions of {}", slo.id()));
    mask = std::make_shared<const SliceMask>(*std::move(made));
  }
  return masks;
}

absl::Status Engine::CheckExclusions(const SloSet& slos, const ExclusionSet& exclusions,
                                     sys_seconds now) const {
  return MakeMasks(slos, exclusions, std::max(now_, now)).status();
}

CountView Engine::ViewOf(const SloSpec& slo, const Masks& masks) const {
  CountView view{.budgeting = slo.budgeting, .mask = nullptr, .exclusions = {}};
  const std::vector<const Exclusion*> applying = ApplyingTo(slo, *exclusions_);
  if (applying.empty()) return view;
  view.exclusions = IdentityOf(applying);
  view.mask = masks.at(view.exclusions);
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
  for (const seconds window : CompatWindows(slo))
    runtime.compat.push_back({window, place(Window::Rolling(window))});
}

absl::StatusOr<Engine::Runtime> Engine::PlaceCounted(const SloSpec& slo, const CountView& view,
                                                     std::vector<WindowSet>& windows) const {
  const std::optional<SliId> sli = table_.Find(slo.sli.CanonicalText());
  if (!sli.has_value())
    return base::Internal("SLO {} is installed before its SLI has an id", slo.id());
  CountView events = view;
  events.budgeting = {};
  WindowSet& of_sli = windows[static_cast<size_t>(*sli) - 1];
  Runtime runtime;
  runtime.sli = *sli;
  if (slo.sli.reads_metrics()) runtime.metric_slis.push_back(*sli);
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
                                                       const ById& by_id, const CountView& events,
                                                       std::vector<WindowSet>& windows) const {
  const CompositeSli& composite = *slo.sli.composite();
  std::vector<CompositeSums::Member> members;
  for (const CompositeSli::Member& member : composite.members) {
    const auto found = by_id.find(member.slo);
    const SloSpec* const spec = found == by_id.end() ? nullptr : &slos[found->second];
    const std::optional<SliId> sli =
        spec == nullptr ? std::nullopt : table_.Find(spec->sli.CanonicalText());
    if (!sli.has_value())
      return base::Internal("composite {} is installed without its member {}", slo.id(),
                            member.slo);
    members.push_back(
        {.sli = *sli,
         .events = events,
         .timeslices = {.method = BudgetingMethod::kTimeslices,
                        .timeslice = composite.timeslice,
                        .target_units = Objective::kOne - spec->objective.budget_units()},
         .weight = member.weight});
  }
  Runtime runtime;
  for (const CompositeSli::Member& member : composite.members) {
    const SloSpec& spec = slos[by_id.at(member.slo)];
    if (spec.sli.reads_metrics())
      runtime.metric_slis.push_back(table_.Find(spec.sli.CanonicalText()).value());
  }
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
  SB_ASSIGN_OR_RETURN(const Masks masks, MakeMasks(*slos, *exclusions, now_));
  exclusions_ = std::move(exclusions);
  masks_until_ = now_ + kMaskAhead / 2;
  std::vector<WindowSet> windows(table_.size());
  std::vector<Runtime> runtimes;
  ById by_id;
  for (size_t i = 0; i < slos->size(); ++i) by_id.emplace((*slos)[i].id(), i);
  absl::flat_hash_set<SliId> watched;
  for (const SloSpec& slo : *slos) {
    const CountView view = ViewOf(slo, masks);
    SB_ASSIGN_OR_RETURN(Runtime runtime, slo.sli.composite() == nullptr
                                             ? PlaceCounted(slo, view, windows)
                                             : PlaceComposite(slo, *slos, by_id, view, windows));
    runtime.events = view;
    // A reload does not forget since when a state holds.
    if (const auto before = by_id_.find(slo.id());
        before != by_id_.end() && runtimes_[before->second].sli == runtime.sli) {
      runtime.groups = runtimes_[before->second].groups;
    }
    if (runtime.composite != nullptr && runtime.composite->watches()) {
      for (const CompositeSums::Member& member : runtime.composite->members())
        watched.insert(member.sli);
    }
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

void Engine::SetKnownFrom(SliId sli, Slice slice) {
  known_from_changed_ = true;
  if (slice == 0) {
    known_from_.erase(sli);
  } else {
    known_from_[sli] = slice;
  }
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

bool Engine::IsIdle(const Runtime& runtime, GroupId group) const {
  return runtime.composite == nullptr && table_.is_idle(runtime.sli, group);
}

const std::vector<std::string>& Engine::ValuesOf(const Runtime& runtime, GroupId group) const {
  static const std::vector<std::string> kNone;
  return runtime.composite != nullptr ? kNone : table_.values(runtime.sli, group);
}

// --- states

bool Engine::IsFilling(const Runtime& runtime, const Window& window) const {
  if (known_from_.empty()) return false;
  return std::ranges::any_of(runtime.metric_slis, [&](SliId sli) {
    const auto found = known_from_.find(sli);
    return found != known_from_.end() && window.BeginAt(SliceOf(now_)) < found->second;
  });
}

TierFigures Engine::FiguresOf(const AlertTier& tier, const TierSums& sums, const Runtime& runtime,
                              GroupId group) const {
  TierFigures figures{.in_long = BudgetSum(runtime, group, sums.in_long),
                      .in_short = BudgetSum(runtime, group, sums.in_short),
                      .events_in_long = EventSum(runtime, group, sums.in_long)};
  if (const Slice first = FirstOf(runtime, group); first != 0)
    figures.age = now_ - SliceStart(first);
  figures.point_interval = PointIntervalOf(runtime);
  figures.is_filling = IsFilling(runtime, Window::Rolling(tier.long_window));
  return figures;
}

BudgetFigures Engine::FiguresOf(const SloSpec& slo, const Runtime& runtime, GroupId group) const {
  const std::optional<sys_seconds> last_event = LastEventOf(runtime, group);
  return {.is_total = group == kTotalGroup,
          .has_events = EventSum(runtime, group, runtime.window).total() > 0,
          .in_window = BudgetSum(runtime, group, runtime.window),
          .in_last_hour = BudgetSum(runtime, group, runtime.hour),
          .window = slo.window.nominal(),
          .last_event = last_event,
          .excluded_since = ExcludedSince(runtime.events, last_event.value_or(now_), now_),
          .now = now_};
}

Engine::Verdict Engine::Judge(const SloSpec& slo, const Runtime& runtime, GroupId group) const {
  if (!IsReadable(runtime, group))
    return {.state = SloState::kInvalid, .has_conditions = !slo.policy.tiers.empty()};
  bool burns = false;
  bool has_conditions = false;
  for (size_t at = 0; at < slo.policy.tiers.size(); ++at) {
    const AlertTier& tier = slo.policy.tiers[at];
    const TierFigures figures = FiguresOf(tier, runtime.tiers[at], runtime, group);
    const bool tier_burns = JudgeTier(tier, slo.objective, figures) == TierState::kBurning;
    burns |= tier_burns;
    has_conditions |= !tier.disabled && (tier_burns || !figures.IsValid() || figures.is_filling);
  }
  const SliCounts in_window = BudgetSum(runtime, group, runtime.window);
  SloState state = SloState::kOk;
  if (in_window.total() == 0) {
    state = SloState::kNoData;
  } else if (IsBudgetExhausted(in_window, slo.objective)) {
    state = SloState::kExhausted;
  } else if (burns) {
    state = SloState::kBurning;
  }
  return {.state = state, .has_conditions = has_conditions};
}

void Engine::JudgeAgain(size_t slo, GroupId group) {
  Runtime& runtime = runtimes_[slo];
  const Verdict verdict = Judge((*slos_)[slo], runtime, group);
  Runtime::GroupRuntime& known = runtime.groups[static_cast<size_t>(group)];
  if (verdict.state != known.state) known.since = now_;
  known.state = verdict.state;
  known.has_conditions = verdict.has_conditions;
}

seconds Engine::PointIntervalOf(const Runtime& runtime) const {
  std::chrono::milliseconds longest{0};
  for (const SliId sli : runtime.metric_slis)
    longest = std::max(longest, metric_streams_.PointInterval(sli).value_or(longest));
  return std::chrono::round<seconds>(longest);
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
    while (runtime.groups.size() < budgets)
      runtime.groups.push_back({SloState::kNoData, false, now_});
    // Ages of groups are whole slices, as are the windows that they are held against: within a
    // slice only events change a verdict, or points that are further apart than those before.
    const seconds interval = PointIntervalOf(runtime);
    const bool has_other_interval = std::exchange(runtime.point_interval, interval) != interval;
    if (table_.all_touched() || known_from_changed_ || runtime.composite != nullptr ||
        has_other_interval) {
      for (size_t group = 0; group < budgets; ++group) {
        if (!IsIdle(runtime, static_cast<GroupId>(group)))
          JudgeAgain(i, static_cast<GroupId>(group));
      }
    } else {
      for (const GroupId group : table_.touched(runtime.sli)) JudgeAgain(i, group);
    }
  }
  table_.ForgetTouched();
  known_from_changed_ = false;
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
    const SloSpec& slo = (*slos_)[i];
    // Of those that were there at the last Step.
    for (size_t group = 0; group < runtimes_[i].groups.size(); ++group) {
      const bool may_have =
          runtimes_[i].groups[group].has_conditions || !slo.alerting.state_alerts.empty();
      if (may_have && Alerts(slo, static_cast<GroupId>(group)) &&
          !IsIdle(runtimes_[i], static_cast<GroupId>(group)))
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
    const TierFigures figures = FiguresOf(tier, runtime.tiers[at], runtime, group);
    if (!is_readable || !figures.IsValid() || figures.is_filling) {
      add_unknown(tier);
    } else if (JudgeTier(tier, slo.objective, figures) == TierState::kBurning) {
      if (!status.has_value()) status = StatusOf(index, group);
      conditions.push_back(BurnRateCondition(slo, *status, at, options_.external_url));
    }
  }
  for (const StateAlert& alert : slo.alerting.state_alerts) {
    if (alert.disabled) continue;
    if (!is_readable || IsFilling(runtime, WindowOf(slo, alert))) {
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

void Engine::ReadFigures(const SloSpec& slo, const Runtime& runtime, GroupId group,
                         GroupFigures& figures) const {
  figures.lifetime = runtime.composite != nullptr ? runtime.composite->lifetime()
                                                  : table_.counts(runtime.sli, group).lifetime();
  figures.in_window = EventSum(runtime, group, runtime.window);
  figures.budget = BudgetSum(runtime, group, runtime.window);
  figures.budget_remaining_ratio = BudgetRemainingRatio(figures.budget, slo.objective);
  figures.exhaustion_seconds = ExhaustionSeconds(
      figures.budget, BudgetSum(runtime, group, runtime.hour), slo.objective, slo.window.nominal());
  const auto read = [&](const std::vector<BurnSums>& windows, std::vector<WindowBurn>& into) {
    into.clear();
    for (const BurnSums& window : windows) {
      const SliCounts budget = BudgetSum(runtime, group, window.sums);
      into.push_back({window.window, EventSum(runtime, group, window.sums), budget,
                      BurnRate(budget, slo.objective)});
    }
  };
  read(runtime.burns, figures.burn_rates);
  figures.compat_windows.clear();
  if (group == kTotalGroup) read(runtime.compat, figures.compat_windows);
}

std::optional<size_t> Engine::VisitFigures(
    size_t slo, size_t from, const std::function<bool(GroupId, const GroupFigures&)>& visit) const {
  const Runtime& runtime = runtimes_[slo];
  GroupFigures figures;
  for (size_t group = from; group < BudgetsOf(runtime); ++group) {
    const auto id = static_cast<GroupId>(group);
    if (IsIdle(runtime, id)) continue;
    ReadFigures((*slos_)[slo], runtime, id, figures);
    if (!visit(id, figures)) return group + 1;
  }
  return std::nullopt;
}

std::vector<seconds> Engine::burn_windows_of(size_t slo) const {
  std::vector<seconds> windows;
  for (const BurnSums& burn : runtimes_[slo].burns) windows.push_back(burn.window);
  return windows;
}

GroupStatus Engine::StatusOf(size_t index, GroupId group) const {
  const SloSpec& slo = (*slos_)[index];
  const Runtime& runtime = runtimes_[index];
  GroupStatus status;
  status.group = group;
  status.values = ValuesOf(runtime, group);
  const auto g = static_cast<size_t>(group);
  status.state = Judge(slo, runtime, group).state;
  status.since = g < runtime.groups.size() && runtime.groups[g].state == status.state
                     ? runtime.groups[g].since
                     : now_;
  if (const Slice first = FirstOf(runtime, group); first != 0)
    status.first_event = SliceStart(first);
  status.last_event = LastEventOf(runtime, group);
  const Slice open = SliceOf(now_);
  status.excluded = runtime.events.ExcludedTime(slo.window.BeginAt(open), open + 1);
  GroupFigures figures;
  ReadFigures(slo, runtime, group, figures);
  status.lifetime = figures.lifetime;
  status.in_window = figures.in_window;
  status.budget = figures.budget;
  status.budget_remaining_ratio = figures.budget_remaining_ratio;
  status.budget_remaining_events =
      BudgetEvents(status.budget, slo.objective) - static_cast<double>(status.budget.bad);
  status.exhaustion_seconds = figures.exhaustion_seconds;
  status.burn_rates = std::move(figures.burn_rates);
  status.compat_windows = std::move(figures.compat_windows);
  for (size_t at = 0; at < slo.policy.tiers.size(); ++at) {
    const AlertTier& tier = slo.policy.tiers[at];
    const TierFigures of_tier = FiguresOf(tier, runtime.tiers[at], runtime, group);
    const TierState state = JudgeTier(tier, slo.objective, of_tier);
    status.tiers.push_back({tier, state, BurnRate(of_tier.in_long, slo.objective),
                            BurnRate(of_tier.in_short, slo.objective),
                            TierReason(tier, state, of_tier)});
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
  status.is_excluded = runtimes_[slo].events.Covers(SliceOf(now_));
  status.state = SloState::kOk;
  if ((*slos_)[slo].sli.reads_metrics()) {
    const SliId sli = runtimes_[slo].sli;
    status.metric = MetricStatus{.point_interval = metric_streams_.PointInterval(sli),
                                 .is_interpolated = metric_streams_.IsInterpolated(sli),
                                 .around = metric_streams_.Around(sli),
                                 .past = {}};
  }
  for (size_t group = 0; group < BudgetsOf(runtimes_[slo]); ++group) {
    if (IsIdle(runtimes_[slo], static_cast<GroupId>(group))) continue;
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
