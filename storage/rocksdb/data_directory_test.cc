// Goal: one process at a time, in a folder that is ours, of a format that we read; and a refusal
// changes nothing. Method: real folders, each in one state that must be refused, with the folder
// listed before and after.
#include "storage/rocksdb/data_directory.h"

#include <fstream>
#include <map>
#include <string>

#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/files.h"
#include "base/status.h"
#include "base/testing/temp_dir.h"
#include "storage/rocksdb/testing/store_probe.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;

void WriteText(const fs::path& file, std::string_view text) {
  std::ofstream(file, std::ios::binary) << text;
}

// Every file and folder below `path` with its size, times and inode.
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

// The tests may run as root, whom no mode bits stop.
class AsNobody {
 public:
  AsNobody() : was_(geteuid()) {
    if (was_ == 0 && seteuid(65534) != 0) ADD_FAILURE() << "no way to be nobody";
  }
  ~AsNobody() {
    if (was_ == 0 && seteuid(0) != 0) ADD_FAILURE() << "no way back to root";
  }

 private:
  uid_t was_;
};

TEST(DataDirectoryTest, MakesAFolderForItsOwnerAloneAndSaysItsFormat) {
  const base::TempDir dir;
  const fs::path path = dir.path() / "a" / "data";
  const auto opened = DataDirectory::Open(path);
  ASSERT_TRUE(opened.ok()) << opened.status();
  EXPECT_EQ(fs::status(path).permissions(), fs::perms::owner_all);
  EXPECT_EQ(base::ReadFile(path / "FORMAT", 100).value(),
            "slowburn data directory\nwriter 7\nmin_reader 7\n");
  EXPECT_EQ((*opened)->format(), kDataFormat);
  EXPECT_FALSE((*opened)->HasDatabase().value());
}

TEST(DataDirectoryTest, OpensAgainAndOverWhatAnInterruptedStartLeft) {
  const base::TempDir dir;
  fs::create_directory(dir.path() / "lost+found");
  WriteText(dir.path() / "slowburn.lock", "1\n");
  WriteText(dir.path() / "FORMAT.new", "slowburn da");
  EXPECT_TRUE(DataDirectory::Open(dir.path()).ok());
  EXPECT_TRUE(DataDirectory::Open(dir.path()).ok());
}

TEST(DataDirectoryTest, SecondOpenerIsRefusedAndChangesNoByte) {
  const base::TempDir dir;
  const auto first = OpenForTest(dir.path());
  ASSERT_NE(first, nullptr);
  AppendRecords(*first, 3);
  ASSERT_TRUE(first->MarkHighWater().ok());
  const auto before = Listing(dir.path());
  const absl::Status second = OpenFailure(dir.path());
  EXPECT_EQ(second.code(), absl::StatusCode::kFailedPrecondition) << second;
  EXPECT_TRUE(Contains(second, fmt::format("process {}", getpid()))) << second;
  EXPECT_EQ(Listing(dir.path()), before);
  AppendRecords(*first, 1);
  EXPECT_EQ(Records(*first), WantRecords(1, 4));
}

TEST(DataDirectoryTest, ForeignFolderIsRefusedAndNotTouched) {
  const base::TempDir dir;
  WriteText(dir.path() / "thesis.tex", "x");
  const auto before = Listing(dir.path());
  const absl::Status refused = OpenFailure(dir.path());
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Contains(refused, "no data directory of slowburn")) << refused;
  EXPECT_EQ(Listing(dir.path()), before);
}

TEST(DataDirectoryTest, MissingFormatBesideADatabaseIsRefused) {
  const base::TempDir dir;
  OpenForTest(dir.path()).reset();
  fs::remove(dir.path() / "FORMAT");
  const absl::Status refused = OpenFailure(dir.path());
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Contains(refused, "FORMAT")) << refused;
  EXPECT_FALSE(fs::exists(dir.path() / "FORMAT"));
}

struct FormatCase {
  std::string name;
  std::string text;
  std::string want_error;  // empty: it opens
};

class FormatTest : public testing::TestWithParam<FormatCase> {};

TEST_P(FormatTest, DecidesWhoMayRead) {
  const base::TempDir dir;
  WriteText(dir.path() / "FORMAT", GetParam().text);
  const absl::Status status = DataDirectory::Open(dir.path()).status();
  if (GetParam().want_error.empty()) {
    EXPECT_TRUE(status.ok()) << status;
    return;
  }
  EXPECT_EQ(status.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Contains(status, GetParam().want_error)) << status;
}

INSTANTIATE_TEST_SUITE_P(
    Formats, FormatTest,
    testing::ValuesIn<FormatCase>({
        {"Ours", "slowburn data directory\nwriter 7\nmin_reader 7\n", ""},
        {"Older", "slowburn data directory\nwriter 1\nmin_reader 1\n", ""},
        {"NewerWriterThatWeCanRead", "slowburn data directory\nwriter 8\nmin_reader 7\nfeature x\n",
         ""},
        {"NeedsANewerReader", "slowburn data directory\nwriter 8\nmin_reader 8\n",
         "needs a slowburn that reads format 8; this one reads up to 7: install a newer slowburn"},
        {"Empty", "", "restore it"},
        {"OtherProgram", "writer 1\nmin_reader 1\n", "does not begin with"},
        {"NoReader", "slowburn data directory\nwriter 1\n", "min_reader"},
        {"NoNumber", "slowburn data directory\nwriter 1\nmin_reader 1x\n", "min_reader"},
        {"TooLong", std::string(5000, 'x'), "restore it"},
    }),
    [](const auto& info) { return info.param.name; });

