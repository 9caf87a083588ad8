// Goal: a good file gives exactly its SLO, and every mistake is told at its line with what to
// write. Method: one good file, and rows that each change a line of it.
#include "rules/spec_file.h"

#include <fstream>

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/testing/temp_dir.h"

namespace slowburn::rules {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr std::string_view kGood = R"(apiVersion: slowburn/v1
kind: SLO
metadata: {name: availability, labels: {team: payments}}
spec:
  service: checkout
  description: Checkout answers without error
  runbook_url: https://example.org/runbooks/checkout
  sli:
    spans:
      match: resource.attributes["service.name"] == "checkout" and span.kind == SPAN_KIND_SERVER
      bad: span.status.code == STATUS_CODE_ERROR
    group_by: [http.route]
  objective: 99.9%
  window: 30d
  alerting: {policy: sre-workbook, page: {labels: {severity: critical}}}
)";

// kGood with `from` replaced; "" appends.
std::string Changed(std::string_view from, std::string_view to) {
  std::string text(kGood);
  const size_t at = from.empty() ? text.size() : text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// kGood under another name, with a latency instead of `bad`.
std::string Named(std::string_view name) {
  std::string text = Changed("name: availability", fmt::format("name: {}", name));
  const std::string_view bad = "bad: span.status.code == STATUS_CODE_ERROR";
  return text.replace(text.find(bad), bad.size(), "latency: {max: 300ms}");
}

std::vector<std::string> Ids(const SpecFileResult& result) {
  std::vector<std::string> ids;
  for (const slo::SloSpec& slo : result.slos) ids.push_back(slo.id());
  return ids;
}

TEST(SpecFileTest, GoodFileFieldByField) {
  const SpecFileResult result = ReadSpecText(kGood, "slos/checkout.yaml");
  EXPECT_THAT(result.errors, IsEmpty());
  EXPECT_THAT(result.warnings, IsEmpty());
  ASSERT_EQ(result.slos.size(), 1u);
  const slo::SloSpec& slo = result.slos[0];
  EXPECT_EQ(slo.id(), "checkout/availability");
  EXPECT_EQ(slo.description, "Checkout answers without error");
  EXPECT_EQ(slo.runbook_url, "https://example.org/runbooks/checkout");
  EXPECT_EQ(slo.labels, (model::LabelSet{{"team", "payments"}}));
  EXPECT_EQ(
      slo.sli.events()->match.text(),
      "resource.attributes[\"service.name\"] == \"checkout\" and span.kind == SPAN_KIND_SERVER");
  ASSERT_TRUE(slo.sli.events()->bad.has_value());
  EXPECT_EQ(slo.sli.events()->bad->text(), "span.status.code == STATUS_CODE_ERROR");
  EXPECT_FALSE(slo.sli.events()->good.has_value());
  EXPECT_FALSE(slo.sli.events()->latency_max.has_value());
  EXPECT_THAT(slo.sli.group_by, ElementsAre("http.route"));
  EXPECT_EQ(slo.objective.Text(), "99.9%");
  EXPECT_EQ(slo.window.nominal(), 30 * 24h);
  EXPECT_EQ(slo.window_text, "30d");
  EXPECT_EQ(slo.alerting.scope, slo::AlertScope::kGroups);
  EXPECT_THAT(slo.alerting.state_alerts, IsEmpty());
  EXPECT_EQ(slo.policy.name, "sre-workbook");
  ASSERT_EQ(slo.policy.tiers.size(), 4u);
  EXPECT_EQ(slo.policy.tiers[0].severity, "critical");
  EXPECT_TRUE(slo.policy.tiers[0].labels.empty());
  EXPECT_EQ(slo.policy.tiers[3].severity, "ticket");
  EXPECT_EQ(slo.source, "slos/checkout.yaml:1");
  EXPECT_EQ(slo.text, kGood);
}

TEST(SpecFileTest, CompatSaysWhoseSeriesThereAre) {
  struct Row {
    std::string written;
    bool sloth, pyrra;
  };
  for (const Row& row :
       {Row{"", false, false}, Row{"  compat: [sloth]\n", true, false},
        Row{"  compat: [pyrra]\n", false, true}, Row{"  compat: [pyrra, sloth]\n", true, true}}) {
    const SpecFileResult result = ReadSpecText(Changed("", row.written), "a.yaml");
    EXPECT_THAT(result.errors, IsEmpty()) << row.written;
    ASSERT_EQ(result.slos.size(), 1u);
    EXPECT_EQ(result.slos[0].compat.sloth, row.sloth) << row.written;
    EXPECT_EQ(result.slos[0].compat.pyrra, row.pyrra) << row.written;
  }
}

TEST(SpecFileTest, LittleIsNeededTheRestHasDefaults) {
  const SpecFileResult result = ReadSpecText(R"(
apiVersion: slowburn/v1
kind: SLO
metadata: {name: latency}
spec:
  service: checkout
  sli:
    spans:
      match: resource.attributes["service.name"] == "cart"   # another name than the service's is fine
      bad: span.status.code == STATUS_CODE_ERROR
      latency: {max: 300ms}
  objective: 0.95
  window: 1w
)",
                                             "a.yaml");
  EXPECT_THAT(result.errors, IsEmpty());
  EXPECT_THAT(result.warnings, IsEmpty());
  ASSERT_EQ(result.slos.size(), 1u);
  const slo::SloSpec& slo = result.slos[0];
  EXPECT_EQ(slo.source, "a.yaml:2");
  EXPECT_EQ(slo.description, "");
  EXPECT_EQ(slo.runbook_url, "");
  EXPECT_EQ(slo.sli.events()->latency_max, std::chrono::nanoseconds(300ms));
  EXPECT_TRUE(slo.sli.events()->bad.has_value());
  EXPECT_THAT(slo.sli.group_by, IsEmpty());
  EXPECT_EQ(slo.window.nominal(), 7 * 24h);
  EXPECT_EQ(slo.window_text, "1w");
  EXPECT_EQ(slo.alerting.scope, slo::AlertScope::kTotal);
  EXPECT_EQ(slo.policy.name, "sre-workbook");
}

