// storage/rocksdb/internal/rocksdb_status.h: what RocksDB's errors mean to us.
//
// Room     storage/rocksdb, private
// Uses     base/, RocksDB
// Threads  pure functions
// Units    none
// Source   faults section 0, findings 4 and 5
#pragma once

#include <string_view>

#include <absl/status/status.h>
#include <rocksdb/status.h>

namespace slowburn::storage {

// The disk is full and nothing else is wrong: RocksDB looks for space every 5 s and then goes on by
// itself.
bool IsDiskFull(const rocksdb::Status& status);

// Of a read: kDataLoss with RocksDB's text, which names file and place. `what` reads as "read
// family 'slices'".
absl::Status ReadStatus(const rocksdb::Status& status, std::string_view what);

// Of a write to `database` that failed for good: kDataLoss with what to do. `what` reads as "append
// to the log".
absl::Status WriteFailure(const rocksdb::Status& status, std::string_view what,
                          std::string_view database);

// Of DB::Open on the folder `database`, whose first message was `message`. Codes as
// OpenRocksdbStore.
absl::Status OpenStatus(const rocksdb::Status& status, std::string_view database,
                        std::string_view message);

}  // namespace slowburn::storage
