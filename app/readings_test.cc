// Goal: a composite answers as its members say: a history, no counts of its own. Method: a core on
// a real store with two SLOs and one over both.
#include "app/readings.h"

#include <gmock/gmock.h>

#include "app/testing/core_fixture.h"
#include "base/status.h"
#include "base/testing/manual_clock.h"

namespace slowburn::app {
namespace {

using testing::HasSubstr;
using namespace std::chrono_literals;

const std::chrono::sys_seconds kBegin = base::FloorSeconds(kStart);
constexpr std::chrono::sys_seconds kFar{std::chrono::seconds(200'000'000'000)};  // year 8307

class ReadingsTest : public CoreFixture {
 protected:
  ReadingsTest() {
    const slo::SloSet two = TwoSlos();
    slo::SloSpec journey = two[1];
    journey.name = "journey";
    journey.sli = {.source = slo::CompositeSli{.method = slo::CompositeMethod::kWorstOf,
                                               .members = {{.slo = "checkout/availability"},
                                                           {.slo = "checkout/latency"}}},
                   .group_by = {}};
    slos_.push_back(journey);
    Open(kStart);
    // 2 of 10 events of the first member are bad; the second has none.
    Commit(Request(1, "/pay", kBegin, 8, 2), kStart);
    core_->Step(kStart);
    loop_ = std::make_unique<CommitLoop>(CommitLoop::Options{}, *core_, *store_,
                                         CommitLoop::Downstreams{}, clock_, registry_);
    readings_ = std::make_unique<Readings>(*loop_, *store_, clock_, [](serve::ServerReading&) {});
  }
  ~ReadingsTest() override {
    readings_.reset();
    loop_.reset();
  }

  base::ManualClock clock_{kStart};
  prometheus::Registry registry_;
  std::unique_ptr<CommitLoop> loop_;
  std::unique_ptr<Readings> readings_;
};

TEST_F(ReadingsTest, CountsOfACompositeNameTheMembersToAsk) {
  const auto counts = readings_->Counts("checkout/journey", {}, std::nullopt, kBegin, kBegin + 10s);
  EXPECT_TRUE(absl::IsInvalidArgument(counts.status()));
  EXPECT_THAT(std::string(base::Message(counts.status())),
              HasSubstr("ask for the counts of its members: checkout/availability, "
                        "checkout/latency"));
  EXPECT_EQ(readings_->Counts("checkout/availability", {}, std::nullopt, kBegin, kBegin + 10s)
                .value()
                .counts,
            (slo::SliCounts{8, 2}));
}

TEST_F(ReadingsTest, TheFutureIsNotWalked) {
  EXPECT_EQ(
      readings_->Counts("checkout/availability", {}, std::nullopt, kBegin, kFar).value().counts,
      (slo::SliCounts{8, 2}));
  for (const char* const id : {"checkout/availability", "checkout/journey"}) {
    const auto points = readings_->History(id, {}, std::nullopt, kBegin, kFar, 365 * 24h);
    ASSERT_TRUE(points.ok()) << points.status();
    ASSERT_EQ(points->size(), 1u) << id;
    EXPECT_EQ((*points)[0].counts, (slo::SliCounts{8, 2}));
    EXPECT_EQ(readings_->History(id, {}, std::nullopt, kFar - 10s, kFar, 10s).value().size(), 0u);
    // As many slices as a slice's number cannot hold.
    EXPECT_TRUE(absl::IsInvalidArgument(
        readings_->History(id, {}, std::nullopt, kBegin, kFar, (int64_t{1} << 32) * 10s).status()));
  }
}

TEST_F(ReadingsTest, HistoryOfAComposite) {
  const auto points =
      readings_->History("checkout/journey", {}, std::nullopt, kBegin - 10s, kBegin + 20s, 10s);
  ASSERT_TRUE(points.ok()) << points.status();
  ASSERT_EQ(points->size(), 3u);
  EXPECT_EQ((*points)[0].budget_remaining_ratio, std::nullopt);
  EXPECT_EQ((*points)[1].counts, (slo::SliCounts{8, 2}));
  EXPECT_DOUBLE_EQ((*points)[1].error_ratio.value(), 0.2);
  EXPECT_DOUBLE_EQ((*points)[1].budget_remaining_ratio.value(), 1 - 0.2 / 0.01);
  EXPECT_EQ((*points)[2].error_ratio, std::nullopt);
  EXPECT_DOUBLE_EQ((*points)[2].budget_remaining_ratio.value(), 1 - 0.2 / 0.01);
}

TEST_F(ReadingsTest, ACompositeRefusesWhatItsMembersWould) {
  const auto refused = [&](const serve::GroupSelector& group, std::chrono::sys_seconds start) {
    return readings_->History("checkout/journey", group, std::nullopt, start, kBegin + 20s, 10s)
        .status();
  };
  EXPECT_TRUE(absl::IsInvalidArgument(refused({{"http.route", "/pay"}}, kBegin)));
  EXPECT_TRUE(absl::IsInvalidArgument(refused({}, kBegin + 5s)));
  EXPECT_TRUE(absl::IsInvalidArgument(refused({}, kBegin - 401 * 24h)));
  EXPECT_TRUE(absl::IsNotFound(
      readings_->History("checkout/trip", {}, std::nullopt, kBegin, kBegin + 20s, 10s).status()));
}

TEST_F(ReadingsTest, ACompositeIsAmongTheStatuses) {
  const serve::SloReading reading = readings_->AllSlos();
  ASSERT_EQ(reading.statuses.size(), 3u);
  ASSERT_EQ(reading.statuses[2].groups.size(), 1u);
  EXPECT_EQ(reading.statuses[2].groups[0].in_window, (slo::SliCounts{8, 2}));
  EXPECT_EQ(reading.statuses[2].state, slo::SloState::kExhausted);
}

}  // namespace
}  // namespace slowburn::app
