// Goal: deltas count each moment once, in whatever order they come. Method: rows of points; random
// cuts of time with some left out, shuffled within reach, against the sum by hand.
#include "slo/delta_stream.h"

#include <algorithm>
#include <random>

#include <gtest/gtest.h>

#include "slo/testing/slice_sums.h"

namespace slowburn::slo {
namespace {

using testing::SliceSums;
using testing::Total;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kBegin = 1'700'000'000;
constexpr uint64_t kNoStart = ~uint64_t{0};

struct Given {
  uint64_t start;
  uint64_t time;
  double value;
};

CounterPoint Point(const Given& given) {
  return {.start = given.start == kNoStart ? 0 : (kBegin + given.start) * kSecond,
          .time = (kBegin + given.time) * kSecond,
          .total = CounterValue::Of(given.value).value()};
}

struct CountCase {
  const char* name;
  std::vector<Given> points;
  std::vector<uint64_t> want;
  MetricTally tally;  // `counted` apart
};
class DeltaStreamTest : public ::testing::TestWithParam<CountCase> {};

TEST_P(DeltaStreamTest, Counts) {
  DeltaStream stream;
  MetricTally tally;
  std::vector<uint64_t> added;
  for (const Given& given : GetParam().points) {
    std::vector<Increment> increments;
    stream.Place(Point(given), increments, tally);
    added.push_back(Total(increments).total());
  }
  EXPECT_EQ(added, GetParam().want);
  tally.counted = 0;
  EXPECT_EQ(tally, GetParam().tally);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, DeltaStreamTest,
    ::testing::ValuesIn<CountCase>({
        {"TheSpecificationsExample", {{0, 10, 3}, {10, 20, 2}, {25, 35, 4}}, {3, 2, 4}, {}},
        {"IntoAGap", {{0, 10, 3}, {20, 30, 2}, {10, 20, 4}}, {3, 2, 4}, {}},
        {"IntoPartOfAGap",
         {{0, 10, 3}, {40, 50, 2}, {20, 30, 4}, {30, 40, 1}, {10, 20, 1}, {15, 20, 7}},
         {3, 2, 4, 1, 1, 0},
         {.overlaps = 1}},
        {"BeforeTheFirst", {{20, 30, 2}, {10, 20, 4}, {0, 10, 3}}, {2, 4, 3}, {}},
        {"TheSameAgain", {{0, 10, 3}, {0, 10, 3}}, {3, 0}, {.duplicates = 1}},
        {"AnotherValue", {{0, 10, 3}, {0, 10, 4}}, {3, 0}, {.conflicts = 1}},
        {"AnOldOneAgain", {{0, 10, 3}, {10, 20, 3}, {0, 10, 3}}, {3, 3, 0}, {.overlaps = 1}},
        {"Overlapping", {{0, 10, 3}, {5, 15, 4}, {15, 25, 5}}, {3, 0, 5}, {.overlaps = 1}},
        {"NoStart",
         {{kNoStart, 10, 3}, {kNoStart, 20, 4}, {kNoStart, 15, 2}, {kNoStart, 20, 4}},
         {3, 4, 2, 0},
         {.duplicates = 1}},
        {"StartIsTheTime", {{10, 10, 3}, {20, 20, 4}}, {3, 4}, {}},
        {"Fractions",
         {{0, 10, 0.5}, {10, 20, 0.25}, {20, 30, 0.25}, {30, 40, 1.5}},
         {0, 0, 1, 1},
         {}},
    }),
    [](const auto& info) { return info.param.name; });

TEST(DeltaStreamTest, CountsNothingBeforeItIsCovered) {
  DeltaStream stream = DeltaStream::CoveredUntil((kBegin + 20) * kSecond);
  MetricTally tally;
  std::vector<Increment> increments;
  stream.Place(Point({10, 20, 3}), increments, tally);
  stream.Place(Point({15, 25, 3}), increments, tally);
  EXPECT_EQ(tally.overlaps, 2u);
  stream.Place(Point({20, 30, 3}), increments, tally);
  EXPECT_EQ(Total(increments).total(), 3u);
}

TEST(DeltaStreamTest, KeepsSoManyGaps) {
  DeltaStream stream;
  MetricTally tally;
  std::vector<Increment> increments;
  for (uint64_t i = 0; i < 20; ++i)
    stream.Place(Point({20 * i, 20 * i + 10, 1}), increments, tally);
  EXPECT_EQ(stream.gaps.size(), DeltaStream::kGapsMax);
  EXPECT_FALSE(stream.Place(Point({10, 20, 1}), increments, tally));
  EXPECT_TRUE(stream.Place(Point({370, 380, 1}), increments, tally));
  EXPECT_EQ(tally.overlaps, 1u);
}

TEST(DeltaStreamTest, CountsTheSameInAnyOrderWithinReach) {
  std::mt19937_64 random(20250302);
  for (int round = 0; round < 2000; ++round) {
    std::vector<CounterPoint> points;
    std::vector<Increment> all;
    uint64_t time = kBegin * kSecond;
    for (int i = 0; i < 60; ++i) {
      const uint64_t start = time + (random() % 10 == 0 ? random() % (30 * kSecond) : 0);
      time = start + (1 + random() % 40) * kSecond + random() % kSecond;
      const uint64_t total = random() % 50;
      points.push_back({.start = start, .time = time, .total = {total, 0}, .good = {total / 3, 0}});
      all.push_back({.from = start, .to = time, .total = total, .good = total / 3});
    }
    std::vector<std::pair<uint64_t, CounterPoint>> order;
    const uint64_t reach = 1 + random() % 6;
    for (size_t i = 0; i < points.size(); ++i) order.emplace_back(i + random() % reach, points[i]);
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    DeltaStream stream;
    MetricTally tally;
    std::vector<Increment> increments;
    for (const auto& [place, point] : order) {
      stream.Place(point, increments, tally);
      if (random() % 10 == 0) stream.Place(point, increments, tally);
    }
    ASSERT_EQ(SliceSums(increments), SliceSums(all)) << "round " << round;
    ASSERT_EQ(tally.counted, points.size()) << "round " << round;
  }
}

}  // namespace
}  // namespace slowburn::slo
