#include "app/core.h"

#include <algorithm>

#include <absl/container/flat_hash_map.h>

#include "app/internal/count_records.h"
#include "app/internal/latency_records.h"
#include "app/internal/metric_records.h"
#include "base/logging.h"
#include "base/mutant.h"
#include "base/status.h"
#include "slo/alert_conditions.h"
#include "slo/latency_reader.h"
#include "storage/api/keys.h"

namespace slowburn::app {
namespace {

using internal::EncodeState;
using internal::ReadAdmission;
using internal::ReadCounts;
using internal::ReadLatencies;
using internal::ReadState;
using storage::Family;

constexpr size_t kRolledDaysPerCheckpoint = 200;
constexpr std::chrono::hours kDay{24};

uint32_t DayOf(base::UnixNanos time) {
  return static_cast<uint32_t>(
      std::chrono::floor<std::chrono::days>(time).time_since_epoch().count());
}

model::LabelSet ReadLabels(const google::protobuf::RepeatedPtrField<store::v1::Label>& labels) {
  model::LabelSet set;
  for (const store::v1::Label& label : labels) set.Set(label.name(), label.value());
  return set;
}

// Parses every value of a key range as `Message` and hands it on with its key.
template <typename Message>
absl::Status ForEach(const storage::Snapshot& snapshot, Family family,
                     const storage::KeyRange& range, std::string_view what,
                     const std::function<absl::Status(std::string_view, const Message&)>& visit) {
  absl::Status failed;
  const absl::Status scanned = snapshot.Scan(
      family, range.begin, range.end, [&](std::string_view key, std::string_view value) {
        Message message;
        failed =
            message.ParseFromArray(value.data(), static_cast<int>(value.size()))
                ? visit(key, message)
                : base::DataLoss(
                      "the store holds a {} that cannot be read; restore it from a backup", what);
        return failed.ok();
      });
  return scanned.ok() ? failed : scanned;
}

}  // namespace

Core::Core(Options options, const storage::Store& store)
    : options_(std::move(options)),
      store_(store),
      blocks_(store),
      latency_blocks_(store),
      engine_(options_.engine, blocks_),
      latencies_(options_.latencies, latency_blocks_),
      alerts_(options_.alerts),
      dedup_(options_.dedup_bytes_max),
      streams_(options_.streams),
      pasts_(engine_, options_.retention),
      series_(options_.series, store) {}

// --- recovery

absl::Status Core::LoadSlis(const storage::Snapshot& snapshot) {
  return ForEach<store::v1::SliRegistration>(
      snapshot, Family::kMeta, storage::MetaTable("sli/"), "registration of an SLI",
      [&](std::string_view, const store::v1::SliRegistration& sli) {
        return engine_.table().Register(static_cast<slo::SliId>(sli.sli()), sli.canonical());
      });
}

absl::Status Core::LoadGroups(const storage::Snapshot& snapshot) {
  SB_RETURN_IF_ERROR(ForEach<store::v1::GroupAdmission>(
      snapshot, Family::kMeta, storage::MetaTable("group/"), "group of an SLI",
      [&](std::string_view, const store::v1::GroupAdmission& group) {
        return engine_.table().Admit(ReadAdmission(group));
      }));
  for (size_t sli = 1; sli <= engine_.table().size(); ++sli) {
    const auto id = static_cast<slo::SliId>(sli);
    for (size_t group = 0; group < engine_.table().groups(id); ++group) {
      const std::string key =
          storage::GroupStateKey(static_cast<uint32_t>(sli), static_cast<uint32_t>(group));
      const auto bytes = snapshot.Get(Family::kMeta, key);
      if (!bytes.ok()) return bytes.status();
      if (!bytes->has_value()) continue;  // Admitted, and nothing counted before the checkpoint.
      store::v1::GroupState state;
      if (!state.ParseFromString(**bytes)) {
        return base::DataLoss(
            "the state of group {} of SLI {} cannot be read; restore the store from a backup",
            group, sli);
      }
      engine_.table().Restore(id, static_cast<slo::GroupId>(group), ReadState(state));
    }
  }
  return absl::OkStatus();
}

absl::Status Core::LoadEpochs(const storage::Snapshot& snapshot) {
  const storage::KeyRange range = storage::MetaTable("epochs/");
  return ForEach<store::v1::SloEpochs>(
      snapshot, Family::kMeta, range, "list of an SLO's epochs",
      [&](std::string_view key, const store::v1::SloEpochs& epochs) {
        epochs_.Restore(key.substr(range.begin.size()), epochs);
        return absl::OkStatus();
      });
}

absl::Status Core::LoadPasts(const storage::Snapshot& snapshot) {
  SB_RETURN_IF_ERROR(ForEach<store::v1::SliPast>(
      snapshot, Family::kMeta, storage::MetaTable("past/"), "state of an SLI's past",
      [&](std::string_view, const store::v1::SliPast& past) {
        pasts_.Apply(past);
        return absl::OkStatus();
      }));
  pasts_.CheckpointWritten();
  pasts_.TellEngine(engine_.now());
  return absl::OkStatus();
}

absl::Status Core::LoadAlertsDedupLedger(const storage::Snapshot& snapshot, base::UnixNanos now) {
  SB_RETURN_IF_ERROR(
      ForEach<store::v1::AlertRecord>(snapshot, Family::kAlerts, storage::WholeFamily(), "alert",
                                      [&](std::string_view, const store::v1::AlertRecord& alert) {
                                        alerts_.Apply(alert);
                                        return absl::OkStatus();
                                      }));
  absl::Status dedup;
  SB_RETURN_IF_ERROR(
      snapshot.Scan(Family::kDedup,
                    storage::DedupTimeKey((now - DedupWindow::kWindow).time_since_epoch().count()),
                    storage::WholeFamily().end, [&](std::string_view key, std::string_view value) {
                      dedup = dedup_.Load(key, value, now);
                      return dedup.ok();
                    }));
  SB_RETURN_IF_ERROR(dedup);
  const auto bytes = snapshot.Get(Family::kLedger, storage::LedgerKey());
  if (!bytes.ok()) return bytes.status();
  store::v1::Ledger ledger;
  if (bytes->has_value() && !ledger.ParseFromString(**bytes)) {
    return base::DataLoss("the ledger cannot be read; restore the store from a backup");
  }
  ledger_.Restore(ledger);
  return absl::OkStatus();
}

absl::Status Core::LoadStreams(const storage::Snapshot& snapshot) {
  return ForEach<store::v1::StreamBlock>(
      snapshot, Family::kStreams, storage::StreamBlocks(), "block of cumulative streams",
      [&](std::string_view key, const store::v1::StreamBlock& stored) {
        const std::optional<uint32_t> block = storage::ReadStreamBlockKey(key);
        if (!block.has_value()) {
          return base::DataLoss("family 'streams' has a key that is no block; restore a backup");
        }
        return streams_.Restore(*block, stored);
      });
}

absl::Status Core::LoadExclusions(const storage::Snapshot& snapshot) {
  return ForEach<store::v1::ExclusionChange>(
      snapshot, Family::kMeta, storage::MetaTable("exclusion/"), "exclusion",
      [&](std::string_view, const store::v1::ExclusionChange& stored) {
        return exclusions_.Restore(stored);
      });
}

absl::Status Core::LoadMetricStreams(const storage::Snapshot& snapshot) {
  slo::MetricStreams& streams = engine_.metric_streams();
  SB_RETURN_IF_ERROR(ForEach<store::v1::MetricStream>(
      snapshot, Family::kStreams, storage::MetricStreamKeys(), "metric series",
      [&](std::string_view, const store::v1::MetricStream& stored) {
        return internal::ApplyMetricStream(stored, streams);
      }));
  SB_RETURN_IF_ERROR(ForEach<store::v1::MetricSource>(
      snapshot, Family::kStreams, storage::MetricSourceKeys(), "writer of metric series",
      [&](std::string_view, const store::v1::MetricSource& stored) {
        internal::ApplyMetricSource(stored, streams);
        return absl::OkStatus();
      }));
  streams.MarkClean();
  return absl::OkStatus();
}

absl::Status Core::LoadCheckpoints(base::UnixNanos now) {
  const std::unique_ptr<storage::Snapshot> snapshot = store_.TakeSnapshot();
  SB_RETURN_IF_ERROR(LoadSlis(*snapshot));
  SB_RETURN_IF_ERROR(LoadGroups(*snapshot));
  SB_RETURN_IF_ERROR(LoadEpochs(*snapshot));
  SB_RETURN_IF_ERROR(LoadPasts(*snapshot));
  SB_RETURN_IF_ERROR(LoadAlertsDedupLedger(*snapshot, now));
  SB_RETURN_IF_ERROR(LoadStreams(*snapshot));
  SB_RETURN_IF_ERROR(LoadExclusions(*snapshot));
  SB_RETURN_IF_ERROR(LoadMetricStreams(*snapshot));
  const auto kept = snapshot->Get(Family::kMeta, storage::MetaKey("hours_kept_from"));
  if (!kept.ok()) return kept.status();
  if (kept->has_value())
    hours_kept_from_ = static_cast<uint32_t>(std::strtoul((*kept)->c_str(), nullptr, 10));
  written_hours_kept_from_ = hours_kept_from_;
  engine_.table().SetHoursKeptFrom(hours_kept_from_);
  return absl::OkStatus();
}

// Series are covered later than the rest: of a record up to the checkpoint they alone need
// anything.
absl::Status Core::ReplayRecord(uint64_t sequence, std::string_view bytes, base::UnixNanos now) {
  store::v1::LogRecord record;
  if (!record.ParseFromArray(bytes.data(), static_cast<int>(bytes.size()))) {
    return base::DataLoss("log record {} cannot be read; restore the store from a backup",
                          sequence);
  }
  const uint64_t checkpoint = store_.checkpoint_sequence();
  if (SB_MUTANT("replay_loses_first") && sequence == checkpoint + 1) return absl::OkStatus();
  if (sequence > checkpoint) SB_RETURN_IF_ERROR(ApplyRecord(record));
  if (record.samples().empty() || sequence <= series_.covered_sequence()) return absl::OkStatus();
  return series_.Replay(sequence, record.samples(), UnixMillis(now));
}

absl::Status Core::Recover(base::UnixNanos now) {
  alerts_.set_watched_since(now);
  SB_RETURN_IF_ERROR(LoadCheckpoints(now));
  SB_RETURN_IF_ERROR(series_.Recover(UnixMillis(now)));
  log_needed_after_ = series_.covered_sequence();
  const absl::Status replayed =
      store_.ReplayLog(std::min(store_.checkpoint_sequence(), series_.covered_sequence()),
                       [&](uint64_t sequence, std::string_view bytes) {
                         return base::Annotate(ReplayRecord(sequence, bytes, now),
                                               fmt::format("replay log record {}", sequence));
                       });
  streams_.EndRecovery();
  return replayed;
}

// --- requests

absl::StatusOr<RequestPlan> Core::PlanRequests(const std::vector<const CountedRequest*>& requests,
                                               base::UnixNanos now) {
  RequestPlanner planner(dedup_, streams_, series_, now, std::move(spent_));
  for (const CountedRequest* request : requests) planner.Add(*request);
  if (!planner.series_status().ok()) {
    if (requests.size() > 1 || requests.front()->is_remote_write) return planner.series_status();
    planner.LeaveOutSeries();
  }
  std::vector<const slo::SliDelta*> deltas = planner.deltas();
  slo::MetricStreams::Plan metrics;
  std::vector<SliPasts::Deferred> deferred = DeferredOf(planner.metrics());
  if (!planner.metrics().empty()) {
    metrics = engine_.metric_streams().MakePlan(planner.metrics(), base::FloorSeconds(now));
    deltas.push_back(&metrics.counts);
  }
  SB_ASSIGN_OR_RETURN(slo::CountPlan counts, engine_.table().Plan(deltas, base::FloorSeconds(now)));
  counts.latencies_dropped = latencies_.Prepare(counts.latencies);
  RequestPlan plan = planner.Finish(std::move(metrics), std::move(counts), options_.downstreams);
  plan.deferred = std::move(deferred);
  return plan;
}

void Core::TakeBack(store::v1::LogRecord record) {
  constexpr int kSpentMax = 64 << 10;  // as it was serialised; in memory it is several times that
  if (record.GetCachedSize() <= kSpentMax) spent_ = std::move(record);
}

// What the SLI that is about to begin has of them.
std::vector<SliPasts::Deferred> Core::DeferredOf(
    std::span<const slo::MetricStreams::Request> requests) const {
  std::vector<SliPasts::Deferred> deferred;
  if (!pasts_.deferring().has_value()) return deferred;
  for (const slo::MetricStreams::Request& request : requests) {
    slo::MetricDelta delta = request.delta->Of(*pasts_.deferring());
    if (!delta.observations().empty()) deferred.push_back({std::move(delta), request.left_out});
  }
  return deferred;
}

absl::StatusOr<RequestPlan> Core::PlanSeries(
    const std::vector<std::unique_ptr<SeriesWrite>>& writes, base::UnixNanos now) {
  RequestPlan plan;
  plan.record.set_time_unix_nano(now.time_since_epoch().count());
  plan.series = series_.Plan(UnixMillis(now));
  SeriesOutcome outcome;
  for (const std::unique_ptr<SeriesWrite>& write : writes)
    SB_RETURN_IF_ERROR(write->AddTo(*plan.series, outcome));
  plan.record.set_samples(plan.series->Encode());
  return plan;
}

absl::Status Core::Apply(const RequestPlan& plan) {
  // The counts are at hand as a plan: no need to read them back from the record.
  SB_RETURN_IF_ERROR(engine_.table().Apply(plan.counts));
  SB_RETURN_IF_ERROR(latencies_.Apply(plan.counts.latencies));
  counts_changed_ |= !plan.counts.changes.empty();
  engine_.metric_streams().Apply(plan.metrics);
  if (plan.series != nullptr) plan.series->Apply(plan.record.samples().size());
  pasts_.Defer(plan.deferred);
  return ApplyAllButCounts(plan.record);
}

absl::Status Core::ApplyRecord(const store::v1::LogRecord& record) {
  for (const store::v1::SliRegistration& sli : record.slis()) {
    SB_RETURN_IF_ERROR(
        engine_.table().Register(static_cast<slo::SliId>(sli.sli()), sli.canonical()));
    new_slis_.push_back(sli);
  }
  const slo::CountPlan counts = ReadCounts(record);
  SB_RETURN_IF_ERROR(engine_.table().Apply(counts));
  SB_ASSIGN_OR_RETURN(const std::vector<slo::LatencyChange> latencies, ReadLatencies(record));
  SB_RETURN_IF_ERROR(latencies_.Apply(latencies));
  counts_changed_ |= !counts.changes.empty();
  SB_RETURN_IF_ERROR(internal::ApplyMetricStates(record, engine_.metric_streams()));
  return ApplyAllButCounts(record);
}

absl::Status Core::ApplyAllButCounts(const store::v1::LogRecord& record) {
  for (const store::v1::GroupAdmission& group : record.groups()) new_groups_.push_back(group);
  for (const store::v1::SloEpoch& epoch : record.epochs()) epochs_.Apply(epoch);
  for (const store::v1::SliPast& past : record.pasts()) pasts_.Apply(past);
  if (record.pasts_size() > 0) pasts_.TellEngine(engine_.now());
  for (const store::v1::DedupEntry& entry : record.dedup()) dedup_.Apply(entry);
  for (const store::v1::AlertRecord& alert : record.alerts()) {
    alerts_.Apply(alert);
    changed_alerts_.insert(ReadLabels(alert.labels()).Text());
  }
  for (const store::v1::ExclusionChange& change : record.exclusions())
    SB_RETURN_IF_ERROR(exclusions_.Apply(change));
  if (record.has_streams()) SB_RETURN_IF_ERROR(streams_.Apply(record));
  for (const store::v1::LedgerDelta& delta : record.ledger()) ledger_.Apply(delta);
  ledger_changed_ |= record.ledger_size() > 0;
  return absl::OkStatus();
}

// --- time

void Core::AddDeadMan(std::vector<model::AlertCondition>& conditions) const {
  if (!options_.dead_man) return;
  model::AlertCondition condition;
  condition.labels = {{"alertname", "SLODeadMan"}, {"severity", "none"}};
  condition.tier = "always";
  condition.annotations = {
      {"summary", "slowburn is alive and its alerts arrive"},
      {"description",
       "This alert always fires. Route it to a service that calls you when it stops coming."},
      {"link", engine_.external_url() + "/"}};
  conditions.push_back(std::move(condition));
}

store::v1::LogRecord Core::Step(base::UnixNanos now) {
  engine_.Step(base::FloorSeconds(now));
  dedup_.Expire(now);
  streams_.FindSilent(now);
  engine_.metric_streams().ForgetSilent(base::FloorSeconds(now));
  std::vector<model::AlertCondition> conditions = engine_.Conditions();
  AddDeadMan(conditions);
  store::v1::LogRecord record;
  for (rules::AlertBook::Change& change : alerts_.Plan(conditions, now))
    *record.add_alerts() = std::move(change.record);
  if (record.alerts_size() > 0) record.set_time_unix_nano(now.time_since_epoch().count());
  return record;
}

// --- SLOs

store::v1::LogRecord Core::PlanInstall(const slo::SloSet& slos, base::UnixNanos now) const {
  store::v1::LogRecord record;
  auto id = static_cast<uint32_t>(engine_.table().NextId());
  for (std::string& canonical : engine_.UnknownSlis(slos)) {
    store::v1::SliRegistration& sli = *record.add_slis();
    sli.set_sli(id++);
    sli.set_canonical(std::move(canonical));
  }
  epochs_.Plan(slos, engine_.table(), base::FloorSeconds(now), record);
  if (options_.count_pasts && series_.has_series()) pasts_.PlanNew(slos, record);
  if (record.slis_size() > 0 || record.epochs_size() > 0 || record.pasts_size() > 0)
    record.set_time_unix_nano(now.time_since_epoch().count());
  return record;
}

absl::Status Core::Install(std::shared_ptr<const slo::SloSet> slos,
                           std::shared_ptr<const slo::ExclusionSet> of_files, base::UnixNanos now) {
  SB_ASSIGN_OR_RETURN(slo::ExclusionSet all, exclusions_.With(*of_files));
  counts_changed_ = true;  // New windows have new sums.
  SB_RETURN_IF_ERROR(engine_.Install(std::move(slos),
                                     std::make_shared<const slo::ExclusionSet>(std::move(all)),
                                     base::FloorSeconds(now)));
  exclusions_.set_of_files(std::move(of_files));
  pasts_.TellEngine(engine_.now());
  return absl::OkStatus();
}

absl::StatusOr<store::v1::LogRecord> Core::PlanExclusion(const store::v1::ExclusionChange& change,
                                                         base::UnixNanos now) const {
  SB_ASSIGN_OR_RETURN(const slo::ExclusionSet all, exclusions_.After(change));
  SB_RETURN_IF_ERROR(engine_.CheckExclusions(*engine_.slos(), all, base::FloorSeconds(now)));
  store::v1::LogRecord record;
  record.set_time_unix_nano(now.time_since_epoch().count());
  *record.add_exclusions() = change;
  return record;
}

store::v1::LogRecord Core::PlanOrphanedAlerts(base::UnixNanos now) const {
  const auto is_gone = [&](const model::LabelSet& labels, std::string_view tier) {
    if (!labels.Has("slo")) return false;  // The dead man belongs to none.
    const std::optional<size_t> at =
        engine_.FindSlo(fmt::format("{}/{}", labels.Get("service"), labels.Get("slo")));
    return !at.has_value() || !slo::CanAsk((*engine_.slos())[*at], labels, tier);
  };
  store::v1::LogRecord record;
  for (rules::AlertBook::Change& change : alerts_.PlanEnd(is_gone, now))
    *record.add_alerts() = std::move(change.record);
  if (record.alerts_size() > 0) record.set_time_unix_nano(now.time_since_epoch().count());
  return record;
}

// --- checkpoints

std::chrono::sys_seconds Core::retained_from(base::UnixNanos now) const {
  return base::FloorSeconds(now) - options_.retention;
}

bool Core::HasChanges() const {
  return counts_changed_ || ledger_changed_ || !new_slis_.empty() || !new_groups_.empty() ||
         dedup_.HasChanges() || !changed_alerts_.empty() || streams_.HasChanges() ||
         latencies_.HasChanges() || exclusions_.HasChanges() || epochs_.HasChanges() ||
         pasts_.HasChanges() || engine_.metric_streams().HasChanges() || series_.has_series();
}

absl::Status Core::PutCounts(base::UnixNanos now, storage::Batch& batch) {
  for (const store::v1::SliRegistration& sli : new_slis_) {
    batch.Put(Family::kMeta, storage::SliKey(sli.sli()), sli.SerializeAsString());
  }
  for (const store::v1::GroupAdmission& group : new_groups_) {
    batch.Put(Family::kMeta, storage::GroupKey(group.sli(), group.group()),
              group.SerializeAsString());
  }
  SB_ASSIGN_OR_RETURN(rolled_,
                      engine_.table().RollDays(base::FloorSeconds(now), kRolledDaysPerCheckpoint));
  for (const slo::SliTable::RolledDay& day : rolled_) {
    batch.Put(Family::kSlices, BlockStore::DayKey(day.sli, day.group, day.day), day.block.Encode());
  }
  engine_.table().VisitChanged([&](slo::SliId sli, slo::GroupId group,
                                   const slo::GroupCounts& counts) {
    for (const slo::ResidentHour& hour : counts.view().hours) {
      if (hour.dirty)
        batch.Put(Family::kSlices, BlockStore::HourKey(sli, group, hour.hour), hour.block.Encode());
    }
    batch.Put(Family::kMeta,
              storage::GroupStateKey(static_cast<uint32_t>(sli), static_cast<uint32_t>(group)),
              EncodeState(counts.State()));
  });
  return absl::OkStatus();
}

// After PutCounts: a day whose counts it made a block of has its latencies made one.
void Core::PutLatencies(storage::Batch& batch) {
  for (const slo::SliTable::RolledDay& day : rolled_) {
    const uint32_t hour = day.day * slo::kLatencyHoursPerDay;
    const slo::LatencyView view(
        engine_.table().counts(day.sli, day.group).view(),
        latencies_.CopyHours(day.sli, day.group, hour, hour + slo::kLatencyHoursPerDay));
    const auto block = slo::LatencyReader(view, latency_blocks_).MakeDay(day.day);
    if (!block.ok()) {
      // Percentiles are worth less than checkpoints.
      base::Log(base::LogLevel::kError, "the latencies of a day are lost with its hours",
                {{"sli", static_cast<uint32_t>(day.sli)},
                 {"group", static_cast<uint32_t>(day.group)},
                 {"unix_day", day.day},
                 {"error", base::Message(block.status())}});
      continue;
    }
    if (block->empty()) continue;
    batch.Put(Family::kSlices, LatencyStore::DayKey(day.sli, day.group, day.day), block->Encode());
  }
  latencies_.VisitChanged([&](slo::SliId sli, slo::GroupId group,
                              const slo::ResidentLatencyHour& hour) {
    batch.Put(Family::kSlices, LatencyStore::HourKey(sli, group, hour.hour), hour.block.Encode());
  });
}

void Core::PutMetricStreams(storage::Batch& batch) const {
  engine_.metric_streams().VisitChanged(
      [&](const slo::StreamKey& key, const slo::MetricStream* stream) {
        std::string stored_key = storage::MetricStreamKey(key.high, key.low);
        if (stream == nullptr) return batch.Delete(Family::kStreams, std::move(stored_key));
        batch.Put(Family::kStreams, std::move(stored_key),
                  internal::EncodeMetricStream(key, *stream).SerializeAsString());
      },
      [&](const slo::MetricSourceKey& key, const slo::MetricSource* source) {
        std::string stored_key =
            storage::MetricSourceKey(static_cast<uint32_t>(key.sli), key.writer);
        if (source == nullptr) return batch.Delete(Family::kStreams, std::move(stored_key));
        batch.Put(Family::kStreams, std::move(stored_key),
                  internal::EncodeMetricSource(key, *source).SerializeAsString());
      });
}

void Core::DropExpired(base::UnixNanos now, storage::Batch& batch) {
  // Hours live for the longest window and a day, and until their day block is made.
  const auto longest =
      std::max<std::chrono::seconds>(engine_.longest_window(), options_.engine.counting.max_late) +
      kDay;
  const uint32_t hours_from =
      std::min(DayOf(now - longest), engine_.table().FirstUnrolledDay(base::FloorSeconds(now)));
  using Kind = storage::SliceBlockKey::Kind;
  const auto drop = [&](uint32_t& kept_from, uint32_t until, std::initializer_list<Kind> kinds) {
    if (until <= kept_from) return false;
    // The first time there may be a long stretch that never held anything.
    uint32_t day = kept_from == 0 && until > 400 ? until - 400 : kept_from;
    for (; day < until; ++day) {
      for (const Kind kind : kinds) {
        storage::KeyRange range = storage::SliceBlocksOfDay(day, kind);
        batch.DeleteRange(Family::kSlices, std::move(range.begin), std::move(range.end));
      }
    }
    kept_from = until;
    return true;
  };
  if (drop(hours_kept_from_, hours_from, {Kind::kHour, Kind::kLatencyHour})) {
    batch.Put(Family::kMeta, storage::MetaKey("hours_kept_from"), std::to_string(hours_kept_from_));
  }
  // A past that was counted afterwards has hours older than any that were dropped above.
  const uint32_t days_from = DayOf(now - options_.retention);
  if (days_from <= hours_kept_from_) {
    drop(days_kept_from_, days_from, {Kind::kDay, Kind::kLatencyDay, Kind::kHour});
  } else {
    drop(days_kept_from_, days_from, {Kind::kDay, Kind::kLatencyDay});
  }
}

// Series that cannot be read must not hold up the checkpoints of counts.
storage::Batch Core::SeriesBatch(base::UnixNanos now, storage::CheckpointPace pace) {
  storage::Batch batch;
  const auto covered = series_.AddCheckpoint(UnixMillis(now), store_.last_sequence(), batch, pace);
  has_series_batch_ = covered.ok();
  if (covered.ok()) {
    log_needed_after_ = *covered;
    return batch;
  }
  if (series_checkpoints_failed_++ == 0) {
    base::Log(base::LogLevel::kError,
              "time series cannot be written, their samples stay in the log and memory",
              {{"error", base::Message(covered.status())}});
  }
  SeriesFailed();
  return storage::Batch();
}

bool Core::HasSeriesDue(base::UnixNanos now) const {
  return series_.has_series() && series_.IsBehind(UnixMillis(now));
}

void Core::SeriesWritten() {
  if (has_series_batch_) series_.CheckpointWritten();
}

void Core::SeriesFailed() {
  series_.CheckpointFailed();
  log_needed_after_ = series_.covered_sequence();
}

absl::StatusOr<storage::Batch> Core::MakeCheckpoint(base::UnixNanos now, storage::Batch batch) {
  if (absl::Status counts = PutCounts(now, batch); !counts.ok()) {
    CheckpointFailed();
    return counts;
  }
  PutLatencies(batch);
  DropExpired(now, batch);
  absl::flat_hash_map<std::string, std::string> alerts;
  for (const store::v1::AlertRecord& alert : alerts_.Records()) {
    std::string labels = ReadLabels(alert.labels()).Text();
    if (changed_alerts_.contains(labels))
      alerts.emplace(std::move(labels), alert.SerializeAsString());
  }
  for (const std::string& labels : changed_alerts_) {
    const auto found = alerts.find(labels);
    if (found == alerts.end()) {
      batch.Delete(Family::kAlerts, storage::AlertKey(labels));
    } else {
      batch.Put(Family::kAlerts, storage::AlertKey(labels), found->second);
    }
  }
  dedup_.PutChanged(store_.last_sequence(), batch);
  streams_.PutChanged(now, batch);
  exclusions_.PutChanged(batch);
  epochs_.PutChanged(batch);
  pasts_.PutChanged(batch);
  PutMetricStreams(batch);
  if (ledger_changed_)
    batch.Put(Family::kLedger, storage::LedgerKey(), ledger_.State().SerializeAsString());
  return batch;
}

void Core::CheckpointFailed() {
  SeriesFailed();
  streams_.CheckpointFailed();
  engine_.table().Unroll(rolled_);
  rolled_.clear();
  hours_kept_from_ = written_hours_kept_from_;
  days_kept_from_ = written_days_kept_from_;
}

void Core::CheckpointWritten() {
  SeriesWritten();
  streams_.CheckpointWritten();
  dedup_.CheckpointWritten();
  exclusions_.CheckpointWritten();
  epochs_.CheckpointWritten();
  pasts_.CheckpointWritten();
  engine_.metric_streams().MarkClean();
  rolled_.clear();
  written_hours_kept_from_ = hours_kept_from_;
  written_days_kept_from_ = days_kept_from_;
  engine_.table().SetHoursKeptFrom(hours_kept_from_);
  engine_.table().MarkClean();
  latencies_.MarkClean(static_cast<uint32_t>(
      std::chrono::floor<std::chrono::hours>(engine_.now()).time_since_epoch().count()));
  new_slis_.clear();
  new_groups_.clear();
  changed_alerts_.clear();
  ledger_changed_ = false;
  counts_changed_ = false;
}

}  // namespace slowburn::app
