// storage/rocksdb/internal/open_store.h: OpenRocksdbStore with its surroundings as arguments, so
// that a test can break the disk.
//
// Room     storage/rocksdb, private
// Uses     base/, storage/api, RocksDB
// Threads  as storage/api/store.h
// Units    bytes
#pragma once

#include <memory>
#include <vector>

#include <absl/status/statusor.h>
#include <rocksdb/file_system.h>
#include <rocksdb/listener.h>

#include "base/clock.h"
#include "storage/api/backup.h"
#include "storage/rocksdb/data_directory.h"
#include "storage/rocksdb/rocksdb_store.h"

namespace slowburn::storage {

struct StoreSurroundings {
  // Under RocksDB's files alone. Shared because RocksDB holds it as well.
  std::shared_ptr<rocksdb::FileSystem> file_system = rocksdb::FileSystem::Default();
  const base::Clock& clock = base::SystemClock();                  // for the time in a mark
  std::vector<std::shared_ptr<rocksdb::EventListener>> listeners;  // shared as RocksDB asks
  // The newest record may be behind HIGH_WATER: whoever opens it fills the gap.
  bool may_be_behind = false;
};

// As OpenRocksdbStore.
absl::StatusOr<std::unique_ptr<BackupableStore>> OpenStore(const RocksdbOptions& options,
                                                           StoreSurroundings surroundings);
// On a directory whose lock is held already.
absl::StatusOr<std::unique_ptr<BackupableStore>> OpenStore(
    const RocksdbOptions& options, StoreSurroundings surroundings,
    std::unique_ptr<DataDirectory> directory);

}  // namespace slowburn::storage
