// storage/rocksdb/rocksdb_store.h: the store on RocksDB, in one data directory of one process.
//
// Room     storage/rocksdb: RocksDB is private to it
// Uses     base/, storage/api, RocksDB
// Threads  as storage/api/store.h
// Units    bytes
// Source   docs/format/data_directory.md; faults section 3
//
// The directory: slowburn.lock (flock), FORMAT (what may read it), HIGH_WATER (what was
// acknowledged), db/ (RocksDB), reserve (room for a full disk).
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>

#include <absl/status/statusor.h>

#include "storage/api/backup.h"

namespace slowburn::storage {

struct RocksdbOptions {
  std::filesystem::path directory;  // made if absent, mode 0700
  size_t block_cache_bytes = 64 << 20;
  size_t write_buffer_bytes = 64 << 20;  // of all families together
  // Room that is kept for a full disk. None: what a server keeps is left as it is.
  std::optional<uint64_t> reserve_bytes;
  bool keeps_older_format = false;  // it is not brought to ours: to back it up
  // Files of `log` are compacted after each flush, those of `series` once they are three, and not
  // only once they are four: what a flush brings makes much of the files before it void (dropped
  // records, and open series as they were), and their space is wanted at once.
  bool compacts_at_once = true;
};

// Takes the lock before it touches anything else. Codes, each message with path, cause and what to
// do:
//   kFailedPrecondition  another process holds the directory
//   kPermissionDenied    it cannot be written
//   kDataLoss            corrupt, made by a newer format, or behind its high-water mark (the
//   message has both numbers) kResourceExhausted   no space to open
absl::StatusOr<std::unique_ptr<BackupableStore>> OpenRocksdbStore(RocksdbOptions options);

}  // namespace slowburn::storage
