// storage/rocksdb/internal/database_repair.h: makes a damaged database open, as the state after
// some prefix of its writes, or says that none can be had.
//
// Room     storage/rocksdb, private
// Uses     base/, RocksDB
// Threads  one thread at a time
// Units    none
// Source   faults section 0, finding 2
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include <absl/status/status.h>

namespace slowburn::storage {

struct DatabaseRepair {
  std::vector<std::string> damage;  // empty: a start opens it as it is
  std::vector<std::string> repairs;
  bool is_log_cut = false;  // writes are left out that were there
};

// Changes the files of `database`, which is a copy. OK when a start would open it. kDataLoss says
// why nothing whole is left; `repair` has what was found until then.
absl::Status RepairDatabase(const std::filesystem::path& database, DatabaseRepair& repair);

}  // namespace slowburn::storage
