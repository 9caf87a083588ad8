// Goal: what the store took is what it gives back, in the same order, across any number of
// restarts. Method: short round trips on real RocksDB, then a seeded random walk against plain
// maps.
#include "storage/rocksdb/rocksdb_store.h"

#include <array>
#include <filesystem>
#include <map>
#include <random>
#include <string>
#include <utility>

#include <absl/base/thread_annotations.h>
#include <absl/synchronization/mutex.h>
#include <absl/time/time.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>
#include <rocksdb/listener.h>

#include "base/testing/manual_clock.h"
#include "base/testing/temp_dir.h"
#include "storage/api/keys.h"
#include "storage/api/series_keys.h"
#include "storage/rocksdb/high_water.h"
#include "storage/rocksdb/internal/database_options.h"
#include "storage/rocksdb/internal/open_store.h"
#include "storage/rocksdb/testing/store_probe.h"

namespace slowburn::storage {
namespace {

using Contents = std::map<std::string, std::string>;

Contents AllOf(const Snapshot& snapshot, Family family) {
  Contents contents;
  const KeyRange all = WholeFamily();
  const absl::Status scanned =
      snapshot.Scan(family, all.begin, all.end, [&](std::string_view key, std::string_view value) {
        contents.emplace(key, value);
        return true;
      });
  EXPECT_TRUE(scanned.ok()) << scanned;
  return contents;
}

Batch OnePut(Family family, std::string key, std::string value) {
  Batch batch;
  batch.Put(family, std::move(key), std::move(value));
  return batch;
}

TEST(RocksdbStoreTest, NewStoreIsEmpty) {
  const base::TempDir dir;
  const auto store = OpenForTest(dir.path());
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->last_sequence(), 0u);
  EXPECT_EQ(store->checkpoint_sequence(), 0u);
  EXPECT_TRUE(Records(*store).empty());
  EXPECT_EQ(store->Get(Family::kMeta, SliKey(1)).value(), std::nullopt);
}

TEST(RocksdbStoreTest, KeepsTheLogThatSomePartNeeds) {
  const base::TempDir dir;
  auto store = OpenForTest(dir.path());
  AppendRecords(*store, 5);
  store->KeepLogAfter(2);
  ASSERT_TRUE(store->WriteCheckpoint(OnePut(Family::kMeta, SliKey(1), "five")).ok());
  EXPECT_EQ(store->checkpoint_sequence(), 5u);
  EXPECT_EQ(store->statistics().log_records, 3u);
  const auto kept = [&](uint64_t after) {
    std::vector<uint64_t> sequences;
    const absl::Status replayed = store->ReplayLog(after, [&](uint64_t sequence, std::string_view) {
      sequences.push_back(sequence);
      return absl::OkStatus();
    });
    EXPECT_TRUE(replayed.ok()) << replayed;
    return sequences;
  };
  EXPECT_EQ(kept(2), (std::vector<uint64_t>{3, 4, 5}));
  store.reset();
  store = OpenForTest(dir.path());
  EXPECT_EQ(store->checkpoint_sequence(), 5u);
  EXPECT_EQ(store->last_sequence(), 5u);
  EXPECT_EQ(kept(2), (std::vector<uint64_t>{3, 4, 5}));
  AppendRecords(*store, 1);
  store->KeepLogAfter(4);
  ASSERT_TRUE(store->WriteCheckpoint(Batch()).ok());
  EXPECT_EQ(kept(4), (std::vector<uint64_t>{5, 6}));
  EXPECT_EQ(store->statistics().log_records, 2u);
  EXPECT_EQ(store->ReplayLog(2, [](uint64_t, std::string_view) { return absl::OkStatus(); }).code(),
            absl::StatusCode::kDataLoss);
  store->KeepLogAfter(6);
  ASSERT_TRUE(store->WriteCheckpoint(Batch()).ok());
  store.reset();
  store = OpenForTest(dir.path());
  EXPECT_EQ(store->statistics().log_records, 0u);
  EXPECT_EQ(store->last_sequence(), 6u);
}

TEST(RocksdbStoreTest, LogCheckpointsAndStatesOutliveRestarts) {
  const base::TempDir dir;
  auto store = OpenForTest(dir.path());
  AppendRecords(*store, 5);
  store.reset();
  store = OpenForTest(dir.path());
  EXPECT_EQ(store->last_sequence(), 5u);
  EXPECT_EQ(Records(*store), WantRecords(1, 5));

  ASSERT_TRUE(store->WriteCheckpoint(OnePut(Family::kMeta, SliKey(1), "one")).ok());
  EXPECT_EQ(store->checkpoint_sequence(), 5u);
  AppendRecords(*store, 2);
  EXPECT_EQ(store->statistics().log_records, 2u);
  store.reset();
  store = OpenForTest(dir.path());
  EXPECT_EQ(store->last_sequence(), 7u);
  EXPECT_EQ(store->checkpoint_sequence(), 5u);
  EXPECT_EQ(Records(*store), WantRecords(6, 7));
  EXPECT_EQ(store->Get(Family::kMeta, SliKey(1)).value(), "one");

  // Everything covered: the checkpoint alone remembers the sequence.
  ASSERT_TRUE(store->WriteCheckpoint({}).ok());
  EXPECT_TRUE(AllOf(*store->TakeSnapshot(), Family::kLog).empty());
  store.reset();
  store = OpenForTest(dir.path());
  EXPECT_EQ(store->last_sequence(), 7u);
  EXPECT_EQ(store->checkpoint_sequence(), 7u);
  AppendRecords(*store, 1);
  EXPECT_EQ(Records(*store), WantRecords(8, 8));
}

TEST(RocksdbStoreTest, RecordsMayBeEmptyOrLarge) {
  const base::TempDir dir;
  auto store = OpenForTest(dir.path());
  const std::string large(3 << 20, '\xFF');
  ASSERT_TRUE(store->AppendLog("", Durability::kSynced).ok());
  ASSERT_TRUE(store->AppendLog(large, Durability::kBuffered).ok());
  store.reset();
  store = OpenForTest(dir.path());
  EXPECT_EQ(Records(*store), (std::map<uint64_t, std::string>{{1, ""}, {2, large}}));
}

TEST(RocksdbStoreTest, BatchPutsAndDeletesInItsOrder) {
  const base::TempDir dir;
  const auto store = OpenForTest(dir.path());
  Batch batch;
  for (const uint32_t sli : {1u, 2u, 3u, 4u}) batch.Put(Family::kMeta, SliKey(sli), "x");
  batch.DeleteRange(Family::kMeta, SliKey(2), SliKey(4));
  batch.DeleteRange(Family::kMeta, SliKey(1), SliKey(1));  // empty
  batch.Delete(Family::kMeta, SliKey(4));
  batch.Put(Family::kMeta, SliKey(3), "again");
  batch.Put(Family::kAlerts, SliKey(3), "another family");
  ASSERT_TRUE(store->WriteDirect(std::move(batch)).ok());
  const auto snapshot = store->TakeSnapshot();
  EXPECT_EQ(AllOf(*snapshot, Family::kMeta), (Contents{{SliKey(1), "x"}, {SliKey(3), "again"}}));
  EXPECT_EQ(AllOf(*snapshot, Family::kAlerts), (Contents{{SliKey(3), "another family"}}));
}

TEST(RocksdbStoreTest, ScanKeepsToItsRangeAndStopsWhenTold) {
  const base::TempDir dir;
  const auto store = OpenForTest(dir.path());
  Batch batch;
  for (uint32_t sli = 0; sli < 10; ++sli) batch.Put(Family::kMeta, SliKey(sli), "x");
  ASSERT_TRUE(store->WriteDirect(std::move(batch)).ok());
  const auto visited = [&](uint32_t begin, uint32_t end, size_t limit) {
    std::vector<std::string> keys;
    const absl::Status scanned = store->TakeSnapshot()->Scan(
        Family::kMeta, SliKey(begin), SliKey(end), [&](std::string_view key, std::string_view) {
          keys.emplace_back(key);
          return keys.size() < limit;
        });
    EXPECT_TRUE(scanned.ok()) << scanned;
    return keys;
  };
  EXPECT_EQ(visited(3, 5, 10), (std::vector{SliKey(3), SliKey(4)}));
  EXPECT_EQ(visited(3, 9, 1), (std::vector{SliKey(3)}));
  EXPECT_TRUE(visited(4, 4, 10).empty());
}

TEST(RocksdbStoreTest, SnapshotDoesNotSeeLaterWrites) {
  const base::TempDir dir;
  const auto store = OpenForTest(dir.path());
  ASSERT_TRUE(store->WriteDirect(OnePut(Family::kMeta, SliKey(1), "old")).ok());
  const auto snapshot = store->TakeSnapshot();
  Batch batch = OnePut(Family::kMeta, SliKey(1), "new");
  batch.Put(Family::kMeta, SliKey(2), "more");
  ASSERT_TRUE(store->WriteDirect(std::move(batch)).ok());
  EXPECT_EQ(snapshot->Get(Family::kMeta, SliKey(1)).value(), "old");
  EXPECT_EQ(snapshot->Get(Family::kMeta, SliKey(2)).value(), std::nullopt);
  EXPECT_EQ(AllOf(*snapshot, Family::kMeta), (Contents{{SliKey(1), "old"}}));
  EXPECT_EQ(store->Get(Family::kMeta, SliKey(1)).value(), "new");
  EXPECT_EQ(AllOf(*store->TakeSnapshot(), Family::kMeta).size(), 2u);
}

TEST(RocksdbStoreTest, MisuseIsRefusedAndDoesNotStopTheStore) {
  const base::TempDir dir;
  const auto store = OpenForTest(dir.path());
  EXPECT_EQ(store->WriteDirect(OnePut(Family::kLog, LogKey(1), "x")).code(),
            absl::StatusCode::kInternal);
  Batch reversed;
  reversed.DeleteRange(Family::kMeta, SliKey(2), SliKey(1));
  EXPECT_EQ(store->WriteCheckpoint(std::move(reversed)).code(), absl::StatusCode::kInternal);
  AppendRecords(*store, 1);
  EXPECT_EQ(Records(*store), WantRecords(1, 1));
}

TEST(RocksdbStoreTest, ReplayPassesOnTheVisitorsError) {
  const base::TempDir dir;
  const auto store = OpenForTest(dir.path());
  AppendRecords(*store, 3);
  int visits = 0;
  const absl::Status replayed = store->ReplayLog(0, [&](uint64_t sequence, std::string_view) {
    ++visits;
    return sequence == 2 ? absl::DataLossError("bad record") : absl::OkStatus();
  });
  EXPECT_EQ(replayed, absl::DataLossError("bad record"));
  EXPECT_EQ(visits, 2);
}

TEST(RocksdbStoreTest, ReplayFromBeforeTheCheckpointIsAHole) {
  const base::TempDir dir;
  const auto store = OpenForTest(dir.path());
  AppendRecords(*store, 3);
  ASSERT_TRUE(store->WriteCheckpoint({}).ok());
  const auto replay = [&] {
    return store->ReplayLog(1, [](uint64_t, std::string_view) { return absl::OkStatus(); });
  };
  EXPECT_EQ(replay().code(), absl::StatusCode::kDataLoss);  // nothing is left
  AppendRecords(*store, 1);
  EXPECT_EQ(replay().code(), absl::StatusCode::kDataLoss);  // 4 where 2 should be
  EXPECT_TRUE(Contains(replay(), "record 2 of 4 is missing")) << replay();
}

// Deletes a record behind the store's back, as no fault of a disk could without RocksDB's checksums
// telling.
void DeleteRecord(const std::filesystem::path& directory, uint64_t sequence) {
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  rocksdb::DB* raw = nullptr;
  const RocksdbOptions options = TestOptions(directory);
  const rocksdb::Status opened =
      rocksdb::DB::Open(DatabaseOptions(options, rocksdb::Env::Default(), nullptr),
                        (directory / "db").string(), FamilyDescriptors(options), &handles, &raw);
  ASSERT_TRUE(opened.ok()) << opened.ToString();
  const std::unique_ptr<rocksdb::DB> db(raw);
  EXPECT_TRUE(db->Delete({}, handles[static_cast<size_t>(Family::kLog)], LogKey(sequence)).ok());
  for (auto* handle : handles) EXPECT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
}

TEST(RocksdbStoreTest, HoleInTheLogIsDataLoss) {
  const base::TempDir dir;
  {
    const auto store = OpenForTest(dir.path());
    AppendRecords(*store, 5);
  }
  DeleteRecord(dir.path(), 3);
  const auto store = OpenForTest(dir.path());
  EXPECT_EQ(store->last_sequence(), 5u);
  std::vector<uint64_t> visited;
  const absl::Status replayed = store->ReplayLog(0, [&](uint64_t sequence, std::string_view) {
    visited.push_back(sequence);
    return absl::OkStatus();
  });
  EXPECT_EQ(replayed.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Contains(replayed, "record 3 of 5 is missing")) << replayed;
  EXPECT_EQ(visited, (std::vector<uint64_t>{1, 2}));
}

TEST(RocksdbStoreTest, HighWaterMarksTheNewestRecordWithItsTime) {
  const base::TempDir dir;
  const base::ManualClock clock{base::UnixNanos(std::chrono::seconds(1795219200))};
  auto opened = OpenStore(TestOptions(dir.path()), {.clock = clock, .listeners = {}});
  ASSERT_TRUE(opened.ok()) << opened.status();
  ASSERT_TRUE((*opened)->AppendLog("buffered", Durability::kBuffered).ok());
  ASSERT_TRUE((*opened)->MarkHighWater().ok());
  const auto first = HighWater::Open(dir.path() / "HIGH_WATER").value();
  EXPECT_EQ(first->newest().sequence, 1u);
  EXPECT_EQ(first->newest().time_unix_nano, 1795219200000000000);
  // Nothing new: no fsync, no new generation.
  ASSERT_TRUE((*opened)->MarkHighWater().ok());
  const auto second = HighWater::Open(dir.path() / "HIGH_WATER").value();
  EXPECT_EQ(second->newest().generation, first->newest().generation);
}

uint64_t FileBytes(const std::filesystem::path& directory, const std::string& extension) {
  uint64_t bytes = 0;
  for (const auto& file : DatabaseFiles(directory, extension)) {
    bytes += std::filesystem::file_size(file);
  }
  return bytes;
}

TEST(RocksdbStoreTest, DroppedRecordsLeaveNothingBehind) {
  const base::TempDir dir;
  auto store = OpenForTest(dir.path());
  const std::string record(4096, 'r');
  const uint64_t written = uint64_t{100} * 50 * record.size();  // 20 MB through 1 MB of buffers
  for (int checkpoint = 0; checkpoint < 100; ++checkpoint) {
    for (int i = 0; i < 50; ++i) {
      ASSERT_TRUE(store->AppendLog(record, Durability::kBuffered).ok());
    }
    ASSERT_TRUE(store->WriteCheckpoint({}).ok());
  }
  EXPECT_EQ(store->statistics().log_records, 0u);
  EXPECT_GT(store->statistics().disk_bytes, 0u);
  store.reset();
  store = OpenForTest(dir.path());  // opening flushes the WAL: what is on disk now is in tables
  EXPECT_EQ(store->last_sequence(), 5000u);
  EXPECT_LT(FileBytes(dir.path(), ".sst"), written / 10);
}

constexpr uint64_t kFewKeys = 20'000;  // a file for each family that has some

// What a load leaves: records that were dropped, and states that were written again and again.
TEST(RocksdbStoreTest, ReclaimedSpaceIsFreeAtOnce) {
  const base::TempDir dir;
  auto store = OpenForTest(dir.path());
  const std::string record(64 << 10, 'r');
  for (int checkpoint = 0; checkpoint < 20; ++checkpoint) {
    for (int i = 0; i < 10; ++i) {
      ASSERT_TRUE(store->AppendLog(record, Durability::kBuffered).ok());
    }
    store->KeepLogAfter(store->last_sequence() - 1);
    Batch batch;
    for (uint64_t series = 0; series < 10; ++series) {
      batch.Put(Family::kSeries, OpenSeriesKey(series),
                fmt::format("{}{}", checkpoint, std::string(8 << 10, 'o')));
    }
    ASSERT_TRUE(store->WriteCheckpoint(std::move(batch)).ok());
  }
  ASSERT_TRUE(store->MarkHighWater().ok());
  ASSERT_GT(store->statistics().disk_bytes, 1u << 20);
  store->Reclaim(/*last=*/true);
  store.reset();
  // The one record that is kept, and the states once.
  EXPECT_LT(FileBytes(dir.path(), ".sst") + FileBytes(dir.path(), ".log"),
            record.size() + 10 * (8 << 10) + kFewKeys);
  store = OpenForTest(dir.path());
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->last_sequence(), 200u);
  EXPECT_EQ(store->statistics().log_records, 1u);
  EXPECT_EQ(store->Get(Family::kSeries, OpenSeriesKey(3)).value()->substr(0, 3), "19o");
}

