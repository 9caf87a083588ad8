// app/core.h: the whole state of the program and how a commit changes it: counts, latencies,
// alerts, dedup, streams, ledger, time series.
//
// Room     app
// Uses     slo/, rules/, storage/api, storage/series, proto (slowburn/store)
// Threads  one thread steps it; others read under the lock of the commit loop
// Units    engine time
//
// A step is always the same three: Plan... says what would change, as a log record; the caller
// makes the record durable; Apply makes it true. Replaying the log applies the same records, so a
// restart comes to the same state.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "app/block_store.h"
#include "app/dedup_window.h"
#include "app/exclusion_book.h"
#include "app/latency_store.h"
#include "app/ledger.h"
#include "app/request_plan.h"
#include "app/sli_pasts.h"
#include "app/slo_epochs.h"
#include "app/stream_table.h"
#include "base/clock.h"
#include "rules/alert_book.h"
#include "slo/engine.h"
#include "slo/latency_table.h"
#include "storage/api/store.h"
#include "storage/series/series_store.h"

namespace slowburn::app {

class Core {
 public:
  struct Options {
    slo::Engine::Options engine;
    rules::AlertBook::Options alerts;
    uint64_t dedup_bytes_max = 256 << 20;
    std::chrono::seconds retention{400 * 24 * 3600};
    bool dead_man = true;
    StreamTable::Options streams;
    slo::LatencyTable::Options latencies;
    storage::SeriesOptions series;
    bool count_pasts = false;             // who sets it drives pasts(), or new SLIs wait for ever
    std::vector<Downstream> downstreams;  // an accepted item goes to all that take its signal
  };
  // `store` must outlive the core.
  Core(Options options, const storage::Store& store);

  // Loads the checkpoints, then replays what is newer. kDataLoss when they do not fit together.
  // Afterwards the log has to be kept after log_needed_after().
  absl::Status Recover(base::UnixNanos now);

  // --- requests
  // Where stored series cannot be read: one request alone is planned without its samples if it
  // counts for anything else; all others fail.
  absl::StatusOr<RequestPlan> PlanRequests(const std::vector<const CountedRequest*>& requests,
                                           base::UnixNanos now);
  absl::Status Apply(const RequestPlan& plan);
  // Of a plan that was applied: the next one is made in its memory. Optional.
  void TakeBack(store::v1::LogRecord record);
  // Samples that no request brings. kDataLoss where stored series cannot be read.
  absl::StatusOr<RequestPlan> PlanSeries(const std::vector<std::unique_ptr<SeriesWrite>>& writes,
                                         base::UnixNanos now);

  // --- time: engine time moves at once (it is no state that a restart needs); what alerts change
  // comes back as a record, empty when nothing does.
  store::v1::LogRecord Step(base::UnixNanos now);

  // --- SLOs
  // Registrations of SLIs, their pasts and epochs of SLOs that `slos` brings; without any it has no
  // time and need not be kept.
  store::v1::LogRecord PlanInstall(const slo::SloSet& slos, base::UnixNanos now) const;
  // With the exclusions of the files and those of the API. kInvalidArgument, and nothing has
  // changed, when they do not go together.
  absl::Status Install(std::shared_ptr<const slo::SloSet> slos,
                       std::shared_ptr<const slo::ExclusionSet> of_files, base::UnixNanos now);
  // With the exclusions that there are.
  absl::Status Install(std::shared_ptr<const slo::SloSet> slos, base::UnixNanos now) {
    return Install(std::move(slos), exclusions_.of_files(), now);
  }
  // What the API asks for; in force once it is applied and Install has been called. Errors as
  // ExclusionBook::After.
  absl::StatusOr<store::v1::LogRecord> PlanExclusion(const store::v1::ExclusionChange& change,
                                                     base::UnixNanos now) const;

  // Ends what fires or waits and is no longer asked for: its SLO is not in force any more, or has
  // other labels, tiers or groups, which nobody has to watch for a while to know. Empty when there
  // is none.
  store::v1::LogRecord PlanOrphanedAlerts(base::UnixNanos now) const;

  // Live (but for requests) and on replay.
  absl::Status ApplyRecord(const store::v1::LogRecord& record);

