// Goal: SLO alerts show up as rules that Prometheus' clients can read, and whose queries are
// PromQL. Method: the sample SLOs, and a parser.
#include "serve/slo_alert_rules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "promql/parser.h"
#include "serve/testing/sample_slos.h"

namespace slowburn::serve {
namespace {

TEST(SloAlertRulesTest, HasAGroupForEachSloAndItsAlerts) {
  FakeQueries queries;
  const std::vector<RuleGroupReading> groups = SloAlertRules(queries).RuleGroups();
  ASSERT_EQ(groups.size(), queries.reading.slos->size());
  size_t alerts = 0;
  for (const RuleGroupReading& group : groups) {
    EXPECT_FALSE(group.rules.empty()) << group.name;
    for (const RuleReading& rule : group.rules) {
      EXPECT_TRUE(rule.is_alerting);
      EXPECT_TRUE(promql::Parse(rule.query).ok()) << rule.query;
      EXPECT_NE(rule.labels.Get("severity"), "");
      for (const RuleAlert& alert : rule.alerts)
        EXPECT_NE(alert.state, model::AlertState::kInactive);
      alerts += rule.alerts.size();
    }
  }
  const auto active = std::ranges::count_if(queries.reading.alerts, [](const model::Alert& alert) {
    return alert.state != model::AlertState::kInactive &&
           alert.labels.Get("alertname") == "SLOBurnRate";
  });
  EXPECT_EQ(alerts, static_cast<size_t>(active));
}

TEST(SloAlertRulesTest, JoinsTheTiersOfASeverity) {
  FakeQueries queries;
  SloReading reading;
  const slo::SloSpec spec = SampleSpec("checkout", "availability");
  AddSlo(reading, spec, {SampleGroup(spec, {}, {.good = 1})});
  queries.reading = reading;
  const std::vector<RuleGroupReading> groups = SloAlertRules(queries).RuleGroups();
  ASSERT_EQ(groups.size(), 1);
  EXPECT_EQ(groups[0].name, "checkout/availability");
  ASSERT_FALSE(groups[0].rules.empty());
  EXPECT_THAT(
      groups[0].rules[0].query,
      testing::StartsWith(
          "slowburn_slo_burn_rate{service=\"checkout\",slo=\"availability\",window=\"1h\"} > 14.4 "
          "and ignoring (window) "
          "slowburn_slo_burn_rate{service=\"checkout\",slo=\"availability\",window=\"5m\"} > 14.4 "
          "or "));
}

}  // namespace
}  // namespace slowburn::serve
