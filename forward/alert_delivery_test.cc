// Goal: an alert is sent exactly when it is due. Method: one row per case: what was told, what is
// true, when, and whether it is due; a few stories for what takes several steps.
#include "forward/alert_delivery.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowburn::forward {
namespace {

using base::UnixNanos;
using model::Alert;
using model::AlertState;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr seconds kResend{60};
constexpr auto kFiring = AlertState::kFiring;
constexpr auto kPending = AlertState::kPending;
constexpr auto kResolved = AlertState::kInactive;

UnixNanos At(int64_t second, int64_t nanos = 0) {
  return UnixNanos(seconds(1'700'000'000 + second) + nanoseconds(nanos));
}

Alert MakeAlert(AlertState state, int64_t fired, int64_t resolved = 0,
                std::string_view name = "a") {
  Alert alert;
  alert.labels.Set("alertname", name);
  alert.state = state;
  alert.active_at = At(fired - 5);
  alert.fired_at = At(fired);
  if (state == kResolved) alert.resolved_at = At(resolved);
  return alert;
}

// The store has that it may be told until then.
Alert Until(int64_t second, Alert alert) {
  alert.told_until = At(second);
  return alert;
}

struct DueCase {
  std::string name;
  std::optional<Alert> told;  // at second 100
  Alert now_true;
  UnixNanos at;
  bool want;
};

class AlertDeliveryDueTest : public testing::TestWithParam<DueCase> {};

TEST_P(AlertDeliveryDueTest, IsDueOrNot) {
  const DueCase& c = GetParam();
  AlertDelivery delivery(kResend);
  if (c.told.has_value()) delivery.Sent({*c.told}, {&*c.told}, At(100));
  const std::vector<Alert> alerts{c.now_true};
  const auto due = delivery.Due(alerts, c.at);
  ASSERT_EQ(due.size(), c.want ? 1u : 0u);
  if (c.want) {
    EXPECT_EQ(due[0], &alerts[0]);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Prometheus, AlertDeliveryDueTest,
    testing::ValuesIn<DueCase>({
        {"NewFiringAtOnce", {}, MakeAlert(kFiring, 50), At(50), true},
        {"NewPendingNever", {}, MakeAlert(kPending, 50), At(5000), false},
        {"ToldPendingAgainNever", MakeAlert(kFiring, 50), MakeAlert(kPending, 50), At(5000), false},
        {"FiringToldBeforeResend", MakeAlert(kFiring, 50), MakeAlert(kFiring, 50), At(159), false},
        {"FiringToldExactlyResend", MakeAlert(kFiring, 50), MakeAlert(kFiring, 50), At(160), false},
        {"FiringToldPastResend", MakeAlert(kFiring, 50), MakeAlert(kFiring, 50), At(160, 1), true},
        {"ResolvedAfterToldFiring", MakeAlert(kFiring, 50), MakeAlert(kResolved, 50, 101), At(101),
         true},
        {"ResolvedToldBeforeResend", MakeAlert(kResolved, 50, 99), MakeAlert(kResolved, 50, 99),
         At(160), false},
        {"ResolvedToldPastResend", MakeAlert(kResolved, 50, 99), MakeAlert(kResolved, 50, 99),
         At(161), true},
        {"ResolvedNobodyToldOfFiring", {}, MakeAlert(kResolved, 50, 99), At(110), true},
        // Told until 340 to fire, then the clock was set back.
        {"ResolvedLongAgoAfterAClockStep", Until(340, MakeAlert(kFiring, -5000)),
         Until(340, MakeAlert(kResolved, -5000, -4000)), At(-3000), true},
        {"ResolvedLongAgoAfterAClockStepToldByTheProcessBefore",
         {},
         Until(340, MakeAlert(kResolved, 50, -4000)),
         At(-3000),
         true},
        {"ResolvedToldLongAgoAfterAClockStep", Until(340, MakeAlert(kResolved, -5000, -4000)),
         Until(340, MakeAlert(kResolved, -5000, -4000)), At(-3000), false},
        {"ResolvedLongAgoAndStillBelieved",
         {},
         Until(1000, MakeAlert(kResolved, 50, 60)),
         At(999),
         true},
        {"ResolvedLongAgoAndBelievedNoMore",
         {},
         Until(1000, MakeAlert(kResolved, 50, 60)),
         At(1000),
         false},
        {"FiringAsLongAsIsStored", {}, Until(340, MakeAlert(kFiring, 50)), At(100), true},
        {"FiringLongerThanIsStored", {}, Until(340, MakeAlert(kFiring, 50)), At(100, 1), false},
        {"ResolvedWhateverIsStored", {}, Until(0, MakeAlert(kResolved, 50, 99)), At(100), true},
        {"ResolvedLastTime", {}, MakeAlert(kResolved, 50, 99), At(99 + 900), true},
        {"ResolvedTooLongAgo", {}, MakeAlert(kResolved, 50, 99), At(99 + 900, 1), false},
        {"NewSpellAtOnce", MakeAlert(kFiring, 50), MakeAlert(kFiring, 101), At(101), true},
        {"NewSpellAfterResolved", MakeAlert(kResolved, 50, 99), MakeAlert(kFiring, 101), At(101),
         true},
        {"OtherLabelsAreAnotherAlert", MakeAlert(kFiring, 50), MakeAlert(kFiring, 50, 0, "b"),
         At(101), true},
        {"ChangedWhileClockIsBehind", {}, MakeAlert(kFiring, 50), At(-4000), true},
        {"ToldWhileClockWasAhead", MakeAlert(kFiring, 50), MakeAlert(kFiring, 50), At(99), true},
    }),
    [](const auto& info) { return info.param.name; });

TEST(AlertDeliveryTest, ResolvedIsRepeatedForFifteenMinutes) {
  AlertDelivery delivery(kResend);
  const std::vector<Alert> alerts{MakeAlert(kResolved, 50, 100)};
  std::vector<int64_t> sent_at;
  for (int64_t second = 100; second < 3000; ++second) {
    const auto due = delivery.Due(alerts, At(second));
    if (due.empty()) continue;
    delivery.Sent(alerts, due, At(second));
    sent_at.push_back(second);
  }
  // Each second is looked at, so "strictly later than 60 s" is every 61 s: 100, 161, ... up to
  // 1000.
  ASSERT_EQ(sent_at.size(), 15u);
  EXPECT_EQ(sent_at.front(), 100);
  EXPECT_EQ(sent_at[1], 161);
  EXPECT_EQ(sent_at.back(), 954);
}

TEST(AlertDeliveryTest, WhatWasNotTakenStaysDue) {
  AlertDelivery delivery(kResend);
  const std::vector<Alert> alerts{MakeAlert(kFiring, 50, 0, "a"), MakeAlert(kFiring, 50, 0, "b")};
  delivery.Sent(alerts, {&alerts[0]}, At(100));
  EXPECT_THAT(delivery.Due(alerts, At(100)), testing::ElementsAre(&alerts[1]));
}

TEST(AlertDeliveryTest, ForgetsWhatIsListedNoMore) {
  AlertDelivery delivery(kResend);
  const std::vector<Alert> both{MakeAlert(kFiring, 50, 0, "a"), MakeAlert(kFiring, 50, 0, "b")};
  delivery.Sent(both, {&both[0], &both[1]}, At(100));
  const std::vector<Alert> one{both[1]};
  delivery.Sent(one, {}, At(101));
  // The same spell again: only one that was forgotten is due.
  EXPECT_THAT(delivery.Due(both, At(102)), testing::ElementsAre(&both[0]));
}

TEST(AlertDeliveryTest, NextDueIsWhenDueBecomesTrue) {
  AlertDelivery delivery(kResend);
  EXPECT_EQ(delivery.NextDue({}), std::nullopt);
  EXPECT_EQ(delivery.NextDue({MakeAlert(kPending, 50)}), std::nullopt);

  const std::vector<Alert> alerts{MakeAlert(kFiring, 50, 0, "a"), MakeAlert(kFiring, 50, 0, "b")};
  ASSERT_TRUE(delivery.NextDue(alerts).has_value());
  EXPECT_LE(*delivery.NextDue(alerts), At(50)) << "unsent: due already";
  delivery.Sent(alerts, {&alerts[0]}, At(100));
  delivery.Sent(alerts, {&alerts[1]}, At(107));
  const auto next = delivery.NextDue(alerts);
  ASSERT_EQ(next, At(160, 1));
  EXPECT_TRUE(delivery.Due(alerts, *next - nanoseconds(1)).empty());
  EXPECT_EQ(delivery.Due(alerts, *next).size(), 1u);
}

TEST(TimesToTellTest, NothingBeginsOrEndsAheadOfNow) {
  struct Case {
    Alert alert;
    AlertTimes want;
  };
  // The clock was set back to 100 after the alert fired or ended at 4000.
  for (const Case& c : {Case{MakeAlert(kFiring, 50), {At(50), At(340)}},
                        Case{MakeAlert(kFiring, 4000), {At(100), At(340)}},
                        Case{MakeAlert(kResolved, 50, 80), {At(50), At(80)}},
                        Case{MakeAlert(kResolved, 50, 4000), {At(50), At(100)}},
                        Case{MakeAlert(kResolved, 3000, 4000), {At(100), At(100)}},
                        Case{MakeAlert(kResolved, 4000, 90), {At(90), At(90)}}}) {
    const AlertTimes times = TimesToTell(c.alert, At(100), kResend);
    EXPECT_EQ(times.starts_at, c.want.starts_at);
    EXPECT_EQ(times.ends_at, c.want.ends_at);
  }
}

TEST(AlertDeliveryTest, NextDueEndsWithTheResolution) {
  AlertDelivery delivery(kResend);
  const std::vector<Alert> alerts{MakeAlert(kResolved, 50, 100)};
  delivery.Sent(alerts, {&alerts[0]}, At(900));
  EXPECT_EQ(delivery.NextDue(alerts), At(960, 1));
  delivery.Sent(alerts, {&alerts[0]}, At(961));
  EXPECT_EQ(delivery.NextDue(alerts), std::nullopt) << "1021 is past 100 + 15 min";
}

}  // namespace
}  // namespace slowburn::forward
