// storage/series/series_checkpoint.h: brings what is in the head into the store, a slice of the
// series at a time, so that the log need not be kept and the head does not grow.
//
// Room     storage/series
// Uses     storage/api, storage/series
// Threads  the one writer
// Units    unix milliseconds
// Source   docs/format/series.md
#pragma once

#include <cstdint>
#include <map>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "storage/series/day_postings.h"
#include "storage/series/head_state.h"

namespace slowburn::storage {

// How fast a round goes.
enum class CheckpointPace : uint8_t {
  kSteady,  // in even steps, so that no call has much to do
  kFinish,  // as far as one call may: nothing comes any more, and open series are written as small
            // as they can be
};

// Goes round the series. Of each that changed it writes what is old enough for no late sample as
// chunks, for good, and the rest as it stands; one that fell silent is written whole and leaves.
// When it has been round, the log is not needed up to the record at which it began.
class SeriesCheckpoint {
 public:
  explicit SeriesCheckpoint(HeadState& state) : state_(state) {}

  // Adds the next slice to `batch`, which is of states as of the record `sequence`. Then
  // Written or Failed, before anything is applied.
  absl::Status Add(int64_t now_ms, uint64_t sequence, CheckpointPace pace, Batch& batch);
  // Whether the round is not yet as far as it should be by now.
  bool IsBehind(int64_t now_ms) const { return in_round_ && cursor_ < Goal(now_ms); }
  // Once the batch is written, the log is needed from here on.
  uint64_t next_covered_sequence() const { return next_covered_; }
  uint64_t rounds() const { return rounds_; }  // that ended, since the start
  // The batch is in the store.
  void Written();
  // It is not: all that it held is due again.
  void Failed() { Forget(); }

 private:
  // What becomes true of a series with the batch.
  struct Visited {
    uint32_t slot = 0;
    int64_t floats_through_ms = kNever;
    int64_t histograms_through_ms = kNever;
    int64_t exemplars_through_ms = kNever;
    uint32_t posted_day = 0;
    bool is_closed = false;
  };
  // While a series is visited.
  struct Visit {
    HeadSeries& series;
    Visited result;
    int64_t cut_ms = 0;  // nothing comes any more at or before it
    bool is_closing = false;
  };

  void BeginRound(int64_t now_ms, uint64_t sequence);
  bool IsQuiet(int64_t now_ms);
  uint32_t Goal(int64_t now_ms) const;
  bool IsDue(const HeadSeries& series, int64_t now_ms) const;
  absl::Status VisitSeries(HeadSeries& series, int64_t now_ms, uint64_t sequence, Batch& batch);
  template <typename Codec>
  bool HasChunk(const Visit& visit, const HeadColumn<Codec>& column, size_t samples_max) const;
  void SealHot(Visit& visit);
  template <typename Codec>
  int64_t Seal(Visit& visit, const HeadColumn<Codec>* column, ChunkKey::Kind kind,
               size_t samples_max, std::string& open, Batch& batch);
  void PutChunk(Visit& visit, const ChunkKey& key, int64_t end_ms, size_t samples,
                std::string chunk, Batch& batch);
  absl::Status Register(const HeadSeries& series, const SeriesCover& cover, Batch& batch);
  void PutMetadata(Batch& batch);
  void Forget();

  HeadState& state_;
  bool in_round_ = false;
  uint64_t round_sequence_ = 0;
  int64_t round_begin_ms_ = 0;
  uint64_t round_log_bytes_ = 0;   // as it began
  uint64_t round_open_bytes_ = 0;  // that it wrote
  uint64_t round_log_share_ = 0;   // the log in which it is to be over
  bool is_finishing_ = false;
  int64_t looked_ms_ = 0;  // when IsQuiet looked at the log, and how long that was
  uint64_t looked_log_bytes_ = 0;
  bool is_quiet_ = false;
  uint32_t cursor_ = 0;
  uint64_t rounds_ = 0;

  // Of the batch that is being written.
  std::vector<Visited> visited_;
  std::map<uint32_t, DaySummary> days_;
  PostingsWriter postings_;
  uint32_t next_cursor_ = 0;
  uint64_t next_covered_ = 0;
  bool ends_round_ = false;
  uint64_t sequence_ = 0;
  uint64_t bytes_ = 0;
  uint64_t open_bytes_ = 0;
  uint64_t samples_ = 0;  // packed anew
};

}  // namespace slowburn::storage