// What RocksDB writes to keep `series` in order.
class SeriesCompactions final : public rocksdb::EventListener {
 public:
  void OnFlushCompleted(rocksdb::DB* /*db*/, const rocksdb::FlushJobInfo& info) override {
    if (info.cf_name != "series") return;
    absl::MutexLock lock(&mutex_);
    ++flushes_;
  }
  void OnCompactionCompleted(rocksdb::DB* /*db*/, const rocksdb::CompactionJobInfo& info) override {
    if (info.cf_name != "series") return;
    absl::MutexLock lock(&mutex_);
    bytes_ += info.stats.total_output_bytes;
  }
  bool AwaitFlush(int flushes) {
    absl::MutexLock lock(&mutex_);
    const auto reached = [&] { return flushes_ >= flushes; };
    return mutex_.AwaitWithTimeout(absl::Condition(&reached), absl::Seconds(60));
  }
  int flushes() {
    absl::MutexLock lock(&mutex_);
    return flushes_;
  }
  uint64_t bytes() {
    absl::MutexLock lock(&mutex_);
    return bytes_;
  }

 private:
  absl::Mutex mutex_;
  int flushes_ ABSL_GUARDED_BY(mutex_) = 0;
  uint64_t bytes_ ABSL_GUARDED_BY(mutex_) = 0;
};

