// storage/rocksdb/data_directory.h: the folder of one process: made, locked, and known to be ours
// before RocksDB sees it.
//
// Room     storage/rocksdb
// Uses     base/
// Threads  immutable once open
// Units    bytes
// Source   docs/format/data_directory.md
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <utility>

#include <absl/status/statusor.h>

#include "base/file_lock.h"

namespace slowburn::storage {

class DataDirectory {
 public:
  // Makes the folder if need be and holds its lock from then on; then reads or writes FORMAT.
  // Changes nothing in a folder that another process holds or that is not ours. Codes as
  // OpenRocksdbStore.
  static absl::StatusOr<std::unique_ptr<DataDirectory>> Open(const std::filesystem::path& path);

  std::filesystem::path path() const { return path_; }
  std::filesystem::path database() const { return path_ / "db"; }
  std::filesystem::path high_water() const { return path_ / "HIGH_WATER"; }

  // Whether db/ holds a database. kDataLoss when it holds parts of one, kPermissionDenied when it
  // cannot be written.
  absl::StatusOr<bool> HasDatabase() const;
  // Of all files in it.
  uint64_t DiskBytes() const;

 private:
  DataDirectory(std::filesystem::path path, std::unique_ptr<base::FileLock> lock)
      : path_(std::move(path)), lock_(std::move(lock)) {}

  std::filesystem::path path_;
  std::unique_ptr<base::FileLock> lock_;
};

}  // namespace slowburn::storage
