// Goal: files are read within limits and replaced whole; a lock admits one. Method: a real
// temporary folder.
#include "base/files.h"

#include <gtest/gtest.h>
#include <unistd.h>

#include "base/file_lock.h"
#include "base/status.h"
#include "base/testing/temp_dir.h"

namespace slowburn::base {
namespace {

TEST(FilesTest, WritesReplacesAndReads) {
  const TempDir dir;
  const auto path = dir.path() / "a.txt";
  ASSERT_TRUE(WriteFileAtomically(path, "one").ok());
  ASSERT_TRUE(WriteFileAtomically(path, std::string("t\0wo", 4)).ok());
  const auto content = ReadFile(path, 4);
  ASSERT_TRUE(content.ok()) << content.status();
  EXPECT_EQ(*content, std::string("t\0wo", 4));
  EXPECT_FALSE(std::filesystem::exists(dir.path() / "a.txt.new"));
}

TEST(FilesTest, NamesThePathItCannotRead) {
  const TempDir dir;
  const auto missing = ReadFile(dir.path() / "missing", 10);
  EXPECT_EQ(missing.status().code(), absl::StatusCode::kNotFound);
  EXPECT_NE(Message(missing.status()).find("missing"), std::string_view::npos);
  ASSERT_TRUE(WriteFileAtomically(dir.path() / "big", "12345").ok());
  EXPECT_EQ(ReadFile(dir.path() / "big", 4).status().code(), absl::StatusCode::kResourceExhausted);
}

TEST(FileLockTest, SecondHolderIsRefusedUntilTheFirstIsGone) {
  const TempDir dir;
  auto first = FileLock::Acquire(dir.path() / "lock");
  ASSERT_TRUE(first.ok()) << first.status();
  const auto second = FileLock::Acquire(dir.path() / "lock");
  EXPECT_EQ(second.status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_NE(Message(second.status()).find(fmt::format("process {}", getpid())),
            std::string_view::npos);
  first->reset();
  EXPECT_TRUE(FileLock::Acquire(dir.path() / "lock").ok());
}

}  // namespace
}  // namespace slowburn::base
