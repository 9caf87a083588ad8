// Goal: a plan sends what was asked for, at the moments of its rate. Method: whole plans as rows;
// moments of single requests against arithmetic by hand.
#include "app/load_plan.h"

#include <string>

#include <gtest/gtest.h>

namespace slowburn::app {
namespace {

using model::Signal;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using namespace std::chrono_literals;

struct Case {
  std::string name;
  LoadPlan::Options options;
  std::optional<uint64_t> want_requests;
};

class LoadPlanLengthTest : public testing::TestWithParam<Case> {};

TEST_P(LoadPlanLengthTest, EndsWhereItShould) {
  const LoadPlan plan(GetParam().options);
  const std::optional<uint64_t> want = GetParam().want_requests;
  EXPECT_EQ(plan.requests(), want);
  EXPECT_TRUE(want == 0u || plan.At(0).has_value());
  if (!want) {
    EXPECT_TRUE(plan.At(1'000'000'000).has_value());
    return;
  }
  EXPECT_FALSE(plan.At(*want).has_value());
  EXPECT_TRUE(*want == 0 || plan.At(*want - 1).has_value());
}

constexpr LoadPlan::Stream kTraces{Signal::kTraces, 512};
constexpr LoadPlan::Stream kMetrics{Signal::kMetrics, 400};
constexpr LoadPlan::Stream kLogs{Signal::kLogs, 512};

INSTANTIATE_TEST_SUITE_P(
    Plans, LoadPlanLengthTest,
    testing::ValuesIn<Case>({
        {"Requests", {{kTraces}, {}, {}, 17}, 17},
        {"RequestsAtARate", {{kTraces}, 1e6, {}, 17}, 17},
        {"NoRequests", {{kTraces}, {}, {}, 0}, 0},
        {"AsFastAsAcked", {{kTraces}, {}, 10s, {}}, std::nullopt},
        // 5120 items a second are 10 requests; the one due at 2 s is outside.
        {"WholeSeconds", {{kTraces}, 5120.0, 2s, {}}, 20},
        {"SlightlyLonger", {{kTraces}, 5120.0, 2s + 1ms, {}}, 21},
        {"SlowerThanOneRequest", {{kTraces}, 1.0, 1s, {}}, 1},
        // 1424 items in a turn of three; at 1424 a second the fourth turn begins at 3 s.
        {"ThreeSignals", {{kTraces, kMetrics, kLogs}, 1424.0, 3s, {}}, 9},
        // The metrics of a turn are due 512 items, 359.6 ms, after its traces.
        {"EndsWithinATurn", {{kTraces, kMetrics, kLogs}, 1424.0, 359ms, {}}, 1},
        {"EndsLaterInATurn", {{kTraces, kMetrics, kLogs}, 1424.0, 360ms, {}}, 2},
    }),
    [](const auto& info) { return info.param.name; });

TEST(LoadPlanTest, RequestsAreDueAtTheRate) {
  const LoadPlan plan({{kTraces}, 5120.0, 10s, {}});
  EXPECT_EQ(plan.At(0)->due, nanoseconds(0));
  EXPECT_EQ(plan.At(1)->due, milliseconds(100));
  EXPECT_EQ(plan.At(99)->due, milliseconds(9900));
  EXPECT_EQ(plan.At(99)->number, 99u);
}

TEST(LoadPlanTest, ALongPlanDoesNotDrift) {
  const LoadPlan plan({{{Signal::kLogs, 3}}, 7.0, {}, 10'000'000'000});
  EXPECT_EQ(plan.At(7'000'000'000)->due, seconds(3'000'000'000));
}

TEST(LoadPlanTest, SignalsTakeTurns) {
  const LoadPlan plan({{kTraces, kMetrics, kLogs}, 1424.0, 10s, {}});
  const auto fourth = plan.At(4);
  EXPECT_EQ(fourth->stream, 1u);
  EXPECT_EQ(fourth->number, 1u);
  EXPECT_EQ(fourth->due, nanoseconds(1'359'550'562));  // 1 s and 512 of 1424 items
  EXPECT_EQ(plan.At(3)->due, seconds(1));
}

TEST(LoadPlanTest, WithoutARateNothingIsDue) {
  const LoadPlan plan({{kTraces}, {}, {}, 5});
  EXPECT_FALSE(plan.At(3)->due.has_value());
}

}  // namespace
}  // namespace slowburn::app
