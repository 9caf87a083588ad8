#include "tests/sim/sim_store.h"

#include <algorithm>
#include <utility>

#include "base/status.h"
#include "storage/api/keys.h"

namespace slowburn::sim {
namespace {

using storage::Batch;
using storage::Family;
using Operation = storage::Batch::Operation;

constexpr std::string_view kCheckpointName = "checkpoint_seq";

absl::StatusOr<std::optional<std::string>> Find(const SimDisk::Families& families, Family family,
                                                std::string_view key) {
  const auto& table = families[static_cast<size_t>(family)];
  const auto found = table.find(std::string(key));
  if (found == table.end()) return std::nullopt;
  return found->second;
}

class SimSnapshot final : public storage::Snapshot {
 public:
  explicit SimSnapshot(SimDisk::Families families) : families_(std::move(families)) {}

  absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                 std::string_view key) const override {
    return Find(families_, family, key);
  }
  absl::Status Scan(
      Family family, std::string_view begin, std::string_view end,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    const auto& table = families_[static_cast<size_t>(family)];
    const auto last = table.lower_bound(std::string(end));
    for (auto at = table.lower_bound(std::string(begin)); at != last; ++at) {
      if (!visit(at->first, at->second)) break;
    }
    return absl::OkStatus();
  }

 private:
  const SimDisk::Families families_;
};

uint64_t HashBytes(uint64_t hash, std::string_view bytes) {
  for (const char c : bytes) hash = (hash ^ static_cast<uint8_t>(c)) * 0x100000001b3;
  return hash;
}

absl::Status NoSpace() { return absl::ResourceExhaustedError("the simulated disk is full"); }

}  // namespace

// --- the disk

void SimDisk::Apply(const Write& write, Families& families) {
  for (const Operation& operation : write.operations) {
    auto& table = families[static_cast<size_t>(operation.family)];
    switch (operation.kind) {
      case Operation::Kind::kPut:
        table.insert_or_assign(operation.key, operation.value);
        break;
      case Operation::Kind::kDelete:
        table.erase(operation.key);
        break;
      case Operation::Kind::kDeleteRange:
        table.erase(table.lower_bound(operation.key), table.lower_bound(operation.value));
        break;
    }
  }
}

bool SimDisk::Springs() { return trap_ != Trap::kNone && --trap_in_ == 0; }

void SimDisk::Flush() {
  for (const Write& write : pending_) Apply(write, stable_);
  pending_.clear();
}

absl::Status SimDisk::Put(WriteNote note, std::vector<Operation> operations, bool sync) {
  if (dead_) return base::DataLoss("the simulated disk has failed");
  note.position = ++position_;
  const Trap trap = Springs() ? std::exchange(trap_, Trap::kNone) : Trap::kNone;
  if (trap == Trap::kBefore) throw Crash();
  const bool checkpoint_fails =
      note.kind == WriteNote::Kind::kCheckpoint && random_.PerMille(checkpoint_fails_permille);
  if (full || checkpoint_fails || trap == Trap::kDuring || trap == Trap::kFatal) {
    // Once a write has failed, none that follows it reaches the disk before the first that
    // succeeds.
    note.may_survive = pending_.empty() || pending_.back().ok;
    if (note.may_survive) pending_.push_back({note.position, false, std::move(operations)});
    notes_.push_back(std::move(note));
    if (trap == Trap::kDuring) throw Crash();
    if (trap != Trap::kFatal) return NoSpace();
    dead_ = true;
    return base::DataLoss("the simulated disk has failed");
  }
  std::erase_if(pending_, [](const Write& write) { return !write.ok; });
  note.ok = true;
  // The operations of one write have no order: a checkpoint may go through a hash table.
  uint64_t sum = hash_;
  for (const Operation& operation : operations)
    sum += HashBytes(HashBytes(hash_, operation.key), operation.value);
  hash_ = sum;
  pending_.push_back({note.position, true, std::move(operations)});
  Apply(pending_.back(), live_);
  if (sync) Flush();
  notes_.push_back(std::move(note));
  ReadSequences();
  if (trap == Trap::kAfter) throw Crash();
  return absl::OkStatus();
}

