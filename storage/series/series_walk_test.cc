// Goal: whatever is written in whatever order comes back bit by bit and in order, each sample once,
// across seals, checkpoints, failed ones, restarts and lost checkpoints at any point, and a
// snapshot goes on seeing what it saw. Method: seeded random walks beside plain maps; the fate of
// each sample against the rules as they are written, with no look at how the store keeps it.
#include "storage/series/testing/series_walk.h"

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "storage/series/testing/memory_store.h"

namespace slowburn::storage {
namespace {

TEST(SeriesWalkTest, EverythingComesBackAcrossCrashesAtAnyPoint) {
  for (uint64_t seed = 1; seed <= 30; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    MemoryStore store;
    SeriesWalk walk(seed, store);
    for (int step = 0; step < 250; ++step) {
      SCOPED_TRACE(fmt::format("step {}", step));
      walk.Step();
      if (walk.random()() % 25 == 0) {
        walk.Stop();
        store.Crash(/*loses_checkpoint=*/walk.random()() % 2 == 0);
        walk.Restart(store);
      }
      if (walk.random()() % 20 == 0) {
        store.SetFails(true);
        EXPECT_EQ(walk.world().Checkpoint().code(), absl::StatusCode::kResourceExhausted);
        store.SetFails(false);
      }
      if (step % 10 == 0) walk.Look("now: ");
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

// A crash after every single commit and checkpoint of 68 walks: 10,200 of them.
TEST(SeriesWalkTest, EveryCrashPointOfAWalkRecovers) {
  for (uint64_t seed = 100; seed < 168; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    MemoryStore store;
    SeriesWalk walk(seed, store);
    for (int step = 0; step < 150; ++step) {
      walk.Step();
      walk.Stop();
      store.Crash(step % 3 == 0);
      walk.Restart(store);
      walk.Look(fmt::format("step {}: ", step));
      if (testing::Test::HasFatalFailure()) return;
    }
  }
}

}  // namespace
}  // namespace slowburn::storage