// Flushes when it is told, and compacts as the program's does. Null where it cannot be opened.
std::unique_ptr<BackupableStore> OpenCompacting(
    const std::filesystem::path& directory, const std::shared_ptr<SeriesCompactions>& compactions) {
  RocksdbOptions options = TestOptions(directory);
  options.write_buffer_bytes = 64 << 20;
  options.compacts_at_once = true;
  auto store = OpenStore(options, {.listeners = {compactions}});
  EXPECT_TRUE(store.ok()) << store.status();
  return store.ok() ? *std::move(store) : nullptr;
}

std::string Noise(std::mt19937_64& random, size_t size) {
  std::string bytes(size, '\0');
  for (char& byte : bytes) byte = static_cast<char>(random());
  return bytes;
}

// The labels of series that are dead stay as they are, while what is open is written again and
// again beside them.
TEST(RocksdbStoreTest, WhatTheLivingWriteDoesNotRewriteTheDead) {
  constexpr uint64_t kDead = 4000;
  const base::TempDir dir;
  const auto compactions = std::make_shared<SeriesCompactions>();
  const auto opened = OpenCompacting(dir.path(), compactions);
  ASSERT_NE(opened, nullptr);
  BackupableStore& store = *opened;
  std::mt19937_64 random(1);
  Batch dead;
  for (uint64_t series = 0; series < kDead; ++series) {
    dead.Put(Family::kSeries, SeriesRecordKey(series), Noise(random, 1000));
  }
  ASSERT_TRUE(store.WriteDirect(std::move(dead)).ok());
  store.Reclaim(/*last=*/true);
  const uint64_t bytes_before = compactions->bytes();
  std::string newest;
  for (int round = 0; round < 20; ++round) {
    Batch batch;
    for (uint64_t series = kDead; series < kDead + 10; ++series) {
      newest = Noise(random, 8 << 10);
      batch.Put(Family::kSeries, OpenSeriesKey(series), newest);
    }
    // As each checkpoint does: so what is flushed reaches around the dead.
    batch.Put(Family::kSeries, SeriesDayKey(1), "day");
    batch.Put(Family::kSeries, SeriesStateKey(), "state");
    batch.Put(Family::kDedup, "filler", std::string(1 << 20, 'f'));  // or there is too little to do
    ASSERT_TRUE(store.WriteDirect(std::move(batch)).ok());
    const int flushes = compactions->flushes();
    store.Reclaim(/*last=*/false);
    ASSERT_TRUE(compactions->AwaitFlush(flushes + 1));
  }
  EXPECT_LT(compactions->bytes() - bytes_before, kDead * 1000);
  EXPECT_EQ(store.Get(Family::kSeries, OpenSeriesKey(kDead + 9)).value(), newest);
}

