// Goal: the task runs again and again, and not after the end. Method: a counter that is awaited.
#include "base/periodic_task.h"

#include <atomic>

#include <gtest/gtest.h>

namespace slowburn::base {
namespace {

TEST(PeriodicTaskTest, RunsUntilItIsDestroyed) {
  std::atomic<int> runs = 0;
  {
    const PeriodicTask task(std::chrono::milliseconds(1), [&] {
      ++runs;
      runs.notify_all();
    });
    for (int seen = runs; seen < 3; seen = runs) runs.wait(seen);
  }
  const int at_end = runs;
  EXPECT_GE(at_end, 3);
}

TEST(PeriodicTaskTest, EndsAtOnceWhateverTheInterval) {
  std::atomic<int> runs = 0;
  {
    const PeriodicTask task(std::chrono::hours(1), [&] {
      ++runs;
      runs.notify_all();
    });
    runs.wait(0);
  }
  EXPECT_EQ(runs, 1);
}

}  // namespace
}  // namespace slowburn::base
