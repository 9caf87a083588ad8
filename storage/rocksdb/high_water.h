// storage/rocksdb/high_water.h: the file HIGH_WATER: proof, apart from RocksDB, of how far the log
// was acknowledged.
//
// Room     storage/rocksdb
// Uses     base/, xxHash
// Threads  one thread at a time
// Units    unix time in nanoseconds
// Source   docs/format/data_directory.md
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "base/clock.h"

namespace slowburn::storage {

// Two slots of 64 bytes, written in turn, so that a write that is cut short spoils only the older
// mark's place.
class HighWater {
 public:
  struct Mark {
    uint64_t sequence = 0;
    int64_t time_unix_nano = 0;  // when it was marked
    uint64_t generation = 0;     // counts the marks; its parity is the slot
  };

  // A new file with a mark of sequence 0, durable on return.
  static absl::Status Create(const std::filesystem::path& path, base::UnixNanos now);
  // kDataLoss when the file is missing, is not one, or has no valid slot; kPermissionDenied when it
  // cannot be opened.
  static absl::StatusOr<std::unique_ptr<HighWater>> Open(const std::filesystem::path& path);
  // The newest mark alone, of a file that may be read only. Codes as Open.
  static absl::StatusOr<Mark> Read(const std::filesystem::path& path);
  ~HighWater();
  HighWater(const HighWater&) = delete;
  HighWater& operator=(const HighWater&) = delete;

  // Durable on return. On error `newest` stays as it was, on disk as well. Costs one fdatasync.
  absl::Status Write(uint64_t sequence, base::UnixNanos now);

  const Mark& newest() const { return newest_; }

 private:
  HighWater(std::filesystem::path path, int fd, const Mark& newest)
      : path_(std::move(path)), fd_(fd), newest_(newest) {}

  std::filesystem::path path_;
  int fd_;
  Mark newest_;
};

// The 64 bytes of a slot.
std::string EncodeHighWaterSlot(const HighWater::Mark& mark);

}  // namespace slowburn::storage