// What a store leaves on disk that stops some time after its last load: nothing twice, though what
// is void was flushed long ago, and was too little for RocksDB to compact it by itself.
TEST(RocksdbStoreTest, WhatComesToRestIsThereOnce) {
  constexpr uint64_t kOpen = 400;
  constexpr size_t kOpenBytes = 8 << 10;
  const base::TempDir dir;
  const auto compactions = std::make_shared<SeriesCompactions>();
  auto store = OpenCompacting(dir.path(), compactions);
  ASSERT_NE(store, nullptr);
  std::mt19937_64 random(1);
  const auto write = [&](uint64_t count) {
    Batch batch;
    for (uint64_t series = 0; series < count; ++series) {
      batch.Put(Family::kSeries, OpenSeriesKey(series), Noise(random, kOpenBytes));
    }
    ASSERT_TRUE(store->WriteDirect(std::move(batch)).ok());
    const int flushes = compactions->flushes();
    store->Reclaim(/*last=*/false);
    ASSERT_TRUE(compactions->AwaitFlush(flushes + 1));
  };
  write(kOpen);
  write(kOpen * 2 / 5);
  ASSERT_GT(FileBytes(dir.path(), ".sst"), kOpen * 7 / 5 * kOpenBytes);
  store->Reclaim(/*last=*/true);
  store.reset();
  EXPECT_LT(FileBytes(dir.path(), ".sst"), kOpen * kOpenBytes * 21 / 20);
}

