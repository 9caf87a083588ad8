// storage/rocksdb/internal/space_reserve.h: room on the disk that is kept for the day it is full.
//
// Room     storage/rocksdb, private
// Uses     base/, storage/api, POSIX
// Threads  any
// Units    bytes
// Source   faults section 2, row 4
//
// A full disk refuses the very writes that would help: retention that drops a day, a checkpoint, a
// start. So a file holds some room, and gives it back at the first write that finds none. From then
// on until the file is there again nobody's data is taken, or it would eat the room at once.
#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/synchronization/mutex.h>

#include "storage/api/store.h"

namespace slowburn::storage {

class SpaceReserve {
 public:
  // The file is `path`, of `bytes`, or of a sixteenth of the disk where that is less. 0: there is
  // none, and nothing is refused. Nothing: likewise, and what is there is left alone. A file of
  // before is taken over.
  SpaceReserve(std::filesystem::path path, std::optional<uint64_t> bytes);

  // Takes away a file of another size, and makes it where it is not there, and where it leaves as
  // much again free: at the start, and after a write that went well, since RocksDB may want more
  // room than this before it goes on. Cheap where it is there. On a file system that cannot set
  // room aside it does nothing, and says so in the log.
  void TakeIfThereIsRoom();
  // The disk is full: whoever has to write gets the room.
  void Release();

  // Whether the file is there, there is room for it, or none is wanted. kResourceExhausted says how
  // much is missing.
  absl::Status Check() const;

  // Fills in what there is to say of the reserve. Looks for the file: whoever removed it finds it
  // missing here, and made anew.
  void AddTo(StoreCondition& condition);

 private:
  bool HasRoom() const ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);
  void TakeLocked() ABSL_EXCLUSIVE_LOCKS_REQUIRED(mutex_);

  const std::filesystem::path path_;
  const uint64_t wanted_bytes_;
  mutable absl::Mutex mutex_;
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_);  // 0 also where none can be had
  bool is_held_ ABSL_GUARDED_BY(mutex_) = false;
  bool is_given_ ABSL_GUARDED_BY(mutex_) = false;  // by Release, and not taken again
  bool is_stale_ ABSL_GUARDED_BY(mutex_) = false;  // there is a file of another size
};

}  // namespace slowburn::storage
