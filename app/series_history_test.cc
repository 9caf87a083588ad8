// Goal: an SLI on metrics counts from the store what it would have counted live, any number of
// times. Method: the same points through the live matcher and through a store that was written,
// sealed and opened again; figures compared slice by slice.
#include "app/series_history.h"

#include <map>
#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/sample.h"
#include "slo/metric_streams.h"
#include "slo/range_sum.h"
#include "slo/series_matcher.h"
#include "slo/sli_table.h"
#include "slo/testing/map_block_source.h"
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

struct Counted {
  Counted() { EXPECT_TRUE(table.Register(kSli, "sli").ok()); }
  slo::SliCounts In(SliceRange range) const {
    return slo::RangeReader(table.counts(kSli, slo::kTotalGroup).view(), source)
        .Sum(range.begin, range.end)
        .value();
  }
  slo::MapBlockSource source;
  slo::SliTable table{{}, source};
};

class SeriesHistoryTest : public testing::Test {
 protected:
  SeriesHistoryTest() { world_.Start(store_); }

  void Write(const model::LabelSet& labels, int64_t time_ms, double value) {
    world_.Advance(std::max<int64_t>(0, time_ms - world_.now_ms()));
    world_.Write(labels, time_ms, value);
  }
  void Fill(const slo::SliSpec& spec, SliceRange range, Counted& counted) {
    const SeriesHistory history(world_.series(), {}, {});
    slo::Backfill backfill(kSli);
    const auto tally = slo::FillFromHistory({kSli, &spec}, history, range, backfill);
    ASSERT_TRUE(tally.ok()) << tally.status();
    for (const slo::GroupAdmission& group : backfill.UnknownGroups(counted.table)) {
      ASSERT_TRUE(counted.table.Admit(group).ok());
    }
    ASSERT_TRUE(backfill.Apply(counted.table).ok());
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
  const SeriesHistory history(world_.series(), {}, {});
  std::vector<std::pair<uint64_t, double>> got;
  const auto read = [&](std::string_view selector, int64_t from, int64_t to) {
    got.clear();
    return history.Read(
        *model::SeriesSelector::Parse(selector), static_cast<uint64_t>(from) * 1'000'000,
        static_cast<uint64_t>(to) * 1'000'000,
        [&](const model::LabelSet& labels, const std::vector<slo::HistorySample>& samples) {
          EXPECT_EQ(labels.Get("le"), "0.30");
          for (const auto& sample : samples) {
            got.emplace_back(sample.time / 1'000'000 - static_cast<uint64_t>(begin), sample.value);
            EXPECT_EQ(sample.start, 0u);
          }
          return absl::OkStatus();
        });
  };
  EXPECT_TRUE(read(R"(latency_bucket{le="0.3"})", begin, begin + 5000).ok());
  EXPECT_THAT(got, testing::ElementsAre(std::pair(0u, 1.0), std::pair(2000u, 3.0)));
  EXPECT_TRUE(read(R"(latency_bucket{le="0.3"})", begin + 1, begin + 2000).ok());
  EXPECT_TRUE(got.empty());
}

TEST_F(SeriesHistoryTest, AnErrorOfTheVisitEndsIt) {
  Write({{"__name__", "a"}}, world_.now_ms(), 1);
  const SeriesHistory history(world_.series(), {}, {});
  const absl::Status status =
      history.Read(*model::SeriesSelector::Parse("a"), 0, UINT64_MAX / 2,
                   [](const auto&, const auto&) { return absl::AbortedError("enough"); });
  EXPECT_EQ(status.message(), "enough");
}

// Two hours of counters with resets, sealed in part, restarted; live beside it.
TEST_F(SeriesHistoryTest, CountsWhatLiveCountsHoweverOftenItIsDone) {
  const slo::SliSpec spec = Spec();
  const slo::IdentifiedSli sli{kSli, &spec};
  const slo::SeriesMatcher matcher({&sli, 1});
  slo::SeriesMatcher::Scratch scratch;
  slo::MetricStreams streams({});
  std::map<slo::Slice, slo::SliCounts> live;
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
  Counted once, thrice;
  Fill(spec, range, once);
  for (int i = 0; i < 3; ++i) Fill(spec, range, thrice);
  slo::SliCounts all;
  for (slo::Slice slice = range.begin; slice < range.end; ++slice) {
    const SliceRange one{slice, slice + 1};
    const slo::SliCounts wanted = live.contains(slice) ? live[slice] : slo::SliCounts();
    ASSERT_EQ(once.In(one), wanted) << slice - range.begin;
    ASSERT_EQ(thrice.In(one), wanted);
    all += wanted;
  }
  EXPECT_GT(all.good, 20'000);
  EXPECT_GT(all.bad, 5'000);
}

}  // namespace
}  // namespace slowburn::app
