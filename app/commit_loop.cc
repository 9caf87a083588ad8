#include "app/commit_loop.h"

#include <algorithm>

#include "base/logging.h"
#include "base/status.h"

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

std::string_view RefusalName(collector::RequestRefusal reason) {
  switch (reason) {
    case collector::RequestRefusal::kUndecodable:
      return "undecodable";
    case collector::RequestRefusal::kTooLarge:
      return "too_large";
    case collector::RequestRefusal::kUnsupported:
      return "unsupported";
  }
  return "unsupported";
}

prometheus::Counter& AddCounter(prometheus::Registry& registry, const char* name, const char* help,
                                const prometheus::Labels& labels = {}) {
  return prometheus::BuildCounter().Name(name).Help(help).Register(registry).Add(labels);
}

prometheus::Gauge& AddGauge(prometheus::Registry& registry, const char* name, const char* help) {
  return prometheus::BuildGauge().Name(name).Help(help).Register(registry).Add({});
}

prometheus::Histogram& AddSeconds(prometheus::Registry& registry, const char* name,
                                  const char* help) {
  return prometheus::BuildHistogram().Name(name).Help(help).Register(registry).Add(
      {}, prometheus::Histogram::BucketBoundaries{0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005,
                                                  0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10});
}

double SecondsSince(steady_clock::time_point start) {
  return std::chrono::duration<double>(steady_clock::now() - start).count();
}

}  // namespace

struct CommitLoop::Metrics {
  explicit Metrics(prometheus::Registry& registry)
      : accepted(AddCounter(registry, "slowburn_collector_spans_accepted_total",
                            "Spans that were counted and are durable.")),
        duplicate(AddCounter(registry, "slowburn_collector_spans_duplicate_total",
                             "Spans of requests that were sent again.")),
        rejected(AddCounter(registry, "slowburn_collector_spans_rejected_total",
                            "Spans refused for good, in partial success.")),
        refused(AddCounter(registry, "slowburn_collector_spans_refused_total",
                           "Spans not taken for now: the client sends again.")),
        too_late(AddCounter(registry, "slowburn_slo_events_too_late_total",
                            "Events older than max_late: accepted, not counted.")),
        overflowed(AddCounter(registry, "slowburn_slo_events_overflowed_total",
                              "Events counted in the group __overflow__.")),
        clock_jumps(AddCounter(registry, "slowburn_app_clock_jumps_total",
                               "Steps of the wall clock of more than 5 s.")),
        alerts_refused(AddGauge(registry, "slowburn_rules_alerts_refused",
                                "Alert conditions beyond the limit of alerts.")),
        dedup_window(AddGauge(registry, "slowburn_app_dedup_window_seconds",
                              "How far back a resent request is recognised.")),
        dedup_entries(
            AddGauge(registry, "slowburn_app_dedup_entries", "Requests that would be recognised.")),
        queue_bytes(AddGauge(registry, "slowburn_app_commit_queue_bytes",
                             "Bytes of requests that wait for their commit.")),
        groups(AddGauge(registry, "slowburn_slo_groups", "Groups of all SLIs, totals included.")),
        slice_memory(AddGauge(registry, "slowburn_slo_slice_memory_bytes",
                              "Memory of slices and window sums.")),
        sequence(
            AddGauge(registry, "slowburn_storage_log_sequence", "Sequence of the newest commit.")),
        commit_seconds(AddSeconds(registry, "slowburn_app_commit_duration_seconds",
                                  "From taking a group of requests to its answers.")),
        write_seconds(AddSeconds(registry, "slowburn_storage_write_duration_seconds",
                                 "One log append, fsync included.")),
        checkpoint_seconds(
            AddSeconds(registry, "slowburn_app_checkpoint_duration_seconds", "One checkpoint.")),
        step_seconds(AddSeconds(registry, "slowburn_slo_step_duration_seconds",
                                "One evaluation of every SLO.")) {}

  prometheus::Counter &accepted, &duplicate, &rejected, &refused, &too_late, &overflowed,
      &clock_jumps;
  prometheus::Gauge &alerts_refused, &dedup_window, &dedup_entries, &queue_bytes, &groups,
      &slice_memory, &sequence;
  prometheus::Histogram &commit_seconds, &write_seconds, &checkpoint_seconds, &step_seconds;
};

CommitLoop::CommitLoop(Options options, Core& core, storage::Store& store, Downstreams downstreams,
                       const base::Clock& clock, prometheus::Registry& registry)
    : options_(options),
      core_(core),
      store_(store),
      downstreams_(std::move(downstreams)),
      clock_(clock),
      metrics_(std::make_unique<Metrics>(registry)) {}

