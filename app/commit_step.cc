#include "app/commit_step.h"

#include <algorithm>
#include <numeric>
#include <utility>

#include "app/internal/commit_metrics.h"
#include "base/logging.h"
#include "base/mutant.h"
#include "base/status.h"

namespace slowburn::app {
namespace {

using base::LogLevel;
using SteadyTime = std::chrono::steady_clock::time_point;

constexpr std::chrono::seconds kCheckpointMin{1};
constexpr std::chrono::seconds kCheckpointMax{10};
// A checkpoint holds commits up. The next one comes so many times as much later, between min and
// max, so that few clients wait for one.
constexpr int kCheckpointShare = 200;
constexpr size_t kSlicesPerSecond = 24;
constexpr std::chrono::milliseconds kRetry{1000};
constexpr std::chrono::milliseconds kRetryWhenFull{5000};
constexpr std::chrono::seconds kClockJump{5};
constexpr std::chrono::seconds kLate{5};  // of ticks that are a second apart
constexpr std::chrono::seconds kFinishMax{20};
constexpr std::chrono::seconds kMemoryEvery{15};  // asking walks all groups

double Seconds(SteadyTime::duration duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

namespace {

// The payload goes to the downstreams or nowhere; what the request held is free before its client
// may send the next one.
void LetGo(SubmittedRequest& request) {
  request.payload.reset();
  request.counted.series.reset();
  request.lease.Release();
}

}  // namespace

void Answer(SubmittedRequest& request, RequestOutcome outcome) {
  LetGo(request);
  if (!request.series_answer) return std::move(request.answer)(std::move(outcome.answer));
  const SeriesOutcome& series = outcome.series;
  std::move(request.series_answer)(
      {.samples_written = SeriesOutcome::Written(series.samples),
       .histograms_written = SeriesOutcome::Written(series.histograms),
       .exemplars_written = SeriesOutcome::Written(series.exemplars),
       .refused =
           SeriesOutcome::Refused(series.samples) + SeriesOutcome::Refused(series.histograms),
       .exemplars_refused = SeriesOutcome::RefusedExemplars(series.exemplars),
       .message = std::move(outcome.answer.message)});
}

void Refuse(SubmittedRequest& request, std::string why, std::chrono::milliseconds retry_delay) {
  LetGo(request);
  constexpr auto kUnavailable = collector::ExportAnswer::Outcome::kUnavailable;
  if (request.series_answer) {
    std::move(request.series_answer)(
        {.outcome = kUnavailable, .message = std::move(why), .retry_delay = retry_delay});
  } else {
    std::move(request.answer)(
        {.outcome = kUnavailable, .message = std::move(why), .retry_delay = retry_delay});
  }
}

CommitStep::CommitStep(Options options, Core& core, storage::Store& store, CommitOutlet& outlet,
                       const base::Clock& clock, prometheus::Registry& registry)
    : options_(options),
      core_(core),
      store_(store),
      outlet_(outlet),
      clock_(clock),
      metrics_(std::make_unique<internal::CommitMetrics>(registry)) {
  store_.KeepLogAfter(core_.log_needed_after());
  alert_series_.Continue(core_.alerts());
}

CommitStep::~CommitStep() = default;

absl::Status CommitStep::BookLost() {
  store::v1::LogRecord lost;
  for (store::v1::LedgerDelta& delta : core_.ledger().LostWithLastProcess())
    *lost.add_ledger() = std::move(delta);
  return lost.ledger_size() > 0 ? Commit(lost) : absl::OkStatus();
}

// --- commits

absl::Status CommitStep::Append(const store::v1::LogRecord& record,
                                storage::Durability durability) {
  if (!health_.ok()) return health_;
  const SteadyTime start = clock_.Monotonic();
  absl::Status written = store_.AppendLog(record.SerializeAsString(), durability);
  metrics_->write_seconds.Observe(Seconds(clock_.Monotonic() - start));
  if (written.ok()) {
    if (durability == storage::Durability::kSynced) {
      unsynced_from_ = 0;  // it is on disk with all before it
    } else if (unsynced_from_ == 0) {
      unsynced_from_ = store_.last_sequence();
      last_sync_ = start;
    }
    metrics_->sequence.Set(static_cast<double>(store_.last_sequence()));
    if (disk_full_ && store_.RoomForIntake().ok()) {
      base::Log(LogLevel::kInfo, "disk has room again");
      disk_full_ = false;
    }
  } else if (absl::IsResourceExhausted(written)) {
    NoteFull(written);
  } else {
    Fail(written);
  }
  return written;
}

void CommitStep::NoteFull(const absl::Status& why) {
  if (!disk_full_) {
    base::Log(LogLevel::kError, "disk is full, free some space", {{"error", base::Message(why)}});
  }
  disk_full_ = true;
}

void CommitStep::Fail(const absl::Status& why) {
  if (!health_.ok()) return;
  health_ = why;
  base::Log(LogLevel::kError, "the store failed, nothing is taken any more",
            {{"error", base::Message(why)}});
  if (on_failure_) on_failure_(why);
}

void CommitStep::CommitGroup(std::vector<SubmittedRequest> group) {
  const SteadyTime start = clock_.Monotonic();
  if (const absl::Status room = store_.RoomForIntake(); !room.ok()) {
    NoteFull(room);
    Refuse(group, room);
    return;
  }
  std::vector<const CountedRequest*> counted;
  counted.reserve(group.size());
  for (const SubmittedRequest& request : group) counted.push_back(&request.counted);
  absl::StatusOr<RequestPlan> plan = base::Internal("not planned");
  {
    const std::unique_lock lock(core_mutex_);  // Planning loads hours.
    plan = core_.PlanRequests(counted, clock_.Now());
  }
  if (!plan.ok() && group.size() > 1) {
    // An hour that cannot be read fails the request that needs it, not those that came with it.
    for (SubmittedRequest& request : group) {
      std::vector<SubmittedRequest> alone;
      alone.push_back(std::move(request));
      CommitGroup(std::move(alone));
    }
    return;
  }
  if (!plan.ok()) {
    base::Log(LogLevel::kError, "requests cannot be counted",
              {{"error", base::Message(plan.status())}});
    Refuse(group, plan.status());
    return;
  }
  const storage::Durability durability =
      SB_MUTANT("ack_before_sync") ? storage::Durability::kBuffered : options_.durability;
  absl::Status written = Append(plan->record, durability);
  if (SB_MUTANT("ack_when_full") && absl::IsResourceExhausted(written)) written = {};
  if (!written.ok()) {
    Refuse(group, written);
    return;
  }
  outlet_.Prepare(group, *plan);
  {
    const std::unique_lock lock(core_mutex_);
    if (plan->series != nullptr) outlet_.RouteSamples(*plan->series);
    if (const absl::Status applied = core_.Apply(*plan); !applied.ok()) Fail(applied);
    outlet_.Route(group, *plan);
  }
  AnswerAll(group, *plan);
  core_.TakeBack(std::move(plan->record));
  metrics_->commit_seconds.Observe(Seconds(clock_.Monotonic() - start));
}

void CommitStep::AnswerAll(std::vector<SubmittedRequest>& group, RequestPlan& plan) {
  const auto& too_late = plan.counts.too_late;
  metrics_->too_late.Increment(
      static_cast<double>(std::accumulate(too_late.begin(), too_late.end(), uint64_t{0})));
  metrics_->overflowed.Increment(static_cast<double>(plan.counts.overflowed));
  metrics_->latencies_dropped.Increment(static_cast<double>(plan.counts.latencies_dropped));
  metrics_->metric_slis.Count(plan.metrics.tally);
  metrics_->out_of_order_points.Increment(static_cast<double>(plan.out_of_order_points));
  metrics_->untracked_points.Increment(static_cast<double>(plan.untracked_points));
  metrics_->duplicate_points.Increment(static_cast<double>(plan.duplicate_points));
  if (!plan.series_lost.ok()) {
    metrics_->series.requests_lost.Increment();
    base::Log(LogLevel::kError, "points are counted, and their samples are not stored",
              {{"error", base::Message(plan.series_lost)}});
  }
  for (size_t i = 0; i < group.size(); ++i) {
    SubmittedRequest& request = group[i];
    RequestOutcome& outcome = plan.outcomes[i];
    internal::SignalMetrics& counters = metrics_->of(request.counted);
    const int64_t rejected = outcome.is_resent ? 0 : outcome.answer.rejected;
    counters.rejected.Increment(static_cast<double>(rejected));
    counters.accepted.Increment(outcome.accepted);
    counters.duplicate.Increment(
        static_cast<double>(request.counted.items - outcome.accepted - rejected));
    Answer(request, std::move(outcome));
  }
}

void CommitStep::Refuse(std::vector<SubmittedRequest>& group, const absl::Status& why) {
  for (SubmittedRequest& request : group) {
    metrics_->of(request.counted).refused.Increment(request.counted.items);
    app::Refuse(request, fmt::format("not stored: {}", base::Message(why)),
                absl::IsResourceExhausted(why) ? kRetryWhenFull : kRetry);
  }
}

absl::Status CommitStep::Commit(const store::v1::LogRecord& record) {
  return Commit(record, options_.durability);
}

absl::Status CommitStep::Commit(const store::v1::LogRecord& record,
                                storage::Durability durability) {
  SB_RETURN_IF_ERROR(Append(record, durability));
  const std::unique_lock lock(core_mutex_);
  return core_.ApplyRecord(record);
}

absl::Status CommitStep::Commit(
    const std::function<absl::StatusOr<store::v1::LogRecord>(Core&)>& plan) {
  absl::StatusOr<store::v1::LogRecord> record = base::Internal("not planned");
  {
    const std::unique_lock lock(core_mutex_);
    record = plan(core_);
  }
  if (!record.ok()) return record.status();
  return Commit(*record);
}

absl::Status CommitStep::Exclude(const store::v1::ExclusionChange& change) {
  const base::UnixNanos now = clock_.Now();
  SB_ASSIGN_OR_RETURN(const store::v1::LogRecord record, core_.PlanExclusion(change, now));
  // Whoever asked is told that it is on disk, however requests are committed.
  SB_RETURN_IF_ERROR(Commit(record, storage::Durability::kSynced));
  const std::unique_lock lock(core_mutex_);
  return core_.Install(core_.engine().slos(), now);
}

absl::Status CommitStep::Install(std::shared_ptr<const slo::SloSet> slos,
                                 std::shared_ptr<const slo::ExclusionSet> of_files) {
  const base::UnixNanos now = clock_.Now();
  const store::v1::LogRecord record = core_.PlanInstall(*slos, now);
  if (record.time_unix_nano() != 0) SB_RETURN_IF_ERROR(Commit(record));
  {
    const std::unique_lock lock(core_mutex_);
    SB_RETURN_IF_ERROR(core_.Install(std::move(slos), std::move(of_files), now));
  }
  // The SLOs are in force: what cannot be written about their predecessors' alerts changes nothing.
  if (!SB_MUTANT("orphans_fire_on")) CommitAlerts(core_.PlanOrphanedAlerts(now));
  return absl::OkStatus();
}

// --- time

void CommitStep::AddRefused(const RefusedRequests& refused) {
  for (size_t i = 0; i < refused.size(); ++i) refused_[i] += refused[i];
}

void CommitStep::NoteTime(base::UnixNanos now) {
  const std::chrono::sys_seconds second = base::FloorSeconds(now);
  const SteadyTime monotonic = clock_.Monotonic();
  if (last_tick_.time_since_epoch().count() != 0) {
    const auto passed = std::chrono::floor<std::chrono::seconds>(monotonic - last_tick_monotonic_);
    const std::chrono::seconds jump = second - last_tick_ - passed;
    if (std::chrono::abs(jump) > kClockJump) {
      metrics_->clock_jumps.Increment();
      base::Log(LogLevel::kWarning, "the wall clock jumped", {{"seconds", jump.count()}});
    }
    if (passed > kLate) {
      base::Log(LogLevel::kWarning,
                "no SLO was looked at for some time, the machine or its disk is busy",
                {{"seconds", passed.count()}});
    }
  }
  last_tick_ = second;
  last_tick_monotonic_ = monotonic;
}

void CommitStep::BeginSecond() {
  const base::UnixNanos now = clock_.Now();
  NoteTime(now);
  StepAlerts(now);
  if (has_due()) return;  // So many requests came that the last second is not done.
  due_ = Due::kSloSeries;
  looks_left_ = SloSeries::kLooksPerSecond;
  slices_left_ = kSlicesPerSecond;
}

bool CommitStep::DoDue() {
  switch (due_) {
    case Due::kSloSeries:
      --looks_left_;
      if (!StoreSloSeries(clock_.Now()) || looks_left_ == 0) due_ = Due::kLedger;
      return true;
    case Due::kLedger:
      FlushLedger();
      due_ = Due::kCheckpoint;
      return true;
    case Due::kCheckpoint:
      CheckpointIfDue(clock_.Now(), /*last=*/false);
      due_ = Due::kSeries;
      return true;
    case Due::kSeries:
      if (slices_left_ > 0 && WriteSeriesSlice(clock_.Now())) {
        --slices_left_;
      } else {
        due_ = Due::kHighWater;
      }
      return true;
    case Due::kHighWater:
      // It syncs what is not: in mode `interval` that has its own time.
      if (unsynced_from_ == 0 || options_.durability == storage::Durability::kSynced)
        MarkHighWater();
      due_ = Due::kFigures;
      return true;
    case Due::kFigures:
      ShowFigures(clock_.Now());
      due_ = Due::kNothing;
      return true;
    case Due::kNothing:
      break;
  }
  return false;
}

void CommitStep::Tick() {
  BeginSecond();
  while (DoDue()) {
  }
}

void CommitStep::ShowFigures(base::UnixNanos now) {
  metrics_->dedup_window.Set(static_cast<double>(core_.dedup().EffectiveWindow(now).count()));
  metrics_->groups.Set(static_cast<double>(core_.engine().table().group_count()));
  if (last_tick_ >= next_memory_) {
    metrics_->slice_memory.Set(static_cast<double>(core_.engine().table().memory_bytes()));
    next_memory_ = last_tick_ + kMemoryEvery;
  }
  metrics_->idle_groups.Set(static_cast<double>(core_.engine().table().idle_count()));
  metrics_->dedup_entries.Set(static_cast<double>(core_.dedup().size()));
  metrics_->streams.Set(static_cast<double>(core_.streams().size()));
  metrics_->stream_memory.Set(static_cast<double>(core_.streams().memory_bytes()));
  const slo::MetricStreams& series = core_.engine().metric_streams();
  metrics_->metric_series.Set(static_cast<double>(series.size()));
  metrics_->metric_series_memory.Set(static_cast<double>(series.memory_bytes()));
  metrics_->series.Show(core_.series().counts(), store_.last_sequence() - core_.log_needed_after(),
                        core_.series_checkpoints_failed());
}

void CommitStep::StepAlerts(base::UnixNanos now) {
  store::v1::LogRecord record;
  {
    const SteadyTime start = clock_.Monotonic();
    const std::unique_lock lock(core_mutex_);
    record = core_.Step(now);
    metrics_->step_seconds.Observe(Seconds(clock_.Monotonic() - start));
    NoteRefusedAlerts(core_.alerts().refused());
  }
  CommitAlerts(record);
}

void CommitStep::NoteRefusedAlerts(uint64_t refused) {
  const uint64_t now = refused - std::exchange(alerts_refused_, refused);
  metrics_->alerts_refused.Set(static_cast<double>(now));
  if (std::exchange(is_refusing_alerts_, now > 0) == (now > 0)) return;
  if (now > 0) {
    base::Log(LogLevel::kError, "nobody is told of some alerts, raise limits.alerts",
              {{"conditions", now}});
  } else {
    base::Log(LogLevel::kInfo, "every alert has room again");
  }
}

void CommitStep::CommitAlerts(const store::v1::LogRecord& record) {
  if (record.alerts_size() == 0) return;
  if (const absl::Status committed = Commit(record); committed.ok()) {
    PublishAlerts(false);
    return;
  }
  // A page is worth more than its record: it goes out all the same, marked.
  {
    const std::unique_lock lock(core_mutex_);
    if (const absl::Status applied = core_.ApplyRecord(record); !applied.ok()) Fail(applied);
  }
  PublishAlerts(true);
}

void CommitStep::PublishAlerts(bool unpersisted) {
  std::vector<model::Alert> alerts = core_.alerts().Alerts();
  for (model::Alert& alert : alerts) alert.unpersisted = unpersisted;
  outlet_.Publish(std::move(alerts));
}

// Worth less than anything that was sent: what cannot be stored now is left out, and what is stored
// is synced with what comes next.
bool CommitStep::StoreSloSeries(base::UnixNanos now) {
  if (!options_.slo_series || !health_.ok()) return false;
  std::vector<std::unique_ptr<SeriesWrite>> looks;
  looks.push_back(slo_series_.Look(core_.engine(), core_.latencies()));
  looks.push_back(alert_series_.Look(core_.alerts(), core_.engine().now()));
  std::erase(looks, nullptr);
  if (looks.empty()) return false;
  const SteadyTime start = clock_.Monotonic();
  const absl::StatusOr<RequestPlan> plan = core_.PlanSeries(looks, now);
  absl::Status stored = plan.status();
  if (stored.ok() && !plan->record.samples().empty()) {
    stored = Append(plan->record, storage::Durability::kBuffered);
    if (stored.ok()) {
      const std::unique_lock lock(core_mutex_);
      outlet_.RouteSamples(*plan->series);
      stored = core_.Apply(*plan);
      if (!stored.ok()) Fail(stored);
    }
  }
  if (!stored.ok()) metrics_->series.looks_lost.Increment();
  metrics_->series.look_seconds.Observe(Seconds(clock_.Monotonic() - start));
  return true;
}

void CommitStep::FlushLedger() {
  store::v1::LogRecord record;
  DownstreamTotals totals = outlet_.Totals();
  DownstreamTotals all_flushed = flushed_totals_;  // readers look at the original
  for (const auto& [name, now] : totals) {
    serve::DownstreamLedger& flushed = all_flushed[name];
    const std::string prefix = fmt::format("forward/{}/", name);
    AddToLedger(record, prefix + "routed", now.routed - flushed.routed);
    AddToLedger(record, prefix + "delivered", now.delivered - flushed.delivered);
    for (const auto& [reason, items] : now.dropped) {
      AddToLedger(record, prefix + "dropped/" + reason, items - flushed.dropped[reason]);
    }
  }
  for (size_t i = 0; i < refused_.size(); ++i) {
    const auto reason = static_cast<collector::RequestRefusal>(i);
    AddToLedger(record, fmt::format("requests/refused/{}", collector::RequestRefusalName(reason)),
                refused_[i]);
  }
  if (record.ledger_size() == 0) return;
  record.set_time_unix_nano(clock_.Now().time_since_epoch().count());
  if (!Append(record, options_.durability).ok()) return;  // Next second again.
  refused_ = {};
  const std::unique_lock lock(core_mutex_);
  if (const absl::Status applied = core_.ApplyRecord(record); !applied.ok()) Fail(applied);
  flushed_totals_ = std::move(totals);
}

serve::LedgerReading CommitStep::ReadLedger() const {
  const std::shared_lock lock(core_mutex_);
  serve::LedgerReading reading = core_.ledger().Reading();
  for (const auto& [name, now] : outlet_.Totals()) {
    serve::DownstreamLedger& downstream = reading.downstreams[name];
    downstream.routed += now.routed;
    downstream.delivered += now.delivered;
    downstream.pending = now.pending;
    for (const auto& [reason, items] : now.dropped) downstream.dropped[reason] += items;
    const auto flushed = flushed_totals_.find(name);
    if (flushed == flushed_totals_.end()) continue;
    downstream.routed -= flushed->second.routed;
    downstream.delivered -= flushed->second.delivered;
    for (const auto& [reason, items] : flushed->second.dropped) downstream.dropped[reason] -= items;
  }
  return reading;
}

std::chrono::nanoseconds CommitStep::UntilSync() const {
  if (unsynced_from_ == 0) return std::chrono::hours(1);
  return std::max<std::chrono::nanoseconds>(
      last_sync_ + options_.sync_interval - clock_.Monotonic(), std::chrono::nanoseconds(0));
}

void CommitStep::SyncIfDue() {
  const SteadyTime now = clock_.Monotonic();
  if (unsynced_from_ == 0 || now - last_sync_ < options_.sync_interval) return;
  last_sync_ = now;  // Tried: a full disk is not asked again at once.
  if (const absl::Status synced = store_.SyncLog(); synced.ok()) {
    unsynced_from_ = 0;
  } else if (!absl::IsResourceExhausted(synced)) {
    Fail(synced);
  }
}

bool CommitStep::CheckpointIfDue(base::UnixNanos now, bool last) {
  const SteadyTime start = clock_.Monotonic();
  if (!core_.HasChanges() || (!last && start < next_checkpoint_) || !health_.ok()) return false;
  const uint64_t rounds = core_.series().counts().rounds;
  // Series have a lock of their own: whoever reads the core need not wait for them.
  storage::Batch series = core_.SeriesBatch(
      now, last ? storage::CheckpointPace::kFinish : storage::CheckpointPace::kSteady);
  absl::StatusOr<storage::Batch> batch = base::Internal("not made");
  {
    const std::unique_lock lock(core_mutex_);
    batch = core_.MakeCheckpoint(now, std::move(series));
  }
  if (!batch.ok()) {
    base::Log(LogLevel::kError, "a checkpoint cannot be made",
              {{"error", base::Message(batch.status())}});
    next_checkpoint_ = start + kCheckpointMax;
    return false;
  }
  store_.KeepLogAfter(core_.log_needed_after());
  if (const absl::Status written = store_.WriteCheckpoint(*std::move(batch)); !written.ok()) {
    const std::unique_lock lock(core_mutex_);
    core_.CheckpointFailed();
    store_.KeepLogAfter(core_.log_needed_after());
    if (!absl::IsResourceExhausted(written)) Fail(written);
    next_checkpoint_ = start + kCheckpointMax;
    return false;
  }
  {
    const std::unique_lock lock(core_mutex_);
    core_.CheckpointWritten();
    metrics_->latency_memory.Set(static_cast<double>(core_.latencies().memory_bytes()));
  }
  const SteadyTime::duration took = clock_.Monotonic() - start;
  metrics_->checkpoint_seconds.Observe(Seconds(took));
  next_checkpoint_ = start + std::clamp<SteadyTime::duration>(took * kCheckpointShare,
                                                              kCheckpointMin, kCheckpointMax);
  if (!last) ReclaimAfter(rounds);
  return true;
}

bool CommitStep::WriteSeriesSlice(base::UnixNanos now) {
  if (!health_.ok() || !core_.HasSeriesDue(now)) return false;
  const SteadyTime start = clock_.Monotonic();
  const uint64_t rounds = core_.series().counts().rounds;
  const uint64_t failed = core_.series_checkpoints_failed();
  storage::Batch batch = core_.SeriesBatch(now, storage::CheckpointPace::kSteady);
  if (core_.series_checkpoints_failed() != failed) return false;  // The next second tries again.
  if (const absl::Status written = store_.WriteStates(std::move(batch)); !written.ok()) {
    core_.SeriesFailed();
    if (!absl::IsResourceExhausted(written)) Fail(written);
    return false;
  }
  core_.SeriesWritten();
  store_.KeepLogAfter(core_.log_needed_after());
  metrics_->series.slice_seconds.Observe(Seconds(clock_.Monotonic() - start));
  ReclaimAfter(rounds);
  return true;
}

// If a round over the series ended since there were so many.
void CommitStep::ReclaimAfter(uint64_t rounds) {
  if (core_.series().counts().rounds != rounds) store_.Reclaim(/*last=*/false);
}

void CommitStep::MarkHighWater() {
  if (store_.last_sequence() == marked_sequence_ || !health_.ok()) return;
  if (const absl::Status marked = store_.MarkHighWater(); !marked.ok()) {
    base::Log(LogLevel::kWarning, "the high-water mark cannot be written",
              {{"error", base::Message(marked)}});
    return;
  }
  marked_sequence_ = store_.last_sequence();
  unsynced_from_ = 0;
}

void CommitStep::Finish() {
  FlushLedger();
  // Slice by slice until no record is needed any more. What is not done in time the log has.
  const SteadyTime deadline = clock_.Monotonic() + kFinishMax;
  const uint64_t failed = core_.series_checkpoints_failed();
  while (CheckpointIfDue(clock_.Now(), /*last=*/true) &&
         core_.log_needed_after() < store_.last_sequence() &&
         core_.series_checkpoints_failed() == failed && clock_.Monotonic() < deadline) {
  }
  if (unsynced_from_ != 0 && store_.SyncLog().ok()) unsynced_from_ = 0;
  MarkHighWater();
  if (health_.ok()) store_.Reclaim(/*last=*/true);
}

}  // namespace slowburn::app
