// storage/series/testing/memory_store.h: a Store of plain maps that can crash and fail on purpose.
//
// Room     storage/series, tests only
// Uses     storage/api
// Threads  one writer; snapshots from any thread
// Units    none
#pragma once

#include <array>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <utility>

#include "base/status.h"
#include "storage/api/store.h"

namespace slowburn::storage {

class MemoryStore final : public Store {
 public:
  using Table = std::map<std::string, std::string, std::less<>>;
  // shared: a snapshot keeps the tables of its moment.
  using Tables = std::array<std::shared_ptr<const Table>, 10>;

  MemoryStore() {
    for (auto& table : now_.tables) table = std::make_shared<Table>();
  }

  uint64_t last_sequence() const override { return now_.last; }
  uint64_t checkpoint_sequence() const override { return now_.checkpoint; }

  absl::Status AppendLog(std::string_view record, Durability) override {
    now_.log[++now_.last] = record;
    before_.reset();  // its fsync made the checkpoint before it durable too
    return absl::OkStatus();
  }
  absl::Status SyncLog() override { return absl::OkStatus(); }
  absl::Status WriteCheckpoint(Batch batch) override {
    if (fails_) return absl::ResourceExhaustedError("no room");
    before_ = now_;
    Apply(batch);
    now_.checkpoint = now_.last;
    now_.log.erase(now_.log.begin(), now_.log.upper_bound(std::min(now_.last, keep_after_)));
    return absl::OkStatus();
  }
  absl::Status WriteStates(Batch batch) override {
    if (fails_) return absl::ResourceExhaustedError("no room");
    before_ = now_;
    Apply(batch);
    return absl::OkStatus();
  }
  void KeepLogAfter(uint64_t sequence) override { keep_after_ = sequence; }
  absl::Status ReplayLog(
      uint64_t after,
      const std::function<absl::Status(uint64_t, std::string_view)>& visit) const override {
    uint64_t expected = after + 1;
    for (auto at = now_.log.upper_bound(after); at != now_.log.end(); ++at, ++expected) {
      if (at->first != expected) return base::DataLoss("record {} is missing", expected);
      SB_RETURN_IF_ERROR(visit(at->first, at->second));
    }
    return expected == now_.last + 1 ? absl::OkStatus()
                                     : base::DataLoss("record {} is missing", expected);
  }
  absl::Status WriteDirect(Batch batch) override {
    Apply(batch);
    return absl::OkStatus();
  }
  std::unique_ptr<storage::Snapshot> TakeSnapshot() const override;
  absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                 std::string_view key) const override {
    const std::lock_guard lock(mutex_);
    return GetFrom(now_.tables, family, key);
  }
  absl::Status MarkHighWater() override { return absl::OkStatus(); }
  Statistics statistics() const override { return {}; }

  // --- on purpose
  // The next checkpoints are refused.
  void SetFails(bool fails) { fails_ = fails; }
  // As after a power loss: a checkpoint that nothing was fsynced after is gone, if so wished.
  void Crash(bool loses_checkpoint) {
    if (loses_checkpoint && before_) now_ = *before_;
    before_.reset();
    keep_after_ = ~uint64_t{0};
  }
  size_t log_records() const { return now_.log.size(); }
  const Table& table(Family family) const { return *now_.tables[static_cast<size_t>(family)]; }

  static std::optional<std::string> GetFrom(const Tables& tables, Family family,
                                            std::string_view key) {
    const Table& table = *tables[static_cast<size_t>(family)];
    const auto found = table.find(key);
    return found == table.end() ? std::nullopt : std::optional(found->second);
  }

 private:
  struct State {
    Tables tables;
    std::map<uint64_t, std::string> log;
    uint64_t last = 0;
    uint64_t checkpoint = 0;
  };

  void Apply(const Batch& batch) {
    std::array<std::shared_ptr<Table>, 10> changed;
    for (const Batch::Operation& operation : batch.operations()) {
      auto& table = changed[static_cast<size_t>(operation.family)];
      if (table == nullptr) {
        table = std::make_shared<Table>(*now_.tables[static_cast<size_t>(operation.family)]);
      }
      switch (operation.kind) {
        case Batch::Operation::Kind::kPut:
          (*table)[operation.key] = operation.value;
          break;
        case Batch::Operation::Kind::kDelete:
          table->erase(operation.key);
          break;
        case Batch::Operation::Kind::kDeleteRange:
          table->erase(table->lower_bound(operation.key), table->lower_bound(operation.value));
          break;
      }
    }
    const std::lock_guard lock(mutex_);
    for (size_t i = 0; i < changed.size(); ++i) {
      if (changed[i] != nullptr) now_.tables[i] = std::move(changed[i]);
    }
  }

  mutable std::mutex mutex_;  // of now_.tables
  State now_;
  std::optional<State> before_;
  uint64_t keep_after_ = ~uint64_t{0};
  bool fails_ = false;
};

class MemorySnapshot final : public storage::Snapshot {
 public:
  explicit MemorySnapshot(MemoryStore::Tables tables) : tables_(std::move(tables)) {}
  absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                 std::string_view key) const override {
    return MemoryStore::GetFrom(tables_, family, key);
  }
  absl::Status Scan(
      Family family, std::string_view begin, std::string_view end,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    const MemoryStore::Table& table = *tables_[static_cast<size_t>(family)];
    for (auto at = table.lower_bound(begin); at != table.end() && at->first < end; ++at) {
      if (!visit(at->first, at->second)) break;
    }
    return absl::OkStatus();
  }

 private:
  const MemoryStore::Tables tables_;
};

inline std::unique_ptr<storage::Snapshot> MemoryStore::TakeSnapshot() const {
  const std::lock_guard lock(mutex_);
  return std::make_unique<MemorySnapshot>(now_.tables);
}

}  // namespace slowburn::storage
