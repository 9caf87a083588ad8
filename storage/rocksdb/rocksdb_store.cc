// The log is a family like the others, because then a checkpoint and the deletion of the records
// that it covers are one atomic batch.
//
// Its records live for about a second, so what matters is how they go. At 1,000 commits/s a
// tombstone for each would be 1,000 more memtable entries and 20 KB more WAL a second, all of which
// a flush writes out, a compaction merges and a restart steps over. One DeleteRange from the last
// checkpoint to this one is a single entry of 30 bytes however many records there are; ranges of
// successive checkpoints touch and never overlap, so RocksDB's fragment list stays as long as the
// number of checkpoints. A record whose range arrives in the same memtable is dropped by the flush,
// and the range itself by the first compaction, whose output is the last level (see FamilyOptions).
// SingleDelete would be cheaper still for few records, but a key that was written twice breaks it,
// and a sequence whose first append met a full disk is written twice.
#include "storage/rocksdb/rocksdb_store.h"

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/functional/function_ref.h>
#include <absl/synchronization/mutex.h>
#include <rocksdb/db.h>
#include <rocksdb/env.h>
#include <rocksdb/write_batch.h>

#include "base/logging.h"
#include "base/status.h"
#include "storage/api/keys.h"
#include "storage/rocksdb/data_directory.h"
#include "storage/rocksdb/high_water.h"
#include "storage/rocksdb/internal/backup_folder.h"
#include "storage/rocksdb/internal/database_options.h"
#include "storage/rocksdb/internal/database_view.h"
#include "storage/rocksdb/internal/garbled_tail.h"
#include "storage/rocksdb/internal/info_log.h"
#include "storage/rocksdb/internal/open_store.h"
#include "storage/rocksdb/internal/rocksdb_status.h"
#include "storage/rocksdb/internal/space_reserve.h"

namespace slowburn::storage {
namespace {

// What RocksDB writes about itself is as much: less is not worth making the end longer.
constexpr uint64_t kWorthTheEnd = 64 << 10;

rocksdb::Slice ToSlice(std::string_view bytes) { return {bytes.data(), bytes.size()}; }

// The format that brought the family; 0 for RocksDB's own.
uint32_t FormatOf(std::string_view name) {
  const size_t index = FamilyIndexOf(name);
  return index < kFamilyFormats.size() ? kFamilyFormats[index] : 0;
}

// The batch as RocksDB's. kInternal for what a caller must not do: RocksDB would find a reversed
// range only after it is in the WAL, and then refuse all writes.
absl::StatusOr<rocksdb::WriteBatch> TranslateBatch(const Batch& batch,
                                                   const FamilyHandles& handles) {
  rocksdb::WriteBatch out;
  for (const Batch::Operation& operation : batch.operations()) {
    if (operation.family == Family::kLog) {
      return base::Internal("a batch writes family 'log', which belongs to AppendLog");
    }
    rocksdb::ColumnFamilyHandle* family = handles[static_cast<size_t>(operation.family)];
    rocksdb::Status added;
    switch (operation.kind) {
      case Batch::Operation::Kind::kPut:
        added = out.Put(family, operation.key, operation.value);
        break;
      case Batch::Operation::Kind::kDelete:
        added = out.Delete(family, operation.key);
        break;
      case Batch::Operation::Kind::kDeleteRange:
        if (operation.key > operation.value) {
          return base::Internal("a batch deletes a range of family '{}' that ends before it begins",
                                FamilyName(operation.family));
        }
        added = out.DeleteRange(family, operation.key, operation.value);
        break;
    }
    if (!added.ok()) return base::Internal("build batch: {}", added.ToString());
  }
  return out;
}

class RocksdbStore final : public BackupableStore {
 public:
  RocksdbStore(std::unique_ptr<DataDirectory> directory, std::unique_ptr<HighWater> high_water,
               std::optional<uint64_t> reserve_bytes, StoreSurroundings surroundings)
      : directory_(std::move(directory)),
        reserve_(directory_->reserve(), reserve_bytes),
        high_water_(std::move(high_water)),
        surroundings_(std::move(surroundings)),
        env_(rocksdb::NewCompositeEnv(surroundings_.file_system)) {}
  ~RocksdbStore() override;
  RocksdbStore(const RocksdbStore&) = delete;
  RocksdbStore& operator=(const RocksdbStore&) = delete;

