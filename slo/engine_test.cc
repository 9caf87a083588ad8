// Goal: states, windows and alert conditions are what DESIGN section 4 says, and a reload forgets
// nothing. Method: counts by the second through the table, expectations worked out by hand.
#include "slo/engine.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slo/testing/build_slo.h"
#include "slo/testing/engine_rig.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr sys_seconds kNow{1'702'080'000s};  // a midnight
constexpr std::string_view kId = "checkout/availability";
constexpr std::string_view kErrors = "span.status.code == STATUS_CODE_ERROR";

std::vector<std::string> TiersOf(const std::vector<model::AlertCondition>& conditions) {
  std::vector<std::string> tiers;
  for (const model::AlertCondition& condition : conditions) tiers.push_back(condition.tier);
  return tiers;
}
TierState StateOf(const GroupStatus& status, std::string_view tier) {
  for (const TierStatus& t : status.tiers) {
    if (t.tier.name == tier) return t.state;
  }
  ADD_FAILURE() << "no tier " << tier;
  return TierState::kQuiet;
}

void Disable(SloSpec& slo, std::string_view severity) {
  for (AlertTier& tier : slo.policy.tiers) tier.disabled |= tier.severity == severity;
}

// --- states

struct StateCase {
  std::string name;
  SliCounts yesterday;
  SliCounts now;
  SloState want;
  std::vector<std::string> burning;
};
class EngineStateTest : public testing::TestWithParam<StateCase> {};

TEST_P(EngineStateTest, IsTheFirstThatHolds) {
  const StateCase& c = GetParam();
  EngineRig rig;
  rig.Install({BuildSlo()}, kNow - 26h);
  if (c.yesterday.total() > 0) rig.Count(kId, kNow - 26h, c.yesterday);
  rig.engine().Step(kNow);
  if (c.now.total() > 0) rig.Count(kId, kNow, c.now);
  rig.engine().Step(kNow);
  EXPECT_EQ(SloStateName(rig.Status(kId).state), SloStateName(c.want));
  EXPECT_EQ(rig.engine().Status(0).state, c.want);
  EXPECT_THAT(TiersOf(rig.engine().Conditions()), testing::ElementsAreArray(c.burning));
}

INSTANTIATE_TEST_SUITE_P(
    Precedence, EngineStateTest,
    testing::ValuesIn<StateCase>({
        // name              yesterday        now        want                  burning
        {"NoData", {0, 0}, {0, 0}, SloState::kNoData, {}},
        {"Ok", {1'000'000, 0}, {1000, 1}, SloState::kOk, {}},
        // 20 % over the hour and the day.
        {"Burning", {1'000'000, 0}, {800, 200}, SloState::kBurning, {"1h/5m", "6h/30m", "1d/2h"}},
        {"ExhaustedOverBurning",
         {1000, 0},
         {800, 200},
         SloState::kExhausted,
         {"1h/5m", "6h/30m", "1d/2h", "3d/6h"}},
        {"ExhaustedAndQuiet", {1000, 2}, {500, 0}, SloState::kExhausted, {}},
        {"ExactlySpent", {999, 1}, {0, 0}, SloState::kOk, {}},
        {"OneBadPagesNobody", {1'000'000, 0}, {1, 1}, SloState::kBurning, {"1d/2h"}},
    }),
    [](const auto& info) { return info.param.name; });

TEST(EngineTest, CountsThatCannotBeReadAreInvalidAndTheirConditionsUnknown) {
  EngineRig rig;
  SloSpec slo = BuildSlo();
  Disable(slo, "ticket");
  rig.Install({slo}, kNow);
  rig.Count(kId, kNow - 299s, {0, 100});
  rig.Count(kId, kNow - 1s, {0, 100});
  rig.engine().Step(kNow + 1s);
  const std::vector<model::AlertCondition> before = rig.engine().Conditions();
  ASSERT_THAT(before, testing::Not(IsEmpty()));
  EXPECT_FALSE(before[0].is_unknown);
  rig.Checkpoint();
  rig.source().FailAfter(0);
  rig.engine().Step(kNow + 9h);
  EXPECT_EQ(rig.Status(kId).state, SloState::kInvalid);
  EXPECT_EQ(rig.engine().Status(0).state, SloState::kInvalid);
  const std::vector<model::AlertCondition> unknown = rig.engine().Conditions();
  ASSERT_THAT(TiersOf(unknown), ElementsAre("1h/5m", "6h/30m"));
  for (const model::AlertCondition& condition : unknown) {
    EXPECT_TRUE(condition.is_unknown);
    EXPECT_EQ(condition.labels, before[0].labels);
    EXPECT_EQ(condition.incident, before[0].incident);
    EXPECT_TRUE(condition.annotations.empty());
  }
  rig.source().FailAfter(std::nullopt);
  rig.engine().Step(kNow + 9h + 10s);
  EXPECT_THAT(rig.engine().Conditions(), IsEmpty()) << "read again, and long quiet";
}