  // --- checkpoints
  bool HasChanges() const;
  // Absolute states of all that changed since the last one; also rolls days and drops what is past
  // its retention, a bounded piece each time. Series that cannot be read are left out of it: then
  // the log is kept for them.
  absl::StatusOr<storage::Batch> MakeCheckpoint(base::UnixNanos now) {
    return MakeCheckpoint(now, SeriesBatch(now, storage::CheckpointPace::kSteady));
  }
  // In two steps, of which the first needs no lock against readers of the core.
  storage::Batch SeriesBatch(base::UnixNanos now, storage::CheckpointPace pace);
  absl::StatusOr<storage::Batch> MakeCheckpoint(base::UnixNanos now, storage::Batch series);
  // Whether a slice of series is due already: SeriesBatch by itself, and then one of these.
  bool HasSeriesDue(base::UnixNanos now) const;
  void SeriesWritten();
  void SeriesFailed();
  // Records up to here are not needed any more, once the batch that was made is written.
  uint64_t log_needed_after() const { return log_needed_after_; }
  // The batch is in the store.
  void CheckpointWritten();
  // The batch did not reach the store: all that it held is due again.
  void CheckpointFailed();

  slo::Engine& engine() { return engine_; }
  const slo::Engine& engine() const { return engine_; }
  const rules::AlertBook& alerts() const { return alerts_; }
  rules::AlertBook& alerts() { return alerts_; }
  const ExclusionBook& exclusions() const { return exclusions_; }
  const DedupWindow& dedup() const { return dedup_; }
  const StreamTable& streams() const { return streams_; }
  const slo::LatencyTable& latencies() const { return latencies_; }
  const Ledger& ledger() const { return ledger_; }
  const SloEpochs& epochs() const { return epochs_; }
  SliPasts& pasts() { return pasts_; }
  const SliPasts& pasts() const { return pasts_; }
  const BlockStore& blocks() const { return blocks_; }
  // Its readers need no lock; what they hold of it must end before the core does.
  const storage::SeriesStore& series() const { return series_; }
  uint64_t series_checkpoints_failed() const { return series_checkpoints_failed_; }
  // The first moment whose counts are still kept.
  std::chrono::sys_seconds retained_from(base::UnixNanos now) const;

 private:
  absl::Status LoadSlis(const storage::Snapshot& snapshot);
  absl::Status LoadGroups(const storage::Snapshot& snapshot);
  absl::Status LoadEpochs(const storage::Snapshot& snapshot);
  absl::Status LoadPasts(const storage::Snapshot& snapshot);
  absl::Status LoadAlertsDedupLedger(const storage::Snapshot& snapshot, base::UnixNanos now);
  absl::Status LoadStreams(const storage::Snapshot& snapshot);
  absl::Status LoadExclusions(const storage::Snapshot& snapshot);
  absl::Status LoadMetricStreams(const storage::Snapshot& snapshot);
  absl::Status LoadCheckpoints(base::UnixNanos now);
  absl::Status ReplayRecord(uint64_t sequence, std::string_view bytes, base::UnixNanos now);
  absl::Status ApplyAllButCounts(const store::v1::LogRecord& record);
  std::vector<SliPasts::Deferred> DeferredOf(
      std::span<const slo::MetricStreams::Request> requests) const;
  void AddDeadMan(std::vector<model::AlertCondition>& conditions) const;
  absl::Status PutCounts(base::UnixNanos now, storage::Batch& batch);
  void PutLatencies(storage::Batch& batch);
  void PutMetricStreams(storage::Batch& batch) const;
  void DropExpired(base::UnixNanos now, storage::Batch& batch);

  Options options_;
  const storage::Store& store_;
  BlockStore blocks_;
  LatencyStore latency_blocks_;
  slo::Engine engine_;
  slo::LatencyTable latencies_;
  ExclusionBook exclusions_;
  rules::AlertBook alerts_;
  DedupWindow dedup_;
  StreamTable streams_;
  Ledger ledger_;
  SloEpochs epochs_;
  SliPasts pasts_;
  store::v1::LogRecord spent_;
  storage::SeriesStore series_;
  uint64_t log_needed_after_ = 0;
  uint64_t series_checkpoints_failed_ = 0;
  bool has_series_batch_ = false;  // the newest SeriesBatch could be made

  // Since the last checkpoint.
  std::vector<store::v1::SliRegistration> new_slis_;
  std::vector<store::v1::GroupAdmission> new_groups_;
  std::set<std::string> changed_alerts_;
  std::vector<slo::SliTable::RolledDay> rolled_;  // by the checkpoint that is being written
  bool ledger_changed_ = false;
  bool counts_changed_ = false;
  uint32_t hours_kept_from_ = 0;  // unix days
  uint32_t days_kept_from_ = 0;
  uint32_t written_hours_kept_from_ = 0;  // what the store has of these two
  uint32_t written_days_kept_from_ = 0;
};

}  // namespace slowburn::app
