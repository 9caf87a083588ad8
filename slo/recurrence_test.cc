// Goal: occurrences are those of RFC 5545, at the right moments. Method: the examples of RFC 5545,
// 3.8.5.3, that stay within what we read, as its text lists them; rows for clocks that change; each
// refusal. tests/oracle compares random rules with python-dateutil.
#include "slo/recurrence.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "slo/time_zone.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

using Span = std::pair<sys_seconds, sys_seconds>;

std::vector<Span> Spans(const Recurrence& recurrence, sys_seconds from, sys_seconds to) {
  std::vector<Span> spans;
  recurrence.ForEach(from, to,
                     [&](sys_seconds begin, sys_seconds end) { spans.emplace_back(begin, end); });
  return spans;
}

// The local begins of [1970, `to`), each once its year, month or day differs from the one before:
// "1997: 9/2 9/3 | 1998: 1/1".
std::string LocalBegins(const Recurrence& recurrence, sys_seconds to) {
  const absl::TimeZone zone = *LoadTimeZone(recurrence.time_zone());
  std::string text;
  int64_t year = 0;
  for (const auto& [begin, end] : Spans(recurrence, sys_seconds{}, to)) {
    const absl::CivilSecond local = LocalTime(begin, zone);
    EXPECT_EQ(local - absl::CivilSecond(absl::CivilDay(local)), 9 * 3600) << text;
    if (local.year() != year) text += fmt::format("{}{}:", text.empty() ? "" : " ", local.year());
    year = local.year();
    text += fmt::format(" {}/{}", local.month(), local.day());
  }
  return text;
}

struct RfcCase {
  std::string name;
  std::string rule;
  std::chrono::year_month_day start;  // at 09:00 in New York
  std::chrono::year_month_day to;
  std::string want;
};

void PrintTo(const RfcCase& row, std::ostream* out) { *out << row.name; }

class RecurrenceRfcTest : public testing::TestWithParam<RfcCase> {};

TEST_P(RecurrenceRfcTest, OccursAsTheRfcLists) {
  const RfcCase& row = GetParam();
  const auto recurrence =
      Recurrence::Parse(row.rule,
                        absl::CivilSecond(static_cast<int>(row.start.year()),
                                          static_cast<unsigned>(row.start.month()),
                                          static_cast<unsigned>(row.start.day()), 9, 0, 0),
                        "America/New_York", 1h);
  ASSERT_TRUE(recurrence.ok()) << recurrence.status();
  EXPECT_EQ(LocalBegins(*recurrence, sys_days(row.to)), row.want);
}

constexpr auto kEnd = 2100y / 12 / 31;

