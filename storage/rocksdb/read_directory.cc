#include "storage/rocksdb/read_directory.h"

#include <utility>

#include <rocksdb/env.h>

#include "base/file_lock.h"
#include "base/logging.h"
#include "base/status.h"
#include "storage/rocksdb/data_directory.h"
#include "storage/rocksdb/high_water.h"
#include "storage/rocksdb/internal/garbled_tail.h"
#include "storage/rocksdb/internal/read_only_store.h"
#include "storage/rocksdb/internal/shortened_files.h"

namespace slowburn::storage {
namespace {

// What a store of a directory needs as long as it lives.
struct Held {
  std::unique_ptr<base::FileLock> lock;
  std::unique_ptr<rocksdb::Env> env;  // null: the usual one
};

// As a start would open it: without what a power loss left at the ends of its logs, which a start
// cuts off and this leaves where it is.
absl::StatusOr<std::unique_ptr<ReadOnlyStore>> OpenDatabase(const std::filesystem::path& database,
                                                            std::unique_ptr<base::FileLock> lock) {
  const auto held = std::make_shared<Held>();  // shared: the store has it, whatever it is
  held->lock = std::move(lock);
  auto store = ReadOnlyStore::Open(database.string(), *rocksdb::Env::Default(), held);
  if (!absl::IsDataLoss(store.status())) return store;
  SB_ASSIGN_OR_RETURN(const std::vector<GarbledTail> tails, FindGarbledTails(database));
  if (tails.empty()) return store;
  for (const GarbledTail& tail : tails) {
    base::Log(base::LogLevel::kWarning,
              "the end of a log of the store cannot be read, as after a power loss, and is left "
              "out; the next start of the server cuts it off",
              {{"file", tail.file.string()}, {"at", tail.at}, {"bytes", tail.bytes}});
  }
  held->env = rocksdb::NewCompositeEnv(std::make_shared<ShortenedFiles>(tails));
  return ReadOnlyStore::Open(database.string(), *held->env, held);
}

}  // namespace

absl::StatusOr<std::unique_ptr<Store>> OpenToRead(const std::filesystem::path& directory) {
  SB_ASSIGN_OR_RETURN(auto lock, HoldToRead(directory));
  const std::filesystem::path database = directory / "db";
  SB_ASSIGN_OR_RETURN(const HighWater::Mark marked, HighWater::Read(directory / "HIGH_WATER"));
  std::error_code error;
  if (!std::filesystem::exists(database / "CURRENT", error) && marked.sequence == 0)
    return base::NotFound("'{}' has no database yet", directory.string());
  SB_ASSIGN_OR_RETURN(auto store, OpenDatabase(database, std::move(lock)));
  if (marked.sequence > store->last_sequence()) {
    return base::DataLoss(
        "'{}': the newest record is {}, but HIGH_WATER says that records up to {} were "
        "acknowledged; restore a backup, or see what `slowburn recover` can keep",
        directory.string(), store->last_sequence(), marked.sequence);
  }
  return std::unique_ptr<Store>(std::move(store));
}

}  // namespace slowburn::storage
