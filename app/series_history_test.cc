// Goal: an SLI on metrics counts from the store what it would have counted live, in whatever
// pieces. Method: the same points through the live matcher and through a store that was written,
// sealed and opened again; figures compared slice by slice.
#include "app/series_history.h"

#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/sample.h"
#include "slo/metric_past.h"
#include "slo/series_matcher.h"
#include "storage/series/testing/memory_store.h"
#include "storage/series/testing/series_world.h"

namespace slowburn::app {
namespace {

using slo::SliceRange;

constexpr int64_t kHourMs = 3'600'000;
constexpr slo::SliId kSli{1};

slo::SliSpec Spec() {
  const auto selector = [](std::string_view text) {
    return model::SeriesSelector::Parse(text).value();
  };
  return {slo::CounterSli{.good = std::nullopt,
                          .bad = selector(R"(http_requests_total{code=~"5.."})"),
                          .total = selector("http_requests_total")},
          {"route"}};
}

class SeriesHistoryTest : public testing::Test {
 protected:
  SeriesHistoryTest() { world_.Start(store_); }

  void Write(const model::LabelSet& labels, int64_t time_ms, double value) {
    world_.Advance(std::max<int64_t>(0, time_ms - world_.now_ms()));
    world_.Write(labels, time_ms, value);
  }
  using Counts = std::map<slo::Slice, slo::SliCounts>;
  void Count(const slo::SliSpec& spec, SliceRange range, Counts& counts) {
    const auto snapshot = world_.series().TakeSnapshot({}, {});
    const SeriesHistory history(*snapshot);
    const auto piece = slo::CountPiece({kSli, &spec}, history, range, UINT32_MAX / 2, {}, 100);
    ASSERT_TRUE(piece.ok()) << piece.status();
    for (const slo::PastPiece::Part& part : piece->parts) {
      for (const auto& entry : part.counts.entries()) counts[entry.slice] += entry.counts;
    }
  }