absl::Status SimDisk::Sync() {
  if (dead_) return base::DataLoss("the simulated disk has failed");
  const Trap trap = Springs() ? std::exchange(trap_, Trap::kNone) : Trap::kNone;
  if (trap == Trap::kBefore || trap == Trap::kDuring) throw Crash();
  if (trap == Trap::kFatal) {
    dead_ = true;
    return base::DataLoss("the simulated disk has failed");
  }
  if (full) return NoSpace();
  std::erase_if(pending_, [](const Write& write) { return !write.ok; });
  Flush();
  if (trap == Trap::kAfter) throw Crash();
  return absl::OkStatus();
}

void SimDisk::ReadSequences() {
  const auto checkpoint = Find(live_, Family::kMeta, storage::MetaKey(kCheckpointName));
  checkpoint_sequence_ =
      checkpoint->has_value() ? std::strtoull((*checkpoint)->c_str(), nullptr, 10) : 0;
  const auto& log = live_[static_cast<size_t>(Family::kLog)];
  last_sequence_ = log.empty() ? checkpoint_sequence_
                               : std::max(checkpoint_sequence_,
                                          storage::ReadLogKey(log.rbegin()->first).value());
}

CrashReport SimDisk::Fail(bool power_loss) {
  CrashReport report;
  const size_t kept = power_loss ? random_.Below(pending_.size() + 1) : pending_.size();
  for (size_t i = 0; i < pending_.size(); ++i) {
    const Write& write = pending_[i];
    const bool survives = i < kept && (write.ok || random_.OneIn(2));
    if (survives) Apply(write, stable_);
    if (survives && !write.ok) report.ghost = write.position;
    if (!survives && write.ok) report.lost.push_back(write.position);
  }
  pending_.clear();
  notes_.clear();
  live_ = stable_;
  dead_ = false;
  Disarm();
  ReadSequences();
  return report;
}

std::unique_ptr<SimDisk> SimDisk::Clone() const {
  auto copy = std::make_unique<SimDisk>(0);
  copy->stable_ = copy->live_ = live_;
  copy->position_ = position_;
  copy->high_water_ = high_water_;
  copy->ReadSequences();
  return copy;
}

// --- the store

absl::Status SimStore::AppendLog(std::string_view record, storage::Durability durability) {
  Operation put{Operation::Kind::kPut, Family::kLog, storage::LogKey(disk_.last_sequence_ + 1),
                std::string(record)};
  return disk_.Put({.kind = WriteNote::Kind::kAppend, .record = std::string(record)},
                   {std::move(put)}, durability == storage::Durability::kSynced);
}

absl::Status SimStore::WriteCheckpoint(Batch batch) {
  batch.Put(Family::kMeta, storage::MetaKey(kCheckpointName), std::to_string(disk_.last_sequence_));
  batch.DeleteRange(Family::kLog, storage::WholeFamily().begin,
                    storage::LogKey(std::min(disk_.last_sequence_, keep_after_) + 1));
  return disk_.Put({.kind = WriteNote::Kind::kCheckpoint}, batch.operations(), /*sync=*/false);
}

absl::Status SimStore::WriteStates(Batch batch) {
  return disk_.Put({.kind = WriteNote::Kind::kCheckpoint}, batch.operations(), /*sync=*/false);
}

absl::Status SimStore::WriteDirect(Batch batch) {
  return disk_.Put({.kind = WriteNote::Kind::kCheckpoint}, batch.operations(), /*sync=*/true);
}

absl::Status SimStore::ReplayLog(
    uint64_t after, const std::function<absl::Status(uint64_t, std::string_view)>& visit) const {
  uint64_t expected = after + 1;
  for (const auto& [key, record] : disk_.live_[static_cast<size_t>(Family::kLog)]) {
    const uint64_t sequence = storage::ReadLogKey(key).value();
    if (sequence <= after) continue;
    if (sequence != expected++) return base::DataLoss("the log has a hole before {}", sequence);
    SB_RETURN_IF_ERROR(visit(sequence, record));
  }
  return absl::OkStatus();
}

std::unique_ptr<storage::Snapshot> SimStore::TakeSnapshot() const {
  return std::make_unique<SimSnapshot>(disk_.live_);
}

absl::StatusOr<std::optional<std::string>> SimStore::Get(Family family,
                                                         std::string_view key) const {
  return Find(disk_.live_, family, key);
}

absl::Status SimStore::MarkHighWater() {
  if (disk_.dead_) return base::DataLoss("the simulated disk has failed");
  disk_.high_water_ = std::max(disk_.high_water_, disk_.last_sequence_);
  return absl::OkStatus();
}

}  // namespace slowburn::sim
