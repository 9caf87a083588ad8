#include "app/readings.h"

#include <algorithm>
#include <functional>

#include "base/duration_text.h"
#include "base/status.h"
#include "slo/composite_history.h"
#include "slo/history.h"
#include "slo/latency_reader.h"

namespace slowburn::app {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr int64_t kPointsMax = 11'000;
// Events further ahead than this are refused: what lies behind needs no reading.
constexpr std::chrono::hours kFutureMax{1};
constexpr std::chrono::days kStepMax{3660};  // longer than anything is kept
constexpr sys_seconds kSlicesEnd{slo::kSliceLength * int64_t{UINT32_MAX}};

// Later than any slice is the last of them.
slo::Slice SliceAt(sys_seconds time) { return slo::SliceOf(std::min(time, kSlicesEnd)); }

uint32_t UnixHour(sys_seconds time) {
  return static_cast<uint32_t>(
      std::chrono::floor<std::chrono::hours>(time).time_since_epoch().count());
}

absl::Status UnknownSlo(std::string_view id) {
  return base::NotFound("there is no SLO \"{}\"; GET /api/slo/v1/slos lists them", id);
}

// Whole multiples of `unit`, or what to write instead.
absl::Status CheckBound(std::string_view name, sys_seconds time, seconds unit) {
  const seconds rest = time.time_since_epoch() % unit;
  if (rest == seconds(0)) return absl::OkStatus();
  const int64_t below = (time.time_since_epoch() - rest).count();
  return base::InvalidArgument("{}={} is not divisible by {}; write {} or {}", name,
                               time.time_since_epoch().count(), unit.count(), below,
                               below + unit.count());
}

// What is known at a time is known by multiples of so much.
using Granularity = std::function<seconds(sys_seconds)>;

absl::Status CheckRange(const Granularity& granularity_at, sys_seconds start, sys_seconds end,
                        sys_seconds retained_from) {
  if (end <= start) {
    return base::InvalidArgument("end={} is not after start={}; write a later end",
                                 end.time_since_epoch().count(), start.time_since_epoch().count());
  }
  if (start < retained_from) {
    const seconds unit = granularity_at(retained_from);
    const seconds past = retained_from.time_since_epoch() % unit;
    return base::InvalidArgument("start={} is before the retained past; write {} or later",
                                 start.time_since_epoch().count(),
                                 (retained_from - past + unit).time_since_epoch().count());
  }
  SB_RETURN_IF_ERROR(CheckBound("start", start, granularity_at(start)));
  return CheckBound("end", end, granularity_at(end));
}

// All members of a composite are read in the same range: the coarsest of them decides.
absl::Status CheckCountRange(const std::vector<slo::GroupView>& views, sys_seconds start,
                             sys_seconds end, sys_seconds retained_from) {
  const auto granularity_at = [&](sys_seconds time) {
    seconds coarsest{0};
    for (const slo::GroupView& view : views)
      coarsest = std::max(coarsest, slo::GranularityAt(view, SliceAt(time)));
    return coarsest;
  };
  return CheckRange(granularity_at, start, end, retained_from);
}

absl::Status CheckStep(sys_seconds start, sys_seconds end, seconds step, seconds unit) {
  if (step <= seconds(0) || step % unit != seconds(0)) {
    return base::InvalidArgument("step={}s is not a multiple of {}s; write a duration like 1h",
                                 step.count(), unit.count());
  }
  if (step > kStepMax) {
    return base::InvalidArgument("step={}s is longer than ten years; write a shorter one",
                                 step.count());
  }
  if ((end - start) / step > kPointsMax) {
    return base::InvalidArgument("{} points are more than {}; write a longer step",
                                 (end - start) / step, kPointsMax);
  }
  return absl::OkStatus();
}

// A composite has no events of its own, only members that have.
absl::Status CountsOfComposite(const slo::SloSpec& spec) {
  std::vector<std::string_view> members;
  for (const slo::CompositeSli::Member& member : spec.sli.composite()->members)
    members.push_back(member.slo);
  return base::InvalidArgument(
      "{} is a composite and counts no events of its own; ask for the counts of its members: {}",
      spec.id(), fmt::join(members, ", "));
}

// An SLI with the names that its groups have values of.
struct CountedSli {
  slo::SliId sli{};
  std::vector<std::string> group_by;
};

// With how far its past is counted, which the engine does not know.
slo::SloStatus StatusOf(const Core& core, size_t slo) {
  slo::SloStatus status = core.engine().Status(slo);
  if (status.metric.has_value())
    status.metric->past = core.pasts().StatusOf(core.engine().sli_of(slo), core.engine().now());
  return status;
}

// Of the SLO now, or in one of its epochs.
absl::StatusOr<CountedSli> SliOf(const Core& core, size_t slo, std::optional<uint32_t> epoch) {
  const slo::SloSpec& spec = (*core.engine().slos())[slo];
  if (!epoch.has_value()) return CountedSli{core.engine().sli_of(slo), spec.sli.group_by};
  const SloEpochs::OfSlo* epochs = core.epochs().Find(spec.id());
  if (epochs == nullptr)
    return base::NotFound("{} has no epochs yet; leave epoch= away", spec.id());
  const size_t first = size_t{epochs->dropped} + 1;
  if (*epoch < first || *epoch >= first + epochs->epochs.size()) {
    return base::NotFound("{} has no epoch {}; it has {} to {}", spec.id(), *epoch, first,
                          first + epochs->epochs.size() - 1);
  }
  const SloEpochs::Epoch& found = epochs->epochs[*epoch - first];
  return CountedSli{found.sli, found.group_by};
}

// The total where nothing is selected.
absl::StatusOr<slo::GroupId> FindGroup(const slo::SliTable& table, std::string_view id,
                                       const CountedSli& counted,
                                       const serve::GroupSelector& group) {
  if (group.empty()) return slo::kTotalGroup;
  std::vector<std::string> values;
  for (const std::string& name : counted.group_by) {
    const auto value = group.find(name);
    if (value != group.end()) values.push_back(value->second);
  }
  if (values.size() != group.size() || values.size() != counted.group_by.size()) {
    return base::InvalidArgument(
        "{} is grouped by [{}]; give each of them once, as group.NAME=VALUE", id,
        fmt::join(counted.group_by, ", "));
  }
  const std::optional<slo::GroupId> found = table.FindGroup(counted.sli, values);
  if (!found.has_value())
    return base::NotFound("{} has no group [{}]", id, fmt::join(values, ", "));
  return *found;
}

// The group, if it is one and is idle.
std::optional<slo::GroupStatus> IdleGroup(const Core& core, size_t slo,
                                          const serve::GroupSelector& group) {
  const slo::SloSpec& spec = (*core.engine().slos())[slo];
  if (spec.sli.composite() != nullptr) return std::nullopt;
  const slo::SliId sli = core.engine().sli_of(slo);
  const auto found = FindGroup(core.engine().table(), spec.id(), {sli, spec.sli.group_by}, group);
  if (!found.ok() || !core.engine().table().is_idle(sli, *found)) return std::nullopt;
  return core.engine().StatusOf(slo, *found);
}

// A composite that once was none has no SLI now, so no epoch of it is shown.
std::vector<serve::EpochReading> EpochsOf(const Core& core, size_t slo) {
  const slo::SloSpec& spec = (*core.engine().slos())[slo];
  const SloEpochs::OfSlo* of_slo = core.epochs().Find(spec.id());
  if (of_slo == nullptr || spec.sli.composite() != nullptr) return {};
  std::vector<serve::EpochReading> readings;
  for (size_t i = 0; i < of_slo->epochs.size(); ++i) {
    const SloEpochs::Epoch& epoch = of_slo->epochs[i];
    const slo::SliTable& table = core.engine().table();
    serve::EpochReading& reading = readings.emplace_back();
    reading.epoch = of_slo->dropped + static_cast<uint32_t>(i) + 1;
    reading.since = epoch.since;
    if (i + 1 < of_slo->epochs.size()) reading.until = of_slo->epochs[i + 1].since;
    reading.sli = table.canonical(epoch.sli);
    reading.lifetime = table.counts(epoch.sli, slo::kTotalGroup).lifetime();
  }
  return readings;
}

}  // namespace