struct RaiseCase {
  std::string name;
  std::string text;
  std::string want;
};

class RaiseFormatTest : public testing::TestWithParam<RaiseCase> {};

TEST_P(RaiseFormatTest, AsksForOurFormatAndKeepsTheRest) {
  const base::TempDir dir;
  WriteText(dir.path() / "FORMAT", GetParam().text);
  const auto opened = DataDirectory::Open(dir.path());
  ASSERT_TRUE(opened.ok()) << opened.status();
  // Opening alone changes nothing.
  EXPECT_EQ(base::ReadFile(dir.path() / "FORMAT", 100).value(), GetParam().text);
  const absl::Status raised = (*opened)->RaiseFormat();
  ASSERT_TRUE(raised.ok()) << raised;
  EXPECT_EQ((*opened)->format(), kDataFormat);
  EXPECT_EQ(base::ReadFile(dir.path() / "FORMAT", 100).value(), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Formats, RaiseFormatTest,
    testing::ValuesIn<RaiseCase>({
        {"Older", "slowburn data directory\nwriter 1\nmin_reader 1\n",
         "slowburn data directory\nwriter 7\nmin_reader 7\n"},
        {"NewerWriter", "slowburn data directory\nwriter 8\nmin_reader 1\n",
         "slowburn data directory\nwriter 8\nmin_reader 7\n"},
        {"NamesOfOthers", "slowburn data directory\nfeature x\nwriter 1\nmin_reader 1\nwriters 8",
         "slowburn data directory\nwriter 7\nmin_reader 7\nfeature x\nwriters 8\n"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(DataDirectoryTest, FolderThatCannotBeMadeIsPermissionDenied) {
  const base::TempDir dir;
  WriteText(dir.path() / "file", "x");
  for (const fs::path& path :
       {dir.path() / "file" / "data", dir.path() / "file", fs::path("/proc/slowburn-data")}) {
    const absl::Status refused = OpenFailure(path);
    EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied) << refused;
    EXPECT_TRUE(Contains(refused, path.string())) << refused;
    EXPECT_TRUE(Contains(refused, "use another data directory")) << refused;
  }
}

TEST(DataDirectoryTest, FolderThatMayNotBeWrittenIsPermissionDenied) {
  const base::TempDir dir;
  const fs::path path = dir.path() / "data";
  fs::create_directory(path);
  chmod(dir.path().c_str(), 0755);
  chmod(path.c_str(), 0555);
  const AsNobody nobody;
  const absl::Status refused = OpenFailure(path);
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied) << refused;
  EXPECT_TRUE(Contains(refused, "cannot be written")) << refused;
}

TEST(DataDirectoryTest, DatabaseThatMayNotBeWrittenIsPermissionDenied) {
  const base::TempDir dir;
  const fs::path path = dir.path() / "data";
  OpenForTest(path).reset();
  chmod(dir.path().c_str(), 0755);
  chmod(path.c_str(), 0777);
  chmod((path / "slowburn.lock").c_str(), 0666);
  chmod((path / "FORMAT").c_str(), 0444);
  chmod((path / "HIGH_WATER").c_str(), 0666);
  chmod((path / "db").c_str(), 0555);
  const AsNobody nobody;
  const absl::Status refused = OpenFailure(path);
  EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied) << refused;
  EXPECT_TRUE(Contains(refused, "data/db'")) << refused;
}

// As after one start by another user.
TEST(DataDirectoryTest, FileThatMayNotBeReadIsPermissionDenied) {
  const base::TempDir dir;
  const fs::path path = dir.path() / "data";
  AppendRecords(*OpenForTest(path), 3);
  chmod(dir.path().c_str(), 0755);
  for (const auto& entry : fs::recursive_directory_iterator(path))
    chmod(entry.path().c_str(), entry.is_directory() ? 0777 : 0666);
  chmod(path.c_str(), 0777);
  const fs::path wal = NewestWal(path);
  for (const fs::path& file : {path / "HIGH_WATER", path / "db" / "CURRENT", path / "db" / "LOCK",
                               CurrentManifest(path), wal}) {
    chmod(file.c_str(), 0600);
    {
      const AsNobody nobody;
      const absl::Status refused = OpenFailure(path);
      EXPECT_EQ(refused.code(), absl::StatusCode::kPermissionDenied) << refused;
      EXPECT_TRUE(Contains(refused, "Permission denied; give the data directory")) << refused;
    }
    chmod(file.c_str(), 0666);
  }
}

TEST(DataDirectoryTest, DatabaseWithoutItsCurrentFileIsRefusedNotBegunAnew) {
  const base::TempDir dir;
  {
    const auto store = OpenForTest(dir.path());
    AppendRecords(*store, 3);
  }
  fs::remove(dir.path() / "db" / "CURRENT");
  const absl::Status refused = OpenFailure(dir.path());
  EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(Contains(refused, "CURRENT")) << refused;
}

}  // namespace
}  // namespace slowburn::storage