  // Once, in this order, before everything else.
  absl::Status OpenDatabase(const RocksdbOptions& options, bool create);
  void TakeReserve() { reserve_.TakeIfThereIsRoom(); }
  void ReleaseReserve() { reserve_.Release(); }
  // Finds the sequences, and refuses when the high-water mark is beyond them.
  absl::Status Recover();
  // Brings the directory of an older program, now that it is known to be whole, to our format.
  absl::Status Upgrade(const RocksdbOptions& options);

  uint64_t last_sequence() const override { return last_sequence_; }
  uint64_t checkpoint_sequence() const override { return checkpoint_sequence_; }
  absl::Status RoomForIntake() override;
  absl::Status AppendLog(std::string_view record, Durability durability) override;
  absl::Status SyncLog() override;
  absl::Status WriteCheckpoint(Batch batch) override;
  absl::Status WriteStates(Batch batch) override;
  void KeepLogAfter(uint64_t sequence) override { keep_after_ = sequence; }
  absl::Status ReplayLog(
      uint64_t after,
      const std::function<absl::Status(uint64_t, std::string_view)>& visit) const override;
  void Reclaim(bool last) override;
  absl::Status WriteDirect(Batch batch) override;
  std::unique_ptr<Snapshot> TakeSnapshot() const override;
  absl::StatusOr<std::optional<std::string>> Get(Family family,
                                                 std::string_view key) const override;
  absl::Status MarkHighWater() override;
  Statistics statistics() const override;
  StoreCondition condition() override;
  absl::StatusOr<Backup> CreateBackup(const BackupOptions& options) override;

 private:
  rocksdb::ColumnFamilyHandle* handle(Family family) const {
    return handles_[static_cast<size_t>(family)];
  }
  absl::StatusOr<rocksdb::Status> PastGarbledTails(
      absl::FunctionRef<rocksdb::Status()> attempt) const;
  void Keep(rocksdb::ColumnFamilyHandle* handle);
  DatabaseView view() const { return {*db_, handles_, directory_->database().string()}; }
  absl::Status Failure() const;
  absl::Status Fail(absl::Status failure);
  absl::Status WriteResult(const rocksdb::Status& status, std::string_view what);
  absl::Status KeepMemtableFilled();
  absl::Status Write(rocksdb::WriteBatch& batch, bool sync, std::string_view what);
  void RaiseDurable(uint64_t sequence);
  uint64_t FilesAtLevel0(rocksdb::ColumnFamilyHandle* family) const;
  bool IsBehind() const;
  bool IsFlushing() const;
  bool IsWorthCompacting(Family family) const;

  // Destroyed from the last to the first: the lock goes when RocksDB is closed.
  std::unique_ptr<DataDirectory> directory_;
  SpaceReserve reserve_;
  absl::Mutex high_water_mutex_;
  std::unique_ptr<HighWater> high_water_ ABSL_GUARDED_BY(high_water_mutex_);
  StoreSurroundings surroundings_;
  std::unique_ptr<rocksdb::Env> env_;
  std::unique_ptr<rocksdb::DB> db_;
  FamilyHandles handles_{};
  rocksdb::ColumnFamilyHandle* default_handle_ = nullptr;

  // Moved by the one writer, once RocksDB has taken the write.
  std::atomic<uint64_t> last_sequence_{0};
  std::atomic<uint64_t> checkpoint_sequence_{0};
  std::atomic<uint64_t> durable_sequence_{0};  // fsynced up to here
  std::atomic<uint64_t> dropped_sequence_{0};  // records up to here are no longer in the log
  std::atomic<uint64_t> keep_after_{std::numeric_limits<uint64_t>::max()};
  std::atomic<uint64_t> unreclaimed_bytes_{0};   // written since space was last reclaimed
  std::atomic<uint64_t> reclaimed_sequence_{0};  // what had been dropped by then

