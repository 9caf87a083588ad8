// storage/api/backup.h: copies of a store that outlive it: what is known of one, and the store that
// can be copied while it is written.
//
// Room     storage/api: the interface. storage/rocksdb/backups.h reads and restores them
// Uses     storage/api
// Threads  CreateBackup from any thread, one at a time for each folder
// Units    bytes; unix seconds
// Source   docs/backup.md
#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <stop_token>

#include <absl/status/statusor.h>

#include "storage/api/store.h"

namespace slowburn::storage {

// A state of the store that whole commits explain. Backups of one folder share the files that they
// have in common.
struct Backup {
  uint32_t id = 0;  // from 1; never given twice while its folder has a later one
  int64_t time_unix_seconds = 0;
  uint64_t sequence = 0;     // it has every record up to here, and maybe some that came meanwhile
  uint32_t format = 0;       // of the data directory: docs/format/data_directory.md
  uint64_t bytes = 0;        // of all its files
  uint64_t added_bytes = 0;  // of those that no older backup of the folder has
  uint32_t files = 0;
};

struct BackupOptions {
  std::filesystem::path folder;  // made if absent, mode 0700; one process writes it at a time
  uint32_t keep = 0;             // so many of the newest stay, this one included; 0: all
  int64_t time_unix_seconds = 0;
  uint64_t bytes_per_second = 0;               // 0: as fast as the disks are
  std::function<void(uint64_t bytes)> copied;  // how much by now; from a thread of the engine's own
  std::stop_token stop;                        // asked each few MiB
};

class BackupableStore : public Store {
 public:
  // While writes go on. Codes, each message with path, cause and what to do:
  //   kFailedPrecondition  somebody else writes the folder, or it is no folder of backups
  //   kResourceExhausted   a disk is full
  //   kCancelled           `stop` was requested
  //   kDataLoss            the store cannot be read
  //   kPermissionDenied    the folder cannot be written
  // Whatever it returns, the folder has the whole new backup or none of it.
  virtual absl::StatusOr<Backup> CreateBackup(const BackupOptions& options) = 0;
};

}  // namespace slowburn::storage
