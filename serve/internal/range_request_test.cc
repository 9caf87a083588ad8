// Goal: times, steps and groups are read as written or refused with what to write; a history
// without bounds is whole slices, few points, and reaches the newest slice. Method: rows.
#include "serve/internal/range_request.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::serve::internal {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using testing::HasSubstr;
using namespace std::chrono_literals;

net::HttpRequest Request(std::string query) {
  net::HttpRequest request;
  request.query = std::move(query);
  return request;
}

TEST(RangeRequestTest, ReadsTimesStepsAndGroups) {
  const auto got = ParseRangeRequest(
      Request("start=1700000000&end=2023-11-14T23:13:20%2B00:00&step=1h30m&other=1"
              "&group.http.route=%2Fpay&group.zone=a+b&group.zone=c"));
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->start, sys_seconds(1'700'000'000s));
  EXPECT_EQ(got->end, sys_seconds(1'700'003'600s));
  EXPECT_EQ(got->step, 5400s);
  EXPECT_EQ(got->group, (GroupSelector{{"http.route", "/pay"}, {"zone", "a b"}}));
  const auto open = ParseRangeRequest(Request("start=&step="));
  ASSERT_TRUE(open.ok());
  EXPECT_FALSE(open->start || open->end || open->step);
  EXPECT_EQ(ParseRangeRequest(Request("step=60"))->step, 60s);
  EXPECT_EQ(ParseRangeRequest(Request("step=60.0"))->step, 60s);
}

TEST(RangeRequestTest, Refuses) {
  struct Case {
    std::string query;
    std::string_view want_error;
  };
  for (const Case& c : std::vector<Case>{
           {"start=yesterday", "start: \"yesterday\" is not a time"},
           {"end=-5", "end: \"-5\" is not a time"},
           {"start=1700000001.5", "write 1700000000 or 1700000010"},
           {"step=often", "step: \"often\" is not a duration"},
           {"step=0", "write seconds above 0"},
           {"step=-10", "write seconds above 0"},
           {"step=1e300", "write seconds above 0"},
           {"step=nan", "write seconds above 0"},
           {"step=300ms", "step=300ms has a fraction of a second"},
       }) {
    const auto got = ParseRangeRequest(Request(c.query));
    ASSERT_FALSE(got.ok()) << c.query;
    EXPECT_TRUE(absl::IsInvalidArgument(got.status()));
    EXPECT_THAT(std::string(base::Message(got.status())), HasSubstr(c.want_error));
  }
}

TEST(CompleteHistoryTest, FillsWhatIsOpen) {
  struct Case {
    std::string name;
    RangeRequest request;
    seconds window;
    seconds want_length, want_step;
  };
  const sys_seconds start(1'600'000'000s);
  for (const Case& c : std::vector<Case>{
           {"Month", {}, 720h, 720h, 8640s},
           {"WeekTakesADivisor", {}, 168h, 168h, 2100s},
           {"Hour", {}, 1h, 1h, 20s},
           {"ShortWindowIsOnePointASlice", {}, 10min, 10min, 10s},
           // 5,003 slices are a prime number of them.
           {"NothingDivides", {}, 50'030s, 50'030s - 50'030s % 170s, 170s},
           {"OwnStep", {.step = 1h}, 90min, 1h, 1h},
           {"OwnBounds", {.start = start, .end = start + 6h}, 720h, 6h, 80s},
       }) {
    const HistoryRange got = CompleteHistory(c.request, sys_seconds(1'700'000'003s), c.window);
    EXPECT_EQ(got.end, c.request.end.value_or(sys_seconds(1'700'000'000s))) << c.name;
    EXPECT_EQ(got.end - got.start, c.want_length) << c.name;
    EXPECT_EQ(got.step, c.want_step) << c.name;
    EXPECT_LE((got.end - got.start) / got.step, 300) << c.name;
  }
}

TEST(CompleteHistoryTest, LeavesBackwardBoundsToQueries) {
  const sys_seconds start(1'600'000'000s);
  const HistoryRange got = CompleteHistory({.start = start, .end = start - 1h}, start, 1h);
  EXPECT_EQ(got.start, start);
  EXPECT_EQ(got.end, start - 1h);
  EXPECT_EQ(got.step, 10s);
}

TEST(CompletePercentilesTest, EndsWithTheOpenFiveMinutes) {
  const sys_seconds now(1'700'000'003s);  // 200 s into its five minutes
  const sys_seconds end(1'700'000'100s);
  struct Case {
    std::string name;
    RangeRequest request;
    slo::Window window;
    sys_seconds want_start, want_end;
  };
  const auto rolling = slo::Window::Rolling;
  const auto month = slo::Window::Calendar(
      *slo::CalendarGrid::Create(slo::CalendarPeriod::kMonth, "Europe/Paris"));
  const sys_seconds november = std::chrono::sys_days(2023y / 10 / 31) + 23h;
  for (const Case& c : std::vector<Case>{
           {"ThirtyDays", {}, rolling(720h), end - 720h, end},
           {"ShortWindowIsRoundedUp", {}, rolling(310s), end - 600s, end},
           {"OwnEnd", {.end = end - 1h}, rolling(1h), end - 2h, end - 1h},
           {"OwnStart", {.start = end - 5h}, rolling(1h), end - 5h, end},
           {"CalendarMonth", {}, month, november, end},
           {"WholeMonth", {.end = november}, month, november - 31 * 24h - 1h, november},
       }) {
    const TimeRange got = CompletePercentiles(c.request, now, c.window);
    EXPECT_EQ(got.start, c.want_start) << c.name;
    EXPECT_EQ(got.end, c.want_end) << c.name;
  }
}

}  // namespace
}  // namespace slowburn::serve::internal
