// Goal: the API's percentiles are those of the events of the range, and a range that cannot be
// answered is refused with what to write. Method: readings over a core on a real store, before and
// after its hours left memory.
#include <algorithm>
#include <cmath>
#include <random>

#include <gmock/gmock.h>

#include "app/readings.h"
#include "app/testing/core_fixture.h"
#include "base/status.h"
#include "base/testing/manual_clock.h"

namespace slowburn::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_seconds;
using testing::HasSubstr;

constexpr sys_seconds kHour{1'699'999'200s};  // 22:00; kStart is 800 s later

class ReadingsLatencyTest : public CoreFixture {
 protected:
  ReadingsLatencyTest() {
    slos_[1].sli.group_by = {"http.route"};
    Open(kStart);
    Start();
  }

  // What reads the core that is open now.
  void Start() {
    loop_.emplace(CommitLoop::Options{}, *core_, *store_, CommitLoop::Downstreams{}, clock_,
                  registry_.emplace());
    readings_.emplace(*loop_, *store_, clock_, [](serve::ServerReading&) {});
  }

  void Record(std::string_view route, sys_seconds time, const std::vector<uint64_t>& nanos) {
    CountedRequest request;
    std::string key;
    slo::AppendGroupValue(key, route);
    const uint32_t entry = request.delta.Append(slo::SliId{3}, slo::SliceOf(time), key);
    slo::LatencyTally tally;
    for (const uint64_t n : nanos) {
      request.delta.Count(entry, true, 0);
      tally.Add(entry, n);
    }
    request.delta.set_latencies(tally.Take());
    request.deduplicate = false;
    request.items = static_cast<uint32_t>(nanos.size());
    Commit(request, clock_.Now());
  }

  absl::StatusOr<std::vector<slo::LatencyPercentiles>> Ask(
      sys_seconds start, sys_seconds end, std::optional<std::chrono::seconds> step = {},
      const serve::GroupSelector& group = {}) const {
    return readings_->Percentiles("checkout/latency", group, start, end, step);
  }

  base::ManualClock clock_{kStart};
  std::optional<prometheus::Registry> registry_;
  std::optional<CommitLoop> loop_;
  std::optional<Readings> readings_;
};

TEST_F(ReadingsLatencyTest, PercentilesOfAGroupAndOfTheTotal) {
  std::mt19937_64 random(31);
  std::vector<uint64_t> pay, all;
  for (int i = 0; i < 40; ++i) {
    std::vector<uint64_t> nanos(25);
    for (uint64_t& n : nanos) n = random() % 800'000'000;
    const bool is_pay = i % 3 == 0;
    Record(is_pay ? "/pay" : "/cart", kHour + std::chrono::seconds(i * 19), nanos);
    if (is_pay) pay.insert(pay.end(), nanos.begin(), nanos.end());
    all.insert(all.end(), nanos.begin(), nanos.end());
  }
  const auto expect = [&](const serve::GroupSelector& group, std::vector<uint64_t>& values) {
    const auto got = Ask(kHour, kHour + 15min, {}, group);
    ASSERT_TRUE(got.ok()) << got.status();
    ASSERT_EQ(got->size(), 1u);
    EXPECT_EQ(got->front().count, values.size());
    EXPECT_EQ(got->front().start, kHour);
    EXPECT_EQ(got->front().end, kHour + 15min);
    std::ranges::sort(values);
    for (size_t p = 0; p < slo::kPercentiles.size(); ++p) {
      const size_t rank = (values.size() * slo::kPercentiles[p].per_mille + 999) / 1000;
      const double want = static_cast<double>(values[rank - 1]) * 1e-9;
      EXPECT_NEAR(got->front().seconds[p], want, want * slo::kLatencyRelativeError);
    }
  };
  expect({}, all);
  expect({{"http.route", "/pay"}}, pay);
  Checkpoint(kStart);
  readings_.reset();
  loop_.reset();
  Open(kStart);  // from the store
  Start();
  expect({}, all);
  expect({{"http.route", "/pay"}}, pay);
}

TEST_F(ReadingsLatencyTest, StepsHaveTheirOwnPercentiles) {
  Record("/pay", kHour, {1'000'000});
  Record("/pay", kHour + 299s, {1'000'000});
  Record("/pay", kHour + 11min, {2'000'000'000});
  const auto got = Ask(kHour, kHour + 17min + 13min, 5min);
  ASSERT_TRUE(got.ok()) << got.status();
  ASSERT_EQ(got->size(), 6u);
  const uint64_t want[] = {2, 0, 1, 0, 0, 0};
  for (size_t i = 0; i < got->size(); ++i) {
    EXPECT_EQ((*got)[i].count, want[i]) << i;
    EXPECT_EQ((*got)[i].end, kHour + (i + 1) * 5min);
  }
  EXPECT_NEAR((*got)[2].seconds[0], 2, 2 * slo::kLatencyRelativeError);
}

TEST_F(ReadingsLatencyTest, FarRangesCostNothing) {
  Record("/pay", kHour, {1'000'000});
  const auto got = Ask(kHour, sys_seconds(253'402'300'500s));  // the year 9999
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->front().count, 1u);
}

TEST_F(ReadingsLatencyTest, Refuses) {
  Record("/pay", kHour, {1'000'000});
  struct Case {
    std::string name;
    sys_seconds start, end;
    std::optional<std::chrono::seconds> step;
    std::string want_error;
  };
  for (const Case& c : std::vector<Case>{
           {"StartOffTheSlots",
            kHour + 10s,
            kHour + 1h,
            {},
            "start=1699999210 is not divisible by 300; write 1699999200 or 1699999500"},
           {"EndOffTheSlots",
            kHour,
            kHour + 310s,
            {},
            "end=1699999510 is not divisible by 300; write 1699999500 or 1699999800"},
           {"Backwards", kHour, kHour - 1h, {}, "is not after start=1699999200"},
           {"BeforeTheRetainedPast",
            kHour - 401 * 24h,
            kHour,
            {},
            "is before the retained past; write 1665440100 or later"},
           {"StepOffTheSlots", kHour, kHour + 1h, 100s, "step=100s is not a multiple of 300s"},
           {"StepOfNothing", kHour, kHour + 1h, 0s, "step=0s is not a multiple of 300s"},
           {"TooManyPoints", kHour - 100 * 24h, kHour, 300s, "28800 points are more than 11000"},
       }) {
    const auto got = Ask(c.start, c.end, c.step);
    EXPECT_EQ(got.status().code(), absl::StatusCode::kInvalidArgument) << c.name;
    EXPECT_THAT(std::string(base::Message(got.status())), HasSubstr(c.want_error)) << c.name;
  }
  const auto other = readings_->Percentiles("checkout/availability", {}, kHour, kHour + 1h, {});
  EXPECT_EQ(other.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(base::Message(other.status())),
              HasSubstr("checkout/availability has no latency"));
  EXPECT_EQ(readings_->Percentiles("checkout/none", {}, kHour, kHour + 1h, {}).status().code(),
            absl::StatusCode::kNotFound);
  EXPECT_EQ(Ask(kHour, kHour + 1h, {}, {{"http.route", "/none"}}).status().code(),
            absl::StatusCode::kNotFound);
}

TEST_F(ReadingsLatencyTest, WhereOnlyDaysAreLeftBoundsAreHours) {
  Record("/pay", kHour, {1'000'000, 2'000'000});
  for (const auto after : {5 * 24h, 40 * 24h, 40 * 24h}) {  // rolled, then dropped
    clock_.JumpTo(kStart + after);
    core_->Step(clock_.Now());
    Record("/pay", base::FloorSeconds(clock_.Now()), {3'000'000});
    Checkpoint(clock_.Now());
  }
  EXPECT_THAT(std::string(base::Message(Ask(kHour + 5min, kHour + 1h).status())),
              HasSubstr("write 1699999200 or 1700002800"));
  EXPECT_THAT(std::string(base::Message(Ask(kHour, kHour + 1h, 5min).status())),
              HasSubstr("step=300s is not a multiple of 3600s"));
  const auto got = Ask(kHour, kHour + 2h, 1h);
  ASSERT_TRUE(got.ok()) << got.status();
  EXPECT_EQ(got->at(0).count, 2u);
  EXPECT_EQ(got->at(1).count, 0u);
}

}  // namespace
}  // namespace slowburn::app
