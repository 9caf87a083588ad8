// Goal: what is kept of a damaged directory is a prefix of what was written, with the loss in
// numbers; what cannot be whole is refused; and until it is adopted nothing changes. Method: a real
// store is closed, its files are harmed in each way, and it is salvaged, tried again, and adopted.
#include "storage/rocksdb/salvage.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/files.h"
#include "base/testing/temp_dir.h"
#include "storage/api/keys.h"
#include "storage/rocksdb/high_water.h"
#include "storage/rocksdb/testing/store_probe.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;
using testing::HasSubstr;
using testing::IsEmpty;

class SalvageTest : public testing::Test {
 protected:
  const fs::path& path() const { return dir_.path(); }
  fs::path NewestManifest() const {
    fs::path newest;
    for (const auto& entry : fs::directory_iterator(path() / "db")) {
      if (entry.path().filename().string().starts_with("MANIFEST-")) {
        newest = std::max(newest, entry.path());
      }
    }
    return newest;
  }
  // A closed store: 10 records with a checkpoint, in tables; 20 more in the log of writes.
  void MakeStore(bool marked) {
    auto store = OpenForTest(path());
    AppendRecords(*store, 10);
    Batch batch;
    batch.Put(Family::kSlices, "slices", "as of 10");
    ASSERT_TRUE(store->WriteCheckpoint(std::move(batch)).ok());
    store.reset();
    store = OpenForTest(path());  // flushes the log of writes into tables
    AppendRecords(*store, 20);
    if (!marked) return;
    ASSERT_TRUE(store->MarkHighWater().ok());
  }
  // Every file of the directory, and its bytes.
  std::map<std::string, std::string> Contents() const {
    std::map<std::string, std::string> contents;
    for (const auto& entry : fs::recursive_directory_iterator(path())) {
      if (!entry.is_regular_file() || entry.path().filename() == "slowburn.lock") continue;
      contents[fs::relative(entry.path(), path()).string()] =
          base::ReadFile(entry.path(), 10 << 20).value();
    }
    return contents;
  }
  // Looks first, which must change nothing; then adopts and opens.
  void ExpectKept(uint64_t kept, uint64_t known) {
    const auto before = Contents();
    {
      const auto salvage = Salvage::Open(path());
      ASSERT_TRUE(salvage.ok()) << salvage.status();
      EXPECT_EQ((*salvage)->findings().kept_sequence, kept);
      EXPECT_EQ((*salvage)->findings().known_sequence, known);
      EXPECT_EQ(Records((*salvage)->store()), WantRecords(11, kept));
    }
    EXPECT_EQ(Contents(), before);
    const auto salvage = Salvage::Open(path());
    ASSERT_TRUE(salvage.ok()) << salvage.status();
    while ((*salvage)->store().last_sequence() < known) {
      ASSERT_TRUE((*salvage)->store().AppendLog("lost", Durability::kBuffered).ok());
    }
    const auto aside = (*salvage)->Adopt();
    ASSERT_TRUE(aside.ok()) << aside.status();
    for (const auto& [name, bytes] : before) {
      if (!name.starts_with("db/") || name == "db/LOCK") continue;
      EXPECT_EQ(base::ReadFile(*aside / name.substr(3), 10 << 20).value(), bytes) << name;
    }
    const auto store = OpenForTest(path());
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(store->last_sequence(), known);
    EXPECT_EQ(store->Get(Family::kSlices, "slices").value(), "as of 10");
    auto records = Records(*store);
    records.erase(records.upper_bound(kept), records.end());
    EXPECT_EQ(records, WantRecords(11, kept));
    AppendRecords(*store, 1);
  }

  base::TempDir dir_;
};

TEST_F(SalvageTest, AWholeDirectoryHasNothingToRecover) {
  MakeStore(/*marked=*/true);
  const auto salvage = Salvage::Open(path());
  ASSERT_TRUE(salvage.ok()) << salvage.status();
  EXPECT_THAT((*salvage)->findings().damage, IsEmpty());
  EXPECT_EQ((*salvage)->findings().kept_sequence, 30u);
  EXPECT_EQ((*salvage)->findings().known_sequence, 30u);
}

