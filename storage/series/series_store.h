// storage/series/series_store.h: the time-series database: series by their labels, their samples,
// exemplars and metadata.
//
// Room     storage/series: no file, no RocksDB, no clock; it writes only by batches that its owner
// writes Uses     storage/api, storage/series Threads  one writer (everything but TakeSnapshot and
// statistics); readers: any thread Units    unix milliseconds Source   docs/format/series.md;
// DESIGN sections 3 and 5
//
// A commit is always the same three: a WritePlan says sample by sample what would change, the owner
// makes its part durable in a record of the log, Apply makes it true. Checkpoints bring what is in
// memory into the store a slice at a time; the log is needed from covered_sequence() on.
#pragma once

#include <cstdint>
#include <memory>
#include <stop_token>
#include <string_view>

#include <absl/status/status.h>

#include "storage/api/series_reader.h"
#include "storage/api/store.h"
#include "storage/series/head_state.h"
#include "storage/series/series_checkpoint.h"
#include "storage/series/series_retention.h"
#include "storage/series/write_plan.h"

namespace slowburn::storage {

class SeriesStore final : public SeriesReader {
 public:
  // `store` must outlive it.
  SeriesStore(SeriesOptions options, const Store& store)
      : state_(options, store), checkpoint_(state_), retention_(state_) {}

  // --- recovery: Recover, then Replay of each record after covered_sequence() that has a part
  // Loads what checkpoints wrote. kDataLoss where it does not fit together.
  absl::Status Recover(int64_t now_ms);
  absl::Status Replay(uint64_t sequence, std::string_view part, int64_t now_ms);
  // Records up to here are not needed any more.
  uint64_t covered_sequence() const { return state_.known.covered_sequence; }
  // Whether there ever was one: then checkpoints have something to do also while nothing comes.
  bool has_series() const { return state_.known.next_id > 1; }

  // --- commits
  std::unique_ptr<WritePlan> Plan(int64_t now_ms) {
    return std::make_unique<WritePlan>(state_, now_ms);
  }

  // --- checkpoints
  // Adds the next slice to `batch`, which holds states as of the record `sequence`, the newest
  // that was applied; then CheckpointWritten or CheckpointFailed before anything else. Returns what
  // covered_sequence() is once it is written. On an error nothing of the batch may be written.
  absl::StatusOr<uint64_t> AddCheckpoint(int64_t now_ms, uint64_t sequence, Batch& batch,
                                         CheckpointPace pace = CheckpointPace::kSteady);
  void CheckpointWritten();
  void CheckpointFailed();
  // Whether the next slice is due already.
  bool IsBehind(int64_t now_ms) const { return checkpoint_.IsBehind(now_ms); }

  // --- reading
  std::unique_ptr<SeriesSnapshot> TakeSnapshot(const ReadLimits& limits,
                                               std::stop_token stop) const override;

  struct Counts {
    uint64_t living_series = 0;
    uint64_t label_bytes = 0;  // of those
    uint64_t next_id = 0;      // series ever, plus 1
    uint64_t stored_samples = 0;
    uint64_t stored_bytes = 0;
    uint64_t days_dropped = 0;
    uint64_t rounds = 0;  // of checkpoints over all series
    WriteCounts written;
  };
  Counts counts() const;
  // Of the samples in the head. Asks every series: not for each scrape.
  uint64_t SampleMemory() const;

 private:
  absl::Status LoadDaysAndMetadata(const Snapshot& snapshot);
  absl::Status LoadOpen(const Snapshot& snapshot, uint64_t id, std::string_view bytes,
                        int64_t now_ms);
  // The series of a replayed sample; null: the store has the sample already.
  absl::StatusOr<HeadSeries*> Replayed(uint64_t id, uint64_t sequence);

  mutable HeadState state_;  // a snapshot notes in it that it lives
  SeriesCheckpoint checkpoint_;
  SeriesRetention retention_;
};

}  // namespace slowburn::storage
