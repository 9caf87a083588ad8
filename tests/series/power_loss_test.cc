// Goal: what was acknowledged is there after the power went at any moment, bit by bit, through
// flushes and compactions. Method: the self-checking walk of storage/series on the real store over
// a disk that forgets what was not synced.
#include <filesystem>
#include <memory>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/testing/temp_dir.h"
#include "storage/rocksdb/testing/forgetful_file_system.h"
#include "storage/series/testing/series_walk.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;

class PowerLossTest : public testing::TestWithParam<uint64_t> {};

TEST_P(PowerLossTest, KeepsWhatWasAcknowledged) {
  const base::TempDir dir;
  const auto disk = std::make_shared<ForgetfulFileSystem>();
  int lives = 0;
  const auto folder = [&] { return dir.path() / fmt::format("life-{}", lives); };
  const auto open = [&] {
    auto store = OpenOnDisk(
        {.directory = folder(), .block_cache_bytes = 1 << 20, .write_buffer_bytes = 1 << 20}, disk);
    EXPECT_TRUE(store.ok()) << store.status();
    return store.ok() ? *std::move(store) : nullptr;
  };
  auto store = open();
  ASSERT_NE(store, nullptr);
  SeriesWalk walk(GetParam(), *store);
  std::mt19937_64 random(GetParam());
  uint64_t lost = 0;
  for (int step = 0; step < 300; ++step) {
    SCOPED_TRACE(fmt::format("step {}", step));
    walk.Step();
    if (testing::Test::HasFatalFailure()) return;
    if (random() % 8 != 0) continue;
    const fs::path before = folder();
    ++lives;
    lost += disk->LosePower(before, folder(), random);
    walk.Stop();
    store.reset();
    fs::remove_all(before);
    store = open();
    ASSERT_NE(store, nullptr);
    walk.Restart(*store);
    walk.Look("after the power loss: ");
    if (testing::Test::HasFatalFailure()) return;
  }
  EXPECT_GT(lives, 20);
  EXPECT_GT(lost, 0u) << "nothing was ever unsynced: the test shows nothing";
}

INSTANTIATE_TEST_SUITE_P(Seeds, PowerLossTest, testing::Range(uint64_t{1}, uint64_t{9}));

}  // namespace
}  // namespace slowburn::storage
