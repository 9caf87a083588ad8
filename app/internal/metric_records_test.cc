// Goal: states of metric series come back from the store as they were, and broken ones are refused.
// Method: random series of every kind, encoded and applied to another table; messages with a part
// missing.
#include "app/internal/metric_records.h"

#include <map>
#include <random>

#include <absl/strings/escaping.h>
#include <gtest/gtest.h>

namespace slowburn::app::internal {
namespace {

using slo::CounterPoint;

CounterPoint RandomPoint(std::mt19937_64& random, uint64_t time) {
  CounterPoint point{.start = random() % 3 == 0 ? 0 : time - random() % 100'000'000'000,
                     .time = time,
                     .total = {random() % 1000, 0},
                     .good = {random() % 2 == 0 ? random() : 0, 0},
                     .layout = random() % 2 == 0 ? 0 : static_cast<uint32_t>(random()),
                     .is_exact = random() % 2 == 0};
  if (random() % 2 == 0) point.total.fraction = 0.25;
  if (random() % 2 == 0) point.good.fraction = 0.75;
  return point;
}

slo::MetricStream RandomStream(std::mt19937_64& random) {
  slo::MetricStream stream{.sli = slo::SliId{static_cast<uint32_t>(random() % 9 + 1)},
                           .heard_seconds = static_cast<uint32_t>(random()),
                           .points = {}};
  uint64_t time = 1'700'000'000'000'000'000;
  switch (random() % 3) {
    case 0: {
      slo::CumulativeStream cumulative;
      cumulative.head = static_cast<slo::CumulativeStream::Head>(random() % 3);
      if (random() % 2 == 0) cumulative.covered_until = random();
      cumulative.head_sums = {.total = {random(), 0.5}, .good = {random(), 0.125}, .lead = -0.5};
      if (random() % 2 == 0) {
        stream.latencies.emplace().coarseness = static_cast<uint32_t>(random() % 5);
        stream.latencies->histogram.Append(static_cast<int>(random() % 500), random() % 99 + 1);
      }
      for (uint64_t i = random() % 8 + 1; i > 0; --i)
        cumulative.points.push_back(RandomPoint(random, time += random() % 60'000'000'000 + 1));
      stream.points = cumulative;
      break;
    }
    case 1: {
      slo::DeltaStream delta;
      delta.last = RandomPoint(random, time);
      for (uint64_t i = 0; i < random() % 8; ++i) delta.gaps.push_back({i * 100, i * 100 + 50});
      delta.total_rest = 0.25;
      stream.points = delta;
      break;
    }
    default:
      stream.points = slo::GaugeStream{.newest_slice = static_cast<slo::Slice>(random()),
                                       .seen = random(),
                                       .bad = random(),
                                       .last_time = random()};
  }
  return stream;
}

TEST(MetricRecordsTest, ComeBackAsTheyWere) {
  std::mt19937_64 random(20250306);
  slo::MetricStreams::Plan plan;
  for (uint64_t i = 0; i < 2000; ++i) plan.streams.push_back({{random(), i}, RandomStream(random)});
  for (uint64_t i = 0; i < 100; ++i) {
    plan.sources.push_back({{slo::SliId{static_cast<uint32_t>(i + 1)}, random()},
                            {.since = random(),
                             .heard_seconds = static_cast<uint32_t>(random()),
                             .interval_millis = static_cast<uint32_t>(random()),
                             .latency_coarseness = static_cast<uint32_t>(random() % 5)}});
  }
  store::v1::LogRecord record;
  AppendMetricStates(plan, record);
  slo::MetricStreams streams{{}};
  ASSERT_TRUE(ApplyMetricStates(record, streams).ok());
  std::map<slo::StreamKey, slo::MetricStream> got;
  std::map<slo::MetricSourceKey, slo::MetricSource> got_sources;
  streams.VisitChanged([&](const slo::StreamKey& key,
                           const slo::MetricStream* stream) { got.emplace(key, *stream); },
                       [&](const slo::MetricSourceKey& key, const slo::MetricSource* source) {
                         got_sources.emplace(key, *source);
                       });
  EXPECT_EQ(
      got, (std::map<slo::StreamKey, slo::MetricStream>(plan.streams.begin(), plan.streams.end())));
  EXPECT_EQ(got_sources, (std::map<slo::MetricSourceKey, slo::MetricSource>(plan.sources.begin(),
                                                                            plan.sources.end())));
}

// As in docs/format/log_record.md.
TEST(MetricRecordsTest, TheDocumentedExample) {
  slo::CumulativeStream cumulative;
  cumulative.head = slo::CumulativeStream::Head::kCounted;
  cumulative.head_sums.total.whole = 90;
  cumulative.points = {{.start = 1'699'999'940'000'000'000,
                        .time = 1'699'999'990'000'000'000,
                        .total = {.whole = 90, .fraction = 0}}};
  slo::MetricStreams::Plan plan;
  plan.streams.push_back(
      {{0x0102030405060708, 0x090a0b0c0d0e0f10},
       {.sli = slo::SliId{3}, .heard_seconds = 1'700'000'000, .points = cumulative}});
  store::v1::LogRecord record;
  AppendMetricStates(plan, record);
  EXPECT_EQ(absl::BytesToHexString(record.SerializeAsString()),
            "623c09080706050403020111100f0e0d0c0b0a0918032080e2cfaa062a200802105a3a1a0a0980f0f0a1"
            "fcbece972f120980a095de87bcce972f1a02b401");
}

TEST(MetricRecordsTest, HistoryGoesOverIntoWhatGoesOnWithIt) {
  slo::MetricStream history{.sli = slo::SliId{3}, .is_of_history = true};
  history.points = slo::CumulativeStream::From({.time = 5, .total = {.whole = 9, .fraction = 0}});
  slo::MetricStreams::Plan plan;
  plan.streams = {{{1, 2}, history}, {{1, 3}, history}};
  store::v1::LogRecord record;
  AppendMetricStates(plan, record);
  slo::MetricStreams streams{{}};
  ASSERT_TRUE(ApplyMetricStates(record, streams).ok());
  EXPECT_EQ(streams.size(), 2u);
  plan = {};
  history.is_of_history = false;
  plan.streams = {{{7, 7}, history}};
  plan.taken_over = {{1, 2}};
  record.Clear();
  AppendMetricStates(plan, record);
  ASSERT_TRUE(ApplyMetricStates(record, streams).ok());
  std::map<slo::StreamKey, std::optional<bool>> got;  // whether of history; nothing: gone
  streams.VisitChanged(
      [&](const slo::StreamKey& key, const slo::MetricStream* stream) {
        got[key] = stream == nullptr ? std::nullopt : std::optional(stream->is_of_history);
      },
      [](const slo::MetricSourceKey&, const slo::MetricSource*) {});
  EXPECT_EQ(got, (std::map<slo::StreamKey, std::optional<bool>>{
                     {{1, 2}, std::nullopt}, {{1, 3}, true}, {{7, 7}, false}}));
}

TEST(MetricRecordsTest, RefusesWhatIsNeverEncoded) {
  slo::MetricStreams streams{{}};
  const auto is_refused = [&](const store::v1::MetricStream& stored) {
    return absl::IsDataLoss(ApplyMetricStream(stored, streams));
  };
  store::v1::MetricStream stored;
  EXPECT_TRUE(is_refused(stored)) << "no points";
  stored.mutable_cumulative();
  EXPECT_TRUE(is_refused(stored)) << "no point";
  store::v1::CounterPoints& rows = *stored.mutable_cumulative()->mutable_points();
  rows.add_time_difference(1);
  EXPECT_TRUE(is_refused(stored)) << "rows of unequal length";
  rows.add_start_difference(1);
  rows.add_total_difference(1);
  EXPECT_FALSE(is_refused(stored));
  rows.add_layout(1);
  rows.add_layout(2);
  EXPECT_TRUE(is_refused(stored)) << "a row too long";
  rows.clear_layout();
  stored.mutable_cumulative()->set_head(3);
  EXPECT_TRUE(is_refused(stored)) << "an unknown head";
  const store::v1::CounterPoints one = rows;
  stored.clear_cumulative();
  stored.mutable_delta();
  EXPECT_TRUE(is_refused(stored)) << "no last point";
  *stored.mutable_delta()->mutable_last() = one;
  EXPECT_FALSE(is_refused(stored));
  stored.mutable_delta()->add_gap_difference(1);
  EXPECT_TRUE(is_refused(stored)) << "half a gap";
  stored.mutable_delta()->clear_gap_difference();
  stored.mutable_latencies()->set_coarseness(5);
  EXPECT_TRUE(is_refused(stored)) << "latencies that are too coarse";
  stored.mutable_latencies()->set_coarseness(4);
  stored.mutable_latencies()->set_histogram("\x80");
  EXPECT_TRUE(is_refused(stored)) << "broken latencies";
  EXPECT_EQ(streams.size(), 1u);
}

}  // namespace
}  // namespace slowburn::app::internal
