// Goal: a data directory that no server has is read whole, and not changed by a byte. Method: real
// folders, one as a killed process leaves it, listed before and after; and each way to be refused.
#include "storage/rocksdb/read_directory.h"

#include <fstream>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/testing/temp_dir.h"
#include "storage/rocksdb/testing/store_probe.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;

// Every file and folder below `path` with its size, time and inode; access times may change.
std::map<std::string, std::string> Listing(const fs::path& path) {
  std::map<std::string, std::string> listing;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    struct stat info {};
    EXPECT_EQ(stat(entry.path().c_str(), &info), 0) << entry.path();
    listing[entry.path()] = fmt::format("{} {} {}.{:09}", info.st_ino, info.st_size,
                                        info.st_mtim.tv_sec, info.st_mtim.tv_nsec);
  }
  return listing;
}

// Five records, the first three behind a checkpoint, as they lie while their process still runs:
// the last ones are nowhere but in the log of writes.
class ReadDirectoryTest : public testing::Test {
 protected:
  ReadDirectoryTest() : running_(dir_.path() / "running"), left_(dir_.path() / "left") {
    store_ = OpenForTest(running_);
    AppendRecords(*store_, 3);
    Batch batch;
    batch.Put(Family::kSlices, "name", "value");
    EXPECT_TRUE(store_->WriteCheckpoint(std::move(batch)).ok());
    AppendRecords(*store_, 2);
    EXPECT_TRUE(store_->MarkHighWater().ok());
    fs::copy(running_, left_, fs::copy_options::recursive);
  }

  base::TempDir dir_;
  // `left_` is read whole, and not a byte of it is changed.
  void ExpectReadWhole() {
    const auto before = Listing(left_);
    {
      const auto read = OpenToRead(left_);
      ASSERT_TRUE(read.ok()) << read.status();
      EXPECT_EQ(Records(**read), WantRecords(4, 5));
      EXPECT_EQ((*read)->Get(Family::kSlices, "name").value(), "value");
      EXPECT_EQ((*read)->AppendLog("more", Durability::kSynced).code(),
                absl::StatusCode::kFailedPrecondition);
    }
    EXPECT_EQ(Listing(left_), before);
    EXPECT_EQ(Records(*OpenForTest(left_)), WantRecords(4, 5));
  }

  const fs::path running_;
  const fs::path left_;
  std::unique_ptr<Store> store_;
};

TEST_F(ReadDirectoryTest, ReadsAllAndChangesNothing) { ExpectReadWhole(); }

// What a power loss left at the ends of logs a start cuts off: here it is left out, and stays.
TEST_F(ReadDirectoryTest, ReadsAllBeforeGarbledTails) {
  AppendNoise(CurrentManifest(left_));
  AppendNoise(NewestWal(left_));
  ExpectReadWhole();
}

TEST_F(ReadDirectoryTest, ReadsAllBeforeATornRecordOfTheManifest) {
  const fs::path manifest = CurrentManifest(left_);
  const std::string bytes = base::ReadFile(manifest, 1 << 20).value();
  // The header and some of a record that is whole elsewhere.
  std::ofstream(manifest, std::ios::binary | std::ios::app) << bytes.substr(0, 12);
  ExpectReadWhole();
}

TEST_F(ReadDirectoryTest, NamesTheManifestAndThePlaceOfItsDamage) {
  const fs::path manifest = CurrentManifest(left_);
  FlipByte(manifest, 8);  // in the first record, and others follow
  const absl::Status refused = OpenToRead(left_).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss) << refused;
  EXPECT_TRUE(Contains(refused, manifest.filename().string())) << refused;
  EXPECT_TRUE(Contains(refused, "offset 0 ")) << refused;
  EXPECT_TRUE(Contains(refused, "slowburn recover")) << refused;
}

// Garbled where an acknowledged record stood: no tail of a power loss.
TEST_F(ReadDirectoryTest, RefusesAGarbledTailBelowTheMark) {
  OverwriteEnd(NewestWal(left_), 3, '\x01');
  const absl::Status refused = OpenToRead(left_).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss) << refused;
  EXPECT_TRUE(Contains(refused, "the newest record is 4")) << refused;
}

TEST_F(ReadDirectoryTest, LeavesTheDirectoryOfAServerAlone) {
  const auto before = Listing(running_);
  const absl::Status refused = OpenToRead(running_).status();
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Contains(refused, fmt::format("is held by process {}", getpid()))) << refused;
  EXPECT_EQ(Listing(running_), before);
}

TEST_F(ReadDirectoryTest, LetsOthersReadAndNobodyWriteMeanwhile) {
  const auto first = OpenToRead(left_);
  const auto second = OpenToRead(left_);
  EXPECT_TRUE(first.ok() && second.ok());
  const absl::Status refused = OpenFailure(left_);
  EXPECT_EQ(refused.code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_TRUE(Contains(refused, "held by a process that reads")) << refused;
}

TEST_F(ReadDirectoryTest, ReadsWhatNobodyEverHeld) {
  fs::remove(left_ / "slowburn.lock");
  EXPECT_TRUE(OpenToRead(left_).ok());
  EXPECT_FALSE(fs::exists(left_ / "slowburn.lock"));
}

TEST_F(ReadDirectoryTest, RefusesWhatIsNotWholeOrNotOurs) {
  EXPECT_EQ(OpenToRead(dir_.path() / "absent").status().code(), absl::StatusCode::kNotFound);
  EXPECT_FALSE(fs::exists(dir_.path() / "absent"));
  EXPECT_EQ(OpenToRead(dir_.path()).status().code(), absl::StatusCode::kNotFound);
  fs::remove(NewestWal(left_));
  const absl::Status short_of_records = OpenToRead(left_).status();
  EXPECT_EQ(short_of_records.code(), absl::StatusCode::kDataLoss) << short_of_records;
  fs::remove_all(left_ / "db");
  EXPECT_EQ(OpenToRead(left_).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace slowburn::storage
