// Goal: a directory of every older format opens with all that it had and becomes one of ours, and
// wherever that stops halfway, the next start goes on; a directory that is refused stays what it
// was. Method: directories that older programs left (testdata/format_N, see its README), copied and
// opened at each state in which a crash can leave them.
#include <algorithm>
#include <array>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rocksdb/db.h>

#include "base/files.h"
#include "base/status.h"
#include "base/testing/temp_dir.h"
#include "storage/api/keys.h"
#include "storage/rocksdb/data_directory.h"
#include "storage/rocksdb/internal/database_options.h"
#include "storage/rocksdb/testing/store_probe.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;

constexpr std::string_view kFormat1 = "slowburn data directory\nwriter 1\nmin_reader 1\n";
constexpr std::string_view kOurFormat = "slowburn data directory\nwriter 7\nmin_reader 7\n";

std::string FormatFile(const fs::path& path) {
  return base::ReadFile(path / "FORMAT", 100).value();
}

void WriteText(const fs::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary) << text;
}

class OlderFormatTest : public testing::Test {
 protected:
  explicit OlderFormatTest(std::string_view format = "format_1") {
    fs::copy(fs::path(SLOWBURN_OLDER_FORMATS) / format, path(), fs::copy_options::recursive);
  }
  const fs::path& path() const { return dir_.path(); }

  // It has what the older program wrote, takes what only ours writes, and both outlive a restart.
  void ExpectWhole() const {
    auto store = OpenForTest(path());
    ASSERT_NE(store, nullptr);
    EXPECT_EQ(FormatFile(path()), kOurFormat);
    ExpectOldContents(*store);
    Batch batch;
    batch.Put(Family::kStreams, StreamBlockKey(1), "streams");
    for (const Family family : {Family::kSeries, Family::kPostings, Family::kChunks}) {
      batch.Put(family, "new", "series");
    }
    ASSERT_TRUE(store->WriteDirect(std::move(batch)).ok());
    store.reset();
    store = OpenForTest(path());
    ASSERT_NE(store, nullptr);
    ExpectOldContents(*store);
    EXPECT_EQ(store->Get(Family::kStreams, StreamBlockKey(1)).value(), "streams");
    for (const Family family : {Family::kSeries, Family::kPostings, Family::kChunks}) {
      EXPECT_EQ(store->Get(family, "new").value(), "series");
    }
    EXPECT_EQ(FormatFile(path()), kOurFormat);
  }

 private:
  static void ExpectOldContents(const Store& store) {
    EXPECT_EQ(store.checkpoint_sequence(), 5u);
    EXPECT_EQ(Records(store), WantRecords(6, 8));
    EXPECT_EQ(store.Get(Family::kMeta, SliKey(1)).value(), "meta");
    EXPECT_EQ(store.Get(Family::kSlices, "slices").value(), "slices");
    EXPECT_EQ(store.Get(Family::kAlerts, "alerts").value(), "alerts");
    EXPECT_EQ(store.Get(Family::kDedup, "dedup").value(), "dedup");
    EXPECT_EQ(store.Get(Family::kLedger, LedgerKey()).value(), "ledger");
  }

  base::TempDir dir_;
};

TEST_F(OlderFormatTest, Format1BecomesOurs) {
  EXPECT_EQ(FormatFile(path()), kFormat1);
  ExpectWhole();
}

class LaterFormatTest : public OlderFormatTest, public testing::WithParamInterface<int> {
 protected:
  LaterFormatTest() : OlderFormatTest(fmt::format("format_{}", GetParam())) {}
};

TEST_P(LaterFormatTest, BecomesOurs) {
  EXPECT_EQ(FormatFile(path()),
            fmt::format("slowburn data directory\nwriter {0}\nmin_reader {0}\n", GetParam()));
  ExpectWhole();
  EXPECT_EQ(OpenForTest(path())->Get(Family::kStreams, StreamBlockKey(7)).value(), "older");
}

