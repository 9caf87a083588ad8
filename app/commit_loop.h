// app/commit_loop.h: the one writer: requests in groups, one record and one fsync each, then the
// answers; alerts each second.
//
// Room     app
// Uses     app/core.h, storage/api, forward/
// Threads  Submit, CountRefused, Run, Read and ReadLedger from any thread; the rest happens on the
//          loop's own thread
// Units    bytes, chrono
#pragma once

#include <array>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <shared_mutex>
#include <string>
#include <thread>
#include <vector>

#include <absl/status/status.h>
#include <prometheus/registry.h>

#include "app/core.h"
#include "base/clock.h"
#include "base/memory_budget.h"
#include "collector/ingest_sink.h"
#include "forward/alertmanager.h"
#include "forward/otlp_exporter.h"
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
};

class CommitLoop {
 public:
  struct Options {
    storage::Durability durability = storage::Durability::kSynced;
    std::chrono::milliseconds sync_interval{1000};  // with kBuffered
    uint64_t queue_bytes_max = 256 << 20;
    size_t group_max = 1024;  // requests a commit
  };
  // What the loop tells the outside. All must outlive it.
  struct Downstreams {
    forward::AlertmanagerForwarder* alertmanagers = nullptr;  // null: none configured
    std::vector<forward::OtlpExporter*> exporters;
  };
  // `core` has recovered. All references must outlive the loop.
  CommitLoop(Options options, Core& core, storage::Store& store, Downstreams downstreams,
             const base::Clock& clock, prometheus::Registry& registry);
  ~CommitLoop();  // Stop()

  // Whether some downstream takes this signal: then requests need a payload.
  bool Forwards(model::Signal signal) const;

  // Takes a request; its answer comes from the loop's thread. A full queue, a failed disk or a
  // stopped loop answers at once: unavailable.
  void Submit(SubmittedRequest request);
  // Counts a request that never became items; durable with the next second.
  void CountRefused(collector::RequestRefusal reason);
  // Runs `command` on the loop's thread between two commits and waits for it. kUnavailable once
  // stopped.
  absl::Status Run(const std::function<absl::Status()>& command);
  // For commands: makes `record` durable and applies it.
  absl::Status Commit(const store::v1::LogRecord& record);
  // For commands: these SLOs and exclusions of files from now on, beside those of the API.
  absl::Status Install(std::shared_ptr<const slo::SloSet> slos,
                       std::shared_ptr<const slo::ExclusionSet> of_files);
  // The exclusions that there are.
  absl::Status Install(std::shared_ptr<const slo::SloSet> slos) {
    return Install(std::move(slos), core_.exclusions().of_files());
  }
  // For commands: makes or removes an exclusion of the API, durable and in force when it returns.
  // Errors as Core::PlanExclusion. One that was made and cannot be brought into force, because
  // counts cannot be read, stays: the next Install tries again.
  absl::Status Exclude(const store::v1::ExclusionChange& change);

  // The core as of the last commit, under a shared lock: be brief.
  template <typename Fn>
  auto Read(Fn&& read) const {
    const std::shared_lock lock(core_mutex_);
    return read(core_);
  }

  // The ledger as of this instant. What an exporter delivered or dropped since the last second is
  // in it, though it becomes durable only with the next; what it holds is pending.
  serve::LedgerReading ReadLedger() const;

  // OK, or why nothing can be written any more (the disk failed): then `on_failure` has been
  // called, once.
  absl::Status health() const;
  void set_on_failure(std::function<void(const absl::Status&)> on_failure) {
    on_failure_ = std::move(on_failure);
  }

  void Start();
  // Commits what waits, writes a last checkpoint and marks the high water, then ends the thread.
  // Twice is harmless.
  void Stop();

 private:
  struct Command {
    const std::function<absl::Status()>* run;
    absl::Status result;
    bool done = false;
  };
  using ExporterTotals = std::map<std::string, forward::OtlpExporter::Totals>;
  using RefusedRequests = std::array<uint64_t, collector::kRequestRefusals>;

  void Loop();
  void CommitGroup(std::vector<SubmittedRequest> group);
  static void TakeOut(std::vector<SubmittedRequest>& group, const RequestPlan& plan);
  void Offer(std::vector<SubmittedRequest>& group, const RequestPlan& plan);
  void AnswerAll(std::vector<SubmittedRequest>& group, const RequestPlan& plan);
  void Refuse(std::vector<SubmittedRequest>& group, const absl::Status& why);
  void RunCommands();
  void Tick();
  void StepAlerts(base::UnixNanos now);
  ExporterTotals TotalsOfExporters() const;
  void FlushLedger();
  void SyncIfDue();
  std::chrono::nanoseconds UntilSync() const;
  void CheckpointIfDue(base::UnixNanos now, bool last);
  void MarkHighWater();
  absl::Status Append(const store::v1::LogRecord& record);
  void Fail(const absl::Status& why);
  void PublishAlerts(bool unpersisted);

  const Options options_;
  Core& core_;
  storage::Store& store_;
  const Downstreams downstreams_;
  const base::Clock& clock_;
  std::unique_ptr<internal::CommitMetrics> metrics_;
  std::function<void(const absl::Status&)> on_failure_;

  mutable std::mutex queue_mutex_;  // of the members up to the next blank line
  std::condition_variable wake_;
  std::condition_variable command_done_;
  std::vector<SubmittedRequest> queue_;
  std::deque<Command*> commands_;
  uint64_t queue_bytes_ = 0;
  bool stopping_ = false;
  bool accepting_ = false;
  RefusedRequests refused_{};
  absl::Status health_;

  // Shared by readers; the loop's thread takes it alone while it changes the core, or what of the
  // exporters' totals the core's ledger has.
  mutable std::shared_mutex core_mutex_;
  ExporterTotals flushed_totals_;

  // The loop's thread only.
  std::chrono::sys_seconds last_tick_{};
  std::chrono::sys_seconds next_memory_{};
  std::chrono::steady_clock::time_point next_checkpoint_{};
  std::chrono::steady_clock::time_point last_sync_{};
  uint64_t unsynced_from_ = 0;
  uint64_t marked_sequence_ = 0;
  bool disk_full_ = false;
  std::jthread thread_;
};

}  // namespace slowburn::app
