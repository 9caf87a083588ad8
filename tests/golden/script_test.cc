// Goal: a script that is wrong, and an expectation that does not hold, are told with file and line:
// a golden test that cannot fail would be none. Method: one row per fault.
#include "tests/golden/script.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "tests/golden/script_run.h"

namespace slowburn::golden {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::StartsWith;

constexpr std::string_view kSlo = "slo checkout/availability objective 99.9% window 30d\n";

struct RefusedCase {
  std::string name;
  std::string line;  // the second of the file, below kSlo
  std::string want;
};

class RefusedScriptTest : public testing::TestWithParam<RefusedCase> {};

TEST_P(RefusedScriptTest, IsToldWithFileAndLine) {
  const auto script = ReadScript(std::string(kSlo) + GetParam().line + "\nexpect 0 no_data\n", "x");
  ASSERT_FALSE(script.ok());
  EXPECT_THAT(std::string(base::Message(script.status())), StartsWith("x:2: "));
  EXPECT_THAT(std::string(base::Message(script.status())), HasSubstr(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Lines, RefusedScriptTest,
    testing::ValuesIn<RefusedCase>({
        {"UnknownStatement", "feeed 0..1h good 1 bad 0", "there is no statement \"feeed\""},
        {"NoId", "slo checkout objective 99% window 30d", "write SERVICE/NAME"},
        {"SameId", "slo checkout/availability objective 99% window 30d", "already there"},
        {"NoObjective", "slo a/b window 30d", "\"objective\" should be"},
        {"WrongObjective", "slo a/b objective 99.9 window 30d", "99.9"},
        {"WrongWindow", "slo a/b objective 99% window 15s", "slices of 10 s"},
        {"UnknownPolicy", "slo a/b objective 99% window 30d policy loud", "unknown alert policy"},
        {"UnknownPart", "slo a/b objective 99% window 30d color red", "\"color\" is no part"},
        {"UnknownPeriod", "slo a/b objective 99% window calendar fortnight UTC", "is no period"},
        {"UnknownZone", "slo a/b objective 99% window calendar day Mars/Base", "Mars/Base"},
        {"NoZone", "slo a/b objective 99% window calendar day", "the time zone"},
        {"UnknownBudgeting", "slo a/b objective 99% window 1d budgeting slices 1m",
         "is no budgeting; write occurrences, timeslices or ratio_timeslices"},
        {"WrongTimeslice", "slo a/b objective 99% window 1d budgeting ratio_timeslices 7m",
         "divides a day"},
        {"NoTarget", "slo a/b objective 99% window 1d budgeting timeslices 1m",
         "the timeslice's target"},
        {"UnknownMethod", "composite a/b best_of checkout/availability objective 99% window 1d",
         "\"best_of\" is no method of a composite"},
        {"OneMember", "composite a/b worst_of checkout/availability objective 99% window 1d",
         "has 2 to 25 members, not 1"},
        {"SameMember",
         "composite a/b worst_of checkout/availability checkout/availability objective 99% window "
         "1d",
         "is a member already"},
        {"UnknownMember", "composite a/b worst_of x/y objective 99% window 1d",
         "there is no SLO \"x/y\" above"},
        {"WrongWeight", "composite a/b weighted checkout/availability*0 objective 99% window 1d",
         "\"0\" is no weight"},
        {"WrongStart", "start 2026-13-01 00:00", "write one like 2026-03-28 00:00"},
        {"NoRange", "feed 1h good 1 bad 0", "write FROM..TO"},
        {"EmptyRange", "feed 1h..1h good 1 bad 0", "ends at or before"},
        {"PartOfAStep", "feed 0..15s good 1 bad 0", "whole number of steps"},
        {"NoCounts", "feed 0..1h", "\"good N bad M\" should be"},
        {"NegativeCount", "feed 0..1h good -1 bad 0", "is no count"},
        {"GroupOfUngrouped", "feed 0..1h group /pay good 1 bad 0", "is not grouped"},
        {"ArrivesBeforeItHappens", "feed 0..1h good 1 bad 0 arriving 30m", "before they happen"},
        {"UnknownSlo", "feed a/b 0..1h good 1 bad 0", "there is no SLO \"a/b\""},
        {"UnknownClause", "expect 1h sleepy", "\"sleepy\" is nothing to expect"},
        {"UnknownTierState", "expect 1h tier 1h/5m loud", "no state of a tier"},
        {"NoNumber", "expect 1h budget half", "is no number"},
        {"CommaAtTheEnd", "expect 1h ok,", "what is expected"},
        {"WordTooMany", "expect 1h ok page", "\"page\" is not expected here"},
        {"FractionOfASecond", "expect 1500ms ok", "not whole seconds"},
        {"TierWithoutWindows", "tier page fast burn 14.4", "write LONG/SHORT, like 1h/5m"},
        {"TierWithWrongWindows", "tier page 5m/1h burn 14.4", "is not shorter than the long one"},
        {"TierWithoutThreshold", "tier page 1h/5m 14.4", "\"burn RATE\" or \"budget SHARE\""},
        {"TierThatBurnsAlways", "tier page 1h/5m burn 0", "0 burns always"},
        {"TierOfWords", "tier page 1h/5m burn fast", "is not a burn rate"},
        {"UnknownPartOfATier", "tier page 1h/5m burn 2 hold 5m", "\"hold\" is no part of a tier"},
        {"UnknownKindOfAlert", "alert soon ticket", "there is no alert \"soon\""},
        {"AlertOnAllOfTheBudget", "alert remaining 100% page", "write a share below 100%"},
        {"AlertWithoutSeverity", "alert violated", "the alert's severity"},
        {"UnknownPartOfAnAlert", "alert violated page min_bad 2", "is no part of an alert"},
        {"UnknownAlertName", "expect 1h alert Loud firing", "there is no alert \"Loud\""},
        {"UnknownAlertState", "expect 1h alert SLONoData page loud", "is no state of an alert"},
        {"UnknownLimit", "limit sleep 3", "write groups or max_late"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(ScriptTest, WithoutExpectationsIsRefused) {
  EXPECT_THAT(std::string(base::Message(ReadScript(kSlo, "x").status())),
              HasSubstr("nothing is expected"));
}

TEST(ScriptTest, ACompositeIsNeitherFedNorCounted) {
  const std::string slos = std::string(kSlo) +
                           "slo a/b objective 99% window 1d\n"
                           "composite c/d worst_of a/b checkout/availability objective 99% window "
                           "1d\n";
  for (const std::string_view line :
       {"feed c/d 0..1h good 1 bad 0", "expect c/d 1h good 1 bad 0 in 1h", "expect c/d 1h groups 1",
        "composite e/f worst_of a/b c/d objective 99% window 1d"}) {
    const auto script = ReadScript(slos + std::string(line) + "\nexpect a/b 0 no_data\n", "x");
    EXPECT_THAT(std::string(base::Message(script.status())), StartsWith("x:4: c/d is a composite"))
        << line;
  }
}

TEST(ScriptTest, TiersAndANamedPolicyExcludeEachOther) {
  EXPECT_THAT(std::string(base::Message(ReadScript("slo a/b objective 99% window 7d policy pyrra\n"
                                                   "tier page 1h/5m burn 2\nexpect 0 ok\n",
                                                   "x")
                                            .status())),
              StartsWith("x:2: a/b has the policy pyrra already"));
  EXPECT_THAT(std::string(base::Message(ReadScript("slo a/b objective 99% window 7d\n"
                                                   "tier page 1h/5m burn 2\n"
                                                   "tier page 1h/5m burn 3\nexpect 0 ok\n",
                                                   "x")
                                            .status())),
              StartsWith("x:3: there is a tier 1h/5m already"));
}

TEST(ScriptTest, WhatIsNoExclusionIsRefused) {
  const auto words = [](std::string_view line) {
    return std::string(base::Message(
        ReadScript(std::string(kSlo) + std::string(line) + "\nexpect 0 no_data\n", "x").status()));
  };
  EXPECT_THAT(words("exclude"), StartsWith("x:2: the line ends where FROM..TO should be"));
  EXPECT_THAT(words("exclude 2h..1h"), StartsWith("x:2: the exclusion lasts 0s"));
  EXPECT_THAT(words("exclude rrule FREQ=HOURLY from 0 for 1h"), StartsWith("x:2: FREQ"));
  EXPECT_THAT(words("exclude rrule FREQ=DAILY from 0"), StartsWith("x:2: \"\" stands where"));
}

TEST(ScriptTest, WhatIsNoPointIsRefused) {
  const auto words = [](std::string_view source, std::string_view line) {
    const std::string text = "slo a/b objective 99% window 1d " + std::string(source) + "\n" +
                             std::string(line) + "\nexpect 0 no_data\n";
    return std::string(base::Message(ReadScript(text, "x").status()));
  };
  const struct {
    std::string_view source, line, want;
  } rows[] = {
      {"counter total total", "", "x:1: \"total\" is no other part; write two of good, bad and"},
      {"counter total rest", "", "x:1: \"rest\" is no other part"},
      {"histogram 300ms", "", "x:1: \"300ms\" stands where \"max\" should be"},
      {"histogram max 300ms bounds 1/0.5", "", "x:1: bounds do not ascend"},
      {"histogram max 300ms bounds 1/x", "", "x:1: \"x\" is no number"},
      {"gauge 5", "", "x:1: \"5\" stands where bool, max or min should be"},
      {"gauge bool latency 1s", "", "x:1: spans have a latency, a metric has none"},
      {"gauge bool", "feed 0..1h good 1 bad 0", "x:2: a/b reads a metric; write point or points"},
      {"", "point at 1s value 1", "x:2: a/b counts spans; write a feed line"},
      {"counter good bad", "point total at 1s value 1",
       "x:2: \"total\" is no counter of a/b; write "
       "good or bad"},
      {"gauge bool", "point 1s value 1", "x:2: \"1s\" stands where \"at TIME\" should be"},
      {"gauge bool", "point at 1s 1", "x:2: \"1\" stands where \"value\" should be"},
      {"gauge bool", "point at 1s value 1/2", "x:2: a/b has points of 1 numbers, not 2"},
      {"gauge bool", "point at 1s value 1 delta", "x:2: a/b reads a gauge; leave out delta"},
      {"gauge bool", "point at 1s value 1 rising 1", "x:2: \"rising\" is no part of a point"},
      {"gauge bool", "point group x at 1s value 1", "x:2: a/b is not grouped; leave out group"},
      {"gauge bool group_by g", "point at 1s value 1", "x:2: a/b is grouped by g; write group"},
      {"gauge bool", "point at 1m value 1 arriving 1s", "x:2: points cannot arrive before"},
      {"gauge bool", "points 0..1m value 1", "x:2: \"value\" stands where \"every STEP\""},
      {"gauge bool", "points 0..1m every 7s value 1", "x:2: the range is not a whole number"},
      {"histogram max 1s bounds 1", "point at 1s value 1", "x:2: a/b has points of 2 numbers"},
      {"gauge bool", "expect 0 points lost 1", "x:2: \"lost\" is nothing that becomes of points"},
  };
  for (const auto& row : rows)
    EXPECT_THAT(words(row.source, row.line), StartsWith(std::string(row.want))) << row.line;
}

TEST(ScriptTest, TwoSlosAskForAName) {
  const std::string text =
      std::string(kSlo) + "slo a/b objective 99% window 7d\nexpect 0 no_data\n";
  EXPECT_THAT(std::string(base::Message(ReadScript(text, "x").status())),
              StartsWith("x:3: there are 2 SLOs"));
}

std::vector<std::string> Play(const std::string& lines) {
  const auto script = ReadScript(std::string(kSlo) + lines, "x");
  if (!script.ok()) return {script.status().ToString()};
  const auto wrong = RunScript(*script);
  return wrong.ok() ? *wrong : std::vector<std::string>{wrong.status().ToString()};
}

TEST(ScriptRunTest, SaysWhatDoesNotHold) {
  EXPECT_THAT(
      Play("feed 0..1h good 9995 bad 5\n"
           "expect 1h burning, page, inactive\n"
           "expect 30m tier 1h/5m burning, burn 1h 0.5, burn 1h 0.6, burn 2m 1\n"
           "expect 1h budget 0.50, good 3598200 bad 1800 in 1h, good 1 bad 2 in 1h\n"
           "expect 1h tier 9h/1m quiet, groups 1, too_late 7\n"
           "alert violated ticket\n"
           "expect 1h alert SLOViolated firing, alert SLOBurnRate page pending\n"),
      ElementsAre("x:3: at 1h checkout/availability is ok, expected burning",
                  "x:3: at 1h checkout/availability has inactive, expected page",
                  "x:4: at 30m checkout/availability has tier 1h/5m quiet, expected burning",
                  "x:4: at 30m checkout/availability has burn 1h 0.5, expected 0.6",
                  "x:4: at 30m checkout/availability has no window 2m in its policy",
                  "x:5: at 1h checkout/availability has good 3598200 bad 1800 in 1h, "
                  "expected good 1 bad 2",
                  "x:6: at 1h checkout/availability has no tier 9h/1m",
                  "x:6: at 1h checkout/availability has 0 groups, expected 1",
                  "x:6: at 1h checkout/availability has 0 events too late, expected 7",
                  "x:8: at 1h checkout/availability has SLOViolated inactive, expected firing",
                  "x:8: at 1h checkout/availability has SLOBurnRate page inactive, expected "
                  "pending"));
}

// Event k of N comes k/N of the step after its beginning.
TEST(ScriptRunTest, SpreadsEventsEvenlyInTheirStep) {
  EXPECT_THAT(Play("feed 0..1h every 1h good 2 bad 1\n"
                   "expect 0 good 0 bad 0 in 1h\n"
                   "expect 1s good 1 bad 1 in 1h\n"
                   "expect 30m good 1 bad 1 in 1h\n"
                   "expect 30m1s good 2 bad 1 in 1h\n"
                   "expect 1h good 2 bad 1 in 1h\n"),
              IsEmpty());
}

TEST(ScriptRunTest, SaysWhatDoesNotHoldOfMetrics) {
  const auto script = ReadScript(
      "slo a/b objective 99% window 1d histogram max 1s bounds 1/2\n"
      "point at 1m value 3/2/1 start 0\n"
      "expect 59s no_data, points counted 0, exact\n"
      "expect 1m1s good 3 bad 3 in 2m, points counted 2, interpolated\n",
      "x");
  ASSERT_TRUE(script.ok()) << script.status();
  EXPECT_THAT(RunScript(*script).value(),
              ElementsAre("x:4: at 1m1s a/b has 1 points counted, expected 2",
                          "x:4: at 1m1s a/b is exact, expected interpolated"));
}

}  // namespace
}  // namespace slowburn::golden