CommitLoop::~CommitLoop() { Stop(); }

// --- from any thread

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
  metrics_->refused.Increment(request.counted.items);
  std::move(request.answer)(
      {.outcome = collector::ExportAnswer::Outcome::kUnavailable, .message = std::move(refusal)});
}

void CommitLoop::CountRefused(collector::RequestRefusal reason) {
  const std::lock_guard lock(queue_mutex_);
  ++refused_[std::string(RefusalName(reason))];
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
  absl::StatusOr<Core::RequestPlan> plan = base::Internal("not planned");
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
  {
    const std::unique_lock lock(core_mutex_);
    if (const absl::Status applied = core_.Apply(*plan); !applied.ok()) Fail(applied);
  }
  Deliver(group, *plan);
  metrics_->commit_seconds.Observe(SecondsSince(start));
}

void CommitLoop::Deliver(std::vector<SubmittedRequest>& group, const Core::RequestPlan& plan) {
  metrics_->too_late.Increment(static_cast<double>(plan.too_late));
  metrics_->overflowed.Increment(static_cast<double>(plan.counts.overflowed));
  for (size_t i = 0; i < group.size(); ++i) {
    SubmittedRequest& request = group[i];
    const Core::RequestOutcome& outcome = plan.outcomes[i];
    if (outcome.duplicate) {
      metrics_->duplicate.Increment(request.counted.items);
    } else {
      metrics_->rejected.Increment(static_cast<double>(outcome.answer.rejected));
      metrics_->accepted.Increment(
          static_cast<double>(request.counted.items - outcome.answer.rejected));
      if (request.payload != nullptr && request.payload_items > 0) {
        for (forward::OtlpExporter* exporter : downstreams_.exporters) {
          exporter->Offer(request.payload, request.payload_items);
        }
      }
    }
    std::move(request.answer)(outcome.answer);
  }
}

void CommitLoop::Refuse(std::vector<SubmittedRequest>& group, const absl::Status& why) {
  for (SubmittedRequest& request : group) {
    metrics_->refused.Increment(request.counted.items);
    std::move(request.answer)({.outcome = collector::ExportAnswer::Outcome::kUnavailable,
                               .message = fmt::format("not stored: {}", base::Message(why)),
                               .retry_delay = absl::IsResourceExhausted(why)
                                                  ? kRetryWhenFull
                                                  : std::chrono::milliseconds(1000)});
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

absl::Status CommitLoop::Install(std::shared_ptr<const slo::SloSet> slos) {
  const base::UnixNanos now = clock_.Now();
  const store::v1::LogRecord registrations = core_.PlanInstall(*slos, now);
  if (registrations.slis_size() > 0) SB_RETURN_IF_ERROR(Commit(registrations));
  {
    const std::unique_lock lock(core_mutex_);
    SB_RETURN_IF_ERROR(core_.Install(std::move(slos), now));
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
  metrics_->dedup_entries.Set(static_cast<double>(core_.dedup().size()));
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

void CommitLoop::FlushLedger() {
  store::v1::LogRecord record;
  std::map<std::string, forward::OtlpExporter::Totals> now_totals;
  for (forward::OtlpExporter* exporter : downstreams_.exporters) {
    forward::OtlpExporter::Totals& flushed = flushed_totals_[exporter->name()];
    const forward::OtlpExporter::Totals& totals = now_totals[exporter->name()] = exporter->totals();
    const std::string prefix = fmt::format("forward/{}/", exporter->name());
    AddToLedger(record, prefix + "delivered", totals.delivered - flushed.delivered);
    for (const auto& [reason, items] : totals.dropped) {
      AddToLedger(record, prefix + "dropped/" + reason, items - flushed.dropped[reason]);
    }
  }
  std::map<std::string, uint64_t> refused;
  {
    const std::lock_guard lock(queue_mutex_);
    refused.swap(refused_);
  }
  for (const auto& [reason, requests] : refused)
    AddToLedger(record, "requests/refused/" + reason, requests);
  if (record.ledger_size() == 0) return;
  record.set_time_unix_nano(clock_.Now().time_since_epoch().count());
  if (Commit(record).ok()) {
    flushed_totals_ = std::move(now_totals);
    return;
  }
  const std::lock_guard lock(queue_mutex_);  // Next second again.
  for (const auto& [reason, requests] : refused) refused_[reason] += requests;
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
    metrics_->groups.Set(static_cast<double>(core_.engine().table().group_count()));
    metrics_->slice_memory.Set(static_cast<double>(core_.engine().table().memory_bytes()));
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
