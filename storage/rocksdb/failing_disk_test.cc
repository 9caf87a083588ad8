// Goal: nothing is acknowledged that a failing disk did not take; a full disk heals, a failed fsync
// does not. Method: a file system that breaks on command under real RocksDB; a kill is a copy of
// the folder while the store is open.
#include <filesystem>
#include <memory>
#include <string>

#include <gtest/gtest.h>

#include "base/testing/temp_dir.h"
#include "storage/api/keys.h"
#include "storage/api/series_keys.h"
#include "storage/rocksdb/internal/open_store.h"
#include "storage/rocksdb/testing/faulty_file_system.h"
#include "storage/rocksdb/testing/recovery_listener.h"
#include "storage/rocksdb/testing/store_probe.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;

class FailingDiskTest : public testing::Test {
 protected:
  std::unique_ptr<Store> Open() {
    auto store =
        OpenStore(TestOptions(dir_.path()), {.file_system = disk_, .listeners = {listener_}});
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  // Opens what a killed process would leave now.
  std::unique_ptr<Store> OpenAfterKill() {
    fs::remove_all(killed_.path() / "data");
    fs::copy(dir_.path(), killed_.path() / "data", fs::copy_options::recursive);
    return OpenForTest(killed_.path() / "data");
  }
  // Ends a store of 40 records on a full disk, and opens it when there is room again.
  std::unique_ptr<Store> EndOnAFullDisk(std::unique_ptr<Store> store) {
    disk_->Set(DiskFault::kFull);
    store->Reclaim(/*last=*/true);
    store.reset();
    disk_->Set(DiskFault::kNone);
    store = Open();
    EXPECT_TRUE(store != nullptr && store->last_sequence() == 40);
    return store;
  }

  base::TempDir dir_;
  base::TempDir killed_;
  std::shared_ptr<FaultyFileSystem> disk_ = std::make_shared<FaultyFileSystem>();
  std::shared_ptr<RecoveryListener> listener_ = std::make_shared<RecoveryListener>();
};

TEST_F(FailingDiskTest, FailedFsyncStopsAllWritesForGood) {
  auto store = Open();
  AppendRecords(*store, 3);
  disk_->Set(DiskFault::kSyncFails);
  const absl::Status failed = store->AppendLog("record 4", Durability::kSynced);
  EXPECT_EQ(failed.code(), absl::StatusCode::kDataLoss) << failed;
  EXPECT_TRUE(Contains(failed, "Input/output error")) << failed;
  EXPECT_EQ(store->last_sequence(), 3u);

  disk_->Set(DiskFault::kNone);  // the disk seems well again, and is not believed
  Batch batch;
  batch.Put(Family::kMeta, SliKey(1), "x");
  EXPECT_EQ(store->AppendLog("record 4", Durability::kBuffered), failed);
  EXPECT_EQ(store->SyncLog(), failed);
  EXPECT_EQ(store->WriteCheckpoint(batch), failed);
  EXPECT_EQ(store->WriteDirect(batch), failed);
  EXPECT_EQ(store->MarkHighWater(), failed);
  EXPECT_EQ(Records(*store), WantRecords(1, 3));  // what was acknowledged can be read

  store.reset();
  store = Open();
  ASSERT_NE(store, nullptr);
  // The refused record may be there or not: its bytes had been written.
  ASSERT_GE(store->last_sequence(), 3u);
  ASSERT_LE(store->last_sequence(), 4u);
  EXPECT_EQ(Records(*store), WantRecords(1, store->last_sequence()));
  EXPECT_EQ(store->Get(Family::kMeta, SliKey(1)).value(), std::nullopt);
}

TEST_F(FailingDiskTest, FailedFsyncOfBufferedRecordsStopsAllWrites) {
  const auto store = Open();
  ASSERT_TRUE(store->AppendLog("record 1", Durability::kBuffered).ok());
  disk_->Set(DiskFault::kSyncFails);
  const absl::Status failed = store->MarkHighWater();  // syncs first
  EXPECT_EQ(failed.code(), absl::StatusCode::kDataLoss) << failed;
  disk_->Set(DiskFault::kNone);
  EXPECT_EQ(store->AppendLog("record 2", Durability::kBuffered), failed);
  EXPECT_EQ(store->SyncLog(), failed);
}

struct FullCase {
  std::string name;
  DiskFault fault;
  int records_before;
};

class FullDiskTest : public FailingDiskTest, public testing::WithParamInterface<FullCase> {
 protected:
  void ExpectFull(Store& store, Durability durability) {
    const absl::Status full = store.AppendLog("refused", durability);
    EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted) << full;
    EXPECT_TRUE(Contains(full, "free space")) << full;
  }
};

// RocksDB's own log file would meet the full disk too, and end the process: there must be none.
TEST_F(FailingDiskTest, RocksdbHasNoLogFileOfItsOwn) {
  const auto store = Open();
  AppendRecords(*store, 1);
  EXPECT_FALSE(fs::exists(dir_.path() / "db" / "LOG"));
}

