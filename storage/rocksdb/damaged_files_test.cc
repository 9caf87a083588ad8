// Goal: a record that was cut short is dropped in silence, because nobody was told of it; every
// other damage refuses to open or to read, and says so. Method: a real store is closed, one of its
// files is harmed, and it is opened again.
#include <filesystem>
#include <fstream>
#include <string>

#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include "base/files.h"
#include "base/status.h"
#include "base/testing/temp_dir.h"
#include "storage/api/keys.h"
#include "storage/rocksdb/internal/rocksdb_status.h"
#include "storage/rocksdb/testing/store_probe.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;

// Where the records of one of RocksDB's files begin, if all are shorter than a block.
std::vector<size_t> RecordStarts(std::string_view file) {
  std::vector<size_t> starts;
  for (size_t at = 0; at + 7 <= file.size();) {
    starts.push_back(at);
    at += 7 + static_cast<uint8_t>(file[at + 4]) + 256u * static_cast<uint8_t>(file[at + 5]);
  }
  return starts;
}

size_t LastRecord(std::string_view file) { return RecordStarts(file).back(); }

class DamagedFilesTest : public testing::Test {
 protected:
  // A closed store with 20 records in its WAL, marked or not.
  void MakeStore(bool marked) {
    const auto store = OpenForTest(path());
    ASSERT_NE(store, nullptr);
    AppendRecords(*store, 20);
    if (!marked) return;
    ASSERT_TRUE(store->MarkHighWater().ok());
  }
  // Opening must fail, twice: the first time must not do away with the proof.
  absl::Status RefusedTwice() const {
    const absl::Status first = OpenFailure(path());
    EXPECT_EQ(first.code(), absl::StatusCode::kDataLoss) << first;
    const absl::Status second = OpenFailure(path());
    EXPECT_EQ(second.code(), absl::StatusCode::kDataLoss) << second;
    return first;
  }
  const fs::path& path() const { return dir_.path(); }
  fs::path Manifest() const { return CurrentManifest(path()); }

  base::TempDir dir_;
};

// Wherever the cut is, what is left is a prefix, and the store goes on from there.
TEST_F(DamagedFilesTest, TornWalTailOpensWithAPrefix) {
  MakeStore(/*marked=*/false);
  const fs::path wal = NewestWal(path());
  const uint64_t bytes = fs::file_size(wal);
  for (uint64_t cut = 1; cut < bytes; cut += 7) {
    const base::TempDir copy;
    fs::copy(path(), copy.path(), fs::copy_options::recursive);
    fs::resize_file(copy.path() / "db" / wal.filename(), bytes - cut);
    const auto store = OpenForTest(copy.path());
    ASSERT_NE(store, nullptr) << "cut " << cut;
    const uint64_t last = store->last_sequence();
    EXPECT_LT(last, 20u);
    EXPECT_GE(last + 1 + cut / 30, 20u) << "cut " << cut;  // a record takes more than 30 bytes
    EXPECT_EQ(Records(*store), WantRecords(1, last));
    AppendRecords(*store, 1);
    EXPECT_EQ(Records(*store), WantRecords(1, last + 1));
  }
}

TEST_F(DamagedFilesTest, ZeroesAtTheWalTailOpenWithEverything) {
  MakeStore(/*marked=*/true);
  const fs::path wal = NewestWal(path());
  fs::resize_file(wal, fs::file_size(wal) + 5000);
  const auto store = OpenForTest(path());
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(Records(*store), WantRecords(1, 20));
}

// The file has its length, and its last bytes were not written: wherever they begin.
TEST_F(DamagedFilesTest, GarbledWalTailOpensWithAPrefix) {
  MakeStore(/*marked=*/false);
  const fs::path wal = NewestWal(path());
  const uint64_t bytes = fs::file_size(wal);
  for (uint64_t cut = 1; cut < bytes; cut += 13) {
    for (const char filler : {'\0', '\x01'}) {
      const base::TempDir copy;
      fs::copy(path(), copy.path(), fs::copy_options::recursive);
      OverwriteEnd(copy.path() / "db" / wal.filename(), cut, filler);
      const auto store = OpenForTest(copy.path());
      ASSERT_NE(store, nullptr) << "cut " << cut;
      const uint64_t last = store->last_sequence();
      EXPECT_LT(last, 20u);
      EXPECT_GE(last + 1 + cut / 30, 20u) << "cut " << cut;  // a record takes more than 30 bytes
      EXPECT_EQ(Records(*store), WantRecords(1, last));
      AppendRecords(*store, 1);
      EXPECT_EQ(Records(*store), WantRecords(1, last + 1));
    }
  }
}

