// Goal: what requests come to does not depend on how points are packed, nor on restarts, and no
// point counts twice; what cannot be counted is in the tally. Method: rows; then random series of
// several SLIs, packed at random, sent again in part, with the table made anew from its checkpoint
// now and then, against each series by itself.
#include "slo/metric_streams.h"

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

#include <gtest/gtest.h>

#include "slo/testing/metric_delta_builder.h"
#include "slo/testing/slice_sums.h"

namespace slowburn::slo {
namespace {

using std::chrono::sys_seconds;
using testing::kBadOfTotal;
using testing::kHistogramEffect;
using testing::kTotalBesideBad;
using testing::MetricDeltaBuilder;
using namespace std::chrono_literals;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kBegin = 1'700'000'000;
constexpr sys_seconds kNow{std::chrono::seconds(kBegin)};

class MetricStreamsTest : public ::testing::Test {
 protected:
  MetricStreams::Plan Commit(const MetricDelta& delta, std::vector<uint32_t> left_out = {},
                             sys_seconds now = kNow) {
    const MetricStreams::Request request{.delta = &delta, .left_out = std::move(left_out)};
    MetricStreams::Plan plan = streams_.MakePlan(std::span(&request, 1), now);
    streams_.Apply(plan);
    tally_ += plan.tally;
    return plan;
  }
  SliCounts Counts(const MetricDelta& delta, std::vector<uint32_t> left_out = {},
                   sys_seconds now = kNow) {
    const MetricStreams::Plan plan = Commit(delta, std::move(left_out), now);
    SliCounts counts;
    for (const SliDelta::Entry& entry : plan.counts.entries()) counts += entry.counts;
    return counts;
  }

