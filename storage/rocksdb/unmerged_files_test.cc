// Goal: what the program flushes waits while RocksDB does not merge it as fast, so that no write
// has to; and where a write does wait, the store says so. Method: a store whose compactions or
// flushes are held up for as long as the test likes; what they lead to is looked at when RocksDB
// has told of it.
#include <algorithm>
#include <atomic>
#include <filesystem>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <thread>
#include <utility>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/functional/function_ref.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>
#include <gtest/gtest.h>
#include <rocksdb/file_system.h>
#include <rocksdb/listener.h>

#include "base/testing/temp_dir.h"
#include "storage/api/keys.h"
#include "storage/rocksdb/internal/open_store.h"
#include "storage/rocksdb/testing/store_probe.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMiB = 1 << 20;
constexpr uint64_t kSlowdownFiles = 20;  // RocksDB's own: from here on it slows writes down

// Holds up what is told to, as a slow disk or a large compaction does, and knows what came of the
// rest.
class HeldJobs final : public rocksdb::EventListener {
 public:
  enum class Kind : uint8_t { kNone, kCompactions, kFlushes };

  void OnCompactionBegin(rocksdb::DB* /*db*/, const rocksdb::CompactionJobInfo& /*info*/) override {
    AwaitRelease(Kind::kCompactions);
  }
  void OnFlushBegin(rocksdb::DB* /*db*/, const rocksdb::FlushJobInfo& /*info*/) override {
    AwaitRelease(Kind::kFlushes);
  }
  // By the thread that writes or asks for a flush, before it returns.
  void OnMemTableSealed(const rocksdb::MemTableInfo& info) override {
    absl::MutexLock lock(&mutex_);
    uint64_t& sealed = families_[info.cf_name].sealed;
    sealed = std::max(sealed, info.first_seqno);
    ++events_;
  }
  void OnFlushCompleted(rocksdb::DB* /*db*/, const rocksdb::FlushJobInfo& info) override {
    absl::MutexLock lock(&mutex_);
    Progress& family = families_[info.cf_name];
    family.flushed = std::max(family.flushed, info.largest_seqno);
    ++family.flushes;
    ++events_;
  }
  void OnCompactionCompleted(rocksdb::DB* /*db*/,
                             const rocksdb::CompactionJobInfo& /*info*/) override {
    NoteEvent();
  }
  void OnStallConditionsChanged(const rocksdb::WriteStallInfo& /*info*/) override { NoteEvent(); }
  void NoteEvent() {
    absl::MutexLock lock(&mutex_);
    ++events_;
  }

  // That whatever was to be flushed until now is.
  bool AwaitFlushes() {
    absl::MutexLock lock(&mutex_);
    const auto is_done = [&] {
      return std::ranges::all_of(families_, [](const auto& family) {
        return family.second.flushed >= family.second.sealed;
      });
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&is_done), kPatience);
  }
  // Asks at first and after each event.
  bool Await(absl::FunctionRef<bool()> holds) {
    while (true) {
      const uint64_t seen = events();
      if (holds()) return true;
      absl::MutexLock lock(&mutex_);
      const auto is_news = [&] { return events_ != seen; };
      if (!mutex_.AwaitWithTimeout(absl::Condition(&is_news), kPatience)) return false;
    }
  }
  int flushes(const std::string& family) {
    absl::MutexLock lock(&mutex_);
    return families_[family].flushes;
  }
  void Hold(Kind kind) {
    absl::MutexLock lock(&mutex_);
    held_ = kind;
  }
  void Release() { Hold(Kind::kNone); }

 private:
  // RocksDB's sequence numbers: a memtable that begins at `sealed` is to be flushed, and what came
  // until `flushed` is.
  struct Progress {
    uint64_t sealed = 0;
    uint64_t flushed = 0;
    int flushes = 0;
  };
  static constexpr absl::Duration kPatience = absl::Seconds(60);  // an event that never comes

  uint64_t events() {
    absl::MutexLock lock(&mutex_);
    return events_;
  }
  void AwaitRelease(Kind kind) {
    absl::MutexLock lock(&mutex_);
    const auto is_released = [&] { return held_ != kind; };
    mutex_.Await(absl::Condition(&is_released));
  }

  absl::Mutex mutex_;
  Kind held_ ABSL_GUARDED_BY(mutex_) = Kind::kNone;
  uint64_t events_ ABSL_GUARDED_BY(mutex_) = 0;
  std::map<std::string, Progress> families_ ABSL_GUARDED_BY(mutex_);
};

// Tells of files that are gone, which RocksDB does of tables alone.
class ToldDeletions final : public rocksdb::FileSystemWrapper {
 public:
  explicit ToldDeletions(std::shared_ptr<HeldJobs> jobs)
      : FileSystemWrapper(rocksdb::FileSystem::Default()), jobs_(std::move(jobs)) {}
  const char* Name() const override { return "told deletions"; }
  rocksdb::IOStatus DeleteFile(const std::string& name, const rocksdb::IOOptions& options,
                               rocksdb::IODebugContext* debug) override {
    rocksdb::IOStatus status = target()->DeleteFile(name, options, debug);
    jobs_->NoteEvent();
    return status;
  }

