// storage/rocksdb/internal/read_only_store.h: a database as it lies, to look at: nothing of it is
// changed.
//
// Room     storage/rocksdb, private
// Uses     base/, storage/api, RocksDB
// Threads  as storage/api/store.h
// Units    bytes
#pragma once

#include <filesystem>
#include <memory>
#include <string>

#include <absl/status/statusor.h>
#include <rocksdb/env.h>

#include "storage/api/store.h"

namespace slowburn::storage {

class ReadOnlyStore : public Store {
 public:
  // Opens as strictly as a start does, but takes no lock, asks no HIGH_WATER, and refuses the
  // garbled tails that a start cuts off: a backup has none (internal/shortened_files.h hides those
  // of a directory). `keeps` lives as long as the store: what `env` belongs to. kDataLoss as
  // OpenRocksdbStore.
  static absl::StatusOr<std::unique_ptr<ReadOnlyStore>> Open(const std::string& database,
                                                             rocksdb::Env& env,
                                                             std::shared_ptr<void> keeps);
  // Reads every key and every record that a start would replay. kDataLoss names what is wrong.
  virtual absl::Status ReadAll() const = 0;
};

}  // namespace slowburn::storage
