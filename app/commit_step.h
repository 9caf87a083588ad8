// app/commit_step.h: what the commit loop does, step by step: a group of requests, a record, a
// second, a checkpoint. It has no thread, no queue and no peers, so the simulator (tests/sim)
// drives the same code.
//
// Room     app
// Uses     app/core.h, collector/ (answers), serve/ (the ledger's reading), storage/api
// Threads  one thread steps it; Read and ReadLedger from any thread
// Units    chrono; items are spans, data points, log records
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <prometheus/registry.h>

#include "app/alert_series.h"
#include "app/core.h"
#include "app/slo_series.h"
#include "base/clock.h"
#include "base/memory_budget.h"
#include "collector/ingest_sink.h"
#include "collector/series_sink.h"
#include "serve/queries.h"
#include "storage/api/store.h"

namespace slowburn::app {
namespace internal {
struct CommitMetrics;
}

// A request that waits for its commit.
struct SubmittedRequest {
  CountedRequest counted;
  // The accepted items as protobuf, shared with the downstream queues; null when nobody takes them.
  std::shared_ptr<const std::string> payload;
  uint64_t cost_bytes = 0;  // what it holds while it waits
  base::MemoryLease lease;  // released with the answer
  collector::AnswerFn answer;
  collector::SeriesAnswerFn series_answer;  // of a remote write, instead of `answer`
};
// Lets go of what the request holds, then answers it.
void Answer(SubmittedRequest& request, RequestOutcome outcome);
// One that was not taken.
void Refuse(SubmittedRequest& request, std::string why, std::chrono::milliseconds retry_delay);

// Requests that never became items, by reason.
using RefusedRequests = std::array<uint64_t, collector::kRequestRefusals>;
// By the downstream's name: what it was given and what became of it, since the process began.
using DownstreamTotals = std::map<std::string, serve::DownstreamLedger>;

// Where the effects of a commit go, called by the stepping thread (Totals by readers too).
class CommitOutlet {
 public:
  virtual ~CommitOutlet() = default;
  // The group is durable, and not applied yet.
  virtual void Prepare(std::vector<SubmittedRequest>& group, const RequestPlan& plan) = 0;
  // It is applied. Under the core's lock, so that whoever reads the ledger finds what is routed
  // with its downstream.
  virtual void Route(std::vector<SubmittedRequest>& group, const RequestPlan& plan) = 0;
  // The samples are durable, and not applied yet. Likewise under the core's lock.
  virtual void RouteSamples(const storage::WritePlan&) {}
  // `routed` only of those downstreams for which commits do not book it: what gets samples.
  virtual DownstreamTotals Totals() const = 0;
  // Replaces what the Alertmanagers are to know.
  virtual void Publish(std::vector<model::Alert> alerts) = 0;
};

class CommitStep {
 public:
  struct Options {
    storage::Durability durability = storage::Durability::kSynced;
    std::chrono::milliseconds sync_interval{1000};  // with kBuffered
    bool slo_series = false;                        // how SLOs stand is stored as time series
  };
  // `core` has recovered. All references must outlive it.
  CommitStep(Options options, Core& core, storage::Store& store, CommitOutlet& outlet,
             const base::Clock& clock, prometheus::Registry& registry);
  ~CommitStep();

  // Called once, when the disk has failed: nothing can be written any more.
  void set_on_failure(std::function<void(const absl::Status&)> on_failure) {
    on_failure_ = std::move(on_failure);
  }
  const absl::Status& health() const { return health_; }
  internal::CommitMetrics& metrics() { return *metrics_; }  // thread-safe

  // --- at the start
  // Books as dropped what the last process had routed and did not see delivered.
  absl::Status BookLost();
  // Tells the outlet the alerts as they were left.
  void PublishAlerts() { PublishAlerts(/*unpersisted=*/false); }

  // --- commits
  // One record and one fsync for all; then each is answered, once.
  void CommitGroup(std::vector<SubmittedRequest> group);
  // Makes `record` durable and applies it.
  absl::Status Commit(const store::v1::LogRecord& record);
  // Likewise a record that `plan` makes of the core, which may load what it counts in.
  absl::Status Commit(const std::function<absl::StatusOr<store::v1::LogRecord>(Core&)>& plan);
  // These SLOs and exclusions of files from now on, beside those of the API.
  absl::Status Install(std::shared_ptr<const slo::SloSet> slos,
                       std::shared_ptr<const slo::ExclusionSet> of_files);
  // The exclusions that there are.
  absl::Status Install(std::shared_ptr<const slo::SloSet> slos) {
    return Install(std::move(slos), core_.exclusions().of_files());
  }
  // Makes or removes an exclusion of the API, durable and in force when it returns. Errors as
  // Core::PlanExclusion. One that was made and cannot be brought into force, because counts cannot
  // be read, stays: the next Install tries again.
  absl::Status Exclude(const store::v1::ExclusionChange& change);