TEST_F(DamagedFilesTest, GarbledWalTailBelowTheMarkIsRefused) {
  MakeStore(/*marked=*/true);
  OverwriteEnd(NewestWal(path()), 3, '\x01');
  const absl::Status refused = RefusedTwice();
  EXPECT_TRUE(Contains(refused, "the newest record is 19")) << refused;
  EXPECT_TRUE(Contains(refused, "up to 20 were acknowledged")) << refused;
}

// What stands after the damage can be read: no tail.
TEST_F(DamagedFilesTest, DamageBeforeAReadableRecordIsNotCutOff) {
  MakeStore(/*marked=*/false);
  const fs::path wal = NewestWal(path());
  const std::string bytes = base::ReadFile(wal, 1 << 20).value();
  for (int record = 1; record <= 20; ++record) {
    SCOPED_TRACE(record);
    const base::TempDir copy;
    fs::copy(path(), copy.path(), fs::copy_options::recursive);
    const fs::path damaged = copy.path() / "db" / wal.filename();
    FlipByte(damaged, bytes.find(fmt::format("record {}", record)));
    if (record < 20) {
      EXPECT_EQ(OpenFailure(copy.path()).code(), absl::StatusCode::kDataLoss);
      EXPECT_EQ(fs::file_size(damaged), bytes.size());
    } else {
      EXPECT_EQ(Records(*OpenForTest(copy.path())), WantRecords(1, 19));
    }
  }
}

// The last record had not been written when the power went, and what stands there now is no record.
TEST_F(DamagedFilesTest, GarbledManifestTailOpensWithEverything) {
  MakeStore(/*marked=*/true);
  const fs::path manifest = Manifest();
  const std::string bytes = base::ReadFile(manifest, 1 << 20).value();
  std::string flipped = bytes;
  flipped.back() ^= 0x40;  // as the first record of what follows: all there, and its checksum wrong
  for (const std::string& tail : {std::string(1, '\0'), std::string(6, '\0'),
                                  std::string(5000, '\0'), std::string(200 << 10, '\0'),
                                  std::string(5000, '\x01'), flipped.substr(LastRecord(bytes))}) {
    SCOPED_TRACE(fmt::format("{} bytes, the first is {}", tail.size(), int{tail[0]}));
    const base::TempDir copy;
    fs::copy(path(), copy.path(), fs::copy_options::recursive);
    std::ofstream(copy.path() / "db" / manifest.filename(), std::ios::binary | std::ios::app)
        << tail;
    const auto store = OpenForTest(copy.path());
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(Records(*store), WantRecords(1, 20));
  }
}

// What stands after the damage can be read: no tail. And the logs keep what they have.
TEST_F(DamagedFilesTest, DamageBeforeAReadableRecordOfTheManifestIsRefusedWithItsPlace) {
  MakeStore(/*marked=*/false);
  const fs::path manifest = Manifest();
  const std::string bytes = base::ReadFile(manifest, 1 << 20).value();
  const std::vector<size_t> records = RecordStarts(bytes);
  ASSERT_GT(records.size(), 3u);
  const fs::path wal = NewestWal(path());
  OverwriteEnd(wal, 3, '\x01');
  const std::string log = base::ReadFile(wal, 1 << 20).value();
  for (size_t i = 0; i + 1 < records.size(); ++i) {
    SCOPED_TRACE(records[i]);
    const base::TempDir copy;
    fs::copy(path(), copy.path(), fs::copy_options::recursive);
    FlipByte(copy.path() / "db" / manifest.filename(), records[i] + 8);
    for (int attempt = 0; attempt < 2; ++attempt) {
      const absl::Status refused = OpenFailure(copy.path());
      EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss);
      EXPECT_TRUE(Contains(refused, manifest.filename().string())) << refused;
      EXPECT_TRUE(Contains(refused, fmt::format("offset {} ", records[i]))) << refused;
    }
    EXPECT_EQ(fs::file_size(copy.path() / "db" / manifest.filename()), bytes.size());
    EXPECT_EQ(base::ReadFile(copy.path() / "db" / wal.filename(), 1 << 20).value(), log);
  }
}

