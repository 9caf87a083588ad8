// Goal: a backup made while the store is written is a state of whole records, has all that was
// acknowledged before it was asked for, costs little the second time, and is proved before it is
// trusted; what is interrupted or refused leaves nothing half. Method: a real store, a writer of
// its own thread, files harmed one after another.
#include "storage/rocksdb/backups.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <string>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/file_lock.h"
#include "base/files.h"
#include "base/testing/temp_dir.h"
#include "storage/api/keys.h"
#include "storage/rocksdb/data_directory.h"
#include "storage/rocksdb/internal/backup_folder.h"
#include "storage/rocksdb/testing/store_probe.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::IsEmpty;

class BackupsTest : public testing::Test {
 protected:
  fs::path data() const { return dir_.path() / "data"; }
  fs::path folder() const { return dir_.path() / "backups"; }
  fs::path restored() const { return dir_.path() / "restored"; }

  BackupOptions Options(uint32_t keep = 0) const {
    return {.folder = folder(), .keep = keep, .time_unix_seconds = 1'795'219'200};
  }
  std::unique_ptr<BackupableStore> Open() const {
    auto store = OpenRocksdbStore(TestOptions(data()));
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  }
  // A closed folder with one backup of 20 records, of which a checkpoint covers 10, and a state.
  void MakeBackup() {
    const auto store = Open();
    ASSERT_NE(store, nullptr);
    AppendRecords(*store, 10);
    Batch batch;
    batch.Put(Family::kSlices, "slices", std::string(100'000, 's'));
    ASSERT_TRUE(store->WriteCheckpoint(std::move(batch)).ok());
    AppendRecords(*store, 10);
    const auto backup = store->CreateBackup(Options());
    ASSERT_TRUE(backup.ok()) << backup.status();
  }

  base::TempDir dir_;
};

TEST_F(BackupsTest, RestoredIsTheStateOfTheBackup) {
  MakeBackup();
  const auto list = ListBackups(folder());
  ASSERT_TRUE(list.ok()) << list.status();
  ASSERT_EQ(list->backups.size(), 1u);
  EXPECT_THAT(list->damaged, IsEmpty());
  const Backup& backup = list->backups[0];
  EXPECT_EQ(backup.id, 1u);
  EXPECT_EQ(backup.sequence, 20u);
  EXPECT_EQ(backup.format, kDataFormat);
  EXPECT_EQ(backup.time_unix_seconds, 1'795'219'200);
  EXPECT_EQ(backup.added_bytes, backup.bytes);
  EXPECT_EQ(fs::status(folder()).permissions(), fs::perms::owner_all);

  AppendRecords(*Open(), 5);  // not in it
  const auto made = RestoreBackup(folder(), 0, restored());
  ASSERT_TRUE(made.ok()) << made.status();
  EXPECT_EQ(made->id, 1u);
  EXPECT_FALSE(fs::exists(PlaceOfRestore(restored())));
  EXPECT_EQ(fs::status(restored()).permissions(), fs::perms::owner_all);
  const auto store = OpenForTest(restored());
  ASSERT_NE(store, nullptr);
  EXPECT_EQ(store->checkpoint_sequence(), 10u);
  EXPECT_EQ(Records(*store), WantRecords(11, 20));
  EXPECT_EQ(store->Get(Family::kSlices, "slices").value(), std::string(100'000, 's'));
  AppendRecords(*store, 1);
}

// The mark of a restored directory is that of the backup: it is missed when records are.
TEST_F(BackupsTest, RestoredHasItsMark) {
  MakeBackup();
  ASSERT_TRUE(RestoreBackup(folder(), 1, restored()).ok());
  for (const fs::path& wal : DatabaseFiles(restored(), ".log")) fs::remove(wal);
  for (const fs::path& table : DatabaseFiles(restored(), ".sst")) fs::remove(table);
  EXPECT_EQ(OpenFailure(restored()).code(), absl::StatusCode::kDataLoss);
}

TEST_F(BackupsTest, BackupsUnderLoadHaveWhatWasAcknowledgedBefore) {
  const auto store = Open();
  ASSERT_NE(store, nullptr);
  std::atomic<uint64_t> acknowledged{0};
  std::atomic<bool> stop{false};
  std::thread writer([&] {
    for (int i = 1; !stop; ++i) {
      const std::string record = fmt::format("record {}", store->last_sequence() + 1);
      if (!store->AppendLog(record, Durability::kSynced).ok()) break;
      acknowledged = store->last_sequence();
      if (i % 50 != 0) continue;
      // The state says which record it is as of: whatever was cut through would show.
      Batch batch;
      batch.Put(Family::kSlices, "state", std::to_string(store->last_sequence()));
      batch.Put(Family::kLedger, "state", std::to_string(store->last_sequence()));
      if (!store->WriteCheckpoint(std::move(batch)).ok()) break;
    }
  });
  std::vector<uint64_t> asked;
  for (int i = 0; i < 6; ++i) {
    while (acknowledged < asked.size() * 120 + 60) std::this_thread::yield();
    asked.push_back(acknowledged);
    const auto backup = store->CreateBackup(Options());
    EXPECT_TRUE(backup.ok()) << backup.status();
  }
  stop = true;
  writer.join();
  for (uint32_t id = 1; id <= asked.size(); ++id) {
    SCOPED_TRACE(id);
    const auto verified = VerifyBackup(folder(), id);
    ASSERT_TRUE(verified.ok()) << verified.status();
    const fs::path into = dir_.path() / fmt::format("restored-{}", id);
    ASSERT_TRUE(RestoreBackup(folder(), id, into).ok());
    const auto opened = OpenForTest(into);
    ASSERT_NE(opened, nullptr);
    const uint64_t last = opened->last_sequence();
    EXPECT_GE(last, asked[id - 1]);
    EXPECT_EQ(Records(*opened), WantRecords(opened->checkpoint_sequence() + 1, last));
    const std::string checkpoint = std::to_string(opened->checkpoint_sequence());
    EXPECT_EQ(opened->Get(Family::kSlices, "state").value(), checkpoint);
    EXPECT_EQ(opened->Get(Family::kLedger, "state").value(), checkpoint);
  }
}

TEST_F(BackupsTest, TheSecondCopiesWhatIsNew) {
  const auto store = Open();
  ASSERT_NE(store, nullptr);
  Batch batch;
  std::string noise;
  for (uint64_t i = 0; i < 4'000'000; ++i) {
    noise.push_back(static_cast<char>(i * 0x9E3779B97F4A7C15 >> 53));
  }
  batch.Put(Family::kChunks, "chunk", noise);
  ASSERT_TRUE(store->WriteDirect(std::move(batch)).ok());
  const auto first = store->CreateBackup(Options());
  ASSERT_TRUE(first.ok()) << first.status();
  EXPECT_GE(first->added_bytes, 4'000'000u);
  AppendRecords(*store, 3);
  const auto second = store->CreateBackup(Options());
  ASSERT_TRUE(second.ok()) << second.status();
  EXPECT_GE(second->bytes, 4'000'000u);
  EXPECT_LT(second->added_bytes, 100'000u);
}

TEST_F(BackupsTest, KeepsAsManyAsItIsTold) {
  const auto store = Open();
  ASSERT_NE(store, nullptr);
  for (int i = 0; i < 5; ++i) {
    AppendRecords(*store, 1);
    ASSERT_TRUE(store->CreateBackup(Options(/*keep=*/2)).ok());
  }
  const auto list = ListBackups(folder());
  ASSERT_TRUE(list.ok());
  ASSERT_EQ(list->backups.size(), 2u);
  EXPECT_EQ(list->backups[0].id, 4u);
  EXPECT_EQ(list->backups[1].id, 5u);
  for (const uint32_t id : {4u, 5u}) EXPECT_TRUE(VerifyBackup(folder(), id).ok());
  const auto gone = VerifyBackup(folder(), 1);
  EXPECT_EQ(gone.status().code(), absl::StatusCode::kNotFound);
  EXPECT_TRUE(Contains(gone.status(), "there are: 4, 5")) << gone.status();
}

// Every file of the folder, some bytes of each: either the damage is found, or the byte is one that
// nobody reads and the state is what it was.
TEST_F(BackupsTest, FlippedBytesAreFound) {
  MakeBackup();
  std::vector<fs::path> files;
  for (const auto& entry : fs::recursive_directory_iterator(folder())) {
    if (entry.is_regular_file() && entry.file_size() > 0) files.push_back(entry.path());
  }
  ASSERT_GE(files.size(), 5u);
  int flips = 0;
  int found = 0;
  for (const fs::path& file : files) {
    if (file.filename() == "slowburn-backup.lock") continue;
    const uint64_t bytes = fs::file_size(file);
    for (uint64_t at = 0; at < bytes; at += 1 + bytes / 10) {
      ++flips;
      FlipByte(file, at);
      const absl::Status verified = VerifyBackup(folder(), 1).status();
      if (!verified.ok()) {
        ++found;
      } else {
        EXPECT_EQ(file.parent_path().filename(), "meta") << file << " at " << at;
        const auto opened = OpenBackup(folder(), 1);
        ASSERT_TRUE(opened.ok()) << file << " at " << at << ": " << opened.status();
        EXPECT_EQ(Records(*opened->store), WantRecords(11, 20));
        EXPECT_EQ(opened->backup.sequence, 20u);
      }
      FlipByte(file, at);
    }
  }
  EXPECT_TRUE(VerifyBackup(folder(), 1).ok());
  EXPECT_GE(found, flips * 9 / 10) << flips;
}

TEST_F(BackupsTest, DamagedTableIsNamedAndNotRestored) {
  MakeBackup();
  fs::path table;
  for (const auto& entry : fs::directory_iterator(folder() / "shared_checksum")) {
    if (table.empty() || fs::file_size(entry) > fs::file_size(table)) table = entry.path();
  }
  FlipByte(table, 50);
  const absl::Status verified = VerifyBackup(folder(), 1).status();
  EXPECT_EQ(verified.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Contains(verified, table.filename().string())) << verified;
  EXPECT_TRUE(Contains(verified, "use another")) << verified;
  const absl::Status refused = RestoreBackup(folder(), 1, restored()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss) << refused;
  EXPECT_FALSE(fs::exists(restored()));
}

TEST_F(BackupsTest, MissingFileMakesTheBackupADamagedOne) {
  MakeBackup();
  fs::remove(*fs::directory_iterator(folder() / "shared_checksum"));
  const auto list = ListBackups(folder());
  ASSERT_TRUE(list.ok());
  EXPECT_THAT(list->backups, IsEmpty());
  EXPECT_THAT(list->damaged, ElementsAre(1));
  const absl::Status refused = RestoreBackup(folder(), 1, restored()).status();
  EXPECT_TRUE(Contains(refused, "backup 1")) << refused;
  EXPECT_TRUE(Contains(refused, "damaged")) << refused;
}

TEST_F(BackupsTest, OccupiedTargetIsRefusedAndUntouched) {
  MakeBackup();
  fs::create_directory(restored());
  std::ofstream(restored() / "mine") << "mine";
  const absl::Status refused = RestoreBackup(folder(), 1, restored()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kAlreadyExists);
  EXPECT_TRUE(Contains(refused, "not an empty folder")) << refused;
  EXPECT_EQ(base::ReadFile(restored() / "mine", 10).value(), "mine");
  EXPECT_FALSE(fs::exists(PlaceOfRestore(restored())));
  fs::remove(restored() / "mine");
  EXPECT_TRUE(RestoreBackup(folder(), 1, restored() / "").ok());  // empty, and with a slash
  EXPECT_NE(OpenForTest(restored()), nullptr);
}

TEST_F(BackupsTest, InterruptedRestoreIsDoneAnew) {
  MakeBackup();
  const fs::path place = PlaceOfRestore(restored());
  fs::create_directories(place / "db");
  std::ofstream(place / "db" / "CURRENT") << "half";
  std::ofstream(place / "slowburn.lock") << "";
  {
    const auto other = base::FileLock::Acquire(place / "slowburn.lock");
    ASSERT_TRUE(other.ok());
    const absl::Status refused = RestoreBackup(folder(), 1, restored()).status();
    EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  }
  EXPECT_FALSE(fs::exists(restored()));
  ASSERT_TRUE(RestoreBackup(folder(), 1, restored()).ok());
  EXPECT_EQ(Records(*OpenForTest(restored())), WantRecords(11, 20));
}

TEST_F(BackupsTest, StoppedBackupLeavesNothing) {
  const auto store = Open();
  ASSERT_NE(store, nullptr);
  AppendRecords(*store, 3);
  ASSERT_TRUE(store->CreateBackup(Options()).ok());
  std::string noise;
  for (uint64_t i = 0; i < 12'000'000; ++i) {
    noise.push_back(static_cast<char>(i * 0x9E3779B97F4A7C15 >> 53));
  }
  Batch batch;
  batch.Put(Family::kChunks, "chunk", std::move(noise));
  ASSERT_TRUE(store->WriteDirect(std::move(batch)).ok());
  std::stop_source stop;
  BackupOptions options = Options();
  options.stop = stop.get_token();
  options.copied = [&](uint64_t) { stop.request_stop(); };
  EXPECT_EQ(store->CreateBackup(options).status().code(), absl::StatusCode::kCancelled);
  EXPECT_EQ(ListBackups(folder())->backups.size(), 1u);
  uint64_t bytes = 0;
  for (const auto& entry : fs::recursive_directory_iterator(folder())) {
    if (entry.is_regular_file()) bytes += entry.file_size();
  }
  EXPECT_LT(bytes, 1'000'000u);
  EXPECT_TRUE(VerifyBackup(folder(), 1).ok());
  ASSERT_TRUE(store->CreateBackup(Options()).ok());
  EXPECT_TRUE(VerifyBackup(folder(), 0).ok());
}

// What a killed process leaves: files without a list of them.
TEST_F(BackupsTest, WhatAKilledBackupLeftIsCleared) {
  MakeBackup();
  fs::create_directories(folder() / "private" / "2");
  std::ofstream(folder() / "private" / "2" / "CURRENT") << "half";
  std::ofstream(folder() / "shared_checksum" / "000099_sDEAD_123.sst") << "half";
  std::ofstream(folder() / "meta" / "2.tmp") << "half";
  EXPECT_EQ(ListBackups(folder())->backups.size(), 1u);
  EXPECT_TRUE(VerifyBackup(folder(), 0).ok());
  const auto next = Open()->CreateBackup(Options());
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_FALSE(fs::exists(folder() / "shared_checksum" / "000099_sDEAD_123.sst"));
  EXPECT_TRUE(VerifyBackup(folder(), next->id).ok());
}

TEST_F(BackupsTest, OneWriterAtATime) {
  MakeBackup();
  const auto other = base::FileLock::Acquire(folder() / "slowburn-backup.lock");
  ASSERT_TRUE(other.ok());
  const absl::Status refused = Open()->CreateBackup(Options()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
}

TEST_F(BackupsTest, ForeignFolderIsRefusedAndUntouched) {
  fs::create_directory(folder());
  std::ofstream(folder() / "mine") << "mine";
  const absl::Status refused = Open()->CreateBackup(Options()).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition) << refused;
  EXPECT_EQ(std::distance(fs::directory_iterator(folder()), fs::directory_iterator()), 1);
  EXPECT_EQ(ListBackups(folder()).status().code(), absl::StatusCode::kNotFound);
}

TEST_F(BackupsTest, FolderNamedFromWhereTheProgramStands) {
  MakeBackup();
  const fs::path relative = fs::relative(folder());
  EXPECT_TRUE(OpenBackup(relative, 1).ok());
  EXPECT_TRUE(VerifyBackup(relative, 0).ok());
  EXPECT_TRUE(RestoreBackup(relative, 0, fs::relative(restored())).ok());
}

TEST_F(BackupsTest, ABackupIsOnlyRead) {
  MakeBackup();
  const auto opened = OpenBackup(folder(), 1);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(opened->store->AppendLog("record", Durability::kSynced).code(),
            absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(opened->store->WriteCheckpoint({}).code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Records(*opened->store), WantRecords(11, 20));
}

TEST(BackupNoteTest, EveryByteCounts) {
  const std::string text =
      EncodeBackupNote({.format = 5, .sequence = 66'051, .time_unix_seconds = 1'795'219'200});
  const auto note = DecodeBackupNote(text);
  ASSERT_TRUE(note.has_value());
  EXPECT_EQ(note->format, 5u);
  EXPECT_EQ(note->sequence, 66'051u);
  EXPECT_EQ(note->time_unix_seconds, 1'795'219'200);
  for (size_t at = 0; at < text.size(); ++at) {
    std::string harmed = text;
    harmed[at] = static_cast<char>(harmed[at] ^ 1);
    EXPECT_FALSE(DecodeBackupNote(harmed).has_value()) << at;
    EXPECT_FALSE(DecodeBackupNote(text.substr(0, at)).has_value()) << at;
  }
  // The example of docs/format/backup_folder.md.
  EXPECT_EQ(text,
            "slowburn backup\nformat 5\nsequence 66051\ntime 1795219200\nhash 7d225a52b240f9fe\n");
}

}  // namespace
}  // namespace slowburn::storage
