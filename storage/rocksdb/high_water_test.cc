// Goal: the newest mark is read back whatever happens to the write of the next one, and never a
// mark that was not made. Method: a real file, its bytes against docs/format/data_directory.md, and
// each slot spoiled in turn.
#include "storage/rocksdb/high_water.h"

#include <fcntl.h>
#include <gtest/gtest.h>
#include <unistd.h>

#include "base/files.h"
#include "base/status.h"
#include "base/testing/temp_dir.h"
#include "storage/rocksdb/testing/store_probe.h"

namespace slowburn::storage {
namespace {

constexpr base::UnixNanos kNow{std::chrono::nanoseconds(1795219200000000000)};

std::string Hex(std::string_view bytes) {
  std::string hex;
  for (const char byte : bytes) hex += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  return hex;
}

class HighWaterTest : public testing::Test {
 protected:
  // A file with marks 10, 20, ... so that the newest has generation `marks`.
  void MakeFile(uint64_t marks) {
    ASSERT_TRUE(HighWater::Create(path_, kNow).ok());
    auto file = HighWater::Open(path_);
    ASSERT_TRUE(file.ok()) << file.status();
    for (uint64_t mark = 1; mark <= marks; ++mark) {
      ASSERT_TRUE((*file)->Write(mark * 10, kNow + std::chrono::seconds(mark)).ok());
    }
  }
  uint64_t SequenceRead() const {
    const auto file = HighWater::Open(path_);
    EXPECT_TRUE(file.ok()) << file.status();
    return file.ok() ? (*file)->newest().sequence : 0;
  }

  base::TempDir dir_;
  std::filesystem::path path_ = dir_.path() / "HIGH_WATER";
};

TEST_F(HighWaterTest, SlotHasTheBytesOfTheFormatPage) {
  EXPECT_EQ(Hex(EncodeHighWaterSlot(
                {.sequence = 66051, .time_unix_nano = 1795219200000000000, .generation = 5})),
            "5342485701000000"
            "0302010000000000"
            "0000f6d559e6e918"
            "0500000000000000"
            "0000000000000000"
            "0000000000000000"
            "0000000000000000"
            "1387249e474d5019");
}

TEST_F(HighWaterTest, NewFileIsWholeAndMarksNothing) {
  MakeFile(0);
  EXPECT_EQ(std::filesystem::file_size(path_), 128u);
  EXPECT_EQ(SequenceRead(), 0u);
}

TEST_F(HighWaterTest, NewestMarkIsReadBackAndTheFileKeepsItsSize) {
  for (const uint64_t marks : {1u, 2u, 3u, 8u}) {
    MakeFile(marks);
    const auto file = HighWater::Open(path_);
    ASSERT_TRUE(file.ok()) << file.status();
    EXPECT_EQ((*file)->newest().sequence, marks * 10);
    EXPECT_EQ((*file)->newest().generation, marks);
    EXPECT_EQ((*file)->newest().time_unix_nano,
              (kNow + std::chrono::seconds(marks)).time_since_epoch().count());
    EXPECT_EQ(std::filesystem::file_size(path_), 128u);
  }
}

// Every byte of the slot counts, and whichever slot is newest.
TEST_F(HighWaterTest, SpoiledNewestSlotFallsBackToTheOther) {
  for (const uint64_t marks : {3u, 4u}) {
    for (uint64_t byte = 0; byte < 64; ++byte) {
      MakeFile(marks);
      FlipByte(path_, marks % 2 * 64 + byte);
      EXPECT_EQ(SequenceRead(), (marks - 1) * 10) << "byte " << byte;
    }
  }
}

TEST_F(HighWaterTest, SpoiledOldSlotIsOverwrittenByTheNextMark) {
  MakeFile(3);
  FlipByte(path_, 20);  // slot 0: generation 2
  auto file = HighWater::Open(path_);
  ASSERT_TRUE(file.ok()) << file.status();
  EXPECT_EQ((*file)->newest().sequence, 30u);
  ASSERT_TRUE((*file)->Write(40, kNow).ok());
  FlipByte(path_, 64 + 20);  // and now the mark before it goes
  EXPECT_EQ(SequenceRead(), 40u);
}

TEST_F(HighWaterTest, NothingValidIsDataLoss) {
  MakeFile(2);
  FlipByte(path_, 8);
  FlipByte(path_, 64 + 8);
  const auto both = HighWater::Open(path_).status();
  EXPECT_EQ(both.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Contains(both, path_.string())) << both;

  MakeFile(2);
  std::filesystem::resize_file(path_, 63);
  EXPECT_EQ(HighWater::Open(path_).status().code(), absl::StatusCode::kDataLoss);

  std::filesystem::resize_file(path_, 5000);
  EXPECT_EQ(HighWater::Open(path_).status().code(), absl::StatusCode::kDataLoss);

  std::filesystem::remove(path_);
  EXPECT_EQ(HighWater::Open(path_).status().code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace slowburn::storage
