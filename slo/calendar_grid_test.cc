// Goal: periods begin when clocks of their zone say so, odd days included. Method: rows by hand;
// tests/oracle compares every start of every zone with Python's zoneinfo.
#include "slo/calendar_grid.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::slo {
namespace {

using std::chrono::sys_days;
using std::chrono::sys_seconds;
using testing::HasSubstr;
using namespace std::chrono_literals;
using enum CalendarPeriod;

struct BeginCase {
  std::string name;
  CalendarPeriod period;
  std::string zone;
  sys_seconds in;    // any moment of the period
  sys_seconds want;  // its start
  std::chrono::seconds length;
};

void PrintTo(const BeginCase& row, std::ostream* out) { *out << row.name; }

class CalendarGridBeginTest : public testing::TestWithParam<BeginCase> {};

TEST_P(CalendarGridBeginTest, HoldsTheMoment) {
  const BeginCase& row = GetParam();
  const auto grid = *CalendarGrid::Create(row.period, row.zone);
  const Slice begin = SliceOf(row.want);
  const Slice end = SliceOf(row.want + row.length);
  for (const Slice slice : {SliceOf(row.in), begin, end - 1}) {
    EXPECT_EQ(grid->BeginOf(slice), begin) << slice;
    EXPECT_EQ(grid->EndOf(slice), end) << slice;
  }
  EXPECT_TRUE(grid->IsBegin(begin));
  EXPECT_TRUE(grid->IsBegin(end));
  EXPECT_FALSE(grid->IsBegin(begin + 1));
  EXPECT_FALSE(grid->IsBegin(end - 1));
  EXPECT_EQ(grid->EndOf(begin - 1), begin);
}

// 12:00 UTC of that day, within the local day of most zones.
sys_seconds Noon(std::chrono::year_month_day day) { return sys_days(day) + 12h; }
sys_seconds At(std::chrono::year_month_day day, std::chrono::seconds time) {
  return sys_days(day) + time;
}

INSTANTIATE_TEST_SUITE_P(
    Rows, CalendarGridBeginTest,
    testing::ValuesIn<BeginCase>({
        {"Day", kDay, "UTC", Noon(2024y / 2 / 29), At(2024y / 2 / 29, 0s), 24h},
        {"WeekFromMonday", kWeek, "UTC", Noon(2024y / 3 / 3), At(2024y / 2 / 26, 0s), 168h},
        {"WeekOverNewYear", kWeek, "UTC", Noon(2025y / 1 / 1), At(2024y / 12 / 30, 0s), 168h},
        {"Month", kMonth, "UTC", Noon(2024y / 2 / 15), At(2024y / 2 / 1, 0s), 29 * 24h},
        {"MonthOfACentury", kMonth, "UTC", Noon(2100y / 2 / 15), At(2100y / 2 / 1, 0s), 28 * 24h},
        {"Quarter", kQuarter, "UTC", Noon(2023y / 2 / 15), At(2023y / 1 / 1, 0s), 90 * 24h},
        {"LastQuarter", kQuarter, "UTC", Noon(2023y / 12 / 31), At(2023y / 10 / 1, 0s), 92 * 24h},
        {"Year", kYear, "UTC", Noon(2024y / 7 / 1), At(2024y / 1 / 1, 0s), 366 * 24h},
        {"DayOf23Hours", kDay, "Europe/Paris", Noon(2024y / 3 / 31), At(2024y / 3 / 30, 23h), 23h},
        {"DayOf25Hours", kDay, "Europe/Paris", Noon(2024y / 10 / 27), At(2024y / 10 / 26, 22h),
         25h},
        {"DayOf24HoursAndAHalf", kDay, "Australia/Lord_Howe", At(2024y / 4 / 7, 0s),
         At(2024y / 4 / 6, 13h), 24h + 30min},
        {"MonthWithSpring", kMonth, "Europe/Paris", Noon(2024y / 3 / 31), At(2024y / 2 / 29, 23h),
         31 * 24h - 1h},
        {"WeekWithAutumn", kWeek, "America/New_York", Noon(2024y / 11 / 2), At(2024y / 10 / 28, 4h),
         169h},
        {"SkippedMidnight", kDay, "America/Sao_Paulo", Noon(2018y / 11 / 4), At(2018y / 11 / 4, 3h),
         23h},
        {"MidnightTwice", kDay, "America/Havana", Noon(2024y / 11 / 3), At(2024y / 11 / 3, 4h),
         25h},
        // Clocks go from 00:00 back to 23:00 of the day before, which then has 25 h.
        {"BackToYesterday", kDay, "Asia/Beirut", Noon(2024y / 10 / 26), At(2024y / 10 / 25, 21h),
         25h},
        // From 00:01 back to 23:01 of the day before.
        {"MidnightTwiceByAMinute", kDay, "America/St_Johns", Noon(2010y / 11 / 7),
         At(2010y / 11 / 7, 2h + 30min), 25h},
        {"BeforeTheSkippedDay", kDay, "Pacific/Apia", At(2011y / 12 / 30, 9h),
         At(2011y / 12 / 29, 10h), 24h},
        {"AfterTheSkippedDay", kDay, "Pacific/Apia", At(2011y / 12 / 30, 10h),
         At(2011y / 12 / 30, 10h), 24h},
        {"WeekWithoutAFriday", kWeek, "Pacific/Apia", At(2011y / 12 / 30, 10h),
         At(2011y / 12 / 26, 10h), 144h},
        // The 31st of December 1994 never was; the year ends with the 30th.
        {"YearWithoutItsLastDay", kYear, "Pacific/Kiritimati", Noon(1994y / 7 / 1),
         At(1994y / 1 / 1, 10h), 364 * 24h},
        {"QuarterHours", kDay, "Asia/Kathmandu", Noon(2024y / 1 / 1),
         At(2023y / 12 / 31, 18h + 15min), 24h},
        {"OffsetOfSeconds", kYear, "Africa/Monrovia", Noon(1971y / 7 / 1),
         At(1971y / 1 / 1, 44min + 30s), 365 * 24h},
        {"FarRule", kMonth, "Europe/Paris", Noon(2099y / 10 / 5), At(2099y / 9 / 30, 22h),
         31 * 24h + 1h},
    }),
    [](const auto& info) { return info.param.name; });

TEST(CalendarGridTest, EndsOfTheRange) {
  for (const std::string_view zone : {"UTC", "Asia/Tokyo", "America/Los_Angeles"}) {
    for (const CalendarPeriod period : {kDay, kWeek, kMonth, kQuarter, kYear}) {
      const auto grid = *CalendarGrid::Create(period, zone);
      EXPECT_EQ(grid->BeginOf(0), 0u);
      EXPECT_GT(grid->EndOf(0), 0u);
      EXPECT_LT(grid->EndOf(SliceOf(At(2100y / 12 / 31, 23h))), CalendarGrid::kNoEnd);
      const Slice last = SliceOf(At(2200y / 1 / 1, 0s));
      EXPECT_EQ(grid->EndOf(last), CalendarGrid::kNoEnd);
      EXPECT_GE(grid->BeginOf(last), SliceOf(At(2101y / 1 / 2, 0s)));
      EXPECT_EQ(grid->BeginOf(CalendarGrid::kNoEnd), grid->BeginOf(last));
    }
  }
  const auto tokyo = *CalendarGrid::Create(kYear, "Asia/Tokyo");
  EXPECT_EQ(tokyo->EndOf(0), SliceOf(At(1970y / 12 / 31, 15h)));
  const auto los_angeles = *CalendarGrid::Create(kYear, "America/Los_Angeles");
  EXPECT_EQ(los_angeles->EndOf(0), SliceOf(At(1970y / 1 / 1, 8h)));
}

// Begins and ends tile the time line, and every moment lies in exactly one period.
TEST(CalendarGridTest, PeriodsTile) {
  const auto grid = *CalendarGrid::Create(kDay, "America/Sao_Paulo");
  Slice begin = 0;
  size_t days = 0;
  for (Slice end = grid->EndOf(begin); end != CalendarGrid::kNoEnd;
       begin = end, end = grid->EndOf(begin)) {
    ++days;
    ASSERT_TRUE(grid->IsBegin(begin));
    ASSERT_EQ(grid->BeginOf(end - 1), begin);
    const Slice length = end - begin;
    ASSERT_TRUE(begin == 0 || (length >= 23 * kSlicesPerHour && length <= 25 * kSlicesPerHour))
        << begin;
  }
  EXPECT_EQ(days, 131u * 365 + 32 + 2);  // 1970 to 2100, the end of 1969, a day of 2101
}

TEST(CalendarGridTest, Identity) {
  const auto grid = *CalendarGrid::Create(kMonth, "Europe/Paris");
  EXPECT_EQ(grid->Text(), "month Europe/Paris");
  EXPECT_EQ(grid->period(), kMonth);
  EXPECT_EQ(grid->time_zone(), "Europe/Paris");
}

TEST(CalendarGridTest, RefusesAnUnknownZone) {
  const auto grid = CalendarGrid::Create(kMonth, "Europe/Pari");
  EXPECT_EQ(grid.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(base::Message(grid.status())),
              HasSubstr("unknown time zone \"Europe/Pari\"; write a name of the IANA database"));
}

TEST(CalendarPeriodTest, NamesAndLengths) {
  struct {
    CalendarPeriod period;
    std::string_view name;
    int days;
  } const rows[] = {{kDay, "day", 1},
                    {kWeek, "week", 7},
                    {kMonth, "month", 30},
                    {kQuarter, "quarter", 91},
                    {kYear, "year", 365}};
  for (const auto& row : rows) {
    EXPECT_EQ(CalendarPeriodName(row.period), row.name);
    EXPECT_EQ(ParseCalendarPeriod(row.name), row.period);
    EXPECT_EQ(NominalLength(row.period), std::chrono::days(row.days));
  }
  for (const std::string_view name : {"", "Month", "months", "decade"})
    EXPECT_FALSE(ParseCalendarPeriod(name).has_value()) << name;
}

}  // namespace
}  // namespace slowburn::slo
