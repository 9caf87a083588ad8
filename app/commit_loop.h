// app/commit_loop.h: the one writer: its thread takes requests in groups, commits and answers them,
// and steps time each second.
//
// Room     app
// Uses     app/commit_step.h, storage/api, forward/
// Threads  Submit, CountRefused, Run, Read and ReadLedger from any thread; the rest happens on the
//          loop's own thread
// Units    bytes, chrono
#pragma once

#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <thread>
#include <vector>

#include <absl/status/status.h>
#include <prometheus/registry.h>

#include "app/commit_step.h"
#include "app/series_forwarder.h"
#include "base/clock.h"
#include "collector/ingest_sink.h"
#include "forward/alertmanager.h"
#include "forward/otlp_exporter.h"
#include "storage/api/store.h"

namespace slowburn::app {

class CommitLoop final : private CommitOutlet {
 public:
  struct Options {
    storage::Durability durability = storage::Durability::kSynced;
    std::chrono::milliseconds sync_interval{1000};  // with kBuffered
    uint64_t queue_bytes_max = 256 << 20;
    size_t group_max = 1024;  // requests a commit
    bool slo_series = false;  // how SLOs stand is stored as time series
  };
  // What the loop tells the outside. All must outlive it.
  struct Downstreams {
    forward::AlertmanagerForwarder* alertmanagers = nullptr;  // null: none configured
    std::vector<forward::OtlpExporter*> exporters;
    SeriesForwarder* series = nullptr;  // null: nobody gets samples
  };
  // `core` has recovered. All references must outlive the loop.
  CommitLoop(Options options, Core& core, storage::Store& store, Downstreams downstreams,
             const base::Clock& clock, prometheus::Registry& registry);
  ~CommitLoop() override;  // Stop()

  // Whether some downstream takes this signal: then requests need a payload.
  bool Forwards(model::Signal signal) const;

  // Takes a request; its answer comes from the loop's thread. A full queue, a failed disk or a
  // stopped loop answers at once: unavailable.
  void Submit(SubmittedRequest request);
  // Answers one that cannot be taken just now: unavailable.
  void Refuse(SubmittedRequest request, const absl::Status& why);
  // Counts a request that never became items; durable with the next second.
  void CountRefused(collector::RequestRefusal reason);
  // Runs `command` on the loop's thread between two commits and waits for it. kUnavailable once
  // stopped.
  absl::Status Run(const std::function<absl::Status()>& command);
  // For commands: makes `record` durable and applies it.
  absl::Status Commit(const store::v1::LogRecord& record);
  absl::Status Commit(const std::function<absl::StatusOr<store::v1::LogRecord>(Core&)>& plan);
  // For commands, as CommitStep's.
  absl::Status Install(std::shared_ptr<const slo::SloSet> slos,
                       std::shared_ptr<const slo::ExclusionSet> of_files);
  absl::Status Install(std::shared_ptr<const slo::SloSet> slos);
  absl::Status Exclude(const store::v1::ExclusionChange& change);
  // Before Start: books as dropped what the last process had routed and did not see delivered.
  absl::Status BookLost();

  // The core as of the last commit, under a shared lock: be brief.
  template <typename Fn>
  auto Read(Fn&& read) const {
    return step_->Read(std::forward<Fn>(read));
  }
  // As CommitStep::ReadLedger.
  serve::LedgerReading ReadLedger() const { return step_->ReadLedger(); }

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

  void Loop();
  void RunCommands();
  void BookRefused();
  void BeginSecond();
  std::chrono::nanoseconds UntilNext() const;

  void Prepare(std::vector<SubmittedRequest>& group, const RequestPlan& plan) override;
  void Route(std::vector<SubmittedRequest>& group, const RequestPlan& plan) override;
  void RouteSamples(const storage::WritePlan& plan) override;
  DownstreamTotals Totals() const override;
  void Publish(std::vector<model::Alert> alerts) override;

  const Options options_;
  const Downstreams downstreams_;
  const base::Clock& clock_;
  const std::unique_ptr<CommitStep> step_;
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

  std::jthread thread_;
};

}  // namespace slowburn::app
