// Goal: things that take long are done side by side. Method: calls that wait for one another.
#include "app/internal/at_once.h"

#include <atomic>
#include <latch>

#include <gtest/gtest.h>

namespace slowburn::app::internal {
namespace {

TEST(AtOnceTest, NoneWaitsForTheOneBefore) {
  std::latch all(3);
  const auto meet = [&] { all.arrive_and_wait(); };
  AtOnce({meet, meet, meet});
  EXPECT_TRUE(all.try_wait());
}

TEST(AtOnceTest, ReturnsWhenAllHave) {
  std::atomic<int> done = 0;
  AtOnce({[&] { ++done; }, [&] { ++done; }});
  EXPECT_EQ(done, 2);
  AtOnce({});
}

}  // namespace
}  // namespace slowburn::app::internal
