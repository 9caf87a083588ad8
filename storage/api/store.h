// storage/api/store.h: the embedded store as the rest of the program sees it: a log of records, and
// checkpoints of what they add up to.
//
// Room     storage/api: the interface. storage/rocksdb implements it; nothing here knows RocksDB
//          or what an SLO is
// Uses     base/
// Threads  AppendLog, WriteCheckpoint and WriteStates: one writer. Everything else: any thread
// Units    keys and values are bytes; docs/format/ describes them
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

namespace slowburn::storage {

// One column family each. Every key starts with a format byte and a u16 tenant
// (storage/api/keys.h).
enum class Family : uint8_t {
  kMeta,
  kLog,
  kSlices,
  kAlerts,
  kDedup,
  kLedger,
  kStreams,
  kSeries,    // what series there are (storage/api/series_keys.h)
  kPostings,  // which of them have a label, by days
  kChunks,    // their samples, by days
};

// When an append returns.
enum class Durability : uint8_t {
  kSynced,    // the bytes are on disk
  kBuffered,  // they are in the operating system: a power loss may take them
};

struct KeyValue {
  std::string key;
  std::string value;
};

// Puts and deletions that become true together, or not at all.
class Batch {
 public:
  void Put(Family family, std::string key, std::string value) {
    operations_.push_back({Operation::Kind::kPut, family, std::move(key), std::move(value)});
  }
  void Delete(Family family, std::string key) {
    operations_.push_back({Operation::Kind::kDelete, family, std::move(key), {}});
  }
  // [begin, end)
  void DeleteRange(Family family, std::string begin, std::string end) {
    operations_.push_back(
        {Operation::Kind::kDeleteRange, family, std::move(begin), std::move(end)});
  }
  bool empty() const { return operations_.empty(); }

  struct Operation {
    enum class Kind : uint8_t { kPut, kDelete, kDeleteRange };
    Kind kind;
    Family family;
    std::string key;
    std::string value;  // for kDeleteRange the end key
  };
  const std::vector<Operation>& operations() const { return operations_; }

 private:
  std::vector<Operation> operations_;
};

// A state of the store that later writes do not change. Destroy it soon: it holds old versions
// back.
class Snapshot {
 public:
  virtual ~Snapshot() = default;
  // The value, or nothing. kDataLoss when the stored bytes are wrong, naming file and place.
  virtual absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                         std::string_view key) const = 0;
  // Calls `visit` for each key in [begin, end) in order until it returns false.
  virtual absl::Status Scan(
      Family family, std::string_view begin, std::string_view end,
      const std::function<bool(std::string_view key, std::string_view value)>& visit) const = 0;
};

// What an operator may have to know before it is too late.
struct StoreCondition {
  // Of the room that is kept for a full disk.
  enum class Reserve : uint8_t {
    kNone,     // none is wanted
    kWhole,    // it is there
    kInUse,    // the disk was full: it is given away, until there is room for it again
    kNotMade,  // this process never had it: there is no room, or it may not be made there
  };
  Reserve reserve = Reserve::kNone;
  uint64_t reserve_wanted_bytes = 0;
  uint64_t reserve_held_bytes = 0;

  // Writes wait while what they brought is not merged as fast as it comes: all of them, or each for
  // as long as this speed says.
  bool are_writes_stopped = false;
  uint64_t delayed_write_bytes_per_second = 0;                   // 0: they are not slowed down
  std::vector<std::pair<std::string, uint64_t>> unmerged_files;  // by family, those that there are
};

class Store {
 public:
  virtual ~Store() = default;

  // The newest record's sequence; 0 for an empty log that nothing was dropped from. After Open it
  // is at least the high-water mark.
  virtual uint64_t last_sequence() const = 0;
  // The sequence that the checkpoints cover: state as of this record. 0: none.
  virtual uint64_t checkpoint_sequence() const = 0;

  // Appends `record` as last_sequence() + 1. On error the record does not count, though a restart
  // may find it (the caller's peers retry, and dedup recognises them):
  //   kResourceExhausted  the disk is full: nothing else is wrong, later appends may succeed
  //   kDataLoss           the disk failed: this store takes nothing any more; end the process
  virtual absl::Status AppendLog(std::string_view record, Durability durability) = 0;
  // Makes buffered appends durable (mode `interval`). Errors as AppendLog.
  virtual absl::Status SyncLog() = 0;

  // Writes the states in `batch` as of the newest record, moves the checkpoint to it and drops the
  // log up to there, all in one. Not synced: if it is lost, the log still has the records. Errors
  // as AppendLog.
  virtual absl::Status WriteCheckpoint(Batch batch) = 0;
  // Writes states of parts that say themselves how far they cover the log (slices of series), as of
  // the newest record: the checkpoint and the log stay as they are. Not synced: if it is lost, the
  // log still has the records. Errors as AppendLog.
  virtual absl::Status WriteStates(Batch batch) = 0;
  // From now on checkpoints leave the records after `sequence` in the log, because some part of
  // them (open chunks of series) is covered later than the rest. Until it is called, nothing is
  // left. A store whose owner never calls it need not know it.
  virtual void KeepLogAfter(uint64_t /*sequence*/) {}

  // Calls `visit` with every record after `after`, in order, without a hole (kDataLoss otherwise).
  virtual absl::Status ReplayLog(
      uint64_t after,
      const std::function<absl::Status(uint64_t sequence, std::string_view record)>& visit)
      const = 0;

  // Gives back the disk space of what was dropped or written anew, where that is much; what cannot
  // be done now is left. `last`: nothing is written any more, and it is done when it returns, after
  // seconds at most. Otherwise it happens in the background.
  virtual void Reclaim(bool /*last*/) {}

  // Writes states that stand outside the log, durably: backfill of past slices.
  virtual absl::Status WriteDirect(Batch batch) = 0;

  virtual std::unique_ptr<Snapshot> TakeSnapshot() const = 0;
  // As Snapshot::Get, on the newest state.
  virtual absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                         std::string_view key) const = 0;

  // kResourceExhausted, saying why, while so little room is left on the disk that it is kept for
  // what the program itself has to write (alerts, checkpoints, retention): nobody's data should be
  // taken.
  virtual absl::Status RoomForIntake() { return absl::OkStatus(); }

  // Proves, after a restart, that nothing acknowledged is missing: records that records up to
  // last_sequence() are durable. Call it at most once a second and at shutdown; it costs one
  // fdatasync.
  virtual absl::Status MarkHighWater() = 0;

  // For /api/slo/v1/status and metrics.
  struct Statistics {
    uint64_t disk_bytes = 0;
    uint64_t log_records = 0;  // that are still needed
  };
  virtual Statistics statistics() const = 0;

  // How it fares, for metrics: asked each second, also while a write waits. What a store does not
  // know it leaves at 0.
  virtual StoreCondition condition() { return {}; }
};

}  // namespace slowburn::storage