  storage::MemoryStore store_;
  storage::SeriesWorld world_{{}};
};

TEST_F(SeriesHistoryTest, ReadsWhatIsSelectedWithoutItsEnds) {
  const int64_t begin = world_.now_ms();
  const auto bucket = [](const char* le) {
    return model::LabelSet{{"__name__", "latency_bucket"}, {"le", le}};
  };
  Write(bucket("0.30"), begin, 1);
  Write(bucket("0.30"), begin + 1000, model::StaleMarker());
  Write(bucket("0.30"), begin + 2000, 3);
  Write(bucket("1"), begin, 9);
  std::vector<std::pair<int64_t, double>> got;
  const auto read = [&](std::string_view selector, int64_t from, int64_t to, int64_t before = 0,
                        bool with_ended = false) {
    got.clear();
    const auto snapshot = world_.series().TakeSnapshot({}, {});
    const SeriesHistory history(*snapshot);
    return history.Read(*model::SeriesSelector::Parse(selector),
                        {.from = static_cast<uint64_t>(from) * 1'000'000,
                         .to = static_cast<uint64_t>(to) * 1'000'000,
                         .before = static_cast<uint64_t>(before) * 1'000'000,
                         .with_ended = with_ended},
                        [&](const slo::HistorySeries& series) {
                          EXPECT_EQ(series.labels.Get("le"), "0.30");
                          for (const auto& sample : series.samples) {
                            got.emplace_back(static_cast<int64_t>(sample.time / 1'000'000) - begin,
                                             sample.value);
                            EXPECT_EQ(sample.start, 0u);
                          }
                          return absl::OkStatus();
                        });
  };
  constexpr std::string_view kBucket = R"(latency_bucket{le="0.3"})";
  using testing::ElementsAre;
  using testing::Pair;
  EXPECT_TRUE(read(kBucket, begin, begin + 5000).ok());
  EXPECT_THAT(got, ElementsAre(Pair(0, 1), Pair(2000, 3)));
  EXPECT_TRUE(read(kBucket, begin + 1, begin + 2000).ok());
  EXPECT_TRUE(got.empty());
  // The one before, near and far; but not of a series that ended, unless it is wanted.
  EXPECT_TRUE(read(kBucket, begin + 2000, begin + 5000, 5000).ok());
  EXPECT_THAT(got, ElementsAre(Pair(0, 1), Pair(2000, 3)));
  EXPECT_TRUE(read(kBucket, begin + 3000, begin + 5000, 5000).ok());
  EXPECT_TRUE(got.empty());
  EXPECT_TRUE(read(kBucket, begin + 3000, begin + 5000, 5000, true).ok());
  EXPECT_THAT(got, ElementsAre(Pair(2000, 3)));
  Write(bucket("0.30"), begin + 3 * kHourMs, 9);
  EXPECT_TRUE(read(kBucket, begin + 3 * kHourMs, begin + 4 * kHourMs, 2 * kHourMs).ok());
  EXPECT_THAT(got, ElementsAre(Pair(3 * kHourMs, 9)));
  EXPECT_TRUE(read(kBucket, begin + 3 * kHourMs, begin + 4 * kHourMs, 24 * kHourMs).ok());
  EXPECT_THAT(got, ElementsAre(Pair(2000, 3), Pair(3 * kHourMs, 9)));
}

TEST_F(SeriesHistoryTest, PassesOverSeriesThatCameLater) {
  Write({{"__name__", "a"}, {"x", "1"}}, world_.now_ms(), 1);
  const uint64_t end = world_.series().counts().next_id;
  Write({{"__name__", "a"}, {"x", "0"}}, world_.now_ms(), 1);
  const auto snapshot = world_.series().TakeSnapshot({}, {});
  std::vector<std::string> got;
  EXPECT_TRUE(SeriesHistory(*snapshot, end)
                  .Read(*model::SeriesSelector::Parse("a"), {.from = 0, .to = UINT64_MAX / 2},
                        [&](const slo::HistorySeries& series) {
                          got.emplace_back(series.labels.Get("x"));
                          return absl::OkStatus();
                        })
                  .ok());
  EXPECT_THAT(got, testing::ElementsAre("1"));
}

TEST_F(SeriesHistoryTest, AnErrorOfTheVisitEndsIt) {
  Write({{"__name__", "a"}}, world_.now_ms(), 1);
  const auto snapshot = world_.series().TakeSnapshot({}, {});
  const absl::Status status = SeriesHistory(*snapshot).Read(
      *model::SeriesSelector::Parse("a"), {.from = 0, .to = UINT64_MAX / 2},
      [](const slo::HistorySeries&) { return absl::AbortedError("enough"); });
  EXPECT_EQ(status.message(), "enough");
}

// Two hours of counters with resets, sealed in part, restarted; live beside it.
TEST_F(SeriesHistoryTest, CountsWhatLiveCountsInAnyPieces) {
  const slo::SliSpec spec = Spec();
  const slo::IdentifiedSli sli{kSli, &spec};
  const slo::SeriesMatcher matcher({&sli, 1});
  slo::SeriesMatcher::Scratch scratch;
  slo::MetricStreams streams({});
  Counts live;
  std::mt19937_64 random(7);
  const int64_t begin = world_.now_ms();  // a whole hour
  ASSERT_EQ(begin % kHourMs, 0);
  std::map<std::string, double> values;
  for (int64_t at = 0; at < 2 * kHourMs; at += 15'000) {
    model::SeriesBatch batch;
    std::vector<model::LabelSet> of_series;
    for (const char* code : {"200", "503"}) {
      for (const char* route : {"/a", "/b"}) {
        model::LabelSet labels{
            {"__name__", "http_requests_total"}, {"code", code}, {"route", route}};
        double& value = values[labels.Text()];
        value = random() % 200 == 0 ? 0 : value + static_cast<double>(random() % 50);
        Write(labels, begin + at, value);
        batch.samples.push_back({begin + at, value});
        batch.series.push_back({.labels_hash_high = std::hash<std::string>{}(labels.Text()),
                                .labels_hash_low = 0,
                                .message = {},
                                .samples_end = static_cast<uint32_t>(batch.samples.size())});
        of_series.push_back(std::move(labels));
      }
    }
    const slo::MetricDelta delta = matcher.Match(
        batch, world_.now_ms(),
        [&](const model::SeriesBatch::Series& series, model::LabelSet& labels) {
          labels = of_series[static_cast<size_t>(&series - batch.series.data())];
          return true;
        },
        scratch);
    const slo::MetricStreams::Request request{.delta = &delta, .left_out = {}};
    const auto plan = streams.MakePlan(
        {&request, 1}, std::chrono::sys_seconds(std::chrono::seconds(world_.now_ms() / 1000)));
    streams.Apply(plan);
    for (const slo::SliDelta::Entry& entry : plan.counts.entries()) {
      live[entry.slice] += entry.counts;
    }
    if (at % 600'000 == 0) {
      ASSERT_TRUE(world_.Checkpoint().ok());
    }
  }
  world_.Start(store_);
  const auto first = static_cast<slo::Slice>(begin / 10'000);
  const SliceRange range{first, first + 2 * slo::kSlicesPerHour};
  Counts whole, pieces;
  Count(spec, range, whole);
  for (slo::Slice slice = range.begin; slice < range.end; slice += 90)
    Count(spec, {slice, slice + 90}, pieces);
  slo::SliCounts all;
  for (slo::Slice slice = range.begin; slice < range.end; ++slice) {
    const slo::SliCounts wanted = live.contains(slice) ? live[slice] : slo::SliCounts();
    ASSERT_EQ(whole[slice], wanted) << slice - range.begin;
    ASSERT_EQ(pieces[slice], wanted) << slice - range.begin;
    all += wanted;
  }
  EXPECT_GT(all.good, 20'000);
  EXPECT_GT(all.bad, 5'000);
}

}  // namespace
}  // namespace slowburn::app
