// Goal: points counted live and the same points counted afterwards come to the same slices. Method:
// batches of counters and histograms, through matcher and streams into one table as they come, and
// through a backfill into another.
#include "slo/metric_backfill.h"

#include <random>

#include <gtest/gtest.h>

#include "slo/metric_matcher.h"
#include "slo/sli_table.h"
#include "slo/testing/map_block_source.h"
#include "slo/testing/metric_batch_builder.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using testing::MetricBatchBuilder;

constexpr uint64_t kBegin = 1'700'000'000;
constexpr SliId kSli{1};

// Exports of one process, which restarts now and then, each 15 s.
std::vector<MetricBatchBuilder> Exports(uint64_t seed) {
  std::mt19937_64 random(seed);
  std::vector<MetricBatchBuilder> exports(400);
  uint64_t start = kBegin;
  std::map<std::string, std::vector<uint64_t>> counts;
  uint64_t time = kBegin;
  for (MetricBatchBuilder& batch : exports) {
    time += 15;
    if (random() % 50 == 0) {
      counts.clear();
      start = time - 5;
    }
    batch.Resource({{"service.name", "pay"}})
        .Metric("latency", "s", model::MetricType::kHistogram, model::Temporality::kCumulative);
    for (const char* route : {"/a", "/b", "/c"}) {
      std::vector<uint64_t>& buckets = counts.try_emplace(route, 3, 0).first->second;
      for (uint64_t& bucket : buckets) bucket += random() % 10;
      batch.Histogram(start, time, {0.1, 0.5}, buckets, {{"route", route}});
    }
  }
  return exports;
}

absl::Status Prepare(SliTable& table) {
  SB_RETURN_IF_ERROR(table.Register(kSli, "histogram"));
  return absl::OkStatus();
}

TEST(MetricBackfillTest, CountsAsLive) {
  const auto selector = [](const char* text) { return model::SeriesSelector::Parse(text).value(); };
  const SliSpec specs[] = {
      {.source = HistogramSli{.metric = selector("latency_seconds"), .max = 0.3},
       .group_by = {"route"}},
      {.source = CounterSli{.good = selector(R"(latency_seconds_bucket{le="0.5"})"),
                            .bad = std::nullopt,
                            .total = selector("latency_seconds_count")},
       .group_by = {"route"}}};
  for (const SliSpec& spec : specs) {
    const IdentifiedSli sli{kSli, &spec};
    const MetricMatcher matcher(std::span(&sli, 1));
    MetricMatcher::Scratch scratch;
    MapBlockSource live_source, filled_source;
    SliTable live({}, live_source), filled({}, filled_source);
    ASSERT_TRUE(Prepare(live).ok());
    ASSERT_TRUE(Prepare(filled).ok());
    MetricStreams streams{{}};
    Backfill backfill(kSli);
    MetricBackfill past(kSli, backfill);
    sys_seconds now{seconds(kBegin)};
    for (const MetricBatchBuilder& batch : Exports(5)) {
      now += seconds(15);
      const MetricDelta delta = matcher.Match(batch.batch(), scratch);
      const MetricStreams::Request request{.delta = &delta, .left_out = {}};
      const MetricStreams::Plan plan = streams.MakePlan(std::span(&request, 1), now);
      const SliDelta* counts = &plan.counts;
      const auto planned = live.Plan(std::span(&counts, 1), now);
      ASSERT_TRUE(planned.ok());
      ASSERT_TRUE(live.Apply(*planned).ok());
      streams.Apply(plan);
      past.Add(delta);
    }
    for (const GroupAdmission& admission : backfill.UnknownGroups(filled))
      ASSERT_TRUE(filled.Admit(admission).ok());
    ASSERT_TRUE(backfill.Apply(filled).ok());
    ASSERT_EQ(live.groups(kSli), 4u);
    for (const char* route : {"", "/a", "/b", "/c"}) {
      const auto group_of = [&](const SliTable& table) {
        return *route == '\0' ? kTotalGroup : table.FindGroup(kSli, {route}).value();
      };
      const GroupId in_live = group_of(live), in_filled = group_of(filled);
      EXPECT_GT(live.counts(kSli, in_live).lifetime().total(), 1000u);
      const RangeReader live_reader(live.counts(kSli, in_live).view(), live_source);
      const RangeReader filled_reader(filled.counts(kSli, in_filled).view(), filled_source);
      for (Slice slice = kBegin / 10 - 30; slice < kBegin / 10 + 700; ++slice) {
        ASSERT_EQ(live_reader.Sum(slice, slice + 1).value(),
                  filled_reader.Sum(slice, slice + 1).value())
            << route << " at " << slice;
      }
    }
  }
}

}  // namespace
}  // namespace slowburn::slo
