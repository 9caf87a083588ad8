// Goal: a commit counts once, a resent request gets its first answer, and a restart at any point
// comes to the same state. Method: a core on a real store, reopened with and without checkpoints.
#include "app/core.h"

#include "app/testing/core_fixture.h"
#include "slo/range_sum.h"
#include "storage/api/keys.h"

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
  cart.rejected[static_cast<size_t>(model::Rejection::kInvalidTraceId)] = 3;
  const auto outcomes = Commit({&pay, &cart}, kStart + 1s);
  EXPECT_EQ(outcomes[0].answer.rejected, 0);
  EXPECT_EQ(outcomes[1].answer.rejected, 3);
  EXPECT_EQ(outcomes[1].answer.message,
            "3 spans have a trace_id that is not 16 bytes, or all zero");
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
  EXPECT_FALSE(Commit({&request}, kStart)[0].is_resent);
}

TEST_F(CoreTest, AResentRequestGetsItsFirstAnswerAlsoAfterARestart) {
  CountedRequest request = Request(7, "/pay", Second(0s), 4, 1);
  request.items += 1;
  request.rejected[static_cast<size_t>(model::Rejection::kInvalidSpanId)] = 1;
  // Twice in one commit, then again, then after a crash, then after a checkpoint and a crash.
  auto outcomes = Commit({&request, &request}, kStart);
  EXPECT_FALSE(outcomes[0].is_resent);
  EXPECT_TRUE(outcomes[1].is_resent);
  for (int round = 0; round < 3; ++round) {
    outcomes = Commit({&request}, kStart + 1min);
    EXPECT_TRUE(outcomes[0].is_resent) << round;
    EXPECT_EQ(outcomes[0].answer.rejected, 1);
    EXPECT_EQ(outcomes[0].answer.message, "1 span has a span_id that is not 8 bytes, or all zero");
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
  EXPECT_FALSE(Commit({&timeless}, kStart + 1s)[0].is_resent);
  core_->Step(kStart + 9min);
  EXPECT_TRUE(Commit({&request}, kStart + 9min)[0].is_resent);
  core_->Step(kStart + 11min);
  EXPECT_FALSE(Commit({&request}, kStart + 11min)[0].is_resent);
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

TEST_F(CoreTest, AnAlertOutlivesADowntimeLongerThanItsShortWindow) {
  slos_[0].policy =
      *slo::MakeAlertPolicy("sre-workbook", slos_[0].objective, slos_[0].window.nominal());
  Open(kStart);
  const CountedRequest before = Request(1, "/pay", Second(-40min), 1, 0);
  const CountedRequest outage = Request(2, "/pay", Second(0s), 0, 100);
  Commit({&before, &outage}, kStart);
  Commit(core_->Step(kStart + 10s));
  const auto page = [&] {
    for (const model::Alert& alert : core_->alerts().Alerts()) {
      if (alert.labels.Get("severity") == "page") return alert.state;
    }
    return model::AlertState::kPending;
  };
  ASSERT_EQ(page(), model::AlertState::kFiring);
  // Down for an hour. Its windows are empty, and nobody knows whether the outage is over.
  Open(kStart + 1h);
  Commit(core_->Step(kStart + 1h));
  EXPECT_EQ(page(), model::AlertState::kFiring);
  const CountedRequest good = Request(3, "/pay", Second(61min), 1000, 0);
  Commit({&good}, kStart + 61min);
  Commit(core_->Step(kStart + 65min - 1s));
  EXPECT_EQ(page(), model::AlertState::kFiring);
  // The 30m window of the slower tier has to be seen as well: it fired too.
  Commit(core_->Step(kStart + 65min));
  EXPECT_EQ(page(), model::AlertState::kFiring);
  Commit(core_->Step(kStart + 90min));
  EXPECT_EQ(page(), model::AlertState::kInactive);
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

TEST_F(CoreTest, AnAlertWithLabelsThatItsSloHasNoMoreEndsAtTheRestart) {
  const CountedRequest before = Request(2, "/pay", Second(-60s), 1, 0);
  const CountedRequest outage = Request(1, "/pay", Second(10s), 0, 100);
  Commit({&before, &outage}, kStart + 12s);
  Commit(core_->Step(kStart + 12s));
  slos_[0].labels.Set("team", "payments");
  Open(kStart + 13s);
  // Its short window was not watched again, and it is kept firing for five minutes: neither is a
  // reason to tell of one outage under two names.
  Commit(core_->PlanOrphanedAlerts(kStart + 13s));
  Commit(core_->Step(kStart + 13s));
  size_t pages = 0;
  for (const model::Alert& alert : core_->alerts().Alerts()) {
    if (alert.labels.Get("severity") != "page") continue;
    ++pages;
    const bool is_new = alert.labels.Get("team") == "payments";
    EXPECT_EQ(alert.state, is_new ? model::AlertState::kFiring : model::AlertState::kInactive);
  }
  EXPECT_EQ(pages, 2u);
}

TEST_F(CoreTest, ATierThatWasDisabledHoldsNoAlertAfterTheRestart) {
  slos_[0].policy =
      *slo::MakeAlertPolicy("sre-workbook", slos_[0].objective, slos_[0].window.nominal());
  Open(kStart);
  const CountedRequest before = Request(1, "/pay", Second(-40min), 1, 0);
  const CountedRequest outage = Request(2, "/pay", Second(0s), 0, 100);
  Commit({&before, &outage}, kStart);
  Commit(core_->Step(kStart + 10s));
  ASSERT_EQ(slos_[0].policy.tiers[1].name, "6h/30m");
  slos_[0].policy.tiers[1].disabled = true;
  Open(kStart + 1h);
  Commit(core_->PlanOrphanedAlerts(kStart + 1h));
  const CountedRequest good = Request(3, "/pay", Second(61min), 1000, 0);
  Commit({&good}, kStart + 61min);
  const auto page = [&] {
    for (const model::Alert& alert : core_->alerts().Alerts()) {
      if (alert.labels.Get("severity") == "page") return alert.state;
    }
    return model::AlertState::kPending;
  };
  Commit(core_->Step(kStart + 65min - 1s));
  EXPECT_EQ(page(), model::AlertState::kFiring);
  Commit(core_->Step(kStart + 65min));
  EXPECT_EQ(page(), model::AlertState::kInactive);
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
  options_.downstreams = {{"jaeger", {model::Signal::kTraces}}};
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

TEST_F(CoreTest, EachSignalHasItsOwnLedgerAndItsDownstreams) {
  using enum model::Signal;
  options_.downstreams = {{"jaeger", {kTraces}}, {"backend", {kTraces, kMetrics, kLogs}}};
  Open(kStart);
  const CountedRequest spans = Request(1, "/pay", Second(0s), 5, 0);
  const CountedRequest points = MetricRequest(2, {Point(1, 0, 7), Point(2, 0, 7)});
  const CountedRequest records = LogRequest(3, 4, 1);
  CountedRequest broken = LogRequest(4, 4, 1);  // JSON that could be counted, and not passed on
  broken.is_transcodable = false;
  Commit({&spans, &points, &records, &broken, &points}, kStart);
  const serve::LedgerReading ledger = core_->ledger().Reading();
  EXPECT_EQ(ledger.signals.at("traces").accepted, 5u);
  EXPECT_EQ(ledger.signals.at("metrics").accepted, 2u);
  EXPECT_EQ(ledger.signals.at("metrics").duplicate, 2u);
  EXPECT_EQ(ledger.signals.at("logs").accepted, 6u);
  EXPECT_EQ(ledger.signals.at("logs").rejected.at("too_new"), 2u);
  for (const auto& [name, signal] : ledger.signals) EXPECT_EQ(signal.imbalance(), 0) << name;
  EXPECT_EQ(ledger.downstreams.at("jaeger").routed, 5u);
  EXPECT_TRUE(ledger.downstreams.at("jaeger").dropped.empty());
  EXPECT_EQ(ledger.downstreams.at("backend").routed, 13u);
  EXPECT_EQ(ledger.downstreams.at("backend").dropped.at("not_transcodable"), 3u);
}

// --- cumulative streams

TEST_F(CoreTest, APointIsCountedOnceHoweverItIsPacked) {
  const CountedRequest first = MetricRequest(1, {Point(1, 0, 7), Point(2, 0, 8)});
  Commit(first, kStart);
  // In the same process, after a crash, and after a checkpoint and a crash.
  for (int round = 0; round < 3; ++round) {
    const CountedRequest repacked =
        MetricRequest(100 + static_cast<uint64_t>(round), {Point(3, 0, 9), Point(1, 0, 7)});
    const RequestOutcome outcome = Commit(repacked, kStart + 1min);
    EXPECT_FALSE(outcome.is_resent);
    EXPECT_EQ(outcome.answer.rejected, 0);
    EXPECT_EQ(outcome.answer.message, "");
    EXPECT_EQ(outcome.accepted, round == 0 ? 1u : 0u) << round;
    ASSERT_EQ(outcome.removed.size(), round == 0 ? 1u : 2u) << round;
    EXPECT_EQ(outcome.removed.back().ordinal, 1u);
    if (round == 1) Checkpoint(kStart + 1min);
    Open(kStart + 1min);
  }
  const serve::SignalLedger ledger = core_->ledger().Reading().signals.at("metrics");
  EXPECT_EQ(ledger.accepted, 3u);
  EXPECT_EQ(ledger.duplicate, 5u);
  EXPECT_EQ(ledger.imbalance(), 0);
}

TEST_F(CoreTest, AConflictingPointIsRefusedAndTheFirstWins) {
  const CountedRequest first = MetricRequest(1, {Point(1, 0, 7)});
  CountedRequest other = MetricRequest(2, {Point(2, 0, 1), Point(1, 0, 8), Point(2, 0, 2)});
  other.items += 1;
  other.rejected[static_cast<size_t>(model::Rejection::kNoTime)] = 1;
  Commit({&first}, kStart);
  for (int round = 0; round < 2; ++round) {
    const RequestOutcome outcome = Commit(other, kStart + 1s);
    EXPECT_EQ(outcome.is_resent, round == 1);
    EXPECT_EQ(outcome.answer.rejected, 3);
    EXPECT_EQ(outcome.answer.message.find("1 data point has no time_unix_nano; 2 data points have "
                                          "another value"),
              0u)
        << outcome.answer.message;
  }
  const serve::SignalLedger ledger = core_->ledger().Reading().signals.at("metrics");
  EXPECT_EQ(ledger.rejected.at("conflict"), 2u);
  EXPECT_EQ(ledger.rejected.at("no_time"), 1u);
  EXPECT_EQ(ledger.accepted, 2u);
  EXPECT_EQ(ledger.duplicate, 4u);
  EXPECT_EQ(ledger.imbalance(), 0);
  EXPECT_EQ(Commit(MetricRequest(3, {Point(1, 0, 7)}), kStart + 2s).removed.size(), 1u)
      << "the first value is still the one that holds";
}

TEST_F(CoreTest, TheDedupWindowPassesAndAPointIsStillKnown) {
  const CountedRequest request = MetricRequest(1, {Point(1, 0, 7)});
  Commit({&request}, kStart);
  core_->Step(kStart + 1h);
  const RequestOutcome outcome = Commit(request, kStart + 1h);
  EXPECT_FALSE(outcome.is_resent);
  EXPECT_EQ(outcome.accepted, 0u);
}

TEST_F(CoreTest, RecoversTheSameStreamsFromEveryMixOfCheckpointAndLog) {
  constexpr uint64_t kStreams = 150;  // more than two blocks
  std::vector<StreamPoint> newest(kStreams);
  for (int i = 0; i < 60; ++i) {
    const base::UnixNanos now = kStart + i * 10s;
    std::vector<StreamPoint> points;
    for (uint64_t stream = static_cast<uint64_t>(i) % 7; stream < kStreams; stream += 7) {
      points.push_back(Point(stream, i * 10, stream * 1000 + static_cast<uint64_t>(i)));
      newest[stream] = points.back();
    }
    const RequestOutcome outcome =
        Commit(MetricRequest(static_cast<uint64_t>(i), std::move(points)), now);
    ASSERT_TRUE(outcome.removed.empty()) << i;
    if (i % 7 == 3) Checkpoint(now);
    if (i % 5 != 4) continue;
    const size_t known = core_->streams().size();
    Open(now);
    ASSERT_EQ(core_->streams().size(), known) << i;
    std::vector<StreamPoint> again;
    for (const StreamPoint& point : newest) {
      if (point.time_unix_nano != 0) again.push_back(point);
    }
    const RequestOutcome resent =
        Commit(MetricRequest(1000 + static_cast<uint64_t>(i), again), now);
    ASSERT_EQ(resent.removed.size(), again.size()) << i;
    ASSERT_EQ(resent.answer.rejected, 0) << i;
  }
  EXPECT_EQ(core_->streams().size(), kStreams);
}

TEST_F(CoreTest, SilentStreamsLeaveMemoryAndStore) {
  const auto stored = [&] {
    size_t blocks = 0;
    EXPECT_TRUE(store_->TakeSnapshot()
                    ->Scan(storage::Family::kStreams, storage::WholeFamily().begin,
                           storage::WholeFamily().end,
                           [&](std::string_view, std::string_view) { return ++blocks > 0; })
                    .ok());
    return blocks;
  };
  Commit(MetricRequest(1, {Point(1, 0, 7)}), kStart);
  Checkpoint(kStart);
  EXPECT_EQ(stored(), 1u);
  core_->Step(kStart + 24h);
  EXPECT_FALSE(core_->HasChanges());
  core_->Step(kStart + 24h + 1s);
  ASSERT_TRUE(core_->HasChanges());
  ASSERT_TRUE(core_->MakeCheckpoint(kStart + 24h + 1s).ok());
  core_->CheckpointFailed();
  EXPECT_EQ(core_->streams().size(), 1u) << "as long as the store has it";
  Checkpoint(kStart + 24h + 1s);
  EXPECT_EQ(core_->streams().size(), 0u);
  EXPECT_EQ(stored(), 0u);
  Open(kStart + 25h);
  EXPECT_EQ(core_->streams().size(), 0u);
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

TEST_F(CoreTest, AGroupThatIsSilentForLongIsIdleAfterARestartAndComesBackWithItsId) {
  constexpr slo::SliId kSli{1};
  constexpr slo::GroupId kPay{1};
  const CountedRequest old = Request(1, "/pay", Second(0s), 7, 3);
  Commit({&old}, kStart);
  Checkpoint(kStart);
  const base::UnixNanos later = kStart + 32 * 24h;
  Open(later);
  EXPECT_TRUE(core_->engine().table().is_idle(kSli, kPay));
  EXPECT_EQ(core_->engine().Status(0).groups.size(), 1u) << "the total";
  EXPECT_EQ(core_->engine().StatusOf(0, kPay).lifetime, (slo::SliCounts{7, 3}));
  const CountedRequest again = Request(2, "/pay", base::FloorSeconds(later), 1, 0);
  Commit({&again}, later);
  for (const bool reopened : {false, true}) {
    EXPECT_FALSE(core_->engine().table().is_idle(kSli, kPay)) << reopened;
    EXPECT_EQ(core_->engine().table().groups(kSli), 2u);
    EXPECT_EQ(core_->engine().StatusOf(0, kPay).lifetime, (slo::SliCounts{8, 3}));
    EXPECT_EQ(core_->engine().StatusOf(0, kPay).in_window, (slo::SliCounts{1, 0}));
    if (!reopened) Open(later + 5s);
  }
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
