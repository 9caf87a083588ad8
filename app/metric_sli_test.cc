// Goal: SLIs on metrics count what was sent, once, whatever is resent, comes out of order or is cut
// by a crash. Method: batches through matcher and core on a real store; a random run with crashes
// and checkpoints at every step against the sum of what the application did.
#include <algorithm>
#include <deque>
#include <optional>
#include <random>

#include <gtest/gtest.h>

#include "app/latency_store.h"
#include "app/stream_point.h"
#include "app/testing/core_fixture.h"
#include "slo/latency_reader.h"
#include "slo/matcher.h"
#include "slo/testing/metric_batch_builder.h"
#include "storage/api/keys.h"

namespace slowburn::app {
namespace {

using model::MetricType;
using model::Temporality;
using slo::testing::MetricBatchBuilder;
using namespace std::chrono_literals;

constexpr uint64_t kStartSeconds = 1'700'000'000;

slo::SloSet MetricSlos() {
  const std::string text = R"(
apiVersion: slowburn/v1
kind: SLO
metadata: {name: availability}
spec:
  service: checkout
  sli:
    counter: {total: 'requests_total{job="checkout"}', bad: 'requests_total{code=~"5.."}'}
    group_by: [route]
  objective: 99.9%
  window: 30d
---
apiVersion: slowburn/v1
kind: SLO
metadata: {name: latency}
spec:
  service: checkout
  sli: {histogram: {metric: 'latency_seconds{job="checkout"}', max: 300ms}}
  objective: 99%
  window: 30d
---
apiVersion: slowburn/v1
kind: SLO
metadata: {name: up}
spec:
  service: checkout
  sli: {gauge: {metric: 'up{job="checkout"}', bool: true}}
  objective: 99%
  window: 30d
)";
  rules::SpecFileResult read = rules::ReadSpecText(text, "test.yaml");
  EXPECT_TRUE(read.errors.empty()) << read.errors.front();
  return std::move(read.slos);
}

class MetricSliTest : public CoreFixture {
 protected:
  MetricSliTest() {
    slos_ = MetricSlos();
    Open(kStart);
  }

  CountedRequest Request(uint64_t id, const MetricBatchBuilder& builder) {
    CountedRequest request;
    request.signal = model::Signal::kMetrics;
    request.hash = {id, ~id};
    request.items = builder.batch().accepted();
    request.points = CumulativePoints(builder.batch());
    request.metrics = core_->engine().MakeMatchers()->metrics.Match(builder.batch(), *scratch_);
    return request;
  }
  RequestOutcome Send(uint64_t id, const MetricBatchBuilder& builder,
                      base::UnixNanos now = kStart + 1h) {
    return Commit(Request(id, builder), now);
  }
  slo::SliCounts Counts(size_t slo) const {
    return core_->engine().StatusOf(slo, slo::kTotalGroup).lifetime;
  }
  // One export of the counter, of a process that began at `start`.
  static MetricBatchBuilder Export(uint64_t start, uint64_t time, int64_t good, int64_t bad) {
    MetricBatchBuilder builder;
    builder.Resource({{"service.name", "checkout"}})
        .Counter("requests")
        .Int(kStartSeconds + start, kStartSeconds + time, good, {{"code", "200"}, {"route", "/a"}})
        .Int(kStartSeconds + start, kStartSeconds + time, bad, {{"code", "503"}, {"route", "/a"}});
    return builder;
  }

  // What the second SLO knows of how long events lasted, whenever.
  slo::LatencySum Latencies() const {
    const slo::SliId sli = core_->engine().sli_of(1);
    const slo::LatencyView view(core_->engine().table().counts(sli, slo::kTotalGroup).view(),
                                core_->latencies().CopyHours(sli, slo::kTotalGroup, 0, UINT32_MAX));
    const LatencyStore blocks(*store_);
    const auto slot = slo::LatencySlotOf(base::FloorSeconds(kStart));
    const auto sum = slo::LatencyReader(view, blocks).Sum(slot - 12, slot + 24);
    EXPECT_TRUE(sum.ok()) << sum.status();
    return *sum;
  }

