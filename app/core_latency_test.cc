// Goal: latencies survive what counts survive: resent requests, any order, crashes, checkpoints
// that fail, days that roll and hours that leave. Method: a core on a real store; sorted durations
// and single recordings as oracle.
#include <algorithm>
#include <cmath>
#include <map>
#include <random>

#include "app/core.h"
#include "app/testing/core_fixture.h"
#include "slo/latency_reader.h"

namespace slowburn::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_seconds;

constexpr slo::SliId kSli{3};  // by http.route; 1 and 2 are the fixture's

class CoreLatencyTest : public CoreFixture {
 protected:
  CoreLatencyTest() {
    slos_[1].sli.group_by = {"http.route"};
    Open(kStart);
  }

  static sys_seconds Second(std::chrono::seconds after) {
    return base::FloorSeconds(kStart) + after;
  }

  // One request: events of `route` at `time` that lasted so long.
  static CountedRequest Latencies(uint64_t id, std::string_view route, sys_seconds time,
                                  const std::vector<uint64_t>& nanos) {
    CountedRequest request;
    std::string key;
    slo::AppendGroupValue(key, route);
    const uint32_t entry = request.delta.Append(kSli, slo::SliceOf(time), key);
    slo::LatencyTally tally;
    for (const uint64_t n : nanos) {
      request.delta.Count(entry, true, 0);
      tally.Add(entry, n);
    }
    request.delta.set_latencies(tally.Take());
    request.hash = {id, ~id};
    request.items = static_cast<uint32_t>(nanos.size());
    return request;
  }

  slo::LatencySum Sum(slo::GroupId group, sys_seconds start, sys_seconds end) const {
    const slo::LatencyView view(core_->engine().table().counts(kSli, group).view(),
                                core_->latencies().CopyHours(kSli, group, 0, UINT32_MAX));
    const LatencyStore blocks(*store_);
    const auto sum =
        slo::LatencyReader(view, blocks).Sum(slo::LatencySlotOf(start), slo::LatencySlotOf(end));
    EXPECT_TRUE(sum.ok()) << sum.status();
    return *sum;
  }
  std::vector<double> Percentiles(slo::GroupId group, sys_seconds start, sys_seconds end) const {
    const slo::LatencyPercentiles got = slo::PercentilesOf(Sum(group, start, end), start, end);
    std::vector<double> all(got.seconds.begin(), got.seconds.end());
    all.push_back(static_cast<double>(got.count));
    return all;
  }
  // The hour as the core has it, in memory or in the store.
  slo::LatencyBlock Hour(slo::GroupId group, uint32_t hour) const {
    const auto resident = core_->latencies().CopyHours(kSli, group, hour, hour + 1);
    if (!resident.empty()) return resident.front().block;
    const auto stored = LatencyStore(*store_).ReadHour(kSli, group, hour);
    EXPECT_TRUE(stored.ok()) << stored.status();
    return stored->value_or(slo::LatencyBlock(slo::kLatencySlotsPerHour));
  }
  void CommitAt(const CountedRequest& request, base::UnixNanos now) {
    Commit(std::vector<const CountedRequest*>{&request}, now);
  }
};

const sys_seconds kFirstSlot =
    slo::LatencySlotStart(slo::LatencySlotOf(base::FloorSeconds(kStart)));

