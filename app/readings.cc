#include "app/readings.h"

#include <algorithm>

#include "base/duration_text.h"
#include "base/status.h"
#include "slo/history.h"

namespace slowburn::app {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;

constexpr int64_t kPointsMax = 11'000;

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

absl::Status CheckRange(const slo::GroupView& view, sys_seconds start, sys_seconds end,
                        sys_seconds retained_from) {
  if (end <= start) {
    return base::InvalidArgument("end={} is not after start={}; write a later end",
                                 end.time_since_epoch().count(), start.time_since_epoch().count());
  }
  if (start < retained_from) {
    return base::InvalidArgument(
        "start={} is before the retained past; write {} or later", start.time_since_epoch().count(),
        slo::SliceStart(slo::SliceOf(retained_from) + 1).time_since_epoch().count());
  }
  SB_RETURN_IF_ERROR(CheckBound("start", start, slo::GranularityAt(view, slo::SliceOf(start))));
  return CheckBound("end", end, slo::GranularityAt(view, slo::SliceOf(end)));
}

// An SLI with the names that its groups have values of.
struct CountedSli {
  slo::SliId sli{};
  std::vector<std::string> group_by;
};

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
    reading.now = core.engine().now();
    for (size_t i = 0; i < reading.slos->size(); ++i)
      reading.statuses.push_back(core.engine().Status(i));
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
    reading.now = core.engine().now();
    reading.statuses.push_back(core.engine().Status(*index));
    reading.alerts = core.alerts().Alerts();
    reading.epochs = EpochsOf(core, *index);
    reading.idle_group = IdleGroup(core, *index, group);
    return reading;
  });
}

absl::StatusOr<Readings::GroupCopy> Readings::CopyGroup(std::string_view id,
                                                        const serve::GroupSelector& group,
                                                        std::optional<uint32_t> epoch) const {
  return loop_.Read([&](const Core& core) -> absl::StatusOr<GroupCopy> {
    const std::optional<size_t> index = core.engine().FindSlo(id);
    if (!index.has_value()) return UnknownSlo(id);
    const slo::SloSpec& spec = (*core.engine().slos())[*index];
    if (spec.sli.composite() != nullptr) {
      return base::InvalidArgument("{} is a composite and counts nothing itself; ask its members",
                                   id);
    }
    SB_ASSIGN_OR_RETURN(const CountedSli counted, SliOf(core, *index, epoch));
    SB_ASSIGN_OR_RETURN(const slo::GroupId group_id,
                        FindGroup(core.engine().table(), id, counted, group));
    SB_RETURN_IF_ERROR(core.engine().table().error(counted.sli, group_id));
    return GroupCopy{core.engine().table().counts(counted.sli, group_id).view(), spec,
                     core.engine().budget_of(*index), core.retained_from(clock_.Now()),
                     store_.TakeSnapshot()};
  });
}

absl::StatusOr<slo::SliCounts> Readings::Counts(std::string_view id,
                                                const serve::GroupSelector& group,
                                                std::optional<uint32_t> epoch, sys_seconds start,
                                                sys_seconds end) const {
  SB_ASSIGN_OR_RETURN(const GroupCopy copy, CopyGroup(id, group, epoch));
  SB_RETURN_IF_ERROR(CheckRange(copy.view, start, end, copy.retained_from));
  const BlockStore blocks(store_, *copy.snapshot);
  return slo::SumOfEvents(copy.budget.view(), slo::RangeReader(copy.view, blocks),
                          slo::SliceOf(start), slo::SliceOf(end));
}

absl::StatusOr<std::vector<slo::HistoryPoint>> Readings::History(std::string_view id,
                                                                 const serve::GroupSelector& group,
                                                                 std::optional<uint32_t> epoch,
                                                                 sys_seconds start, sys_seconds end,
                                                                 seconds step) const {
  SB_ASSIGN_OR_RETURN(const GroupCopy copy, CopyGroup(id, group, epoch));
  SB_RETURN_IF_ERROR(CheckRange(copy.view, start, end, copy.retained_from));
  if (step <= seconds(0) || step % slo::kSliceLength != seconds(0)) {
    return base::InvalidArgument("step={}s is not a multiple of 10s; write a duration like 1h",
                                 step.count());
  }
  if ((end - start) / step > kPointsMax) {
    return base::InvalidArgument("{} points are more than {}; write a longer step",
                                 (end - start) / step, kPointsMax);
  }
  const BlockStore blocks(store_, *copy.snapshot);
  return slo::History(copy.budget, copy.spec.objective, slo::RangeReader(copy.view, blocks), start,
                      end, step);
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