TEST(SpecFileTest, AnSliOfLogs) {
  const SpecFileResult result = ReadSpecText(R"(
apiVersion: slowburn/v1
kind: SLO
metadata: {name: mails}
spec:
  service: mailer
  sli:
    logs:
      match: resource.attributes["service.name"] == "mailer"
      good: log.event_name == "mail.sent"
      bad: log.severity_number >= SEVERITY_NUMBER_ERROR
    group_by: [provider]
  objective: 99%
  window: 7d
---
apiVersion: slowburn/v1
kind: SLO
metadata: {name: anybody}
spec:
  service: mailer
  sli: {logs: {match: log.event_name == "mail", bad: log.body != "ok"}}
  objective: 99%
  window: 7d
)",
                                             "a.yaml");
  EXPECT_THAT(result.errors, IsEmpty());
  EXPECT_THAT(result.warnings,
              ElementsAre(testing::HasSubstr(
                  "match does not pin service.name, so it takes log records of every service")));
  ASSERT_EQ(result.slos.size(), 2u);
  const slo::SliSpec& sli = result.slos[0].sli;
  EXPECT_EQ(sli.events()->signal, model::Signal::kLogs);
  EXPECT_EQ(sli.events()->match.context(), ottl::Context::kLog);
  EXPECT_EQ(sli.events()->good->text(), "log.event_name == \"mail.sent\"");
  EXPECT_EQ(sli.CanonicalText(),
            "logs match=resource.attributes[\"service.name\"] == \"mailer\""
            " bad=log.severity_number >= SEVERITY_NUMBER_ERROR"
            " good=log.event_name == \"mail.sent\" by=8:provider");
}