  // --- time
  // To be booked with the next second.
  void AddRefused(const RefusedRequests& refused);
  // Each second: alerts at once. Series of SLOs, ledger, checkpoint, high-water mark become due.
  void BeginSecond();
  // One piece of what is due, so that requests are committed in between; false: nothing is.
  bool DoDue();
  bool has_due() const { return due_ != Due::kNothing; }
  // The whole of a second.
  void Tick();
  std::chrono::sys_seconds last_tick() const { return last_tick_; }
  // With kBuffered: how long the oldest buffered append may still wait; an hour when there is none.
  std::chrono::nanoseconds UntilSync() const;
  void SyncIfDue();
  // Once, at the end: nothing that was answered is left to the log alone.
  void Finish();

  // --- for readers
  // The core as of the last commit, under a shared lock: be brief.
  template <typename Fn>
  auto Read(Fn&& read) const {
    const std::shared_lock lock(core_mutex_);
    return read(core_);
  }
  // The ledger as of this instant. What a downstream delivered or dropped since the last second is
  // in it, though it becomes durable only with the next; what it holds is pending.
  serve::LedgerReading ReadLedger() const;

 private:
  // What a second asks for, in this order.
  enum class Due : uint8_t {
    kSloSeries,
    kLedger,
    kCheckpoint,
    kSeries,  // slices that are due besides that of a checkpoint
    kHighWater,
    kFigures,  // on /metrics
    kNothing
  };

  absl::Status Append(const store::v1::LogRecord& record, storage::Durability durability);
  void NoteFull(const absl::Status& why);
  absl::Status Commit(const store::v1::LogRecord& record, storage::Durability durability);
  void Fail(const absl::Status& why);
  void AnswerAll(std::vector<SubmittedRequest>& group, RequestPlan& plan);
  void Refuse(std::vector<SubmittedRequest>& group, const absl::Status& why);
  void CommitAlerts(const store::v1::LogRecord& record);
  void PublishAlerts(bool unpersisted);
  void NoteTime(base::UnixNanos now);
  void StepAlerts(base::UnixNanos now);
  // `refused`: conditions that found no room in the alert book, ever.
  void NoteRefusedAlerts(uint64_t refused);
  // Whether there may be more.
  bool StoreSloSeries(base::UnixNanos now);
  void FlushLedger();
  // Whether one was written.
  bool CheckpointIfDue(base::UnixNanos now, bool last);
  // Whether there may be more.
  bool WriteSeriesSlice(base::UnixNanos now);
  void ReclaimAfter(uint64_t rounds);
  void MarkHighWater();
  void ShowFigures(base::UnixNanos now);

  const Options options_;
  Core& core_;
  storage::Store& store_;
  CommitOutlet& outlet_;
  const base::Clock& clock_;
  const std::unique_ptr<internal::CommitMetrics> metrics_;
  std::function<void(const absl::Status&)> on_failure_;

  // Shared by readers; the stepping thread takes it alone while it changes the core, or what of the
  // downstreams' totals the core's ledger has.
  mutable std::shared_mutex core_mutex_;
  DownstreamTotals flushed_totals_;

  // The stepping thread only.
  absl::Status health_;
  RefusedRequests refused_{};
  uint64_t alerts_refused_ = 0;  // as of the last second
  bool is_refusing_alerts_ = false;
  SloSeries slo_series_;
  AlertSeries alert_series_;
  Due due_ = Due::kNothing;
  size_t looks_left_ = 0;   // at SLOs, in this second
  size_t slices_left_ = 0;  // of series
  std::chrono::sys_seconds last_tick_{};
  std::chrono::steady_clock::time_point last_tick_monotonic_{};
  std::chrono::sys_seconds next_memory_{};
  std::chrono::steady_clock::time_point next_checkpoint_{};
  std::chrono::steady_clock::time_point last_sync_{};
  uint64_t unsynced_from_ = 0;
  uint64_t marked_sequence_ = 0;
  bool disk_full_ = false;
};

}  // namespace slowburn::app
