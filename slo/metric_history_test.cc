// Goal: what a store has of the past comes to the slices that would have been counted live, and
// filling them in again changes nothing. Method: exports of a process in OTLP, counted live; the
// same as series in memory, under the names and labels that they have in Prometheus.
#include "slo/metric_history.h"

#include <algorithm>
#include <deque>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "base/status.h"
#include "slo/metric_matcher.h"
#include "slo/sli_table.h"
#include "slo/testing/map_block_source.h"
#include "slo/testing/metric_batch_builder.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using testing::MetricBatchBuilder;

constexpr uint64_t kSecond = 1'000'000'000;
constexpr uint64_t kBegin = 1'700'002'800;  // a whole hour
constexpr SliId kSli{1};

class MemoryHistory final : public MetricHistory {
 public:
  void Add(const model::LabelSet& labels, const HistorySample& sample) {
    series_[labels].push_back(sample);
  }
  absl::Status Read(const model::SeriesSelector& selector, uint64_t from, uint64_t to,
                    const Visit& visit) const override {
    for (const auto& [labels, all] : series_) {
      if (!selector.Matches(labels)) continue;
      std::vector<HistorySample> samples;
      std::copy_if(all.begin(), all.end(), std::back_inserter(samples),
                   [&](const HistorySample& s) { return s.time >= from && s.time < to; });
      if (!samples.empty()) SB_RETURN_IF_ERROR(visit(labels, samples));
    }
    return absl::OkStatus();
  }

 private:
  std::map<model::LabelSet, std::vector<HistorySample>> series_;
};

// Two hours of a process with requests, their latencies and its health, every 15 s; it begins anew
// now and then.
class World {
 public:
  explicit World(uint64_t seed) {
    std::mt19937_64 random(seed);
    uint64_t start = kBegin - 10;
    std::map<std::string, std::vector<uint64_t>> latencies;
    for (uint64_t time = kBegin + 5; time < kBegin + 7200; time += 15) {
      if (random() % 60 == 0) {
        latencies.clear();
        start = time - 3;
      }
      MetricBatchBuilder& batch = exports_.emplace_back();
      batch.Resource({{"service.name", "pay"}})
          .Metric("latency", "s", model::MetricType::kHistogram, model::Temporality::kCumulative);
      for (const char* route : {"/a", "/b"}) {
        std::vector<uint64_t>& buckets = latencies.try_emplace(route, 3, 0).first->second;
        for (uint64_t& bucket : buckets) bucket += random() % 10;
        batch.Histogram(start, time, {0.1, 0.5}, buckets, {{"route", route}});
        uint64_t upto = 0;
        const char* const les[] = {"0.1", "0.5", "+Inf"};
        for (size_t i = 0; i < 3; ++i) {
          upto += buckets[i];
          Keep("latency_seconds_bucket", {{"route", route}, {"le", les[i]}}, time, upto, start);
        }
        Keep("latency_seconds_count", {{"route", route}}, time, upto, start);
      }
      const uint64_t up = random() % 4 == 0 ? 0 : 1;
      batch.Gauge("up").Int(0, time, static_cast<int64_t>(up));
      Keep("up", {}, time, up, 0);
    }
  }

  const std::deque<MetricBatchBuilder>& exports() const { return exports_; }
  const MemoryHistory& history() const { return history_; }

 private:
  void Keep(const char* name, model::LabelSet labels, uint64_t time, uint64_t value,
            uint64_t start) {
    labels.Set("__name__", name);
    labels.Set("job", "pay");
    history_.Add(
        labels,
        {.time = time * kSecond, .value = static_cast<double>(value), .start = start * kSecond});
  }

  std::deque<MetricBatchBuilder> exports_;
  MemoryHistory history_;
};

struct Counted {
  MapBlockSource source;
  SliTable table{{}, source};
};

void CountLive(const SliSpec& spec, const World& world, Counted& live) {
  const IdentifiedSli sli{kSli, &spec};
  const MetricMatcher matcher(std::span(&sli, 1));
  MetricMatcher::Scratch scratch;
  MetricStreams streams{{}};
  ASSERT_TRUE(live.table.Register(kSli, "sli").ok());
  for (const MetricBatchBuilder& batch : world.exports()) {
    const MetricDelta delta = matcher.Match(batch.batch(), scratch);
    const MetricStreams::Request request{.delta = &delta, .left_out = {}};
    const sys_seconds now{seconds(batch.batch().points.front().time_unix_nano / kSecond)};
    const MetricStreams::Plan plan = streams.MakePlan(std::span(&request, 1), now);
    const SliDelta* counts = &plan.counts;
    const auto planned = live.table.Plan(std::span(&counts, 1), now);
    ASSERT_TRUE(planned.ok());
    ASSERT_TRUE(live.table.Apply(*planned).ok());
    streams.Apply(plan);
  }
}

void Fill(const SliSpec& spec, const MetricHistory& history, SliceRange range, SliTable& table) {
  Backfill backfill(kSli);
  const auto tally = FillFromHistory({kSli, &spec}, history, range, backfill);
  ASSERT_TRUE(tally.ok()) << tally.status();
  EXPECT_EQ(tally->invalid, 0u);
  EXPECT_GT(tally->counted, 100u);
  for (const GroupAdmission& admission : backfill.UnknownGroups(table))
    ASSERT_TRUE(table.Admit(admission).ok());
  ASSERT_TRUE(backfill.Apply(table).ok());
}

