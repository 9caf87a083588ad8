// storage/rocksdb/salvage.h: what can be kept of a damaged data directory: a copy beside it that is
// repaired until it opens whole, and takes its place only when it is told to.
//
// Room     storage/rocksdb
// Uses     base/, storage/api
// Threads  one thread at a time
// Units    bytes; unix nanoseconds
// Source   docs/recover.md; faults rows 7 and 8, section 3.3
//
// Tables are linked, the rest is copied, so the copy costs as much as the log of writes, at most
// 256 MiB. db/ and HIGH_WATER stay as they are until Adopt, and then beside, by other names.
#pragma once

#include <cstdint>
#include <filesystem>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "storage/api/store.h"

namespace slowburn::storage {

struct SalvageFindings {
  std::vector<std::string> damage;    // in words, with the file; empty: nothing is wrong with files
  std::vector<std::string> repairs;   // what was done in the copy
  uint64_t kept_sequence = 0;         // records up to here are kept, all of them
  uint64_t known_sequence = 0;        // records up to here there were, for all that is left to see
  bool is_log_cut = false;            // damaged writes at the end are left out
  bool is_mark_lost = false;          // HIGH_WATER was missing or broken: nothing proves the end
  int64_t marked_time_unix_nano = 0;  // when HIGH_WATER was last written; 0: unknown
};

class Salvage {
 public:
  // Takes the directory's lock, and makes and repairs the copy. Codes as OpenRocksdbStore;
  // kDataLoss when no whole state can be had of what is left, saying why.
  static absl::StatusOr<std::unique_ptr<Salvage>> Open(const std::filesystem::path& directory);
  virtual ~Salvage() = default;  // a copy that was not adopted is removed

  virtual const SalvageFindings& findings() const = 0;
  // The copy: to read, and to append what says that records are lost.
  virtual Store& store() = 0;
  // Puts the copy in place, atomically, and returns what the damaged database is called now. The
  // store must not be used any more.
  virtual absl::StatusOr<std::filesystem::path> Adopt() = 0;
};

}  // namespace slowburn::storage