  mutable absl::Mutex failure_mutex_;
  absl::Status failure_ ABSL_GUARDED_BY(failure_mutex_);  // once not OK, it stays
};

RocksdbStore::~RocksdbStore() {
  if (db_ == nullptr) return;
  for (rocksdb::ColumnFamilyHandle* family : handles_) {
    // An older directory that was refused did not get the families it lacked.
    if (family != nullptr) db_->DestroyColumnFamilyHandle(family).PermitUncheckedError();
  }
  db_->DestroyColumnFamilyHandle(default_handle_).PermitUncheckedError();
  // What was acknowledged is in the WAL: an error here loses nothing.
  db_->Close().PermitUncheckedError();
}

absl::Status RocksdbStore::OpenDatabase(const RocksdbOptions& options, bool create) {
  const auto info_log = std::make_shared<InfoLog>();  // shared as RocksDB asks
  rocksdb::DBOptions db_options = DatabaseOptions(options, env_.get(), info_log);
  db_options.create_if_missing = create;
  db_options.listeners = surroundings_.listeners;
  const std::string database = directory_->database().string();
  std::vector<std::string> present;
  if (create) {
    std::error_code ignored;  // RocksDB makes it too, but calls it an error that it has to
    std::filesystem::create_directory(database, ignored);
  } else {
    SB_ASSIGN_OR_RETURN(const rocksdb::Status listed, PastGarbledTails([&] {
                          return rocksdb::DB::ListColumnFamilies(db_options, database, &present);
                        }));
    SB_RETURN_IF_ERROR(OpenStatus(listed, database, info_log->first_message()));
    SB_RETURN_IF_ERROR(CheckFamilies(present, database));
  }
  std::vector<rocksdb::ColumnFamilyDescriptor> families = FamilyDescriptors(options);
  std::erase_if(families, [&](const rocksdb::ColumnFamilyDescriptor& family) {
    return FormatOf(family.name) > directory_->format() &&
           std::find(present.begin(), present.end(), family.name) == present.end();
  });
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* db = nullptr;
  SB_ASSIGN_OR_RETURN(const rocksdb::Status status, PastGarbledTails([&] {
                        return rocksdb::DB::Open(db_options, database, families, &handles, &db);
                      }));
  SB_RETURN_IF_ERROR(OpenStatus(status, database, info_log->first_message()));
  db_.reset(db);
  for (rocksdb::ColumnFamilyHandle* handle : handles) Keep(handle);
  return absl::OkStatus();
}

// What `attempt` returns; the second time, when something that a power loss left was in its way.
absl::StatusOr<rocksdb::Status> RocksdbStore::PastGarbledTails(
    absl::FunctionRef<rocksdb::Status()> attempt) const {
  rocksdb::Status status = attempt();
  if (!status.IsCorruption()) return status;
  SB_ASSIGN_OR_RETURN(const auto cut, CutGarbledTails(directory_->database()));
  return cut.empty() ? status : attempt();
}

void RocksdbStore::Keep(rocksdb::ColumnFamilyHandle* handle) {
  const size_t index = FamilyIndexOf(handle->GetName());
  (index < handles_.size() ? handles_[index] : default_handle_) = handle;
}

// FORMAT goes first: a crash in between leaves a directory that older programs refuse, and that the
// next start gives what it still lacks.
absl::Status RocksdbStore::Upgrade(const RocksdbOptions& options) {
  const uint32_t from = directory_->format();
  if (from >= kDataFormat) return absl::OkStatus();
  SB_RETURN_IF_ERROR(directory_->RaiseFormat());
  for (const rocksdb::ColumnFamilyDescriptor& family : FamilyDescriptors(options)) {
    const size_t index = FamilyIndexOf(family.name);
    if (index == handles_.size() || handles_[index] != nullptr) continue;
    rocksdb::ColumnFamilyHandle* handle = nullptr;
    const rocksdb::Status made = db_->CreateColumnFamily(family.options, family.name, &handle);
    SB_RETURN_IF_ERROR(OpenStatus(made, directory_->database().string(), ""));
    Keep(handle);
  }
  base::Log(base::LogLevel::kInfo, "data directory upgraded",
            {{"path", directory_->path().string()},
             {"from_format", from},
             {"to_format", directory_->format()}});
  return absl::OkStatus();
}

absl::Status RocksdbStore::Recover() {
  SB_ASSIGN_OR_RETURN(const auto stored, view().ReadSequence(kCheckpointName));
  const uint64_t checkpoint = stored.value_or(0);
  SB_ASSIGN_OR_RETURN(const auto dropped, view().ReadSequence(kDroppedName));
  SB_ASSIGN_OR_RETURN(const uint64_t last, view().FindLastSequence(checkpoint));
  absl::MutexLock lock(&high_water_mutex_);
  const uint64_t marked = high_water_->newest().sequence;
  if (marked > last && !surroundings_.may_be_behind) {
    return base::DataLoss(
        "'{}': the newest record is {}, but HIGH_WATER says that records up to {} were "
        "acknowledged: records {} to {} are "
        "missing; restore a backup, or see what `slowburn recover` can keep",
        directory_->path().string(), last, marked, last + 1, marked);
  }
  checkpoint_sequence_ = checkpoint;
  dropped_sequence_ = dropped.value_or(checkpoint);
  last_sequence_ = last;
  // Opening has flushed and fsynced whatever the WAL held.
  durable_sequence_ = last;
  return absl::OkStatus();
}

absl::Status RocksdbStore::Failure() const {
  absl::MutexLock lock(&failure_mutex_);
  return failure_;
}

// The first failure is the one that is told from then on: what follows it is mostly its echo.
absl::Status RocksdbStore::Fail(absl::Status failure) {
  absl::MutexLock lock(&failure_mutex_);
  if (failure_.ok()) failure_ = std::move(failure);
  return failure_;
}

absl::Status RocksdbStore::WriteResult(const rocksdb::Status& status, std::string_view what) {
  if (status.ok()) {
    reserve_.TakeIfThereIsRoom();
    return absl::OkStatus();
  }
  const std::string database = directory_->database().string();
  if (IsDiskFull(status)) {
    reserve_.Release();
    return absl::ResourceExhaustedError(
        fmt::format("{} in '{}': {}; free space on its disk, writing then goes on by itself", what,
                    database, status.ToString()));
  }
  // After a failed fsync the kernel may have dropped the pages and call them clean: to try again
  // would be to lie.
  return Fail(WriteFailure(status, what, database));
}

// Before every use of the WAL. RocksDB 7.8 overcomes a full disk by flushing memtables, which also
// gives it a new WAL; when all are empty it does neither, goes on in the WAL whose last record was
// cut short, and aborts at the next write. So a key that means nothing, and is not in the WAL,
// waits in the family "default" for such a flush.
absl::Status RocksdbStore::KeepMemtableFilled() {
  uint64_t entries = 0;
  if (db_->GetIntProperty(default_handle_, rocksdb::DB::Properties::kNumEntriesActiveMemTable,
                          &entries) &&
      entries > 0) {
    return absl::OkStatus();
  }
  rocksdb::WriteOptions options;
  options.disableWAL = true;
  return WriteResult(db_->Put(options, default_handle_, "memtable", ""), "prepare to write");
}

absl::Status RocksdbStore::Write(rocksdb::WriteBatch& batch, bool sync, std::string_view what) {
  SB_RETURN_IF_ERROR(Failure());
  SB_RETURN_IF_ERROR(KeepMemtableFilled());
  rocksdb::WriteOptions options;
  options.sync = sync;
  unreclaimed_bytes_ += batch.GetDataSize();
  return WriteResult(db_->Write(options, &batch), what);
}

void RocksdbStore::RaiseDurable(uint64_t sequence) {
  uint64_t known = durable_sequence_;
  while (known < sequence && !durable_sequence_.compare_exchange_weak(known, sequence)) {
  }
}

absl::Status RocksdbStore::RoomForIntake() { return reserve_.Check(); }

absl::Status RocksdbStore::AppendLog(std::string_view record, Durability durability) {
  const uint64_t sequence = last_sequence_ + 1;
  const bool sync = durability == Durability::kSynced;
  rocksdb::WriteBatch batch;
  const rocksdb::Status added = batch.Put(handle(Family::kLog), LogKey(sequence), ToSlice(record));
  if (!added.ok()) return base::Internal("build record {}: {}", sequence, added.ToString());
  SB_RETURN_IF_ERROR(Write(batch, sync, "append record"));
  // Only now: after an error the next append takes the same sequence and so overwrites what the
  // failed one may have left.
  last_sequence_ = sequence;
  if (sync) RaiseDurable(sequence);  // a WAL fsync covers the buffered records before it
  return absl::OkStatus();
}

absl::Status RocksdbStore::SyncLog() {
  const uint64_t sequence = last_sequence_;
  // An empty batch rather than FlushWAL: only when a write meets a full disk does RocksDB look for
  // space and go on.
  rocksdb::WriteBatch nothing;
  SB_RETURN_IF_ERROR(Write(nothing, /*sync=*/true, "sync log"));
  RaiseDurable(sequence);
  return absl::OkStatus();
}

absl::Status RocksdbStore::WriteCheckpoint(Batch batch) {
  const uint64_t through = last_sequence_;
  const uint64_t from = dropped_sequence_;
  const uint64_t drop = std::max(from, std::min<uint64_t>(through, keep_after_));
  if (batch.empty() && checkpoint_sequence_ == through && from == drop) return Failure();
  SB_ASSIGN_OR_RETURN(rocksdb::WriteBatch out, TranslateBatch(batch, handles_));
  rocksdb::Status added = out.Put(handle(Family::kMeta), MetaKey(kCheckpointName), LogKey(through));
  if (added.ok() && from < drop) {
    added = out.DeleteRange(handle(Family::kLog), LogKey(from + 1), LogKey(drop + 1));
  }
  if (added.ok() && (drop < through || from < checkpoint_sequence_)) {
    added = out.Put(handle(Family::kMeta), MetaKey(kDroppedName), LogKey(drop));
  }
  if (!added.ok()) return base::Internal("build checkpoint {}: {}", through, added.ToString());
  SB_RETURN_IF_ERROR(Write(out, /*sync=*/false, "write checkpoint"));
  checkpoint_sequence_ = through;
  dropped_sequence_ = drop;
  return absl::OkStatus();
}

absl::Status RocksdbStore::WriteStates(Batch batch) {
  SB_ASSIGN_OR_RETURN(rocksdb::WriteBatch out, TranslateBatch(batch, handles_));
  return Write(out, /*sync=*/false, "write states");
}

// A write stays in the WAL until the memtables of all families that it may be in are flushed, which
// for most of them is never by itself. Flushed, a record of the log whose range was dropped is
// gone; what was in files before is gone once they are compacted, which RocksDB does for `log`
// after each flush, for `series` when half of it is new (database_options.cc), and the last time at
// once. While it is behind with that, a flush would only add to what it has to do, until it slows
// writes down: the space is given back later.
void RocksdbStore::Reclaim(bool last) {
  constexpr uint64_t kWorthIt = 1 << 20;
  if (!Failure().ok() || (!last && IsBehind())) return;
  const uint64_t worth_it = last ? kWorthTheEnd : kWorthIt;
  // Little may have been written, and much be dropped by it.
  uint64_t log_bytes = 0;
  db_->GetIntProperty(handle(Family::kLog), rocksdb::DB::Properties::kTotalSstFilesSize,
                      &log_bytes);
  const uint64_t dropped = dropped_sequence_;
  const bool drops = dropped > reclaimed_sequence_ && log_bytes >= worth_it;
  if (unreclaimed_bytes_ >= worth_it || drops || (last && IsFlushing())) {
    unreclaimed_bytes_ = 0;
    reclaimed_sequence_ = dropped;
    std::vector<rocksdb::ColumnFamilyHandle*> families{default_handle_};
    for (rocksdb::ColumnFamilyHandle* family : handles_) {
      if (family != nullptr) families.push_back(family);  // an older directory lacks some
    }
    rocksdb::FlushOptions flush;
    flush.wait = last;
    flush.allow_write_stall = true;  // RocksDB would wait for a compaction first
    if (!db_->Flush(flush, families).ok()) return;
  }
  if (!last) return;
  // Also when nothing was flushed just now: then this is what earlier flushes left.
  for (const Family family : {Family::kLog, Family::kSeries, Family::kPostings}) {
    if (handle(family) != nullptr && IsWorthCompacting(family)) {
      db_->CompactRange(rocksdb::CompactRangeOptions(), handle(family), nullptr, nullptr)
          .PermitUncheckedError();
    }
  }
}

uint64_t RocksdbStore::FilesAtLevel0(rocksdb::ColumnFamilyHandle* family) const {
  std::string text;
  uint64_t files = 0;
  db_->GetProperty(family, rocksdb::DB::Properties::kNumFilesAtLevelPrefix + "0", &text);
  std::from_chars(text.data(), text.data() + text.size(), files);
  return files;
}

// Whether a family has more files to merge than one ever has to wait for a compaction of its own:
// the one that runs is of another family, or takes long.
bool RocksdbStore::IsBehind() const {
  constexpr uint64_t kFiles = 8;  // RocksDB merges from four at the latest, and slows down at 20
  return std::ranges::any_of(handles_, [this](rocksdb::ColumnFamilyHandle* family) {
    return family != nullptr && FilesAtLevel0(family) >= kFiles;
  });
}

bool RocksdbStore::IsFlushing() const {
  return std::ranges::any_of(handles_, [this](rocksdb::ColumnFamilyHandle* family) {
    uint64_t memtables = 0;
    return family != nullptr &&
           db_->GetIntProperty(family, rocksdb::DB::Properties::kNumImmutableMemTable,
                               &memtables) &&
           memtables > 0;
  });
}

// Whether much may be void, or is not packed as what has come to rest is. Files of a level but the
// first follow each other and are one run; each of the first is a run of its own. What is new is
// in runs beside the largest, which has come to rest when it is below the first level.
bool RocksdbStore::IsWorthCompacting(Family family) const {
  constexpr uint64_t kBytesMax = 256 << 20;  // some two seconds
  constexpr uint64_t kNewShare = 16;
  rocksdb::ColumnFamilyMetaData files;
  db_->GetColumnFamilyMetaData(handle(family), &files);
  uint64_t largest = 0;
  bool is_at_rest = true;
  const auto add = [&](uint64_t bytes, bool is_below) {
    if (bytes <= largest) return;
    largest = bytes;
    is_at_rest = is_below;
  };
  for (const rocksdb::LevelMetaData& level : files.levels) {
    if (level.level > 0) {
      add(level.size, true);
    } else {
      for (const rocksdb::SstFileMetaData& file : level.files) add(file.size, false);
    }
  }
  if (files.size < kWorthTheEnd || files.size > kBytesMax) return false;
  // However large the log is, one range that is new may have dropped all of it.
  const uint64_t new_min = family == Family::kLog ? 1 : files.size / kNewShare;
  return !is_at_rest || files.size - largest >= new_min;
}

absl::Status RocksdbStore::ReplayLog(
    uint64_t after, const std::function<absl::Status(uint64_t, std::string_view)>& visit) const {
  return view().ReplayLog(after, last_sequence_, visit);
}

absl::Status RocksdbStore::WriteDirect(Batch batch) {
  SB_ASSIGN_OR_RETURN(rocksdb::WriteBatch out, TranslateBatch(batch, handles_));
  return Write(out, /*sync=*/true, "write states");
}

std::unique_ptr<Snapshot> RocksdbStore::TakeSnapshot() const { return view().TakeSnapshot(); }

absl::StatusOr<std::optional<std::string>> RocksdbStore::Get(Family family,
                                                             std::string_view key) const {
  return view().Get(family, key);
}

absl::Status RocksdbStore::MarkHighWater() {
  SB_RETURN_IF_ERROR(Failure());
  const uint64_t sequence = last_sequence_;
  // A mark beyond what is on disk would make a power loss look like damage.
  if (durable_sequence_ < sequence) SB_RETURN_IF_ERROR(SyncLog());
  absl::MutexLock lock(&high_water_mutex_);
  if (high_water_->newest().sequence >= sequence) return absl::OkStatus();
  const absl::Status written = high_water_->Write(sequence, surroundings_.clock.Now());
  if (written.ok() || absl::IsResourceExhausted(written)) return written;
  return Fail(
      base::DataLoss("{}; the disk failed and nothing more is written: end the process, check the "
                     "disk and restart",
                     base::Message(written)));
}

Store::Statistics RocksdbStore::statistics() const {
  const uint64_t dropped = dropped_sequence_;  // read first: it never passes the newest record
  return {.disk_bytes = directory_->DiskBytes(), .log_records = last_sequence_ - dropped};
}

StoreCondition RocksdbStore::condition() {
  using Properties = rocksdb::DB::Properties;
  StoreCondition condition;
  reserve_.AddTo(condition);
  uint64_t is_stopped = 0;
  db_->GetIntProperty(Properties::kIsWriteStopped, &is_stopped);
  condition.are_writes_stopped = is_stopped != 0;
  db_->GetIntProperty(Properties::kActualDelayedWriteRate,
                      &condition.delayed_write_bytes_per_second);
  for (size_t family = 0; family < handles_.size(); ++family) {
    if (handles_[family] == nullptr) continue;  // an older directory lacks some
    condition.unmerged_files.emplace_back(kFamilyNames[family], FilesAtLevel0(handles_[family]));
  }
  return condition;
}

absl::StatusOr<Backup> RocksdbStore::CreateBackup(const BackupOptions& options) {
  SB_RETURN_IF_ERROR(Failure());
  SB_ASSIGN_OR_RETURN(auto folder, BackupFolder::OpenToWrite(options));
  // Read before anything is copied: whatever was acknowledged until now is in the copy.
  return folder->Create(*db_, last_sequence_, directory_->format());
}

// The mark of this directory. A new directory gets its file before RocksDB begins, so a database
// without one has lost it.
absl::StatusOr<std::unique_ptr<HighWater>> OpenHighWater(const DataDirectory& directory,
                                                         bool has_database, base::UnixNanos now) {
  std::error_code error;
  if (!has_database && !std::filesystem::exists(directory.high_water(), error)) {
    SB_RETURN_IF_ERROR(HighWater::Create(directory.high_water(), now));
  }
  SB_ASSIGN_OR_RETURN(auto high_water, HighWater::Open(directory.high_water()));
  if (const uint64_t marked = high_water->newest().sequence; !has_database && marked > 0) {
    return base::DataLoss(
        "'{}' has no database, but HIGH_WATER says that records up to {} were acknowledged; "
        "restore a backup, or see what `slowburn recover` can keep",
        directory.database().string(), marked);
  }
  return high_water;
}

}  // namespace

absl::StatusOr<std::unique_ptr<BackupableStore>> OpenRocksdbStore(RocksdbOptions options) {
  return OpenStore(options, {});
}

absl::StatusOr<std::unique_ptr<BackupableStore>> OpenStore(const RocksdbOptions& options,
                                                           StoreSurroundings surroundings) {
  SB_ASSIGN_OR_RETURN(auto directory, DataDirectory::Open(options.directory));
  return OpenStore(options, std::move(surroundings), std::move(directory));
}

absl::StatusOr<std::unique_ptr<BackupableStore>> OpenStore(
    const RocksdbOptions& options, StoreSurroundings surroundings,
    std::unique_ptr<DataDirectory> directory) {
  SB_ASSIGN_OR_RETURN(const bool has_database, directory->HasDatabase());
  SB_ASSIGN_OR_RETURN(auto high_water,
                      OpenHighWater(*directory, has_database, surroundings.clock.Now()));
  auto store = std::make_unique<RocksdbStore>(std::move(directory), std::move(high_water),
                                              options.reserve_bytes, std::move(surroundings));
  absl::Status opened = store->OpenDatabase(options, /*create=*/!has_database);
  if (absl::IsResourceExhausted(opened)) {
    store->ReleaseReserve();
    opened = store->OpenDatabase(options, /*create=*/!has_database);
  }
  SB_RETURN_IF_ERROR(opened);
  store->TakeReserve();
  SB_RETURN_IF_ERROR(store->Recover());
  if (!options.keeps_older_format) SB_RETURN_IF_ERROR(store->Upgrade(options));
  return store;
}

}  // namespace slowburn::storage