  MetricStreams streams_{{}};
  MetricTally tally_;
};

TEST_F(MetricStreamsTest, CountsBadAmongTotal) {
  EXPECT_EQ(Counts(MetricDeltaBuilder()
                       .Counter(1, kBegin - 30, kBegin - 10, 100)
                       .Counter(2, kBegin - 30, kBegin - 10, 7, kBadOfTotal)
                       .delta()),
            (SliCounts{93, 7}));
  EXPECT_EQ(Counts(MetricDeltaBuilder().Counter(2, kBegin - 30, kBegin, 9, kBadOfTotal).delta()),
            (SliCounts{uint64_t{0} - 2, 2}));
  EXPECT_EQ(Counts(MetricDeltaBuilder().Counter(1, kBegin - 30, kBegin, 110).delta()),
            (SliCounts{10, 0}));
}

TEST_F(MetricStreamsTest, CountsHistograms) {
  const CounterPoint point{.start = (kBegin - 30) * kSecond,
                           .time = kBegin * kSecond,
                           .total = {.whole = 10},
                           .good = {.whole = 7},
                           .layout = 5,
                           .is_exact = false};
  EXPECT_EQ(Counts(MetricDeltaBuilder().Point(1, point, kHistogramEffect).delta()),
            (SliCounts{7, 3}));
  EXPECT_TRUE(streams_.IsInterpolated(SliId{1}));
  EXPECT_FALSE(streams_.IsInterpolated(SliId{2}));
}

TEST_F(MetricStreamsTest, IsInterpolatedWhileSomeSeriesIs) {
  const auto point = [](uint64_t time, bool is_exact) {
    return CounterPoint{.start = (kBegin - 30) * kSecond,
                        .time = time * kSecond,
                        .total = {.whole = 10},
                        .good = {.whole = 7},
                        .layout = is_exact ? 5u : 6u,
                        .is_exact = is_exact};
  };
  MetricDeltaBuilder both;
  both.Point(1, point(kBegin, false), kHistogramEffect).last().around = {0.25, 0.5};
  both.Point(2, point(kBegin, true), kHistogramEffect);
  Commit(both.delta());
  EXPECT_TRUE(streams_.IsInterpolated(SliId{1}));
  EXPECT_EQ(streams_.Around(SliId{1}), (BucketBounds{0.25, 0.5}));
  EXPECT_EQ(streams_.Around(SliId{2}), std::nullopt);
  Commit(MetricDeltaBuilder().Point(2, point(kBegin + 10, true), kHistogramEffect).delta());
  EXPECT_TRUE(streams_.IsInterpolated(SliId{1})) << "the other one still is";
  Commit(MetricDeltaBuilder().Point(1, point(kBegin + 10, true), kHistogramEffect).delta());
  EXPECT_FALSE(streams_.IsInterpolated(SliId{1}));
  Commit(MetricDeltaBuilder().Point(2, point(kBegin + 20, false), kHistogramEffect).delta());
  EXPECT_TRUE(streams_.IsInterpolated(SliId{1}));
  streams_.ForgetSilent(kNow + 24h + 1s);
  EXPECT_FALSE(streams_.IsInterpolated(SliId{1})) << "what is silent for a day says nothing";
}

// --- latencies

// One past its bucket there are as many events as the bucket has: {{3, 2}} are two of bucket 3.
MetricLatencies Latencies(const std::vector<std::pair<int, uint64_t>>& buckets,
                          uint32_t coarseness = 0) {
  MetricLatencies latencies{.coarseness = coarseness, .histogram = {}};
  for (const auto& [index, count] : buckets) latencies.histogram.Append(index, count);
  return latencies;
}

// A point of so many events as `latencies` has.
MetricDelta LatencyPoint(uint64_t start, uint64_t time, const MetricLatencies& latencies,
                         ObservationKind kind = ObservationKind::kCumulative) {
  const uint64_t count = latencies.histogram.count();
  MetricDeltaBuilder builder;
  builder.Point(1,
                {.start = start * kSecond,
                 .time = time * kSecond,
                 .total = {.whole = count},
                 .good = {.whole = count}},
                kHistogramEffect, kind);
  builder.SetLatencies(latencies);
  return builder.delta();
}

std::vector<std::pair<int, uint64_t>> Counted(const MetricStreams::Plan& plan) {
  std::vector<std::pair<int, uint64_t>> counted;
  for (const LatencyCount& count : plan.counts.latencies()) {
    EXPECT_LT(count.entry, plan.counts.entries().size());
    counted.emplace_back(count.bucket, count.count);
  }
  return counted;
}

using Buckets = std::vector<std::pair<int, uint64_t>>;

TEST_F(MetricStreamsTest, CountsTheLatenciesThatCameSinceTheLastPoint) {
  EXPECT_EQ(Counted(Commit(LatencyPoint(kBegin - 30, kBegin - 20, Latencies({{3, 2}, {5, 1}})))),
            (Buckets{{3, 2}, {5, 1}}));
  EXPECT_EQ(Counted(Commit(LatencyPoint(kBegin - 30, kBegin, Latencies({{3, 3}, {5, 1}})))),
            (Buckets{{3, 1}}));
  // Between the two: it is in them already.
  EXPECT_EQ(Counted(Commit(LatencyPoint(kBegin - 30, kBegin - 10, Latencies({{3, 3}, {5, 1}})))),
            Buckets{});
  // A new process, by its start and by its value.
  EXPECT_EQ(Counted(Commit(LatencyPoint(kBegin + 5, kBegin + 10, Latencies({{4, 9}})))),
            (Buckets{{4, 9}}));
  EXPECT_EQ(Counted(Commit(LatencyPoint(kBegin + 5, kBegin + 20, Latencies({{4, 1}})))),
            (Buckets{{4, 1}}));
  EXPECT_EQ(tally_.without_latency, 0u);
  EXPECT_NEAR(streams_.LatencyError(SliId{1}), kLatencyRelativeError, 1e-9);
  // Coarser from here on: bucket 4 is in the middle one of 0 to 15.
  EXPECT_EQ(Counted(Commit(LatencyPoint(kBegin + 5, kBegin + 30, Latencies({{7, 3}}, 4)))),
            (Buckets{{7, 2}}));
  EXPECT_GT(streams_.LatencyError(SliId{1}), 0.38);
}

TEST_F(MetricStreamsTest, ABaseHasNoLatencies) {
  EXPECT_EQ(Counted(Commit(LatencyPoint(kBegin - 7200, kBegin, Latencies({{3, 20}})))), Buckets{});
  EXPECT_EQ(Counted(Commit(LatencyPoint(kBegin - 7200, kBegin + 10, Latencies({{3, 22}})))),
            (Buckets{{3, 2}}));
}

TEST_F(MetricStreamsTest, CountsTheLatenciesOfDeltas) {
  const auto kind = ObservationKind::kDelta;
  const auto late = LatencyPoint(kBegin - 20, kBegin - 10, Latencies({{3, 2}}), kind);
  EXPECT_EQ(Counted(Commit(LatencyPoint(kBegin - 10, kBegin, Latencies({{3, 4}}), kind))),
            (Buckets{{3, 4}}));
  EXPECT_EQ(Counted(Commit(late)), (Buckets{{3, 2}}));
  EXPECT_EQ(Counted(Commit(late)), Buckets{});
}

TEST_F(MetricStreamsTest, TellsWhatItCountsWithoutLatency) {
  Commit(LatencyPoint(kBegin - 30, kBegin - 20, Latencies({{3, 2}})));
  // As many more, but a bucket holds less than before.
  EXPECT_EQ(Counted(Commit(LatencyPoint(kBegin - 30, kBegin, Latencies({{3, 1}, {4, 4}})))),
            Buckets{});
  EXPECT_EQ(tally_.without_latency, 3u);
}

TEST_F(MetricStreamsTest, CountsGauges) {
  EXPECT_EQ(Counts(MetricDeltaBuilder()
                       .Gauge(1, kBegin - 20, false)
                       .Gauge(1, kBegin - 10, true)
                       .Gauge(2, kBegin - 10, false)
                       .delta()),
            (SliCounts{2, 1}));
}

TEST_F(MetricStreamsTest, LeavesOutWhatItIsToldTo) {
  EXPECT_EQ(Counts(MetricDeltaBuilder()
                       .Counter(1, kBegin - 30, kBegin - 10, 100)
                       .Counter(2, kBegin - 30, kBegin - 10, 10)
                       .Counter(3, kBegin - 30, kBegin - 10, 1)
                       .delta(),
                   {0, 2}),
            (SliCounts{10, 0}));
  EXPECT_EQ(streams_.size(), 1u);
}

TEST_F(MetricStreamsTest, PutsAnIncrementIntoTheSlicesBeforeItsPoint) {
  const auto plan = Commit(MetricDeltaBuilder().Counter(1, kBegin - 20, kBegin - 5, 3).delta());
  std::vector<std::tuple<Slice, uint64_t, int>> got;
  for (const SliDelta::Entry& entry : plan.counts.entries())
    got.emplace_back(entry.slice, entry.counts.good, entry.last_offset_seconds);
  const Slice slice = kBegin / 10 - 2;
  EXPECT_EQ(got, (decltype(got){{slice, 2, 9}, {slice + 1, 1, 4}}));
}

TEST_F(MetricStreamsTest, RefusesWhatIsTooLate) {
  const uint64_t old = kBegin - 24 * 3600;
  EXPECT_EQ(Counts(MetricDeltaBuilder().Counter(1, old - 30, old, 100).delta()), SliCounts{});
  EXPECT_EQ(Counts(MetricDeltaBuilder().Counter(1, old, old + 319, 100).delta()), SliCounts{});
  EXPECT_EQ(tally_.too_late, 2u);
  // No slice of what is taken is older than max_late.
  const auto plan = Commit(MetricDeltaBuilder().Counter(1, old + 20, old + 320, 100).delta());
  EXPECT_EQ(tally_.too_late, 2u);
  ASSERT_FALSE(plan.counts.empty());
  for (const SliDelta::Entry& entry : plan.counts.entries())
    EXPECT_GE(entry.slice, SliceOf(kNow - 24h));
}

TEST_F(MetricStreamsTest, BeginsAnEpochWhenTheTemporalityChanges) {
  const auto delta = ObservationKind::kDelta;
  EXPECT_EQ(Counts(MetricDeltaBuilder().Counter(1, kBegin, kBegin + 10, 5).delta()).total(), 5u);
  EXPECT_EQ(Counts(MetricDeltaBuilder()
                       .Counter(1, kBegin + 5, kBegin + 15, 5, kTotalBesideBad, delta)
                       .delta())
                .total(),
            0u);
  EXPECT_EQ(tally_.overlaps, 1u);
  EXPECT_EQ(Counts(MetricDeltaBuilder()
                       .Counter(1, kBegin + 10, kBegin + 20, 7, kTotalBesideBad, delta)
                       .delta())
                .total(),
            7u);
  // Back: its value holds what deltas counted.
  EXPECT_EQ(Counts(MetricDeltaBuilder().Counter(1, kBegin, kBegin + 30, 20).delta()).total(), 0u);
  EXPECT_EQ(Counts(MetricDeltaBuilder().Counter(1, kBegin, kBegin + 40, 26).delta()).total(), 6u);
  EXPECT_EQ(Counts(MetricDeltaBuilder()
                       .Counter(1, kBegin + 20, kBegin + 30, 7, kTotalBesideBad, delta)
                       .delta())
                .total(),
            0u);
  EXPECT_EQ(tally_.out_of_order, 1u);
  EXPECT_EQ(tally_.temporality_changes, 2u) << "what is not counted changes nothing";
}

TEST_F(MetricStreamsTest, WhatTheOtherTemporalityCountedStaysCountedOnce) {
  const auto delta = ObservationKind::kDelta;
  Commit(MetricDeltaBuilder().Counter(1, kBegin, kBegin + 20, 7, kTotalBesideBad, delta).delta());
  EXPECT_EQ(Counts(MetricDeltaBuilder().Counter(1, kBegin, kBegin + 40, 26).delta()).total(), 0u);
  // Late, and the first one then: a base as well.
  EXPECT_EQ(Counts(MetricDeltaBuilder().Counter(1, kBegin, kBegin + 30, 20).delta()).total(), 6u);
  EXPECT_EQ(Counts(MetricDeltaBuilder().Counter(1, kBegin, kBegin + 20, 7).delta()).total(), 0u);
}

TEST_F(MetricStreamsTest, APointThatIsNotCountedBreaksNoSeriesInItsRequest) {
  Commit(MetricDeltaBuilder().Counter(1, kBegin, kBegin + 10, 5).delta());
  EXPECT_EQ(
      Counts(MetricDeltaBuilder()
                 .Counter(1, kBegin + 5, kBegin + 15, 3, kTotalBesideBad, ObservationKind::kDelta)
                 .Counter(1, kBegin, kBegin + 20, 9)
                 .delta())
          .total(),
      4u);
}

TEST_F(MetricStreamsTest, ForgetsOnTimeWhoeverHasLooked) {
  const auto value = [](uint64_t start, uint64_t time, uint64_t value) {
    return MetricDeltaBuilder().Counter(1, start, time, value).delta();
  };
  Commit(value(kBegin - 10, kBegin, 5));
  EXPECT_EQ(Counts(value(kBegin - 10, kBegin + 86'400, 9), {}, kNow + 24h).total(), 4u);
  EXPECT_EQ(Counts(value(kBegin - 10, kBegin + 172'801, 20), {}, kNow + 48h + 1s).total(), 0u);
  EXPECT_EQ(Counts(value(kBegin - 10, kBegin + 172'811, 22), {}, kNow + 48h + 11s).total(), 2u);
  EXPECT_EQ(streams_.size(), 1u);
}

TEST_F(MetricStreamsTest, TakesAFirstValueThatIsOlderThanTheSliForABase) {
  EXPECT_EQ(Counts(MetricDeltaBuilder().Counter(1, kBegin - 7200, kBegin, 1000).delta()).total(),
            0u);
  EXPECT_EQ(
      Counts(MetricDeltaBuilder().Counter(1, kBegin - 7200, kBegin + 10, 1007).delta()).total(),
      7u);
  // Another series of a writer that was known without it, and one of a writer that was not.
  EXPECT_EQ(Counts(MetricDeltaBuilder().Counter(2, kBegin - 7200, kBegin + 20, 3).delta()).total(),
            3u);
  EXPECT_EQ(
      Counts(MetricDeltaBuilder().Counter(100, kBegin - 7200, kBegin + 20, 3).delta()).total(), 0u);
  // A writer that began since.
  EXPECT_EQ(
      Counts(MetricDeltaBuilder().Counter(200, kBegin + 60, kBegin + 4000, 9).delta()).total(), 9u);
}

TEST_F(MetricStreamsTest, BoundsItsSeries) {
  streams_ = MetricStreams({.streams_max = 2});
  MetricDeltaBuilder builder;
  for (uint64_t i = 0; i < 5; ++i) builder.Counter(i, kBegin - 10, kBegin, 1);
  EXPECT_EQ(Counts(builder.delta()).total(), 2u);
  EXPECT_EQ(Counts(builder.delta()).total(), 0u);
  EXPECT_EQ(streams_.size(), 2u);
  EXPECT_EQ(tally_.untracked, 6u);
  EXPECT_EQ(tally_.duplicates, 2u);
}

TEST_F(MetricStreamsTest, ForgetsWhatIsSilentForADay) {
  Commit(MetricDeltaBuilder().Counter(1, kBegin - 10, kBegin, 5).delta());
  streams_.MarkClean();
  streams_.ForgetSilent(kNow + 24h);
  EXPECT_EQ(streams_.size(), 1u);
  streams_.ForgetSilent(kNow + 24h + 1s);
  EXPECT_EQ(streams_.size(), 0u);
  size_t forgotten = 0;
  streams_.VisitChanged(
      [&](const StreamKey&, const MetricStream* stream) { forgotten += stream == nullptr ? 1 : 0; },
      [&](const MetricSourceKey& key, const MetricSource* source) {
        EXPECT_NE(key.writer, 0u);
        forgotten += source == nullptr ? 1 : 0;
      });
  EXPECT_EQ(forgotten, 2u);
  // It comes back: what it counted is in its value, so the value is a base.
  EXPECT_EQ(Counts(MetricDeltaBuilder().Counter(1, kBegin - 10, kBegin + 90'000, 9).delta(), {},
                   kNow + 25h)
                .total(),
            0u);
}

TEST_F(MetricStreamsTest, KnowsHowFarPointsAreApart) {
  EXPECT_EQ(streams_.PointInterval(SliId{1}), std::nullopt);
  for (uint64_t i = 0; i < 40; ++i) {
    // One that was silent for a while changes little.
    const uint64_t time = kBegin + 15 * i + (i >= 30 ? 3000 : 0);
    Commit(MetricDeltaBuilder().Counter(1, kBegin - 10, time, i).delta(), {}, kNow + 4000s);
  }
  EXPECT_EQ(streams_.PointInterval(SliId{1}), 15s);
}

TEST_F(MetricStreamsTest, PlansWithoutChange) {
  const MetricDelta delta = MetricDeltaBuilder().Counter(1, kBegin - 10, kBegin, 5).delta();
  const MetricStreams::Request request{.delta = &delta, .left_out = {}};
  for (int i = 0; i < 2; ++i) {
    const auto plan = streams_.MakePlan(std::span(&request, 1), kNow);
    EXPECT_EQ(plan.tally.counted, 1u);
    EXPECT_EQ(plan.streams.size(), 1u);
  }
  EXPECT_EQ(streams_.size(), 0u);
  // What adds nothing new is no state to write.
  streams_.Apply(streams_.MakePlan(std::span(&request, 1), kNow));
  EXPECT_TRUE(streams_.MakePlan(std::span(&request, 1), kNow).empty());
}

// --- at random

struct Sent {
  SliId sli{};
  uint64_t stream = 0;
  ObservationKind kind{};
  CountEffect effect;
  std::string group;
  CounterPoint point;
  uint64_t order = 0;
};

using Sums = std::map<std::tuple<SliId, std::string, Slice>, SliCounts>;

void AddTo(Sums& sums, SliId sli, const std::string& key, Slice slice, const SliCounts& counts) {
  sums[{sli, key, slice}] += counts;
}

// One series, its points in order, by itself.
void Reference(const std::vector<Sent>& series, Sums& sums) {
  CumulativeStream cumulative;
  DeltaStream delta;
  MetricTally tally;
  std::vector<Increment> increments;
  for (const Sent& sent : series) {
    if (sent.kind == ObservationKind::kDelta) {
      delta.Place(sent.point, increments, tally);
    } else {
      cumulative.Place(sent.point, {}, increments, tally);
    }
  }
  std::string key;
  AppendGroupValue(key, series.front().group);
  const CountEffect effect = series.front().effect;
  for (const auto& [slice, counts] : testing::SliceSums(increments)) {
    SliCounts made = counts;
    if (!effect.has_good) {
      const auto total = static_cast<int64_t>(counts.total());
      made = {static_cast<uint64_t>(total * effect.total_to_good),
              static_cast<uint64_t>(total * effect.total_to_bad)};
    }
    AddTo(sums, series.front().sli, key, slice, made);
  }
}

std::vector<Sent> RandomSeries(std::mt19937_64& random, uint64_t stream) {
  const CountEffect effects[] = {kTotalBesideBad, kBadOfTotal, kHistogramEffect};
  Sent sent{.sli = SliId{static_cast<uint32_t>(1 + random() % 3)},
            .stream = stream,
            .kind = random() % 3 == 0 ? ObservationKind::kDelta : ObservationKind::kCumulative,
            .effect = effects[random() % 3],
            .group = std::to_string(random() % 3),
            .point = {},
            .order = 0};
  std::vector<Sent> series;
  uint64_t time = (kBegin + 600) * kSecond + random() % (60 * kSecond);
  uint64_t start = time - (1 + random() % 100) * kSecond;
  uint64_t total = 0, good = 0;
  const uint64_t reach = 1 + random() % 5;
  for (uint64_t i = 0; i < 30; ++i) {
    const uint64_t more = random() % 20;
    const uint64_t more_good = more * (random() % 3) / 2;
    const bool is_delta = sent.kind == ObservationKind::kDelta;
    if (is_delta || random() % 10 == 0) total = good = 0;
    if (is_delta || total == 0) start = series.empty() ? start : series.back().point.time;
    total += more;
    good += more_good;
    sent.point = {.start = start, .time = time, .total = {.whole = total}, .good = {}};
    if (sent.effect.has_good) sent.point.good.whole = good;
    sent.order = 10 * i + 10 * (random() % reach);
    series.push_back(sent);
    time += (1 + random() % 40) * kSecond + random() % kSecond;
  }
  return series;
}

// A table from what a checkpoint of the other holds.
MetricStreams Restarted(const MetricStreams& streams) {
  MetricStreams restored{{}};
  streams.VisitChanged(
      [&](const StreamKey& key, const MetricStream* stream) { restored.Apply(key, *stream); },
      [&](const MetricSourceKey& key, const MetricSource* source) {
        restored.Apply(key, *source);
      });
  return restored;
}

TEST(MetricStreamsRandomTest, CountsEachSeriesAsByItself) {
  std::mt19937_64 random(20250304);
  for (int round = 0; round < 150; ++round) {
    Sums want;
    std::vector<Sent> all;
    for (uint64_t stream = 0; stream < 12; ++stream) {
      const std::vector<Sent> series = RandomSeries(random, 100 * stream);
      Reference(series, want);
      all.insert(all.end(), series.begin(), series.end());
    }
    std::stable_sort(all.begin(), all.end(),
                     [](const Sent& a, const Sent& b) { return a.order < b.order; });
    MetricStreams streams{{}};
    Sums got;
    MetricTally tally;
    for (size_t at = 0; at < all.size();) {
      // A commit of up to three requests of up to eight points, some of them sent before.
      std::vector<MetricDeltaBuilder> builders;
      for (uint64_t r = 1 + random() % 3; r > 0; --r) {
        MetricDeltaBuilder& builder = builders.emplace_back();
        for (uint64_t n = 1 + random() % 8; n > 0 && at < all.size(); --n) {
          const bool again = at > 0 && random() % 6 == 0;
          const Sent& sent = again ? all[at - 1 - random() % std::min<size_t>(at, 20)] : all[at++];
          builder.Point(sent.stream, sent.point, sent.effect, sent.kind, sent.group, sent.sli);
        }
      }
      std::vector<MetricStreams::Request> requests;
      for (const MetricDeltaBuilder& builder : builders)
        requests.push_back({.delta = &builder.delta(), .left_out = {}});
      const MetricStreams::Plan plan = streams.MakePlan(requests, kNow + 2h);
      streams.Apply(plan);
      tally += plan.tally;
      for (const SliDelta::Entry& entry : plan.counts.entries())
        AddTo(got, entry.sli, std::string(plan.counts.key(entry)), entry.slice, entry.counts);
      if (random() % 10 == 0) streams = Restarted(streams);
    }
    std::erase_if(got, [](const auto& entry) { return entry.second == SliCounts{}; });
    std::erase_if(want, [](const auto& entry) { return entry.second == SliCounts{}; });
    ASSERT_EQ(got, want) << "round " << round;
    ASSERT_EQ(tally.counted, all.size());
  }
}

}  // namespace
}  // namespace slowburn::slo
