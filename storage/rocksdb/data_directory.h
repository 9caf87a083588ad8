// storage/rocksdb/data_directory.h: the folder of one process: made, locked, and known to be ours
// and of a format that we read before RocksDB sees it.
//
// Room     storage/rocksdb
// Uses     base/
// Threads  one thread until it is opened and its format raised, then immutable
// Units    bytes
// Source   docs/format/data_directory.md
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <utility>

#include <absl/status/statusor.h>

#include "base/file_lock.h"

namespace slowburn::storage {

// What this program writes, and the newest it reads. One more with whatever an older program would
// lose or misread: docs/format/data_directory.md has the history.
inline constexpr uint32_t kDataFormat = 7;

class DataDirectory {
 public:
  // Makes the folder if need be and holds its lock from then on; then reads or writes FORMAT.
  // Changes nothing in a folder that another process holds or that is not ours. Codes as
  // OpenRocksdbStore.
  static absl::StatusOr<std::unique_ptr<DataDirectory>> Open(const std::filesystem::path& path);

  std::filesystem::path path() const { return path_; }
  std::filesystem::path database() const { return path_ / database_name_; }
  std::filesystem::path high_water() const { return path_ / high_water_name_; }
  std::filesystem::path reserve() const { return path_ / kReserveName; }
  // Others than db/ and HIGH_WATER: what is made beside them to take their place.
  void UseNames(std::string database, std::string high_water) {
    database_name_ = std::move(database);
    high_water_name_ = std::move(high_water);
  }

  // The oldest format whose programs can read it: less than kDataFormat in a folder of an older
  // program.
  uint32_t format() const { return format_; }
  // From now on FORMAT asks for kDataFormat: durable when it returns, so call it before the first
  // write that an older program does not know. A crash leaves the old FORMAT or the new one.
  absl::Status RaiseFormat();

  // Whether db/ holds a database. kDataLoss when it holds parts of one, kPermissionDenied when it
  // cannot be written.
  absl::StatusOr<bool> HasDatabase() const;
  // Of all files in it but the reserve.
  uint64_t DiskBytes() const;

 private:
  static constexpr const char* kReserveName = "reserve";

  DataDirectory(std::filesystem::path path, std::unique_ptr<base::FileLock> lock, uint32_t format)
      : path_(std::move(path)), lock_(std::move(lock)), format_(format) {}

  std::filesystem::path path_;
  std::unique_ptr<base::FileLock> lock_;
  uint32_t format_;
  std::string database_name_ = "db";
  std::string high_water_name_ = "HIGH_WATER";
};

// What a folder is held by that is only read; nothing of it is changed, and others may read it too.
// Null where nobody ever held it, as a restored one. Codes as OpenRocksdbStore; kNotFound when it
// is none of ours.
absl::StatusOr<std::unique_ptr<base::FileLock>> HoldToRead(const std::filesystem::path& path);

// FORMAT of a folder that a program of `format` wrote: a restored one.
absl::Status WriteFormat(const std::filesystem::path& directory, uint32_t format);

}  // namespace slowburn::storage
