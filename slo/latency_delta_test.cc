// Goal: a tally counts every event once, whatever came before it. Method: a map as oracle, with
// requests of few and of many entries, one after the other.
#include "slo/latency_delta.h"

#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowburn::slo {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST(LatencyTallyTest, GivesCountsByEntryAndBucket) {
  LatencyTally tally;
  EXPECT_TRUE(tally.empty());
  tally.Add(1, 100);
  tally.Add(0, 0);
  tally.Add(1, 3);
  tally.Add(1, 100);
  EXPECT_FALSE(tally.empty());
  EXPECT_THAT(tally.Take(),
              ElementsAre(LatencyCount{0, kLatencyZeroBucket, 1}, LatencyCount{1, 25, 1},
                          LatencyCount{1, LatencyBucketOf(100), 2}));
  EXPECT_TRUE(tally.empty());
  EXPECT_THAT(tally.Take(), IsEmpty());
}

TEST(LatencyTallyTest, CountsLikeAMapRequestAfterRequest) {
  std::mt19937_64 random(3);
  LatencyTally tally;
  for (const uint32_t entries : {1, 4000, 3, 90'000, 1, 2}) {  // the fourth outgrows what is kept
    std::map<std::pair<uint32_t, int32_t>, uint32_t> want;
    for (uint32_t i = 0; i < entries * 3 + 100; ++i) {
      const auto entry = static_cast<uint32_t>(random() % entries);
      const uint64_t nanos = random() >> (1 + random() % 63);
      tally.Add(entry, nanos);
      ++want[{entry, LatencyBucketOf(nanos)}];
    }
    const std::vector<LatencyCount> got = tally.Take();
    ASSERT_EQ(got.size(), want.size());
    size_t i = 0;
    for (const auto& [key, count] : want)
      ASSERT_EQ(got[i++], (LatencyCount{key.first, key.second, count}));
  }
}

}  // namespace
}  // namespace slowburn::slo
