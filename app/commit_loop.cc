#include "app/commit_loop.h"

#include <algorithm>
#include <numeric>

#include "app/internal/commit_metrics.h"
#include "base/logging.h"
#include "base/status.h"
#include "collector/without_items.h"

namespace slowburn::app {
namespace {

using base::LogLevel;
using std::chrono::steady_clock;

// The loop wakes each second, shortly after the wall clock's second begins.
constexpr std::chrono::milliseconds kTickDelay{2};
constexpr std::chrono::seconds kCheckpointMin{1};
constexpr std::chrono::seconds kCheckpointMax{10};
// Checkpoints may take this share of the loop's time.
constexpr int kCheckpointShare = 10;
constexpr std::chrono::milliseconds kRetryWhenFull{5000};
constexpr std::chrono::seconds kClockJump{5};
constexpr std::chrono::seconds kMemoryEvery{15};  // asking walks all groups

double SecondsSince(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

// The payload goes to the exporters or nowhere; what the request held is free before its client may
// send the next one.
void Answer(SubmittedRequest& request, collector::ExportAnswer answer) {
  request.payload.reset();
  request.lease.Release();
  std::move(request.answer)(std::move(answer));
}

}  // namespace

CommitLoop::CommitLoop(Options options, Core& core, storage::Store& store, Downstreams downstreams,
                       const base::Clock& clock, prometheus::Registry& registry)
    : options_(options),
      core_(core),
      store_(store),
      downstreams_(std::move(downstreams)),
      clock_(clock),
      metrics_(std::make_unique<internal::CommitMetrics>(registry)) {}

CommitLoop::~CommitLoop() { Stop(); }

// --- from any thread

bool CommitLoop::Forwards(model::Signal signal) const {
  return std::ranges::any_of(
      downstreams_.exporters,
      [signal](const forward::OtlpExporter* exporter) { return exporter->Takes(signal); });
}

void CommitLoop::Submit(SubmittedRequest request) {
  std::string refusal;
  {
    const std::lock_guard lock(queue_mutex_);
    if (!health_.ok()) {
      refusal = "the store has failed; this server takes nothing until it is restarted";
    } else if (!accepting_) {
      refusal = "the server is shutting down";
    } else if (queue_bytes_ + request.cost_bytes > options_.queue_bytes_max && !queue_.empty()) {
      refusal = "too many requests wait for the disk";
    } else {
      queue_bytes_ += request.cost_bytes;
      queue_.push_back(std::move(request));
      if (queue_.size() == 1) wake_.notify_one();
      return;
    }
  }
  metrics_->of(request.counted.signal).refused.Increment(request.counted.items);
  Answer(request, {.outcome = collector::ExportAnswer::Outcome::kUnavailable,
                   .message = std::move(refusal)});
}

void CommitLoop::CountRefused(collector::RequestRefusal reason) {
  const std::lock_guard lock(queue_mutex_);
  ++refused_[static_cast<size_t>(reason)];
}

absl::Status CommitLoop::Run(const std::function<absl::Status()>& command) {
  Command entry{&command, absl::OkStatus(), false};
  std::unique_lock lock(queue_mutex_);
  if (!accepting_) return base::Unavailable("the server is shutting down");
  commands_.push_back(&entry);
  wake_.notify_one();
  command_done_.wait(lock, [&] { return entry.done; });
  return entry.result;
}

absl::Status CommitLoop::health() const {
  const std::lock_guard lock(queue_mutex_);
  return health_;
}

void CommitLoop::Start() {
  PublishAlerts(false);
  {
    const std::lock_guard lock(queue_mutex_);
    accepting_ = true;
  }
  thread_ = std::jthread([this] { Loop(); });
}

void CommitLoop::Stop() {
  {
    const std::lock_guard lock(queue_mutex_);
    stopping_ = true;
    accepting_ = false;
  }
  wake_.notify_one();
  if (thread_.joinable()) thread_.join();
}

// --- the loop's thread

void CommitLoop::Loop() {
  for (;;) {
    std::vector<SubmittedRequest> group;
    bool has_commands = false;
    bool stop = false;
    {
      std::unique_lock lock(queue_mutex_);
      const auto now = clock_.Now();
      const auto next_tick = base::FloorSeconds(now) + std::chrono::seconds(1) + kTickDelay;
      wake_.wait_for(lock, std::min<std::chrono::nanoseconds>(next_tick - now, UntilSync()),
                     [&] { return !queue_.empty() || !commands_.empty() || stopping_; });
      if (queue_.size() <= options_.group_max) {
        group.swap(queue_);
      } else {
        const auto end = queue_.begin() + static_cast<std::ptrdiff_t>(options_.group_max);
        std::move(queue_.begin(), end, std::back_inserter(group));
        queue_.erase(queue_.begin(), end);
      }
      for (const SubmittedRequest& request : group) queue_bytes_ -= request.cost_bytes;
      metrics_->queue_bytes.Set(static_cast<double>(queue_bytes_));
      has_commands = !commands_.empty();
      stop = stopping_ && queue_.empty() && group.empty();
    }
    if (!group.empty()) CommitGroup(std::move(group));
    if (has_commands || stop) RunCommands();
    SyncIfDue();
    if (base::FloorSeconds(clock_.Now()) != last_tick_) Tick();
    if (stop) break;
  }
  FlushLedger();
  CheckpointIfDue(clock_.Now(), /*last=*/true);
  if (unsynced_from_ != 0 && store_.SyncLog().ok()) unsynced_from_ = 0;
  MarkHighWater();
}

absl::Status CommitLoop::Append(const store::v1::LogRecord& record) {
  if (const absl::Status failed = health(); !failed.ok()) return failed;
  const auto start = steady_clock::now();
  absl::Status written = store_.AppendLog(record.SerializeAsString(), options_.durability);
  metrics_->write_seconds.Observe(SecondsSince(start));
  if (written.ok()) {
    if (options_.durability == storage::Durability::kBuffered && unsynced_from_ == 0) {
      unsynced_from_ = store_.last_sequence();
      last_sync_ = start;
    }
    metrics_->sequence.Set(static_cast<double>(store_.last_sequence()));
    if (disk_full_) base::Log(LogLevel::kInfo, "disk has room again");
    disk_full_ = false;
  } else if (absl::IsResourceExhausted(written)) {
    if (!disk_full_)
      base::Log(LogLevel::kError, "disk is full, free some space",
                {{"error", base::Message(written)}});
    disk_full_ = true;
  } else {
    Fail(written);
  }
  return written;
}

void CommitLoop::Fail(const absl::Status& why) {
  {
    const std::lock_guard lock(queue_mutex_);
    if (!health_.ok()) return;
    health_ = why;
  }
  base::Log(LogLevel::kError, "the store failed, nothing is taken any more",
            {{"error", base::Message(why)}});
  if (on_failure_) on_failure_(why);
}

void CommitLoop::CommitGroup(std::vector<SubmittedRequest> group) {
  const auto start = steady_clock::now();
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
  if (const absl::Status written = Append(plan->record); !written.ok()) {
    Refuse(group, written);
    return;
  }
  TakeOut(group, *plan);
  {
    const std::unique_lock lock(core_mutex_);
    if (const absl::Status applied = core_.Apply(*plan); !applied.ok()) Fail(applied);
    Offer(group, *plan);
  }
  AnswerAll(group, *plan);
  metrics_->commit_seconds.Observe(SecondsSince(start));
}

// Points that came before are not passed on again, nor those that were refused just now. Rare: it
// takes a client that packs its points anew before it sends them again.
void CommitLoop::TakeOut(std::vector<SubmittedRequest>& group, const RequestPlan& plan) {
  for (size_t i = 0; i < group.size(); ++i) {
    const RequestOutcome& outcome = plan.outcomes[i];
    std::shared_ptr<const std::string>& payload = group[i].payload;
    if (payload == nullptr || outcome.removed.empty() || outcome.accepted == 0) continue;
    payload = std::make_shared<const std::string>(
        collector::WithoutItems(group[i].counted.signal, *payload, outcome.removed));
  }
}

// Under the lock, so that whoever reads the ledger finds what is routed with its exporter.
void CommitLoop::Offer(std::vector<SubmittedRequest>& group, const RequestPlan& plan) {
  for (size_t i = 0; i < group.size(); ++i) {
    const SubmittedRequest& request = group[i];
    if (request.payload == nullptr || plan.outcomes[i].accepted == 0) continue;
    for (forward::OtlpExporter* exporter : downstreams_.exporters) {
      if (!exporter->Takes(request.counted.signal)) continue;
      exporter->Offer(request.counted.signal, request.payload, plan.outcomes[i].accepted);
    }
  }
}

void CommitLoop::AnswerAll(std::vector<SubmittedRequest>& group, const RequestPlan& plan) {
  const auto& too_late = plan.counts.too_late;
  metrics_->too_late.Increment(
      static_cast<double>(std::accumulate(too_late.begin(), too_late.end(), uint64_t{0})));
  metrics_->overflowed.Increment(static_cast<double>(plan.counts.overflowed));
  metrics_->latencies_dropped.Increment(static_cast<double>(plan.counts.latencies_dropped));
  metrics_->metric_slis.Count(plan.metrics.tally);
  metrics_->out_of_order_points.Increment(static_cast<double>(plan.out_of_order_points));
  metrics_->untracked_points.Increment(static_cast<double>(plan.untracked_points));
  metrics_->duplicate_points.Increment(static_cast<double>(plan.duplicate_points));
  for (size_t i = 0; i < group.size(); ++i) {
    SubmittedRequest& request = group[i];
    const RequestOutcome& outcome = plan.outcomes[i];
    internal::SignalMetrics& counters = metrics_->of(request.counted.signal);
    const int64_t rejected = outcome.is_resent ? 0 : outcome.answer.rejected;
    counters.rejected.Increment(static_cast<double>(rejected));
    counters.accepted.Increment(outcome.accepted);
    counters.duplicate.Increment(
        static_cast<double>(request.counted.items - outcome.accepted - rejected));
    Answer(request, outcome.answer);
  }
}

void CommitLoop::Refuse(std::vector<SubmittedRequest>& group, const absl::Status& why) {
  for (SubmittedRequest& request : group) {
    metrics_->of(request.counted.signal).refused.Increment(request.counted.items);
    Answer(request,
           {.outcome = collector::ExportAnswer::Outcome::kUnavailable,
            .message = fmt::format("not stored: {}", base::Message(why)),
            .retry_delay =
                absl::IsResourceExhausted(why) ? kRetryWhenFull : std::chrono::milliseconds(1000)});
  }
}

void CommitLoop::RunCommands() {
  for (;;) {
    Command* command = nullptr;
    {
      const std::lock_guard lock(queue_mutex_);
      if (commands_.empty()) return;
      command = commands_.front();
      commands_.pop_front();
    }
    absl::Status result = (*command->run)();
    const std::lock_guard lock(queue_mutex_);
    command->result = std::move(result);
    command->done = true;
    command_done_.notify_all();
  }
}

absl::Status CommitLoop::Commit(const store::v1::LogRecord& record) {
  SB_RETURN_IF_ERROR(Append(record));
  const std::unique_lock lock(core_mutex_);
  return core_.ApplyRecord(record);
}

absl::Status CommitLoop::Exclude(const store::v1::ExclusionChange& change) {
  const base::UnixNanos now = clock_.Now();
  SB_ASSIGN_OR_RETURN(const store::v1::LogRecord record, core_.PlanExclusion(change, now));
  SB_RETURN_IF_ERROR(Commit(record));
  const std::unique_lock lock(core_mutex_);
  return core_.Install(core_.engine().slos(), now);
}

absl::Status CommitLoop::Install(std::shared_ptr<const slo::SloSet> slos,
                                 std::shared_ptr<const slo::ExclusionSet> of_files) {
  const base::UnixNanos now = clock_.Now();
  const store::v1::LogRecord record = core_.PlanInstall(*slos, now);
  if (record.time_unix_nano() != 0) SB_RETURN_IF_ERROR(Commit(record));
  {
    const std::unique_lock lock(core_mutex_);
    SB_RETURN_IF_ERROR(core_.Install(std::move(slos), std::move(of_files), now));
  }
  const store::v1::LogRecord ended = core_.PlanOrphanedAlerts(now);
  if (ended.alerts_size() > 0) {
    SB_RETURN_IF_ERROR(Commit(ended));
    PublishAlerts(false);
  }
  return absl::OkStatus();
}

// --- each second

void CommitLoop::Tick() {
  const base::UnixNanos now = clock_.Now();
  const auto second = base::FloorSeconds(now);
  if (last_tick_.time_since_epoch().count() != 0 &&
      (second < last_tick_ - kClockJump || second > last_tick_ + kClockJump)) {
    metrics_->clock_jumps.Increment();
    base::Log(LogLevel::kWarning, "the wall clock jumped",
              {{"seconds", (second - last_tick_).count()}});
  }
  last_tick_ = second;
  if (downstreams_.alertmanagers != nullptr) downstreams_.alertmanagers->Alive();
  StepAlerts(now);
  FlushLedger();
  CheckpointIfDue(now, /*last=*/false);
  if (unsynced_from_ == 0) MarkHighWater();
  metrics_->dedup_window.Set(static_cast<double>(core_.dedup().EffectiveWindow(now).count()));
  metrics_->groups.Set(static_cast<double>(core_.engine().table().group_count()));
  if (second >= next_memory_) {
    metrics_->slice_memory.Set(static_cast<double>(core_.engine().table().memory_bytes()));
    next_memory_ = second + kMemoryEvery;
  }
  metrics_->idle_groups.Set(static_cast<double>(core_.engine().table().idle_count()));
  metrics_->dedup_entries.Set(static_cast<double>(core_.dedup().size()));
  metrics_->streams.Set(static_cast<double>(core_.streams().size()));
  metrics_->stream_memory.Set(static_cast<double>(core_.streams().memory_bytes()));
  const slo::MetricStreams& series = core_.engine().metric_streams();
  metrics_->metric_series.Set(static_cast<double>(series.size()));
  metrics_->metric_series_memory.Set(static_cast<double>(series.memory_bytes()));
}

void CommitLoop::StepAlerts(base::UnixNanos now) {
  store::v1::LogRecord record;
  {
    const auto start = steady_clock::now();
    const std::unique_lock lock(core_mutex_);
    record = core_.Step(now);
    metrics_->step_seconds.Observe(SecondsSince(start));
    metrics_->alerts_refused.Set(static_cast<double>(core_.alerts().refused()));
  }
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

void CommitLoop::PublishAlerts(bool unpersisted) {
  if (downstreams_.alertmanagers == nullptr) return;
  std::vector<model::Alert> alerts = core_.alerts().Alerts();
  for (model::Alert& alert : alerts) alert.unpersisted = unpersisted;
  downstreams_.alertmanagers->Publish(std::move(alerts));
}

// What the exporters have done by now, by name.
CommitLoop::ExporterTotals CommitLoop::TotalsOfExporters() const {
  ExporterTotals totals;
  for (const forward::OtlpExporter* exporter : downstreams_.exporters)
    totals.emplace(exporter->name(), exporter->totals());
  return totals;
}

void CommitLoop::FlushLedger() {
  store::v1::LogRecord record;
  ExporterTotals totals = TotalsOfExporters();
  ExporterTotals all_flushed = flushed_totals_;  // readers look at the original
  for (const auto& [name, now] : totals) {
    forward::OtlpExporter::Totals& flushed = all_flushed[name];
    const std::string prefix = fmt::format("forward/{}/", name);
    AddToLedger(record, prefix + "delivered", now.delivered - flushed.delivered);
    for (const auto& [reason, items] : now.dropped) {
      AddToLedger(record, prefix + "dropped/" + reason, items - flushed.dropped[reason]);
    }
  }
  RefusedRequests refused{};
  {
    const std::lock_guard lock(queue_mutex_);
    refused.swap(refused_);
  }
  for (size_t i = 0; i < refused.size(); ++i) {
    const auto reason = static_cast<collector::RequestRefusal>(i);
    AddToLedger(record, fmt::format("requests/refused/{}", collector::RequestRefusalName(reason)),
                refused[i]);
  }
  if (record.ledger_size() == 0) return;
  record.set_time_unix_nano(clock_.Now().time_since_epoch().count());
  if (Append(record).ok()) {
    const std::unique_lock lock(core_mutex_);
    if (const absl::Status applied = core_.ApplyRecord(record); !applied.ok()) Fail(applied);
    flushed_totals_ = std::move(totals);
    return;
  }
  const std::lock_guard lock(queue_mutex_);  // Next second again.
  for (size_t i = 0; i < refused.size(); ++i) refused_[i] += refused[i];
}

serve::LedgerReading CommitLoop::ReadLedger() const {
  const std::shared_lock lock(core_mutex_);
  serve::LedgerReading reading = core_.ledger().Reading();
  for (const auto& [name, now] : TotalsOfExporters()) {
    serve::DownstreamLedger& downstream = reading.downstreams[name];
    downstream.delivered += now.delivered;
    downstream.pending = now.pending;
    for (const auto& [reason, items] : now.dropped) downstream.dropped[reason] += items;
    const auto flushed = flushed_totals_.find(name);
    if (flushed == flushed_totals_.end()) continue;
    downstream.delivered -= flushed->second.delivered;
    for (const auto& [reason, items] : flushed->second.dropped) downstream.dropped[reason] -= items;
  }
  return reading;
}

std::chrono::nanoseconds CommitLoop::UntilSync() const {
  if (unsynced_from_ == 0) return std::chrono::hours(1);
  return std::max<std::chrono::nanoseconds>(
      last_sync_ + options_.sync_interval - steady_clock::now(), std::chrono::nanoseconds(0));
}

void CommitLoop::SyncIfDue() {
  if (unsynced_from_ == 0 || steady_clock::now() - last_sync_ < options_.sync_interval) return;
  if (const absl::Status synced = store_.SyncLog(); synced.ok()) {
    unsynced_from_ = 0;
  } else if (!absl::IsResourceExhausted(synced)) {
    Fail(synced);
  }
}

void CommitLoop::CheckpointIfDue(base::UnixNanos now, bool last) {
  const auto start = steady_clock::now();
  if (!core_.HasChanges() || (!last && start < next_checkpoint_) || !health().ok()) return;
  absl::StatusOr<storage::Batch> batch = base::Internal("not made");
  {
    const std::unique_lock lock(core_mutex_);
    batch = core_.MakeCheckpoint(now);
  }
  if (!batch.ok()) {
    base::Log(LogLevel::kError, "a checkpoint cannot be made",
              {{"error", base::Message(batch.status())}});
    next_checkpoint_ = start + kCheckpointMax;
    return;
  }
  if (const absl::Status written = store_.WriteCheckpoint(*std::move(batch)); !written.ok()) {
    const std::unique_lock lock(core_mutex_);
    core_.CheckpointFailed();
    if (!absl::IsResourceExhausted(written)) Fail(written);
    next_checkpoint_ = start + kCheckpointMax;
    return;
  }
  {
    const std::unique_lock lock(core_mutex_);
    core_.CheckpointWritten();
    metrics_->latency_memory.Set(static_cast<double>(core_.latencies().memory_bytes()));
  }
  const auto took = steady_clock::now() - start;
  metrics_->checkpoint_seconds.Observe(std::chrono::duration<double>(took).count());
  next_checkpoint_ = start + std::clamp<steady_clock::duration>(took * kCheckpointShare,
                                                                kCheckpointMin, kCheckpointMax);
}

void CommitLoop::MarkHighWater() {
  if (store_.last_sequence() == marked_sequence_ || !health().ok()) return;
  if (const absl::Status marked = store_.MarkHighWater(); !marked.ok()) {
    base::Log(LogLevel::kWarning, "the high-water mark cannot be written",
              {{"error", base::Message(marked)}});
    return;
  }
  marked_sequence_ = store_.last_sequence();
}

}  // namespace slowburn::app