TEST(SpecFileTest, AlertingIsReadWhole) {
  const SpecFileResult result = ReadSpecText(
      Changed("alerting: {policy: sre-workbook, page: {labels: {severity: critical}}}", R"(alerting:
    policy: slowburn
    scope: both
    page: {labels: {severity: critical, channel: "#pay"}, annotations: {dashboard: https://example.org/d}}
    ticket: {disable: true, labels: {severity: critical}})"),
      "a.yaml");
  EXPECT_THAT(result.errors, IsEmpty());
  ASSERT_EQ(result.slos.size(), 1u);
  EXPECT_EQ(result.slos[0].policy.name, "slowburn");
  EXPECT_EQ(result.slos[0].alerting.scope, slo::AlertScope::kBoth);
  const std::vector<slo::AlertTier>& tiers = result.slos[0].policy.tiers;
  EXPECT_EQ(tiers.front().severity, "critical");
  EXPECT_EQ(tiers.front().labels, (model::LabelSet{{"channel", "#pay"}}));
  EXPECT_EQ(tiers.front().annotations, (model::LabelSet{{"dashboard", "https://example.org/d"}}));
  EXPECT_FALSE(tiers.front().disabled);
  EXPECT_EQ(tiers.back().severity, "critical");
  EXPECT_TRUE(tiers.back().disabled);
}

struct ErrorCase {
  std::string name;
  std::string from;  // in kGood
  std::string to;
  std::vector<std::string> want;  // how each error begins, after "a.yaml:"
};

void PrintTo(const ErrorCase& row, std::ostream* out) { *out << row.name; }

class SpecErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(SpecErrorTest, IsToldAtItsLine) {
  const SpecFileResult result = ReadSpecText(Changed(GetParam().from, GetParam().to), "a.yaml");
  const std::string all = fmt::format("{}", fmt::join(result.errors, "\n"));
  ASSERT_EQ(result.errors.size(), GetParam().want.size()) << all;
  for (size_t i = 0; i < result.errors.size(); ++i)
    EXPECT_THAT(result.errors[i], StartsWith("a.yaml:" + GetParam().want[i]));
  EXPECT_THAT(result.slos, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Rows, SpecErrorTest,
    testing::ValuesIn<ErrorCase>({
        {"NotYaml", "metadata: {", "metadata: {{", {"3: this is not YAML"}},
        {"NotAMap", kGood.data(), "hello", {"1: the document is \"hello\"; write a map"}},
        {"NoApiVersion", "apiVersion: slowburn/v1\n", "\n", {"2: apiVersion is missing"}},
        {"OtherVersion",
         "slowburn/v1",
         "slowburn/v9",
         {"1: apiVersion is \"slowburn/v9\"; write slowburn/v1"}},
        {"OtherKind", "kind: SLO", "kind: Slo", {"2: kind is \"Slo\"; write SLO"}},
        {"UnknownKey",
         "description:",
         "descripton:",
         {"6: unknown key \"descripton\"; did you mean \"description\"?"}},
        {"DuplicateKey",
         "  window: 30d",
         "  window: 30d\n  service: cart",
         {"15: key \"service\" is written twice, first on line 5; keep one"}},
        {"BadName",
         "name: availability",
         "name: a/b",
         {"3: metadata.name is \"a/b\"; write at most 128 letters"}},
        {"BadService",
         "service: checkout",
         "service: \"\"",
         {"5: spec.service is \"\"; write at most 128 letters"}},
        {"NoName", "name: availability, ", "", {"3: metadata.name is missing"}},
        {"NoService", "  service: checkout\n", "", {"4: spec.service is missing"}},
        {"RunbookScheme",
         "https://example.org",
         "ftp://example.org",
         {"7: spec.runbook_url is \"ftp://example.org/runbooks/checkout\"; write a link"}},
        {"RunbookWithoutHost",
         "https://example.org/runbooks/checkout",
         "http://",
         {"7: spec.runbook_url is \"http://\"; write a link"}},
        {"ObjectiveWithoutPercent",
         "99.9%",
         "99.9",
         {"13: objective is 99.9, a ratio must be between 0 and 1; write 0.999, or \"99.9%\""}},
        {"ObjectiveOfAll", "99.9%", "100%", {"13: objective is 100%, which leaves no budget"}},
        {"ObjectiveIsNoNumber", "99.9%", "high", {"13: objective is \"high\", not a number"}},
        {"ObjectiveIsAList", "99.9%", "[99.9%]", {"13: spec.objective is a list; write one value"}},
        {"WindowIsNoDuration", "30d", "month", {"14: spec.window: \"month\" is not a duration"}},
        {"WindowTooLong", "30d", "2y", {"14: spec.window is 2y: a window is at most 400d"}},
        {"WindowNotWholeSlices",
         "30d",
         "65s",
         {"14: spec.window is 65s: a window is counted in slices of 10 s"}},
        {"OtherSource",
         "    spans:",
         "    promql: x\n    other:",
         {"9: spec.sli.promql is no source that this build reads; write counter: with two",
          "10: unknown key \"other\""}},
        {"OtherSourceBesideSpans",
         "    group_by",
         "    promql: x\n    group_by",
         {"12: spec.sli.promql stands beside spans, and an SLI has one source"}},
        {"LogsWithConditionsOnSpans",
         "spans:",
         "logs:",
         {"10: match: column 55: span. is not at hand; a condition on logs reads log., resource. "
          "and scope.",
          "11: bad: column 1: span. is not at hand"}},
        {"LogsBesideSpans",
         "    group_by",
         "    logs: {match: 'true', bad: 'true'}\n    group_by",
         {"12: spec.sli.logs stands beside spans, and an SLI has one source"}},
        {"LogsWithLatency",
         "    spans:\n      match: resource.attributes[\"service.name\"] == \"checkout\" and "
         "span.kind == SPAN_KIND_SERVER\n      bad: span.status.code == STATUS_CODE_ERROR\n",
         "    logs:\n      match: resource.attributes[\"service.name\"] == \"checkout\"\n"
         "      latency: {max: 300ms}\n",
         {"11: spec.sli.logs.latency: a log record has no duration; write bad: or good:"}},
        {"LogsWithNothingBad",
         "    spans:\n      match: resource.attributes[\"service.name\"] == \"checkout\" and "
         "span.kind == SPAN_KIND_SERVER\n      bad: span.status.code == STATUS_CODE_ERROR\n",
         "    logs:\n      match: resource.attributes[\"service.name\"] == \"checkout\"\n",
         {"9: spec.sli.logs does not say which log records are bad; write bad: or good:"}},
        {"UnknownSource",
         "spans:",
         "span:",
         {"8: spec.sli.spans is missing", "9: unknown key \"span\"; did you mean \"spans\"?"}},
        {"BadMatch", "span.kind ==", "span.kind ===", {"10: match: column "}},
        {"BadBad",
         "span.status.code == STATUS_CODE_ERROR",
         "span.status.cod == STATUS_CODE_ERROR",
         {"11: bad: column 1: "}},
        {"NoMatch",
         "match: resource.attributes[\"service.name\"] == \"checkout\" and span.kind == "
         "SPAN_KIND_SERVER",
         "good: 'true'",
         {"9: spec.sli.spans.match is missing"}},
        {"NothingBad",
         "      bad: span.status.code == STATUS_CODE_ERROR\n",
         "",
         {"9: spec.sli.spans does not say which spans are bad; write bad:, good: or latency: {max: "
          "300ms}"}},
        {"LatencyBesideGood",
         "bad: span.status.code == STATUS_CODE_ERROR",
         "good: 'true'\n      latency: {max: 1s}",
         {"12: spec.sli.spans.latency cannot stand beside good"}},
        {"LatencyOfNothing",
         "bad: span.status.code == STATUS_CODE_ERROR",
         "latency: {max: 0s}",
         {"11: spec.sli.spans.latency.max is 0"}},
        {"LatencyWithoutMax",
         "bad: span.status.code == STATUS_CODE_ERROR",
         "latency: {min: 1s}",
         {"11: unknown key \"min\"; ", "11: spec.sli.spans.latency.max is missing"}},
        {"LatencyIsAScalar",
         "bad: span.status.code == STATUS_CODE_ERROR",
         "latency: 1s",
         {"11: spec.sli.spans.latency is \"1s\"; write a map"}},
        {"GroupByTaken",
         "[http.route]",
         "[service]",
         {"12: group_by \"service\" becomes the label \"service\""}},
        {"GroupByNoList",
         "[http.route]",
         "http.route",
         {"12: spec.sli.group_by is \"http.route\"; write a list"}},
        {"GroupByEmptyItem",
         "[http.route]",
         "[http.route, ~]",
         {"12: spec.sli.group_by[1] is empty"}},
        {"GroupByUnderSpans",
         "    group_by",
         "      group_by",
         {"12: group_by does not belong to spec.sli.spans; write it under sli, beside its "
          "source"}},
        {"GroupByUnderSpec",
         "    group_by",
         "  group_by",
         {"12: group_by does not belong to spec; write it under sli, beside its source"}},
        {"LabelName",
         "team:",
         "my-team:",
         {"3: \"my-team\" is no label name; write letters, digits and '_', the first no digit, "
          "like \"my_team\""}},
        {"LabelReserved",
         "team:",
         "service:",
         {"3: label \"service\" is set by slowburn itself; choose another name"}},
        {"LabelUnderscores", "team:", "__team:", {"3: label \"__team\" is reserved"}},
        {"LabelIsAList",
         "payments",
         "[a, b]",
         {"3: metadata.labels.team is a list; write one value"}},
        {"LabelOfGroupBy",
         "team:",
         "http_route:",
         {"3: label \"http_route\" is also made by group_by"}},
        {"SeverityOfTheSpec",
         "team:",
         "severity:",
         {"3: label \"severity\" is set by slowburn itself; choose another name, or set it under "
          "alerting.page.labels"}},
        {"AlertLabelReserved",
         "severity: critical",
         "alertname: x",
         {"15: label \"alertname\" is set by slowburn itself"}},
        {"AnnotationName",
         "labels: {severity: critical}",
         "annotations: {a b: x}",
         {"15: \"a b\" is no label name"}},
        {"SeveritiesEqual",
         "severity: critical",
         "severity: ticket",
         {"15: page and ticket both have the severity \"ticket\""}},
        {"UnknownCompat",
         "  alerting: {",
         "  compat: [sloth, datadog]\n  alerting: {",
         {"15: compat has \"datadog\", whose series are not known; write sloth or pyrra"}},
        {"CompatIsNoList", "  alerting: {", "  compat: sloth\n  alerting: {", {"15: spec.compat"}},
        {"UnknownPolicy",
         "policy: sre-workbook",
         "policy: sloth",
         {"15: unknown alert policy \"sloth\"; write sre-workbook, slowburn, pyrra or a list"}},
        {"UnknownScope",
         "policy: sre-workbook",
         "scope: group",
         {"15: spec.alerting.scope is \"group\"; write groups, total or both"}},
        {"DisableIsNoBool",
         "labels: {severity: critical}",
         "disable: no",
         {"15: spec.alerting.page.disable is \"no\"; write true or false"}},
        {"UnknownAlertingKey",
         "policy: sre-workbook",
         "polcy: x",
         {"15: unknown key \"polcy\"; did you mean \"policy\"?"}},
        {"SameIdTwice",
         "",
         fmt::format("---\n{}", kGood),
         {"17: SLO \"checkout/availability\" is already written at a.yaml:1; rename one of them"}},
    }),
    [](const auto& info) { return info.param.name; });

TEST(SpecFileTest, ScopeGroupsNeedsGroups) {
  std::string text = Changed("policy: sre-workbook", "scope: groups");
  const std::string_view group_by = "    group_by: [http.route]\n";
  text.erase(text.find(group_by), group_by.size());
  EXPECT_THAT(ReadSpecText(text, "a.yaml").errors,
              ElementsAre(StartsWith("a.yaml:14: spec.alerting.scope is groups, but")));
}

TEST(SpecFileTest, AllErrorsOfAFileAreToldAtOnce) {
  const SpecFileResult result = ReadSpecText(R"(apiVersion: slowburn/v1
kind: SLO
metadata: {name: -x}
spec:
  service: checkout
  sli:
    spans:
      match: >
        span.kind = 2
      good: "true"
      latency: {max: soon}
  objective: 99.9
  window: 5s
  alerting: {policy: none}
)",
                                             "slos/a.yaml");
  EXPECT_THAT(
      result.errors,
      ElementsAre(
          StartsWith("slos/a.yaml:3: metadata.name is \"-x\""),
          StartsWith("slos/a.yaml:8: match: column "),
          StartsWith("slos/a.yaml:11: spec.sli.spans.latency.max: \"soon\" is not a duration"),
          StartsWith("slos/a.yaml:11: spec.sli.spans.latency cannot stand beside good"),
          StartsWith("slos/a.yaml:12: objective is 99.9"),
          StartsWith("slos/a.yaml:13: spec.window is 5s: "),
          StartsWith("slos/a.yaml:14: unknown alert policy \"none\"")));
}

struct DialectCase {
  std::string name;
  std::string text;
  std::string want;
};

void PrintTo(const DialectCase& row, std::ostream* out) { *out << row.name; }

class DialectTest : public testing::TestWithParam<DialectCase> {};

TEST_P(DialectTest, IsNamedOnceAndNotReadOn) {
  const SpecFileResult result = ReadSpecText(GetParam().text, "a.yaml");
  EXPECT_THAT(result.errors, ElementsAre(StartsWith("a.yaml:1: this is " + GetParam().want +
                                                    ", which this build does not read; write")));
}

INSTANTIATE_TEST_SUITE_P(
    Others, DialectTest,
    testing::ValuesIn<DialectCase>({
        {"Sloth", "version: \"prometheus/v1\"\nservice: x\nslos: []\n",
         "a Sloth spec (version: prometheus/v1)"},
        {"SlothOnKubernetes", "apiVersion: sloth.slok.dev/v1\nkind: PrometheusServiceLevel\n",
         "a Sloth spec (apiVersion: sloth.slok.dev/v1)"},
        {"Pyrra", "apiVersion: pyrra.dev/v1alpha1\nkind: ServiceLevelObjective\n",
         "a Pyrra spec (apiVersion: pyrra.dev/v1alpha1)"},
        {"OpenSlo", "apiVersion: openslo/v1\nkind: SLO\n",
         "an OpenSLO spec (apiVersion: openslo/v1)"},
        {"OpenSloList", "- apiVersion: openslo/v1\n  kind: SLO\n- apiVersion: openslo/v1\n",
         "an OpenSLO spec (apiVersion: openslo/v1)"},
        {"PrometheusRules", "groups:\n- name: x\n", "a file of Prometheus rules"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(SpecFileTest, WarnsUnlessMatchPinsTheService) {
  const std::string pinned =
      "resource.attributes[\"service.name\"] == \"checkout\" and span.kind == SPAN_KIND_SERVER";
  for (const std::string_view loose :
       {"span.kind == SPAN_KIND_SERVER", "resource.attributes[\"service.name\"] != \"checkout\"",
        "resource.attributes[\"service.name\"] == \"a\" or span.kind == SPAN_KIND_SERVER"}) {
    const SpecFileResult result = ReadSpecText(Changed(pinned, loose), "a.yaml");
    EXPECT_THAT(result.errors, IsEmpty());
    EXPECT_EQ(result.slos.size(), 1u);
    EXPECT_THAT(result.warnings,
                ElementsAre(StartsWith("a.yaml:10: match does not pin service.name")))
        << loose;
  }
}

TEST(SpecFileTest, EachDocumentKeepsItsText) {
  const std::string second = "# the second\n" + Named("latency");
  const std::string third = "--- # the third\n" + Named("third");
  const SpecFileResult result = ReadSpecText(
      fmt::format("# the first\n{}---\n{}---\n# nothing\n{}", kGood, second, third), "a.yaml");
  EXPECT_THAT(result.errors, IsEmpty());
  ASSERT_THAT(Ids(result),
              ElementsAre("checkout/availability", "checkout/latency", "checkout/third"));
  EXPECT_EQ(result.slos[0].text, fmt::format("# the first\n{}", kGood));
  EXPECT_EQ(result.slos[1].text, second);
  EXPECT_EQ(result.slos[2].text, Named("third"));
  EXPECT_EQ(result.slos[0].source, "a.yaml:2");
  EXPECT_EQ(result.slos[1].source, "a.yaml:19");
}

TEST(SpecFileTest, ErrorsOfALaterDocumentHaveTheFilesLines) {
  const SpecFileResult result =
      ReadSpecText(fmt::format("{}---\n{}", Named("latency"), Changed("99.9%", "1")), "a.yaml");
  EXPECT_THAT(result.errors, ElementsAre(StartsWith("a.yaml:29: objective is 1,")));
  EXPECT_THAT(result.slos, IsEmpty()) << "all or nothing";
}

TEST(SpecFileTest, AFileOfNothingIsAWarning) {
  for (const std::string_view text : {"", "# to be written\n", "---\n---\n"}) {
    const SpecFileResult result = ReadSpecText(text, "a.yaml");
    EXPECT_THAT(result.errors, IsEmpty());
    EXPECT_THAT(result.warnings, ElementsAre(StartsWith("a.yaml: there is no SLO in this file")));
  }
}

class SpecFilesTest : public testing::Test {
 protected:
  void Write(const std::string& name, std::string_view text) {
    const std::filesystem::path path = folder() / name;
    std::filesystem::create_directories(path.parent_path());
    std::ofstream(path) << text;
  }
  // A folder whose name would match otherwise if it were a pattern.
  std::filesystem::path folder() const { return dir_.path() / "s[lo]*"; }
  std::string Path(const std::string& name) const { return (folder() / name).string(); }
  SpecFileResult Read(const std::vector<std::string>& patterns) const {
    return ReadSpecFiles(patterns, folder());
  }

 private:
  base::TempDir dir_;
};

TEST_F(SpecFilesTest, PatternsAndLiteralsInSortedOrderEachFileOnce) {
  Write("slos/b.yaml", Named("b"));
  Write("slos/a.yaml", Named("a"));
  Write("slos/note.txt", "no: spec");
  Write("slos/folder.yaml/c.yaml", Named("c"));
  Write("../plain/0.yml", Named("z"));
  const std::string plain = (folder().parent_path() / "plain").string();
  const SpecFileResult result =
      Read({"slos/*.yaml", "./slos/a.yaml", "../plain/0.yml", plain + "/?.yml"});
  EXPECT_THAT(result.errors, IsEmpty());
  EXPECT_THAT(result.warnings, IsEmpty());
  EXPECT_THAT(Ids(result), ElementsAre("checkout/z", "checkout/a", "checkout/b"));
  EXPECT_EQ(result.slos[1].source, Path("slos/a.yaml:1"));
}

TEST_F(SpecFilesTest, AnIdInTwoFilesNamesBothPlaces) {
  Write("a.yaml", kGood);
  Write("b.yaml", fmt::format("\n{}", Changed("30d", "7d")));
  EXPECT_THAT(
      Read({"*.yaml"}).errors,
      ElementsAre(fmt::format(
          "{}:2: SLO \"checkout/availability\" is already written at {}:1; rename one of them",
          Path("b.yaml"), Path("a.yaml"))));
}

TEST_F(SpecFilesTest, AnIdIsKnownEvenWhereTheRestIsWrong) {
  Write("a.yaml", Changed("99.9%", "100%"));
  Write("b.yaml", kGood);
  EXPECT_THAT(Read({"*.yaml"}).errors, ElementsAre(HasSubstr("a.yaml:13: objective"),
                                                   HasSubstr("b.yaml:1: SLO \"checkout/")));
}

TEST_F(SpecFilesTest, MissingFilesAreErrorsPatternsWithoutMatchWarnings) {
  Write("slos/a.yaml", kGood);
  const SpecFileResult missing = Read({"slos/a.yaml", "slos/b.yaml", "slos"});
  EXPECT_THAT(
      missing.errors,
      ElementsAre(Path("slos/b.yaml") + ": this file does not exist; correct the path",
                  StartsWith(Path("slos") + ": this is a folder; write a file or a pattern")));
  EXPECT_THAT(missing.slos, IsEmpty());
  const SpecFileResult unmatched = Read({"slos/*.yaml", "none/*.yaml", "slos/*.yml"});
  EXPECT_THAT(unmatched.errors, IsEmpty());
  EXPECT_THAT(unmatched.warnings,
              ElementsAre(StartsWith(Path("none/*.yaml") + ": no file matches this pattern"),
                          StartsWith(Path("slos/*.yml") + ": no file matches this pattern")));
  EXPECT_THAT(Ids(unmatched), ElementsAre("checkout/availability"));
}

TEST_F(SpecFilesTest, AFileThatIsTooLargeIsNotRead) {
  Write("a.yaml", fmt::format("{}#{}", kGood, std::string(4 << 20, 'x')));
  EXPECT_THAT(Read({"a.yaml"}).errors, ElementsAre(HasSubstr("is larger than 4194304 bytes")));
}

}  // namespace
}  // namespace slowburn::rules