Readings::Readings(const CommitLoop& loop, const storage::Store& store, const base::Clock& clock,
                   FillServer fill_server)
    : loop_(loop), store_(store), clock_(clock), fill_server_(std::move(fill_server)) {}

serve::SloReading Readings::AllSlos() const {
  return loop_.Read([](const Core& core) {
    serve::SloReading reading;
    reading.slos = core.engine().slos();
    reading.exclusions = core.engine().exclusions();
    reading.now = core.engine().now();
    for (size_t i = 0; i < reading.slos->size(); ++i) reading.statuses.push_back(StatusOf(core, i));
    reading.alerts = core.alerts().Alerts();
    return reading;
  });
}

absl::StatusOr<serve::SloReading> Readings::OneSlo(std::string_view id,
                                                   const serve::GroupSelector& group) const {
  return loop_.Read([&](const Core& core) -> absl::StatusOr<serve::SloReading> {
    const std::optional<size_t> index = core.engine().FindSlo(id);
    if (!index.has_value()) return UnknownSlo(id);
    serve::SloReading reading;
    reading.slos = core.engine().slos();
    reading.exclusions = core.engine().exclusions();
    reading.now = core.engine().now();
    reading.statuses.push_back(StatusOf(core, *index));
    if (const auto* const composite = (*reading.slos)[*index].sli.composite()) {
      for (const slo::CompositeSli::Member& member : composite->members) {
        if (const std::optional<size_t> at = core.engine().FindSlo(member.slo))
          reading.statuses.push_back(StatusOf(core, *at));
      }
    }
    reading.alerts = core.alerts().Alerts();
    reading.epochs = EpochsOf(core, *index);
    reading.idle_group = IdleGroup(core, *index, group);
    return reading;
  });
}

