// Goal: sums over any range and histories are exact wherever the counts lie, and read no more than
// they must. Method: a plain list of events as oracle; reads are counted.
#include "slo/range_sum.h"

#include <random>

#include <gtest/gtest.h>

#include "slo/burn_rate.h"
#include "slo/group_counts.h"
#include "slo/history.h"
#include "slo/testing/map_block_source.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using namespace std::chrono_literals;

constexpr SliId kSli{1};
constexpr GroupId kGroup{0};
constexpr uint32_t kFirstDay = 19'700;
constexpr Slice kStart = kFirstDay * kSlicesPerDay;
constexpr Slice kFirst = kStart + 1234;  // neither on an hour nor on five minutes

// Six days of random events: two days with day blocks alone, two with both kinds, the fifth in hour
// blocks, the sixth partly in memory.
class RangeSumTest : public testing::Test {
 protected:
  RangeSumTest() {
    std::mt19937 random(5);
    Add(kFirst, {.good = 100, .bad = 10});
    for (int i = 0; i < 3000; ++i)
      Add(static_cast<Slice>(kFirst + random() % (6 * kSlicesPerDay - 1234)),
          {random() % 7, random() % 3});
    EXPECT_TRUE(counts_.Advance(kStart + 6 * kSlicesPerDay - 1, source_).ok());
    for (const ResidentHour& hour : counts_.view().hours) {
      if (hour.hour < (kFirstDay + 5) * 24 + 12)
        source_.PutHour(kSli, kGroup, hour.hour, hour.block);
    }
    for (uint32_t day = kFirstDay; day < kFirstDay + 4; ++day) {
      const auto block = counts_.MakeDay(day, source_);
      EXPECT_TRUE(block.ok()) << block.status();
      source_.PutDay(kSli, kGroup, day, *block);
    }
    view_ = counts_.view();
    std::erase_if(view_.hours,
                  [](const ResidentHour& hour) { return hour.hour < (kFirstDay + 5) * 24 + 12; });
    view_.days_rolled = kFirstDay + 4;
    view_.hours_kept_from = kFirstDay + 2;
    source_.DropHours(0, kFirstDay + 2);
    source_.ResetReads();
  }

  void Add(Slice slice, SliCounts change) {
    ASSERT_TRUE(counts_.Load(slice, source_).ok());
    counts_.Add({kSli, kGroup, slice, 0, change}, source_);
    events_.emplace_back(slice, change);
  }
  SliCounts Recount(Slice begin, Slice end) const {
    SliCounts sum;
    for (const auto& [slice, change] : events_) {
      if (slice >= begin && slice < end) sum += change;
    }
    return sum;
  }
  SliCounts Sum(Slice begin, Slice end) const {
    const auto sum = RangeReader(view_, source_).Sum(begin, end);
    EXPECT_TRUE(sum.ok()) << sum.status();
    return sum.value_or(SliCounts{});
  }

  MapBlockSource source_;
  GroupCounts counts_{kSli, kGroup};
  std::vector<std::pair<Slice, SliCounts>> events_;
  GroupView view_;
};

TEST_F(RangeSumTest, RandomRangesAreExact) {
  std::mt19937 random(6);
  for (int i = 0; i < 5000; ++i) {
    auto begin = static_cast<Slice>(kStart - 500 + random() % (6 * kSlicesPerDay + 1000));
    auto end = static_cast<Slice>(begin + random() % (i % 2 == 0 ? 500 : 4 * kSlicesPerDay));
    if (begin < (kFirstDay + 2) * kSlicesPerDay) begin -= begin % kSlicesPerDaySlot;
    if (end < (kFirstDay + 2) * kSlicesPerDay) end -= end % kSlicesPerDaySlot;
    ASSERT_EQ(Sum(begin, end), Recount(begin, end)) << begin << " to " << end;
  }
  EXPECT_EQ(Sum(0, kStart * 2), Recount(0, kStart * 2));
  EXPECT_EQ(Sum(kStart + 100, kStart + 100), SliCounts{});
  EXPECT_EQ(Sum(kFirst + 100, kFirst + 50), SliCounts{});
}

TEST_F(RangeSumTest, WholeDaysAreReadFromDayBlocks) {
  Sum((kFirstDay + 1) * kSlicesPerDay, (kFirstDay + 4) * kSlicesPerDay);
  EXPECT_EQ(source_.reads(), 3u);
  EXPECT_EQ(source_.day_reads(), 3u);
  source_.ResetReads();
  Sum((kFirstDay + 4) * kSlicesPerDay, (kFirstDay + 5) * kSlicesPerDay);
  EXPECT_EQ(source_.day_reads(), 0u) << "not rolled yet";
  EXPECT_EQ(source_.reads(), 24u);
}

TEST_F(RangeSumTest, BeforeTheFirstEventAndInMemoryThereAreNoReads) {
  Sum(0, kStart);
  Sum(kStart, kFirst - kFirst % kSlicesPerDaySlot);
  EXPECT_EQ(source_.reads(), 0u);
  Sum((kFirstDay + 5) * kSlicesPerDay + kSlicesPerDay / 2, (kFirstDay + 6) * kSlicesPerDay);
  EXPECT_EQ(source_.reads(), 0u);
  const GroupView nothing{.sli = kSli, .group = kGroup};
  EXPECT_EQ(*RangeReader(nothing, source_).Sum(0, kStart * 2), SliCounts{});
  EXPECT_EQ(source_.reads(), 0u);
}

