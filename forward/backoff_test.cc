// Goal: waits double up to their maximum and jitter stays inside the bound. Method: sequences, and
// a seeded run.
#include "forward/backoff.h"

#include <set>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowburn::forward {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;

std::vector<int64_t> Take(Backoff& backoff, int count) {
  std::vector<int64_t> waits;
  for (int i = 0; i < count; ++i) waits.push_back(backoff.Next().count());
  return waits;
}

TEST(BackoffTest, DoublesUpToTheMaximumAndStartsAnew) {
  Backoff backoff(
      {.min = milliseconds(1000), .max = milliseconds(15000), .jitter = Backoff::Jitter::kNone});
  EXPECT_THAT(Take(backoff, 7), ElementsAre(1000, 2000, 4000, 8000, 15000, 15000, 15000));
  backoff.Reset();
  EXPECT_THAT(Take(backoff, 2), ElementsAre(1000, 2000));
}

TEST(BackoffTest, OddLimitsStillMakeWaits) {
  struct Case {
    milliseconds min, max;
    std::vector<int64_t> want;
  };
  for (const Case& c : {Case{milliseconds(0), milliseconds(3), {1, 2, 3}},
                        Case{milliseconds(50), milliseconds(10), {50, 50, 50}},
                        Case{milliseconds(1), milliseconds::max(), {1, 2, 4}}}) {
    Backoff backoff({.min = c.min, .max = c.max, .jitter = Backoff::Jitter::kNone});
    EXPECT_EQ(Take(backoff, 3), c.want);
  }
}

TEST(BackoffTest, FullJitterFillsTheWholeBound) {
  Backoff backoff({.min = milliseconds(64), .max = milliseconds(64), .seed = 7});
  const std::vector<int64_t> waits = Take(backoff, 2000);
  EXPECT_THAT(waits, testing::Each(testing::AllOf(testing::Ge(1), testing::Le(64))));
  EXPECT_EQ(std::set<int64_t>(waits.begin(), waits.end()).size(), 64u) << "seed 7";
}

TEST(BackoffTest, TheSeedDecidesTheWaits) {
  const auto run = [](uint64_t seed) {
    Backoff backoff({.min = milliseconds(1000), .max = milliseconds(30000), .seed = seed});
    return Take(backoff, 8);
  };
  EXPECT_EQ(run(1), run(1));
  EXPECT_NE(run(1), run(2));
}

}  // namespace
}  // namespace slowburn::forward
