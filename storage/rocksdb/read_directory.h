// storage/rocksdb/read_directory.h: the store of a data directory to read, while no server has it.
//
// Room     storage/rocksdb: RocksDB is private to it
// Uses     base/, storage/api
// Threads  as storage/api/store.h
// Units    none
// Source   docs/format/data_directory.md
#pragma once

#include <filesystem>
#include <memory>

#include <absl/status/statusor.h>

#include "storage/api/store.h"

namespace slowburn::storage {

// Everything that was acknowledged, the log's tail too, which is read into memory; nothing in the
// directory is changed, and every change is refused. What a start would cut off is left out. As
// long as it lives no server can open the directory; others may read it. kNotFound when it is no
// data directory; kFailedPrecondition when a server has it; kDataLoss as OpenRocksdbStore.
absl::StatusOr<std::unique_ptr<Store>> OpenToRead(const std::filesystem::path& directory);

}  // namespace slowburn::storage