TEST_F(RangeSumTest, ABrokenBlockIsAnErrorAndNotAZero) {
  source_.FailAfter(2);
  EXPECT_EQ(RangeReader(view_, source_).Sum(kStart, kStart + 6 * kSlicesPerDay).status().code(),
            absl::StatusCode::kDataLoss);
  EXPECT_FALSE(RangeReader(view_, source_).Hour((kFirstDay + 4) * 24).ok());
  EXPECT_FALSE(History({{}, Window::Rolling(1h)}, *Objective::Parse("99%"),
                       RangeReader(view_, source_), SliceStart(kStart), SliceStart(kStart + 8640),
                       1h)
                   .ok());
}

TEST_F(RangeSumTest, HoursHaveTheirSlices) {
  const RangeReader reader(view_, source_);
  for (const uint32_t day : {0u, 3u, 4u, 5u}) {
    for (uint32_t hour = (kFirstDay + day) * 24; hour < (kFirstDay + day + 1) * 24; ++hour) {
      const auto block = reader.Hour(hour);
      ASSERT_TRUE(block.ok()) << block.status();
      const uint32_t step = day < 2 ? kSlicesPerDaySlot : 1;
      for (uint32_t slot = 0; slot < kHourSlots; slot += step) {
        const Slice slice = hour * kSlicesPerHour + slot;
        ASSERT_EQ(block->Sum(slot, slot + step), Recount(slice, slice + step)) << slice;
      }
    }
  }
}

TEST_F(RangeSumTest, GranularityIsWhatIsLeft) {
  EXPECT_EQ(GranularityAt(view_, kStart), 300s);
  EXPECT_EQ(GranularityAt(view_, (kFirstDay + 2) * kSlicesPerDay - 1), 300s);
  EXPECT_EQ(GranularityAt(view_, (kFirstDay + 2) * kSlicesPerDay), 10s);
}

TEST_F(RangeSumTest, ADayThatIsBackfilledAfterItLostItsHoursIsReadFromBoth) {
  // The backfilled hour is in the store again, the other hours of the day are in its day block.
  const uint32_t hour = kFirstDay * 24 + 10;
  SliceBlock block(kHourSlots);
  block.Add(30, {.good = 5, .bad = 4});
  source_.PutHour(kSli, kGroup, hour, block);
  view_.days_rolled = kFirstDay;
  const Slice begin = hour * kSlicesPerHour;
  EXPECT_EQ(Sum(begin, begin + kSlicesPerHour), (SliCounts{.good = 5, .bad = 4}));
  SliCounts want = Recount(kStart, kStart + kSlicesPerDay);
  want -= Recount(begin, begin + kSlicesPerHour);
  want += {.good = 5, .bad = 4};
  EXPECT_EQ(Sum(kStart, kStart + kSlicesPerDay), want);
}

struct HistoryCase {
  std::string name;
  seconds window;
  seconds step;
  uint32_t begin;  // slices after kStart
  uint32_t points;
};
class HistoryTest : public RangeSumTest, public testing::WithParamInterface<HistoryCase> {};

TEST_P(HistoryTest, EqualsARecount) {
  const HistoryCase& c = GetParam();
  const Objective objective = *Objective::Parse("95%");
  const sys_seconds start = SliceStart(kStart + c.begin);
  const auto points =
      History({{}, Window::Rolling(c.window)}, objective, RangeReader(view_, source_), start,
              start + c.step * static_cast<int>(c.points), c.step);
  ASSERT_TRUE(points.ok()) << points.status();
  ASSERT_EQ(points->size(), c.points);
  for (uint32_t i = 0; i < c.points; ++i) {
    const HistoryPoint& point = (*points)[i];
    const Slice begin = kStart + c.begin + i * SlicesIn(c.step);
    const Slice end = begin + SlicesIn(c.step);
    EXPECT_EQ(point.time, SliceStart(end));
    EXPECT_EQ(point.counts, Recount(begin, end)) << i;
    EXPECT_EQ(point.error_ratio, ErrorRatio(Recount(begin, end))) << i;
    EXPECT_EQ(point.budget_remaining_ratio,
              BudgetRemainingRatio(Recount(end - SlicesIn(c.window), end), objective))
        << i;
  }
}

INSTANTIATE_TEST_SUITE_P(Ranges, HistoryTest,
                         testing::ValuesIn<HistoryCase>({
                             // name            window   step  begin                   points
                             {"Hours", 24h, 1h, 3 * kSlicesPerDay, 70},
                             {"Slices", 60s, 10s, 4 * kSlicesPerDay + 7, 2000},
                             {"Days", 72h, 24h, 0, 6},
                             {"FiveMinutesOld", 1h, 5min, 0, 400},
                             {"BeforeTheFirst", 72h, 1h, 0, 24},
                             {"WindowPastAll", 2160h, 6h, 0, 24},
                             {"StepOverWindow", 1h, 24h, 0, 5},
                             {"OnePoint", 1h, 1h, 4 * kSlicesPerDay, 1},
                             {"None", 1h, 1h, 4 * kSlicesPerDay, 0},
                         }),
                         [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::slo
