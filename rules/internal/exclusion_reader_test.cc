// Goal: a document of kind Exclusion gives exactly its maintenance window, and every mistake is
// told at its line with what to write. Method: good documents, rows that each change a line of
// one, and files of SLOs and exclusions together.
#include "rules/internal/exclusion_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "rules/spec_file.h"

namespace slowburn::rules {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;
using namespace std::chrono_literals;

constexpr std::string_view kWeekly = R"(apiVersion: slowburn/v1
kind: Exclusion
metadata: {name: weekly-deploy}
spec:
  description: The weekly deployment
  slos: [checkout/availability, payments/*]
  labels: {team: payments}
  start: 2026-01-04T02:00:00
  duration: 2h
  rrule: FREQ=WEEKLY;BYDAY=SU
  time_zone: Europe/Paris
)";

constexpr std::string_view kSlo = R"(apiVersion: slowburn/v1
kind: SLO
metadata: {name: availability, labels: {team: payments}}
spec:
  service: checkout
  sli:
    spans:
      match: resource.attributes["service.name"] == "checkout"
      bad: span.status.code == STATUS_CODE_ERROR
  objective: 99.9%
  window: 30d
)";

std::string Changed(std::string_view from, std::string_view to) {
  std::string text(kWeekly);
  const size_t at = text.find(from);
  EXPECT_NE(at, std::string::npos) << from;
  return text.replace(at, from.size(), to);
}

// A one-off whose spec has these lines.
std::string Once(std::string_view lines) {
  return fmt::format(
      "apiVersion: slowburn/v1\nkind: Exclusion\nmetadata: {{name: move}}\nspec:\n{}\n", lines);
}

TEST(ExclusionReaderTest, WeeklyFieldByField) {
  const SpecFileResult result = ReadSpecText(kWeekly, "exclusions/deploy.yaml");
  EXPECT_THAT(result.errors, IsEmpty());
  EXPECT_THAT(result.warnings, IsEmpty());
  EXPECT_THAT(result.slos, IsEmpty());
  ASSERT_EQ(result.exclusions.size(), 1u);
  const slo::Exclusion& exclusion = result.exclusions[0];
  EXPECT_EQ(exclusion.id, "weekly-deploy");
  EXPECT_EQ(exclusion.description, "The weekly deployment");
  EXPECT_THAT(exclusion.slos, ElementsAre("checkout/availability", "payments/*"));
  EXPECT_EQ(exclusion.labels, (model::LabelSet{{"team", "payments"}}));
  EXPECT_EQ(exclusion.source, "exclusions/deploy.yaml:1");
  EXPECT_EQ(std::get<slo::Recurrence>(exclusion.when).CanonicalText(),
            "FREQ=WEEKLY;BYDAY=SU from 2026-01-04T02:00:00 Europe/Paris for 7200s");
}

struct OnceCase {
  std::string name;
  std::string spec;
  sys_seconds start;
  sys_seconds end;
};

void PrintTo(const OnceCase& row, std::ostream* out) { *out << row.name; }
const auto kRowName = [](const auto& info) { return info.param.name; };

class ExclusionOnceTest : public testing::TestWithParam<OnceCase> {};

TEST_P(ExclusionOnceTest, IsAtItsMoments) {
  const SpecFileResult result = ReadSpecText(Once(GetParam().spec), "a.yaml");
  EXPECT_THAT(result.errors, IsEmpty());
  EXPECT_THAT(result.warnings, IsEmpty());
  ASSERT_EQ(result.exclusions.size(), 1u);
  const auto& once = std::get<slo::Exclusion::Once>(result.exclusions[0].when);
  EXPECT_EQ(once.start, GetParam().start);
  EXPECT_EQ(once.end, GetParam().end);
  EXPECT_TRUE(result.exclusions[0].AppliesTo("any/slo", {}));
}

constexpr sys_seconds kSunday{sys_days(2026y / 1 / 4)};

INSTANTIATE_TEST_SUITE_P(
    Rows, ExclusionOnceTest,
    testing::ValuesIn<OnceCase>({
        {"Offsets", "  start: 2026-01-04T02:00:00+01:00\n  end: 2026-01-04T03:30:00Z", kSunday + 1h,
         kSunday + 3h + 30min},
        {"Duration", "  start: 2026-01-04T02:00:00Z\n  duration: 90m", kSunday + 2h,
         kSunday + 3h + 30min},
        {"Local", "  start: 2026-01-04T02:00:00\n  duration: 1h\n  time_zone: Europe/Paris",
         kSunday + 1h, kSunday + 2h},
        {"LocalWithoutSeconds",
         "  start: 2026-01-04T02:00\n  end: 2026-01-04 04:00\n"
         "  time_zone: America/New_York",
         kSunday + 7h, kSunday + 9h},
        {"LocalDays", "  start: 2026-01-04\n  end: 2026-01-06\n  time_zone: UTC", kSunday,
         kSunday + 48h},
        {"OffsetBesideZone",
         "  start: 2026-01-04T02:00:00Z\n  end: 2026-01-04T04:00:00\n  time_zone: Europe/Paris",
         kSunday + 2h, kSunday + 3h},
        {"OverAChangeOfClocks",
         "  start: 2026-03-28T12:00:00\n  end: 2026-03-29T12:00:00\n  time_zone: Europe/Paris",
         sys_days(2026y / 3 / 28) + 11h, sys_days(2026y / 3 / 29) + 10h},
        {"Longest", "  start: 2026-01-04T00:00:00Z\n  duration: 31d", kSunday, kSunday + 31 * 24h},
        {"Fraction", "  start: 2026-01-04T02:00:00.75Z\n  duration: 1s", kSunday + 2h,
         kSunday + 2h + 1s},
    }),
    kRowName);

TEST(ExclusionReaderTest, ARuleInUtcNeedsNoZone) {
  const SpecFileResult result = ReadSpecText(
      Once("  start: 2026-01-04T02:00:00Z\n  end: 2026-01-04T02:30:00Z\n  rrule: FREQ=DAILY"),
      "a.yaml");
  EXPECT_THAT(result.errors, IsEmpty());
  ASSERT_EQ(result.exclusions.size(), 1u);
  EXPECT_EQ(std::get<slo::Recurrence>(result.exclusions[0].when).CanonicalText(),
            "FREQ=DAILY from 2026-01-04T02:00:00 UTC for 1800s");
}

TEST(ExclusionReaderTest, AnOffsetIsReadOnTheZonesClocks) {
  const SpecFileResult result =
      ReadSpecText(Changed("2026-01-04T02:00:00", "2026-01-04T02:00:00Z"), "a.yaml");
  ASSERT_EQ(result.exclusions.size(), 1u);
  EXPECT_EQ(std::get<slo::Recurrence>(result.exclusions[0].when).start(),
            absl::CivilSecond(2026, 1, 4, 3, 0, 0));
}

TEST(ExclusionReaderTest, SkippedAndRepeatedTimesAreToldOnce) {
  const SpecFileResult skipped = ReadSpecText(
      Once("  start: 2026-03-29T02:30:00\n  duration: 1h\n  time_zone: Europe/Paris"), "a.yaml");
  EXPECT_THAT(skipped.warnings,
              ElementsAre(StartsWith("a.yaml:5: spec.start is 2026-03-29T02:30:00, which clocks in "
                                     "Europe/Paris skip: it is read as 2026-03-29T03:30:00; write "
                                     "an offset")));
  EXPECT_EQ(std::get<slo::Exclusion::Once>(skipped.exclusions.at(0).when).start,
            sys_days(2026y / 3 / 29) + 1h + 30min);
  const SpecFileResult repeated = ReadSpecText(
      Once("  start: 2026-10-25T00:00:00Z\n  end: 2026-10-25T02:30\n  time_zone: Europe/Paris"),
      "a.yaml");
  EXPECT_THAT(repeated.warnings,
              ElementsAre(HasSubstr("a.yaml:6: spec.end is 2026-10-25T02:30:00, which clocks in "
                                    "Europe/Paris show twice: the first is taken")));
  EXPECT_EQ(std::get<slo::Exclusion::Once>(repeated.exclusions.at(0).when).end,
            sys_days(2026y / 10 / 25) + 30min);
}

struct ErrorCase {
  std::string name;
  std::string text;
  std::vector<std::string> want;  // how each error begins, after "a.yaml:"
};

void PrintTo(const ErrorCase& row, std::ostream* out) { *out << row.name; }

class ExclusionErrorTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(ExclusionErrorTest, IsToldAtItsLine) {
  const SpecFileResult result = ReadSpecText(GetParam().text, "a.yaml");
  const std::string all = fmt::format("{}", fmt::join(result.errors, "\n"));
  ASSERT_EQ(result.errors.size(), GetParam().want.size()) << all;
  for (size_t i = 0; i < result.errors.size(); ++i)
    EXPECT_THAT(result.errors[i], StartsWith("a.yaml:" + GetParam().want[i]));
  EXPECT_THAT(result.exclusions, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    Rows, ExclusionErrorTest,
    testing::ValuesIn<ErrorCase>({
        {"NoName", Changed("name: weekly-deploy", ""), {"3: metadata.name is missing"}},
        {"BadName",
         Changed("weekly-deploy", "weekly/deploy"),
         {"3: metadata.name is \"weekly/deploy\"; write 1 to 128 letters"}},
        {"MetadataLabels",
         Changed("weekly-deploy", "x, labels: {a: b}"),
         {"3: unknown key \"labels\""}},
        {"NoSpec",
         "apiVersion: slowburn/v1\nkind: Exclusion\nmetadata: {name: a}\n",
         {"1: spec is missing"}},
        {"UnknownKey",
         Changed("duration:", "duraton:"),
         {"4: spec does not say how long; add duration: 2h, or end",
          "9: unknown key \"duraton\"; did you mean \"duration\"?"}},
        {"LongDescription",
         Changed("The weekly deployment", std::string(1'001, 'x')),
         {"4: exclusion \"weekly-deploy\": the description has 1001 bytes; write at most 1000"}},
        {"SlosIsNoList",
         Changed("[checkout/availability, payments/*]", "checkout/availability"),
         {"6: spec.slos is \"checkout/availability\"; write a list"}},
        {"SloPattern",
         Changed("payments/*", "payments"),
         {"6: spec.slos[1]: \"payments\" names no SLO; write service/name"}},
        {"SloNull", Changed("payments/*", "~"), {"6: spec.slos[1] is empty; write service/name"}},
        {"SlosEmpty",
         Changed("[checkout/availability, payments/*]", "[]"),
         {"6: spec.slos is empty; write which SLOs, or leave it out if every SLO is meant"}},
        {"SlosNull",
         Changed("[checkout/availability, payments/*]", ""),
         {"6: spec.slos is empty; write which SLOs"}},
        {"LabelsEmpty",
         Changed("{team: payments}", "{}"),
         {"7: spec.labels is empty; write which"}},
        {"LabelsNull", Changed("{team: payments}", "~"), {"7: spec.labels is empty; write which"}},
        {"LabelWithoutValue",
         Changed("{team: payments}", "{team: \"\"}"),
         {"7: spec.labels.team is empty, which no label is; write a value"}},
        {"LabelService",
         Changed("{team: payments}", "{service: checkout}"),
         {"7: spec.labels.service names no label of an SLO; write slos: [service/name] instead"}},
        {"LabelName",
         Changed("{team: payments}", "{my-team: payments}"),
         {"7: \"my-team\" is no label name; write letters"}},
        {"NoStart", Changed("  start: 2026-01-04T02:00:00\n", ""), {"4: spec.start is missing"}},
        {"StartIsNoTime",
         Changed("2026-01-04T02:00:00", "sunday"),
         {"8: spec.start is \"sunday\"; write a time with its offset, like"}},
        {"StartIsNoDay",
         Changed("2026-01-04T02:00:00", "2026-02-30T02:00:00"),
         {"8: spec.start is \"2026-02-30T02:00:00\"; write a time with its offset"}},
        {"StartIsANumber",
         Changed("2026-01-04T02:00:00", "1767484800"),
         {"8: spec.start is \"1767484800\"; write a time with its offset"}},
        {"StartTooEarly",
         Changed("2026-01-04T02:00:00", "1969-01-04T02:00:00"),
         {"8: spec.start is in the year 1969; write one from 1970 to 2100"}},
        {"StartTooLate",
         Changed("2026-01-04T02:00:00", "2101-01-01T00:00:00Z"),
         {"8: spec.start is in the year 2101; write one from 1970 to 2100"}},
        {"UnknownZone",
         Changed("Europe/Paris", "Paris"),
         {"11: spec.time_zone: unknown time zone \"Paris\"; write a name of the IANA database"}},
        {"RuleWithoutZone",
         Changed("  time_zone: Europe/Paris\n", ""),
         {"8: spec.start is 2026-01-04T02:00:00, a local time; add time_zone: Europe/Paris"}},
        {"RuleWithAnOffsetOnly",
         Once("  start: 2026-01-04T02:00:00+01:00\n  duration: 1h\n  rrule: FREQ=DAILY"),
         {"7: spec.rrule repeats on local clocks; add time_zone: Europe/Paris beside it, or "
          "write"}},
        {"BadRule",
         Changed("BYDAY=SU", "BYDAY=SUN"),
         {"10: spec.rrule: BYDAY has \"SUN\"; write MO, TU"}},
        {"RuleNotSupported",
         Changed("BYDAY=SU", "BYHOUR=3"),
         {"10: spec.rrule: BYHOUR is not supported: "}},
        {"RuleIsAList",
         Changed("FREQ=WEEKLY;BYDAY=SU", "[FREQ=WEEKLY]"),
         {"10: spec.rrule is a list; write one value"}},
        {"RuleNeverHolds",
         Changed("BYDAY=SU", "BYDAY=SU;UNTIL=20260101"),
         {"10: spec.rrule: the rule FREQ=WEEKLY;UNTIL=20260101T235959;BYDAY=SU chooses no day from "
          "the start, 2026-01-04, on"}},
        {"BadRuleBesideABadStart",
         Changed("start: 2026-01-04T02:00:00\n  duration: 2h\n  rrule: FREQ=WEEKLY",
                 "start: soon\n  duration: 2h\n  rrule: FREQ=HOURLY"),
         {"8: spec.start is \"soon\"", "10: spec.rrule: FREQ is \"HOURLY\""}},
        {"EndAndDuration",
         Changed("duration: 2h", "duration: 2h\n  end: 2026-01-04T04:00:00"),
         {"9: spec.end and spec.duration exclude each other; keep one"}},
        {"DurationIsNone", Changed("2h", "soon"), {"9: spec.duration: \"soon\" is not a duration"}},
        {"DurationZero", Changed("2h", "0s"), {"9: spec.duration is 0; write a duration, like 2h"}},
        {"DurationOfParts",
         Changed("2h", "1500ms"),
         {"9: spec.duration is 1500ms; write whole seconds"}},
        {"DurationTooLong",
         Changed("2h", "31d1s"),
         {"9: spec.duration makes it last 31d1s; write at most 31d, or several after each other"}},
        {"EndBeforeStart",
         Once("  start: 2026-01-04T02:00:00Z\n  end: 2026-01-04T02:00:00+01:00"),
         {"6: spec.end is not after spec.start; write a later time"}},
        {"EndAtStart",
         Once("  start: 2026-01-04T02:00:00Z\n  end: 2026-01-04T02:00:00Z"),
         {"6: spec.end is not after spec.start"}},
        {"EndTooFar",
         Once("  start: 2026-01-04T02:00:00Z\n  end: 2026-02-05T02:00:00Z"),
         {"6: spec.end makes it last 32d; write at most 31d"}},
        {"BeyondTheYears",
         Once("  start: 2100-12-31T00:00:00Z\n  duration: 2d"),
         {"5: spec: it lies outside 1970 to 2100"}},
        {"SameIdTwice",
         fmt::format("{}---\n{}", kWeekly, Changed("2h", "3h")),
         {"13: exclusion \"weekly-deploy\" is already written at a.yaml:1; rename one of them"}},
    }),
    kRowName);

TEST(ExclusionReaderTest, SlosAndExclusionsShareFilesButNotIds) {
  const SpecFileResult result = ReadSpecText(
      fmt::format("{}---\n{}", kSlo,
                  "apiVersion: slowburn/v1\nkind: Exclusion\nmetadata: {name: availability}\n"
                  "spec: {slos: [checkout/availability], start: 2026-01-04T02:00:00Z, "
                  "duration: 1h}\n"),
      "a.yaml");
  EXPECT_THAT(result.errors, IsEmpty());
  EXPECT_THAT(result.warnings, IsEmpty());
  EXPECT_EQ(result.slos.size(), 1u);
  ASSERT_EQ(result.exclusions.size(), 1u);
  EXPECT_EQ(result.exclusions[0].source, "a.yaml:13");
}

TEST(ExclusionReaderTest, AnErrorAnywhereLeavesNothing) {
  const SpecFileResult result =
      ReadSpecText(fmt::format("{}---\n{}", kSlo, Changed("2h", "0s")), "a.yaml");
  EXPECT_THAT(result.errors, ElementsAre(StartsWith("a.yaml:21: spec.duration is 0")));
  EXPECT_THAT(result.slos, IsEmpty());
  EXPECT_THAT(result.exclusions, IsEmpty());
  EXPECT_THAT(result.warnings, IsEmpty()) << "whether its names match is not known";
}

TEST(ExclusionReaderTest, WhatMatchesNoSloIsAWarning) {
  struct {
    std::string from;
    std::string to;
    std::vector<std::string> want;
  } const rows[] = {
      {"payments/*", "checkout/*", {}},
      {"[checkout/availability, payments/*]", "[checkout/availability]", {}},
      {"  slos: [checkout/availability, payments/*]\n", "", {}},
      {"time_zone",
       "time_zone",
       {"a.yaml:18: no SLO is \"payments/*\"; correct the name, or leave it out"}},
      {"checkout/availability, payments/*",
       "checkout/avail, payments/*",
       {"a.yaml:18: no SLO is \"checkout/avail\"; correct",
        "a.yaml:18: no SLO is \"payments/*\"; correct"}},
      {"slos: [checkout/availability, payments/*]\n  labels: {team: payments}",
       "labels: {team: search}",
       {"a.yaml:13: exclusion \"weekly-deploy\" applies to no SLO; correct its slos or labels"}},
  };
  for (const auto& row : rows) {
    const SpecFileResult result =
        ReadSpecText(fmt::format("{}---\n{}", kSlo, Changed(row.from, row.to)), "a.yaml");
    EXPECT_THAT(result.errors, IsEmpty());
    ASSERT_EQ(result.warnings.size(), row.want.size()) << row.to;
    for (size_t i = 0; i < row.want.size(); ++i)
      EXPECT_THAT(result.warnings[i], StartsWith(row.want[i]));
    EXPECT_EQ(result.exclusions.size(), 1u);
  }
}

TEST(ExclusionReaderTest, AtMostAThousand) {
  std::string text;
  for (int i = 0; i <= 1'000; ++i) {
    text += fmt::format(
        "---\napiVersion: slowburn/v1\nkind: Exclusion\nmetadata: {{name: e{}}}\n"
        "spec: {{start: 2026-01-04T02:00:00Z, duration: 1h}}\n",
        i);
  }
  EXPECT_THAT(ReadSpecText(text, "a.yaml").errors,
              ElementsAre(StartsWith("a.yaml:5002: exclusion \"e1000\" is one more than the 1000 "
                                     "that can be in force")));
  text.resize(text.rfind("---"));
  EXPECT_EQ(ReadSpecText(text, "a.yaml").exclusions.size(), 1'000u);
}

}  // namespace
}  // namespace slowburn::rules
