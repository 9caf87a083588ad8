// Goal: the time-series store keeps its promises on the real store too. Method: the self-checking
// walk of storage/series, with restarts of both.
#include <memory>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/testing/temp_dir.h"
#include "storage/rocksdb/rocksdb_store.h"
#include "storage/series/testing/series_walk.h"

namespace slowburn::storage {
namespace {

TEST(SeriesOnRocksdbTest, EverythingComesBack) {
  const base::TempDir dir;
  const auto open = [&] {
    auto store = OpenRocksdbStore(
        {.directory = dir.path(), .block_cache_bytes = 1 << 20, .write_buffer_bytes = 1 << 20});
    EXPECT_TRUE(store.ok()) << store.status();
    return *std::move(store);
  };
  auto store = open();
  SeriesWalk walk(77, *store);
  for (int step = 0; step < 400; ++step) {
    walk.Step();
    if (step % 80 == 79) {
      walk.Stop();
      store.reset();
      store = open();
      walk.Restart(*store);
    }
    if (step % 20 == 0) walk.Look(fmt::format("step {}: ", step));
    if (testing::Test::HasFatalFailure()) return;
  }
}

}  // namespace
}  // namespace slowburn::storage