SliCounts CountsOf(const Counted& counted, const std::vector<std::string>& values, Slice begin,
                   Slice end) {
  const GroupId group =
      values.empty() ? kTotalGroup : counted.table.FindGroup(kSli, values).value();
  return RangeReader(counted.table.counts(kSli, group).view(), counted.source)
      .Sum(begin, end)
      .value();
}

model::SeriesSelector Selector(const char* text) {
  return model::SeriesSelector::Parse(text).value();
}

constexpr Slice kFirst = kBegin / 10, kHour = kFirst + kSlicesPerHour;

TEST(MetricHistoryTest, FillsInWhatWouldHaveBeenCounted) {
  const World world(11);
  const std::pair<SliSpec, bool> specs[] = {
      {{.source = HistogramSli{.metric = Selector(R"(latency_seconds{job="pay"})"), .max = 0.3},
        .group_by = {"route"}},
       true},
      {{.source = CounterSli{.good = Selector(R"(latency_seconds_bucket{le="0.5"})"),
                             .bad = std::nullopt,
                             .total = Selector("latency_seconds_count")},
        .group_by = {"route"}},
       true},
      {{.source = GaugeSli{.metric = Selector(R"(up{job="pay"})")}, .group_by = {}}, false},
  };
  for (const auto& [spec, is_grouped] : specs) {
    Counted live, filled;
    CountLive(spec, world, live);
    ASSERT_TRUE(filled.table.Register(kSli, "sli").ok());
    Fill(spec, world.history(), {kFirst, kHour + kSlicesPerHour}, filled.table);
    // Again, and an hour of it by itself.
    Fill(spec, world.history(), {kFirst, kHour + kSlicesPerHour}, filled.table);
    Fill(spec, world.history(), {kHour, kHour + kSlicesPerHour}, filled.table);
    std::vector<std::vector<std::string>> groups = {{}};
    if (is_grouped) groups.insert(groups.end(), {{"/a"}, {"/b"}});
    for (const auto& group : groups) {
      EXPECT_GT(CountsOf(live, group, kFirst, kHour).total(), 200u);
      for (Slice slice = kFirst; slice < kHour + kSlicesPerHour; ++slice) {
        ASSERT_EQ(CountsOf(filled, group, slice, slice + 1),
                  CountsOf(live, group, slice, slice + 1))
            << spec.CanonicalText() << " at " << slice;
      }
    }
  }
}

TEST(MetricHistoryTest, SaysWhyItCannotFill) {
  const World world(12);
  Backfill backfill(kSli);
  const SliSpec gauge{.source = GaugeSli{.metric = Selector("up")}, .group_by = {}};
  EXPECT_TRUE(absl::IsInvalidArgument(
      FillFromHistory({kSli, &gauge}, world.history(), {kFirst + 1, kHour}, backfill).status()));
  EXPECT_TRUE(absl::IsInvalidArgument(
      FillFromHistory({kSli, &gauge}, world.history(), {kHour, kHour}, backfill).status()));
  const SliSpec nameless{
      .source = HistogramSli{.metric = Selector(R"({__name__=~"latency.*"})"), .max = 1},
      .group_by = {}};
  EXPECT_TRUE(absl::IsInvalidArgument(
      FillFromHistory({kSli, &nameless}, world.history(), {kFirst, kHour}, backfill).status()));
  const SliSpec composite{.source = CompositeSli{}, .group_by = {}};
  EXPECT_TRUE(absl::IsInvalidArgument(
      FillFromHistory({kSli, &composite}, world.history(), {kFirst, kHour}, backfill).status()));
}

// A histogram that is not whole at some time, and values that no counter has.
TEST(MetricHistoryTest, LeavesOutWhatCannotBeCounted) {
  MemoryHistory history;
  const auto add = [&](const char* name, const char* le, uint64_t after, double value) {
    history.Add({{"__name__", name}, {"le", le}},
                {.time = (kBegin + after) * kSecond, .value = value});
  };
  for (uint64_t i = 0; i < 4; ++i) {
    add("latency_seconds_bucket", "0.1", 60 * i, static_cast<double>(10 * i));
    if (i != 2) add("latency_seconds_bucket", "+Inf", 60 * i, static_cast<double>(20 * i));
    add("latency_seconds_bucket", "many", 60 * i, 1);
  }
  const SliSpec spec{
      .source = HistogramSli{.metric = Selector("latency_seconds_count"), .max = 0.1},
      .group_by = {}};
  Backfill backfill(kSli);
  const auto tally = FillFromHistory({kSli, &spec}, history, {kFirst, kHour}, backfill);
  ASSERT_TRUE(tally.ok());
  EXPECT_EQ(tally->counted, 3u);
  EXPECT_EQ(tally->invalid, 1u);
  Counted counted;
  ASSERT_TRUE(counted.table.Register(kSli, "sli").ok());
  ASSERT_TRUE(backfill.Apply(counted.table).ok());
  EXPECT_EQ(CountsOf(counted, {}, kFirst, kHour), (SliCounts{30, 30}));
}

}  // namespace
}  // namespace slowburn::slo