absl::StatusOr<Readings::BudgetCopy> Readings::CopyGroup(const Core& core, size_t slo,
                                                         const serve::GroupSelector& group,
                                                         const Wanted& wanted) const {
  const slo::SloSpec& spec = (*core.engine().slos())[slo];
  SB_ASSIGN_OR_RETURN(const CountedSli counted, SliOf(core, slo, wanted.epoch));
  SB_ASSIGN_OR_RETURN(const slo::GroupId group_id,
                      FindGroup(core.engine().table(), spec.id(), counted, group));
  SB_RETURN_IF_ERROR(core.engine().table().error(counted.sli, group_id));
  return BudgetCopy{
      {core.engine().table().counts(counted.sli, group_id).view()},
      core.latencies().CopyHours(counted.sli, group_id, UnixHour(wanted.latency_start),
                                 UnixHour(wanted.latency_end) + 1),
      spec,
      core.engine().latency_error_of(slo),
      core.engine().budget_of(slo),
      core.retained_from(clock_.Now()),
      store_.TakeSnapshot()};
}

absl::StatusOr<Readings::BudgetCopy> Readings::CopyMembers(
    const Core& core, size_t slo, const serve::GroupSelector& group) const {
  const slo::SloSpec& spec = (*core.engine().slos())[slo];
  const slo::CompositeSums& sums = *core.engine().composite_of(slo);
  if (!group.empty()) {
    return base::InvalidArgument("{} is a composite and has no groups; leave out group.{}",
                                 spec.id(), group.begin()->first);
  }
  std::vector<slo::GroupView> views;
  for (const slo::CompositeSums::Member& member : sums.members()) {
    SB_RETURN_IF_ERROR(core.engine().table().error(member.sli, slo::kTotalGroup));
    views.push_back(core.engine().table().counts(member.sli, slo::kTotalGroup).view());
  }
  return BudgetCopy{std::move(views),
                    {},
                    spec,
                    slo::kLatencyRelativeError,
                    slo::CompositeBudget{.method = spec.sli.composite()->method,
                                         .timeslice = spec.sli.composite()->timeslice,
                                         .members = sums.members(),
                                         .window = spec.window,
                                         .objective = spec.objective},
                    core.retained_from(clock_.Now()),
                    store_.TakeSnapshot()};
}

absl::StatusOr<Readings::BudgetCopy> Readings::CopyBudget(std::string_view id,
                                                          const serve::GroupSelector& group,
                                                          const Wanted& wanted) const {
  return loop_.Read([&](const Core& core) -> absl::StatusOr<BudgetCopy> {
    const std::optional<size_t> slo = core.engine().FindSlo(id);
    if (!slo.has_value()) return UnknownSlo(id);
    return core.engine().composite_of(*slo) == nullptr ? CopyGroup(core, *slo, group, wanted)
                                                       : CopyMembers(core, *slo, group);
  });
}

serve::ExclusionReading Readings::Exclusions() const {
  return loop_.Read([](const Core& core) {
    return serve::ExclusionReading{core.engine().exclusions(), core.engine().slos(),
                                   core.engine().now()};
  });
}

absl::StatusOr<serve::CountsReading> Readings::Counts(std::string_view id,
                                                      const serve::GroupSelector& group,
                                                      std::optional<uint32_t> epoch,
                                                      sys_seconds start, sys_seconds end) const {
  SB_ASSIGN_OR_RETURN(const BudgetCopy copy, CopyBudget(id, group, {epoch, {}, {}}));
  const auto* const budget = std::get_if<slo::ViewedWindow>(&copy.budget);
  if (budget == nullptr) return CountsOfComposite(copy.spec);
  SB_RETURN_IF_ERROR(CheckCountRange(copy.views, start, end, copy.retained_from));
  const BlockStore blocks(store_, *copy.snapshot);
  const slo::CountView& view = budget->view();
  const slo::Slice begin_slice = SliceAt(start), end_slice = SliceAt(end);
  const slo::GroupView& group_view = copy.views.front();
  // Whole days read fastest; behind the last event's there is nothing.
  const slo::Slice day_end = (group_view.last / slo::kSlicesPerDay + 1) * slo::kSlicesPerDay;
  SB_ASSIGN_OR_RETURN(const slo::SliCounts counts,
                      slo::SumOfEvents(view, slo::RangeReader(group_view, blocks), begin_slice,
                                       std::min(end_slice, day_end)));
  return serve::CountsReading{counts, view.ExcludedTime(begin_slice, end_slice)};
}

