// Goal: each alert is about whom it should be and says what a person needs. Method: conditions made
// of a status written by hand.
#include "slo/alert_conditions.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slo/testing/build_slo.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using namespace std::chrono_literals;

constexpr std::string_view kUrl = "http://127.0.0.1:7560";

StateAlert Alert(StateAlert::Kind kind, std::string name, std::string severity, int rank) {
  StateAlert alert;
  alert.kind = kind;
  alert.name = std::move(name);
  alert.severity = std::move(severity);
  alert.rank = rank;
  return alert;
}

SloSpec GroupedSlo() {
  SloSpec slo = BuildSlo({.sli = {.bad = "false", .group_by = {"http.route"}}});
  slo.labels = {{"team", "payments"}};
  slo.runbook_url = "https://example.org/runbooks/checkout";
  slo.description = "Checkout answers without error";
  return slo;
}

// 80 of 100,000 bad: 20 % of the budget left, gone in two days.
GroupStatus Status() {
  GroupStatus status;
  status.values = {"/pay"};
  status.budget = {.good = 99'920, .bad = 80};
  status.budget_remaining_ratio = 0.2;
  status.exhaustion_seconds = 2 * 86'400.0;
  status.last_event = std::chrono::sys_seconds(1'702'080'000s);
  status.burn_rates = {{1h, {.good = 97, .bad = 3}, {.good = 97, .bad = 3}, 30.0}};
  return status;
}

TEST(AlertConditionsTest, AStateAlertHasTheLabelsOfItsBudget) {
  StateAlert alert = Alert(StateAlert::Kind::kBudgetLow, "remaining 25%", "ticket", 1);
  alert.labels = {{"queue", "q1"}};
  alert.annotations = {{"dashboard", "d1"}};
  alert.hold = 5min;
  alert.keep_firing_for = 10min;
  alert.spent_share = {3, 4};
  const model::AlertCondition condition = StateCondition(GroupedSlo(), Status(), alert, kUrl);
  EXPECT_EQ(condition.labels, (model::LabelSet{{"alertname", "SLOBudgetLow"},
                                               {"service", "checkout"},
                                               {"slo", "availability"},
                                               {"severity", "ticket"},
                                               {"http_route", "/pay"},
                                               {"team", "payments"},
                                               {"queue", "q1"}}));
  EXPECT_EQ(condition.labels, AlertIdentity(GroupedSlo(), {"/pay"}, alert).labels);
  EXPECT_EQ(condition.tier, "remaining 25%");
  EXPECT_EQ(condition.hold, 300s);
  EXPECT_EQ(condition.keep_firing_for, 600s);
  EXPECT_FALSE(condition.is_silence);
  std::vector<std::string> names;
  for (const model::Label& annotation : condition.annotations) names.push_back(annotation.name);
  EXPECT_THAT(names,
              testing::ElementsAre("budget_remaining", "burn_rate_1h", "dashboard", "description",
                                   "exhaustion", "link", "runbook_url", "summary", "tier"));
  EXPECT_EQ(condition.annotations.Get("budget_remaining"), "20%");
  EXPECT_EQ(condition.annotations.Get("exhaustion"), "2d");
  EXPECT_EQ(condition.annotations.Get("burn_rate_1h"), "30");
  EXPECT_EQ(condition.annotations.Get("dashboard"), "d1");
  EXPECT_EQ(condition.annotations.Get("link"), "http://127.0.0.1:7560/#checkout/availability");
}

struct WordsCase {
  std::string name;
  StateAlert alert;
  std::string summary;
  std::string description;
};
void PrintTo(const WordsCase& row, std::ostream* out) { *out << row.name; }
class AlertWordsTest : public testing::TestWithParam<WordsCase> {};

TEST_P(AlertWordsTest, SaysWhatIsTheMatter) {
  const SloSpec slo = GroupedSlo();
  const model::AlertCondition condition = StateCondition(slo, Status(), GetParam().alert, kUrl);
  EXPECT_EQ(condition.labels.Get("alertname"), AlertNameOf(GetParam().alert.kind));
  EXPECT_THAT(std::string(condition.annotations.Get("summary")),
              AllOf(testing::StartsWith("checkout/availability {http_route=\"/pay\"} "),
                    HasSubstr(GetParam().summary)));
  EXPECT_THAT(std::string(condition.annotations.Get("description")),
              AllOf(HasSubstr(GetParam().description),
                    testing::EndsWith(" Checkout answers without error")));
}

StateAlert WithSpan(StateAlert alert, seconds span) {
  alert.span = span;
  return alert;
}
StateAlert WithShare(StateAlert alert, Rational share) {
  alert.spent_share = share;
  return alert;
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, AlertWordsTest,
    testing::ValuesIn<WordsCase>({
        {"BudgetLow",
         WithShare(Alert(StateAlert::Kind::kBudgetLow, "remaining 25%", "ticket", 1), {3, 4}),
         "has 20% of its error budget left, less than 25%",
         "80 of 100000 were bad in 30d, the objective is 99.9%. Spent in: 2d."},
        {"Exhaustion",
         WithSpan(Alert(StateAlert::Kind::kExhaustion, "within 3d", "ticket", 1), 72h),
         "spends its error budget within 3d", "the 20% that are left last for 2d, less than 3d."},
        {"NoData", WithSpan(Alert(StateAlert::Kind::kNoData, "silent 30m", "ticket", 1), 30min),
         "has no events since 2023-12-09T00:00:00.000Z", "Nothing was counted for 30m or more"},
        {"Violated", Alert(StateAlert::Kind::kViolated, "violated", "ticket", 1),
         "misses its objective: 99.92% of 99.9% over", "20% of the budget is left."},
    }),
    [](const auto& info) { return info.param.name; });

TEST(AlertConditionsTest, ASpentBudgetIsCalledSpent) {
  GroupStatus status = Status();
  status.exhaustion_seconds = 0;
  const model::AlertCondition condition = StateCondition(
      GroupedSlo(), status,
      WithSpan(Alert(StateAlert::Kind::kExhaustion, "within 3d", "ticket", 1), 72h), kUrl);
  EXPECT_THAT(std::string(condition.annotations.Get("summary")),
              AllOf(HasSubstr("has spent its error budget"), Not(HasSubstr("within"))));
}

TEST(AlertConditionsTest, SilenceHasToBeWatched) {
  const model::AlertCondition condition = StateCondition(
      GroupedSlo(), Status(),
      WithSpan(Alert(StateAlert::Kind::kNoData, "silent 30m", "ticket", 1), 30min), kUrl);
  EXPECT_TRUE(condition.is_silence);
  EXPECT_EQ(condition.settle, 1800s);
  EXPECT_EQ(condition.hold, 0s);
}

// Who may silence whom: burn rates among themselves, shares of the budget among themselves, the
// rest nobody.
TEST(AlertConditionsTest, IncidentsKeepKindsAndBudgetsApart) {
  const SloSpec slo = GroupedSlo();
  const auto tier = [&](size_t at) { return AlertIdentity(slo, {"/pay"}, slo.policy.tiers[at]); };
  EXPECT_EQ(tier(0).incident, tier(2).incident);
  EXPECT_GT(tier(0).rank, tier(2).rank);
  EXPECT_NE(tier(0).incident, AlertIdentity(slo, {"/cart"}, slo.policy.tiers[0]).incident);
  EXPECT_NE(tier(0).incident, AlertIdentity(slo, {}, slo.policy.tiers[0]).incident);
  const auto low = AlertIdentity(slo, {"/pay"},
                                 Alert(StateAlert::Kind::kBudgetLow, "remaining 25%", "ticket", 1));
  const auto spent =
      AlertIdentity(slo, {"/pay"}, Alert(StateAlert::Kind::kBudgetLow, "remaining 0%", "page", 2));
  EXPECT_EQ(low.incident, spent.incident);
  EXPECT_GT(spent.rank, low.rank);
  EXPECT_NE(spent.incident, tier(0).incident);
  for (const StateAlert::Kind kind :
       {StateAlert::Kind::kExhaustion, StateAlert::Kind::kNoData, StateAlert::Kind::kViolated}) {
    EXPECT_EQ(AlertIdentity(slo, {"/pay"}, Alert(kind, "x", "page", 2)).incident, "");
  }
}

}  // namespace
}  // namespace slowburn::slo