TEST_F(CoreLatencyTest, PercentilesAreTheSameAfterEveryMixOfCheckpointAndLog) {
  std::mt19937_64 random(21);
  std::map<std::string, std::vector<uint64_t>> exact;
  base::UnixNanos now = kStart + 90min;
  for (int i = 0; i < 60; ++i) {
    now += 97s;
    const std::string route = i % 3 == 0 ? "/pay" : "/cart";
    std::vector<uint64_t> nanos;
    for (int n = 0; n < 20; ++n) nanos.push_back(random() % 2'000'000'000);
    CommitAt(Latencies(static_cast<uint64_t>(i), route,
                       base::FloorSeconds(now) - std::chrono::minutes(i % 80), nanos),
             now);
    exact[route].insert(exact[route].end(), nanos.begin(), nanos.end());
    exact[""].insert(exact[""].end(), nanos.begin(), nanos.end());
    core_->Step(now);
    if (i % 7 == 3) Checkpoint(now);
    const sys_seconds end = kFirstSlot + 24h;
    for (auto& [name, values] : exact) {
      const slo::GroupId group =
          name.empty() ? slo::kTotalGroup : core_->engine().table().FindGroup(kSli, {name}).value();
      const std::vector<double> before = Percentiles(group, kFirstSlot, end);
      std::ranges::sort(values);
      for (size_t p = 0; p < slo::kPercentiles.size(); ++p) {
        const size_t rank = (values.size() * slo::kPercentiles[p].per_mille + 999) / 1000;
        const double want = static_cast<double>(values[rank - 1]) * 1e-9;
        ASSERT_NEAR(before[p], want, want * slo::kLatencyRelativeError) << name << " " << i;
      }
      ASSERT_EQ(before.back(), static_cast<double>(values.size()));
      if (i % 5 == 4) {
        Open(now);
        ASSERT_EQ(Percentiles(group, kFirstSlot, end), before) << name << " " << i;
      }
    }
  }
}

TEST_F(CoreLatencyTest, AnyOrderInAnyCommitsGivesTheSameHistograms) {
  std::mt19937_64 random(22);
  std::vector<CountedRequest> requests;
  std::map<uint32_t, slo::LatencyBlock> want;  // of the total
  for (uint64_t id = 1; id <= 200; ++id) {
    const sys_seconds time = Second(std::chrono::seconds(random() % (6 * 3600)));
    std::vector<uint64_t> nanos(1 + random() % 30);
    slo::LatencyHistogram histogram;
    for (uint64_t& n : nanos) {
      n = random() >> (random() % 64);
      histogram.Record(n);
    }
    const slo::LatencySlot slot = slo::LatencySlotOf(time);
    want.try_emplace(slot / 12, slo::kLatencySlotsPerHour)
        .first->second.Merge(slot % 12, histogram);
    requests.push_back(Latencies(id, id % 2 == 0 ? "/a" : "/b", time, nanos));
  }
  const base::UnixNanos now = kStart + 6h;
  std::ranges::shuffle(requests, random);
  for (size_t at = 0; at < requests.size();) {
    std::vector<const CountedRequest*> group;
    for (size_t n = 1 + random() % 9; n > 0 && at < requests.size(); --n)
      group.push_back(&requests[at++]);
    Commit(group, now);
    if (random() % 8 == 0) Checkpoint(now);
    if (random() % 16 == 0) Open(now);
  }
  for (const auto& [hour, block] : want) ASSERT_EQ(Hour(slo::kTotalGroup, hour), block) << hour;
}

TEST_F(CoreLatencyTest, AResentRequestIsRecordedOnce) {
  const CountedRequest request = Latencies(7, "/pay", Second(0s), {1000, 2000, 3000});
  CommitAt(request, kStart);
  CommitAt(request, kStart + 1s);
  Open(kStart + 2s);
  CommitAt(request, kStart + 3s);
  EXPECT_EQ(Sum(slo::kTotalGroup, kFirstSlot, kFirstSlot + 10min).count(), 3u);
}

TEST_F(CoreLatencyTest, WhatIsTooLateIsInNoPercentile) {
  CommitAt(Latencies(1, "/pay", Second(-25h), {1000}), kStart);
  CommitAt(Latencies(2, "/pay", Second(-23h), {1000}), kStart);
  EXPECT_EQ(Sum(slo::kTotalGroup, kFirstSlot - 48h, kFirstSlot + 10min).count(), 1u);
}

TEST_F(CoreLatencyTest, ACheckpointThatDidNotReachTheStoreIsMadeAgain) {
  CommitAt(Latencies(1, "/pay", Second(0s), {1000, 2000}), kStart);
  ASSERT_TRUE(core_->HasChanges());
  ASSERT_TRUE(core_->MakeCheckpoint(kStart).ok());
  core_->CheckpointFailed();
  EXPECT_TRUE(core_->HasChanges());
  Checkpoint(kStart);
  Open(kStart);
  EXPECT_EQ(Sum(slo::kTotalGroup, kFirstSlot, kFirstSlot + 10min).count(), 2u);
}

TEST_F(CoreLatencyTest, HoursLeaveMemoryThenTheStoreAndTheirDaysStayForRetention) {
  CommitAt(Latencies(1, "/pay", Second(0s), {1'000, 2'000, 3'000'000'000}), kStart);
  Checkpoint(kStart);
  EXPECT_GT(core_->latencies().memory_bytes(), 0u);
  const std::vector<double> before =
      Percentiles(slo::kTotalGroup, kFirstSlot - 1h, kFirstSlot + 1h);
  const uint32_t hour = slo::LatencySlotOf(kFirstSlot) / slo::kLatencySlotsPerHour;
  const sys_seconds whole_hour = sys_seconds(std::chrono::hours(hour));
  uint64_t id = 100;
  const auto at = [&](std::chrono::hours after) {
    for (int i = 0; i < 3; ++i) {  // what a checkpoint makes, a later one drops
      const base::UnixNanos now = kStart + after;
      core_->Step(now);
      CommitAt(Latencies(++id, "/cart", base::FloorSeconds(now), {5'000}), now);
      Checkpoint(now);
    }
  };
  at(5 * 24h);  // rolled
  EXPECT_EQ(core_->latencies().CopyHours(kSli, slo::kTotalGroup, 0, hour + 1).size(), 0u);
  EXPECT_FALSE(Hour(slo::kTotalGroup, hour).empty());
  EXPECT_EQ(Percentiles(slo::kTotalGroup, kFirstSlot - 1h, kFirstSlot + 1h), before);
  const LatencyStore blocks(*store_);
  const auto day = blocks.ReadDay(kSli, slo::GroupId{1}, hour / 24);
  ASSERT_TRUE(day.ok() && day->has_value());
  EXPECT_EQ((*day)->At(hour % 24).count(), 3u);

  at(40 * 24h);  // past the longest window
  EXPECT_TRUE(Hour(slo::kTotalGroup, hour).empty());
  EXPECT_EQ(Percentiles(slo::kTotalGroup, whole_hour, whole_hour + 1h), before);
  Open(kStart + 40 * 24h);
  EXPECT_EQ(Percentiles(slo::kTotalGroup, whole_hour, whole_hour + 1h), before);

  at(402 * 24h);  // past the retention
  const auto gone = LatencyStore(*store_).ReadDay(kSli, slo::kTotalGroup, hour / 24);
  ASSERT_TRUE(gone.ok());
  EXPECT_FALSE(gone->has_value());
}

TEST_F(CoreLatencyTest, ALatencyThatReachesARolledDayIsInItsPercentiles) {
  CommitAt(Latencies(1, "/pay", Second(0s), {1'000}), kStart);
  core_->Step(kStart + 5 * 24h);
  Checkpoint(kStart + 5 * 24h);  // rolls the day
  CommitAt(Latencies(2, "/pay", Second(30s), {1'000, 2'000}),
           kStart + 60s);  // by a clock that is back
  const sys_seconds day = std::chrono::floor<std::chrono::days>(kFirstSlot);
  EXPECT_EQ(Sum(slo::kTotalGroup, day, day + 24h).count(), 3u);
  Checkpoint(kStart + 5 * 24h);
  EXPECT_EQ(Sum(slo::kTotalGroup, day, day + 24h).count(), 3u);
  Checkpoint(kStart + 5 * 24h);
  EXPECT_EQ(Sum(slo::kTotalGroup, day, day + 24h).count(), 3u);
}

TEST_F(CoreLatencyTest, WithoutRoomEventsCountAndTheirLatenciesAreMissed) {
  options_.latencies.memory_bytes_max = 1;
  Open(kStart);
  CommitAt(Latencies(1, "/pay", Second(0s), {1'000}), kStart);
  const CountedRequest more = Latencies(2, "/pay", Second(1s), {1'000, 2'000});
  const auto plan = core_->PlanRequests({&more}, kStart + 1s);
  ASSERT_TRUE(plan.ok());
  EXPECT_EQ(plan->counts.latencies_dropped, 2u);
  ASSERT_TRUE(core_->Apply(*plan).ok());
  EXPECT_EQ(Sum(slo::kTotalGroup, kFirstSlot, kFirstSlot + 10min).count(), 1u);
  EXPECT_EQ(core_->engine().table().counts(kSli, slo::kTotalGroup).lifetime().total(), 3u);
}

TEST_F(CoreLatencyTest, ARecordWithABrokenHistogramIsDataLoss) {
  store::v1::LogRecord record;
  record.add_latencies()->set_histogram("\x01");
  EXPECT_EQ(core_->ApplyRecord(record).code(), absl::StatusCode::kDataLoss);
}

}  // namespace
}  // namespace slowburn::app
