// Goal: what RFC 5545 allows of the parts we take is read and written back in one spelling, all
// else is refused by name with what to write. Method: rows.
#include "slo/recurrence_rule.h"

#include <chrono>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::slo {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

struct TextCase {
  std::string name;
  std::string text;
  std::string want;
};

void PrintTo(const TextCase& row, std::ostream* out) { *out << row.name; }
const auto kRowName = [](const auto& info) { return info.param.name; };

class RecurrenceRuleTextTest : public testing::TestWithParam<TextCase> {};

TEST_P(RecurrenceRuleTextTest, IsReadAndWrittenInOneSpelling) {
  const auto rule = RecurrenceRule::Parse(GetParam().text);
  ASSERT_TRUE(rule.ok()) << rule.status();
  EXPECT_EQ(rule->Text(), GetParam().want);
  const auto again = RecurrenceRule::Parse(rule->Text());
  ASSERT_TRUE(again.ok()) << again.status();
  EXPECT_EQ(*again, *rule);
}

INSTANTIATE_TEST_SUITE_P(
    Rows, RecurrenceRuleTextTest,
    testing::ValuesIn<TextCase>({
        {"Least", "FREQ=DAILY", "FREQ=DAILY"},
        {"AnyCaseAndPrefix", "rrule:freq=Weekly;byday=su", "FREQ=WEEKLY;BYDAY=SU"},
        {"AnyOrder", "BYDAY=MO;FREQ=YEARLY;BYMONTH=6", "FREQ=YEARLY;BYMONTH=6;BYDAY=MO"},
        {"DefaultsAreLeftOut", "FREQ=DAILY;INTERVAL=1;WKST=MO", "FREQ=DAILY"},
        {"ListsAreSortedAndUnique", "FREQ=MONTHLY;BYMONTHDAY=15,-1,1,15;BYMONTH=12,1",
         "FREQ=MONTHLY;BYMONTH=1,12;BYMONTHDAY=-1,1,15"},
        {"Ordinals", "FREQ=MONTHLY;BYDAY=+2TU,-1FR,WE", "FREQ=MONTHLY;BYDAY=-1FR,WE,2TU"},
        {"OrdinalsOfAYear", "FREQ=YEARLY;BYDAY=20MO,-53SU", "FREQ=YEARLY;BYDAY=-53SU,20MO"},
        {"All",
         "FREQ=MONTHLY;INTERVAL=2;COUNT=7;BYMONTH=1;BYMONTHDAY=2;BYDAY=FR;BYSETPOS=-1,1;WKST=SU",
         "FREQ=MONTHLY;INTERVAL=2;COUNT=7;BYMONTH=1;BYMONTHDAY=2;BYDAY=FR;BYSETPOS=-1,1;WKST=SU"},
        {"UntilInUtc", "FREQ=DAILY;UNTIL=19971224T000000Z", "FREQ=DAILY;UNTIL=19971224T000000Z"},
        {"UntilLocal", "FREQ=DAILY;UNTIL=19971224T101112", "FREQ=DAILY;UNTIL=19971224T101112"},
        {"UntilADay", "FREQ=DAILY;UNTIL=20240229", "FREQ=DAILY;UNTIL=20240229T235959"},
        {"LargestNumbers", "FREQ=DAILY;INTERVAL=10000;COUNT=100000",
         "FREQ=DAILY;INTERVAL=10000;COUNT=100000"},
    }),
    kRowName);

class RecurrenceRuleErrorTest : public testing::TestWithParam<TextCase> {};

TEST_P(RecurrenceRuleErrorTest, SaysWhatAndWhatToWrite) {
  const auto rule = RecurrenceRule::Parse(GetParam().text);
  ASSERT_FALSE(rule.ok());
  EXPECT_EQ(rule.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(base::Message(rule.status())), HasSubstr(GetParam().want));
}

