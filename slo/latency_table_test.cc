// Goal: latencies end up where they belong, in the group and in the total, whatever the order and
// however often memory and store change places; memory is bounded. Method: a map as oracle over
// seeded changes with checkpoints between; a store of maps that goes through the bytes.
#include "slo/latency_table.h"

#include <algorithm>
#include <map>
#include <random>
#include <tuple>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slo/testing/map_latency_source.h"

namespace slowburn::slo {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr SliId kSli{1};
constexpr uint32_t kNowHour = 472'222;
constexpr LatencySlot kNow = kNowHour * kLatencySlotsPerHour;

LatencyHistogram Histogram(std::initializer_list<uint64_t> nanos) {
  LatencyHistogram histogram;
  for (const uint64_t n : nanos) histogram.Record(n);
  return histogram;
}

LatencyChange Change(uint32_t group, LatencySlot slot, LatencyHistogram histogram) {
  return {kSli, GroupId{group}, slot, std::move(histogram)};
}

class LatencyTableTest : public testing::Test {
 protected:
  // Returns how many events were dropped.
  uint64_t Commit(std::vector<LatencyChange> changes) {
    const uint64_t dropped = table_.Prepare(changes);
    EXPECT_TRUE(table_.Apply(changes).ok());
    return dropped;
  }
  // What is known of the slot, resident or stored.
  LatencyHistogram At(uint32_t group, LatencySlot slot) const {
    const uint32_t hour = slot / kLatencySlotsPerHour;
    for (const ResidentLatencyHour& resident :
         table_.CopyHours(kSli, GroupId{group}, hour, hour + 1)) {
      return resident.block.At(slot % kLatencySlotsPerHour);
    }
    const auto stored = source_.ReadHour(kSli, GroupId{group}, hour);
    return stored->has_value() ? (*stored)->At(slot % kLatencySlotsPerHour) : LatencyHistogram();
  }