// What lies behind the damage is dropped, but counted.
TEST_F(SalvageTest, FlippedByteInTheLog) {
  MakeStore(/*marked=*/false);
  const fs::path wal = NewestWal(path());
  FlipByte(wal, fs::file_size(wal) / 2);
  ASSERT_EQ(OpenFailure(path()).code(), absl::StatusCode::kDataLoss);
  uint64_t kept = 0;
  {
    const auto salvage = Salvage::Open(path());
    ASSERT_TRUE(salvage.ok()) << salvage.status();
    kept = (*salvage)->findings().kept_sequence;
    ASSERT_FALSE((*salvage)->findings().damage.empty());
    EXPECT_THAT((*salvage)->findings().damage[0], HasSubstr(wal.filename().string()));
  }
  EXPECT_GE(kept, 15u);
  EXPECT_LT(kept, 25u);
  ExpectKept(kept, 30);
}

TEST_F(SalvageTest, MissingLogBelowTheMark) {
  MakeStore(/*marked=*/true);
  fs::remove(NewestWal(path()));
  ASSERT_EQ(OpenFailure(path()).code(), absl::StatusCode::kDataLoss);
  ExpectKept(10, 30);
}

TEST_F(SalvageTest, TornLogBelowTheMark) {
  MakeStore(/*marked=*/true);
  const fs::path wal = NewestWal(path());
  fs::resize_file(wal, fs::file_size(wal) - 3);
  ExpectKept(29, 30);
}

TEST_F(SalvageTest, MissingCurrentLosesNothing) {
  MakeStore(/*marked=*/true);
  fs::remove(path() / "db" / "CURRENT");
  ASSERT_EQ(OpenFailure(path()).code(), absl::StatusCode::kDataLoss);
  ExpectKept(30, 30);
}

TEST_F(SalvageTest, GarbledCurrentLosesNothing) {
  MakeStore(/*marked=*/true);
  std::ofstream(path() / "db" / "CURRENT") << "MANIFEST-nonsense";
  ExpectKept(30, 30);
}

// What a start mends by itself is no damage.
TEST_F(SalvageTest, GarbledTailsOfAPowerLossAreNoDamage) {
  MakeStore(/*marked=*/true);
  const fs::path manifest = CurrentManifest(path());
  const fs::path wal = NewestWal(path());
  AppendNoise(manifest);
  AppendNoise(wal);
  const auto before = Contents();
  {
    const auto salvage = Salvage::Open(path());
    ASSERT_TRUE(salvage.ok()) << salvage.status();
    const SalvageFindings& findings = (*salvage)->findings();
    EXPECT_THAT(findings.damage, IsEmpty());
    EXPECT_THAT(findings.repairs,
                testing::UnorderedElementsAre(HasSubstr(manifest.filename().string()),
                                              HasSubstr(wal.filename().string())));
    EXPECT_FALSE(findings.is_log_cut);
    EXPECT_EQ(findings.kept_sequence, 30u);
    EXPECT_EQ(findings.known_sequence, 30u);
  }
  EXPECT_EQ(Contents(), before);
  EXPECT_EQ(Records(*OpenForTest(path())), WantRecords(11, 30));
}

TEST_F(SalvageTest, MissingManifestIsMadeAnew) {
  MakeStore(/*marked=*/true);
  fs::remove(NewestManifest());
  ASSERT_EQ(OpenFailure(path()).code(), absl::StatusCode::kDataLoss);
  ExpectKept(30, 30);
}

TEST_F(SalvageTest, FlippedByteInTheManifest) {
  MakeStore(/*marked=*/true);
  FlipByte(NewestManifest(), 30);
  ASSERT_EQ(OpenFailure(path()).code(), absl::StatusCode::kDataLoss);
  ExpectKept(30, 30);
}

TEST_F(SalvageTest, ManifestAndLogTogetherAreRefused) {
  MakeStore(/*marked=*/true);
  fs::remove(NewestManifest());
  const fs::path wal = NewestWal(path());
  FlipByte(wal, fs::file_size(wal) / 2);
  const auto before = Contents();
  const absl::Status refused = Salvage::Open(path()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss) << refused;
  EXPECT_TRUE(Contains(refused, "restore a backup")) << refused;
  EXPECT_EQ(Contents(), before);
}