 private:
  const std::shared_ptr<HeldJobs> jobs_;  // shared as RocksDB asks
};

class UnmergedFilesTest : public testing::Test {
 protected:
  // Must not end while jobs are held: its store waits for them.
  ~UnmergedFilesTest() override { jobs_->Release(); }

  void Open(size_t write_buffer_bytes) {
    RocksdbOptions options = TestOptions(dir_.path());
    options.write_buffer_bytes = write_buffer_bytes;
    options.compacts_at_once = true;
    auto store = OpenStore(
        options, {.file_system = std::make_shared<ToldDeletions>(jobs_), .listeners = {jobs_}});
    ASSERT_TRUE(store.ok()) << store.status();
    store_ = *std::move(store);
  }
  // The most that a family has.
  uint64_t UnmergedFiles() const {
    uint64_t most = 0;
    for (const auto& [family, files] : store_->condition().unmerged_files) {
      most = std::max(most, files);
    }
    return most;
  }
  // A file that goes meanwhile counts as very large: there is an event to come.
  uint64_t WalBytes() const {
    uint64_t bytes = 0;
    for (const auto& wal : DatabaseFiles(dir_.path(), ".log")) {
      std::error_code is_gone;
      bytes += fs::file_size(wal, is_gone);
      if (is_gone) return std::numeric_limits<uint64_t>::max();
    }
    return bytes;
  }

  base::TempDir dir_;
  std::shared_ptr<HeldJobs> jobs_ = std::make_shared<HeldJobs>();  // shared as RocksDB asks
  std::unique_ptr<BackupableStore> store_;
};

TEST_F(UnmergedFilesTest, FlushesToReclaimSpaceWaitForCompactions) {
  ASSERT_NO_FATAL_FAILURE(Open(64 * kMiB));
  jobs_->Hold(HeldJobs::Kind::kCompactions);
  const auto write = [&](int round) {
    Batch batch;
    batch.Put(Family::kSeries, "open", std::to_string(round));
    ASSERT_TRUE(store_->AppendLog(std::string(kMiB, 'r'), Durability::kBuffered).ok());
    ASSERT_TRUE(store_->WriteCheckpoint(std::move(batch)).ok());
    store_->Reclaim(/*last=*/false);
    ASSERT_TRUE(jobs_->AwaitFlushes());
  };
  for (int round = 0; round < 60; ++round) {
    ASSERT_NO_FATAL_FAILURE(write(round));
    // The first are flushed, whatever becomes of the others.
    if (round < 8) {
      for (const char* family : {"log", "meta", "series"}) {
        ASSERT_EQ(jobs_->flushes(family), round + 1) << family;
      }
    }
    const StoreCondition condition = store_->condition();
    ASSERT_FALSE(condition.are_writes_stopped) << "round " << round;
    ASSERT_EQ(condition.delayed_write_bytes_per_second, 0u) << "round " << round;
    ASSERT_LT(UnmergedFiles(), kSlowdownFiles) << "round " << round;
  }
  // What was left is made up for.
  jobs_->Release();
  ASSERT_TRUE(jobs_->Await([&] { return UnmergedFiles() <= 2; }));
  ASSERT_NO_FATAL_FAILURE(write(60));
  EXPECT_TRUE(jobs_->Await([&] { return WalBytes() < 2 * kMiB; }))
      << "the log of writes was not given back";
}

TEST_F(UnmergedFilesTest, SaysThatWritesAreSlowedDown) {
  ASSERT_NO_FATAL_FAILURE(Open(kMiB));
  jobs_->Hold(HeldJobs::Kind::kCompactions);
  const std::string record(kMiB / 4, 'r');
  for (int i = 0; i < 400 && UnmergedFiles() < kSlowdownFiles; ++i) {
    ASSERT_TRUE(store_->AppendLog(record, Durability::kBuffered).ok());
    ASSERT_TRUE(jobs_->AwaitFlushes());
  }
  EXPECT_GE(UnmergedFiles(), kSlowdownFiles);
  EXPECT_GT(store_->condition().delayed_write_bytes_per_second, 0u);
  jobs_->Release();
  EXPECT_TRUE(
      jobs_->Await([&] { return store_->condition().delayed_write_bytes_per_second == 0; }));
}

TEST_F(UnmergedFilesTest, SaysThatWritesAreStopped) {
  ASSERT_NO_FATAL_FAILURE(Open(kMiB));
  jobs_->Hold(HeldJobs::Kind::kFlushes);
  std::atomic<bool> is_enough = false;
  absl::Status written;
  std::jthread writer([&] {
    const std::string record(kMiB / 4, 'r');
    while (written.ok() && !is_enough) {
      written = store_->AppendLog(record, Durability::kBuffered);
    }
  });
  EXPECT_TRUE(jobs_->Await([&] { return store_->condition().are_writes_stopped; }));
  is_enough = true;
  jobs_->Release();
  writer.join();
  EXPECT_TRUE(written.ok()) << written;
  EXPECT_TRUE(jobs_->Await([&] { return !store_->condition().are_writes_stopped; }));
}

}  // namespace
}  // namespace slowburn::storage
