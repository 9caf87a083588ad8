// Goal: a commit counts once, a resent request gets its first answer, and a restart at any point
// comes to the same state. Method: a core on a real store, reopened with and without checkpoints.
#include "app/core.h"

#include "app/testing/core_fixture.h"
#include "slo/range_sum.h"

namespace slowburn::app {
namespace {

using namespace std::chrono_literals;

class CoreTest : public CoreFixture {
 protected:
  static std::chrono::sys_seconds Second(std::chrono::seconds after) {
    return base::FloorSeconds(kStart) + after;
  }
};

TEST_F(CoreTest, CountsGroupsAndTotalAndTheLedgerBalances) {
  const CountedRequest pay = Request(1, "/pay", Second(0s), 8, 2);
  CountedRequest cart = Request(2, "/cart", Second(0s), 5, 0);
  cart.items += 3;
  cart.rejected = {{"invalid_trace_id", 3}};
  cart.message = "3 spans have no trace id";
  const auto outcomes = Commit({&pay, &cart}, kStart + 1s);
  EXPECT_EQ(outcomes[0].answer.rejected, 0);
  EXPECT_EQ(outcomes[1].answer.rejected, 3);
  EXPECT_EQ(outcomes[1].answer.message, "3 spans have no trace id");
  EXPECT_EQ(Total().in_window, (slo::SliCounts{13, 2}));
  EXPECT_EQ(core_->engine().StatusOf(0, slo::GroupId{1}).in_window, (slo::SliCounts{8, 2}));
  const serve::LedgerReading ledger = core_->ledger().Reading();
  EXPECT_EQ(ledger.signals.at("traces").decoded, 18u);
  EXPECT_EQ(ledger.signals.at("traces").accepted, 15u);
  EXPECT_EQ(ledger.signals.at("traces").rejected.at("invalid_trace_id"), 3u);
  EXPECT_EQ(ledger.signals.at("traces").imbalance(), 0);
}

TEST_F(CoreTest, PlanningChangesNothing) {
  const CountedRequest request = Request(1, "/pay", Second(0s), 1, 0);
  ASSERT_TRUE(core_->PlanRequests({&request}, kStart).ok());
  EXPECT_EQ(Total().in_window.total(), 0u);
  EXPECT_FALSE(Commit({&request}, kStart)[0].duplicate);
}

TEST_F(CoreTest, AResentRequestGetsItsFirstAnswerAlsoAfterARestart) {
  CountedRequest request = Request(7, "/pay", Second(0s), 4, 1);
  request.items += 1;
  request.rejected = {{"invalid_span_id", 1}};
  request.message = "1 span";
  // Twice in one commit, then again, then after a crash, then after a checkpoint and a crash.
  auto outcomes = Commit({&request, &request}, kStart);
  EXPECT_FALSE(outcomes[0].duplicate);
  EXPECT_TRUE(outcomes[1].duplicate);
  for (int round = 0; round < 3; ++round) {
    outcomes = Commit({&request}, kStart + 1min);
    EXPECT_TRUE(outcomes[0].duplicate) << round;
    EXPECT_EQ(outcomes[0].answer.rejected, 1);
    EXPECT_EQ(outcomes[0].answer.message, "1 span");
    EXPECT_EQ(Total().in_window, (slo::SliCounts{4, 1})) << round;
    if (round == 1) Checkpoint(kStart + 1min);
    Open(kStart + 1min);
  }
  const serve::SignalLedger ledger = core_->ledger().Reading().signals.at("traces");
  EXPECT_EQ(ledger.duplicate, 4u * 6);
  EXPECT_EQ(ledger.imbalance(), 0);
}

TEST_F(CoreTest, AfterTheWindowARequestIsNewAndOneWithoutTimesIsNeverRecognised) {
  const CountedRequest request = Request(1, "/pay", Second(0s), 1, 0);
  CountedRequest timeless = Request(2, "/pay", Second(0s), 1, 0);
  timeless.deduplicate = false;
  Commit({&request, &timeless}, kStart);
  EXPECT_FALSE(Commit({&timeless}, kStart + 1s)[0].duplicate);
  core_->Step(kStart + 9min);
  EXPECT_TRUE(Commit({&request}, kStart + 9min)[0].duplicate);
  core_->Step(kStart + 11min);
  EXPECT_FALSE(Commit({&request}, kStart + 11min)[0].duplicate);
}

TEST_F(CoreTest, RecoversTheSameStateFromEveryMixOfCheckpointAndLog) {
  base::UnixNanos now = kStart;
  slo::SliCounts want;
  for (int i = 0; i < 60; ++i) {
    now += 97s;
    const CountedRequest request =
        Request(100 + static_cast<uint64_t>(i), i % 3 == 0 ? "/pay" : "/cart",
                base::FloorSeconds(now) - std::chrono::minutes(i % 50), 10, i % 4);
    Commit({&request}, now);
    want += {10, static_cast<uint64_t>(i % 4)};
    const store::v1::LogRecord alerts = core_->Step(now);
    if (alerts.alerts_size() > 0) Commit(alerts);
    if (i % 7 == 3) Checkpoint(now);
    if (i % 5 == 4) {
      const slo::GroupStatus before = Total();
      const size_t alerts_before = core_->alerts().Alerts().size();
      Open(now);
      const slo::GroupStatus after = Total();
      ASSERT_EQ(after.in_window, before.in_window) << i;
      ASSERT_EQ(after.lifetime, before.lifetime) << i;
      ASSERT_EQ(after.last_event, before.last_event) << i;
      for (size_t w = 0; w < before.burn_rates.size(); ++w) {
        ASSERT_EQ(after.burn_rates[w].counts, before.burn_rates[w].counts) << i << " window " << w;
      }
      ASSERT_EQ(core_->alerts().Alerts().size(), alerts_before) << i;
    }
    ASSERT_EQ(Total().in_window, want) << i;
  }
}

TEST_F(CoreTest, AGroupAlertIsKeptAcrossARestart) {
  const CountedRequest outage = Request(1, "/pay", Second(10s), 0, 100);
  const CountedRequest before = Request(2, "/pay", Second(-60s), 1, 0);
  Commit({&before, &outage}, kStart + 12s);
  Commit(core_->Step(kStart + 12s));
  const auto fired_at = [&] {
    for (const model::Alert& alert : core_->alerts().Alerts()) {
      if (alert.labels.Get("alertname") == "SLOBurnRate" && alert.labels.Get("severity") == "page")
        return alert.fired_at;
    }
    return base::UnixNanos{};
  };
  EXPECT_EQ(fired_at(), kStart + 12s);
  Open(kStart + 14s);
  const store::v1::LogRecord nothing_new = core_->Step(kStart + 14s);
  EXPECT_EQ(nothing_new.alerts_size(), 0);
  EXPECT_EQ(fired_at(), kStart + 12s);
}

TEST_F(CoreTest, AlertsOfARemovedSloEndAtOnce) {
  const CountedRequest before = Request(2, "/pay", Second(-60s), 1, 0);
  const CountedRequest outage = Request(1, "/pay", Second(10s), 0, 100);
  Commit({&before, &outage}, kStart + 12s);
  Commit(core_->Step(kStart + 12s));
  ASSERT_TRUE(
      core_->Install(std::make_shared<const slo::SloSet>(slo::SloSet{slos_[1]}), kStart + 13s)
          .ok());
  // The outage tier is kept firing for five minutes: not when its SLO is gone.
  Commit(core_->PlanOrphanedAlerts(kStart + 13s));
  for (const model::Alert& alert : core_->alerts().Alerts()) {
    if (alert.labels.Get("alertname") == "SLODeadMan") {
      EXPECT_EQ(alert.state, model::AlertState::kFiring);
    } else {
      EXPECT_EQ(alert.state, model::AlertState::kInactive) << alert.labels.Text();
      EXPECT_EQ(alert.resolved_at, kStart + 13s);
    }
  }
  EXPECT_EQ(core_->PlanOrphanedAlerts(kStart + 14s).alerts_size(), 0);
}

TEST_F(CoreTest, TheDeadManAlwaysFiresUnlessTurnedOff) {
  Commit(core_->Step(kStart));
  ASSERT_EQ(core_->alerts().Alerts().size(), 1u);
  EXPECT_EQ(core_->alerts().Alerts()[0].labels.Get("alertname"), "SLODeadMan");
  EXPECT_EQ(core_->alerts().Alerts()[0].state, model::AlertState::kFiring);
  options_.dead_man = false;
  Open(kStart + 1s);
  Commit(core_->Step(kStart + 1s));
  EXPECT_EQ(core_->alerts().Alerts()[0].state, model::AlertState::kInactive);
}

TEST_F(CoreTest, WhatALostProcessHadRoutedIsBookedAsDropped) {
  options_.downstreams = {"jaeger"};
  Open(kStart);
  const CountedRequest request = Request(1, "/pay", Second(0s), 5, 0);
  Commit({&request}, kStart);
  Open(kStart + 1s);
  store::v1::LogRecord lost;
  for (store::v1::LedgerDelta& delta : core_->ledger().LostWithLastProcess())
    *lost.add_ledger() = std::move(delta);
  Commit(lost);
  const serve::DownstreamLedger jaeger = core_->ledger().Reading().downstreams.at("jaeger");
  EXPECT_EQ(jaeger.routed, 5u);
  EXPECT_EQ(jaeger.dropped.at("restart"), 5u);
  EXPECT_EQ(jaeger.imbalance(), 0);
  EXPECT_TRUE(core_->ledger().LostWithLastProcess().empty());
}

TEST_F(CoreTest, ADayWhoseBlockDidNotReachTheStoreIsStillCounted) {
  const CountedRequest old = Request(1, "/pay", Second(0s), 7, 3);
  Commit({&old}, kStart);
  Checkpoint(kStart);
  const base::UnixNanos later = kStart + 5 * 24h;
  core_->Step(later);
  ASSERT_TRUE(core_->MakeCheckpoint(later).ok());  // rolls the day
  core_->CheckpointFailed();
  const slo::RangeReader reader(
      core_->engine().table().counts(slo::SliId{1}, slo::kTotalGroup).view(), core_->blocks());
  const slo::Slice day = slo::SliceOf(Second(0s)) / slo::kSlicesPerDay * slo::kSlicesPerDay;
  EXPECT_EQ(*reader.Sum(day, day + slo::kSlicesPerDay), (slo::SliCounts{7, 3}));
  Checkpoint(later);
  EXPECT_EQ(*reader.Sum(day, day + slo::kSlicesPerDay), (slo::SliCounts{7, 3}));
}

TEST_F(CoreTest, AClockThatWasAheadInTheLastRunDoesNotBlindThisOne) {
  const CountedRequest first = Request(1, "/pay", Second(0s), 1, 0);
  Commit({&first}, kStart);
  core_->Step(kStart + 48h);  // the clock jumped ahead, and the sums with it
  const CountedRequest ahead = Request(2, "/pay", Second(48h), 1, 0);
  Commit({&ahead}, kStart + 48h);
  Checkpoint(kStart + 48h);
  Open(kStart + 20s);
  const CountedRequest now = Request(3, "/pay", Second(20s), 0, 4);
  Commit({&now}, kStart + 20s);
  const slo::GroupStatus total = Total();
  EXPECT_EQ(total.in_window, (slo::SliCounts{1, 4}));
  EXPECT_EQ(total.burn_rates.front().counts, (slo::SliCounts{0, 4}));  // 10 s
}

TEST_F(CoreTest, AnEventThatReachesARolledDayIsCounted) {
  const CountedRequest old = Request(1, "/pay", Second(0s), 7, 3);
  Commit({&old}, kStart);
  core_->Step(kStart + 5 * 24h);
  Checkpoint(kStart + 5 * 24h);  // rolls the day
  CountedRequest late = Request(2, "/pay", Second(30s), 1, 0);
  Commit({&late}, kStart + 60s);  // planned by a clock that is back
  const slo::RangeReader reader(
      core_->engine().table().counts(slo::SliId{1}, slo::kTotalGroup).view(), core_->blocks());
  const slo::Slice day = slo::SliceOf(Second(0s)) / slo::kSlicesPerDay * slo::kSlicesPerDay;
  EXPECT_EQ(*reader.Sum(day, day + slo::kSlicesPerDay), (slo::SliCounts{8, 3}));
  Checkpoint(kStart + 5 * 24h);
  Checkpoint(kStart + 5 * 24h);
  EXPECT_EQ(*reader.Sum(day, day + slo::kSlicesPerDay), (slo::SliCounts{8, 3}));
}

TEST_F(CoreTest, HoursPastTheLongestWindowLeaveTheStoreAndTheirDaysStay) {
  const CountedRequest old = Request(1, "/pay", Second(0s), 7, 3);
  Commit({&old}, kStart);
  Checkpoint(kStart);
  const base::UnixNanos later = kStart + 40 * 24h;
  core_->Step(later);
  for (int i = 0; i < 3; ++i) {
    const CountedRequest tick =
        Request(10 + static_cast<uint64_t>(i), "/pay", base::FloorSeconds(later), 1, 0);
    Commit({&tick}, later);
    Checkpoint(later);
  }
  const uint32_t hour = slo::SliceOf(Second(0s)) / slo::kSlicesPerHour;
  const auto hour_block = core_->blocks().ReadHour(slo::SliId{1}, slo::kTotalGroup, hour);
  ASSERT_TRUE(hour_block.ok());
  EXPECT_FALSE(hour_block->has_value());
  const auto day_block = core_->blocks().ReadDay(slo::SliId{1}, slo::kTotalGroup, hour / 24);
  ASSERT_TRUE(day_block.ok());
  ASSERT_TRUE(day_block->has_value());
  EXPECT_EQ((*day_block)->Sum(0, slo::kDaySlots), (slo::SliCounts{7, 3}));
  EXPECT_EQ(Total().in_window, (slo::SliCounts{3, 0}));
  Open(later);
  EXPECT_EQ(Total().in_window, (slo::SliCounts{3, 0}));
  EXPECT_EQ(Total().lifetime, (slo::SliCounts{10, 3}));
}

}  // namespace
}  // namespace slowburn::app