TEST_F(SalvageTest, MissingMarkIsMadeAnew) {
  MakeStore(/*marked=*/true);
  fs::remove(path() / "HIGH_WATER");
  {
    const auto salvage = Salvage::Open(path());
    ASSERT_TRUE(salvage.ok()) << salvage.status();
    EXPECT_TRUE((*salvage)->findings().is_mark_lost);
  }
  EXPECT_FALSE(fs::exists(path() / "HIGH_WATER"));
  const auto salvage = Salvage::Open(path());
  ASSERT_TRUE((*salvage)->Adopt().ok());
  EXPECT_EQ(HighWater::Open(path() / "HIGH_WATER").value()->newest().sequence, 30u);
  EXPECT_EQ(Records(*OpenForTest(path())), WantRecords(11, 30));
}

// Without a table older values would come back, and counts with them.
TEST_F(SalvageTest, DamagedTableIsRefused) {
  MakeStore(/*marked=*/true);
  for (const fs::path& table : DatabaseFiles(path(), ".sst")) FlipByte(table, 10);
  const auto before = Contents();
  const absl::Status refused = Salvage::Open(path()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss) << refused;
  EXPECT_TRUE(Contains(refused, ".sst")) << refused;
  EXPECT_TRUE(Contains(refused, "restore a backup")) << refused;
  EXPECT_EQ(Contents(), before);
}

TEST_F(SalvageTest, MissingTableIsRefused) {
  MakeStore(/*marked=*/true);
  fs::remove(DatabaseFiles(path(), ".sst").front());
  const absl::Status refused = Salvage::Open(path()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss) << refused;
  EXPECT_TRUE(Contains(refused, "restore a backup")) << refused;
}

// Families that were flushed after the damage are not of the same moment as the others.
TEST_F(SalvageTest, TablesNewerThanTheDamageAreRefused) {
  {
    const auto store = OpenForTest(path());
    AppendRecords(*store, 10);
    Batch states;
    states.Put(Family::kMeta, "state", "small");
    ASSERT_TRUE(store->WriteDirect(std::move(states)).ok());
    // Fills the buffers of one family, over and over: it is flushed, `meta` is not.
    for (int i = 0; i < 40; ++i) {
      Batch batch;
      batch.Put(Family::kChunks, fmt::format("chunk {}", i), std::string(100'000, 'c'));
      ASSERT_TRUE(store->WriteDirect(std::move(batch)).ok());
    }
    AppendRecords(*store, 10);
  }
  const auto wals = DatabaseFiles(path(), ".log");
  ASSERT_GT(wals.size(), 1u);
  ASSERT_FALSE(DatabaseFiles(path(), ".sst").empty());
  FlipByte(wals.front(), 200);
  const absl::Status refused = Salvage::Open(path()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss) << refused;
  EXPECT_TRUE(Contains(refused, "whole at one moment; restore a backup")) << refused;
}

TEST_F(SalvageTest, MissingOlderLogIsNoSilentHole) {
  {
    const auto store = OpenForTest(path());
    AppendRecords(*store, 10);
    for (int i = 0; i < 40; ++i) {
      Batch batch;
      batch.Put(Family::kChunks, fmt::format("chunk {}", i), std::string(100'000, 'c'));
      ASSERT_TRUE(store->WriteDirect(std::move(batch)).ok());
    }
    AppendRecords(*store, 10);
  }
  const auto wals = DatabaseFiles(path(), ".log");
  ASSERT_GT(wals.size(), 1u);
  fs::remove(wals.front());
  ASSERT_EQ(OpenFailure(path()).code(), absl::StatusCode::kDataLoss);
  const absl::Status refused = Salvage::Open(path()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss) << refused;
  EXPECT_TRUE(Contains(refused, "restore a backup")) << refused;
}

TEST_F(SalvageTest, WhatACrashLeftIsMadeAnew) {
  MakeStore(/*marked=*/true);
  fs::remove(NewestWal(path()));
  fs::create_directory(path() / "db.recovering");
  std::ofstream(path() / "db.recovering" / "CURRENT") << "half";
  std::ofstream(path() / "HIGH_WATER.recovering") << "half";
  const auto salvage = Salvage::Open(path());
  ASSERT_TRUE(salvage.ok()) << salvage.status();
  EXPECT_EQ((*salvage)->findings().kept_sequence, 10u);
}

TEST_F(SalvageTest, NotWhileItIsInUse) {
  const auto store = OpenForTest(path());
  EXPECT_EQ(Salvage::Open(path()).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(SalvageTest, AnotherFolderIsLeftAlone) {
  EXPECT_EQ(Salvage::Open(path()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(fs::is_empty(path()));
}

}  // namespace
}  // namespace slowburn::storage
