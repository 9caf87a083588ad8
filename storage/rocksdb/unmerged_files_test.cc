// Goal: what the program flushes waits while RocksDB does not merge it as fast, so that no write
// has to; and where a write does wait, the store says so. Method: a store whose compactions or
// flushes are held up for as long as the test likes.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <map>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>
#include <gtest/gtest.h>
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

// Holds up what is told to, as a slow disk or a large compaction does.
class HeldJobs final : public rocksdb::EventListener {
 public:
  enum class Kind : uint8_t { kNone, kCompactions, kFlushes };

  void OnCompactionBegin(rocksdb::DB* /*db*/, const rocksdb::CompactionJobInfo& /*info*/) override {
    AwaitRelease(Kind::kCompactions);
  }
  void OnFlushBegin(rocksdb::DB* /*db*/, const rocksdb::FlushJobInfo& /*info*/) override {
    AwaitRelease(Kind::kFlushes);
  }
  void OnFlushCompleted(rocksdb::DB* /*db*/, const rocksdb::FlushJobInfo& info) override {
    absl::MutexLock lock(&mutex_);
    ++flushes_[info.cf_name];
  }
  // That each of these families was flushed so many times.
  bool AwaitFlushes(const std::vector<std::string>& families, int times) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [&] {
      return std::ranges::all_of(families,
                                 [&](const auto& family) { return flushes_[family] >= times; });
    };
    return mutex_.AwaitWithTimeout(absl::Condition(&reached), absl::Seconds(60));
  }
  void Hold(Kind kind) {
    absl::MutexLock lock(&mutex_);
    held_ = kind;
  }
  void Release() { Hold(Kind::kNone); }

 private:
  void AwaitRelease(Kind kind) {
    absl::MutexLock lock(&mutex_);
    const auto is_released = [&] { return held_ != kind; };
    mutex_.Await(absl::Condition(&is_released));
  }

  absl::Mutex mutex_;
  Kind held_ ABSL_GUARDED_BY(mutex_) = Kind::kNone;
  std::map<std::string, int> flushes_ ABSL_GUARDED_BY(mutex_);
};

class UnmergedFilesTest : public testing::Test {
 protected:
  // Must not end while jobs are held: its store waits for them.
  ~UnmergedFilesTest() override { jobs_->Release(); }

  void Open(size_t write_buffer_bytes) {
    RocksdbOptions options = TestOptions(dir_.path());
    options.write_buffer_bytes = write_buffer_bytes;
    options.compacts_at_once = true;
    auto store = OpenStore(options, {.listeners = {jobs_}});
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
  template <typename Holds>
  static bool Await(Holds holds) {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(60);
    while (!holds()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
    return true;
  }

  base::TempDir dir_;
  std::shared_ptr<HeldJobs> jobs_ = std::make_shared<HeldJobs>();  // shared as RocksDB asks
  std::unique_ptr<BackupableStore> store_;
};

TEST_F(UnmergedFilesTest, FlushesToReclaimSpaceWaitForCompactions) {
  ASSERT_NO_FATAL_FAILURE(Open(64 * kMiB));
  jobs_->Hold(HeldJobs::Kind::kCompactions);
  const std::vector<std::string> written = {"log", "meta", "series"};
  const auto write = [&](int round) {
    Batch batch;
    batch.Put(Family::kSeries, "open", std::to_string(round));
    ASSERT_TRUE(store_->AppendLog(std::string(kMiB, 'r'), Durability::kBuffered).ok());
    ASSERT_TRUE(store_->WriteCheckpoint(std::move(batch)).ok());
    store_->Reclaim(/*last=*/false);
  };
  for (int round = 0; round < 60; ++round) {
    ASSERT_NO_FATAL_FAILURE(write(round));
    // The first are flushed, whatever becomes of the others.
    if (round < 8) {
      ASSERT_TRUE(jobs_->AwaitFlushes(written, round + 1));
    }
    const StoreCondition condition = store_->condition();
    ASSERT_FALSE(condition.are_writes_stopped) << "round " << round;
    ASSERT_EQ(condition.delayed_write_bytes_per_second, 0u) << "round " << round;
    ASSERT_LT(UnmergedFiles(), kSlowdownFiles) << "round " << round;
  }
  // What was left is made up for.
  jobs_->Release();
  ASSERT_TRUE(Await([&] { return UnmergedFiles() <= 2; }));
  ASSERT_NO_FATAL_FAILURE(write(60));
  EXPECT_TRUE(Await([&] {
    uint64_t bytes = 0;
    for (const auto& wal : DatabaseFiles(dir_.path(), ".log")) bytes += fs::file_size(wal);
    return bytes < 2 * kMiB;
  })) << "the log of writes was not given back";
}

TEST_F(UnmergedFilesTest, SaysThatWritesAreSlowedDown) {
  ASSERT_NO_FATAL_FAILURE(Open(kMiB));
  jobs_->Hold(HeldJobs::Kind::kCompactions);
  const std::string record(kMiB / 4, 'r');
  for (int i = 0; i < 400 && UnmergedFiles() < kSlowdownFiles; ++i) {
    ASSERT_TRUE(store_->AppendLog(record, Durability::kBuffered).ok());
  }
  EXPECT_GE(UnmergedFiles(), kSlowdownFiles);
  EXPECT_GT(store_->condition().delayed_write_bytes_per_second, 0u);
  jobs_->Release();
  EXPECT_TRUE(Await([&] { return store_->condition().delayed_write_bytes_per_second == 0; }));
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
  EXPECT_TRUE(Await([&] { return store_->condition().are_writes_stopped; }));
  is_enough = true;
  jobs_->Release();
  writer.join();
  EXPECT_TRUE(written.ok()) << written;
  EXPECT_TRUE(Await([&] { return !store_->condition().are_writes_stopped; }));
}

}  // namespace
}  // namespace slowburn::storage
