// storage/rocksdb/internal/database_view.h: reading an open database: values, snapshots, the log.
// The store that is written and the one that is only looked at read alike.
//
// Room     storage/rocksdb, private
// Uses     base/, storage/api, RocksDB
// Threads  thread-safe
// Units    bytes
#pragma once

#include <array>
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
#include <rocksdb/db.h>

#include "storage/api/store.h"
#include "storage/rocksdb/internal/database_options.h"

namespace slowburn::storage {

inline constexpr std::string_view kCheckpointName = "checkpoint_seq";
// Up to where the log was dropped, when that is not the checkpoint.
inline constexpr std::string_view kDroppedName = "log_dropped_seq";

// The families of an open database; null for one that an older program did not make.
using FamilyHandles = std::array<rocksdb::ColumnFamilyHandle*, kFamilyNames.size()>;

// The place of a family in kFamilyNames; its size for RocksDB's own.
size_t FamilyIndexOf(std::string_view name);
// kDataLoss for a family of which we know nothing. FORMAT should have said so before.
absl::Status CheckFamilies(const std::vector<std::string>& present, std::string_view database);

class DatabaseView {
 public:
  // Both must outlive it. `name` is what messages call the database.
  DatabaseView(rocksdb::DB& db, const FamilyHandles& handles, std::string name)
      : db_(db), handles_(handles), name_(std::move(name)) {}

  absl::StatusOr<std::optional<std::string>> Get(Family family, std::string_view key) const;
  std::unique_ptr<Snapshot> TakeSnapshot() const;
  // A sequence in the family meta; nothing: it was never written.
  absl::StatusOr<std::optional<uint64_t>> ReadSequence(std::string_view name) const;
  // The newest record's, or `checkpoint` when there is none after it.
  absl::StatusOr<uint64_t> FindLastSequence(uint64_t checkpoint) const;
  // As Store::ReplayLog, up to `last`.
  absl::Status ReplayLog(
      uint64_t after, uint64_t last,
      const std::function<absl::Status(uint64_t, std::string_view)>& visit) const;
  // Reads every key of every family, so that each block's checksum is looked at; hands on how many
  // bytes that were. kDataLoss, naming the file, at the first that is wrong.
  absl::StatusOr<uint64_t> ReadAll() const;

 private:
  rocksdb::DB& db_;
  const FamilyHandles& handles_;
  const std::string name_;
};

}  // namespace slowburn::storage
