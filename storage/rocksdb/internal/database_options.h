// storage/rocksdb/internal/database_options.h: how RocksDB is set up: one memory budget for all
// families, and no silent loss.
//
// Room     storage/rocksdb, private
// Uses     storage/api, RocksDB
// Threads  pure functions
// Units    bytes
// Source   faults section 0, finding 2, and section 3.3
#pragma once

#include <array>
#include <memory>
#include <string>
#include <vector>

#include <rocksdb/db.h>

#include "storage/api/store.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace slowburn::storage {

// In the order of Family. RocksDB's own family "default" holds nothing that matters.
inline constexpr std::array<const char*, 7> kFamilyNames = {"meta",  "log",    "slices", "alerts",
                                                            "dedup", "ledger", "streams"};

inline const char* FamilyName(Family family) { return kFamilyNames[static_cast<size_t>(family)]; }

rocksdb::DBOptions DatabaseOptions(const RocksdbOptions& options, rocksdb::Env* env,
                                   std::shared_ptr<rocksdb::Logger> info_log);

// The families in the order of kFamilyNames, and then "default".
std::vector<rocksdb::ColumnFamilyDescriptor> FamilyDescriptors(const RocksdbOptions& options);

}  // namespace slowburn::storage