  MapLatencySource source_;
  LatencyTable table_{{}, source_};
};

TEST_F(LatencyTableTest, AGroupsLatenciesAreThoseOfTheTotalToo) {
  EXPECT_FALSE(table_.HasChanges());
  Commit({Change(0, kNow, Histogram({5})), Change(1, kNow, Histogram({7, 7})),
          Change(2, kNow + 1, Histogram({7}))});
  EXPECT_TRUE(table_.HasChanges());
  EXPECT_EQ(At(0, kNow), Histogram({5, 7, 7}));
  EXPECT_EQ(At(0, kNow + 1), Histogram({7}));
  EXPECT_EQ(At(1, kNow), Histogram({7, 7}));
  EXPECT_EQ(At(1, kNow + 1), Histogram({}));
  EXPECT_EQ(At(2, kNow + 1), Histogram({7}));
}

TEST_F(LatencyTableTest, PreparingChangesNothing) {
  std::vector<LatencyChange> changes = {Change(1, kNow, Histogram({7}))};
  EXPECT_EQ(table_.Prepare(changes), 0u);
  EXPECT_FALSE(table_.HasChanges());
  EXPECT_TRUE(At(1, kNow).empty());
}

// Late ones reach into hours that have left memory.
TEST_F(LatencyTableTest, AnyOrderWithAnyCheckpointsGivesTheSame) {
  std::mt19937_64 random(8);
  std::map<std::tuple<uint32_t, LatencySlot>, LatencyHistogram> want;
  for (int round = 0; round < 300; ++round) {
    std::vector<LatencyChange> changes;
    for (size_t i = 0; i < 1 + random() % 5; ++i) {
      const auto group = static_cast<uint32_t>(1 + random() % 4);
      const LatencySlot slot = kNow - static_cast<LatencySlot>(random() % (25 * 12));
      LatencyHistogram histogram = Histogram({random() % 1'000'000'000, random() % 1'000'000});
      want[{group, slot}].Merge(histogram);
      want[{0, slot}].Merge(histogram);
      changes.push_back(Change(group, slot, std::move(histogram)));
    }
    ASSERT_EQ(Commit(std::move(changes)), 0u);
    if (round % 7 == 0) source_.Checkpoint(table_, kNowHour);
  }
  for (const auto& [where, histogram] : want)
    ASSERT_EQ(At(std::get<0>(where), std::get<1>(where)), histogram);
}

TEST_F(LatencyTableTest, OnlyTheLastTwoHoursStayInMemory) {
  const auto in_memory = [&] {
    std::vector<uint32_t> hours;
    for (const auto& hour : table_.CopyHours(kSli, kTotalGroup, 0, UINT32_MAX))
      hours.push_back(kNowHour - hour.hour);
    return hours;
  };
  Commit({Change(0, kNow - 36, Histogram({1})), Change(0, kNow - 12, Histogram({2})),
          Change(0, kNow, Histogram({3}))});
  EXPECT_THAT(in_memory(), ElementsAre(3, 1, 0));
  source_.Checkpoint(table_, kNowHour);
  EXPECT_FALSE(table_.HasChanges());
  EXPECT_THAT(in_memory(), ElementsAre(1, 0));
  Commit({Change(1, kNow, Histogram({4}))});
  source_.Checkpoint(table_, kNowHour + 2);
  EXPECT_THAT(in_memory(), IsEmpty());
  EXPECT_EQ(table_.memory_bytes(), 0u);
  EXPECT_EQ(At(0, kNow), Histogram({3, 4}));
}

TEST_F(LatencyTableTest, ACopyHasTheHoursOfItsRange) {
  Commit({Change(0, kNow - 12, Histogram({2})), Change(0, kNow, Histogram({3})),
          Change(0, kNow + 12, Histogram({3}))});
  EXPECT_THAT(table_.CopyHours(kSli, kTotalGroup, kNowHour - 1, kNowHour + 1), SizeIs(2));
  EXPECT_THAT(table_.CopyHours(kSli, kTotalGroup, kNowHour + 2, kNowHour + 9), IsEmpty());
  EXPECT_THAT(table_.CopyHours(SliId{2}, kTotalGroup, 0, UINT32_MAX), IsEmpty());
}

TEST_F(LatencyTableTest, AnHourThatOnlyItsDayKnowsGoesOnAsAWhole) {
  LatencyBlock day(kLatencyHoursPerDay);
  day.Merge(kNowHour % kLatencyHoursPerDay, Histogram({5, 6}));
  source_.PutDay(kSli, kTotalGroup, kNowHour / kLatencyHoursPerDay, day);
  Commit({Change(0, kNow + 3, Histogram({7}))});
  EXPECT_EQ(At(0, kNow), Histogram({5, 6}));
  EXPECT_EQ(At(0, kNow + 3), Histogram({7}));
}

TEST_F(LatencyTableTest, AHourThatCannotBeReadCostsItsLatenciesAlone) {
  source_.BreakHour(kSli, GroupId{1}, kNowHour - 5);
  const LatencySlot broken = kNow - 5 * kLatencySlotsPerHour;
  EXPECT_EQ(Commit({Change(1, broken, Histogram({1, 2, 3})), Change(2, broken, Histogram({4}))}),
            3u);
  EXPECT_EQ(At(2, broken), Histogram({4}));
  EXPECT_EQ(At(0, broken), Histogram({4}));
  // A record that was made while it could be read is not applied in part.
  EXPECT_EQ(table_.Apply(std::vector{Change(1, broken, Histogram({1}))}).code(),
            absl::StatusCode::kDataLoss);
}

TEST_F(LatencyTableTest, MemoryIsBounded) {
  constexpr uint64_t kMax = 20'000;
  LatencyTable table({.memory_bytes_max = kMax}, source_);
  std::mt19937_64 random(9);
  std::map<uint32_t, uint64_t> want;  // events by group
  uint64_t dropped = 0, most = 0;
  for (int round = 0; round < 2000; ++round) {
    const auto group = static_cast<uint32_t>(1 + random() % 100);
    std::vector<LatencyChange> changes = {
        Change(group, kNow - static_cast<LatencySlot>(random() % 24), Histogram({random() >> 30}))};
    dropped += table.Prepare(changes);
    ASSERT_TRUE(table.Apply(changes).ok());
    want[group] += changes.size();
    most = std::max(most, table.memory_bytes());
    if (round % 100 == 0) source_.Checkpoint(table, kNowHour);
  }
  EXPECT_LE(most, kMax + 10'000);  // a block or two beyond
  EXPECT_GT(dropped, 0u);
  source_.Checkpoint(table, kNowHour + 10);
  for (const auto& [group, events] : want) {
    uint64_t got = 0;
    for (LatencySlot slot = kNow - 24; slot < kNow + 12; ++slot) got += At(group, slot).count();
    EXPECT_EQ(got, events) << group;
  }
}

}  // namespace
}  // namespace slowburn::slo
