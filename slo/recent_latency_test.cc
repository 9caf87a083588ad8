// Goal: recent is what ended in the open five minutes and those before them, across hours, and
// nothing else. Method: a latency in each of four slots beside the bound of an hour.
#include "slo/recent_latency.h"

#include <gtest/gtest.h>

#include "slo/testing/map_latency_source.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;

constexpr SliId kSli{1};
constexpr GroupId kGroup{2};
constexpr LatencySlot kHour = 472'222 * kLatencySlotsPerHour;

class RecentLatencyTest : public testing::Test {
 protected:
  // A millisecond in the first slot, two in the next, ...
  RecentLatencyTest() {
    for (uint32_t i = 0; i < 4; ++i) {
      LatencyHistogram histogram;
      histogram.Record((i + 1) * 1'000'000);
      std::vector<LatencyChange> changes = {{kSli, kGroup, kHour - 2 + i, std::move(histogram)}};
      EXPECT_EQ(table_.Prepare(changes), 0u);
      EXPECT_TRUE(table_.Apply(changes).ok());
    }
  }
  std::optional<LatencyPercentiles> At(LatencySlot slot, seconds into = seconds(0)) const {
    return RecentLatency(table_, kSli, kGroup, LatencySlotStart(slot) + into);
  }

  MapLatencySource source_;
  LatencyTable table_{{}, source_};
};

TEST_F(RecentLatencyTest, IsTheOpenSlotAndTheOneBefore) {
  // The hour's first slot is open: those of 2 ms and 3 ms.
  for (const seconds into : {seconds(0), seconds(299)}) {
    const auto recent = At(kHour, into);
    ASSERT_TRUE(recent.has_value());
    EXPECT_EQ(recent->count, 2u);
    EXPECT_EQ(recent->start, LatencySlotStart(kHour - 1));
    EXPECT_EQ(recent->end, LatencySlotStart(kHour + 1));
    EXPECT_NEAR(recent->seconds.front(), 0.002, 0.002 * kLatencyRelativeError);
    EXPECT_NEAR(recent->seconds.back(), 0.003, 0.003 * kLatencyRelativeError);
  }
  EXPECT_EQ(At(kHour + 1)->count, 2u);
  EXPECT_EQ(At(kHour + 2)->count, 1u);
}

TEST_F(RecentLatencyTest, IsNothingWhereNothingWasRecorded) {
  EXPECT_EQ(At(kHour + 3), std::nullopt);
  EXPECT_EQ(At(kHour - 3), std::nullopt);
  EXPECT_EQ(RecentLatency(table_, SliId{9}, kGroup, LatencySlotStart(kHour)), std::nullopt);
}

}  // namespace
}  // namespace slowburn::slo
