// Goal: alerts on a budget's state come for the budgets in scope, are unknown where counts cannot
// be read, and stand beside burn rates. Method: counts through the table, conditions by name.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slo/testing/build_slo.h"
#include "slo/testing/engine_rig.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr sys_seconds kNow{1'702'080'000s};
constexpr std::string_view kId = "checkout/availability";

StateAlert Alert(StateAlert::Kind kind, std::string name, std::string severity) {
  StateAlert alert;
  alert.kind = kind;
  alert.name = std::move(name);
  alert.severity = std::move(severity);
  return alert;
}

// Without tiers; less than 25 % left, silent for 30 m, overspent.
SloSpec WithStateAlerts(SliArgs sli = {.bad = "false"}) {
  SloSpec slo = BuildSlo({.sli = std::move(sli)});
  slo.policy.tiers.clear();
  StateAlert low = Alert(StateAlert::Kind::kBudgetLow, "remaining 25%", "ticket");
  low.spent_share = {3, 4};
  StateAlert silent = Alert(StateAlert::Kind::kNoData, "silent 30m", "ticket");
  silent.span = 30min;
  slo.alerting.state_alerts = {low, silent, Alert(StateAlert::Kind::kViolated, "violated", "page")};
  return slo;
}

// "SLONoData /pay", with "?" where it is unknown.
std::vector<std::string> Names(const Engine& engine) {
  std::vector<std::string> names;
  for (const model::AlertCondition& condition : engine.Conditions()) {
    std::string name(condition.labels.Get("alertname"));
    if (condition.labels.Has("http_route"))
      name += " " + std::string(condition.labels.Get("http_route"));
    names.push_back(name + (condition.is_unknown ? "?" : ""));
  }
  return names;
}