// Twice: the second time nothing but what healed the first is in memory.
TEST_P(FullDiskTest, RefusesWhileFullAndGoesOnAfterwards) {
  auto store = Open();
  AppendRecords(*store, GetParam().records_before);
  auto taken = static_cast<uint64_t>(GetParam().records_before);
  for (int round = 1; round <= 2; ++round) {
    disk_->Set(GetParam().fault);
    for (int attempt = 0; attempt < 3; ++attempt) ExpectFull(*store, Durability::kSynced);
    ExpectFull(*store, Durability::kBuffered);
    EXPECT_EQ(store->WriteDirect({}).code(), absl::StatusCode::kResourceExhausted);
    EXPECT_EQ(store->last_sequence(), taken);
    EXPECT_EQ(Records(*store), WantRecords(1, taken));

    disk_->Set(DiskFault::kNone);
    ASSERT_TRUE(listener_->Await(round));
    if (round == 2) AppendRecords(*store, 2);
    taken = store->last_sequence();
  }
  const auto want = WantRecords(1, taken);
  EXPECT_EQ(Records(*store), want);
  ASSERT_TRUE(store->MarkHighWater().ok());
  // The sequence that was refused at first holds what was taken later, after a kill as well.
  {
    const auto killed = OpenAfterKill();
    ASSERT_NE(killed, nullptr);
    EXPECT_EQ(Records(*killed), want);
  }
  store.reset();
  store = Open();
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(Records(*store), want);
}

INSTANTIATE_TEST_SUITE_P(Faults, FullDiskTest,
                         testing::ValuesIn<FullCase>({
                             {"NoFileGrows", DiskFault::kFull, 5},
                             {"RecordCutShort", DiskFault::kFullMidRecord, 5},
                             {"FsyncFindsNoBlocks", DiskFault::kFullAtSync, 5},
                             {"FirstRecordHasNoPlace", DiskFault::kFull, 0},
                             {"FirstRecordCutShort", DiskFault::kFullMidRecord, 0},
                             {"FirstFsyncFindsNoBlocks", DiskFault::kFullAtSync, 0},
                         }),
                         [](const auto& info) { return info.param.name; });

// A checkpoint that met a full disk did not happen: the log keeps its records.
TEST_F(FailingDiskTest, CheckpointOnAFullDiskLeavesTheLog) {
  auto store = Open();
  AppendRecords(*store, 3);
  disk_->Set(DiskFault::kFullMidRecord);
  Batch batch;
  batch.Put(Family::kMeta, SliKey(1), "x");
  EXPECT_EQ(store->WriteCheckpoint(batch).code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(store->checkpoint_sequence(), 0u);
  disk_->Set(DiskFault::kNone);
  ASSERT_TRUE(listener_->Await(1));
  {
    const auto killed = OpenAfterKill();
    ASSERT_NE(killed, nullptr);
    EXPECT_EQ(Records(*killed), WantRecords(1, 3));
    EXPECT_EQ(killed->Get(Family::kMeta, SliKey(1)).value(), std::nullopt);
  }
  ASSERT_TRUE(store->WriteCheckpoint(batch).ok());
  EXPECT_EQ(store->checkpoint_sequence(), 3u);
  store.reset();
  store = Open();
  EXPECT_EQ(store->checkpoint_sequence(), 3u);
  EXPECT_EQ(store->Get(Family::kMeta, SliKey(1)).value(), "x");
}

TEST_F(FailingDiskTest, SyncOfBufferedRecordsOnAFullDiskLosesNone) {
  auto store = Open();
  ASSERT_TRUE(store->AppendLog("record 1", Durability::kBuffered).ok());
  disk_->Set(DiskFault::kFullAtSync);
  EXPECT_EQ(store->SyncLog().code(), absl::StatusCode::kResourceExhausted);
  EXPECT_EQ(store->MarkHighWater().code(), absl::StatusCode::kResourceExhausted);  // syncs first
  disk_->Set(DiskFault::kNone);
  ASSERT_TRUE(listener_->Await(1));
  AppendRecords(*store, 1);
  ASSERT_TRUE(store->MarkHighWater().ok());
  const auto killed = OpenAfterKill();
  ASSERT_NE(killed, nullptr);
  EXPECT_EQ(Records(*killed), WantRecords(1, 2));
}

// Also at the end, when it waits: a full disk must not hold it up, and loses nothing.
TEST_F(FailingDiskTest, NoSpaceToReclaimIsNoTrouble) {
  auto store = Open();
  for (int i = 0; i < 40; ++i) {
    ASSERT_TRUE(store->AppendLog(std::string(64 << 10, 'r'), Durability::kSynced).ok());
  }
  disk_->Set(DiskFault::kFull);
  store->Reclaim(/*last=*/false);
  store = EndOnAFullDisk(std::move(store));
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(Records(*store).size(), 40u);
}

// Nor where what is to be compacted is in files already.
TEST_F(FailingDiskTest, NoSpaceToCompactIsNoTrouble) {
  auto store = Open();
  const std::string open(64 << 10, 'o');
  for (uint64_t series = 0; series < 40; ++series) {
    Batch batch;
    batch.Put(Family::kSeries, OpenSeriesKey(series), open);
    ASSERT_TRUE(store->AppendLog(open, Durability::kSynced).ok());
    ASSERT_TRUE(store->WriteDirect(std::move(batch)).ok());
    if (series % 10 == 0) store->Reclaim(/*last=*/false);
  }
  store = EndOnAFullDisk(std::move(store));
  ASSERT_NE(store, nullptr);
  for (uint64_t series = 0; series < 40; ++series) {
    EXPECT_EQ(store->Get(Family::kSeries, OpenSeriesKey(series)).value(), open) << series;
  }
}

TEST_F(FailingDiskTest, NoSpaceToOpenIsResourceExhausted) {
  disk_->Set(DiskFault::kFull);
  const absl::Status full =
      OpenStore(TestOptions(dir_.path()), {.file_system = disk_, .listeners = {}}).status();
  EXPECT_EQ(full.code(), absl::StatusCode::kResourceExhausted) << full;
  disk_->Set(DiskFault::kNone);
  EXPECT_NE(Open(), nullptr);  // and what the attempt left is no obstacle
}

}  // namespace
}  // namespace slowburn::storage
