#include "storage/rocksdb/internal/read_only_store.h"

#include <algorithm>
#include <utility>
#include <vector>

#include <rocksdb/db.h>

#include "base/status.h"
#include "storage/rocksdb/internal/database_options.h"
#include "storage/rocksdb/internal/database_view.h"
#include "storage/rocksdb/internal/info_log.h"
#include "storage/rocksdb/internal/rocksdb_status.h"

namespace slowburn::storage {
namespace {

class OpenedStore final : public ReadOnlyStore {
 public:
  OpenedStore(std::string name, std::shared_ptr<void> keeps)
      : name_(std::move(name)), keeps_(std::move(keeps)) {}
  ~OpenedStore() override {
    if (db_ == nullptr) return;
    for (rocksdb::ColumnFamilyHandle* handle : all_handles_) {
      db_->DestroyColumnFamilyHandle(handle).PermitUncheckedError();
    }
    db_->Close().PermitUncheckedError();
  }
  OpenedStore(const OpenedStore&) = delete;
  OpenedStore& operator=(const OpenedStore&) = delete;

  absl::Status OpenDatabase(rocksdb::Env& env) {
    const RocksdbOptions options;
    const auto info_log = std::make_shared<InfoLog>();  // shared as RocksDB asks
    const rocksdb::DBOptions db_options = DatabaseOptions(options, &env, info_log);
    std::vector<std::string> present;
    SB_RETURN_IF_ERROR(OpenStatus(rocksdb::DB::ListColumnFamilies(db_options, name_, &present),
                                  name_, info_log->first_message()));
    SB_RETURN_IF_ERROR(CheckFamilies(present, name_));
    std::vector<rocksdb::ColumnFamilyDescriptor> families = FamilyDescriptors(options);
    std::erase_if(families, [&](const rocksdb::ColumnFamilyDescriptor& family) {
      return std::ranges::count(present, family.name) == 0;
    });
    rocksdb::DB* db = nullptr;
    const rocksdb::Status status =
        rocksdb::DB::OpenForReadOnly(db_options, name_, families, &all_handles_, &db);
    SB_RETURN_IF_ERROR(OpenStatus(status, name_, info_log->first_message()));
    db_.reset(db);
    for (rocksdb::ColumnFamilyHandle* handle : all_handles_) {
      const size_t index = FamilyIndexOf(handle->GetName());
      if (index < handles_.size()) handles_[index] = handle;
    }
    if (handles_[static_cast<size_t>(Family::kMeta)] == nullptr ||
        handles_[static_cast<size_t>(Family::kLog)] == nullptr) {
      return base::DataLoss("open '{}': it has no family 'meta' or no 'log', so it is no store",
                            name_);
    }
    SB_ASSIGN_OR_RETURN(const auto checkpoint, view().ReadSequence(kCheckpointName));
    SB_ASSIGN_OR_RETURN(const auto dropped, view().ReadSequence(kDroppedName));
    checkpoint_ = checkpoint.value_or(0);
    dropped_ = dropped.value_or(checkpoint_);
    SB_ASSIGN_OR_RETURN(last_, view().FindLastSequence(checkpoint_));
    return absl::OkStatus();
  }

  absl::Status ReadAll() const override {
    SB_RETURN_IF_ERROR(view().ReadAll().status());
    return ReplayLog(std::min(dropped_, checkpoint_),
                     [](uint64_t, std::string_view) { return absl::OkStatus(); });
  }

  uint64_t last_sequence() const override { return last_; }
  uint64_t checkpoint_sequence() const override { return checkpoint_; }
  absl::Status ReplayLog(
      uint64_t after,
      const std::function<absl::Status(uint64_t, std::string_view)>& visit) const override {
    return view().ReplayLog(after, last_, visit);
  }
  std::unique_ptr<Snapshot> TakeSnapshot() const override { return view().TakeSnapshot(); }
  absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                 std::string_view key) const override {
    return view().Get(family, key);
  }
  Statistics statistics() const override { return {.log_records = last_ - dropped_}; }

  absl::Status AppendLog(std::string_view, Durability) override { return Refuse(); }
  absl::Status SyncLog() override { return Refuse(); }
  absl::Status WriteCheckpoint(Batch) override { return Refuse(); }
  absl::Status WriteStates(Batch) override { return Refuse(); }
  absl::Status WriteDirect(Batch) override { return Refuse(); }
  absl::Status MarkHighWater() override { return Refuse(); }

 private:
  DatabaseView view() const { return {*db_, handles_, name_}; }
  absl::Status Refuse() const {
    return base::FailedPrecondition("'{}' is open to read; nothing can be written", name_);
  }

  const std::string name_;
  const std::shared_ptr<void> keeps_;
  std::unique_ptr<rocksdb::DB> db_;
  std::vector<rocksdb::ColumnFamilyHandle*> all_handles_;
  FamilyHandles handles_{};
  uint64_t checkpoint_ = 0;
  uint64_t dropped_ = 0;
  uint64_t last_ = 0;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ReadOnlyStore>> ReadOnlyStore::Open(const std::string& database,
                                                                   rocksdb::Env& env,
                                                                   std::shared_ptr<void> keeps) {
  auto store = std::make_unique<OpenedStore>(database, std::move(keeps));
  SB_RETURN_IF_ERROR(store->OpenDatabase(env));
  return store;
}

}  // namespace slowburn::storage