INSTANTIATE_TEST_SUITE_P(
    Examples, RecurrenceRfcTest,
    testing::ValuesIn<RfcCase>({
        {"DailyTen", "FREQ=DAILY;COUNT=10", 1997y / 9 / 2, kEnd,
         "1997: 9/2 9/3 9/4 9/5 9/6 9/7 9/8 9/9 9/10 9/11"},
        {"DailyUntil", "FREQ=DAILY;UNTIL=19971224T000000Z", 1997y / 12 / 20, kEnd,
         "1997: 12/20 12/21 12/22 12/23"},
        {"EveryOtherDay", "FREQ=DAILY;INTERVAL=2", 1997y / 9 / 2, 1997y / 9 / 20,
         "1997: 9/2 9/4 9/6 9/8 9/10 9/12 9/14 9/16 9/18"},
        {"EveryTenDays", "FREQ=DAILY;INTERVAL=10;COUNT=5", 1997y / 9 / 2, kEnd,
         "1997: 9/2 9/12 9/22 10/2 10/12"},
        {"JanuaryDays", "FREQ=DAILY;UNTIL=20000131T140000Z;BYMONTH=1", 1999y / 1 / 30, kEnd,
         "1999: 1/30 1/31 2000: 1/1 1/2 1/3 1/4 1/5 1/6 1/7 1/8 1/9 1/10 1/11 1/12 1/13 1/14 1/15 "
         "1/16 1/17 1/18 1/19 1/20 1/21 1/22 1/23 1/24 1/25 1/26 1/27 1/28 1/29 1/30 1/31"},
        {"JanuaryDaysByYear",
         "FREQ=YEARLY;UNTIL=20000103T140000Z;BYMONTH=1;BYDAY=SU,MO,TU,WE,TH,FR,SA", 1999y / 1 / 30,
         kEnd, "1999: 1/30 1/31 2000: 1/1 1/2 1/3"},
        {"WeeklyTen", "FREQ=WEEKLY;COUNT=10", 1997y / 9 / 2, kEnd,
         "1997: 9/2 9/9 9/16 9/23 9/30 10/7 10/14 10/21 10/28 11/4"},
        {"WeeklyUntil", "FREQ=WEEKLY;UNTIL=19971224T000000Z", 1997y / 9 / 2, kEnd,
         "1997: 9/2 9/9 9/16 9/23 9/30 10/7 10/14 10/21 10/28 11/4 11/11 11/18 11/25 12/2 12/9 "
         "12/16 12/23"},
        {"EveryOtherWeek", "FREQ=WEEKLY;INTERVAL=2;WKST=SU", 1997y / 9 / 2, 1998y / 2 / 20,
         "1997: 9/2 9/16 9/30 10/14 10/28 11/11 11/25 12/9 12/23 1998: 1/6 1/20 2/3 2/17"},
        {"TuesdaysAndThursdaysUntil", "FREQ=WEEKLY;UNTIL=19971007T000000Z;WKST=SU;BYDAY=TU,TH",
         1997y / 9 / 2, kEnd, "1997: 9/2 9/4 9/9 9/11 9/16 9/18 9/23 9/25 9/30 10/2"},
        {"TuesdaysAndThursdays", "FREQ=WEEKLY;COUNT=10;WKST=SU;BYDAY=TU,TH", 1997y / 9 / 2, kEnd,
         "1997: 9/2 9/4 9/9 9/11 9/16 9/18 9/23 9/25 9/30 10/2"},
        {"EveryOtherWeekThreeDays",
         "FREQ=WEEKLY;INTERVAL=2;UNTIL=19971224T000000Z;WKST=SU;BYDAY=MO,WE,FR", 1997y / 9 / 1,
         kEnd,
         "1997: 9/1 9/3 9/5 9/15 9/17 9/19 9/29 10/1 10/3 10/13 10/15 10/17 10/27 10/29 10/31 "
         "11/10 11/12 11/14 11/24 11/26 11/28 12/8 12/10 12/12 12/22"},
        {"EveryOtherWeekTwoDays", "FREQ=WEEKLY;INTERVAL=2;COUNT=8;WKST=SU;BYDAY=TU,TH",
         1997y / 9 / 2, kEnd, "1997: 9/2 9/4 9/16 9/18 9/30 10/2 10/14 10/16"},
        {"FirstFriday", "FREQ=MONTHLY;COUNT=10;BYDAY=1FR", 1997y / 9 / 5, kEnd,
         "1997: 9/5 10/3 11/7 12/5 1998: 1/2 2/6 3/6 4/3 5/1 6/5"},
        {"FirstFridayUntil", "FREQ=MONTHLY;UNTIL=19971224T000000Z;BYDAY=1FR", 1997y / 9 / 5, kEnd,
         "1997: 9/5 10/3 11/7 12/5"},
        {"FirstAndLastSunday", "FREQ=MONTHLY;INTERVAL=2;COUNT=10;BYDAY=1SU,-1SU", 1997y / 9 / 7,
         kEnd, "1997: 9/7 9/28 11/2 11/30 1998: 1/4 1/25 3/1 3/29 5/3 5/31"},
        {"SecondToLastMonday", "FREQ=MONTHLY;COUNT=6;BYDAY=-2MO", 1997y / 9 / 22, kEnd,
         "1997: 9/22 10/20 11/17 12/22 1998: 1/19 2/16"},
        {"ThirdToLastDay", "FREQ=MONTHLY;BYMONTHDAY=-3", 1997y / 9 / 28, 1998y / 3 / 1,
         "1997: 9/28 10/29 11/28 12/29 1998: 1/29 2/26"},
        {"SecondAndFifteenth", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=2,15", 1997y / 9 / 2, kEnd,
         "1997: 9/2 9/15 10/2 10/15 11/2 11/15 12/2 12/15 1998: 1/2 1/15"},
        {"FirstAndLastDay", "FREQ=MONTHLY;COUNT=10;BYMONTHDAY=1,-1", 1997y / 9 / 30, kEnd,
         "1997: 9/30 10/1 10/31 11/1 11/30 12/1 12/31 1998: 1/1 1/31 2/1"},
        {"EighteenMonths", "FREQ=MONTHLY;INTERVAL=18;COUNT=10;BYMONTHDAY=10,11,12,13,14,15",
         1997y / 9 / 10, kEnd, "1997: 9/10 9/11 9/12 9/13 9/14 9/15 1999: 3/10 3/11 3/12 3/13"},
        {"TuesdaysOfEveryOtherMonth", "FREQ=MONTHLY;INTERVAL=2;BYDAY=TU", 1997y / 9 / 2,
         1998y / 4 / 1,
         "1997: 9/2 9/9 9/16 9/23 9/30 11/4 11/11 11/18 11/25 1998: 1/6 1/13 1/20 1/27 3/3 3/10 "
         "3/17 3/24 3/31"},
        {"JuneAndJuly", "FREQ=YEARLY;COUNT=10;BYMONTH=6,7", 1997y / 6 / 10, kEnd,
         "1997: 6/10 7/10 1998: 6/10 7/10 1999: 6/10 7/10 2000: 6/10 7/10 2001: 6/10 7/10"},
        {"EveryOtherYear", "FREQ=YEARLY;INTERVAL=2;COUNT=10;BYMONTH=1,2,3", 1997y / 3 / 10, kEnd,
         "1997: 3/10 1999: 1/10 2/10 3/10 2001: 1/10 2/10 3/10 2003: 1/10 2/10 3/10"},
        {"TwentiethMonday", "FREQ=YEARLY;BYDAY=20MO", 1997y / 5 / 19, 2000y / 1 / 1,
         "1997: 5/19 1998: 5/18 1999: 5/17"},
        {"ThursdaysInMarch", "FREQ=YEARLY;BYMONTH=3;BYDAY=TH", 1997y / 3 / 13, 2000y / 1 / 1,
         "1997: 3/13 3/20 3/27 1998: 3/5 3/12 3/19 3/26 1999: 3/4 3/11 3/18 3/25"},
        {"ThursdaysInSummer", "FREQ=YEARLY;BYDAY=TH;BYMONTH=6,7,8", 1997y / 6 / 5, 1998y / 1 / 1,
         "1997: 6/5 6/12 6/19 6/26 7/3 7/10 7/17 7/24 7/31 8/7 8/14 8/21 8/28"},
        {"FridayThe13th", "FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", 1997y / 9 / 2, 2000y / 12 / 31,
         "1998: 2/13 3/13 11/13 1999: 8/13 2000: 10/13"},
        {"SaturdayAfterTheFirstSunday", "FREQ=MONTHLY;BYDAY=SA;BYMONTHDAY=7,8,9,10,11,12,13",
         1997y / 9 / 13, 1998y / 7 / 1,
         "1997: 9/13 10/11 11/8 12/13 1998: 1/10 2/7 3/7 4/11 5/9 6/13"},
        {"ElectionDay", "FREQ=YEARLY;INTERVAL=4;BYMONTH=11;BYDAY=TU;BYMONTHDAY=2,3,4,5,6,7,8",
         1996y / 11 / 5, 2005y / 1 / 1, "1996: 11/5 2000: 11/7 2004: 11/2"},
        {"ThirdOfThreeWeekdays", "FREQ=MONTHLY;COUNT=3;BYDAY=TU,WE,TH;BYSETPOS=3", 1997y / 9 / 4,
         kEnd, "1997: 9/4 10/7 11/6"},
        {"SecondToLastWeekday", "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-2", 1997y / 9 / 29,
         1998y / 4 / 1, "1997: 9/29 10/30 11/27 12/30 1998: 1/29 2/26 3/30"},
        {"WeeksFromMonday", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=MO", 1997y / 8 / 5,
         kEnd, "1997: 8/5 8/10 8/19 8/24"},
        {"WeeksFromSunday", "FREQ=WEEKLY;INTERVAL=2;COUNT=4;BYDAY=TU,SU;WKST=SU", 1997y / 8 / 5,
         kEnd, "1997: 8/5 8/17 8/19 8/31"},
        {"DaysThatAreNot", "FREQ=MONTHLY;BYMONTHDAY=15,30;COUNT=5", 2007y / 1 / 15, kEnd,
         "2007: 1/15 1/30 2/15 3/15 3/30"},
        // Beyond the RFC's list.
        {"StartIsNotChosen", "FREQ=WEEKLY;BYDAY=SU;COUNT=2", 1997y / 9 / 2, kEnd, "1997: 9/7 9/14"},
        {"LeapDays", "FREQ=YEARLY;COUNT=3", 1996y / 2 / 29, kEnd,
         "1996: 2/29 2000: 2/29 2004: 2/29"},
        {"LeapDaysOfTheCentury", "FREQ=YEARLY;INTERVAL=4", 2088y / 2 / 29, kEnd,
         "2088: 2/29 2092: 2/29 2096: 2/29"},
        {"UntilTheStart", "FREQ=DAILY;UNTIL=19970902T130000Z", 1997y / 9 / 2, kEnd, "1997: 9/2"},
        {"UntilIsLocal", "FREQ=DAILY;UNTIL=19970904T085959", 1997y / 9 / 2, kEnd, "1997: 9/2 9/3"},
        {"UntilIsADay", "FREQ=DAILY;UNTIL=19970904", 1997y / 9 / 2, kEnd, "1997: 9/2 9/3 9/4"},
        {"FirstOfEachYearsSet", "FREQ=YEARLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=1,-1;COUNT=4",
         1997y / 1 / 1, kEnd, "1997: 1/1 12/31 1998: 1/1 12/31"},
        // The set of the start's week has days before the start.
        {"SetOfTheFirstWeek", "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYSETPOS=1;COUNT=2", 1997y / 9 / 2, kEnd,
         "1997: 9/8 9/15"},
        {"LastYears", "FREQ=YEARLY;INTERVAL=3;BYMONTH=12;BYMONTHDAY=31", 2094y / 1 / 1,
         2101y / 12 / 31, "2094: 12/31 2097: 12/31 2100: 12/31"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(RecurrenceTest, LocalTimeStaysWhenClocksChange) {
  const Recurrence sundays = *Recurrence::Parse(
      "FREQ=WEEKLY;BYDAY=SU", absl::CivilSecond(2024, 1, 1, 2, 30, 0), "Europe/Paris", 2h);
  // 02:30 is 01:30Z in winter; on 2024-03-31 clocks skip it, and show it as 03:30 at 01:30Z; then
  // 00:30Z; on 2024-10-27 they show it twice, first at 00:30Z.
  struct {
    std::chrono::year_month_day day;
    seconds want;
  } const rows[] = {{2024y / 3 / 24, 1h + 30min},
                    {2024y / 3 / 31, 1h + 30min},
                    {2024y / 4 / 7, 30min},
                    {2024y / 10 / 27, 30min},
                    {2024y / 11 / 3, 1h + 30min}};
  for (const auto& row : rows) {
    const sys_seconds day = sys_days(row.day);
    EXPECT_THAT(Spans(sundays, day, day + 24h),
                ElementsAre(Span(day + row.want, day + row.want + 2h)))
        << day.time_since_epoch().count();
  }
}

TEST(RecurrenceTest, ASkippedDayMakesOneOfTwo) {
  const Recurrence daily = *Recurrence::Parse(
      "FREQ=DAILY", absl::CivilSecond(2011, 12, 28, 12, 0, 0), "Pacific/Apia", 1h);
  const sys_seconds day = sys_days(2011y / 12 / 28) + 22h;  // noon of the 28th
  EXPECT_THAT(Spans(daily, day, day + 96h),
              ElementsAre(Span(day, day + 1h), Span(day + 24h, day + 25h),
                          Span(day + 48h, day + 49h), Span(day + 72h, day + 73h)));
  EXPECT_EQ(LocalTime(day + 48h, *LoadTimeZone("Pacific/Apia")),
            absl::CivilSecond(2011, 12, 31, 12, 0, 0));
}

TEST(RecurrenceTest, WhatOverlapsTheRangeIsGiven) {
  const Recurrence daily =
      *Recurrence::Parse("FREQ=DAILY", absl::CivilSecond(2024, 1, 1, 0, 0, 0), "UTC", 36h);
  const sys_seconds first = sys_days(2024y / 1 / 1);
  EXPECT_THAT(Spans(daily, first - 24h, first), IsEmpty()) << "before the start";
  EXPECT_THAT(Spans(daily, first, first), IsEmpty());
  EXPECT_THAT(Spans(daily, first + 1h, first), IsEmpty()) << "an empty range";
  EXPECT_THAT(Spans(daily, first - 24h, first + 1s), ElementsAre(Span(first, first + 36h)));
  EXPECT_THAT(Spans(daily, first + 36h, first + 37h), ElementsAre(Span(first + 24h, first + 60h)));
  EXPECT_THAT(Spans(daily, first + 36h - 1s, first + 37h),
              ElementsAre(Span(first, first + 36h), Span(first + 24h, first + 60h)));
}

TEST(RecurrenceTest, FarRangesAndAllRangesAreBounded) {
  const Recurrence daily = *Recurrence::Parse("FREQ=DAILY;COUNT=100000",
                                              absl::CivilSecond(1970, 1, 1, 0, 0, 0), "UTC", 1s);
  EXPECT_EQ(Spans(daily, sys_seconds::min(), sys_seconds::max()).size(), 47'847u);
  const sys_seconds late = sys_days(2100y / 12 / 31);
  EXPECT_THAT(Spans(daily, late, late + 1000h), ElementsAre(Span(late, late + 1s)));
}

// A range gives what the whole gives of it, wherever it lies.
TEST(RecurrenceTest, RangesAgreeWithTheWhole) {
  const std::string_view rules[] = {
      "FREQ=DAILY;INTERVAL=3", "FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,SA;WKST=SU",
      "FREQ=MONTHLY;INTERVAL=5;BYDAY=-1FR,2TU", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
      "FREQ=MONTHLY;BYDAY=MO,TU,WE,TH,FR;BYSETPOS=-1;COUNT=50"};
  for (const std::string_view rule : rules) {
    const Recurrence recurrence = *Recurrence::Parse(
        rule, absl::CivilSecond(2020, 2, 15, 23, 45, 0), "America/Sao_Paulo", 26h);
    const std::vector<Span> all = Spans(recurrence, sys_seconds{}, sys_days(2031y / 1 / 1));
    for (sys_seconds from = sys_days(2020y / 1 / 1); from < sys_days(2030y / 1 / 1);
         from += 41h * 7) {
      const sys_seconds to = from + 19h * 11;
      std::vector<Span> want;
      std::copy_if(all.begin(), all.end(), std::back_inserter(want),
                   [&](const Span& span) { return span.first < to && span.second > from; });
      ASSERT_EQ(Spans(recurrence, from, to), want) << rule;
    }
  }
}

TEST(RecurrenceTest, Identity) {
  const auto parse = [](std::string_view rule) {
    return *Recurrence::Parse(rule, absl::CivilSecond(2026, 1, 4, 2, 0, 0), "Europe/Paris", 2h);
  };
  const Recurrence recurrence = parse("byday=SU;FREQ=WEEKLY;INTERVAL=1");
  EXPECT_EQ(recurrence.CanonicalText(),
            "FREQ=WEEKLY;BYDAY=SU from 2026-01-04T02:00:00 Europe/Paris for 7200s");
  EXPECT_EQ(recurrence, parse("FREQ=WEEKLY;BYDAY=SU"));
  EXPECT_FALSE(recurrence == parse("FREQ=WEEKLY;BYDAY=SA"));
  EXPECT_EQ(recurrence.start(), absl::CivilSecond(2026, 1, 4, 2, 0, 0));
  EXPECT_EQ(recurrence.duration(), 2h);
}

TEST(RecurrenceTest, RefusesWithWhatToWrite) {
  const absl::CivilSecond start(2024, 1, 1, 0, 0, 0);
  struct {
    std::string_view rule;
    absl::CivilSecond start;
    std::string_view zone;
    seconds duration;
    std::string_view want;
  } const rows[] = {
      {"FREQ=HOURLY", start, "UTC", 1h, "write FREQ=DAILY"},
      {"FREQ=DAILY", start, "Mars", 1h, "unknown time zone \"Mars\"; write a name"},
      {"FREQ=DAILY", start, "UTC", 0s, "lasts 0 s; write a duration above 0 and up to 31d"},
      {"FREQ=DAILY", start, "UTC", -1s, "lasts -1 s"},
      {"FREQ=DAILY", start, "UTC", 31 * 24h + 1s, "lasts 2678401 s"},
      {"FREQ=DAILY", absl::CivilSecond(1969, 12, 31), "UTC", 1h, "in the year 1969; write one"},
      {"FREQ=DAILY", absl::CivilSecond(2101, 1, 1), "UTC", 1h, "in the year 2101; write one"},
      {"FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", start, "UTC", 1h,
       "the rule FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30 chooses no day from the start, 2024-01-01"},
      {"FREQ=DAILY;UNTIL=20231231T235959", start, "UTC", 1h, "chooses no day from the start"},
      {"FREQ=DAILY;UNTIL=20231231T225959Z", start, "Europe/Paris", 1h, "chooses no day"},
      {"FREQ=MONTHLY;BYDAY=MO;BYSETPOS=6", start, "UTC", 1h, "chooses no day"},
  };
  for (const auto& row : rows) {
    const auto recurrence = Recurrence::Parse(row.rule, row.start, row.zone, row.duration);
    EXPECT_EQ(recurrence.status().code(), absl::StatusCode::kInvalidArgument) << row.want;
    EXPECT_THAT(std::string(base::Message(recurrence.status())), HasSubstr(std::string(row.want)));
  }
  EXPECT_TRUE(
      Recurrence::Parse("FREQ=DAILY;UNTIL=20231231T230000Z", start, "Europe/Paris", 31 * 24h).ok());
}

}  // namespace
}  // namespace slowburn::slo
