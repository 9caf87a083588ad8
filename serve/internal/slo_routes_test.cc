// Goal: the JSON of /api/slo/v1/slos is the contract's, field by field; filters choose, and every
// error has its form. Method: answers of the handlers over fixed readings.
#include "serve/internal/slo_routes.h"

#include <cmath>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "serve/internal/json_error.h"
#include "serve/internal/slo_json.h"
#include "serve/testing/ask.h"
#include "serve/testing/sample_slos.h"

namespace slowburn::serve::internal {
namespace {

namespace json = boost::json;
using std::chrono::sys_seconds;
using testing::HasSubstr;
using namespace std::chrono_literals;

const std::string kOne = "/api/slo/v1/slos/checkout/availability";

class SloRoutesTest : public testing::Test {
 protected:
  SloRoutesTest() { AddSloRoutes(table_, queries_); }

  FakeQueries queries_;
  net::RouteTable table_{[](const net::HttpRequest&, int status, std::string_view message) {
    return ErrorResponse(status, message);
  }};
};

std::vector<std::string> Keys(const json::value& object) {
  std::vector<std::string> keys;
  for (const auto& member : object.as_object()) keys.emplace_back(member.key());
  return keys;
}

TEST_F(SloRoutesTest, ListHasTheContractsFields) {
  const json::value answer = AskJson(table_, "/api/slo/v1/slos");
  EXPECT_EQ(Keys(answer), std::vector<std::string>{"slos"});
  const json::value& slo = answer.at("slos").at(0);
  EXPECT_EQ(Keys(slo), (std::vector<std::string>{"id", "service", "name", "objective", "window",
                                                 "exclusions", "budgeting", "groups"}));
  EXPECT_EQ(slo.at("id"), "checkout/availability");
  EXPECT_EQ(slo.at("service"), "checkout");
  EXPECT_EQ(slo.at("name"), "availability");
  EXPECT_EQ(slo.at("objective"), 0.999);
  EXPECT_EQ(slo.at("window"), "30d");
  const json::value& total = slo.at("groups").at(0);
  EXPECT_EQ(Keys(total),
            (std::vector<std::string>{
                "labels", "state", "good", "bad", "total", "excluded_seconds", "sli_ratio",
                "event_ratio", "budget", "budget_remaining_ratio", "budget_remaining_events",
                "exhaustion_seconds", "burn_rates", "alerts", "since", "last_event"}));
  EXPECT_EQ(total.at("labels"), json::object());
  EXPECT_EQ(total.at("state"), "ok");
  EXPECT_EQ(total.at("good"), 99950);
  EXPECT_EQ(total.at("bad"), 50);
  EXPECT_EQ(total.at("total"), 100000);
  EXPECT_EQ(total.at("sli_ratio"), 0.9995);
  EXPECT_NEAR(total.at("budget_remaining_ratio").as_double(), 0.5, 1e-9);
  EXPECT_NEAR(total.at("budget_remaining_events").to_number<double>(), 50, 1e-6);
  EXPECT_NEAR(total.at("exhaustion_seconds").to_number<double>(), 30 * 86400, 1);
  EXPECT_EQ(Keys(total.at("burn_rates")),
            (std::vector<std::string>{"5m", "30m", "1h", "2h", "6h", "1d", "3d"}));
  EXPECT_NEAR(total.at("burn_rates").at("5m").to_number<double>(), 0.5, 1e-9);
  EXPECT_EQ(total.at("since"), 1'699'996'403);
  EXPECT_EQ(total.at("last_event"), 1'699'999'990);
}

TEST_F(SloRoutesTest, SaysHowABudgetCounts) {
  queries_.reading = BudgetsReading();
  const json::value slos = AskJson(table_, "/api/slo/v1/slos").at("slos");
  const json::value& slices = slos.at(0);
  EXPECT_EQ(slices.at("budgeting"),
            (json::object{{"method", "timeslices"}, {"timeslice", "1m"}, {"target", 0.95}}));
  const json::value& total = slices.at("groups").at(0);
  EXPECT_EQ(total.at("budget"), (json::object{{"good", 38}, {"bad", 2}, {"total", 40}}));
  EXPECT_EQ(total.at("sli_ratio"), 0.95);
  EXPECT_EQ(total.at("event_ratio"), 0.9995);
  EXPECT_EQ(total.at("good"), 99950);
  EXPECT_NEAR(total.at("budget_remaining_events").to_number<double>(), 0.04 - 2, 1e-9);
  EXPECT_FALSE(slices.as_object().contains("window_start"));
  EXPECT_FALSE(slices.as_object().contains("composite"));

  const json::value& ratios = slos.at(1);
  EXPECT_EQ(
      ratios.at("budgeting"),
      (json::object{{"method", "ratio_timeslices"}, {"timeslice", "5m"}, {"target", nullptr}}));
  const json::value& parts = ratios.at("groups").at(0);
  EXPECT_EQ(parts.at("budget"), (json::object{{"good", 2}, {"bad", 0.5}, {"total", 2.5}}));
  EXPECT_EQ(parts.at("sli_ratio"), 0.8);
  EXPECT_NEAR(parts.at("budget_remaining_events").to_number<double>(), 0.0025 - 0.5, 1e-9);
  EXPECT_EQ(ratios.at("window"), "month Europe/Paris");
  EXPECT_EQ(ratios.at("window_start"), 1'698'793'200);  // 2023-11-01 00:00 in Paris
  EXPECT_EQ(ratios.at("window_end"), 1'701'385'200);
}

slo::LatencyPercentiles SamplePercentiles() {
  return {.start = sys_seconds(1'699'996'500s),
          .end = sys_seconds(1'700'000'100s),
          .count = 1000,
          .seconds = {0.0123456789, 0.05, 0.25, 1.5, 12.3456789}};
}
const json::object kSamplePercentilesJson = {
    {"p50", 0.0123457}, {"p90", 0.05}, {"p95", 0.25}, {"p99", 1.5}, {"p99.9", 12.3457}};

// The same SLO, with an SLI on a metric.
void UseMetric(SloReading& reading, decltype(slo::SliSpec::source) source,
               const slo::MetricStatus& status) {
  slo::SloSet slos = *reading.slos;
  slos.front().sli.source = std::move(source);
  reading.slos = std::make_shared<const slo::SloSet>(std::move(slos));
  reading.statuses.front().metric = status;
}

TEST_F(SloRoutesTest, SaysWhatIsKnownOfAMetric) {
  const auto selector = model::SeriesSelector::Parse("latency_seconds").value();
  const auto metric = [&] { return AskJson(table_, kOne).at("metric"); };
  EXPECT_FALSE(AskJson(table_, kOne).as_object().contains("metric")) << "it counts spans";
  UseMetric(queries_.reading, slo::GaugeSli{.metric = selector}, {});
  EXPECT_EQ(metric(), (json::object{{"source", "gauge"}, {"point_interval_seconds", nullptr}}));
  UseMetric(queries_.reading, slo::CounterSli{}, {.point_interval = 15'500ms});
  EXPECT_EQ(metric(), (json::object{{"source", "counter"}, {"point_interval_seconds", 15.5}}));
  using Past = slo::PastStatus;
  slo::MetricStatus with_past;
  with_past.past = Past{.state = Past::State::kWaiting, .goes_back_to = sys_seconds(7200s)};
  UseMetric(queries_.reading, slo::CounterSli{}, with_past);
  EXPECT_EQ(metric().at("past"), (json::object{{"state", "waiting"},
                                               {"counted_from", nullptr},
                                               {"goes_back_to", 7200},
                                               {"left_out", json::array()}}));
  with_past.past->state = Past::State::kCounting;
  with_past.past->counted_from = sys_seconds(10'800s);
  with_past.past->left_out = {{sys_seconds(14'400s), sys_seconds(18'000s)}};
  UseMetric(queries_.reading, slo::CounterSli{}, with_past);
  EXPECT_EQ(metric().at("past").at("state"), "counting");
  EXPECT_EQ(metric().at("past").at("counted_from"), 10'800);
  EXPECT_EQ(metric().at("past").at("left_out"), (json::array{json::array{14'400, 18'000}}));
  const slo::HistogramSli histogram{.metric = selector, .max = 0.3};
  UseMetric(queries_.reading, histogram, {.point_interval = 60s, .around = {{0.25, 0.5}}});
  EXPECT_EQ(metric(), (json::object{{"source", "histogram"},
                                    {"point_interval_seconds", 60},
                                    {"max", 0.3},
                                    {"interpolated", false},
                                    {"nearest_bounds", nullptr}}));
  UseMetric(queries_.reading, histogram, {.is_interpolated = true, .around = {{0.25, HUGE_VAL}}});
  EXPECT_EQ(metric().at("interpolated"), true);
  EXPECT_EQ(metric().at("nearest_bounds"), (json::array{0.25, nullptr}));
  UseMetric(queries_.reading, histogram, {.is_interpolated = true});
  EXPECT_EQ(metric().at("nearest_bounds"), json::value());
}

TEST_F(SloRoutesTest, AHistogramInAUnitOfTimeHasPercentiles) {
  const slo::HistogramSli histogram{
      .metric = model::SeriesSelector::Parse("latency_milliseconds").value(), .max = 300};
  UseMetric(queries_.reading, histogram, {});
  slo::LatencyPercentiles coarse = SamplePercentiles();
  coarse.relative_error = 0.0443;
  queries_.percentiles = std::vector<slo::LatencyPercentiles>{coarse};
  const json::value latency = AskJson(table_, kOne).at("latency");
  EXPECT_EQ(latency.at("threshold_seconds"), 0.3);
  EXPECT_EQ(latency.at("relative_error"), 0.0443);
  EXPECT_EQ(AskJson(table_, kOne + "/percentiles?step=1h").at("relative_error"), 0.0443);
}

TEST_F(SloRoutesTest, ACompositeHasItsMembers) {
  queries_.reading = BudgetsReading();
  const json::value listed = AskJson(table_, "/api/slo/v1/slos?service=web").at("slos").at(0);
  for (const json::value& journey : {listed, AskJson(table_, "/api/slo/v1/slos/web/journey")}) {
    EXPECT_EQ(journey.at("budgeting"),
              (json::object{{"method", "weighted"}, {"timeslice", nullptr}, {"target", nullptr}}));
    EXPECT_EQ(journey.at("groups").at(0).at("budget"),
              (json::object{{"good", 3.75}, {"bad", 0.25}, {"total", 4}}));
    EXPECT_EQ(journey.at("composite").at("method"), "weighted");
    const json::array& members = journey.at("composite").at("members").as_array();
    ASSERT_EQ(members.size(), 2u);
    EXPECT_EQ(Keys(members[0]),
              (std::vector<std::string>{"id", "weight", "state", "budget_remaining_ratio"}));
    EXPECT_EQ(members[0].at("id"), "shop/slices");
    EXPECT_EQ(members[0].at("weight"), 3);
    EXPECT_EQ(members[0].at("state"), "ok");
    EXPECT_NEAR(members[0].at("budget_remaining_ratio").to_number<double>(), 1 - 50, 1e-9);
    EXPECT_EQ(members[1].at("id"), "shop/ratios");
    EXPECT_EQ(members[1].at("weight"), 1);
  }
}

TEST_F(SloRoutesTest, AMemberThatIsNotReadIsNull) {
  queries_.reading = BudgetsReading();
  queries_.reading.statuses.erase(queries_.reading.statuses.begin());
  const json::value journey = AskJson(table_, "/api/slo/v1/slos/web/journey");
  const json::value& member = journey.at("composite").at("members").at(0);
  EXPECT_TRUE(member.at("state").is_null());
  EXPECT_TRUE(member.at("budget_remaining_ratio").is_null());
}

TEST_F(SloRoutesTest, GroupsHaveTheirLabelsAsWrittenAndTheirOwnAlerts) {
  const json::value groups = AskJson(table_, "/api/slo/v1/slos").at("slos").at(0).at("groups");
  ASSERT_EQ(groups.as_array().size(), 3u);
  EXPECT_EQ(groups.at(1).at("labels"), (json::object{{"http.route", "/cart"}}));
  EXPECT_EQ(groups.at(1).at("alerts"), json::array());
  EXPECT_EQ(groups.at(2).at("labels"), (json::object{{"http.route", "/pay"}}));
  EXPECT_EQ(groups.at(2).at("state"), "exhausted");
  EXPECT_EQ(groups.at(2).at("exhaustion_seconds"), 0);
  EXPECT_EQ(groups.at(2).at("alerts"), (json::array{{{"name", "SLOBurnRate"},
                                                     {"severity", "page"},
                                                     {"state", "firing"},
                                                     {"since", 1'699'999'952.75}},
                                                    {{"name", "SLOBurnRate"},
                                                     {"severity", "ticket"},
                                                     {"state", "pending"},
                                                     {"since", 1'699'999'903}}}));
  EXPECT_EQ(groups.at(0).at("alerts"), (json::array{{{"name", "SLOBurnRate"},
                                                     {"severity", "page"},
                                                     {"state", "inactive"},
                                                     {"since", 1'699'999'983}}}));
}

TEST_F(SloRoutesTest, SilenceIsNull) {
  const json::value total = AskJson(table_, "/api/slo/v1/slos").at("slos").at(1).at("groups").at(0);
  EXPECT_EQ(total.at("state"), "no_data");
  EXPECT_EQ(total.at("total"), 0);
  for (const std::string_view name :
       {"sli_ratio", "event_ratio", "budget_remaining_ratio", "exhaustion_seconds", "last_event"}) {
    EXPECT_TRUE(total.at(name).is_null()) << name;
  }
  EXPECT_EQ(total.at("burn_rates").as_object().size(), 7u);
  EXPECT_TRUE(total.at("burn_rates").at("1h").is_null());
}

TEST_F(SloRoutesTest, Filters) {
  struct Case {
    std::string query;
    std::vector<std::string> want;
  };
  const std::string checkout = "checkout/availability";
  const std::string search = "search/latency";
  for (const Case& c : std::vector<Case>{
           {"", {checkout, search}},
           {"?state=&service=&label.team=", {checkout, search}},
           {"?unknown=x", {checkout, search}},
           {"?state=exhausted", {checkout}},
           {"?state=no_data", {search}},
           {"?state=no_data&state=exhausted", {checkout, search}},
           {"?state=ok", {}},
           {"?service=search", {search}},
           {"?service=sear", {}},
           {"?label.team=payments", {checkout}},
           {"?label.team=payments&label.tier=1", {}},
           {"?label.team=payments&state=no_data", {}},
       }) {
    std::vector<std::string> got;
    const json::value answer = AskJson(table_, "/api/slo/v1/slos" + c.query);
    for (const json::value& slo : answer.at("slos").as_array()) {
      got.emplace_back(slo.at("id").as_string());
    }
    EXPECT_EQ(got, c.want) << c.query;
  }
}

TEST_F(SloRoutesTest, ShowHasTheSpecAndThePolicyWithLiveValues) {
  const json::value listed = AskJson(table_, "/api/slo/v1/slos").at("slos").at(0);
  const json::value slo = AskJson(table_, kOne);
  for (const std::string& key : Keys(listed)) EXPECT_EQ(slo.at(key), listed.at(key)) << key;
  EXPECT_EQ(slo.at("description"), "Answers without error");
  EXPECT_EQ(slo.at("runbook_url"), "https://example.org/runbooks/checkout");
  EXPECT_EQ(slo.at("labels"), (json::object{{"team", "payments"}}));
  EXPECT_EQ(slo.at("source"), "slos/checkout.yaml:3");
  EXPECT_EQ(slo.at("spec"), "kind: SLO\n");
  const json::value& policy = slo.at("policy");
  EXPECT_EQ(Keys(policy), (std::vector<std::string>{"name", "tiers", "unreachable", "alerts"}));
  EXPECT_EQ(policy.at("name"), "sre-workbook");
  ASSERT_EQ(policy.at("tiers").as_array().size(), 4u);
  const json::value& tier = policy.at("tiers").at(0);
  EXPECT_EQ(Keys(tier),
            (std::vector<std::string>{"name", "severity", "long", "short", "factor",
                                      "threshold_error_ratio", "long_burn_rate", "short_burn_rate",
                                      "state", "reason", "for", "keep_firing_for", "min_total",
                                      "min_bad", "disabled", "labels", "annotations"}));
  EXPECT_EQ(tier.at("severity"), "page");
  EXPECT_EQ(tier.at("long"), "1h");
  EXPECT_EQ(tier.at("short"), "5m");
  EXPECT_EQ(tier.at("factor"), 14.4);
  EXPECT_NEAR(tier.at("threshold_error_ratio").as_double(), 0.0144, 1e-12);
  EXPECT_NEAR(tier.at("long_burn_rate").as_double(), 0.5, 1e-9);
  EXPECT_NEAR(tier.at("short_burn_rate").as_double(), 0.5, 1e-9);
  EXPECT_EQ(tier.at("state"), "quiet");
  EXPECT_EQ(tier.at("reason"), "");
  EXPECT_EQ(tier.at("for"), "0s");
  EXPECT_EQ(tier.at("keep_firing_for"), "0s");
  EXPECT_EQ(tier.at("min_total"), 1);
  EXPECT_EQ(tier.at("min_bad"), 2);
  EXPECT_EQ(tier.at("disabled"), false);
  EXPECT_EQ(tier.at("labels"), json::object());
  EXPECT_EQ(tier.at("annotations"), json::object());
  EXPECT_EQ(policy.at("alerts"), json::array());
  EXPECT_EQ(slo.at("contributors"),
            (json::array{
                {{"labels", {{"http.route", "/pay"}}}, {"bad", 49}, {"bad_share_ratio", 0.98}},
                {{"labels", {{"http.route", "/cart"}}}, {"bad", 1}, {"bad_share_ratio", 0.02}}}));
}

TEST_F(SloRoutesTest, ShowHasTheEpochs) {
  queries_.reading.epochs = {
      {1, sys_seconds(1'600'000'000s), sys_seconds(1'650'000'000s), "spans a", {90, 10}},
      {2, sys_seconds(1'650'000'000s), std::nullopt, "spans b", {5, 0}}};
  EXPECT_EQ(AskJson(table_, kOne).at("epochs"), (json::array{{{"epoch", 1},
                                                              {"since", 1'600'000'000},
                                                              {"until", 1'650'000'000},
                                                              {"sli", "spans a"},
                                                              {"good", 90},
                                                              {"bad", 10}},
                                                             {{"epoch", 2},
                                                              {"since", 1'650'000'000},
                                                              {"until", nullptr},
                                                              {"sli", "spans b"},
                                                              {"good", 5},
                                                              {"bad", 0}}}));
}

TEST_F(SloRoutesTest, CountsAndHistoryTakeAnEpoch) {
  for (const std::string_view leaf : {"/counts?start=0&end=10", "/history?start=0"}) {
    Ask(table_, kOne + std::string(leaf));
    EXPECT_EQ(queries_.asked.epoch, std::nullopt) << leaf;
    Ask(table_, kOne + std::string(leaf) + "&epoch=3");
    EXPECT_EQ(queries_.asked.epoch, 3u) << leaf;
  }
}

TEST_F(SloRoutesTest, ShowTakesAGroup) {
  const json::value slo = AskJson(table_, kOne + "?group.http.route=/pay");
  EXPECT_EQ(slo.at("policy").at("tiers").at(3).at("state"), "burning");
  EXPECT_EQ(AskJson(table_, kOne).at("policy").at("tiers").at(3).at("state"), "quiet");
  EXPECT_EQ(Ask(table_, kOne + "?group.http.route=/none").status, 404);
  EXPECT_EQ(Ask(table_, kOne + "?group.http.method=/pay").status, 404);
}

TEST_F(SloRoutesTest, ShowTakesAnIdleGroupThatIsInNoList) {
  const std::string target = kOne + "?group.http.route=/old";
  EXPECT_EQ(Ask(table_, target).status, 404);
  queries_.reading.idle_group = SampleGroup((*queries_.reading.slos)[0], {"/old"}, {});
  const json::value slo = AskJson(table_, target);
  EXPECT_EQ(slo.at("groups").as_array().size(), 3u);
  EXPECT_EQ(slo.at("policy").at("tiers").at(0).at("long_burn_rate"), nullptr);
}

TEST_F(SloRoutesTest, ShowHasEverythingOfATierAndOfAlertsOnTheBudget) {
  slo::SloSpec spec = SampleSpec("a", "b");
  slo::AlertTier& tier = spec.policy.tiers.front();
  tier.hold = std::chrono::minutes(2);
  tier.keep_firing_for = std::chrono::minutes(5);
  tier.disabled = true;
  tier.labels = {{"channel", "ops"}};
  tier.annotations = {{"dashboard", "d"}};
  slo::GroupStatus total = SampleGroup(spec, {}, {.good = 99, .bad = 1});
  total.tiers.front().state = slo::TierState::kTooCoarse;
  total.tiers.front().reason = "points come every 1h";
  slo::StateAlert low;
  low.kind = slo::StateAlert::Kind::kBudgetLow;
  low.name = "remaining 25%";
  low.severity = "ticket";
  low.hold = std::chrono::minutes(1);
  total.state_alerts = {{low, true}};
  AddSlo(queries_.reading, spec, {total});
  const json::value policy = AskJson(table_, "/api/slo/v1/slos/a/b").at("policy");
  const json::value& shown = policy.at("tiers").at(0);
  EXPECT_EQ(shown.at("state"), "too_coarse");
  EXPECT_EQ(shown.at("reason"), "points come every 1h");
  EXPECT_EQ(shown.at("for"), "2m");
  EXPECT_EQ(shown.at("keep_firing_for"), "5m");
  EXPECT_EQ(shown.at("disabled"), true);
  EXPECT_EQ(shown.at("labels"), (json::object{{"channel", "ops"}}));
  EXPECT_EQ(shown.at("annotations"), (json::object{{"dashboard", "d"}}));
  const json::object alert{{"name", "SLOBudgetLow"},
                           {"tier", "remaining 25%"},
                           {"severity", "ticket"},
                           {"holds", true},
                           {"for", "1m"},
                           {"keep_firing_for", "0s"},
                           {"disabled", false},
                           {"labels", json::object()},
                           {"annotations", json::object()}};
  EXPECT_EQ(policy.at("alerts"), (json::array{alert}));
}

TEST_F(SloRoutesTest, AnUnreadableBudgetHasAlertsThatNobodyKnows) {
  const slo::SloSpec spec = SampleSpec("a", "b");
  slo::GroupStatus total = SampleGroup(spec, {}, {});
  total.state = slo::SloState::kInvalid;
  total.state_alerts.emplace_back();
  AddSlo(queries_.reading, spec, {total});
  EXPECT_EQ(AskJson(table_, "/api/slo/v1/slos/a/b").at("policy").at("alerts").at(0).at("holds"),
            json::value(nullptr));
}

TEST_F(SloRoutesTest, ShowNamesUnreachableTiers) {
  slo::SloSpec spec = SampleSpec("a", "b");
  spec.policy.unreachable = {{"1h/5m", "page", "it would need 144% errors"}};
  const slo::GroupStatus total = SampleGroup(spec, {}, {});
  AddSlo(queries_.reading, spec, {total});
  EXPECT_EQ(
      AskJson(table_, "/api/slo/v1/slos/a/b").at("policy").at("unreachable"),
      (json::array{
          {{"name", "1h/5m"}, {"severity", "page"}, {"reason", "it would need 144% errors"}}}));
}

TEST_F(SloRoutesTest, Counts) {
  const json::value answer = AskJson(
      table_, kOne + "/counts?start=1700000000&end=2023-11-14T23:13:20Z&group.http.route=%2Fpay");
  EXPECT_EQ(answer, (json::object{{"start", 1'700'000'000},
                                  {"end", 1'700'003'600},
                                  {"good", 990},
                                  {"bad", 10},
                                  {"total", 1000}}));
  EXPECT_EQ(queries_.asked.id, "checkout/availability");
  EXPECT_EQ(queries_.asked.group, (GroupSelector{{"http.route", "/pay"}}));
  EXPECT_EQ(queries_.asked.start, sys_seconds(1'700'000'000s));
  EXPECT_EQ(queries_.asked.end, sys_seconds(1'700'003'600s));
}

TEST_F(SloRoutesTest, History) {
  queries_.history = std::vector<slo::HistoryPoint>{
      {sys_seconds(1'700'000'000s), {.good = 9, .bad = 1}, 0.1, -0.25},
      {sys_seconds(1'700'000'010s), {}, std::nullopt, std::nullopt}};
  const json::value answer =
      AskJson(table_, kOne + "/history?start=1699990000&end=1700000000&step=1m");
  EXPECT_EQ(answer, (json::object{{"points", json::array{{{"t", 1'700'000'000},
                                                          {"good", 9},
                                                          {"bad", 1},
                                                          {"error_ratio", 0.1},
                                                          {"budget_remaining_ratio", -0.25}},
                                                         {{"t", 1'700'000'010},
                                                          {"good", 0},
                                                          {"bad", 0},
                                                          {"error_ratio", nullptr},
                                                          {"budget_remaining_ratio", nullptr}}}}}));
  EXPECT_EQ(queries_.asked.start, sys_seconds(1'699'990'000s));
  EXPECT_EQ(queries_.asked.end, sys_seconds(1'700'000'000s));
  EXPECT_EQ(queries_.asked.step, 60s);
}

TEST_F(SloRoutesTest, Percentiles) {
  queries_.percentiles = std::vector<slo::LatencyPercentiles>{SamplePercentiles()};
  const json::value answer = AskJson(
      table_, kOne + "/percentiles?start=1699996500&end=1700000100&group.http.route=%2Fpay");
  EXPECT_EQ(answer, (json::object{{"start", 1'699'996'500},
                                  {"end", 1'700'000'100},
                                  {"count", 1000},
                                  {"relative_error", 0.0217},
                                  {"percentiles", kSamplePercentilesJson}}));
  EXPECT_EQ(queries_.asked.id, "checkout/availability");
  EXPECT_EQ(queries_.asked.group, (GroupSelector{{"http.route", "/pay"}}));
  EXPECT_EQ(queries_.asked.start, sys_seconds(1'699'996'500s));
  EXPECT_EQ(queries_.asked.end, sys_seconds(1'700'000'100s));
}

TEST_F(SloRoutesTest, PercentilesByStep) {
  slo::LatencyPercentiles silent;
  silent.end = sys_seconds(1'700'003'700s);
  queries_.percentiles = std::vector<slo::LatencyPercentiles>{SamplePercentiles(), silent};
  const json::value answer =
      AskJson(table_, kOne + "/percentiles?start=1699996500&end=1700003700&step=1h");
  EXPECT_EQ(answer, (json::object{{"relative_error", 0.0217},
                                  {"points", json::array{{{"t", 1'700'000'100},
                                                          {"count", 1000},
                                                          {"percentiles", kSamplePercentilesJson}},
                                                         {{"t", 1'700'003'700},
                                                          {"count", 0},
                                                          {"percentiles",
                                                           {{"p50", nullptr},
                                                            {"p90", nullptr},
                                                            {"p95", nullptr},
                                                            {"p99", nullptr},
                                                            {"p99.9", nullptr}}}}}}}));
  EXPECT_EQ(queries_.asked.step, 3600s);
}

TEST_F(SloRoutesTest, PercentilesDefaultToTheWindow) {
  EXPECT_EQ(AskJson(table_, kOne + "/percentiles").at("count"), 0);
  EXPECT_EQ(queries_.asked.end, sys_seconds(1'700'000'100s));
  EXPECT_EQ(queries_.asked.start, sys_seconds(1'700'000'100s) - 720h);
  EXPECT_EQ(queries_.asked.step, 0s) << "none";
}

TEST_F(SloRoutesTest, ALatencySloShowsItsLastHour) {
  slo::SloSpec spec = SampleSpec("a", "b");
  std::get<slo::EventSli>(spec.sli.source).latency_max = 300ms;
  AddSlo(queries_.reading, spec, {SampleGroup(spec, {}, {.good = 9, .bad = 1})});
  queries_.percentiles = std::vector<slo::LatencyPercentiles>{SamplePercentiles()};
  const std::string path = "/api/slo/v1/slos/a/b";
  EXPECT_EQ(AskJson(table_, path).at("latency"),
            (json::object{{"threshold_seconds", 0.3},
                          {"start", 1'699'996'500},
                          {"end", 1'700'000'100},
                          {"count", 1000},
                          {"relative_error", 0.0217},
                          {"percentiles", kSamplePercentilesJson}}));
  EXPECT_EQ(queries_.asked.end - queries_.asked.start, 1h);
  EXPECT_FALSE(AskJson(table_, kOne).as_object().contains("latency"));
  // The SLO is shown all the same.
  queries_.percentiles = base::DataLoss("a latency block is broken");
  EXPECT_EQ(AskJson(table_, path).at("latency"),
            (json::object{{"threshold_seconds", 0.3}, {"error", "a latency block is broken"}}));
}

TEST_F(SloRoutesTest, WhatIsExcludedIsSaid) {
  slo::Exclusion other = SampleExclusion();
  other.id = "other";
  other.slos = {"cart/*"};
  queries_.reading.exclusions =
      std::make_shared<const slo::ExclusionSet>(slo::ExclusionSet{SampleExclusion(), other});
  queries_.reading.statuses.front().groups.front().excluded = 1h;
  const json::value slos = AskJson(table_, "/api/slo/v1/slos").at("slos");
  EXPECT_EQ(slos.at(0).at("exclusions"), (json::array{"made"}));
  EXPECT_EQ(slos.at(0).at("groups").at(0).at("excluded_seconds"), 3600);
  EXPECT_EQ(slos.at(1).at("exclusions"), json::array());
  EXPECT_EQ(slos.at(1).at("groups").at(0).at("excluded_seconds"), 0);
  EXPECT_EQ(AskJson(table_, kOne).at("exclusions"), (json::array{"made"}));
  queries_.counts = CountsReading{.counts = {.good = 1, .bad = 0}, .excluded = 20s};
  EXPECT_EQ(AskJson(table_, kOne + "/counts?start=0&end=60").at("excluded_seconds"), 20);
  queries_.history = std::vector<slo::HistoryPoint>{
      {sys_seconds(1'700'000'000s), {}, std::nullopt, std::nullopt, 30s}, {}};
  const json::value points = AskJson(table_, kOne + "/history").at("points");
  EXPECT_EQ(points.at(0).at("excluded_seconds"), 30);
  EXPECT_FALSE(points.at(1).as_object().contains("excluded_seconds"));
}

TEST_F(SloRoutesTest, HistoryDefaultsToTheWindow) {
  EXPECT_EQ(AskJson(table_, kOne + "/history?group.http.route=/pay").at("points"), json::array());
  EXPECT_EQ(queries_.asked.end, sys_seconds(1'700'000'000s));
  EXPECT_EQ(queries_.asked.start, sys_seconds(1'700'000'000s) - 720h);
  EXPECT_EQ(queries_.asked.step, 8640s);
  EXPECT_EQ(queries_.asked.group, (GroupSelector{{"http.route", "/pay"}}));
}

TEST_F(SloRoutesTest, Errors) {
  struct Case {
    std::string target;
    int want_status;
    const char* want_type;
    std::string_view want_error;
  };
  for (const Case& c : std::vector<Case>{
           {"/api/slo/v1/slos?state=fine", 400, "bad_data",
            "no state \"fine\"; write one of ok, burning, exhausted, no_data, invalid"},
           {"/api/slo/v1/slos/checkout/%3Cb%3E", 404, "not_found", "\"checkout/<b>\""},
           {"/api/slo/v1/slos/none/none/history", 404, "not_found", "\"none/none\""},
           {"/api/slo/v1/slos/checkout", 404, "not_found", "no such path"},
           {kOne + "/counts?end=1700000000", 400, "bad_data", "start is missing; write start="},
           {kOne + "/counts?start=1700000000", 400, "bad_data", "end is missing; write start="},
           {kOne + "/counts?start=now&end=1700000000", 400, "bad_data", "start: \"now\""},
           {kOne + "/history?epoch=first", 400, "bad_data", "epoch=\"first\" is no number"},
           {kOne + "/counts?start=0&end=10&epoch=-1", 400, "bad_data", "epoch=\"-1\""},
           {kOne + "/history?step=x", 400, "bad_data", "step: \"x\""},
       }) {
    const net::HttpResponse response = Ask(table_, c.target);
    EXPECT_EQ(response.status, c.want_status) << c.target;
    EXPECT_EQ(response.content_type, "application/json");
    const json::value error = json::parse(response.body);
    EXPECT_EQ(Keys(error), (std::vector<std::string>{"status", "errorType", "error"}));
    EXPECT_EQ(error.at("status"), "error");
    EXPECT_EQ(error.at("errorType"), c.want_type) << c.target;
    EXPECT_THAT(std::string(error.at("error").as_string()), HasSubstr(c.want_error));
  }
}

TEST_F(SloRoutesTest, StatusesOfQueriesBecomeHttp) {
  struct Case {
    absl::Status status;
    int want_status;
    const char* want_type;
  };
  for (const Case& c : std::vector<Case>{
           {base::InvalidArgument("write 10 or 20"), 400, "bad_data"},
           {base::NotFound("no group"), 404, "not_found"},
           {base::DataLoss("crc"), 500, "internal"},
           {base::Internal("bug"), 500, "internal"},
           {base::Unavailable("shutting down"), 503, "unavailable"},
       }) {
    queries_.counts = c.status;
    queries_.history = c.status;
    queries_.percentiles = c.status;
    for (const std::string_view leaf : {"/counts?start=0&end=10", "/history", "/percentiles"}) {
      const net::HttpResponse response = Ask(table_, kOne + std::string(leaf));
      EXPECT_EQ(response.status, c.want_status) << leaf;
      const json::value error = json::parse(response.body);
      EXPECT_EQ(error.at("errorType"), c.want_type);
      EXPECT_EQ(std::string_view(error.at("error").as_string()), base::Message(c.status));
    }
  }
}

TEST_F(SloRoutesTest, HostileTextIsValidJson) {
  queries_.reading = HostileReading();
  const json::value slo = AskJson(table_, kOne);
  const char* const clean = "<script>\"'&\\\n\xEF\xBF\xBD";
  EXPECT_EQ(slo.at("spec"), clean);
  EXPECT_EQ(slo.at("labels").at("team"), clean);
  EXPECT_EQ(slo.at("groups").at(1).at("labels").at("http.route<b>"), clean);
  EXPECT_EQ(slo.at("groups").at(0).at("alerts").at(0).at("severity"), clean);
}

}  // namespace
}  // namespace slowburn::serve::internal
