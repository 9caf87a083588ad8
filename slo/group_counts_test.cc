// Goal: the running sums of a group equal the counts of their windows whatever way time moves, in
// little memory, and a block that cannot be read is an error and never a wrong number. Method: a
// plain list of events as oracle; a source that breaks after each number of reads.
#include "slo/group_counts.h"

#include <random>

#include <gtest/gtest.h>

#include "slo/testing/map_block_source.h"
#include "slo/testing/rolling_windows.h"

namespace slowburn::slo {
namespace {

constexpr SliId kSli{1};
constexpr GroupId kGroup{2};
constexpr Slice kStart = 19'700 * kSlicesPerDay;  // a midnight in 2023

// A group with its store and the list of what was counted.
struct Recounted {
  MapBlockSource source;
  GroupCounts counts{kSli, kGroup};
  std::vector<std::pair<Slice, SliCounts>> events;
  std::vector<uint32_t> windows;

  explicit Recounted(std::vector<uint32_t> wanted, Slice now = kStart)
      : windows(std::move(wanted)) {
    EXPECT_TRUE(counts.Advance(now, source).ok());
    EXPECT_TRUE(counts.SetWindows(SharedRollingWindows(windows), source).ok());
  }
  void Add(Slice slice, SliCounts change) {
    ASSERT_TRUE(counts.Load(slice, source).ok());
    counts.Add({kSli, kGroup, slice, 0, change}, source);
    events.emplace_back(slice, change);
  }
  void SetWindows(std::vector<uint32_t> wanted) {
    windows = std::move(wanted);
    ASSERT_TRUE(counts.SetWindows(SharedRollingWindows(windows), source).ok());
  }
  // What a program does at a checkpoint.
  void WriteHours() {
    for (const ResidentHour& hour : counts.view().hours) {
      if (hour.dirty) source.PutHour(kSli, kGroup, hour.hour, hour.block);
    }
    counts.MarkClean();
  }
  SliCounts Recount(uint32_t window) const {
    SliCounts sum;
    for (const auto& [slice, change] : events) {
      if (slice + window >= counts.through() && slice <= counts.through()) sum += change;
    }
    return sum;
  }
  void ExpectExact() const {
    for (size_t i = 0; i < windows.size(); ++i) {
      EXPECT_EQ(counts.sum(i).good, Recount(windows[i]).good)
          << "window " << windows[i] << " at " << counts.through();
      EXPECT_EQ(counts.sum(i).bad, Recount(windows[i]).bad)
          << "window " << windows[i] << " at " << counts.through();
    }
  }
};

TEST(GroupCountsTest, AWindowCoversItsSlicesAndTheOpenOne) {
  Recounted group({3}, kStart + 10);
  group.Add(kStart + 10, {.good = 1, .bad = 0});     // the open slice
  group.Add(kStart + 7, {.good = 10, .bad = 0});     // the oldest one inside
  group.Add(kStart + 6, {.good = 100, .bad = 0});    // too old for the window
  group.Add(kStart + 11, {.good = 1000, .bad = 0});  // not reached yet
  EXPECT_EQ(group.counts.sum(0).good, 11u);
  ASSERT_TRUE(group.counts.Advance(kStart + 11, group.source).ok());
  EXPECT_EQ(group.counts.sum(0).good, 1001u);
  ASSERT_TRUE(group.counts.Advance(kStart + 14, group.source).ok());
  EXPECT_EQ(group.counts.sum(0).good, 1000u);
  ASSERT_TRUE(group.counts.Advance(kStart + 15, group.source).ok());
  EXPECT_EQ(group.counts.sum(0).good, 0u);
}

TEST(GroupCountsTest, LateEventsCountInTheWindowsTheyLieIn) {
  Recounted group({1, 6, 360, 8640}, kStart + 9000);
  for (const Slice ago : {0u, 1u, 2u, 6u, 7u, 359u, 360u, 361u, 8640u, 8641u}) {
    group.Add(kStart + 9000 - ago, {.good = ago + 1, .bad = 1});
    group.ExpectExact();
  }
  for (Slice to = kStart + 9001; to < kStart + 9400; ++to) {
    ASSERT_TRUE(group.counts.Advance(to, group.source).ok());
    group.ExpectExact();
  }
}

TEST(GroupCountsTest, TimeNeverGoesBack) {
  Recounted group({6}, kStart + 100);
  group.Add(kStart + 100, {.good = 1, .bad = 0});
  ASSERT_TRUE(group.counts.Advance(kStart + 50, group.source).ok());
  EXPECT_EQ(group.counts.through(), kStart + 100);
  EXPECT_EQ(group.counts.sum(0).good, 1u);
}

TEST(GroupCountsTest, BigGapsEqualSteps) {
  for (const uint32_t gap : {1u, 59u, 359u, 360u, 361u, 362u, 1000u, 8640u, 8641u, 50'000u}) {
    Recounted stepped({1, 30, 360, 8640, 30 * 8640});
    std::mt19937 random(gap);
    for (int i = 0; i < 200; ++i)
      stepped.Add(static_cast<Slice>(kStart - random() % 20'000),
                  {.good = random() % 9, .bad = random() % 9});
    Recounted jumped(stepped.windows);
    for (const auto& [slice, change] : stepped.events) jumped.Add(slice, change);
    // Reads of the store are the other half of the sums.
    stepped.WriteHours();
    jumped.WriteHours();
    for (uint32_t i = 1; i <= gap; ++i)
      ASSERT_TRUE(stepped.counts.Advance(kStart + i, stepped.source).ok());
    ASSERT_TRUE(jumped.counts.Advance(kStart + gap, jumped.source).ok());
    for (size_t i = 0; i < stepped.windows.size(); ++i)
      EXPECT_EQ(jumped.counts.sum(i), stepped.counts.sum(i)) << "gap " << gap;
    jumped.ExpectExact();
  }
}

TEST(GroupCountsTest, MemoryFollowsTheWindowsAndNotTheirLength) {
  Recounted group({30, 180, 360, 720, 2160, 8640, 3 * 8640, 30 * 8640, 90 * 8640});
  size_t hours_most = 0;
  size_t bytes_most = 0;
  for (uint32_t hour = 0; hour < 24 * 100; ++hour) {
    const Slice now = kStart + hour * kSlicesPerHour;
    ASSERT_TRUE(group.counts.Advance(now, group.source).ok());
    group.Add(now, {.good = 5, .bad = 1});
    group.Add(now - 4000, {.good = 1, .bad = 0});  // late
    group.WriteHours();
    hours_most = std::max(hours_most, group.counts.view().hours.size());
    bytes_most = std::max(bytes_most, group.counts.memory_bytes());
  }
  group.ExpectExact();
  EXPECT_LE(hours_most, group.windows.size() + 3);
  EXPECT_LE(bytes_most, 64u * 1024);  // what one group may take (DESIGN section 9)
}

TEST(GroupCountsTest, HoursThatAreNotInTheStoreStayInMemory) {
  Recounted group({6});
  for (uint32_t hour = 0; hour < 10; ++hour) {
    group.Add(kStart + hour * kSlicesPerHour, {.good = 1, .bad = 0});
    ASSERT_TRUE(group.counts.Advance(kStart + (hour + 1) * kSlicesPerHour, group.source).ok());
  }
  EXPECT_EQ(group.counts.view().hours.size(), 11u);  // and the open one
  group.WriteHours();
  EXPECT_LE(group.counts.view().hours.size(), 3u);
}

TEST(GroupCountsTest, SetWindowsKeepsKnownSumsAndReadsNewOnes) {
  Recounted group({6, 360});
  for (uint32_t i = 0; i < 40; ++i) {
    ASSERT_TRUE(group.counts.Advance(kStart + i * 100, group.source).ok());
    group.Add(kStart + i * 100, {.good = i, .bad = 1});
  }
  group.WriteHours();
  group.source.ResetReads();
  group.SetWindows({6});
  group.SetWindows({6});
  EXPECT_EQ(group.source.reads(), 0u) << "a known sum is kept, not read";
  group.ExpectExact();
  group.SetWindows({6, 360, 2000, 8640});
  EXPECT_GT(group.source.reads(), 0u);
  group.ExpectExact();
  ASSERT_TRUE(group.counts.Advance(kStart + 4500, group.source).ok());
  group.ExpectExact();
}

TEST(GroupCountsTest, AStateRestores) {
  Recounted group({6, 8640});
  for (uint32_t i = 0; i < 40; ++i) {
    ASSERT_TRUE(group.counts.Advance(kStart + i * 100, group.source).ok());
    group.Add(kStart + i * 100, {.good = i, .bad = 1});
  }
  group.WriteHours();
  EXPECT_FALSE(group.counts.changed());
  GroupCounts restored(kSli, kGroup);
  restored.Restore(group.counts.State(), SharedRollingWindows(group.windows));
  EXPECT_EQ(restored.through(), group.counts.through());
  EXPECT_EQ(restored.first(), group.counts.first());
  EXPECT_EQ(restored.last_event(), group.counts.last_event());
  group.counts = std::move(restored);
  group.ExpectExact();
  ASSERT_TRUE(group.counts.Advance(kStart + 4200, group.source).ok());
  group.ExpectExact();
}

TEST(GroupCountsTest, ABlockThatCannotBeReadIsAnErrorAndNeverAWrongSum) {
  // Breaks each of the first reads in turn. Whatever was refused, asking again once the store
  // answers gives the exact sums, and a state taken meanwhile does not carry wrong ones.
  for (const uint32_t step : {1u, 200u, 400u, 20'000u}) {
    bool refused = true;
    for (size_t reads = 0; refused; ++reads) {
      ASSERT_LT(reads, 5'000u);
      Recounted group({6, 360, 1000, 8640});
      for (uint32_t i = 0; i < 60; ++i) group.Add(kStart - i * 300, {.good = i, .bad = 1});
      group.WriteHours();
      group.source.FailAfter(reads);
      const absl::Status advanced = group.counts.Advance(kStart + step, group.source);
      refused = !advanced.ok();
      if (!refused) break;
      EXPECT_EQ(advanced.code(), absl::StatusCode::kDataLoss);
      const GroupRunningState state = group.counts.State();
      group.source.FailAfter(std::nullopt);

      GroupCounts restored(kSli, kGroup);
      restored.Restore(state, SharedRollingWindows({}));
      ASSERT_TRUE(group.counts.SetWindows(SharedRollingWindows(group.windows), group.source).ok());
      ASSERT_TRUE(group.counts.Advance(kStart + step, group.source).ok());
      group.ExpectExact();
      std::swap(group.counts, restored);
      ASSERT_TRUE(group.counts.SetWindows(SharedRollingWindows(group.windows), group.source).ok());
      ASSERT_TRUE(group.counts.Advance(kStart + step, group.source).ok());
      group.ExpectExact();
      if (HasFailure()) FAIL() << "step " << step << ", broken after " << reads << " reads";
    }
  }
}

TEST(GroupCountsTest, ANewWindowThatCannotBeReadIsReadAgain) {
  Recounted group({6});
  for (uint32_t i = 0; i < 60; ++i) group.Add(kStart - i * 300, {.good = i, .bad = 1});
  group.WriteHours();
  group.source.FailAfter(3);
  group.windows = {6, 8640};
  EXPECT_FALSE(group.counts.SetWindows(SharedRollingWindows(group.windows), group.source).ok());
  group.source.FailAfter(std::nullopt);
  group.SetWindows({6, 8640});
  group.ExpectExact();
}

TEST(GroupCountsTest, AWindowMayBeginBeforeTheHoursThatAreKept) {
  // Only day blocks are left of the first two days: counts stand at the first slice of their five
  // minutes there, and still each enters and leaves a window once.
  Recounted group({360});
  std::mt19937 random(3);
  for (uint32_t i = 0; i < 300; ++i)
    group.Add(static_cast<Slice>(kStart + 17 + random() % (4 * kSlicesPerDay - 17)),
              {.good = random() % 5, .bad = 1});
  ASSERT_TRUE(group.counts.Advance(kStart + 4 * kSlicesPerDay, group.source).ok());
  group.WriteHours();
  const uint32_t first_day = kStart / kSlicesPerDay;
  for (uint32_t day = first_day; day < first_day + 2; ++day) {
    const auto block = group.counts.MakeDay(day, group.source);
    ASSERT_TRUE(block.ok()) << block.status();
    group.source.PutDay(kSli, kGroup, day, *block);
  }
  group.counts.set_days_rolled(first_day + 2);
  group.counts.set_hours_kept_from(first_day + 2);
  group.source.DropHours(0, first_day + 2);
  for (auto& [slice, change] : group.events) {
    if (slice < kStart + 2 * kSlicesPerDay) slice -= slice % kSlicesPerDaySlot;
  }
  group.SetWindows({360, 3 * kSlicesPerDay, 4 * kSlicesPerDay, 10 * kSlicesPerDay});
  group.ExpectExact();
  for (uint32_t i = 0; i < 4 * kSlicesPerDay; i += 77) {
    ASSERT_TRUE(group.counts.Advance(kStart + 4 * kSlicesPerDay + i, group.source).ok());
    group.ExpectExact();
    if (HasFailure()) FAIL() << "after " << i << " slices";
  }
}

TEST(GroupCountsTest, SetHourReplacesAndItsDayIsRolledAgain) {
  Recounted group({360, 8640}, kStart + 5000);
  group.Add(kStart + 4900, {.good = 7, .bad = 7});
  group.Add(kStart + 10, {.good = 1, .bad = 0});
  group.counts.set_days_rolled(kStart / kSlicesPerDay + 1);
  SliceBlock block(kHourSlots);
  block.Add(20, {.good = 3, .bad = 2});
  group.counts.SetHour(kStart / kSlicesPerHour, std::move(block));
  EXPECT_EQ(group.counts.days_rolled(), kStart / kSlicesPerDay);
  ASSERT_TRUE(group.counts.Resum(group.source).ok());
  group.events.back() = {kStart + 20, {.good = 3, .bad = 2}};
  group.ExpectExact();
}

// The clock was ahead for days, so that the hours of this one are gone, and is back. An event that
// lay at its own slice until the day is rolled, and at its five minutes after, might never leave.
TEST(GroupCountsTest, ALateEventOfADayWithoutHoursCountsWithItsFiveMinutes) {
  constexpr uint32_t kDay = kStart / kSlicesPerDay;
  Recounted group({kSlicesPerDay}, kStart + kSlicesPerDay + 20);
  group.counts.set_hours_kept_from(kDay + 1);
  group.counts.set_days_rolled(kDay + 1);
  group.Add(kStart + 44, {.good = 5, .bad = 0});
  EXPECT_EQ(group.counts.first(), kStart + 44);
  ASSERT_TRUE(group.counts.Advance(kStart + kSlicesPerDay + 30, group.source).ok());
  EXPECT_EQ(group.counts.sum(0).good, 5u);
  ASSERT_TRUE(group.counts.Advance(kStart + kSlicesPerDay + 31, group.source).ok());
  EXPECT_EQ(group.counts.sum(0).good, 0u);
  const auto day = group.counts.MakeDay(kDay, group.source);
  ASSERT_TRUE(day.ok()) << day.status();
  group.source.PutDay(kSli, kGroup, kDay, *day);
  group.counts.set_days_rolled(kDay + 1);
  group.WriteHours();
  group.source.DropHours(kDay, kDay + 1);
  ASSERT_TRUE(group.counts.Advance(kStart + kSlicesPerDay + 50, group.source).ok());
  EXPECT_EQ(group.counts.sum(0).good, 0u);
  ASSERT_TRUE(group.counts.Resum(group.source).ok());
  EXPECT_EQ(group.counts.sum(0).good, 0u);
}

TEST(GroupCountsTest, ASilentGroupIsCheckpointedHourlyAndNoMore) {
  Recounted group({6});
  group.Add(kStart, {.good = 1, .bad = 0});
  group.WriteHours();
  ASSERT_TRUE(group.counts.Advance(kStart + 100, group.source).ok());
  EXPECT_FALSE(group.counts.changed() || group.counts.aged());
  ASSERT_TRUE(group.counts.Advance(kStart + 360, group.source).ok());
  EXPECT_FALSE(group.counts.changed() || group.counts.aged());
  group.counts.Prepare(group.source);
  EXPECT_TRUE(group.counts.aged()) << "a restart must not have to step far";
  group.WriteHours();
  ASSERT_TRUE(group.counts.Advance(kStart + 2 * 360, group.source).ok());
  EXPECT_FALSE(group.counts.changed() || group.counts.aged());
  ASSERT_TRUE(group.counts.Advance(kStart + 3 * 360, group.source).ok());
  EXPECT_TRUE(group.counts.aged()) << "also when nobody prepares it";
}

TEST(GroupCountsTest, AStepIntoAnHourThatWasPreparedReadsNothing) {
  for (const bool prepared : {false, true}) {
    Recounted group({30, 360, 720, 2160, 8640, 30 * 8640});
    for (uint32_t hour = 0; hour < 24 * 40; ++hour) {
      const Slice now = kStart + hour * kSlicesPerHour;
      ASSERT_TRUE(group.counts.Advance(now, group.source).ok());
      group.Add(now, {.good = 5, .bad = 1});
      group.WriteHours();
    }
    ASSERT_TRUE(group.counts.Advance(group.counts.through() + 100, group.source).ok());
    if (prepared) group.counts.Prepare(group.source);
    group.source.ResetReads();
    ASSERT_TRUE(group.counts.Advance(group.counts.through() + 360, group.source).ok());
    EXPECT_EQ(group.source.reads() == 0, prepared);
    group.ExpectExact();
  }
}

TEST(GroupCountsTest, AnHourThatCannotBePreparedIsReadWhenItsTimeComes) {
  Recounted group({2160});
  for (uint32_t hour = 0; hour < 12; ++hour) {
    ASSERT_TRUE(group.counts.Advance(kStart + hour * kSlicesPerHour, group.source).ok());
    group.Add(kStart + hour * kSlicesPerHour, {.good = 5, .bad = 1});
    group.WriteHours();
  }
  group.source.FailAfter(0);
  group.counts.Prepare(group.source);
  EXPECT_FALSE(group.counts.Advance(group.counts.through() + 400, group.source).ok());
  group.source.FailAfter(std::nullopt);
  ASSERT_TRUE(group.counts.Advance(group.counts.through() + 1, group.source).ok());
  group.ExpectExact();
}

}  // namespace
}  // namespace slowburn::slo