// So is what is too little to be worth anything while the store is written to.
TEST(RocksdbStoreTest, LittleComesToRestToo) {
  const base::TempDir dir;
  auto store = OpenForTest(dir.path());
  constexpr uint64_t kRecords = 40;
  constexpr size_t kRecordBytes = 8 << 10;
  std::mt19937_64 random(1);
  for (uint64_t series = 0; series < kRecords; ++series) {
    const std::string noise = Noise(random, kRecordBytes);
    ASSERT_TRUE(store->AppendLog(noise, Durability::kBuffered).ok());
    ASSERT_TRUE(store->WriteCheckpoint(OnePut(Family::kSeries, OpenSeriesKey(series), noise)).ok());
  }
  ASSERT_TRUE(store->MarkHighWater().ok());
  store->Reclaim(/*last=*/true);
  store.reset();
  EXPECT_LT(FileBytes(dir.path(), ".sst") + FileBytes(dir.path(), ".log"),
            kRecords * kRecordBytes * 21 / 20 + kFewKeys);
  store = OpenForTest(dir.path());
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->last_sequence(), kRecords);
}

TEST(RocksdbStoreTest, AStoreFromBeforeAFamilyWasAddedGetsIt) {
  const base::TempDir dir;
  auto store = OpenForTest(dir.path());
  AppendRecords(*store, 3);
  ASSERT_TRUE(store->WriteCheckpoint(OnePut(Family::kMeta, SliKey(1), "one")).ok());
  AppendRecords(*store, 1);
  store.reset();
  {
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(rocksdb::DBOptions(), dir.path() / "db",
                                  FamilyDescriptors(TestOptions(dir.path())), &handles, &opened)
                    .ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    ASSERT_TRUE(db->DropColumnFamily(handles[static_cast<size_t>(Family::kStreams)]).ok());
    for (rocksdb::ColumnFamilyHandle* handle : handles)
      ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
    std::vector<std::string> families;
    ASSERT_TRUE(
        rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), dir.path() / "db", &families).ok());
    EXPECT_EQ(families.size(), kFamilyNames.size());  // with RocksDB's own
  }
  store = OpenForTest(dir.path());
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(Records(*store), WantRecords(4, 4));
  EXPECT_EQ(store->Get(Family::kMeta, SliKey(1)).value(), "one");
  ASSERT_TRUE(store->WriteCheckpoint(OnePut(Family::kStreams, StreamBlockKey(1), "block")).ok());
  EXPECT_EQ(store->Get(Family::kStreams, StreamBlockKey(1)).value(), "block");
}

