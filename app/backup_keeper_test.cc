// Goal: a server makes one backup at a time, beside its work, and tells how it went; at its end it
// stops the one that is under way. Method: a store that waits in the middle of a backup.
#include "app/backup_keeper.h"

#include <semaphore>

#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::app {
namespace {

class WaitingStore final : public storage::BackupableStore {
 public:
  absl::StatusOr<storage::Backup> CreateBackup(const storage::BackupOptions& options) override {
    asked = options;
    options.copied(4 << 20);
    began.release();
    while (!options.stop.stop_requested()) {
      if (may_end.try_acquire_for(std::chrono::milliseconds(1))) return result;
    }
    return absl::CancelledError("stopped");
  }
  uint64_t last_sequence() const override { return 0; }
  uint64_t checkpoint_sequence() const override { return 0; }
  absl::Status AppendLog(std::string_view, storage::Durability) override { return {}; }
  absl::Status SyncLog() override { return {}; }
  absl::Status WriteCheckpoint(storage::Batch) override { return {}; }
  absl::Status ReplayLog(
      uint64_t, const std::function<absl::Status(uint64_t, std::string_view)>&) const override {
    return {};
  }
  absl::Status WriteStates(storage::Batch) override { return {}; }
  absl::Status WriteDirect(storage::Batch) override { return {}; }
  std::unique_ptr<storage::Snapshot> TakeSnapshot() const override { return nullptr; }
  absl::StatusOr<std::optional<std::string>> Get(storage::Family, std::string_view) const override {
    return std::nullopt;
  }
  absl::Status MarkHighWater() override { return {}; }
  Statistics statistics() const override { return {}; }

  storage::BackupOptions asked;
  absl::StatusOr<storage::Backup> result = storage::Backup{.id = 3, .time_unix_seconds = 1000};
  std::binary_semaphore began{0};
  std::binary_semaphore may_end{0};
};

class BackupKeeperTest : public testing::Test {
 protected:
  serve::BackupRun AwaitEnd(const BackupKeeper& keeper) {
    for (;;) {
      const auto reading = keeper.Read();
      EXPECT_TRUE(reading.ok()) << reading.status();
      if (!reading.ok() || reading->run->ended.has_value()) return *reading->run;
      std::this_thread::yield();
    }
  }

  prometheus::Registry registry_;
  WaitingStore store_;
  BackupKeeper keeper_{{"/no/such/folder", 5, 1000}, store_, base::SystemClock(), registry_};
};

TEST_F(BackupKeeperTest, OneAtATimeAndItsEndIsTold) {
  const auto begun = keeper_.Begin();
  ASSERT_TRUE(begun.ok()) << begun.status();
  EXPECT_EQ(begun->number, 1u);
  store_.began.acquire();
  EXPECT_EQ(store_.asked.folder, "/no/such/folder");
  EXPECT_EQ(store_.asked.keep, 5u);
  EXPECT_EQ(store_.asked.bytes_per_second, 1000u);
  EXPECT_GT(store_.asked.time_unix_seconds, 1'700'000'000);
  const absl::Status second = keeper_.Begin().status();
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(base::Message(second), "backup run 1 is under way; ask again once it has ended");
  const auto reading = keeper_.Read();
  ASSERT_TRUE(reading.ok());
  EXPECT_FALSE(reading->run->ended.has_value());
  EXPECT_EQ(reading->run->bytes_copied, 4u << 20);
  EXPECT_TRUE(reading->backups.empty());
  store_.may_end.release();
  const serve::BackupRun ended = AwaitEnd(keeper_);
  ASSERT_TRUE(ended.made.ok()) << ended.made.status();
  EXPECT_EQ(ended.made->id, 3u);
  EXPECT_EQ(keeper_.Begin()->number, 2u);
}

TEST_F(BackupKeeperTest, AFailureIsTold) {
  store_.result = absl::ResourceExhaustedError("no space");
  ASSERT_TRUE(keeper_.Begin().ok());
  store_.may_end.release();
  EXPECT_EQ(base::Message(AwaitEnd(keeper_).made.status()), "no space");
}

// The destructor of the fixture's keeper would wait forever for one that goes on.
TEST_F(BackupKeeperTest, EndsWithItsServer) {
  ASSERT_TRUE(keeper_.Begin().ok());
  store_.began.acquire();
}

TEST_F(BackupKeeperTest, WithoutAFolderItSaysWhatToWrite) {
  BackupKeeper none({}, store_, base::SystemClock(), registry_);
  for (const absl::Status& status : {none.Begin().status(), none.Read().status()}) {
    EXPECT_EQ(status.code(), absl::StatusCode::kFailedPrecondition);
    EXPECT_NE(base::Message(status).find("backup: {directory:"), std::string::npos) << status;
  }
}

}  // namespace
}  // namespace slowburn::app
