// Goal: a gauge is one event in each slice that has a sample, bad when one of them is, in any order
// and once. Method: rows of samples; random samples, shuffled within reach and partly sent again,
// against a map.
#include "slo/gauge_stream.h"

#include <algorithm>
#include <map>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace slowburn::slo {
namespace {

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kBegin = 1'700'000'000;

struct Sample {
  uint64_t time;
  bool bad;
};

std::map<Slice, SliCounts> Count(GaugeStream& stream, const std::vector<Sample>& samples,
                                 MetricTally& tally) {
  std::map<Slice, SliCounts> counts;
  for (const Sample& sample : samples) {
    const GaugeStream::Change change =
        stream.Place((kBegin + sample.time) * kSecond, sample.bad, tally);
    counts[change.slice] += change.counts;
  }
  return counts;
}

TEST(GaugeStreamTest, CountsASliceOnce) {
  const Slice slice = kBegin / 10;
  GaugeStream stream;
  MetricTally tally;
  EXPECT_EQ(
      Count(stream, {{0, false}, {3, false}, {12, true}, {13, false}, {25, false}}, tally),
      (std::map<Slice, SliCounts>{{slice, {1, 0}}, {slice + 1, {0, 1}}, {slice + 2, {1, 0}}}));
  EXPECT_EQ(tally.counted, 5u);
}

TEST(GaugeStreamTest, TurnsASliceBad) {
  GaugeStream stream;
  MetricTally tally;
  EXPECT_EQ(Count(stream, {{0, false}, {15, false}, {5, true}, {6, true}}, tally),
            (std::map<Slice, SliCounts>{{kBegin / 10, {0, 1}}, {kBegin / 10 + 1, {1, 0}}}));
}

TEST(GaugeStreamTest, TakesATimeOnce) {
  GaugeStream stream;
  MetricTally tally;
  EXPECT_EQ(Count(stream, {{0, false}, {0, true}}, tally),
            (std::map<Slice, SliCounts>{{kBegin / 10, {1, 0}}}));
  EXPECT_EQ(tally.duplicates, 1u);
}

TEST(GaugeStreamTest, KnowsSixtyFourSlices) {
  GaugeStream stream;
  MetricTally tally;
  Count(stream, {{1000, false}, {370, false}, {369, true}}, tally);
  EXPECT_EQ(tally.counted, 2u);
  EXPECT_EQ(tally.out_of_order, 1u);
}

TEST(GaugeStreamTest, CountsTheSameInAnyOrderWithinReach) {
  std::mt19937_64 random(20250303);
  for (int round = 0; round < 1000; ++round) {
    std::vector<std::pair<uint64_t, Sample>> order;
    std::map<Slice, SliCounts> want;
    uint64_t time = 0;
    for (int i = 0; i < 100; ++i) {
      time += 1 + random() % 20;
      const Sample sample{time, random() % 3 == 0};
      const auto slice = static_cast<Slice>((kBegin + time) / 10);
      if (want[slice].bad == 0) want[slice] = sample.bad ? SliCounts{0, 1} : SliCounts{1, 0};
      order.emplace_back(time + random() % 300, sample);
      if (random() % 8 == 0) order.emplace_back(time + random() % 300, sample);
    }
    std::sort(order.begin(), order.end(),
              [](const auto& a, const auto& b) { return a.first < b.first; });
    std::vector<Sample> samples;
    for (const auto& [place, sample] : order) samples.push_back(sample);
    GaugeStream stream;
    MetricTally tally;
    ASSERT_EQ(Count(stream, samples, tally), want) << "round " << round;
    ASSERT_EQ(tally.out_of_order, 0u);
  }
}

}  // namespace
}  // namespace slowburn::slo
