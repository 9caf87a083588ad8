#include "storage/rocksdb/internal/database_view.h"

#include <algorithm>

#include "base/status.h"
#include "storage/api/keys.h"
#include "storage/rocksdb/internal/rocksdb_status.h"

namespace slowburn::storage {
namespace {

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }
std::string_view ToView(const rocksdb::Slice& slice) { return {slice.data(), slice.size()}; }

// Reads of the newest state and of snapshots differ in their options alone.
absl::StatusOr<std::optional<std::string>> ReadValue(rocksdb::DB& db, const FamilyHandles& handles,
                                                     const rocksdb::ReadOptions& options,
                                                     Family family, std::string_view key) {
  rocksdb::ColumnFamilyHandle* const handle = handles[static_cast<size_t>(family)];
  if (handle == nullptr) return std::nullopt;
  std::string value;
  const rocksdb::Status status = db.Get(options, handle, ToSlice(key), &value);
  if (status.IsNotFound()) return std::nullopt;
  SB_RETURN_IF_ERROR(ReadStatus(status, fmt::format("read family '{}'", FamilyName(family))));
  return value;
}

class RocksdbSnapshot final : public Snapshot {
 public:
  RocksdbSnapshot(rocksdb::DB& db, const FamilyHandles& handles) : db_(db), handles_(handles) {
    options_.snapshot = db_.GetSnapshot();
  }
  ~RocksdbSnapshot() override { db_.ReleaseSnapshot(options_.snapshot); }
  RocksdbSnapshot(const RocksdbSnapshot&) = delete;
  RocksdbSnapshot& operator=(const RocksdbSnapshot&) = delete;

  absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                 std::string_view key) const override {
    return ReadValue(db_, handles_, options_, family, key);
  }

  absl::Status Scan(
      Family family, std::string_view begin, std::string_view end,
      const std::function<bool(std::string_view, std::string_view)>& visit) const override {
    rocksdb::ColumnFamilyHandle* const handle = handles_[static_cast<size_t>(family)];
    if (handle == nullptr) return absl::OkStatus();
    rocksdb::ReadOptions options = options_;
    const rocksdb::Slice upper = ToSlice(end);
    options.iterate_upper_bound = &upper;
    const std::unique_ptr<rocksdb::Iterator> it(db_.NewIterator(options, handle));
    for (it->Seek(ToSlice(begin)); it->Valid(); it->Next()) {
      if (!visit(ToView(it->key()), ToView(it->value()))) return absl::OkStatus();
    }
    return ReadStatus(it->status(), fmt::format("scan family '{}'", FamilyName(family)));
  }

 private:
  rocksdb::DB& db_;
  const FamilyHandles& handles_;
  rocksdb::ReadOptions options_;
};

}  // namespace

size_t FamilyIndexOf(std::string_view name) {
  return static_cast<size_t>(std::find(kFamilyNames.begin(), kFamilyNames.end(), name) -
                             kFamilyNames.begin());
}

absl::Status CheckFamilies(const std::vector<std::string>& present, std::string_view database) {
  for (const std::string& name : present) {
    if (FamilyIndexOf(name) < kFamilyNames.size() || name == rocksdb::kDefaultColumnFamilyName) {
      continue;
    }
    return base::DataLoss(
        "open '{}': it has the family '{}', of which this slowburn knows nothing: install a newer "
        "slowburn",
        database, name);
  }
  return absl::OkStatus();
}

absl::StatusOr<std::optional<std::string>> DatabaseView::Get(Family family,
                                                             std::string_view key) const {
  return ReadValue(db_, handles_, rocksdb::ReadOptions(), family, key);
}

std::unique_ptr<Snapshot> DatabaseView::TakeSnapshot() const {
  return std::make_unique<RocksdbSnapshot>(db_, handles_);
}

absl::StatusOr<std::optional<uint64_t>> DatabaseView::ReadSequence(std::string_view name) const {
  SB_ASSIGN_OR_RETURN(const auto stored, Get(Family::kMeta, MetaKey(name)));
  if (!stored) return std::nullopt;
  const std::optional<uint64_t> sequence = ReadLogKey(*stored);
  if (sequence) return sequence;
  return base::DataLoss("'{}': the value of '{}' is no log key; restore a backup", name_, name);
}

absl::StatusOr<uint64_t> DatabaseView::FindLastSequence(uint64_t checkpoint) const {
  const std::string begin =
      LogKey(checkpoint + 1);  // or SeekToLast would step over dropped records
  const rocksdb::Slice lower = begin;
  rocksdb::ReadOptions options;
  options.iterate_lower_bound = &lower;
  const std::unique_ptr<rocksdb::Iterator> it(
      db_.NewIterator(options, handles_[static_cast<size_t>(Family::kLog)]));
  it->SeekToLast();
  SB_RETURN_IF_ERROR(ReadStatus(it->status(), "find the newest record"));
  if (!it->Valid()) return checkpoint;
  const std::optional<uint64_t> last = ReadLogKey(ToView(it->key()));
  if (!last) {
    return base::DataLoss("'{}': family 'log' has a key that is no sequence; restore a backup",
                          name_);
  }
  return *last;
}

absl::Status DatabaseView::ReplayLog(
    uint64_t after, uint64_t last,
    const std::function<absl::Status(uint64_t, std::string_view)>& visit) const {
  const std::string end = LogKey(last + 1);
  const rocksdb::Slice upper = end;
  rocksdb::ReadOptions options;
  options.iterate_upper_bound = &upper;
  options.fill_cache = false;  // read once, at start
  const std::unique_ptr<rocksdb::Iterator> it(
      db_.NewIterator(options, handles_[static_cast<size_t>(Family::kLog)]));
  uint64_t expected = after + 1;
  for (it->Seek(LogKey(expected)); it->Valid(); it->Next(), ++expected) {
    if (ReadLogKey(ToView(it->key())) != expected) break;
    SB_RETURN_IF_ERROR(visit(expected, ToView(it->value())));
  }
  SB_RETURN_IF_ERROR(ReadStatus(it->status(), fmt::format("read record {}", expected)));
  if (expected <= last) {
    return base::DataLoss("'{}': record {} of {} is missing from the log; restore a backup", name_,
                          expected, last);
  }
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> DatabaseView::ReadAll() const {
  rocksdb::ReadOptions options;
  options.fill_cache = false;
  options.readahead_size = 2 << 20;
  uint64_t bytes = 0;
  for (size_t family = 0; family < handles_.size(); ++family) {
    if (handles_[family] == nullptr) continue;
    const std::unique_ptr<rocksdb::Iterator> it(db_.NewIterator(options, handles_[family]));
    for (it->SeekToFirst(); it->Valid(); it->Next()) {
      bytes += it->key().size() + it->value().size();
    }
    SB_RETURN_IF_ERROR(
        ReadStatus(it->status(), fmt::format("scan family '{}'", kFamilyNames[family])));
  }
  return bytes;
}

}  // namespace slowburn::storage