// Records of MANIFEST that were synced and went bad later: what they took the place of is gone, so
// nothing is missed in silence, however many they are.
TEST_F(DamagedFilesTest, EndOfTheManifestThatWentBadLaterLosesNothingInSilence) {
  {
    const auto store = OpenForTest(path());
    for (int round = 0; round < 3; ++round) {
      for (int i = 0; i < 20; ++i) {
        ASSERT_TRUE(store->AppendLog(std::string(100'000, 'r'), Durability::kSynced).ok());
      }
      Batch batch;
      batch.Put(Family::kSlices, SliKey(1), fmt::format("round {}", round));
      ASSERT_TRUE(store->WriteCheckpoint(std::move(batch)).ok());
      ASSERT_TRUE(store->MarkHighWater().ok());
      store->Reclaim(/*last=*/true);
    }
  }
  const std::string bytes = base::ReadFile(Manifest(), 1 << 20).value();
  int refused = 0;
  for (const size_t start : RecordStarts(bytes)) {
    SCOPED_TRACE(start);
    const base::TempDir copy;
    fs::copy(path(), copy.path(), fs::copy_options::recursive);
    OverwriteEnd(copy.path() / "db" / Manifest().filename(), bytes.size() - start, '\x01');
    const auto store = OpenRocksdbStore(TestOptions(copy.path()));
    if (!store.ok()) {
      EXPECT_EQ(store.status().code(), absl::StatusCode::kDataLoss) << store.status();
      ++refused;
      continue;
    }
    EXPECT_EQ((*store)->last_sequence(), 60u);
    EXPECT_EQ((*store)->Get(Family::kSlices, SliKey(1)).value(), "round 2");
  }
  EXPECT_GT(refused, 3);
}

TEST_F(DamagedFilesTest, TornWalTailBelowTheMarkIsRefused) {
  MakeStore(/*marked=*/true);
  const fs::path wal = NewestWal(path());
  fs::resize_file(wal, fs::file_size(wal) - 3);
  const absl::Status refused = RefusedTwice();
  EXPECT_TRUE(Contains(refused, "the newest record is 19")) << refused;
  EXPECT_TRUE(Contains(refused, "up to 20 were acknowledged")) << refused;
  EXPECT_TRUE(Contains(refused, "restore a backup, or see what `slowburn recover` can keep"))
      << refused;
}

TEST_F(DamagedFilesTest, FlippedByteInTheWalIsRefused) {
  MakeStore(/*marked=*/false);
  const fs::path wal = NewestWal(path());
  FlipByte(wal, fs::file_size(wal) / 2);
  const absl::Status refused = RefusedTwice();
  EXPECT_TRUE(Contains(refused, wal.filename().string())) << refused;
  EXPECT_TRUE(Contains(refused, "dropping")) << refused;  // how many bytes are wrong
}

TEST_F(DamagedFilesTest, MissingWalIsRefused) {
  MakeStore(/*marked=*/true);
  fs::remove(NewestWal(path()));
  EXPECT_TRUE(Contains(RefusedTwice(), "records 1 to 20 are missing"));
}

TEST_F(DamagedFilesTest, MissingDatabaseIsRefusedAndNotBegunAnew) {
  MakeStore(/*marked=*/true);
  fs::remove_all(path() / "db");
  EXPECT_TRUE(Contains(RefusedTwice(), "records up to 20"));
  EXPECT_FALSE(fs::exists(path() / "db"));
}

TEST_F(DamagedFilesTest, MissingManifestIsRefused) {
  MakeStore(/*marked=*/false);
  for (const auto& entry : fs::directory_iterator(path() / "db")) {
    if (entry.path().filename().string().starts_with("MANIFEST")) fs::remove(entry.path());
  }
  EXPECT_TRUE(Contains(RefusedTwice(), path().string()));
}

TEST_F(DamagedFilesTest, GarbledCurrentIsRefused) {
  MakeStore(/*marked=*/false);
  std::ofstream(path() / "db" / "CURRENT") << "MANIFEST-nonsense";
  EXPECT_TRUE(Contains(RefusedTwice(), path().string()));
}

TEST_F(DamagedFilesTest, HighWaterWithOneGoodSlotOpens) {
  MakeStore(/*marked=*/true);  // slot 0: the new file's, slot 1: 20
  FlipByte(path() / "HIGH_WATER", 64 + 8);
  EXPECT_NE(OpenForTest(path()), nullptr);
}

TEST_F(DamagedFilesTest, HighWaterWithoutAGoodSlotIsRefused) {
  MakeStore(/*marked=*/true);
  FlipByte(path() / "HIGH_WATER", 8);
  FlipByte(path() / "HIGH_WATER", 64 + 8);
  EXPECT_TRUE(Contains(RefusedTwice(), "HIGH_WATER"));
}

TEST_F(DamagedFilesTest, MissingHighWaterIsRefused) {
  MakeStore(/*marked=*/false);
  fs::remove(path() / "HIGH_WATER");
  EXPECT_TRUE(Contains(RefusedTwice(), "HIGH_WATER"));
  EXPECT_FALSE(fs::exists(path() / "HIGH_WATER"));
}

TEST_F(DamagedFilesTest, FlippedByteInATableFailsItsReadsAndNamesTheFile) {
  {
    auto store = OpenForTest(path());
    Batch batch;
    batch.Put(Family::kSlices, SliKey(1), std::string(100, 's'));
    ASSERT_TRUE(store->WriteDirect(std::move(batch)).ok());
    store.reset();
    OpenForTest(path()).reset();  // flushes the WAL into a table
  }
  const auto tables = DatabaseFiles(path(), ".sst");
  ASSERT_EQ(tables.size(), 1u);
  FlipByte(tables[0], 10);
  const auto store = OpenForTest(path());
  ASSERT_NE(store, nullptr);
  const auto value = store->Get(Family::kSlices, SliKey(1));
  EXPECT_EQ(value.status().code(), absl::StatusCode::kDataLoss) << value.status();
  EXPECT_TRUE(Contains(value.status(), tables[0].filename().string())) << value.status();
  const KeyRange all = WholeFamily();
  const absl::Status scanned = store->TakeSnapshot()->Scan(
      Family::kSlices, all.begin, all.end, [](std::string_view, std::string_view) { return true; });
  EXPECT_EQ(scanned.code(), absl::StatusCode::kDataLoss) << scanned;
  AppendRecords(*store, 1);  // what is not damaged goes on
}

TEST_F(DamagedFilesTest, AWriteThatADamagedTableEndsSaysWhatHelps) {
  const absl::Status failed = WriteFailure(
      rocksdb::Status::Corruption("block checksum mismatch in 000032.sst"), "append", "data/db");
  EXPECT_EQ(failed.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Contains(failed, "000032.sst")) << failed;
  EXPECT_TRUE(Contains(failed, "restore a backup, or see what `slowburn recover` can keep"))
      << failed;
  const absl::Status disk = WriteFailure(rocksdb::Status::IOError("fsync"), "append", "data/db");
  EXPECT_TRUE(Contains(disk, "check the disk and restart")) << disk;
}

TEST_F(DamagedFilesTest, DatabaseHeldByRocksdbsOwnToolsIsInUseNotCorrupt) {
  MakeStore(/*marked=*/false);
  rocksdb::DB* raw = nullptr;
  std::vector<rocksdb::ColumnFamilyHandle*> handles;
  std::vector<std::string> names;
  const std::string database = (path() / "db").string();
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies({}, database, &names).ok());
  std::vector<rocksdb::ColumnFamilyDescriptor> families;
  for (const std::string& name : names) families.emplace_back(name, rocksdb::ColumnFamilyOptions());
  ASSERT_TRUE(rocksdb::DB::Open({}, database, families, &handles, &raw).ok());
  const std::unique_ptr<rocksdb::DB> db(raw);
  EXPECT_EQ(OpenFailure(path()).code(), absl::StatusCode::kFailedPrecondition);
  for (auto* handle : handles) EXPECT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
}

}  // namespace
}  // namespace slowburn::storage