TEST(EngineAlertsTest, HoldWhileTheyHold) {
  EngineRig rig;
  rig.Install({WithStateAlerts()}, kNow);
  EXPECT_THAT(Names(rig.engine()), IsEmpty()) << "never an event";
  rig.Count(kId, kNow, {100'000, 75});
  rig.engine().Step(kNow + 1s);
  EXPECT_THAT(Names(rig.engine()), IsEmpty());
  rig.Count(kId, kNow + 1s, {0, 2});
  rig.engine().Step(kNow + 2s);
  EXPECT_THAT(Names(rig.engine()), ElementsAre("SLOBudgetLow"));
  rig.Count(kId, kNow + 2s, {0, 100});
  rig.engine().Step(kNow + 3s);
  EXPECT_THAT(Names(rig.engine()), ElementsAre("SLOBudgetLow", "SLOViolated"));
  rig.engine().Step(kNow + 2s + 1799s);
  EXPECT_THAT(Names(rig.engine()), SizeIs(2));
  rig.engine().Step(kNow + 2s + 1800s);
  EXPECT_THAT(Names(rig.engine()), ElementsAre("SLOBudgetLow", "SLONoData", "SLOViolated"));
  const GroupStatus status = rig.Status(kId);
  ASSERT_THAT(status.state_alerts, SizeIs(3));
  for (const StateAlertStatus& alert : status.state_alerts) EXPECT_TRUE(alert.holds);
}

// [from, to) after kNow counts for nothing.
void Exclude(EngineRig& rig, seconds from, seconds to) {
  Exclusion exclusion;
  exclusion.id = "move";
  exclusion.when = Exclusion::Once{kNow + from, kNow + to};
  const auto all = std::make_shared<const ExclusionSet>(ExclusionSet{exclusion});
  ASSERT_TRUE(rig.engine().Install(rig.engine().slos(), all, kNow).ok());
}

TEST(EngineAlertsTest, TimeThatIsExcludedIsNoSilence) {
  EngineRig rig;
  rig.Install({WithStateAlerts()}, kNow);
  rig.Count(kId, kNow, {1000, 0});
  Exclude(rig, 10min, 130min);
  for (const seconds after : {seconds(30min), seconds(130min), seconds(150min - 1s)}) {
    rig.engine().Step(kNow + after);
    EXPECT_THAT(Names(rig.engine()), IsEmpty()) << after.count();
  }
  rig.engine().Step(kNow + 150min);
  EXPECT_THAT(Names(rig.engine()), ElementsAre("SLONoData"));
}

TEST(EngineAlertsTest, SilenceFromBeforeAnExclusionGoesOn) {
  EngineRig rig;
  rig.Install({WithStateAlerts()}, kNow);
  rig.Count(kId, kNow, {1000, 0});
  Exclude(rig, 30min, 90min);
  for (const seconds after :
       {seconds(30min), seconds(30min + 5s), seconds(60min), seconds(95min)}) {
    rig.engine().Step(kNow + after);
    EXPECT_THAT(Names(rig.engine()), ElementsAre("SLONoData")) << after.count();
  }
}

TEST(EngineAlertsTest, ComeForTheBudgetsInScope) {
  struct Case {
    AlertScope scope;
    std::vector<std::string> want;
  };
  for (const Case& c :
       {Case{AlertScope::kTotal, {"SLOBudgetLow", "SLOViolated"}},
        Case{AlertScope::kGroups, {"SLOBudgetLow /pay", "SLOViolated /pay"}},
        Case{AlertScope::kBoth,
             {"SLOBudgetLow", "SLOViolated", "SLOBudgetLow /pay", "SLOViolated /pay"}}}) {
    EngineRig rig;
    SloSpec slo = WithStateAlerts({.bad = "false", .group_by = {"http.route"}});
    slo.alerting.scope = c.scope;
    rig.Install({slo}, kNow);
    rig.Count(kId, kNow, {100, 100}, {"/pay"});
    rig.Count(kId, kNow, {1000, 0}, {"/cart"});
    rig.engine().Step(kNow + 1s);
    EXPECT_EQ(Names(rig.engine()), c.want);
  }
}

// A tier is skipped while points come seldom. How far they are apart is known for the SLI, so the
// points of one group end that for all.
TEST(EngineAlertsTest, ComeWhenPointsComeOftenEnough) {
  EngineRig rig;
  SloSpec slo = BuildSlo();
  slo.sli.source = GaugeSli{.metric = model::SeriesSelector::Parse("probe_success").value()};
  slo.sli.group_by = {"http_route"};
  slo.alerting.scope = AlertScope::kGroups;
  std::erase_if(slo.policy.tiers, [](const AlertTier& tier) { return tier.short_window > 5min; });
  rig.Install({slo}, kNow - 2h);
  const SliId sli = rig.engine().sli_of(0);
  const auto set_interval = [&](std::chrono::milliseconds interval) {
    rig.engine().metric_streams().Apply(
        MetricSourceKey{sli, 0},
        MetricSource{.since = 1, .interval_millis = static_cast<uint32_t>(interval.count())});
  };
  set_interval(10min);
  rig.Count(kId, kNow - 1h, {1, 0}, {"/pay"});
  rig.Count(kId, kNow, {0, 100}, {"/pay"});
  rig.engine().Step(kNow + 1s);
  EXPECT_THAT(Names(rig.engine()), IsEmpty());
  set_interval(15s);
  rig.engine().Step(kNow + 2s);
  EXPECT_THAT(Names(rig.engine()), ElementsAre("SLOBurnRate /pay"));
}

TEST(EngineAlertsTest, AreUnknownWhereCountsCannotBeRead) {
  EngineRig rig;
  SloSpec slo = WithStateAlerts();
  slo.alerting.state_alerts[2].disabled = true;
  rig.Install({slo}, kNow);
  rig.Count(kId, kNow, {100, 100});
  rig.engine().Step(kNow + 1s);
  EXPECT_THAT(Names(rig.engine()), ElementsAre("SLOBudgetLow")) << "one is off";
  rig.Checkpoint();
  rig.source().FailAfter(0);
  rig.engine().Step(kNow + 9h);
  ASSERT_EQ(rig.Status(kId).state, SloState::kInvalid);
  EXPECT_THAT(Names(rig.engine()), ElementsAre("SLOBudgetLow?", "SLONoData?"));
}

TEST(EngineAlertsTest, ATierSaysWhyItCannotSay) {
  EngineRig rig;
  rig.Install({BuildSlo()}, kNow - 2h);
  EXPECT_EQ(rig.Status(kId).tiers[0].reason, "there was no event yet");
  rig.Count(kId, kNow - 2h, {1, 0});
  rig.engine().Step(kNow);
  EXPECT_EQ(rig.Status(kId).tiers[0].reason, "");
  EXPECT_EQ(rig.Status(kId).tiers[3].reason,
            "the first event was 2h ago, its short window takes 6h");
  rig.Count(kId, kNow, {1, 1});
  rig.engine().Step(kNow);
  EXPECT_EQ(rig.Status(kId).tiers[0].reason, "1 bad of 2 events in 1h are fewer than min_bad 2");
}

}  // namespace
}  // namespace slowburn::slo
