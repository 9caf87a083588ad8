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
    bool want_queries_refused;
  };
  for (const Step step :
       {Step{100, false, false}, Step{799, false, false}, Step{800, false, true},
        Step{899, false, true}, Step{900, true, true}, Step{850, true, true}, Step{800, true, true},
        Step{799, false, false}, Step{899, false, true}, Step{2000, true, true}}) {
    resident = step.resident;
    guard.Look();
    EXPECT_EQ(!guard.overloaded().empty(), step.want_refused) << step.resident;
    EXPECT_EQ(!guard.short_for_queries().empty(), step.want_queries_refused) << step.resident;
  }
}

TEST(MemoryGuardTest, ReadsItsOwnProcess) {
  EXPECT_GT(ResidentBytes(), uint64_t{1} << 20);
  EXPECT_LT(ResidentBytes(), uint64_t{1} << 36);
}

}  // namespace
}  // namespace slowburn::app