  std::optional<slo::MetricMatcher::Scratch> scratch_{std::in_place};
};

TEST_F(MetricSliTest, CountsCountersHistogramsAndGauges) {
  MetricBatchBuilder builder = Export(0, 60, 90, 10);
  builder.Metric("latency", "s", MetricType::kHistogram, Temporality::kDelta)
      .Histogram(kStartSeconds, kStartSeconds + 60, {0.1, 0.3, 1}, {5, 3, 1, 1});
  builder.Gauge("up").Double(0, kStartSeconds + 60, 1).Double(0, kStartSeconds + 70, 0);
  EXPECT_EQ(Send(1, builder).accepted, 5u);
  EXPECT_EQ(Counts(0), (slo::SliCounts{90, 10}));
  EXPECT_EQ(Counts(1), (slo::SliCounts{8, 2}));
  EXPECT_EQ(Counts(2), (slo::SliCounts{1, 1}));
  EXPECT_FALSE(core_->engine().metric_streams().IsInterpolated(core_->engine().sli_of(1)));
  const auto group = core_->engine().table().FindGroup(core_->engine().sli_of(0), {"/a"});
  ASSERT_TRUE(group.has_value());
  EXPECT_EQ(core_->engine().StatusOf(0, *group).lifetime, (slo::SliCounts{90, 10}));
  // Spread over the minute before the points: 15 good in each slice, 2 bad in each of the first
  // four.
  core_->engine().Step(std::chrono::sys_seconds(std::chrono::seconds(kStartSeconds + 29)));
  EXPECT_EQ(core_->engine().StatusOf(0, slo::kTotalGroup).in_window.total(), 51u);
}

TEST_F(MetricSliTest, CountsWhatIsResentOnce) {
  Send(1, Export(0, 60, 90, 10));
  EXPECT_TRUE(Send(1, Export(0, 60, 90, 10)).is_resent);
  // In another request, as a client does that batches anew.
  EXPECT_EQ(Send(2, Export(0, 60, 90, 10)).accepted, 0u);
  Send(3, Export(0, 120, 100, 20));
  EXPECT_EQ(Send(4, Export(0, 60, 90, 10)).accepted, 2u) << "older than the newest: taken";
  EXPECT_EQ(Counts(0), (slo::SliCounts{100, 20}));
}

TEST_F(MetricSliTest, DoesNotCountWhatIsRefused) {
  Send(1, Export(0, 60, 90, 10));
  const RequestOutcome outcome = Send(2, Export(0, 60, 95, 10));
  EXPECT_EQ(outcome.answer.rejected, 1);
  EXPECT_EQ(Counts(0), (slo::SliCounts{90, 10}));
}

TEST_F(MetricSliTest, CountsResetsAndLatePoints) {
  Send(1, Export(0, 60, 90, 10));
  Send(2, Export(100, 120, 7, 1));  // A new process.
  EXPECT_EQ(Counts(0), (slo::SliCounts{97, 11}));
  Send(3, Export(0, 90, 95, 12));  // The last words of the old one.
  EXPECT_EQ(Counts(0), (slo::SliCounts{102, 13}));
}

TEST_F(MetricSliTest, LosesAndDoublesNothingOverARestart) {
  Send(1, Export(0, 60, 90, 10));
  Open(kStart + 1h);  // The log alone.
  EXPECT_EQ(Counts(0), (slo::SliCounts{90, 10}));
  Send(2, Export(0, 120, 100, 11));
  EXPECT_EQ(Counts(0), (slo::SliCounts{100, 11}));
  Checkpoint(kStart + 1h);
  Open(kStart + 1h);  // The checkpoint alone.
  Send(3, Export(0, 120, 100, 11));
  Send(4, Export(0, 180, 101, 12));
  EXPECT_EQ(Counts(0), (slo::SliCounts{101, 12}));
}

TEST_F(MetricSliTest, LatenciesOfExponentialHistogramsSurviveACrash) {
  const auto send = [&](uint64_t id, uint64_t time, const std::vector<uint64_t>& counts) {
    MetricBatchBuilder builder;
    builder.Resource({{"service.name", "checkout"}})
        .Metric("latency", "s", MetricType::kExponentialHistogram, Temporality::kCumulative)
        .Exponential(kStartSeconds, kStartSeconds + time, /*scale=*/4, /*offset=*/-40, counts, 0);
    Send(id, builder);
  };
  send(1, 60, {4, 0, 1});
  EXPECT_EQ(Latencies().count(), 5u);
  Open(kStart + 1h);  // The log alone.
  send(2, 120, {6, 0, 4});
  EXPECT_EQ(Latencies().count(), 10u);
  Checkpoint(kStart + 1h);
  Open(kStart + 1h);  // The checkpoint alone.
  send(3, 120, {6, 0, 4});
  send(4, 180, {6, 5, 4});
  EXPECT_EQ(Latencies().count(), 15u);
  EXPECT_EQ(Counts(1), (slo::SliCounts{15, 0}));
  // The eighth of fifteen is in (2^(-39/16), 2^(-38/16)].
  EXPECT_NEAR(slo::PercentilesOf(Latencies(), {}, {}, 1e9).seconds[0], 0.1887, 0.0001);
}

TEST_F(MetricSliTest, KnowsItsPointsOverARestart) {
  const auto metric = [&] { return core_->engine().Status(1).metric.value(); };
  const auto send = [&](uint64_t id, uint64_t time) {
    MetricBatchBuilder builder;
    builder.Resource({{"service.name", "checkout"}})
        .Metric("latency", "s", MetricType::kHistogram, Temporality::kCumulative)
        .Histogram(kStartSeconds, kStartSeconds + time, {0.25, 0.5}, {time, 2, 3});
    Send(id, builder);
  };
  EXPECT_FALSE(metric().is_interpolated);
  EXPECT_EQ(metric().point_interval, std::nullopt);
  send(1, 60);
  send(2, 90);
  EXPECT_TRUE(metric().is_interpolated);
  EXPECT_EQ(metric().around, (slo::BucketBounds{0.25, 0.5}));
  EXPECT_EQ(metric().point_interval, 30s);
  Open(kStart + 1h);
  EXPECT_TRUE(metric().is_interpolated);
  EXPECT_EQ(metric().around, std::nullopt) << "the next point has them";
  EXPECT_EQ(metric().point_interval, 30s);
  send(3, 120);
  EXPECT_EQ(metric().around, (slo::BucketBounds{0.25, 0.5}));
}

TEST_F(MetricSliTest, ShowsWhatIsTooLate) {
  Send(1, Export(0, 60, 90, 10), kStart + 25h);
  EXPECT_EQ(Counts(0), slo::SliCounts{});
  EXPECT_EQ(core_->ledger().Reading().signals.at("metrics").too_late, 3u)
      << "each SLI that would have read a point: total twice, bad once";
  EXPECT_EQ(core_->ledger().Reading().signals.at("metrics").accepted, 2u);
}

TEST_F(MetricSliTest, SilentSeriesLeaveMemoryAndStore) {
  const auto stored = [&] {
    size_t count = 0;
    const storage::KeyRange range = storage::MetricStreamKeys();
    EXPECT_TRUE(store_->TakeSnapshot()
                    ->Scan(storage::Family::kStreams, range.begin, range.end,
                           [&](std::string_view, std::string_view) { return ++count > 0; })
                    .ok());
    return count;
  };
  Send(1, Export(0, 60, 90, 10), kStart);
  Checkpoint(kStart);
  EXPECT_EQ(stored(), 3u);
  core_->Step(kStart + 24h + 2s);
  EXPECT_EQ(core_->engine().metric_streams().size(), 0u);
  EXPECT_TRUE(core_->HasChanges());
  Checkpoint(kStart + 24h + 2s);
  EXPECT_EQ(stored(), 0u);
  Open(kStart + 24h + 3s);
  EXPECT_EQ(core_->engine().metric_streams().size(), 0u);
}

TEST_F(MetricSliTest, IsInvalidWhileMoreIsBadThanThereWas) {
  MetricBatchBuilder builder;
  builder.Resource({{"service.name", "shipping"}})
      .Counter("requests")
      .Int(kStartSeconds, kStartSeconds + 60, 5, {{"code", "500"}});
  Send(1, builder);  // Bad by its code, but no part of the total by its job.
  core_->Step(kStart + 70s);
  EXPECT_EQ(core_->engine().StatusOf(0, slo::kTotalGroup).state, slo::SloState::kInvalid);
  Send(2, Export(0, 60, 90, 10));
  core_->Step(kStart + 80s);
  EXPECT_NE(core_->engine().StatusOf(0, slo::kTotalGroup).state, slo::SloState::kInvalid);
}

TEST_F(MetricSliTest, JudgesNoTierByPointsThatAreTooFarApart) {
  for (uint64_t i = 1; i <= 20; ++i) Send(i, Export(0, 180 * i, 100, 0), kStart + 2h);
  core_->Step(kStart + 3600s);
  bool is_coarse = false;
  for (const slo::TierStatus& tier : core_->engine().StatusOf(0, slo::kTotalGroup).tiers) {
    is_coarse |= tier.state == slo::TierState::kTooCoarse;
    EXPECT_EQ(tier.state == slo::TierState::kTooCoarse, tier.tier.short_window < 360s)
        << tier.tier.name;
  }
  EXPECT_TRUE(is_coarse);
}

TEST_F(MetricSliTest, ANewSliBeginsWhereItIs) {
  Send(1, Export(0, 60, 90, 10), kStart);
  slos_.erase(slos_.begin() + 1, slos_.end());
  slos_[0].sli.group_by.clear();  // Another SLI of the same series.
  Commit(core_->PlanInstall(slos_, kStart));
  ASSERT_TRUE(core_->Install(std::make_shared<const slo::SloSet>(slos_), kStart).ok());
  scratch_.emplace();
  Send(2, Export(0, 3600, 900, 100));
  EXPECT_EQ(Counts(0), slo::SliCounts{}) << "what was before is not its own";
  Send(3, Export(0, 3660, 905, 101));
  EXPECT_EQ(Counts(0), (slo::SliCounts{5, 1}));
}

// Exports of two processes that restart, some lost on the way, some late, some sent again.
TEST_F(MetricSliTest, CountsTheSameWithCrashesAtEveryStep) {
  struct Process {
    uint64_t start = 0;
    int64_t good = 0, bad = 0;
  };
  std::mt19937_64 random(20250305);
  Process process;
  slo::SliCounts done;         // by all processes
  slo::SliCounts sent_by_now;  // what the newest export of the living one says, and the dead ones
  std::deque<MetricBatchBuilder> exports;
  for (uint64_t i = 1; i <= 120; ++i) {
    const uint64_t time = 15 * i;
    const auto good = static_cast<int64_t>(random() % 30), bad = static_cast<int64_t>(random() % 3);
    process.good += good;
    process.bad += bad;
    done += {static_cast<uint64_t>(good), static_cast<uint64_t>(bad)};
    exports.push_back(Export(process.start, time, process.good, process.bad));
    sent_by_now = done;
    if (random() % 25 == 0) process = {.start = time};
  }
  // Late by up to four exports, which also come again; the last one comes last.
  std::vector<std::pair<uint64_t, size_t>> order;
  for (size_t i = 0; i < exports.size(); ++i) {
    order.emplace_back(2 * i + 2 * (random() % 5), i);
    if (random() % 4 == 0) order.emplace_back(2 * i + 2 * (random() % 5) + 1, i);
  }
  std::sort(order.begin(), order.end());
  uint64_t id = 0;
  for (const auto& [place, i] : order) {
    Send(++id, exports[i]);
    if (random() % 3 == 0) Checkpoint(kStart + 1h);
    if (random() % 3 == 0) Open(kStart + 1h);
  }
  EXPECT_EQ(Counts(0), sent_by_now);
  EXPECT_TRUE(Counts(0).IsValid());
}

}  // namespace
}  // namespace slowburn::app
