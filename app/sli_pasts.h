// app/sli_pasts.h: how far the past of SLIs on metrics is counted from the time series.
//
// Room     app
// Uses     slo/, storage/api, proto (slowburn/store)
// Threads  as app/core.h
// Units    slices; unix time
// Source   docs/metrics_sli.md, "The past"
//
// An SLI that is new where series are stored waits: its points are stored and not counted. Its tail
// (slo/metric_past.h) is counted elsewhere, from a snapshot; what is committed meanwhile is kept
// here and counted after it, in the record that lets the SLI begin. Then piece after piece, the
// newest first: a record has the counts of a piece and how far the past is counted with it. So a
// crash leaves nothing that would be counted twice or not at all.
#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <set>
#include <span>
#include <vector>

#include <absl/container/flat_hash_set.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "base/clock.h"
#include "slo/engine.h"
#include "slo/metric_past.h"
#include "slo/slo_status.h"
#include "slowburn/store/v1/log_record.pb.h"
#include "storage/api/store.h"

namespace slowburn::app {

class SliPasts {
 public:
  struct Past {
    slo::Slice tail_from = 0;  // 0: it waits
    slo::Slice counted_from = 0;
    uint64_t series_end = 0;
    slo::SeriesEdges edges;
    std::vector<slo::SliceRange> left_out;  // ascending

    bool is_waiting() const { return tail_from == 0; }
  };
  // What is next to be counted.
  struct Task {
    slo::SliId sli{};
    std::shared_ptr<const slo::SloSet> slos;  // shared: a reload must not take the spec away
    const slo::SloSpec* slo = nullptr;        // one that has the SLI
    Past past;
    slo::Slice goes_back_to = 0;
  };
  // One request's points for the SLI whose tail is being counted.
  struct Deferred {
    slo::MetricDelta delta;
    std::vector<uint32_t> left_out;  // positions, ascending
  };

  // `engine` must outlive it. No past goes back further than `retention`.
  SliPasts(slo::Engine& engine, std::chrono::seconds retention)
      : engine_(engine), retention_(retention) {}

  const Past* Find(slo::SliId sli) const;
  // Nothing for an SLI whose past was never looked for.
  std::optional<slo::PastStatus> StatusOf(slo::SliId sli, std::chrono::sys_seconds now) const;

  // Adds to `record` those SLIs of `slos` that have no id yet but by it, or never had a point.
  void PlanNew(const slo::SloSet& slos, store::v1::LogRecord& record) const;
  // Live, on replay and on restore.
  void Apply(const store::v1::SliPast& past);
  // After pasts or windows have changed: the engine knows how far counts are known.
  void TellEngine(std::chrono::sys_seconds now);

  // --- counting; tails first, then the pieces that are nearest to now
  std::optional<Task> Next(std::chrono::sys_seconds now) const;
  // SLIs with something left to count, and how much time that is.
  struct Left {
    size_t slis = 0;
    std::chrono::seconds time{0};
  };
  Left left(std::chrono::sys_seconds now) const;
  // From the next commit on points of the SLI are kept, until its tail is applied or another
  // begins.
  void BeginTail(slo::SliId sli);
  void AbandonTail();
  std::optional<slo::SliId> deferring() const { return deferring_; }
  void Defer(std::span<const Deferred> requests);
  // Whether more came than is kept: the tail cannot be counted to its end.
  bool overflowed() const { return deferred_bytes_ > kDeferredBytesMax; }

  struct Tail {
    slo::SliId sli{};
    slo::Slice from = 0;
    uint64_t series_end = 0;
    slo::PastTail counted;
    std::vector<slo::SliceRange> left_out;
  };
  // The SLI begins. kAborted where it does not wait any more, or is of no SLO.
  absl::StatusOr<store::v1::LogRecord> PlanTail(Tail tail, base::UnixNanos now);
  // A part of a piece whose newest slice is before `end`. kAborted where the past is not counted
  // down to `end`, or its SLI is of no SLO any more.
  absl::StatusOr<store::v1::LogRecord> PlanPart(slo::SliId sli, slo::Slice end,
                                                const slo::PastPiece::Part& part, uint64_t oldest,
                                                base::UnixNanos now);
  // The range, whose end is as above, cannot be read. Likewise kAborted.
  absl::StatusOr<store::v1::LogRecord> PlanLeftOut(slo::SliId sli, slo::SliceRange range,
                                                   base::UnixNanos now) const;

  // --- checkpoints
  bool HasChanges() const { return !changed_.empty(); }
  void PutChanged(storage::Batch& batch) const;
  void CheckpointWritten() { changed_.clear(); }

 private:
  static constexpr size_t kDeferredBytesMax = 64 << 20;

  static store::v1::SliPast Encode(slo::SliId sli, const Past& past);
  slo::Slice GoesBackTo(slo::SliId sli, std::chrono::sys_seconds now) const;
  // What to write when it is counted down to `begin`.
  absl::StatusOr<Past> After(slo::SliId sli, slo::Slice end, slo::Slice begin) const;
  // Distinct SLIs that read metrics, of SLOs in force, with one that has them.
  std::vector<std::pair<slo::SliId, const slo::SloSpec*>> InForce() const;
  void PutStates(const slo::MetricStreams& streams, store::v1::LogRecord& record) const;

  slo::Engine& engine_;
  const std::chrono::seconds retention_;
  std::map<slo::SliId, Past> pasts_;
  std::set<slo::SliId> changed_;  // since the last checkpoint
  std::optional<slo::SliId> deferring_;
  std::vector<Deferred> deferred_;
  size_t deferred_bytes_ = 0;
};

}  // namespace slowburn::app