TEST(EngineTest, AnSlosStateIsTheWorstOfItsGroups) {
  EngineRig rig;
  rig.Install({BuildSlo({.sli = {.bad = kErrors, .group_by = {"http.route"}}})}, kNow);
  rig.Count(kId, kNow, {1'000'000, 0}, {"/cart"});
  rig.engine().Step(kNow);
  EXPECT_EQ(rig.engine().Status(0).state, SloState::kOk);
  rig.Count(kId, kNow, {10, 10}, {"/pay"});
  rig.engine().Step(kNow);
  const SloStatus status = rig.engine().Status(0);
  ASSERT_THAT(status.groups, SizeIs(3));
  EXPECT_EQ(status.groups[0].group, kTotalGroup);
  EXPECT_THAT(status.groups[0].values, IsEmpty());
  EXPECT_EQ(status.groups[0].state, SloState::kOk);
  EXPECT_THAT(status.groups[1].values, ElementsAre("/cart"));
  EXPECT_EQ(status.groups[1].state, SloState::kOk);
  EXPECT_EQ(status.groups[2].state, SloState::kExhausted);
  EXPECT_EQ(status.state, SloState::kExhausted);
}

TEST(EngineTest, SinceIsWhenTheStateBegan) {
  EngineRig rig;
  rig.Install({BuildSlo()}, kNow);
  EXPECT_EQ(rig.Status(kId).since, kNow);
  rig.engine().Step(kNow + 5s);
  EXPECT_EQ(rig.Status(kId).since, kNow) << "nothing changed";
  rig.Count(kId, kNow + 5s, {1000, 0});
  rig.engine().Step(kNow + 6s);
  EXPECT_EQ(rig.Status(kId).state, SloState::kOk);
  EXPECT_EQ(rig.Status(kId).since, kNow + 6s);
  rig.engine().Step(kNow + 100s);
  EXPECT_EQ(rig.Status(kId).since, kNow + 6s);
  rig.Count(kId, kNow + 100s, {0, 100});
  rig.engine().Step(kNow + 101s);
  EXPECT_EQ(rig.Status(kId).state, SloState::kExhausted);
  EXPECT_EQ(rig.Status(kId).since, kNow + 101s);
}

TEST(EngineTest, TimeNeverGoesBack) {
  EngineRig rig;
  rig.Install({BuildSlo()}, kNow);
  rig.engine().Step(kNow + 10s);
  rig.engine().Step(kNow);
  EXPECT_EQ(rig.engine().now(), kNow + 10s);
}

// --- tiers

TEST(EngineTest, ATierWarmsUntilTheFirstEventIsItsShortWindowAgo) {
  EngineRig rig;
  rig.Install({BuildSlo()}, kNow);
  EXPECT_EQ(StateOf(rig.Status(kId), "1h/5m"), TierState::kWarming) << "no event yet";
  rig.Count(kId, kNow, {0, 100});
  rig.engine().Step(kNow + 299s);
  EXPECT_EQ(StateOf(rig.Status(kId), "1h/5m"), TierState::kWarming);
  EXPECT_THAT(rig.engine().Conditions(), IsEmpty());
  rig.engine().Step(kNow + 300s);
  EXPECT_EQ(StateOf(rig.Status(kId), "1h/5m"), TierState::kBurning);
  EXPECT_EQ(StateOf(rig.Status(kId), "6h/30m"), TierState::kWarming);
  EXPECT_THAT(TiersOf(rig.engine().Conditions()), ElementsAre("1h/5m"));
  rig.engine().Step(kNow + 1800s);
  EXPECT_EQ(StateOf(rig.Status(kId), "6h/30m"), TierState::kBurning);
}

