// Goal: a cumulative stream counts what its points say, in whatever order they come. Method: rows
// of points with their increments; random streams with resets, fractions and histograms, sorted and
// shuffled within reach, against a slow reference that is written from the rules.
#include "slo/cumulative_stream.h"

#include <algorithm>
#include <cmath>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slo/testing/slice_sums.h"

namespace slowburn::slo {
namespace {

using testing::SliceSums;
using testing::Total;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kBegin = 1'700'000'000;
constexpr FirstValueRule kSinceAlways{};

struct Given {
  uint64_t start;  // seconds after kBegin; kNoStart: unknown
  uint64_t time;
  double value;
};
constexpr uint64_t kNoStart = ~uint64_t{0};

CounterPoint Point(const Given& given) {
  return {.start = given.start == kNoStart ? 0 : (kBegin + given.start) * kSecond,
          .time = (kBegin + given.time) * kSecond,
          .total = CounterValue::Of(given.value).value()};
}

struct CountCase {
  const char* name;
  std::vector<Given> points;
  std::vector<uint64_t> want;  // what each adds, net
  MetricTally tally;           // `counted` apart
};
class CumulativeStreamTest : public ::testing::TestWithParam<CountCase> {};

TEST_P(CumulativeStreamTest, Counts) {
  CumulativeStream stream;
  MetricTally tally;
  std::vector<uint64_t> added;
  for (const Given& given : GetParam().points) {
    std::vector<Increment> increments;
    stream.Place(Point(given), kSinceAlways, increments, tally);
    added.push_back(Total(increments).total());
  }
  EXPECT_EQ(added, GetParam().want);
  tally.counted = 0;
  EXPECT_EQ(tally, GetParam().tally);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, CumulativeStreamTest,
    ::testing::ValuesIn<CountCase>({
        {"TheSpecificationsExample",
         {{100, 110, 50}, {100, 120, 80}, {125, 130, 90}},
         {50, 30, 90},
         {}},
        {"StartIsTheTime", {{100, 100, 50}, {100, 110, 60}}, {0, 10}, {}},
        {"StartAfterTheTime", {{105, 100, 50}, {105, 110, 60}}, {0, 60}, {}},
        {"NoStart", {{kNoStart, 100, 50}, {kNoStart, 110, 60}}, {0, 10}, {}},
        {"NoStartAndAReset",
         {{kNoStart, 100, 50}, {kNoStart, 110, 20}},
         {0, 20},
         {.resets_by_value = 1}},
        {"SameStartAndASmallerValue",
         {{100, 110, 50}, {100, 120, 20}},
         {50, 20},
         {.resets_by_value = 1}},
        {"ANewStartAndALargerValue", {{100, 110, 50}, {115, 120, 70}}, {50, 70}, {}},
        {"ANewStartThatIsTheTime",
         {{100, 110, 50}, {120, 120, 70}, {120, 130, 75}},
         {50, 0, 5},
         {}},
        {"AStartThatBecomesKnown", {{kNoStart, 110, 50}, {100, 120, 70}}, {0, 20}, {}},
        {"AStartThatIsLost", {{100, 110, 50}, {kNoStart, 120, 70}}, {50, 20}, {}},
        {"AnEarlierStart", {{105, 110, 50}, {100, 120, 70}}, {50, 20}, {}},
        {"TheSamePointAgain", {{100, 110, 50}, {100, 110, 50}}, {50, 0}, {.duplicates = 1}},
        {"AnotherValueAtTheSameTime", {{100, 110, 50}, {100, 110, 51}}, {50, 0}, {.conflicts = 1}},
        {"Silence", {{100, 110, 50}, {100, 120, 50}}, {50, 0}, {}},
        {"Late", {{100, 110, 50}, {100, 130, 80}, {100, 120, 60}}, {50, 30, 0}, {}},
        {"LateAndTheFirst", {{100, 120, 60}, {100, 110, 50}}, {60, 0}, {}},
        {"LateAndABase", {{kNoStart, 120, 60}, {kNoStart, 110, 50}}, {0, 10}, {}},
        {"LateBeforeAReset", {{100, 110, 50}, {125, 130, 5}, {100, 120, 70}}, {50, 5, 20}, {}},
        {"LateBehindAReset", {{100, 110, 50}, {125, 140, 9}, {125, 130, 5}}, {50, 9, 0}, {}},
        {"Fractions",
         {{100, 110, 0.5}, {100, 120, 1.25}, {100, 130, 1.75}, {100, 140, 2.0}},
         {0, 1, 0, 1},
         {}},
        {"FractionsOverAReset", {{100, 110, 0.75}, {115, 120, 0.5}}, {0, 1}, {}},
        {"FractionsFromABase", {{kNoStart, 110, 0.75}, {kNoStart, 120, 1.5}}, {0, 0}, {}},
    }),
    [](const auto& info) { return info.param.name; });

TEST(CumulativeStreamTest, ForgetsWhatIsTooFarBack) {
  CumulativeStream stream;
  MetricTally tally;
  std::vector<Increment> increments;
  for (uint64_t i = 1; i <= 10; ++i)
    stream.Place(Point({100, 100 + 10 * i, 10.0 * static_cast<double>(i)}), kSinceAlways,
                 increments, tally);
  EXPECT_EQ(stream.points.size(), CumulativeStream::kPointsMax);
  EXPECT_FALSE(stream.Place(Point({100, 115, 12}), kSinceAlways, increments, tally));
  EXPECT_EQ(tally.out_of_order, 1u);
  EXPECT_TRUE(stream.Place(Point({100, 135, 31}), kSinceAlways, increments, tally));
  EXPECT_EQ(Total(increments).total(), 100u);
}

TEST(CumulativeStreamTest, CountsAFirstValueThatGrewUnderOurEyes) {
  const uint64_t hour = 3600;
  const auto counts = [](uint64_t start, uint64_t time, FirstValueRule rule) {
    rule.sli_since *= kSecond;
    rule.writer_since *= kSecond;
    return rule.CountsFully({.start = start * kSecond, .time = time * kSecond});
  };
  const uint64_t now = 100 * hour;
  EXPECT_TRUE(counts(now - 60, now, {.sli_since = now}));
  EXPECT_TRUE(counts(now - 300, now, {.sli_since = now}));
  EXPECT_FALSE(counts(now - 301, now, {.sli_since = now}));  // It may have grown for long before.
  EXPECT_TRUE(counts(now - hour, now, {.sli_since = now - hour - 1}));
  EXPECT_TRUE(counts(now - hour, now, {.sli_since = now - hour + 300}));
  EXPECT_FALSE(counts(now - 25 * hour, now, {.sli_since = now - 30 * hour}));  // Once forgotten?
  EXPECT_TRUE(counts(now - 25 * hour, now, {.sli_since = now, .writer_since = now - 10}));
  EXPECT_FALSE(counts(now - 25 * hour, now, {.sli_since = now, .writer_since = now}));
}

TEST(CumulativeStreamTest, WhatAnotherTemporalityCountedIsNotCountedAgain) {
  const auto counted = [](uint64_t start, uint64_t time) {
    CumulativeStream stream;
    stream.covered_until = (kBegin + 200) * kSecond;
    MetricTally tally;
    std::vector<Increment> increments;
    stream.Place(Point({start, 300, 9}), kSinceAlways, increments, tally);
    // Late, and the first one then.
    stream.Place(Point({start, time, 5}), kSinceAlways, increments, tally);
    return Total(increments).total();
  };
  EXPECT_EQ(counted(200, 250), 9u);
  EXPECT_EQ(counted(199, 250), 4u) << "two bases, and what is between them";
  EXPECT_EQ(counted(200, 201), 9u);
  EXPECT_EQ(counted(199, 200), 0u) << "a base, and one that is covered";
}

CounterPoint HistogramPoint(uint64_t time, uint64_t total, double good, bool exact = true,
                            uint32_t layout = 1) {
  return {.start = kBegin * kSecond,
          .time = (kBegin + time) * kSecond,
          .total = {.whole = total, .fraction = 0},
          .good = CounterValue::Of(good).value(),
          .layout = layout,
          .is_exact = exact};
}

struct HistogramCase {
  const char* name;
  std::vector<CounterPoint> points;
  std::vector<SliCounts> want;
  uint64_t resets = 0;
  uint64_t layouts = 0;
};
class CumulativeHistogramTest : public ::testing::TestWithParam<HistogramCase> {};

TEST_P(CumulativeHistogramTest, Counts) {
  CumulativeStream stream;
  MetricTally tally;
  std::vector<SliCounts> added;
  for (const CounterPoint& point : GetParam().points) {
    std::vector<Increment> increments;
    stream.Place(point, kSinceAlways, increments, tally);
    added.push_back(Total(increments));
  }
  EXPECT_THAT(added, ::testing::ElementsAreArray(GetParam().want));
  EXPECT_EQ(tally.resets_by_value, GetParam().resets);
  EXPECT_EQ(tally.layout_changes, GetParam().layouts);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, CumulativeHistogramTest,
    ::testing::ValuesIn<HistogramCase>({
        {"GoodAndBad", {HistogramPoint(10, 10, 7), HistogramPoint(20, 15, 11)}, {{7, 3}, {4, 1}}},
        {"FewerGood", {HistogramPoint(10, 10, 7), HistogramPoint(20, 12, 6)}, {{7, 3}, {6, 6}}, 1},
        {"FewerBad", {HistogramPoint(10, 10, 7), HistogramPoint(20, 12, 10)}, {{7, 3}, {10, 2}}, 1},
        {"EstimatesMayFall",
         {HistogramPoint(10, 10, 7.5, false), HistogramPoint(20, 12, 6.5, false),
          HistogramPoint(30, 14, 8.5, false)},
         {{7, 3}, {0, 2}, {1, 1}}},
        {"EstimatesMayRun",
         {HistogramPoint(10, 10, 2, false), HistogramPoint(20, 12, 6, false),
          HistogramPoint(30, 16, 6, false)},
         {{2, 8}, {2, 0}, {2, 2}}},
        {"OtherBounds",
         {HistogramPoint(10, 10, 7), HistogramPoint(20, 15, 11, true, 2),
          HistogramPoint(30, 16, 12, true, 2)},
         {{7, 3}, {0, 0}, {1, 0}},
         0,
         1},
    }),
    [](const auto& info) { return info.param.name; });

// --- against a reference

// A counter as an application has it: it grows, restarts with and without a new start, and now and
// then its points have no start.
std::vector<CounterPoint> RandomStream(std::mt19937_64& random, bool histogram) {
  std::vector<CounterPoint> points;
  uint64_t time = (kBegin + random() % 100) * kSecond + random() % kSecond;
  uint64_t start = time - (1 + random() % 200) * kSecond;
  const bool has_start = random() % 5 != 0;
  const bool fractions = !histogram && random() % 3 == 0;
  double total = static_cast<double>(random() % 100);
  double good = histogram ? std::floor(total / 2) : 0;
  for (int i = 0; i < 60; ++i) {
    points.push_back({.start = has_start ? start : 0,
                      .time = time,
                      .total = CounterValue::Of(total).value(),
                      .good = CounterValue::Of(good).value()});
    time += (1 + random() % 40) * kSecond + random() % kSecond;
    if (random() % 12 == 0) {
      total = good = 0;
      if (random() % 3 != 0) start = time - random() % (20 * kSecond);
    }
    const auto grown = static_cast<double>(random() % 50) * (fractions ? 0.25 : 1);
    total += grown;
    if (histogram) good += std::floor(grown * static_cast<double>(random() % 5) / 4);
  }
  return points;
}

// From the rules, in one pass over sorted points; numbers are quarters or whole, so doubles hold
// them.
std::map<Slice, SliCounts> Reference(const std::vector<CounterPoint>& points) {
  const auto number = [](const CounterValue& value) {
    return static_cast<double>(value.whole) + value.fraction;
  };
  std::vector<Increment> increments;
  double total = 0, good = 0;
  for (size_t i = 0; i < points.size(); ++i) {
    const CounterPoint& point = points[i];
    double more = 0, more_good = 0;
    uint64_t from = 0;
    if (i == 0) {
      if (point.start == 0 || point.start >= point.time) continue;
      more = number(point.total), more_good = number(point.good), from = point.start;
    } else {
      const CounterPoint& last = points[i - 1];
      const bool new_start = point.start > last.start && point.start != 0 &&
                             (last.start != 0 || point.start > last.time);
      const double grown = number(point.total) - number(last.total);
      const double grown_good = number(point.good) - number(last.good);
      if (new_start && point.start >= point.time) continue;
      const bool fell = grown < 0 || grown_good < 0 || grown - grown_good < 0;
      const bool anew = new_start || fell;
      more = anew ? number(point.total) : grown;
      more_good = anew ? number(point.good) : grown_good;
      from = new_start ? std::max(point.start, last.time) : last.time;
    }
    increments.push_back(
        {.from = from,
         .to = point.time,
         .total = static_cast<uint64_t>(std::floor(total + more) - std::floor(total)),
         .good = static_cast<uint64_t>(std::floor(good + more_good) - std::floor(good))});
    total += more;
    good += more_good;
  }
  return SliceSums(increments);
}

TEST(CumulativeStreamTest, CountsTheSameInAnyOrderWithinReach) {
  std::mt19937_64 random(20250301);
  for (int round = 0; round < 3000; ++round) {
    const std::vector<CounterPoint> points = RandomStream(random, round % 2 == 0);
    // Each point moves at most so far that the one before it is still kept.
    std::vector<std::pair<uint64_t, CounterPoint>> order;
    const uint64_t reach = round % 4 == 0 ? 1 : 1 + random() % (CumulativeStream::kPointsMax - 1);
    for (size_t i = 0; i < points.size(); ++i) order.emplace_back(i + random() % reach, points[i]);
    std::stable_sort(order.begin(), order.end(),
                     [](const auto& a, const auto& b) { return a.first < b.first; });
    CumulativeStream stream;
    MetricTally tally;
    std::vector<Increment> increments;
    for (const auto& [place, point] : order) {
      stream.Place(point, kSinceAlways, increments, tally);
      if (random() % 10 == 0) stream.Place(point, kSinceAlways, increments, tally);
    }
    ASSERT_EQ(SliceSums(increments), Reference(points)) << "round " << round;
    ASSERT_EQ(tally.out_of_order, 0u) << "round " << round;
    ASSERT_EQ(tally.counted, points.size());
  }
}

}  // namespace
}  // namespace slowburn::slo
