// storage/rocksdb/internal/database_options.h: how RocksDB is set up: one memory budget for all
// families, and no silent loss.
//
// Room     storage/rocksdb, private
// Uses     storage/api, RocksDB
// Threads  pure functions
// Units    bytes
// Source   faults section 0, finding 2, and section 3.3
//
// RocksDB slows writes down once a family has 20 files at level 0, and one compaction runs at a
// time: while a large one does, the files of all other families add up. Those that RocksDB flushes
// by itself are a whole write buffer's worth together; those of Reclaim can be small and come every
// second, so Reclaim waits while it is behind (rocksdb_store.cc).
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <rocksdb/db.h>

#include "storage/api/store.h"
#include "storage/rocksdb/data_directory.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace slowburn::storage {

// In the order of Family. RocksDB's own family "default" holds nothing that matters.
inline constexpr std::array<const char*, 10> kFamilyNames = {
    "meta",   "log",     "slices", "alerts",   "dedup",
    "ledger", "streams", "series", "postings", "chunks"};
// The format of the data directory that brought the family: a new one raises kDataFormat, because
// programs from before cannot open a database that has it.
inline constexpr std::array<uint32_t, kFamilyNames.size()> kFamilyFormats = {1, 1, 1, 1, 1,
                                                                             1, 2, 5, 5, 5};
static_assert(*std::max_element(kFamilyFormats.begin(), kFamilyFormats.end()) <= kDataFormat);

inline const char* FamilyName(Family family) { return kFamilyNames[static_cast<size_t>(family)]; }

rocksdb::DBOptions DatabaseOptions(const RocksdbOptions& options, rocksdb::Env* env,
                                   std::shared_ptr<rocksdb::Logger> info_log);

// The families in the order of kFamilyNames, and then "default".
std::vector<rocksdb::ColumnFamilyDescriptor> FamilyDescriptors(const RocksdbOptions& options);

}  // namespace slowburn::storage