INSTANTIATE_TEST_SUITE_P(Formats, LaterFormatTest, testing::Values(3, 4));

TEST_F(OlderFormatTest, CrashBeforeTheRenameOfFormat) {
  WriteText(path() / "FORMAT.new", kOurFormat.substr(0, 30));
  ExpectWhole();
}

TEST_F(OlderFormatTest, CrashAfterTheRenameOfFormat) {
  WriteText(path() / "FORMAT", kOurFormat);
  ExpectWhole();
}

// What the programs left that wrote the family before FORMAT said so.
TEST_F(OlderFormatTest, StreamsUnderFormat1BecomeOurs) {
  {
    const auto store = OpenForTest(path());
    ASSERT_NE(store, nullptr);
    Batch batch;
    batch.Put(Family::kStreams, StreamBlockKey(2), "before");
    ASSERT_TRUE(store->WriteDirect(std::move(batch)).ok());
  }
  WriteText(path() / "FORMAT", kFormat1);
  ExpectWhole();
  EXPECT_EQ(OpenForTest(path())->Get(Family::kStreams, StreamBlockKey(2)).value(), "before");
}

TEST_F(OlderFormatTest, WhatIsRefusedStaysAsItWas) {
  const auto wals = DatabaseFiles(path(), ".log");
  ASSERT_FALSE(wals.empty());
  for (const fs::path& wal : wals) fs::resize_file(wal, 0);
  const absl::Status refused = OpenFailure(path());
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss) << refused;
  EXPECT_EQ(FormatFile(path()), kFormat1);
  std::vector<std::string> families;
  ASSERT_TRUE(rocksdb::DB::ListColumnFamilies(rocksdb::DBOptions(), path() / "db", &families).ok());
  EXPECT_EQ(std::count(families.begin(), families.end(), "streams"), 0);
}

TEST_F(OlderFormatTest, AFamilyOfALaterProgramIsRefusedWithWhatToDo) {
  OpenForTest(path()).reset();
  {
    std::vector<rocksdb::ColumnFamilyHandle*> handles;
    rocksdb::DB* opened = nullptr;
    ASSERT_TRUE(rocksdb::DB::Open(rocksdb::DBOptions(), path() / "db",
                                  FamilyDescriptors(TestOptions(path())), &handles, &opened)
                    .ok());
    const std::unique_ptr<rocksdb::DB> db(opened);
    rocksdb::ColumnFamilyHandle* later = nullptr;
    ASSERT_TRUE(db->CreateColumnFamily(rocksdb::ColumnFamilyOptions(), "future", &later).ok());
    handles.push_back(later);
    for (rocksdb::ColumnFamilyHandle* handle : handles)
      ASSERT_TRUE(db->DestroyColumnFamilyHandle(handle).ok());
  }
  const absl::Status refused = OpenFailure(path());
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss) << refused;
  EXPECT_TRUE(Contains(refused, "family 'future'")) << refused;
  EXPECT_TRUE(Contains(refused, "install a newer slowburn")) << refused;
}

// If this fails, a family was added: raise kDataFormat, give the family that number in
// kFamilyFormats, put a directory of the format before into testdata, and then change this line.
TEST(DataFormatTest, HasTheseFamilies) {
  EXPECT_EQ(kDataFormat, 7u);
  EXPECT_THAT(kFamilyNames, ElementsAre(testing::StrEq("meta"), testing::StrEq("log"),
                                        testing::StrEq("slices"), testing::StrEq("alerts"),
                                        testing::StrEq("dedup"), testing::StrEq("ledger"),
                                        testing::StrEq("streams"), testing::StrEq("series"),
                                        testing::StrEq("postings"), testing::StrEq("chunks")));
  EXPECT_THAT(kFamilyFormats, ElementsAre(1, 1, 1, 1, 1, 1, 2, 5, 5, 5));
}

}  // namespace
}  // namespace slowburn::storage
