// Goal: a backfill replaces the hours it touches, groups and total alike, as often as one likes.
// Method: a table with live counts; sums before and after.
#include "slo/backfill.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slo/testing/build_delta.h"
#include "slo/testing/map_block_source.h"
#include "slo/testing/rolling_windows.h"

namespace slowburn::slo {
namespace {

using std::chrono::sys_seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

constexpr SliId kSli{1};
constexpr sys_seconds kNow{1'702'080'000s};  // a midnight
const Slice kNowSlice = SliceOf(kNow);
const Slice kHourAgo = kNowSlice - 360;

class BackfillTest : public testing::Test {
 protected:
  BackfillTest() {
    EXPECT_TRUE(table_.Register(kSli, "spans match=a by=5:route").ok());
    EXPECT_TRUE(table_.SetWindows(kSli, RollingWindows({6, 30 * 8640}), kNow).ok());
  }
  void Count(const std::string& value, Slice slice, SliCounts counts) {
    ASSERT_TRUE(Commit(table_, BuildDelta({{kSli, slice, counts, {value}}}), kNow).ok());
  }
  absl::Status Apply(const Backfill& backfill) {
    for (const GroupAdmission& admission : backfill.UnknownGroups(table_))
      SB_RETURN_IF_ERROR(table_.Admit(admission));
    return backfill.Apply(table_);
  }
  SliCounts Month(std::string value = {}) const {
    const GroupId group = value.empty() ? kTotalGroup : table_.FindGroup(kSli, {value}).value();
    return table_.counts(kSli, group).sum(1);
  }
  MapBlockSource source_;
  SliTable table_{{}, source_};
};

TEST_F(BackfillTest, ReplacesTheHoursItTouchesAndNoOthers) {
  Count("a", kHourAgo + 3, {100, 100});
  Count("a", kNowSlice, {1, 0});
  Backfill backfill(kSli);
  backfill.Count({"a"}, kHourAgo + 5, {10, 1});
  backfill.Count({"a"}, kHourAgo + 5, {10, 1});  // adds to itself
  backfill.Count({"a"}, kHourAgo - 24 * 360, {7, 0});
  ASSERT_TRUE(Apply(backfill).ok());
  EXPECT_EQ(Month("a"), (SliCounts{28, 2}));
  EXPECT_EQ(Month(), (SliCounts{28, 2}));
  EXPECT_EQ(table_.counts(kSli, kTotalGroup).sum(0), (SliCounts{1, 0}));
  EXPECT_EQ(table_.counts(kSli, GroupId{1}).first(), kHourAgo - 24 * 360);
  // Sums go on from there.
  table_.Advance(kNow + 30 * 24h - 2h);
  EXPECT_EQ(Month("a"), (SliCounts{21, 2}));
}

TEST_F(BackfillTest, ApplyingAgainChangesNothing) {
  Backfill backfill(kSli);
  backfill.Count({"a"}, kHourAgo, {10, 1});
  backfill.Count({"b"}, kHourAgo, {5, 5});
  for (int i = 0; i < 3; ++i) {
    ASSERT_TRUE(Apply(backfill).ok());
    EXPECT_EQ(table_.groups(kSli), 3u);
    EXPECT_EQ(Month("a"), (SliCounts{10, 1}));
    EXPECT_EQ(Month("b"), (SliCounts{5, 5}));
    EXPECT_EQ(Month(), (SliCounts{15, 6}));
  }
}

TEST_F(BackfillTest, NamesTheGroupsItNeeds) {
  Count("b", kNowSlice, {1, 0});
  Backfill backfill(kSli);
  backfill.Count({"a"}, kHourAgo, {1, 0});
  backfill.Count({"b"}, kHourAgo, {1, 0});
  backfill.Count({"c"}, kHourAgo, {1, 0});
  const std::vector<GroupAdmission> unknown = backfill.UnknownGroups(table_);
  ASSERT_THAT(unknown, SizeIs(2));
  EXPECT_THAT(unknown[0].values, ElementsAre("a"));
  EXPECT_EQ(unknown[0].group, GroupId{2});
  EXPECT_THAT(unknown[1].values, ElementsAre("c"));
  EXPECT_EQ(unknown[1].group, GroupId{3});
  EXPECT_EQ(backfill.Apply(table_).code(), absl::StatusCode::kInternal) << "not admitted";
  EXPECT_TRUE(Apply(backfill).ok());
  EXPECT_THAT(backfill.UnknownGroups(table_), IsEmpty());
}

TEST_F(BackfillTest, WithoutGroupsItCountsForTheTotal) {
  Backfill backfill(kSli);
  backfill.Count({}, kHourAgo, {9, 1});
  EXPECT_THAT(backfill.UnknownGroups(table_), IsEmpty());
  ASSERT_TRUE(Apply(backfill).ok());
  EXPECT_EQ(Month(), (SliCounts{9, 1}));
  EXPECT_EQ(table_.groups(kSli), 1u);
}

TEST_F(BackfillTest, ReachesDaysThatLostTheirHours) {
  // Day blocks alone are left of the first day; one of its hours is backfilled.
  const uint32_t today = kNowSlice / kSlicesPerDay;
  Count("a", kNowSlice + 31, {100, 1});
  Count("a", kNowSlice + 720, {10, 0});
  const auto checkpoint = [&](sys_seconds now) {
    const auto rolled = table_.RollDays(now, 100);
    ASSERT_TRUE(rolled.ok()) << rolled.status();
    for (const SliTable::RolledDay& day : *rolled)
      source_.PutDay(day.sli, day.group, day.day, day.block);
    table_.VisitChanged([&](SliId sli, GroupId group, const GroupCounts& counts) {
      for (const ResidentHour& hour : counts.view().hours) {
        if (hour.dirty) source_.PutHour(sli, group, hour.hour, hour.block);
      }
    });
    table_.MarkClean();
  };
  const sys_seconds now = kNow + 96h;
  table_.Advance(now);
  checkpoint(now);
  source_.DropHours(0, today + 1);
  table_.SetHoursKeptFrom(today + 1);
  ASSERT_EQ(Month("a"), (SliCounts{110, 1}));

  Backfill backfill(kSli);
  backfill.Count({"a"}, kNowSlice + 32, {5, 3});
  backfill.Count({"a"}, kNowSlice + 59, {1, 0});
  ASSERT_TRUE(Apply(backfill).ok());
  EXPECT_EQ(Month("a"), (SliCounts{16, 3}));
  // In memory, in the store, and in the day block that is made again.
  for (int i = 0; i < 3; ++i) {
    for (const GroupId group : {kTotalGroup, GroupId{1}}) {
      const RangeReader reader(table_.counts(kSli, group).view(), source_);
      EXPECT_EQ(*reader.Sum(kNowSlice, kNowSlice + 8640), (SliCounts{16, 3})) << i;
      EXPECT_EQ(*reader.Sum(kNowSlice + 30, kNowSlice + 60), (SliCounts{6, 3})) << i;
    }
    checkpoint(now);
  }
  EXPECT_EQ(table_.counts(kSli, GroupId{1}).days_rolled(), today + 2);
  ASSERT_TRUE(table_.Resum(kSli).ok());
  EXPECT_EQ(Month("a"), (SliCounts{16, 3}));
}

}  // namespace
}  // namespace slowburn::slo