// The store's promise in the plainest form.
struct Oracle {
  std::map<uint64_t, std::string> log;
  uint64_t last = 0;
  uint64_t checkpoint = 0;
  std::array<Contents, kFamilyNames.size()> states;
};

constexpr std::array<Family, 6> kStateFamilies = {Family::kMeta,   Family::kSlices,
                                                  Family::kAlerts, Family::kDedup,
                                                  Family::kLedger, Family::kStreams};

class RandomWalkTest : public testing::TestWithParam<uint32_t> {
 protected:
  uint32_t Draw(uint32_t below) {
    return std::uniform_int_distribution<uint32_t>(0, below - 1)(random_);
  }
  std::string DrawKey() { return SliKey(Draw(40)); }
  std::string DrawBytes(uint32_t size_max) {
    return std::string(Draw(size_max), static_cast<char>(Draw(256)));
  }

  Batch DrawBatch() {
    Batch batch;
    for (uint32_t i = Draw(12); i > 0; --i) {
      const Family family = kStateFamilies[Draw(kStateFamilies.size())];
      Contents& state = oracle_.states[static_cast<size_t>(family)];
      std::string key = DrawKey();
      switch (Draw(6)) {
        case 0:
          state.erase(key);
          batch.Delete(family, key);
          break;
        case 1: {
          std::string end = std::max(key, DrawKey());
          state.erase(state.lower_bound(key), state.lower_bound(end));
          batch.DeleteRange(family, key, end);
          break;
        }
        default: {
          std::string value = DrawBytes(3000);
          state[key] = value;
          batch.Put(family, key, value);
        }
      }
    }
    return batch;
  }

