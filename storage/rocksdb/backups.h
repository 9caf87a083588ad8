// storage/rocksdb/backups.h: the backups of a folder: listed, proved and restored.
//
// Room     storage/rocksdb: BackupEngine is private to it
// Uses     base/, storage/api
// Threads  any number of calls at once
// Units    bytes
// Source   docs/backup.md, docs/format/backup_folder.md
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <vector>

#include <absl/status/statusor.h>

#include "storage/api/backup.h"

namespace slowburn::storage {

struct BackupList {
  std::vector<Backup> backups;    // the oldest first
  std::vector<uint32_t> damaged;  // ids of those that cannot be used
};
// kNotFound when the folder has no backups.
absl::StatusOr<BackupList> ListBackups(const std::filesystem::path& folder);

// The backup as a store to read, where it lies; every change is refused. `id` 0 is the newest.
// kNotFound; kDataLoss when it does not open or has not what it must have.
struct OpenedBackup {
  Backup backup;
  std::unique_ptr<Store> store;
};
absl::StatusOr<OpenedBackup> OpenBackup(const std::filesystem::path& folder, uint32_t id);

// Reads every byte of it against its checksums, opens it, and reads every key and every record of
// the log. kDataLoss names the file that is wrong.
absl::StatusOr<Backup> VerifyBackup(const std::filesystem::path& folder, uint32_t id);

// Makes `into` a data directory with the backup's state. It is written beside it, as
// INTO.restoring, proved like an opened backup, and renamed: `into` is there whole or not at all.
// kAlreadyExists when `into` is there and not empty; kFailedPrecondition while another restore into
// it is under way.
absl::StatusOr<Backup> RestoreBackup(const std::filesystem::path& folder, uint32_t id,
                                     const std::filesystem::path& into);
// Where RestoreBackup writes.
std::filesystem::path PlaceOfRestore(const std::filesystem::path& into);

}  // namespace slowburn::storage