TEST(EngineTest, GuardsSuppress) {
  EngineRig rig;
  SloSpec slo = BuildSlo();
  slo.policy.tiers[1].min_total = 50;
  rig.Install({slo}, kNow - 4h);
  rig.Count(kId, kNow - 4h, {1, 0});
  rig.engine().Step(kNow);
  rig.Count(kId, kNow, {9, 1});
  rig.engine().Step(kNow);
  EXPECT_EQ(StateOf(rig.Status(kId), "1h/5m"), TierState::kSuppressed) << "one bad event";
  rig.Count(kId, kNow, {0, 9});
  rig.engine().Step(kNow);
  EXPECT_EQ(StateOf(rig.Status(kId), "1h/5m"), TierState::kBurning);
  EXPECT_EQ(StateOf(rig.Status(kId), "6h/30m"), TierState::kSuppressed) << "20 events";
  rig.Count(kId, kNow, {30, 0});
  rig.engine().Step(kNow);
  EXPECT_EQ(StateOf(rig.Status(kId), "6h/30m"), TierState::kBurning) << "50 events";
}

TEST(EngineTest, ATierIsQuietOnceTheShortWindowIsClean) {
  EngineRig rig;
  rig.Install({BuildSlo()}, kNow - 1h);
  rig.Count(kId, kNow - 1h, {100'000, 0});
  rig.engine().Step(kNow);
  rig.Count(kId, kNow, {0, 50'000});
  rig.engine().Step(kNow);
  EXPECT_EQ(StateOf(rig.Status(kId), "1h/5m"), TierState::kBurning);
  rig.engine().Step(kNow + 309s);
  EXPECT_EQ(StateOf(rig.Status(kId), "1h/5m"), TierState::kBurning);
  rig.engine().Step(kNow + 310s);
  EXPECT_EQ(StateOf(rig.Status(kId), "1h/5m"), TierState::kQuiet);
}

// --- windows

TEST(EngineTest, TheLiveWindowIsExact) {
  // 5 min at 12:00:07: [11:55:00, 12:00:07).
  EngineRig rig;
  rig.Install({BuildSlo()}, kNow - 1h);
  const sys_seconds now = kNow + 7s;
  rig.engine().Step(now);
  const auto in_5m = [&] { return rig.Status(kId).burn_rates.front().counts; };
  ASSERT_EQ(rig.Status(kId).burn_rates.front().window, 300s);
  rig.Count(kId, kNow - 301s, {1000, 0});
  EXPECT_EQ(in_5m(), SliCounts{});
  rig.Count(kId, kNow - 300s, {1, 0});
  EXPECT_EQ(in_5m(), (SliCounts{1, 0}));
  rig.Count(kId, kNow + 6s, {10, 0});
  EXPECT_EQ(in_5m(), (SliCounts{11, 0})) << "the open slice is in it";
  rig.Count(kId, kNow + 10s, {100, 0});
  EXPECT_EQ(in_5m(), (SliCounts{11, 0})) << "not reached yet";
  rig.engine().Step(kNow + 9s);
  EXPECT_EQ(in_5m(), (SliCounts{11, 0}));
  rig.engine().Step(kNow + 10s);
  EXPECT_EQ(in_5m(), (SliCounts{110, 0})) << "the oldest slice has left, the next has come";
  rig.engine().Step(kNow + 309s);
  EXPECT_EQ(in_5m(), (SliCounts{110, 0}));
  rig.engine().Step(kNow + 310s);
  EXPECT_EQ(in_5m(), (SliCounts{100, 0}));
  rig.engine().Step(kNow + 320s);
  EXPECT_EQ(in_5m(), SliCounts{});
}

TEST(EngineTest, AFutureEventCountsOnceTimeReachesIt) {
  EngineRig rig;
  rig.Install({BuildSlo()}, kNow);
  rig.Count(kId, kNow, {1, 0});
  rig.Count(kId, kNow, {1, 0});
  const SliId sli = rig.engine().sli_of(0);
  const SliDelta ahead = BuildDelta({{sli, SliceOf(kNow + 600s), {5, 0}, {}, 3}});
  ASSERT_TRUE(Commit(rig.engine().table(), ahead, kNow).ok());
  EXPECT_EQ(rig.Status(kId).in_window, (SliCounts{2, 0}));
  rig.Checkpoint();
  for (seconds after = 0s; after < 600s; after += 7s) rig.engine().Step(kNow + after);
  EXPECT_EQ(rig.Status(kId).in_window, (SliCounts{2, 0}));
  rig.engine().Step(kNow + 600s);
  EXPECT_EQ(rig.Status(kId).in_window, (SliCounts{7, 0}));
  rig.engine().Step(kNow + 5h);
  EXPECT_EQ(rig.Status(kId).in_window, (SliCounts{7, 0})) << "once";
}

TEST(EngineTest, StatusHasTheDefinitions) {
  EngineRig rig;
  rig.Install({BuildSlo()}, kNow - 48h);
  rig.Count(kId, kNow - 48h + 3s, {98'500, 0});
  rig.engine().Step(kNow);
  rig.Count(kId, kNow - 30min + 4s, {1'490, 10});
  rig.engine().Step(kNow);
  const GroupStatus status = rig.Status(kId);
  EXPECT_EQ(status.in_window, (SliCounts{99'990, 10}));
  EXPECT_NEAR(*status.budget_remaining_ratio, 0.9, 1e-9);
  EXPECT_NEAR(status.budget_remaining_events, 90, 1e-9);
  EXPECT_EQ(status.first_event, kNow - 48h) << "the start of its slice";
  EXPECT_EQ(status.last_event, kNow - 30min + 4s);
  // 0.9 of 30 d at a burn rate of (10 / 1500) / 0.001.
  EXPECT_NEAR(*status.exhaustion_seconds, 0.9 * 30 * 86'400 / (10 / 1.5), 1e-3);
  std::vector<seconds> windows;
  for (const WindowBurn& burn : status.burn_rates) windows.push_back(burn.window);
  EXPECT_THAT(windows, ElementsAre(5min, 30min, 1h, 2h, 6h, 24h, 72h));
  EXPECT_EQ(status.burn_rates[0].burn_rate, std::nullopt) << "no event, no rate";
  EXPECT_NEAR(*status.burn_rates[2].burn_rate, 10 / 1.5, 1e-9);
  EXPECT_EQ(rig.engine().longest_window(), 720h);
}

// --- conditions

TEST(EngineTest, ConditionsHaveTheDesignsLabelsAndAnnotations) {
  EngineRig rig;
  SloSpec slo = BuildSlo({.sli = {.bad = kErrors, .group_by = {"http.route", "2nd"}}});
  slo.description = "Checkout answers without error";
  slo.runbook_url = "https://example.org/runbooks/checkout";
  slo.labels = {{"team", "payments"}};
  for (AlertTier& tier : slo.policy.tiers) {
    if (tier.severity != "ticket") continue;
    tier.severity = "minor";
    tier.labels = {{"queue", "q1"}};
    tier.annotations = {{"dashboard", "d1"}};
  }
  rig.Install({slo}, kNow - 4h);
  rig.Count(kId, kNow - 4h, {1'000'000, 0}, {"/pay/{id}", "x"});
  rig.engine().Step(kNow);
  rig.Count(kId, kNow, {900, 100}, {"/pay/{id}", "x"});
  rig.engine().Step(kNow);
  // 100 of 1,000 over the hour; 100 of 1,001,000 over the rest: only 1h/5m burns.
  std::vector<model::AlertCondition> conditions = rig.engine().Conditions();
  ASSERT_THAT(TiersOf(conditions), ElementsAre("1h/5m"));
  const model::AlertCondition& page = conditions[0];
  EXPECT_EQ(page.labels, (model::LabelSet{{"alertname", "SLOBurnRate"},
                                          {"service", "checkout"},
                                          {"slo", "availability"},
                                          {"severity", "page"},
                                          {"http_route", "/pay/{id}"},
                                          {"_2nd", "x"},
                                          {"team", "payments"}}));
  std::vector<std::string> annotations;
  for (const model::Label& annotation : page.annotations) annotations.push_back(annotation.name);
  EXPECT_THAT(annotations,
              ElementsAre("budget_remaining", "burn_rate_1d", "burn_rate_1h", "burn_rate_2h",
                          "burn_rate_30m", "burn_rate_3d", "burn_rate_5m", "burn_rate_6h",
                          "description", "exhaustion", "link", "runbook_url", "summary", "tier"));
  EXPECT_EQ(page.annotations.Get("tier"), "1h/5m");
  EXPECT_EQ(page.annotations.Get("burn_rate_1h"), "100");
  EXPECT_EQ(page.annotations.Get("runbook_url"), "https://example.org/runbooks/checkout");
  EXPECT_EQ(page.annotations.Get("budget_remaining"), "90.01%");  // 1 - 100 / 1,001
  EXPECT_THAT(std::string(page.annotations.Get("summary")), HasSubstr("checkout/availability"));
  EXPECT_THAT(std::string(page.annotations.Get("description")),
              HasSubstr("100 of 1000 events were bad in the last 1h"));
  EXPECT_THAT(std::string(page.annotations.Get("description")),
              HasSubstr("Checkout answers without error"));
  EXPECT_THAT(std::string(page.annotations.Get("link")), StartsWith("http://127.0.0.1:7560/"));
  EXPECT_THAT(std::string(page.annotations.Get("link")), HasSubstr("checkout/availability"));

  // Enough for a ticket too: the same incident, below the page.
  rig.Count(kId, kNow, {0, 10'000}, {"/pay/{id}", "x"});
  rig.engine().Step(kNow);
  conditions = rig.engine().Conditions();
  ASSERT_THAT(TiersOf(conditions), ElementsAre("1h/5m", "6h/30m", "1d/2h"));
  EXPECT_EQ(conditions[0].labels, conditions[1].labels) << "one alert, two reasons";
  const model::AlertCondition& ticket = conditions[2];
  EXPECT_EQ(ticket.labels.Get("severity"), "minor");
  EXPECT_EQ(ticket.labels.Get("queue"), "q1");
  EXPECT_EQ(ticket.annotations.Get("dashboard"), "d1");
  EXPECT_FALSE(conditions[0].labels.Has("queue"));
  EXPECT_FALSE(conditions[0].annotations.Has("dashboard"));
  EXPECT_EQ(ticket.incident, conditions[0].incident);
  EXPECT_LT(ticket.rank, conditions[0].rank);
}

TEST(EngineTest, AConditionCarriesItsTiersTimes) {
  EngineRig rig;
  SloSpec slo = BuildSlo({.policy = "slowburn"});
  slo.policy.tiers[0].hold = 20s;
  rig.Install({slo}, kNow - 1h);
  rig.Count(kId, kNow - 1h, {1'000'000, 0});
  rig.engine().Step(kNow);
  rig.Count(kId, kNow, {0, 100});
  rig.engine().Step(kNow);
  const std::vector<model::AlertCondition> conditions = rig.engine().Conditions();
  ASSERT_THAT(TiersOf(conditions), ElementsAre("1m/10s"));
  EXPECT_EQ(conditions[0].hold, 20s);
  EXPECT_EQ(conditions[0].keep_firing_for, 300s);
  EXPECT_EQ(conditions[0].settle, 10s);
}

TEST(EngineTest, ScopeSaysWhichBudgetsAlert) {
  struct Case {
    AlertScope scope;
    std::vector<std::string> want;  // routes; "" is the total
  };
  for (const Case& c : {Case{AlertScope::kTotal, {""}}, Case{AlertScope::kGroups, {"/a", "/b"}},
                        Case{AlertScope::kBoth, {"", "/a", "/b"}}}) {
    EngineRig rig;
    SloSpec slo = BuildSlo({.sli = {.bad = kErrors, .group_by = {"http.route"}}});
    slo.alerting.scope = c.scope;
    Disable(slo, "ticket");
    slo.policy.tiers.erase(slo.policy.tiers.begin() + 1);  // one page tier is enough
    rig.Install({slo}, kNow);
    for (const std::string route : {"/a", "/b"}) rig.Count(kId, kNow, {0, 10}, {route});
    rig.Count(kId, kNow, {100'000, 0}, {"/fine"});
    rig.Count(kId, kNow, {0, 5'000}, {"/a"});
    rig.engine().Step(kNow + 300s);
    std::vector<std::string> routes;
    for (const model::AlertCondition& condition : rig.engine().Conditions())
      routes.emplace_back(condition.labels.Get("http_route"));
    EXPECT_EQ(routes, c.want);
  }
}

TEST(EngineTest, ADisabledSeverityDoesNotAlertButShowsAsBurning) {
  EngineRig rig;
  SloSpec slo = BuildSlo();
  Disable(slo, "page");
  rig.Install({slo}, kNow - 48h);
  rig.Count(kId, kNow - 48h, {1'000'000, 0});
  rig.engine().Step(kNow);
  rig.Count(kId, kNow, {0, 100});
  rig.engine().Step(kNow);
  EXPECT_THAT(TiersOf(rig.engine().Conditions()), ElementsAre("1d/2h"));
  EXPECT_EQ(StateOf(rig.Status(kId), "1h/5m"), TierState::kBurning);
  EXPECT_EQ(rig.Status(kId).state, SloState::kBurning);
}

// --- reloads

TEST(EngineTest, AReloadKeepsCountsAndSince) {
  EngineRig rig;
  rig.Install({BuildSlo()}, kNow - 48h);
  rig.Count(kId, kNow - 48h, {1000, 0});
  rig.engine().Step(kNow);
  rig.Count(kId, kNow, {1000, 1});
  rig.engine().Step(kNow);
  const sys_seconds since = rig.Status(kId).since;
  ASSERT_EQ(rig.Status(kId).state, SloState::kOk);
  rig.Checkpoint();
  rig.Install({BuildSlo({.objective = "99%", .window = 168h})}, kNow + 60s);
  EXPECT_EQ(rig.Status(kId).state, SloState::kOk);
  EXPECT_EQ(rig.Status(kId).since, since);
  EXPECT_EQ(rig.Status(kId).in_window, (SliCounts{2000, 1}));
  EXPECT_NEAR(*rig.Status(kId).budget_remaining_ratio, 1 - 1 / 20.01, 1e-9);
  rig.Install({BuildSlo({.window = 24h})}, kNow + 120s);
  EXPECT_EQ(rig.Status(kId).in_window, (SliCounts{1000, 1}));
  rig.Install({BuildSlo({.objective = "99.99%", .window = 2160h})}, kNow + 180s);
  EXPECT_EQ(rig.Status(kId).in_window, (SliCounts{2000, 1})) << "history at once";
  EXPECT_EQ(rig.Status(kId).state, SloState::kExhausted);
  EXPECT_EQ(rig.Status(kId).since, kNow + 180s);
}

TEST(EngineTest, ARemovedSloHasNoConditionAndItsCountsStay) {
  EngineRig rig;
  rig.Install({BuildSlo()}, kNow);
  rig.Count(kId, kNow, {0, 100});
  rig.engine().Step(kNow + 300s);
  ASSERT_THAT(rig.engine().Conditions(), SizeIs(1));
  rig.Install({}, kNow + 301s);
  EXPECT_THAT(rig.engine().Conditions(), IsEmpty());
  EXPECT_EQ(rig.engine().FindSlo(kId), std::nullopt);
  EXPECT_EQ(rig.engine().longest_window(), 0s);
  rig.engine().Step(kNow + 400s);
  rig.Install({BuildSlo()}, kNow + 401s);
  EXPECT_EQ(rig.Status(kId).in_window, (SliCounts{0, 100}));
}

TEST(EngineTest, AChangedSliIsANewOne) {
  EngineRig rig;
  rig.Install({BuildSlo()}, kNow);
  rig.Count(kId, kNow, {5, 5});
  const SliId before = rig.engine().sli_of(0);
  rig.Install({BuildSlo({.sli = {.bad = "span.name == \"bad\""}})}, kNow + 60s);
  EXPECT_NE(rig.engine().sli_of(0), before);
  EXPECT_EQ(rig.Status(kId).state, SloState::kNoData);
  EXPECT_EQ(rig.Status(kId).since, kNow + 60s);
  EXPECT_EQ(rig.engine().table().size(), 2u);
  rig.Install({BuildSlo()}, kNow + 120s);
  EXPECT_EQ(rig.engine().sli_of(0), before);
  EXPECT_EQ(rig.Status(kId).in_window, (SliCounts{5, 5}));
}

TEST(EngineTest, SlosShareAnSli) {
  EngineRig rig;
  rig.Install({BuildSlo(), BuildSlo({.name = "strict", .objective = "99.99%", .window = 24h})},
              kNow);
  EXPECT_EQ(rig.engine().table().size(), 1u);
  EXPECT_EQ(rig.engine().sli_of(0), rig.engine().sli_of(1));
  rig.Count(kId, kNow, {9995, 5});
  rig.engine().Step(kNow);
  EXPECT_EQ(rig.Status(kId).state, SloState::kOk);
  EXPECT_EQ(rig.Status("checkout/strict").state, SloState::kExhausted);
  rig.engine().Step(kNow + 25h);
  EXPECT_EQ(rig.Status(kId).state, SloState::kOk);
  EXPECT_EQ(rig.Status("checkout/strict").state, SloState::kNoData);
}

TEST(EngineTest, InstallAsksForRegisteredSlis) {
  EngineRig rig;
  const SloSet slos = {BuildSlo(), BuildSlo({.name = "again"}),
                       BuildSlo({.name = "other", .sli = {.bad = "false"}})};
  EXPECT_THAT(rig.engine().UnknownSlis(slos), SizeIs(2)) << "each once";
  EXPECT_EQ(rig.engine().Install(std::make_shared<const SloSet>(slos), kNow).code(),
            absl::StatusCode::kInternal);
  EXPECT_EQ(rig.engine().FindSlo(kId), std::nullopt);
  rig.Install(slos, kNow);
  EXPECT_THAT(rig.engine().UnknownSlis(slos), IsEmpty());
}

// --- the golden outage

// 100 requests a second, all good for 26 h, all bad from `begin`: the seconds from there until each
// tier burns.
std::vector<std::pair<std::string, int64_t>> SecondsToBurn(std::string_view policy,
                                                           sys_seconds begin) {
  EngineRig rig;
  rig.Install({BuildSlo({.policy = policy})}, begin - 26h);
  const sys_seconds whole_slice = SliceStart(SliceOf(begin));
  for (sys_seconds t = whole_slice - 26h; t < whole_slice; t += 10s) {
    rig.Count(kId, t, {1000, 0});
    rig.engine().Step(t + 10s);
  }
  std::vector<std::pair<std::string, int64_t>> burns;
  for (sys_seconds t = whole_slice; t < begin + 80s; t += 1s) {
    rig.Count(kId, t, t < begin ? SliCounts{100, 0} : SliCounts{0, 100});
    rig.engine().Step(t + 1s);
    for (const std::string& tier : TiersOf(rig.engine().Conditions())) {
      const bool known = std::any_of(burns.begin(), burns.end(),
                                     [&](const auto& burn) { return burn.first == tier; });
      if (!known) burns.emplace_back(tier, (t + 1s - begin).count());
    }
  }
  return burns;
}

class EngineOutageTest : public testing::TestWithParam<int> {};

TEST_P(EngineOutageTest, PagesWhenTheArithmeticSays) {
  const sys_seconds begin = kNow + seconds(GetParam());
  // By hand: 14.4 x 0.1 % of an hour's requests must be bad: 51.84 s of a full outage. 144 x 0.1 %
  // of a minute's: 8.64 s.
  const auto slowburn = SecondsToBurn("slowburn", begin);
  ASSERT_THAT(slowburn, SizeIs(2));
  EXPECT_EQ(slowburn[0].first, "1m/10s");
  EXPECT_GE(slowburn[0].second, 9);
  EXPECT_LE(slowburn[0].second, 12);
  EXPECT_EQ(slowburn[1].first, "1h/5m");
  EXPECT_NEAR(static_cast<double>(slowburn[1].second), 52, 1);
  const auto workbook = SecondsToBurn("sre-workbook", begin);
  ASSERT_THAT(workbook, SizeIs(1));
  EXPECT_EQ(workbook[0], slowburn[1]);
}

INSTANTIATE_TEST_SUITE_P(SecondsIntoTheSlice, EngineOutageTest, testing::Values(0, 1, 4, 5, 9));

}  // namespace
}  // namespace slowburn::slo