  void Step(std::unique_ptr<Store>& store, const std::filesystem::path& directory) {
    switch (Draw(20)) {
      case 0:
        store.reset();
        store = OpenForTest(directory);
        ASSERT_NE(store, nullptr);
        Compare(*store);
        break;
      case 1:
        ASSERT_TRUE(store->WriteDirect(DrawBatch()).ok());
        break;
      case 2:
        ASSERT_TRUE(store->MarkHighWater().ok());
        break;
      case 3:
        ASSERT_TRUE(store->SyncLog().ok());
        break;
      case 4:
      case 5:
        ASSERT_TRUE(store->WriteCheckpoint(DrawBatch()).ok());
        oracle_.checkpoint = oracle_.last;
        oracle_.log.clear();
        break;
      default: {
        const std::string record = DrawBytes(20000);
        const Durability durability = Draw(2) == 0 ? Durability::kSynced : Durability::kBuffered;
        ASSERT_TRUE(store->AppendLog(record, durability).ok());
        oracle_.log[++oracle_.last] = record;
      }
    }
  }

  void Compare(const Store& store) {
    EXPECT_EQ(store.last_sequence(), oracle_.last);
    EXPECT_EQ(store.checkpoint_sequence(), oracle_.checkpoint);
    EXPECT_EQ(Records(store), oracle_.log);
    const auto snapshot = store.TakeSnapshot();
    for (const Family family : kStateFamilies) {
      Contents got = AllOf(*snapshot, family);
      got.erase(MetaKey("checkpoint_seq"));
      EXPECT_EQ(got, oracle_.states[static_cast<size_t>(family)]) << FamilyName(family);
    }
  }

  std::mt19937 random_{GetParam()};
  Oracle oracle_;
};

TEST_P(RandomWalkTest, StoreEqualsPlainMaps) {
  SCOPED_TRACE(fmt::format("seed {}", GetParam()));
  const base::TempDir dir;
  auto store = OpenForTest(dir.path());
  for (int step = 0; step < 600 && !HasFailure(); ++step) Step(store, dir.path());
  ASSERT_NE(store, nullptr);
  Compare(*store);
  store.reset();
  store = OpenForTest(dir.path());
  ASSERT_NE(store, nullptr);
  Compare(*store);
}

INSTANTIATE_TEST_SUITE_P(Seeds, RandomWalkTest, testing::Range(1u, 7u));

}  // namespace
}  // namespace slowburn::storage