INSTANTIATE_TEST_SUITE_P(
    Rows, RecurrenceRuleErrorTest,
    testing::ValuesIn<TextCase>({
        {"Empty", "", "the rule is empty; write FREQ=DAILY"},
        {"OnlyAPrefix", "RRULE:", "the rule is empty"},
        {"NoFrequency", "INTERVAL=2", "the rule has no FREQ; write FREQ=DAILY, FREQ=WEEKLY"},
        {"Hourly", "FREQ=HOURLY", "FREQ is \"HOURLY\"; write FREQ=DAILY"},
        {"Minutely", "FREQ=MINUTELY", "FREQ is \"MINUTELY\"; write"},
        {"Secondly", "FREQ=SECONDLY", "FREQ is \"SECONDLY\"; write"},
        {"NoValue", "FREQ=DAILY;COUNT", "\"COUNT\" is no part of a rule; write NAME=VALUE"},
        {"TrailingSemicolon", "FREQ=DAILY;", "\"\" is no part of a rule"},
        {"Twice", "FREQ=DAILY;COUNT=1;COUNT=2", "COUNT is written twice; keep one"},
        {"Unknown", "FREQ=DAILY;BYEASTER=1", "unknown part \"BYEASTER\"; a rule has FREQ"},
        {"Space", "FREQ=DAILY; COUNT=1", "unknown part \" COUNT\""},
        {"ByHour", "FREQ=DAILY;BYHOUR=3", "BYHOUR is not supported: an occurrence begins at"},
        {"ByMinute", "FREQ=DAILY;BYMINUTE=3", "BYMINUTE is not supported: "},
        {"BySecond", "FREQ=DAILY;BYSECOND=3", "BYSECOND is not supported: "},
        {"ByYearDay", "FREQ=YEARLY;BYYEARDAY=1", "BYYEARDAY is not supported: write BYMONTH with"},
        {"ByWeekNo", "FREQ=YEARLY;BYWEEKNO=20", "BYWEEKNO is not supported: write BYMONTH with"},
        {"Rscale", "RSCALE=CHINESE;FREQ=YEARLY", "RSCALE is not supported: "},
        {"Skip", "FREQ=MONTHLY;SKIP=OMIT", "SKIP is not supported: "},
        {"IntervalZero", "FREQ=DAILY;INTERVAL=0", "INTERVAL is \"0\"; write a number from 1 to"},
        {"IntervalText", "FREQ=DAILY;INTERVAL=two", "INTERVAL is \"TWO\"; write a number"},
        {"IntervalLarge", "FREQ=DAILY;INTERVAL=10001", "from 1 to 10000"},
        {"CountZero", "FREQ=DAILY;COUNT=0", "COUNT is \"0\"; write a number from 1 to 100000"},
        {"CountHuge", "FREQ=DAILY;COUNT=99999999999999999999", "COUNT is \"9999"},
        {"CountAndUntil", "FREQ=DAILY;COUNT=2;UNTIL=20300101", "COUNT and UNTIL exclude each"},
        {"UntilNoDate", "FREQ=DAILY;UNTIL=20230229", "UNTIL is \"20230229\"; write a date, like"},
        {"UntilNoTime", "FREQ=DAILY;UNTIL=20230228T240000", "write a date, like 20301224"},
        {"UntilDashes", "FREQ=DAILY;UNTIL=2023-02-28", "write a date, like 20301224"},
        {"UntilOffset", "FREQ=DAILY;UNTIL=20230228T200000+0100", "or one in UTC"},
        {"UntilEarly", "FREQ=DAILY;UNTIL=19691231", "write a date, like 20301224"},
        {"MonthThirteen", "FREQ=YEARLY;BYMONTH=13",
         "BYMONTH has \"13\"; write numbers from 1 to 12"},
        {"MonthNegative", "FREQ=YEARLY;BYMONTH=-1",
         "BYMONTH has \"-1\"; write numbers from 1 to 12,"},
        {"MonthDayZero", "FREQ=MONTHLY;BYMONTHDAY=0", "write numbers from 1 to 31 or -31 to -1"},
        {"MonthDayLarge", "FREQ=MONTHLY;BYMONTHDAY=1,-32", "BYMONTHDAY has \"-32\""},
        {"MonthDayEmpty", "FREQ=MONTHLY;BYMONTHDAY=1,", "BYMONTHDAY has \"\""},
        {"MonthDayOfAWeek", "FREQ=WEEKLY;BYMONTHDAY=1",
         "BYMONTHDAY cannot stand beside FREQ=WEEKLY"},
        {"WeekdayName", "FREQ=WEEKLY;BYDAY=SUN", "BYDAY has \"SUN\"; write MO, TU"},
        {"WeekdayEmpty", "FREQ=WEEKLY;BYDAY=", "BYDAY has \"\"; write MO, TU"},
        {"WeekdayZero", "FREQ=MONTHLY;BYDAY=0MO", "BYDAY has \"0MO\"; write"},
        {"WeekdayTwoSigns", "FREQ=MONTHLY;BYDAY=+-1MO", "BYDAY has \"+-1MO\"; write"},
        {"WeekdayLarge", "FREQ=YEARLY;BYDAY=54MO", "BYDAY has \"54MO\"; write"},
        {"OrdinalOfAWeek", "FREQ=WEEKLY;BYDAY=2TU", "BYDAY has \"2TU\", but a number needs FREQ="},
        {"OrdinalOfADay", "FREQ=DAILY;BYDAY=-1FR", "BYDAY has \"-1FR\", but a number needs FREQ="},
        {"SixthOfAMonth", "FREQ=MONTHLY;BYDAY=6TU", "but a month has at most five"},
        {"SixthOfMonths", "FREQ=YEARLY;BYMONTH=2;BYDAY=-6TU", "but a month has at most five"},
        {"SetPosAlone", "FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS has nothing to choose from; add"},
        {"SetPosLarge", "FREQ=YEARLY;BYDAY=MO;BYSETPOS=367", "BYSETPOS has \"367\""},
        {"WeekStart", "FREQ=WEEKLY;WKST=M", "WKST is \"M\"; write MO, TU"},
        {"TooLong", "FREQ=DAILY;BYMONTHDAY=" + std::string(1'000, '1'), "write at most 1000"},
    }),
    kRowName);

TEST(RecurrenceRuleTest, WeekdaysAreCounted) {
  struct {
    std::string_view rule;
    std::chrono::year_month_day day;
    bool want;
  } const rows[] = {
      {"FREQ=MONTHLY;BYDAY=1FR", 2024y / 3 / 1, true},
      {"FREQ=MONTHLY;BYDAY=1FR", 2024y / 3 / 8, false},
      {"FREQ=MONTHLY;BYDAY=5FR", 2024y / 3 / 29, true},
      {"FREQ=MONTHLY;BYDAY=-1FR", 2024y / 3 / 29, true},
      {"FREQ=MONTHLY;BYDAY=-1FR", 2024y / 3 / 22, false},
      {"FREQ=MONTHLY;BYDAY=-5FR", 2024y / 3 / 1, true},
      {"FREQ=MONTHLY;BYDAY=1FR,MO", 2024y / 3 / 11, true},  // one or the other
      {"FREQ=YEARLY;BYDAY=1MO", 2024y / 1 / 1, true},
      {"FREQ=YEARLY;BYDAY=53MO", 2024y / 12 / 30, true},
      {"FREQ=YEARLY;BYDAY=-53MO", 2024y / 1 / 1, true},
      {"FREQ=YEARLY;BYDAY=-1TU", 2024y / 12 / 31, true},
      {"FREQ=YEARLY;BYDAY=1MO", 2024y / 2 / 5, false},
      {"FREQ=YEARLY;BYDAY=1MO;BYMONTH=2", 2024y / 2 / 5, true},
      {"FREQ=MONTHLY;BYMONTHDAY=-1", 2024y / 2 / 29, true},
      {"FREQ=MONTHLY;BYMONTHDAY=-1", 2100y / 2 / 28, true},
      {"FREQ=MONTHLY;BYMONTHDAY=-31", 2024y / 3 / 1, true},
      {"FREQ=MONTHLY;BYMONTHDAY=-31", 2024y / 4 / 1, false},
  };
  for (const auto& row : rows) {
    const absl::CivilDay day(static_cast<int>(row.day.year()),
                             static_cast<unsigned>(row.day.month()),
                             static_cast<unsigned>(row.day.day()));
    EXPECT_EQ(RecurrenceRule::Parse(row.rule)->Chooses(day), row.want)
        << row.rule << ' ' << absl::FormatCivilTime(day);
  }
}

}  // namespace
}  // namespace slowburn::slo
