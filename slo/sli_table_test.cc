// Goal: ids and groups come in order or are refused, groups are capped and cleaned while the total
// stays exact, planning changes nothing, and days roll when no event can reach them. Method: the
// table over a map of blocks.
#include "slo/sli_table.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "slo/testing/build_delta.h"
#include "slo/testing/map_block_source.h"
#include "slo/testing/rolling_windows.h"

namespace slowburn::slo {
namespace {

using std::chrono::sys_seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using namespace std::chrono_literals;

using Values = std::vector<std::string>;

constexpr SliId kSli{1};
constexpr sys_seconds kNow{1'702'080'000s};  // a midnight
const Slice kNowSlice = SliceOf(kNow);

class SliTableTest : public testing::Test {
 protected:
  // A table with one SLI that has windows of a minute and an hour.
  SliTable Make(SliTable::Options options = {}) {
    SliTable table(options, source_);
    EXPECT_TRUE(table.Register(kSli, "spans match=a by=5:route").ok());
    EXPECT_TRUE(table.SetWindows(kSli, RollingWindows({6, 360}), kNow).ok());
    return table;
  }
  // Writes what changed and, as a program does, day blocks of days that are over.
  void Checkpoint(SliTable& table, sys_seconds now) {
    const auto rolled = table.RollDays(now, 1000);
    ASSERT_TRUE(rolled.ok()) << rolled.status();
    for (const SliTable::RolledDay& day : *rolled)
      source_.PutDay(day.sli, day.group, day.day, day.block);
    table.VisitChanged([&](SliId sli, GroupId group, const GroupCounts& counts) {
      for (const ResidentHour& hour : counts.view().hours) {
        if (hour.dirty) source_.PutHour(sli, group, hour.hour, hour.block);
      }
    });
    table.MarkClean();
  }
  MapBlockSource source_;
};

SliDelta One(const std::string& value, Slice slice = kNowSlice, SliCounts counts = {1, 0}) {
  return BuildDelta({{kSli, slice, counts, {value}}});
}

TEST_F(SliTableTest, ACheckpointHasAllThatChangedAndSomeThatAreOnlyOlder) {
  constexpr size_t kGroups = 4500;
  SliTable table = Make({.groups_per_sli_max = kGroups});
  for (size_t i = 1; i < kGroups; ++i)
    ASSERT_TRUE(Commit(table, One(fmt::format("{}", i)), kNow).ok());
  Checkpoint(table, kNow);
  table.Advance(kNow + 3h);  // All let go of hours.
  const auto count = [&table] {
    size_t visited = 0;
    table.VisitChanged([&](SliId, GroupId, const GroupCounts&) { ++visited; });
    return visited;
  };
  const auto last = static_cast<GroupId>(kGroups - 1);
  ASSERT_TRUE(Commit(table, One(table.values(kSli, last)[0], SliceOf(kNow + 3h)), kNow + 3h).ok());
  // The total and one group changed.
  EXPECT_EQ(count(), 2u + 2000u);
  Checkpoint(table, kNow + 3h);
  EXPECT_FALSE(table.counts(kSli, last).changed() || table.counts(kSli, last).aged());
  EXPECT_EQ(count(), 2000u);
  Checkpoint(table, kNow + 3h);
  EXPECT_EQ(count(), kGroups - 2 - 4000);
  Checkpoint(table, kNow + 3h);
  EXPECT_EQ(count(), 0u);
}

// --- hours

class PreparedHourTest : public SliTableTest, public testing::WithParamInterface<int> {
 protected:
  static constexpr size_t kGroups = 600;
  static constexpr sys_seconds kHour = kNow + 1h;

  // Every group has an event in each of the last 26 hours.
  SliTable MakeFull(sys_seconds now) {
    SliTable table({}, source_);
    EXPECT_TRUE(table.Register(kSli, "a").ok());
    EXPECT_TRUE(table.SetWindows(kSli, RollingWindows({6 * 360, 24 * 360}), now - 26h).ok());
    for (auto time = now - 26h; time <= now; time += 1h) {
      table.Advance(time);
      for (size_t i = 1; i < kGroups; ++i)
        EXPECT_TRUE(Commit(table, One(fmt::format("{}", i), SliceOf(time)), time).ok());
    }
    table.Advance(now);
    Checkpoint(table, now);
    return table;
  }
  // As a program starts.
  SliTable Restart(const SliTable& before, sys_seconds now) {
    SliTable table({}, source_);
    EXPECT_TRUE(table.Register(kSli, "a").ok());
    for (size_t i = 1; i < kGroups; ++i) {
      const auto group = static_cast<GroupId>(i);
      EXPECT_TRUE(table.Admit({kSli, group, before.values(kSli, group)}).ok());
    }
    for (size_t i = 0; i < kGroups; ++i) {
      const auto group = static_cast<GroupId>(i);
      table.Restore(kSli, group, before.counts(kSli, group).State());
    }
    EXPECT_TRUE(table.SetWindows(kSli, before.windows(kSli), now).ok());
    table.Advance(now);
    return table;
  }
};

INSTANTIATE_TEST_SUITE_P(SecondsBefore, PreparedHourTest, testing::Values(1, 5, 70, 200, 1000));

TEST_P(PreparedHourTest, LittleIsReadEachSecondAlsoWhenItBegins) {
  const sys_seconds start = kHour - std::chrono::seconds(GetParam());
  SliTable table = Restart(MakeFull(start - 20s), start);
  size_t most = 0;
  for (sys_seconds now = start + 1s; now < kHour + 20s; now += 1s) {
    source_.ResetReads();
    table.Advance(now);
    most = std::max(most, source_.reads());
  }
  // A three hundredth of the groups, and one, for two windows and what is open.
  EXPECT_LE(most, 3 * (kGroups / 300 + 1));
  for (size_t i = 1; i < kGroups; ++i) {
    const GroupCounts& counts = table.counts(kSli, static_cast<GroupId>(i));
    EXPECT_EQ(counts.sum(0), (SliCounts{6, 0}));
    EXPECT_EQ(counts.sum(1), (SliCounts{24, 0}));
  }
}

// --- identity

TEST_F(SliTableTest, RegistersInOrderOnly) {
  SliTable table({}, source_);
  EXPECT_EQ(table.NextId(), SliId{1});
  EXPECT_EQ(table.Register(SliId{2}, "b").code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(table.Register(SliId{1}, "a").ok());
  EXPECT_EQ(table.Register(SliId{1}, "a").code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(table.Register(SliId{2}, "b").ok());
  EXPECT_EQ(table.NextId(), SliId{3});
  EXPECT_EQ(table.Find("b"), SliId{2});
  EXPECT_EQ(table.Find("c"), std::nullopt);
  EXPECT_EQ(table.canonical(SliId{2}), "b");
  EXPECT_EQ(table.size(), 2u);
}

TEST_F(SliTableTest, AdmitsInOrderOnly) {
  SliTable table = Make();
  EXPECT_EQ(table.Admit({kSli, GroupId{0}, {"a"}}).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(table.Admit({kSli, GroupId{2}, {"a"}}).code(), absl::StatusCode::kDataLoss);
  EXPECT_EQ(table.Admit({SliId{9}, GroupId{1}, {"a"}}).code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(table.Admit({kSli, GroupId{1}, {"a"}}).ok());
  EXPECT_EQ(table.FindGroup(kSli, {"a"}), GroupId{1});
  EXPECT_EQ(table.FindGroup(kSli, {"b"}), std::nullopt);
  EXPECT_EQ(table.values(kSli, GroupId{1}), Values{"a"});
  EXPECT_EQ(table.groups(kSli), 2u);
  EXPECT_EQ(table.group_count(), 2u);
}

TEST_F(SliTableTest, RefusesCountsOfWhatItDoesNotKnow) {
  SliTable table = Make();
  const SliDelta delta = BuildDelta({{SliId{7}, kNowSlice, {1, 0}, {}}});
  EXPECT_EQ(Commit(table, delta, kNow).status().code(), absl::StatusCode::kInternal);
  CountPlan plan;
  plan.changes.push_back({kSli, GroupId{5}, kNowSlice, 0, {1, 0}});
  EXPECT_EQ(table.Apply(plan).code(), absl::StatusCode::kDataLoss);
}

// --- counting

TEST_F(SliTableTest, CountsForTheGroupAndTheTotal) {
  SliTable table = Make();
  const auto plan = Commit(
      table, BuildDelta({{kSli, kNowSlice, {3, 1}, {"a"}, 4}, {kSli, kNowSlice, {5, 0}, {"b"}, 7}}),
      kNow);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->admissions, SizeIs(2));
  EXPECT_THAT(plan->changes, SizeIs(3));
  EXPECT_EQ(table.counts(kSli, kTotalGroup).sum(0), (SliCounts{8, 1}));
  EXPECT_EQ(table.counts(kSli, *table.FindGroup(kSli, {"a"})).sum(0), (SliCounts{3, 1}));
  EXPECT_EQ(table.counts(kSli, *table.FindGroup(kSli, {"b"})).sum(1), (SliCounts{5, 0}));
  EXPECT_EQ(table.counts(kSli, *table.FindGroup(kSli, {"a"})).last_event(), kNow + 4s);
  EXPECT_EQ(table.counts(kSli, kTotalGroup).last_event(), kNow + 7s);
}

TEST_F(SliTableTest, PlanningChangesNothing) {
  SliTable table = Make();
  ASSERT_TRUE(Commit(table, One("a"), kNow).ok());
  Checkpoint(table, kNow);
  const SliDelta delta =
      BuildDelta({{kSli, kNowSlice, {3, 1}, {"a"}}, {kSli, kNowSlice - 9, {5, 0}, {"b"}}});
  const SliDelta* deltas[] = {&delta};
  const auto once = table.Plan(deltas, kNow);
  const auto twice = table.Plan(deltas, kNow);
  ASSERT_TRUE(once.ok() && twice.ok());
  EXPECT_THAT(once->admissions, SizeIs(1));
  ASSERT_EQ(once->changes.size(), twice->changes.size());
  for (size_t i = 0; i < once->changes.size(); ++i) {
    EXPECT_EQ(once->changes[i].group, twice->changes[i].group);
    EXPECT_EQ(once->changes[i].slice, twice->changes[i].slice);
    EXPECT_EQ(once->changes[i].counts, twice->changes[i].counts);
  }
  EXPECT_EQ(once->admissions[0].group, twice->admissions[0].group);
  EXPECT_EQ(table.groups(kSli), 2u);
  EXPECT_EQ(table.counts(kSli, kTotalGroup).sum(0), (SliCounts{1, 0}));
  size_t changed = 0;
  table.VisitChanged([&](SliId, GroupId, const GroupCounts&) { ++changed; });
  EXPECT_EQ(changed, 0u);
}

TEST_F(SliTableTest, SeveralRequestsShareAPlan) {
  SliTable table = Make();
  const SliDelta first = One("a"), second = One("a"), third = One("b");
  const SliDelta* deltas[] = {&first, &second, &third};
  const auto plan = table.Plan(deltas, kNow);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->admissions, SizeIs(2));
  EXPECT_THAT(plan->changes, SizeIs(3)) << "one change per group and slice";
  ASSERT_TRUE(table.Apply(*plan).ok());
  EXPECT_EQ(table.counts(kSli, GroupId{1}).sum(0), (SliCounts{2, 0}));
  EXPECT_EQ(table.counts(kSli, kTotalGroup).sum(0), (SliCounts{3, 0}));
}

TEST_F(SliTableTest, WhatIsOlderThanMaxLateIsNotCountedButSaid) {
  SliTable table = Make({.max_late = 600s});
  ASSERT_TRUE(table.SetWindows(kSli, RollingWindows({360}), kNow).ok());
  const auto plan = Commit(table,
                           BuildDelta({{kSli, kNowSlice - 60, {1, 0}, {"a"}},
                                       {kSli, kNowSlice - 61, {4, 3}, {"a"}},
                                       {kSli, kNowSlice - 61, {1, 0}, {"b"}}}),
                           kNow + 9s);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_EQ(plan->too_late[static_cast<size_t>(model::Signal::kTraces)], 8u);
  EXPECT_EQ(table.counts(kSli, kTotalGroup).sum(0), (SliCounts{1, 0}));
  EXPECT_EQ(table.FindGroup(kSli, {"b"}), std::nullopt) << "nothing of it was counted";
}

// "1@-1:7*2 8*1": group, slot after that of now, buckets with their counts.
std::vector<std::string> LatencyTexts(const CountPlan& plan) {
  std::vector<std::string> texts;
  for (const LatencyChange& change : plan.latencies) {
    std::string text = fmt::format("{}@{}:", static_cast<uint32_t>(change.group),
                                   int64_t{change.slot} - LatencySlotOf(kNowSlice));
    change.histogram.ForEach([&](const LatencyHistogram::Bucket& bucket) {
      text += fmt::format(" {}*{}", bucket.index, bucket.count);
    });
    texts.push_back(std::move(text));
  }
  return texts;
}

TEST_F(SliTableTest, LatenciesGoToTheirFiveMinutesOfTheGroup) {
  SliTable table = Make();
  SliDelta first = BuildDelta({{kSli, kNowSlice, {9, 0}, {"a"}},
                               {kSli, kNowSlice + 29, {9, 0}, {"a"}},
                               {kSli, kNowSlice + 30, {9, 0}, {"a"}},
                               {kSli, kNowSlice, {9, 0}, {"b"}}});
  first.set_latencies({{0, 5, 2}, {0, 7, 1}, {1, 6, 1}, {2, 9, 9}, {3, 4, 1}});
  SliDelta second = BuildDelta({{kSli, kNowSlice + 1, {1, 0}, {"b"}}});  // without
  SliDelta third =
      BuildDelta({{kSli, kNowSlice - 1, {1, 0}, {"b"}}, {kSli, kNowSlice, {2, 0}, {"b"}}});
  third.set_latencies({{1, 4, 2}});
  const SliDelta* deltas[] = {&first, &second, &third};
  const auto plan = table.Plan(deltas, kNow);
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(LatencyTexts(*plan), ElementsAre("1@0: 5*2 6*1 7*1", "1@1: 9*9", "2@0: 4*3"));
}

TEST_F(SliTableTest, LatenciesFollowTheirEventsToTheTotalToOverflowAndOut) {
  SliTable table = Make({.max_late = 1h, .groups_per_sli_max = 1});
  SliDelta delta = BuildDelta({{kSli, kNowSlice - 361, {1, 0}, {"a"}},
                               {kSli, kNowSlice, {1, 0}, {"a"}},
                               {kSli, kNowSlice, {1, 0}, {"b"}},
                               {kSli, kNowSlice, {1, 0}, {"c"}},
                               {kSli, kNowSlice, {1, 0}, {}}});
  delta.set_latencies({{0, 1, 1}, {1, 2, 1}, {2, 3, 1}, {3, 4, 1}, {4, 5, 1}});
  const SliDelta* deltas[] = {&delta};
  const auto plan = table.Plan(deltas, kNow);
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(LatencyTexts(*plan), ElementsAre("1@0: 2*1", "2@0: 3*1 4*1", "0@0: 5*1"));
}

TEST_F(SliTableTest, LatenciesAloneAreNoEvent) {
  SliTable table = Make();
  SliDelta delta =
      BuildDelta({{kSli, kNowSlice - 5, {1, 0}, {"a"}}, {kSli, kNowSlice, {0, 0}, {"a"}}});
  delta.set_latencies({{1, 7, 1}});
  const SliDelta* deltas[] = {&delta};
  const auto plan = table.Plan(deltas, kNow);
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(LatencyTexts(*plan), ElementsAre("1@0: 7*1"));
  ASSERT_TRUE(table.Apply(*plan).ok());
  for (const GroupId group : {kTotalGroup, GroupId{1}})
    EXPECT_EQ(table.counts(kSli, group).last_event(), SliceStart(kNowSlice - 5));
}

TEST_F(SliTableTest, ABrokenBlockRefusesThePlan) {
  SliTable table = Make();
  ASSERT_TRUE(Commit(table, One("a", kNowSlice - 4000), kNow).ok());
  Checkpoint(table, kNow);
  source_.FailAfter(0);
  const SliDelta delta = One("a", kNowSlice - 4000);
  const SliDelta* deltas[] = {&delta};
  EXPECT_EQ(table.Plan(deltas, kNow).status().code(), absl::StatusCode::kDataLoss);
  source_.FailAfter(std::nullopt);
  EXPECT_TRUE(Commit(table, delta, kNow).ok());
}

// --- groups

TEST_F(SliTableTest, TheCapIsStickyAndTheTotalExact) {
  SliTable table = Make({.groups_per_sli_max = 3});
  uint64_t overflowed = 0;
  for (int i = 0; i < 10; ++i) {
    const auto plan = Commit(table, One("v" + std::to_string(i)), kNow);
    ASSERT_TRUE(plan.ok()) << plan.status();
    overflowed += plan->overflowed;
  }
  EXPECT_EQ(table.groups(kSli), 5u) << "total, three groups, __overflow__";
  EXPECT_EQ(overflowed, 7u);
  const auto overflow = table.FindGroup(kSli, {std::string(kOverflowGroup)});
  ASSERT_TRUE(overflow.has_value());
  EXPECT_EQ(table.counts(kSli, *overflow).sum(0), (SliCounts{7, 0}));
  // Known groups go on, others stay where they are.
  EXPECT_EQ(Commit(table, One("v1"), kNow)->overflowed, 0u);
  EXPECT_EQ(Commit(table, One("v9"), kNow)->overflowed, 1u);
  EXPECT_EQ(table.counts(kSli, GroupId{2}).sum(0), (SliCounts{2, 0}));
  EXPECT_EQ(table.counts(kSli, kTotalGroup).sum(0), (SliCounts{12, 0}));
}

TEST_F(SliTableTest, TheCapHoldsWithinOnePlan) {
  SliTable table = Make({.groups_per_sli_max = 2});
  std::vector<Occurrence> many;
  for (int i = 0; i < 50; ++i) many.push_back({kSli, kNowSlice, {1, 1}, {std::to_string(i)}});
  const auto plan = Commit(table, BuildDelta(many), kNow);
  ASSERT_TRUE(plan.ok()) << plan.status();
  EXPECT_THAT(plan->admissions, SizeIs(3));
  EXPECT_EQ(plan->overflowed, 96u);
  EXPECT_EQ(table.counts(kSli, kTotalGroup).sum(0), (SliCounts{50, 50}));
}

TEST_F(SliTableTest, OverflowHasAValueForEachNameAndOnlyItCounts) {
  SliTable table({.groups_per_sli_max = 1}, source_);
  ASSERT_TRUE(table.Register(kSli, "by two").ok());
  const std::string overflow(kOverflowGroup);
  // A client's own value looks like the overflow group in one place; it is a group like any other.
  EXPECT_EQ(
      Commit(table, BuildDelta({{kSli, kNowSlice, {1, 0}, {overflow, "x"}}}), kNow)->overflowed,
      0u);
  EXPECT_EQ(
      Commit(table, BuildDelta({{kSli, kNowSlice, {1, 0}, {overflow, "x"}}}), kNow)->overflowed,
      0u);
  EXPECT_EQ(Commit(table, BuildDelta({{kSli, kNowSlice, {1, 0}, {"y", "x"}}}), kNow)->overflowed,
            1u);
  EXPECT_THAT(table.values(kSli, GroupId{2}), ElementsAre(overflow, overflow));
}

TEST_F(SliTableTest, GroupValuesAreCleaned) {
  struct Case {
    std::string name, raw, want;
  };
  for (const Case& c : {
           Case{"AsItIs", "/pay", "/pay"},
           Case{"InvalidUtf8",
                "a\xff"
                "b",
                "a\xEF\xBF\xBD"
                "b"},
           Case{"Long", std::string(20, 'x'), std::string(10, 'x')},
           Case{"ExactlyAsLongAsAllowed", "0123456789", "0123456789"},
           Case{"CutAtACharacter", "123456789\xC3\xA9", "123456789"},
           Case{"CutInAnEmoji", "1234567\xF0\x9F\x98\x80", "1234567"},
           Case{"CharacterJustFits", "12345678\xC3\xA9zzz", "12345678\xC3\xA9"},
           // Cleaning makes bytes longer: the value is cut as it is kept.
           Case{"LongAndInvalid", std::string(20, '\x80'), "\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD"},
       }) {
    SliTable table = Make({.group_value_bytes_max = 10});
    ASSERT_TRUE(Commit(table, One(c.raw), kNow).ok());
    EXPECT_THAT(table.values(kSli, GroupId{1}), ElementsAre(c.want)) << c.name;
    ASSERT_TRUE(Commit(table, One(c.raw), kNow).ok());
    EXPECT_EQ(table.groups(kSli), 2u) << c.name << ": the same group again";
  }
}

TEST_F(SliTableTest, ValuesThatCleanToOneAreOneGroup) {
  SliTable table = Make({.group_value_bytes_max = 4});
  ASSERT_TRUE(Commit(table,
                     BuildDelta({{kSli, kNowSlice, {1, 0}, {"abcdX"}},
                                 {kSli, kNowSlice, {1, 0}, {"abcdY"}},
                                 {kSli, kNowSlice, {1, 0}, {"abcd"}}}),
                     kNow)
                  .ok());
  EXPECT_EQ(table.groups(kSli), 2u);
  EXPECT_EQ(table.counts(kSli, GroupId{1}).sum(0), (SliCounts{3, 0}));
}

TEST_F(SliTableTest, SeveralNamesAreSeveralValues) {
  SliTable table = Make();
  ASSERT_TRUE(Commit(table,
                     BuildDelta({{kSli, kNowSlice, {1, 0}, {"ab", "c"}},
                                 {kSli, kNowSlice, {1, 0}, {"a", "bc"}}}),
                     kNow)
                  .ok());
  EXPECT_EQ(table.groups(kSli), 3u);
  EXPECT_THAT(table.values(kSli, GroupId{1}), ElementsAre("ab", "c"));
}

// --- windows and time

TEST_F(SliTableTest, WindowsAreAscendingAndGroupsHaveThemAll) {
  SliTable table = Make();
  ASSERT_TRUE(table.SetWindows(kSli, RollingWindows({360, 6, 30}), kNow).ok());
  EXPECT_EQ(table.windows(kSli), RollingWindows({6, 30, 360}));
  ASSERT_TRUE(Commit(table, One("a", kNowSlice - 20), kNow).ok());
  EXPECT_EQ(table.counts(kSli, GroupId{1}).sum(0), SliCounts{});
  EXPECT_EQ(table.counts(kSli, GroupId{1}).sum(1), (SliCounts{1, 0}));
  table.Advance(kNow + 10s * 11);
  EXPECT_EQ(table.counts(kSli, GroupId{1}).sum(1), SliCounts{});
  EXPECT_EQ(table.counts(kSli, GroupId{1}).sum(2), (SliCounts{1, 0}));
}

TEST_F(SliTableTest, AGroupThatCannotBeReadIsReportedAndTheOthersGoOn) {
  SliTable table = Make();
  ASSERT_TRUE(Commit(table, One("a", kNowSlice - 300), kNow).ok());
  Checkpoint(table, kNow);
  ASSERT_TRUE(Commit(table, One("b"), kNow).ok());
  source_.FailAfter(0);
  table.Advance(kNow + 24h);
  EXPECT_EQ(table.error(kSli, GroupId{1}).code(), absl::StatusCode::kDataLoss);
  source_.FailAfter(std::nullopt);
  ASSERT_TRUE(table.SetWindows(kSli, RollingWindows({6, 30 * 8640}), kNow + 24h).ok());
  EXPECT_TRUE(table.error(kSli, GroupId{1}).ok());
  EXPECT_EQ(table.counts(kSli, GroupId{1}).sum(0), SliCounts{});
  EXPECT_EQ(table.counts(kSli, GroupId{1}).sum(1), (SliCounts{1, 0}));
  EXPECT_EQ(table.counts(kSli, kTotalGroup).sum(1), (SliCounts{2, 0}));
}

TEST_F(SliTableTest, AResumThatCannotReadIsReported) {
  SliTable table = Make();
  ASSERT_TRUE(Commit(table, One("a", kNowSlice - 300), kNow).ok());
  ASSERT_TRUE(Commit(table, One("b", kNowSlice - 300), kNow).ok());
  Checkpoint(table, kNow);
  table.Advance(kNow + 5h);
  ASSERT_TRUE(table.SetHour(kSli, GroupId{1}, (kNowSlice + 1800) / 360, SliceBlock(360)).ok());
  source_.FailAfter(0);
  EXPECT_FALSE(table.Resum(kSli).ok());
  source_.FailAfter(std::nullopt);
  EXPECT_TRUE(table.Resum(kSli).ok());
  for (const GroupId group : {kTotalGroup, GroupId{1}, GroupId{2}})
    EXPECT_TRUE(table.error(kSli, group).ok());
}

TEST_F(SliTableTest, AResumThatFailsMarksEveryGroupItFailedFor) {
  SliTable table = Make();
  ASSERT_TRUE(Commit(table, One("a", kNowSlice - 300), kNow).ok());
  Checkpoint(table, kNow);
  ASSERT_TRUE(table.SetWindows(kSli, RollingWindows({8640}), kNow + 10h).ok());
  Checkpoint(table, kNow + 10h);
  source_.FailAfter(0);
  EXPECT_FALSE(table.Resum(kSli).ok());
  EXPECT_FALSE(table.error(kSli, kTotalGroup).ok());
  EXPECT_FALSE(table.error(kSli, GroupId{1}).ok());
}

// --- days

TEST_F(SliTableTest, DaysRollWhenNoEventCanReachThem) {
  SliTable table = Make();
  const uint32_t today = kNowSlice / kSlicesPerDay;
  ASSERT_TRUE(Commit(table, One("a", kNowSlice, {3, 1}), kNow).ok());
  EXPECT_EQ(table.FirstUnrolledDay(kNow), today - 2) << "nothing lies there";
  // The day ends 24 h later, its last event may come 24 h after that, and a commit may be under way
  // for an hour.
  const sys_seconds over = kNow + 49h;
  table.Advance(over);
  EXPECT_THAT(*table.RollDays(over - 1s, 100), IsEmpty());
  EXPECT_EQ(table.FirstUnrolledDay(over - 1s), today - 0);
  EXPECT_EQ(table.FirstUnrolledDay(over), today) << "it has to be rolled first";
  const auto rolled = table.RollDays(over, 100);
  ASSERT_TRUE(rolled.ok()) << rolled.status();
  ASSERT_THAT(*rolled, SizeIs(2)) << "the total and the group";
  EXPECT_EQ((*rolled)[0].group, kTotalGroup);
  EXPECT_EQ((*rolled)[0].day, today);
  EXPECT_EQ((*rolled)[0].block.At(0), (SliCounts{3, 1}));
  EXPECT_THAT(*table.RollDays(over, 100), IsEmpty()) << "once";
  EXPECT_EQ(table.FirstUnrolledDay(over), today + 1);
}

TEST_F(SliTableTest, RollingGoesOnWhereItStopped) {
  SliTable table = Make();
  for (int i = 0; i < 7; ++i) ASSERT_TRUE(Commit(table, One(std::to_string(i)), kNow).ok());
  table.Advance(kNow + 72h);
  std::vector<uint32_t> groups;
  for (int call = 0; call < 4; ++call) {
    const auto rolled = table.RollDays(kNow + 72h, 3);
    ASSERT_TRUE(rolled.ok());
    EXPECT_LE(rolled->size(), 3u);
    for (const auto& day : *rolled) groups.push_back(static_cast<uint32_t>(day.group));
  }
  EXPECT_THAT(groups, ElementsAre(0, 1, 2, 3, 4, 5, 6, 7));
}

TEST_F(SliTableTest, SumsAreTheSameOnceHoursAreGone) {
  SliTable table = Make();
  ASSERT_TRUE(Commit(table, One("a", kNowSlice + 5, {3, 1}), kNow).ok());
  sys_seconds now = kNow;
  for (int day = 0; day < 5; ++day) {
    now += 24h;
    table.Advance(now);
    ASSERT_TRUE(Commit(table, One("a", SliceOf(now) + 5, {1, 0}), now).ok());
    Checkpoint(table, now);
  }
  const uint32_t kept = table.FirstUnrolledDay(now);
  EXPECT_EQ(kept, SliceOf(now) / kSlicesPerDay - 2);
  source_.DropHours(0, kept);
  table.SetHoursKeptFrom(kept);
  // Also for an SLI and a group that come later.
  ASSERT_TRUE(table.Register(SliId{2}, "later").ok());
  EXPECT_EQ(table.counts(SliId{2}, kTotalGroup).view().hours_kept_from, kept);
  ASSERT_TRUE(Commit(table, One("b", SliceOf(now)), now).ok());
  EXPECT_EQ(table.counts(kSli, GroupId{2}).view().hours_kept_from, kept);
  // Hours that are gone do not come back.
  table.SetHoursKeptFrom(kept - 1);
  EXPECT_EQ(table.counts(kSli, kTotalGroup).view().hours_kept_from, kept);

  const RangeReader reader(table.counts(kSli, GroupId{1}).view(), source_);
  EXPECT_EQ(*reader.Sum(kNowSlice, SliceOf(now) + 6), (SliCounts{8, 1}));
  EXPECT_EQ(*reader.Sum(kNowSlice, kNowSlice + 30), (SliCounts{3, 1}));
}

TEST_F(SliTableTest, VisitsWhatChangedSinceTheCheckpoint) {
  SliTable table = Make();
  ASSERT_TRUE(
      Commit(table,
             BuildDelta({{kSli, kNowSlice, {1, 0}, {"a"}}, {kSli, kNowSlice, {1, 0}, {"b"}}}), kNow)
          .ok());
  Checkpoint(table, kNow);
  ASSERT_TRUE(Commit(table, One("b"), kNow).ok());
  std::vector<uint32_t> visited;
  table.VisitChanged([&](SliId, GroupId group, const GroupCounts&) {
    visited.push_back(static_cast<uint32_t>(group));
  });
  EXPECT_THAT(visited, ElementsAre(0, 2));
  table.MarkClean();
  visited.clear();
  table.VisitChanged([&](SliId, GroupId group, const GroupCounts&) {
    visited.push_back(static_cast<uint32_t>(group));
  });
  EXPECT_THAT(visited, IsEmpty());
}

// --- idle groups

class IdleGroupsTest : public SliTableTest {
 protected:
  // Two groups and one too many, all checkpointed.
  SliTable MakeFull() {
    SliTable table = Make({.groups_per_sli_max = 2});
    for (const std::string value : {"a", "b", "c"})
      EXPECT_TRUE(Commit(table, One(value), kNow).ok());
    Checkpoint(table, kNow);
    return table;
  }
  // Every second of the hour that ends there: each group has its turn.
  void PassHour(SliTable& table, sys_seconds until) {
    for (sys_seconds now = until - 1h; now <= until; now += 1s) table.Advance(now);
  }
  GroupId IdOf(const SliTable& table, const std::string& value) {
    return table.FindGroup(kSli, {value}).value();
  }
};

TEST_F(IdleGroupsTest, LeaveADayAfterTheLongestWindowAndKeepTheirCounts) {
  SliTable table = MakeFull();
  PassHour(table, kNow + 25h);
  EXPECT_EQ(table.idle_count(), 0u);
  const size_t before = table.memory_bytes();
  PassHour(table, kNow + 26h + 20s);
  EXPECT_EQ(table.idle_count(), 3u);
  EXPECT_EQ(table.group_count(), 1u);
  EXPECT_EQ(table.groups(kSli), 4u) << "ids stay given";
  EXPECT_LT(table.memory_bytes(), before);
  const GroupId a = IdOf(table, "a");
  EXPECT_TRUE(table.is_idle(kSli, a));
  EXPECT_FALSE(table.is_idle(kSli, kTotalGroup));
  EXPECT_EQ(table.counts(kSli, a).lifetime(), (SliCounts{1, 0}));
  EXPECT_EQ(table.counts(kSli, a).sum(1), SliCounts{});
  EXPECT_TRUE(table.counts(kSli, a).view().hours.empty());
  EXPECT_EQ(*RangeReader(table.counts(kSli, a).view(), source_).Sum(kNowSlice, kNowSlice + 1),
            (SliCounts{1, 0}));
}

TEST_F(IdleGroupsTest, ComeBackWithTheirIdWhileThereIsRoom) {
  SliTable table = MakeFull();
  const GroupId a = IdOf(table, "a");
  const sys_seconds later = kNow + 27h;
  PassHour(table, later);
  const Slice slice = SliceOf(later);
  // A place is free for a new one and one that was there, not for a third.
  EXPECT_TRUE(Commit(table, One("new", slice), later).ok());
  const auto plan = Commit(table, One("a", slice, {2, 1}), later);
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->admissions, IsEmpty());
  EXPECT_EQ(plan->changes.at(1).group, a);
  EXPECT_FALSE(table.is_idle(kSli, a));
  EXPECT_EQ(table.counts(kSli, a).sum(1), (SliCounts{2, 1}));
  EXPECT_EQ(table.counts(kSli, a).lifetime(), (SliCounts{3, 1}));
  const auto full = Commit(table, One("b", slice), later);
  ASSERT_TRUE(full.ok());
  EXPECT_EQ(full->overflowed, 1u);
  EXPECT_TRUE(table.is_idle(kSli, IdOf(table, "b")));
  EXPECT_EQ(table.counts(kSli, IdOf(table, std::string(kOverflowGroup))).lifetime(),
            (SliCounts{2, 0}));
  EXPECT_EQ(table.counts(kSli, kTotalGroup).sum(1), (SliCounts{4, 1}));
}

TEST_F(IdleGroupsTest, TheCapHoldsWithinOnePlan) {
  SliTable table = MakeFull();
  const sys_seconds later = kNow + 27h;
  PassHour(table, later);
  const Slice slice = SliceOf(later);
  const auto plan = Commit(table,
                           BuildDelta({{kSli, slice, {1, 0}, {"b"}},
                                       {kSli, slice - 1, {1, 0}, {"b"}},
                                       {kSli, slice, {1, 0}, {"new"}},
                                       {kSli, slice, {1, 0}, {"a"}}}),
                           later);
  ASSERT_TRUE(plan.ok());
  EXPECT_THAT(plan->admissions, SizeIs(1));
  EXPECT_EQ(plan->overflowed, 1u);
  EXPECT_TRUE(table.is_idle(kSli, IdOf(table, "a")));
  EXPECT_EQ(table.counts(kSli, IdOf(table, "b")).sum(1), (SliCounts{2, 0}));
}

TEST_F(IdleGroupsTest, LongerWindowsBringThemBackAndShorterOnesSendThemAway) {
  SliTable table = MakeFull();
  const sys_seconds later = kNow + 27h;
  PassHour(table, later);
  ASSERT_TRUE(table.SetWindows(kSli, RollingWindows({6, 30 * 8640}), later).ok());
  EXPECT_EQ(table.idle_count(), 0u);
  EXPECT_EQ(table.counts(kSli, IdOf(table, "a")).sum(1), (SliCounts{1, 0}));
  ASSERT_TRUE(table.SetWindows(kSli, RollingWindows({6}), later).ok());
  EXPECT_EQ(table.idle_count(), 3u);
}

TEST_F(IdleGroupsTest, KnownGroupsAreBounded) {
  SliTable table = Make({.groups_per_sli_max = 2, .known_groups_factor = 2});
  sys_seconds now = kNow;
  for (int i = 0; i < 10; ++i) {
    EXPECT_TRUE(Commit(table, One(std::to_string(i), SliceOf(now)), now).ok());
    Checkpoint(table, now);
    now += 48h;
    PassHour(table, now);
  }
  EXPECT_LE(table.groups(kSli), 7u);
  EXPECT_EQ(table.counts(kSli, kTotalGroup).lifetime(), (SliCounts{10, 0}));
}

TEST_F(IdleGroupsTest, TheirDaysAreRolledAndHoldNoOthersBack) {
  SliTable table = MakeFull();
  PassHour(table, kNow + 26h + 20s);
  ASSERT_EQ(table.idle_count(), 3u);
  for (int days = 2; days < 6; ++days) {
    table.Advance(kNow + days * 24h);
    Checkpoint(table, kNow + days * 24h);
  }
  const GroupId a = IdOf(table, "a");
  EXPECT_EQ(table.counts(kSli, a).days_rolled(), kNowSlice / kSlicesPerDay + 1);
  EXPECT_GT(table.FirstUnrolledDay(kNow + 5 * 24h), kNowSlice / kSlicesPerDay + 1);
  ASSERT_TRUE(source_.ReadDay(kSli, a, kNowSlice / kSlicesPerDay)->has_value());
}

}  // namespace
}  // namespace slowburn::slo
