// Goal: requests are refused near the limit and taken again well below it. Method: readings by
// hand.
#include "app/memory_guard.h"

#include <gtest/gtest.h>

namespace slowburn::app {
namespace {

TEST(MemoryGuardTest, RefusesFromNineTenthsUntilBelowEight) {
  prometheus::Registry registry;
  uint64_t resident = 0;
  MemoryGuard guard(
      1000, [&] { return resident; }, registry);
  struct Step {
    uint64_t resident;
    bool want_refused;
  };
  for (const Step step : {Step{100, false}, Step{899, false}, Step{900, true}, Step{850, true},
                          Step{800, true}, Step{799, false}, Step{899, false}, Step{2000, true}}) {
    resident = step.resident;
    guard.Look();
    EXPECT_EQ(!guard.overloaded().empty(), step.want_refused) << step.resident;
  }
}

TEST(MemoryGuardTest, ReadsItsOwnProcess) {
  EXPECT_GT(ResidentBytes(), uint64_t{1} << 20);
  EXPECT_LT(ResidentBytes(), uint64_t{1} << 36);
}

}  // namespace
}  // namespace slowburn::app
