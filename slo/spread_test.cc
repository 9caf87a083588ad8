// Goal: no event is lost or made up, whatever the interval, and each slice has its share to within
// one. Method: every interval of whole seconds up to 6 min at every place in a slice, several
// counts each; rows by hand; the largest numbers.
#include "slo/spread.h"

#include <cmath>
#include <limits>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowburn::slo {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;

std::vector<uint64_t> Counts(uint64_t count, uint64_t from, uint64_t to) {
  std::vector<uint64_t> counts;
  const SliceShares spread = Spread(count, from, to);
  for (const SliceShare& share : spread.shares()) counts.push_back(share.count);
  return counts;
}

TEST(SpreadTest, AddsUpAndIsFairInEveryInterval) {
  for (uint64_t offset = 0; offset < 10; ++offset) {
    for (uint64_t seconds = 1; seconds <= 360; ++seconds) {
      for (const uint64_t count : {0, 1, 2, 3, 7, 29, 30, 31, 100, 999}) {
        const uint64_t from = (1000 + offset) * kSecond;
        const uint64_t to = from + seconds * kSecond;
        const SliceShares spread = Spread(count, from, to);
        const uint64_t begin = std::max(from, to - std::min(to, 300 * kSecond));
        uint64_t sum = 0;
        Slice expected = static_cast<Slice>(begin / (10 * kSecond));
        for (const SliceShare& share : spread.shares()) {
          ASSERT_EQ(share.slice, expected++);
          const uint64_t slice_begin = share.slice * 10 * kSecond;
          const auto overlap = static_cast<double>(std::min(to, slice_begin + 10 * kSecond) -
                                                   std::max(begin, slice_begin));
          const double fair =
              static_cast<double>(count) * overlap / static_cast<double>(to - begin);
          ASSERT_LT(std::fabs(static_cast<double>(share.count) - fair), 1.0);
          sum += share.count;
        }
        ASSERT_EQ(sum, count) << "from " << from << " to " << to;
        ASSERT_EQ(expected, static_cast<Slice>((to - 1) / (10 * kSecond)) + 1);
      }
    }
  }
}

TEST(SpreadTest, FollowsTheRows) {
  using testing::ElementsAre;
  EXPECT_THAT(Counts(10, 0, 10 * kSecond), ElementsAre(10));
  EXPECT_THAT(Counts(10, 3 * kSecond, 13 * kSecond), ElementsAre(7, 3));
  EXPECT_THAT(Counts(1, 3 * kSecond, 13 * kSecond), ElementsAre(1, 0));
  EXPECT_THAT(Counts(1, 8 * kSecond, 18 * kSecond), ElementsAre(0, 1));
  EXPECT_THAT(Counts(1, 5 * kSecond, 15 * kSecond), ElementsAre(1, 0));
  EXPECT_THAT(Counts(4, 0, 30 * kSecond), ElementsAre(2, 1, 1));
  EXPECT_THAT(Counts(5, 5 * kSecond, 25 * kSecond), ElementsAre(1, 3, 1));
}

TEST(SpreadTest, PutsAnInstantIntoTheSliceBeforeItsEnd) {
  for (const uint64_t from : {20 * kSecond, 30 * kSecond}) {
    const SliceShares spread = Spread(4, from, 20 * kSecond);
    ASSERT_EQ(spread.shares().size(), 1u);
    EXPECT_EQ(spread.shares()[0].slice, 1u);
    EXPECT_EQ(spread.shares()[0].count, 4u);
  }
  const SliceShares at_once = Spread(4, 0, 0);
  EXPECT_EQ(at_once.shares()[0].slice, 0u);
}

TEST(SpreadTest, HoldsTheLargestNumbers) {
  const uint64_t most = std::numeric_limits<uint64_t>::max();
  uint64_t sum = 0;
  for (const uint64_t count : Counts(most, 1'700'000'003 * kSecond, 1'700'000'303 * kSecond))
    sum += count;
  EXPECT_EQ(sum, most);
  const SliceShares longest = Spread(1, 0, most);
  EXPECT_EQ(longest.shares().size(), 31u);
}

}  // namespace
}  // namespace slowburn::slo
