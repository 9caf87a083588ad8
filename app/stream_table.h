// app/stream_table.h: the newest point of every cumulative metric stream, so that a point that
// comes twice is taken once.
//
// Room     app
// Uses     app/, storage/api, proto (slowburn/store)
// Threads  one thread at a time
// Units    unix time; bytes
// Source   OTLP metrics data model, "Overlap" and "Resets and Gaps"; requirement V13; faults 11, 14
#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/status/status.h>

#include "app/stream_point.h"
#include "base/clock.h"
#include "slowburn/store/v1/log_record.pb.h"
#include "storage/api/store.h"

namespace slowburn::app {

enum class PointFate : uint8_t {
  kNewest,      // taken: it becomes its stream's last point
  kOutOfOrder,  // taken: older than the last point, which stays
  kUntracked,   // taken, and not remembered: there are too many streams
  kDuplicate,   // the last point again
  kConflict,    // another value or start at the time of the last point: refused, the first one wins
};

// Streams get dense ids, which the log names them by; 64 of them are one block, which a checkpoint
// writes when one of its streams has changed. Streams of one request have adjoining ids, so mostly
// all of a block changes at once.
//
// Only the newest point is known: an older one that is sent again cannot be told from one that is
// late, and is taken.
class StreamTable {
 public:
  struct Options {
    size_t streams_max = 1'000'000;               // points of more streams are kUntracked
    std::chrono::seconds silence_max{24 * 3600};  // after it a stream is forgotten
  };
  explicit StreamTable(Options options) : options_(options) {}

  // What becomes of the points of one commit, in their order. The table stays as it is; it must
  // not change, nor have another plan meanwhile, and must outlive the plan.
  class Plan {
   public:
    explicit Plan(const StreamTable& table) : table_(table) {}
    PointFate Place(const StreamPoint& point);
    // Worth it a few points before one is placed.
    void Prefetch(const StreamPoint& point) const { table_.by_stream_.prefetch(point.stream); }
    // So many points are about to be placed.
    void Expect(size_t points);
    // Adds what has to be remembered, if anything.
    void Write(store::v1::LogRecord& record) const;

   private:
    struct Planned {
      uint32_t id = 0;
      bool is_new = false;
      StreamPoint last;
    };
    PointFate PlaceNew(const StreamPoint& point);
    PointFate PlaceAgain(const StreamPoint& point, size_t planned);
    uint32_t NewId();

    const StreamTable& table_;
    std::vector<Planned> planned_;
    absl::flat_hash_map<model::StreamHash, uint32_t> new_;  // of streams that are: in planned_
    size_t free_taken_ = 0;
    uint32_t new_streams_ = 0;
  };

  // Live and on replay alike; `record` is of its own time. kDataLoss when it does not fit.
  absl::Status Apply(const store::v1::LogRecord& record);

  // Looks at some of the streams, round and round; silent ones go with the next checkpoint. Call it
  // each second.
  void FindSilent(base::UnixNanos now);

  // --- checkpoint
  bool HasChanges() const { return !dirty_.empty(); }
  void PutChanged(base::UnixNanos now, storage::Batch& batch);
  void CheckpointWritten();
  void CheckpointFailed() { leaving_.clear(); }

  // --- recovery: every block that the store has, then the replay, then EndRecovery
  absl::Status Restore(uint32_t block, const store::v1::StreamBlock& stored);
  void EndRecovery();

  size_t size() const { return by_stream_.size(); }
  size_t memory_bytes() const;

 private:
  static constexpr uint32_t kBlockStreams = 64;
  struct Stream {
    model::StreamHash hash;
    uint64_t start = 0;
    uint64_t time = 0;
    uint64_t value_hash = 0;
    uint32_t heard_seconds = 0;  // unix time of the commit of its last point
    // Of the plan that is being made: where in planned_, if that is of this stream. It may be a
    // number that an earlier plan left.
    mutable uint32_t planned = 0;
    bool used = false;
  };
  struct Block {
    std::array<Stream, kBlockStreams> streams;
    bool dirty = false;
  };

  Stream* Find(uint32_t id);
  Stream& Reserve(uint32_t id);
  bool IsSilent(const Stream& stream, base::UnixNanos now) const;
  void MarkDirty(uint32_t block);
  absl::Status Register(uint32_t id, model::StreamHash hash);
  store::v1::StreamBlock Encode(uint32_t block, base::UnixNanos now);

  Options options_;
  std::vector<std::unique_ptr<Block>> blocks_;  // null: no stream of it was ever used
  absl::flat_hash_map<model::StreamHash, uint32_t> by_stream_;
  std::vector<uint32_t> free_;     // ids below next_id_ without a stream; the last is taken first
  uint32_t next_id_ = 0;           // one past the greatest id that was ever used
  std::vector<uint32_t> dirty_;    // blocks
  std::vector<uint32_t> leaving_;  // ids that the checkpoint that is being written leaves out
  size_t looked_at_ = 0;           // block at which FindSilent goes on
};

}  // namespace slowburn::app