absl::StatusOr<std::vector<slo::HistoryPoint>> Readings::History(std::string_view id,
                                                                 const serve::GroupSelector& group,
                                                                 std::optional<uint32_t> epoch,
                                                                 sys_seconds start, sys_seconds end,
                                                                 seconds step) const {
  SB_ASSIGN_OR_RETURN(const BudgetCopy copy, CopyBudget(id, group, {epoch, {}, {}}));
  SB_RETURN_IF_ERROR(CheckCountRange(copy.views, start, end, copy.retained_from));
  SB_RETURN_IF_ERROR(CheckStep(start, end, step, slo::kSliceLength));
  // Steps that begin in the future are left out.
  const sys_seconds last = base::FloorSeconds(clock_.Now()) + kFutureMax;
  if (end > last)
    end = start + (std::max(last - start, seconds(0)) + step - seconds(1)) / step * step;
  const BlockStore blocks(store_, *copy.snapshot);
  if (const auto* const composite = std::get_if<slo::CompositeBudget>(&copy.budget)) {
    std::vector<const slo::GroupView*> views;
    for (const slo::GroupView& view : copy.views) views.push_back(&view);
    return slo::CompositeHistory(*composite, views, blocks, start, end, step);
  }
  return slo::History(std::get<slo::ViewedWindow>(copy.budget), copy.spec.objective,
                      slo::RangeReader(copy.views.front(), blocks), start, end, step);
}

absl::StatusOr<std::vector<slo::LatencyPercentiles>> Readings::Percentiles(
    std::string_view id, const serve::GroupSelector& group, sys_seconds start, sys_seconds end,
    std::optional<seconds> step) const {
  SB_ASSIGN_OR_RETURN(BudgetCopy copy, CopyBudget(id, group, {std::nullopt, start, end}));
  const std::optional<slo::SliSpec::Latency> latency = copy.spec.sli.latency();
  if (!latency.has_value()) {
    return base::InvalidArgument(
        "{} has no latency: its SLI does not ask how long events take; write latency: {{max: "
        "300ms}}, or histogram: of a metric in a unit of time, in an SLO to have percentiles",
        id);
  }
  const slo::LatencyView view(copy.views.front(), std::move(copy.latencies));
  const auto granularity_at = [&](sys_seconds time) {
    return slo::LatencyGranularityAt(view, time);
  };
  SB_RETURN_IF_ERROR(CheckRange(granularity_at, start, end, copy.retained_from));
  if (step.has_value()) SB_RETURN_IF_ERROR(CheckStep(start, end, *step, granularity_at(start)));
  const LatencyStore blocks(store_, *copy.snapshot);
  slo::LatencyReader reader(view, blocks);
  const seconds length = step.value_or(end - start);
  const sys_seconds last = base::FloorSeconds(clock_.Now()) + kFutureMax;
  std::vector<slo::LatencyPercentiles> points;
  for (sys_seconds at = start; at + length <= end; at += length) {
    SB_ASSIGN_OR_RETURN(const slo::LatencySum sum,
                        reader.Sum(slo::LatencySlotOf(std::min(at, last)),
                                   slo::LatencySlotOf(std::min(at + length, last))));
    points.push_back(slo::PercentilesOf(sum, at, at + length, latency->nanos_per_unit));
    points.back().relative_error = copy.latency_error;
  }
  return points;
}

serve::LedgerReading Readings::Ledger() const { return loop_.ReadLedger(); }

serve::ServerReading Readings::Server() const {
  serve::ServerReading reading = loop_.Read([&](const Core& core) {
    serve::ServerReading r;
    r.engine_time = core.engine().now();
    r.slos = core.engine().slos()->size();
    r.slis = core.engine().table().size();
    r.groups = core.engine().table().group_count();
    r.slice_memory_bytes = core.engine().table().memory_bytes();
    r.latency_memory_bytes = core.latencies().memory_bytes();
    const storage::SeriesStore::Counts series = core.series().counts();
    r.series = series.living_series;
    r.series_samples = series.stored_samples;
    r.series_bytes = series.stored_bytes;
    r.dedup_window = core.dedup().EffectiveWindow(clock_.Now());
    return r;
  });
  const storage::Store::Statistics statistics = store_.statistics();
  reading.store_disk_bytes = statistics.disk_bytes;
  reading.sequence = store_.last_sequence();
  reading.checkpoint_sequence = store_.checkpoint_sequence();
  fill_server_(reading);
  return reading;
}

}  // namespace slowburn::app
