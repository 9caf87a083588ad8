// Goal: what was acknowledged is there after the power went at any moment, bit by bit, through
// flushes and compactions. Method: the self-checking walk of storage/series on the real store over
// a disk that forgets what was not synced.
#include <filesystem>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <utility>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/testing/temp_dir.h"
#include "storage/rocksdb/testing/forgetful_file_system.h"
#include "storage/series/testing/series_walk.h"

namespace slowburn::storage {
namespace {

namespace fs = std::filesystem;

// After as much of no meaning as makes it worth to the store. It acknowledges nothing of the walk.
void FlushTables(BackupableStore& store) {
  Batch batch;
  batch.Put(Family::kDedup, "filler", std::string(1 << 20, 'f'));
  const absl::Status written = store.WriteDirect(std::move(batch));
  EXPECT_TRUE(written.ok()) << written;
  store.Reclaim(/*last=*/true);
}

class PowerLossTest : public testing::TestWithParam<uint64_t> {};

TEST_P(PowerLossTest, KeepsWhatWasAcknowledged) {
  const base::TempDir dir;
  const auto disk = std::make_shared<ForgetfulFileSystem>();
  int lives = 0;
  int manifests = 0;
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
    std::optional<uint64_t> in_manifest;
    if (lives % 4 == 0) {
      disk->LosePowerAtManifestSync(before, folder(), random());
      FlushTables(*store);
      in_manifest = disk->LostAtManifestSync();
    }
    if (in_manifest) ++manifests;
    lost += in_manifest ? *in_manifest : disk->LosePower(before, folder(), random);
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
  EXPECT_GT(manifests, 2) << "MANIFEST was never garbled: the test shows nothing of it";
  EXPECT_GT(lost, 0u) << "nothing was ever unsynced: the test shows nothing";
}

INSTANTIATE_TEST_SUITE_P(Seeds, PowerLossTest, testing::Range(uint64_t{1}, uint64_t{9}));

}  // namespace
}  // namespace slowburn::storage
