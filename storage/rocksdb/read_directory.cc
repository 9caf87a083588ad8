#include "storage/rocksdb/read_directory.h"

#include <rocksdb/env.h>

#include "base/status.h"
#include "storage/rocksdb/data_directory.h"
#include "storage/rocksdb/high_water.h"
#include "storage/rocksdb/internal/read_only_store.h"

namespace slowburn::storage {

absl::StatusOr<std::unique_ptr<Store>> OpenToRead(const std::filesystem::path& directory) {
  SB_ASSIGN_OR_RETURN(auto lock, HoldToRead(directory));
  const std::filesystem::path database = directory / "db";
  SB_ASSIGN_OR_RETURN(const HighWater::Mark marked, HighWater::Read(directory / "HIGH_WATER"));
  std::error_code error;
  if (!std::filesystem::exists(database / "CURRENT", error) && marked.sequence == 0)
    return base::NotFound("'{}' has no database yet", directory.string());
  // shared: the store holds the lock as long as it lives, whatever it is.
  SB_ASSIGN_OR_RETURN(auto store,
                      ReadOnlyStore::Open(database.string(), *rocksdb::Env::Default(),
                                          std::shared_ptr<base::FileLock>(std::move(lock))));
  if (marked.sequence > store->last_sequence()) {
    return base::DataLoss(
        "'{}': the newest record is {}, but HIGH_WATER says that records up to {} were "
        "acknowledged; restore a backup, or see what `slowburn recover` can keep",
        directory.string(), store->last_sequence(), marked.sequence);
  }
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace slowburn::storage
