// tests/sim/sim_store.h: the store as the simulator has it: everything in memory, and a list of
// what the disk may still lose.
//
// Room     tests/sim
// Uses     storage/api
// Threads  one owner
// Units    bytes; a position counts attempts to write, from 1
// Source   storage/api/store.h; faults findings 3 to 5
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "storage/api/store.h"
#include "tests/sim/random.h"

namespace slowburn::sim {

// Thrown where the process ends. Nothing between the store and the world catches it.
struct Crash {};

// One attempt to write, for who wants to know what it would take to lose it.
struct WriteNote {
  enum class Kind : uint8_t { kAppend, kCheckpoint };
  uint64_t position = 0;
  Kind kind = Kind::kAppend;
  bool ok = false;           // the writer was told of success
  bool may_survive = false;  // the writer was told of failure, or of nothing, and it may be there
  std::string record;        // kAppend
};

// What a crash left.
struct CrashReport {
  std::vector<uint64_t> lost;     // positions of writes that had succeeded
  std::optional<uint64_t> ghost;  // of one that had not, and is there
};

// Survives crashes. Writes are ordered; what is not synced yet may be lost from any point on. A
// write that failed may be there after a crash, unless a later one succeeded.
class SimDisk {
 public:
  using Families = std::array<std::map<std::string, std::string>, 10>;

  // --- faults, as the world wants them
  bool full = false;                       // appends and checkpoints: kResourceExhausted
  uint32_t checkpoint_fails_permille = 0;  // checkpoints alone: kResourceExhausted
  // The write that many writes from now crashes before it, in it or after it, or fails for good.
  enum class Trap : uint8_t { kNone, kBefore, kDuring, kAfter, kFatal };
  void Arm(Trap trap, uint64_t writes) { trap_ = trap, trap_in_ = writes; }
  void Disarm() { trap_ = Trap::kNone; }

  explicit SimDisk(uint64_t seed) : random_(seed, "disk") {}

  // The process is gone; with `power_loss` so is what was not synced, from some point on.
  CrashReport Fail(bool power_loss);
  // A copy as the disk would be found now, if nothing were lost.
  std::unique_ptr<SimDisk> Clone() const;

  uint64_t position() const { return position_; }
  // Since the last call.
  std::vector<WriteNote> TakeNotes() { return std::exchange(notes_, {}); }
  bool is_dead() const { return dead_; }
  uint64_t high_water() const { return high_water_; }
  uint64_t last_sequence() const { return last_sequence_; }
  uint64_t checkpoint_sequence() const { return checkpoint_sequence_; }
  // Of everything that was ever written, in order.
  uint64_t hash() const { return hash_; }

 private:
  friend class SimStore;
  struct Write {
    uint64_t position = 0;
    bool ok = false;
    std::vector<storage::Batch::Operation> operations;
  };

  absl::Status Put(WriteNote note, std::vector<storage::Batch::Operation> operations, bool sync);
  absl::Status Sync();
  bool Springs();  // the trap, at this write
  void Flush();
  void ReadSequences();
  static void Apply(const Write& write, Families& families);

  Random random_;
  Families stable_;             // what no crash can take
  Families live_;               // what a reader sees: with every write that succeeded
  std::vector<Write> pending_;  // in neither order nor number above: written, not synced
  std::vector<WriteNote> notes_;
  uint64_t position_ = 0;
  uint64_t last_sequence_ = 0;
  uint64_t checkpoint_sequence_ = 0;
  uint64_t high_water_ = 0;
  uint64_t hash_ = 0;
  bool dead_ = false;
  Trap trap_ = Trap::kNone;
  uint64_t trap_in_ = 0;
};

class SimStore final : public storage::Store {
 public:
  // `disk` must outlive it.
  explicit SimStore(SimDisk& disk) : disk_(disk) {}

  uint64_t last_sequence() const override { return disk_.last_sequence_; }
  uint64_t checkpoint_sequence() const override { return disk_.checkpoint_sequence_; }
  absl::Status AppendLog(std::string_view record, storage::Durability durability) override;
  absl::Status SyncLog() override { return disk_.Sync(); }
  absl::Status WriteCheckpoint(storage::Batch batch) override;
  void KeepLogAfter(uint64_t sequence) override { keep_after_ = sequence; }
  absl::Status ReplayLog(
      uint64_t after,
      const std::function<absl::Status(uint64_t, std::string_view)>& visit) const override;
  absl::Status WriteStates(storage::Batch batch) override;
  absl::Status WriteDirect(storage::Batch batch) override;
  std::unique_ptr<storage::Snapshot> TakeSnapshot() const override;
  absl::StatusOr<std::optional<std::string>> Get(storage::Family family,
                                                 std::string_view key) const override;
  absl::Status MarkHighWater() override;
  Statistics statistics() const override { return {}; }

 private:
  SimDisk& disk_;
  uint64_t keep_after_ = ~uint64_t{0};
};

}  // namespace slowburn::sim
