// storage/rocksdb/internal/backup_folder.h: a folder of backups: RocksDB's BackupEngine, and what
// we note about each backup.
//
// Room     storage/rocksdb, private
// Uses     base/, storage/api, RocksDB, xxHash
// Threads  one thread at a time
// Units    bytes; unix seconds
// Source   docs/format/backup_folder.md
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <rocksdb/utilities/backup_engine.h>

#include "base/file_lock.h"
#include "storage/api/backup.h"
#include "storage/rocksdb/internal/info_log.h"

namespace slowburn::storage {

// What we have the engine keep with a backup.
struct BackupNote {
  uint32_t format = 0;
  uint64_t sequence = 0;
  int64_t time_unix_seconds = 0;
};
std::string EncodeBackupNote(const BackupNote& note);
// Nothing when a byte of it is wrong.
std::optional<BackupNote> DecodeBackupNote(std::string_view text);

class BackupFolder {
 public:
  // To read: kNotFound when it has no backups, or is none. Any number at once.
  static absl::StatusOr<std::unique_ptr<BackupFolder>> OpenToRead(
      const std::filesystem::path& path);
  // To write: makes it, takes its lock and clears what an interrupted backup left. Codes as
  // BackupableStore::CreateBackup. `options` must outlive it.
  static absl::StatusOr<std::unique_ptr<BackupFolder>> OpenToWrite(const BackupOptions& options);

  absl::StatusOr<Backup> Create(rocksdb::DB& db, uint64_t sequence, uint32_t format);
  // The oldest first. A backup whose note cannot be read is left out: Damaged has it.
  std::vector<Backup> List() const;
  std::vector<uint32_t> Damaged() const;
  // kNotFound, naming those there are; kDataLoss for a damaged one. 0: the newest.
  absl::StatusOr<Backup> Find(uint32_t id) const;
  // Reads all its files: kDataLoss names the one whose checksum or size is wrong.
  absl::Status CheckFiles(uint32_t id) const;
  // Copies its files into `database`, which it makes; checks each while it does.
  absl::Status CopyTo(uint32_t id, const std::filesystem::path& database) const;
  // Where RocksDB can open it to read. Valid while this lives.
  rocksdb::BackupInfo Place(uint32_t id) const;

  const std::filesystem::path& path() const { return path_; }

 private:
  explicit BackupFolder(std::filesystem::path path) : path_(std::move(path)) {}
  rocksdb::BackupEngineOptions EngineOptions() const;
  const rocksdb::BackupEngineReadOnlyBase& reader() const;

  std::filesystem::path path_;
  const BackupOptions* options_ = nullptr;  // to write
  std::unique_ptr<base::FileLock> lock_;    // to write
  std::unique_ptr<InfoLog> info_log_ = std::make_unique<InfoLog>();
  std::unique_ptr<rocksdb::BackupEngine> writer_;
  std::unique_ptr<rocksdb::BackupEngineReadOnly> reader_;
};

}  // namespace slowburn::storage
