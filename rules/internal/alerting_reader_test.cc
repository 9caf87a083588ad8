// Goal: every key of `alerting` has its effect, and every mistake is told at its line with what to
// write. Method: an SLO whose alerting is the row's text; tiers and alerts as one line each.
#include "rules/internal/alerting_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/duration_text.h"
#include "rules/spec_file.h"

namespace slowburn::rules {
namespace {

using base::FormatDuration;
using testing::ElementsAre;
using testing::ElementsAreArray;
using testing::IsEmpty;
using testing::StartsWith;

// `alerting` stands on line 12; its text goes on there.
SpecFileResult Read(std::string_view alerting, std::string_view objective = "99.9%",
                    std::string_view window = "30d") {
  return ReadSpecText(fmt::format(R"(apiVersion: slowburn/v1
kind: SLO
metadata: {{name: availability}}
spec:
  service: checkout
  sli:
    spans:
      match: resource.attributes["service.name"] == "checkout"
      bad: span.status.code == STATUS_CODE_ERROR
  objective: {}
  window: {}
  alerting: {}
)",
                                  objective, window, alerting),
                      "a.yaml");
}

// Of those that wake nobody from below, beginning with 1; of others from above, beginning with 0.
int Place(int rank) { return rank > slo::kPagingRank / 2 ? slo::kPagingRank - rank : rank; }

std::string Extras(bool disabled, std::chrono::seconds hold, std::chrono::seconds keep_firing_for,
                   const model::LabelSet& labels, const model::LabelSet& annotations) {
  std::string text;
  if (hold.count() > 0) text += " for " + FormatDuration(hold);
  if (keep_firing_for.count() > 0) text += " keep " + FormatDuration(keep_firing_for);
  if (disabled) text += " disabled";
  if (!labels.empty()) text += " labels " + labels.Text();
  if (!annotations.empty()) text += " annotations " + annotations.Text();
  return text;
}

std::vector<std::string> Tiers(const SpecFileResult& result) {
  std::vector<std::string> lines;
  if (result.slos.size() != 1) return result.errors;
  for (const slo::AlertTier& tier : result.slos[0].policy.tiers) {
    lines.push_back(fmt::format(
        "{}={} {} {}/{} min {},{}{}", tier.severity, Place(tier.rank), tier.name,
        tier.factor.numerator, tier.factor.denominator, tier.min_total, tier.min_bad,
        Extras(tier.disabled, tier.hold, tier.keep_firing_for, tier.labels, tier.annotations)));
  }
  return lines;
}

std::vector<std::string> StateAlerts(const SpecFileResult& result) {
  std::vector<std::string> lines;
  if (result.slos.size() != 1) return result.errors;
  for (const slo::StateAlert& alert : result.slos[0].alerting.state_alerts) {
    lines.push_back(fmt::format("{}={} {} {} {}/{} {}{}", alert.severity, Place(alert.rank),
                                slo::AlertNameOf(alert.kind), alert.name,
                                alert.spent_share.numerator, alert.spent_share.denominator,
                                FormatDuration(alert.span),
                                Extras(alert.disabled, alert.hold, alert.keep_firing_for,
                                       alert.labels, alert.annotations)));
  }
  return lines;
}

// --- what is read

struct TiersCase {
  std::string name;
  std::string alerting;
  std::vector<std::string> want;
};
void PrintTo(const TiersCase& row, std::ostream* out) { *out << row.name; }
class TiersTest : public testing::TestWithParam<TiersCase> {};

TEST_P(TiersTest, AreRead) {
  const SpecFileResult result = Read(GetParam().alerting);
  EXPECT_THAT(result.errors, IsEmpty());
  EXPECT_THAT(result.warnings, IsEmpty());
  EXPECT_THAT(Tiers(result), ElementsAreArray(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, TiersTest,
    testing::ValuesIn<TiersCase>({
        {"Nothing",
         "",
         {"page=0 1h/5m 72/5 min 1,2", "page=0 6h/30m 6/1 min 1,2", "ticket=1 1d/2h 3/1 min 1,1",
          "ticket=1 3d/6h 1/1 min 1,1"}},
        {"Pyrra",
         "{policy: pyrra}",
         {"critical=0 1h4m/5m 14/1 min 1,2 for 2m", "critical=0 6h26m/32m 7/1 min 1,2 for 16m",
          "warning=1 1d1h43m/2h9m 2/1 min 1,1 for 1h4m",
          "warning=1 4d6h51m/6h26m 1/1 min 1,1 for 3h13m"}},
        {"DefaultsOfASeverity",
         "{page: {for: 2m, keep_firing_for: 5m, min_total: 10, min_bad: 3, labels: {severity: "
         "critical, channel: ops}, annotations: {dashboard: d}}, ticket: {disable: true}}",
         {"critical=0 1h/5m 72/5 min 10,3 for 2m keep 5m labels {channel=\"ops\"} annotations "
          "{dashboard=\"d\"}",
          "critical=0 6h/30m 6/1 min 10,3 for 2m keep 5m labels {channel=\"ops\"} annotations "
          "{dashboard=\"d\"}",
          "ticket=1 1d/2h 3/1 min 1,1 disabled", "ticket=1 3d/6h 1/1 min 1,1 disabled"}},
        {"SeveritiesByName",
         "{policy: pyrra, severities: {critical: {for: 1m}, warning: {labels: {severity: low}}}}",
         {"critical=0 1h4m/5m 14/1 min 1,2 for 1m", "critical=0 6h26m/32m 7/1 min 1,2 for 1m",
          "low=1 1d1h43m/2h9m 2/1 min 1,1 for 1h4m", "low=1 4d6h51m/6h26m 1/1 min 1,1 for 3h13m"}},
        {"ChangesOfATier",
         "{policy: slowburn, page: {for: 2m, min_bad: 5, labels: {channel: ops, tone: loud}},\n"
         "    tiers: {1m/10s: {disable: true}, 1h/5m: {for: 0s, labels: {tone: soft}},\n"
         "            3d/6h: {severity: info, keep_firing_for: 1h}}}",
         {"page=0 1m/10s 144/1 min 1,5 for 2m keep 5m disabled labels {channel=\"ops\", "
          "tone=\"loud\"}",
          "page=0 1h/5m 72/5 min 1,5 labels {channel=\"ops\", tone=\"soft\"}",
          "page=0 6h/30m 6/1 min 1,5 for 2m labels {channel=\"ops\", tone=\"loud\"}",
          "ticket=2 1d/2h 3/1 min 1,1", "info=1 3d/6h 1/1 min 1,1 keep 1h"}},
        {"AListOfTiers",
         "{policy: [{severity: page, long: 1h, short: 5m, burn_rate: 14.4, for: 2m,\n"
         "      keep_firing_for: 5m, min_total: 10, min_bad: 3, labels: {a: b},\n"
         "      annotations: {c: d}, disable: false, name: fast},\n"
         "    {severity: ticket, long: 3d, short: 6h, budget: 10%}]}",
         {"page=0 fast 72/5 min 10,3 for 2m keep 5m labels {a=\"b\"} annotations {c=\"d\"}",
          "ticket=1 3d/6h 1/1 min 1,1"}},
        {"AListAboveItsSeverities",
         "{policy: [{severity: page, long: 1h, short: 5m, burn_rate: 2, min_bad: 0},\n"
         "    {severity: page, long: 2h, short: 5m, burn_rate: 2}], page: {min_bad: 9, for: 1m}}",
         {"page=0 1h/5m 2/1 min 1,0 for 1m", "page=0 2h/5m 2/1 min 1,9 for 1m"}},
        {"BurnRatesAreExact",
         "{policy: [{severity: a, long: 1h, short: 5m, burn_rate: 1.000001},\n"
         "    {severity: b, long: 2h, short: 5m, burn_rate: \"999.123456\"},\n"
         "    {severity: c, long: 1h, short: 10m, budget: 0.1234%}]}",
         {"a=3 1h/5m 1000001/1000000 min 1,1", "b=2 2h/5m 15611304/15625 min 1,1",
          "c=1 1h/10m 1/1 min 1,1"}},
        {"SharesAreScaled",
         "{policy: [{severity: page, long: 1h, short: 5m, budget: 2%},\n"
         "    {severity: page, long: 6h, short: 30m, budget: 0.05},\n"
         "    {severity: ticket, long: 7d, short: 1d, budget: 1%}]}",
         {"page=0 1h/5m 72/5 min 1,2", "page=0 6h/30m 6/1 min 1,2", "ticket=1 1w/1d 1/1 min 1,1"}},
        {"PagesOutrankTicketsWhateverTheOrder",
         "{policy: [{severity: ticket, long: 1d, short: 2h, burn_rate: 3},\n"
         "    {severity: page, long: 1h, short: 5m, burn_rate: 14.4}]}",
         {"ticket=1 1d/2h 3/1 min 1,1", "page=0 1h/5m 72/5 min 1,2"}},
    }),
    [](const auto& info) { return info.param.name; });

class StateAlertsTest : public testing::TestWithParam<TiersCase> {};

TEST_P(StateAlertsTest, AreRead) {
  const SpecFileResult result = Read(GetParam().alerting);
  EXPECT_THAT(result.errors, IsEmpty());
  EXPECT_THAT(result.warnings, IsEmpty());
  EXPECT_THAT(StateAlerts(result), ElementsAreArray(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, StateAlertsTest,
    testing::ValuesIn<TiersCase>({
        {"Nothing", "{}", {}},
        {"AllOfThem",
         "{budget: [{remaining: 25%, severity: ticket}, {remaining: 0, severity: page}],\n"
         "    exhaustion: {within: 3d, severity: ticket, for: 15m},\n"
         "    no_data: {for: 30m, severity: ticket}, violated: {severity: ticket}}",
         {"ticket=1 SLOBudgetLow remaining 25% 3/4 0s", "page=0 SLOBudgetLow remaining 0% 1/1 0s",
          "ticket=1 SLOExhaustion within 3d 1/1 3d for 15m",
          "ticket=1 SLONoData silent 30m 1/1 30m", "ticket=1 SLOViolated violated 1/1 0s"}},
        {"TicketsByDefault",
         "{budget: [{remaining: 12.5%}], no_data: {for: 10s}, violated: {}}",
         {"ticket=1 SLOBudgetLow remaining 12.5% 7/8 0s", "ticket=1 SLONoData silent 10s 1/1 10s",
          "ticket=1 SLOViolated violated 1/1 0s"}},
        {"KeysOfTheirOwn",
         "{violated: {severity: info, for: 1h, keep_firing_for: 2h, disable: true,\n"
         "    labels: {a: b}, annotations: {c: d}}}",
         {"info=1 SLOViolated violated 1/1 0s for 1h keep 2h disabled labels {a=\"b\"} "
          "annotations {c=\"d\"}"}},
        {"TheirSeveritysLabelsButNotItsTimes",
         "{ticket: {for: 5m, keep_firing_for: 5m, labels: {severity: low, a: x, b: y}}, "
         "violated: {labels: {a: z}}}",
         {"low=1 SLOViolated violated 1/1 0s labels {a=\"z\", b=\"y\"}"}},
        {"TheirSeverityIsOff",
         "{ticket: {disable: true}, violated: {}}",
         {"ticket=1 SLOViolated violated 1/1 0s disabled"}},
    }),
    [](const auto& info) { return info.param.name; });

// --- what is refused

struct ErrorCase {
  std::string name;
  std::string alerting;
  std::vector<std::string> want;  // how each error begins, after "a.yaml:"
};
void PrintTo(const ErrorCase& row, std::ostream* out) { *out << row.name; }
class AlertingErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(AlertingErrorTest, IsToldAtItsLine) {
  const SpecFileResult result = Read(GetParam().alerting);
  const std::string all = fmt::format("{}", fmt::join(result.errors, "\n"));
  ASSERT_EQ(result.errors.size(), GetParam().want.size()) << all;
  for (size_t i = 0; i < result.errors.size(); ++i)
    EXPECT_THAT(result.errors[i], StartsWith("a.yaml:" + GetParam().want[i]));
  EXPECT_THAT(result.slos, IsEmpty());
}

// A list whose second tier, on line 14, is this.
std::string Second(std::string_view tier) {
  return fmt::format(
      "{{policy: [\n    {{severity: page, long: 1h, short: 5m, burn_rate: 14.4}},\n    {}]}}",
      tier);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, AlertingErrorTest,
    testing::ValuesIn<ErrorCase>({
        {"PolicyIsAMap", "{policy: {long: 1h}}", {"12: spec.alerting.policy is a map; write the"}},
        {"EmptyList", "{policy: []}", {"12: spec.alerting.policy has 0 tiers; write 1 to 20"}},
        {"TierIsAScalar", Second("fast"), {"14: spec.alerting.policy[1] is \"fast\"; write a map"}},
        {"NothingInATier",
         Second("{}"),
         {"14: spec.alerting.policy[1].severity is missing",
          "14: spec.alerting.policy[1].long is missing",
          "14: spec.alerting.policy[1].short is missing",
          "14: spec.alerting.policy[1] does not say when it fires; write burn_rate: 14.4"}},
        {"UnknownKeyOfATier",
         Second("{severity: page, long: 2h, short: 5m, burnrate: 2}"),
         {"14: unknown key \"burnrate\"; did you mean \"burn_rate\"?",
          "14: spec.alerting.policy[1] does not say when it fires"}},
        {"EmptySeverity",
         Second("{severity: \"\", long: 2h, short: 5m, burn_rate: 2}"),
         {"14: spec.alerting.policy[1].severity is \"\"; write page, ticket or another word"}},
        {"ShortIsNotShorter",
         Second("{severity: page, long: 2h, short: 2h, burn_rate: 2}"),
         {"14: spec.alerting.policy[1]: the short window of 2h is not shorter than the long one"}},
        {"ShortIsLonger",
         Second("{severity: page, long: 5m, short: 1h, burn_rate: 2}"),
         {"14: spec.alerting.policy[1]: the short window of 1h is not shorter than the long one"}},
        {"ShortUnderASlice",
         Second("{severity: page, long: 2h, short: 5s, burn_rate: 2}"),
         {"14: spec.alerting.policy[1]: a window of 5s is shorter than a slice of 10 s; write "
          "10s"}},
        {"ShortNoWholeSlices",
         Second("{severity: page, long: 2h, short: 15s, burn_rate: 2}"),
         {"14: spec.alerting.policy[1]: a window of 15s is no whole number of slices"}},
        {"LongNoWholeSlices",
         Second("{severity: page, long: 3601s, short: 10s, burn_rate: 2}"),
         {"14: spec.alerting.policy[1]: a window of 1h1s is no whole number of slices"}},
        {"LongIsNoDuration",
         Second("{severity: page, long: soon, short: 10s, burn_rate: 2}"),
         {"14: spec.alerting.policy[1].long: \"soon\" is not a duration"}},
        {"BothThresholds",
         Second("{severity: page, long: 2h, short: 5m, burn_rate: 2, budget: 2%}"),
         {"14: spec.alerting.policy[1] has both burn_rate and budget; keep one"}},
        {"BurnRateOfNothing",
         Second("{severity: page, long: 2h, short: 5m, burn_rate: 0}"),
         {"14: spec.alerting.policy[1].burn_rate is 0, which every failure exceeds"}},
        {"BurnRateTooFine",
         Second("{severity: page, long: 2h, short: 5m, burn_rate: 1.0000001}"),
         {"14: spec.alerting.policy[1].burn_rate is \"1.0000001\"; write a number of at most six"}},
        {"NegativeBurnRate",
         Second("{severity: page, long: 2h, short: 5m, burn_rate: -1}"),
         {"14: spec.alerting.policy[1].burn_rate is \"-1\"; write a number"}},
        {"BudgetAboveAll",
         Second("{severity: page, long: 2h, short: 5m, budget: 101%}"),
         {"14: spec.alerting.policy[1].budget is \"101%\"; write a share"}},
        {"BudgetWithoutPercent",
         Second("{severity: page, long: 2h, short: 5m, budget: 2}"),
         {"14: spec.alerting.policy[1].budget is \"2\"; write a share"}},
        {"BudgetOfNothing",
         Second("{severity: page, long: 2h, short: 5m, budget: 0%}"),
         {"14: spec.alerting.policy[1].budget is 0, which every failure exceeds"}},
        {"SameWindowsTwice",
         Second("{severity: ticket, long: 1h, short: 5m, burn_rate: 3}"),
         {"14: tier \"1h/5m\" is already written on line 13; give one of them a name"}},
        {"BadTierName",
         Second("{severity: page, long: 2h, short: 5m, burn_rate: 2, name: \"a b\"}"),
         {"14: spec.alerting.policy[1].name is \"a b\"; write at most 64 letters"}},
        {"ForOfPartsOfASecond",
         Second("{severity: page, long: 2h, short: 5m, burn_rate: 2, for: 1500ms}"),
         {"14: spec.alerting.policy[1].for is 1500ms; write whole seconds up to 400d"}},
        {"NegativeGuard",
         Second("{severity: page, long: 2h, short: 5m, burn_rate: 2, min_bad: -1}"),
         {"14: spec.alerting.policy[1].min_bad is \"-1\"; write a whole number from 0"}},
        {"SeverityAsALabelOfATier",
         Second("{severity: page, long: 2h, short: 5m, burn_rate: 2, labels: {severity: x}}"),
         {"14: label \"severity\" has a key of its own; write severity: beside labels:"}},
        {"ReservedLabelOfATier",
         Second("{severity: page, long: 2h, short: 5m, burn_rate: 2, labels: {slo: x}}"),
         {"14: label \"slo\" is set by slowburn itself"}},
        {"TiersOfAList",
         "{policy: [{severity: page, long: 1h, short: 5m, burn_rate: 14.4}],\n    tiers: {1h/5m: "
         "{disable: true}}}",
         {"13: spec.alerting.tiers changes a named policy, and this one is a list"}},
        {"UnknownTier",
         "{tiers: {2h/5m: {disable: true}}}",
         {"12: the policy sre-workbook has no tier \"2h/5m\"; write one of: 1h/5m, 6h/30m, 1d/2h, "
          "3d/6h"}},
        {"UnknownKeyOfAChange",
         "{tiers: {1h/5m: {burn_rate: 3}}}",
         {"12: unknown key \"burn_rate\"; write one of severity, disable, for"}},
        {"SeverityTwice",
         "{page: {for: 1m},\n    severities: {page: {for: 2m}}}",
         {"13: page is written twice, here and under alerting; keep one"}},
        {"TwoSeveritiesBecomeOne",
         "{policy: pyrra,\n    severities: {warning: {labels: {severity: critical}}}}",
         {"13: critical and warning both have the severity \"critical\"; give them different"}},
        {"StateAlertTakesAnothersSeverity",
         "{page: {labels: {severity: info}},\n    violated: {severity: info}}",
         {"12: page and info both have the severity \"info\""}},
        {"BudgetIsAMap",
         "{budget: {remaining: 25%}}",
         {"12: spec.alerting.budget is a map; write"}},
        {"NoRemaining",
         "{budget: [{severity: page}]}",
         {"12: spec.alerting.budget[0].remaining is missing"}},
        {"RemainingAll",
         "{budget: [{remaining: 100%}]}",
         {"12: spec.alerting.budget[0].remaining is all of the budget"}},
        {"RemainingWithoutPercent",
         "{budget: [{remaining: 25}]}",
         {"12: spec.alerting.budget[0].remaining is \"25\"; write a share"}},
        {"SameThresholdTwice",
         "{budget: [{remaining: 25%},\n    {remaining: 0.25}]}",
         {"13: \"remaining 25%\" with the severity ticket is written twice"}},
        {"NoWithin",
         "{exhaustion: {for: 15m}}",
         {"12: spec.alerting.exhaustion.within is missing"}},
        {"WithinNothing",
         "{exhaustion: {within: 0s}}",
         {"12: spec.alerting.exhaustion.within is 0"}},
        {"NoSilence", "{no_data: {}}", {"12: spec.alerting.no_data.for is missing"}},
        {"SilenceUnderASlice",
         "{no_data: {for: 9s}}",
         {"12: spec.alerting.no_data.for is 9s, less than a slice"}},
        {"ViolatedIsAScalar",
         "{violated: true}",
         {"12: spec.alerting.violated is \"true\"; write a map"}},
        {"UnknownKeyOfAStateAlert",
         "{violated: {within: 3d}}",
         {"12: unknown key \"within\"; write one of severity"}},
    }),
    [](const auto& info) { return info.param.name; });

TEST(AlertingErrorTest, AtMostTwentyTiers) {
  std::string list = "{policy: [";
  for (int i = 1; i <= 21; ++i)
    list += fmt::format("{{severity: page, long: {}h, short: 5m, burn_rate: 2}},", i);
  EXPECT_THAT(
      Read(list + "]}").errors,
      ElementsAre(StartsWith("a.yaml:12: spec.alerting.policy has 21 tiers; write 1 to 20")));
}

// --- what is odd

struct WarningCase {
  std::string name;
  std::string alerting;
  std::string objective;
  std::string window;
  std::vector<std::string> want;
};
void PrintTo(const WarningCase& row, std::ostream* out) { *out << row.name; }
class AlertingWarningTest : public testing::TestWithParam<WarningCase> {};

TEST_P(AlertingWarningTest, IsToldAtItsLine) {
  const WarningCase& c = GetParam();
  const SpecFileResult result = Read(c.alerting, c.objective, c.window);
  EXPECT_THAT(result.errors, IsEmpty());
  const std::string all = fmt::format("{}", fmt::join(result.warnings, "\n"));
  ASSERT_EQ(result.warnings.size(), c.want.size()) << all;
  for (size_t i = 0; i < c.want.size(); ++i)
    EXPECT_THAT(result.warnings[i], StartsWith("a.yaml:" + c.want[i]));
  EXPECT_EQ(result.slos.size(), 1u);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, AlertingWarningTest,
    testing::ValuesIn<WarningCase>({
        {"FineAtThisObjective",
         Second("{severity: page, long: 2h, short: 5m, burn_rate: 9.9}"),
         "90%",
         "30d",
         {"13: tier 1h/5m can never fire: burn rate 14.4 at 90% would need an error ratio above 1; "
          "change it"}},
        {"ExactlyOne",
         Second("{severity: page, long: 2h, short: 5m, burn_rate: 1000}"),
         "99.9%",
         "30d",
         {"14: tier 2h/5m can never fire: burn rate 1000 at 99.9% would need an error ratio above "
          "1"}},
        {"LongerThanTheSlo",
         Second("{severity: page, long: 8d, short: 5m, burn_rate: 2}"),
         "99.9%",
         "7d",
         {"14: tier 8d/5m can never fire: its window of 8d is longer than the SLO's 1w"}},
        {"AsLongAsTheSlo",
         Second("{severity: page, long: 7d, short: 5m, burn_rate: 2}"),
         "99.9%",
         "7d",
         {}},
        {"BelowOne",
         Second("{severity: page, long: 2h, short: 5m, burn_rate: 0.999999}"),
         "99.9%",
         "30d",
         {"14: spec.alerting.policy[1].burn_rate is below 1, so it fires although the budget "
          "lasts"}},
        {"ScaledBelowOneIsRaised",
         Second("{severity: page, long: 7d, short: 5m, budget: 1%}"),
         "99.9%",
         "30d",
         {}},
        {"SeverityThatNobodyHas",
         "{policy: pyrra, page: {for: 1m}}",
         "99.9%",
         "30d",
         {"12: no alert of this SLO has the severity page; write one of: critical, warning"}},
        {"SeverityOfAnUnreachableTierOnly", "{ticket: {for: 1m}}", "99.9%", "12h", {}},
        {"NoTierAtAll",
         "{policy: pyrra}",
         "99.9%",
         "1m",
         {"12: no tier of the policy pyrra can ever fire at 99.9% over 1m: its windows are no "
          "longer than a slice"}},
    }),
    [](const auto& info) { return info.param.name; });

TEST(AlertingReaderTest, WithoutAWindowTheRestIsCheckedAllTheSame) {
  const SpecFileResult result =
      Read("{tiers: {5h/1h: {disable: true}}, violated: {severity: \"\"}}", "99.9%", "never");
  EXPECT_THAT(result.errors, ElementsAre(StartsWith("a.yaml:11: spec.window: \"never\""),
                                         StartsWith("a.yaml:12: spec.alerting.violated.severity")));
}

}  // namespace
}  // namespace slowburn::rules
