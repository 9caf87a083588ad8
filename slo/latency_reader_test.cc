// Goal: a range holds exactly the latencies of its slots, wherever they lie, without those that are
// masked. Method: a map by slot as oracle; random ranges and masks over hours in memory, hours in
// the store, days that have their block and days that have nothing else.
#include "slo/latency_reader.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "slo/testing/map_latency_source.h"

namespace slowburn::slo {
namespace {

using namespace std::chrono_literals;

constexpr SliId kSli{3};
constexpr GroupId kGroup{2};
constexpr uint32_t kFirstDay = 19'000;
constexpr uint32_t kDays = 5;  // the last one goes on
constexpr uint32_t kDaySlotCount = kLatencySlotsPerHour * kLatencyHoursPerDay;
constexpr LatencySlot kBegin = kFirstDay * kDaySlotCount + 100;
constexpr LatencySlot kEnd = (kFirstDay + kDays) * kDaySlotCount - 30;

class LatencyReaderTest : public testing::Test {
 protected:
  LatencyReaderTest() {
    counts_.sli = kSli;
    counts_.group = kGroup;
    counts_.first = kBegin * kSlicesPerDaySlot + 3;
    std::mt19937_64 random(12);
    for (LatencySlot slot = kBegin; slot < kEnd; ++slot) {
      if (slot / 40 % 5 == 2) continue;  // silent for some hours
      LatencyHistogram histogram;
      histogram.Append(static_cast<int>(random() % 900), 1 + random() % 50);
      want_[slot] = histogram;
      std::vector<LatencyChange> changes = {{kSli, kGroup, slot, histogram}};
      table_.Prepare(changes);
      EXPECT_TRUE(table_.Apply(changes).ok());
    }
  }

  LatencyView View() const {
    return LatencyView(counts_, table_.CopyHours(kSli, kGroup, 0, UINT32_MAX));
  }
  // As a checkpoint does; hours before the last two leave memory.
  void Checkpoint() { source_.Checkpoint(table_, kEnd / kLatencySlotsPerHour); }
  void RollDay(uint32_t day) {
    const LatencyView view = View();
    const auto block = LatencyReader(view, source_).MakeDay(day);
    ASSERT_TRUE(block.ok()) << block.status();
    if (!block->empty()) source_.PutDay(kSli, kGroup, day, *block);
    counts_.days_rolled = day + 1;
  }

  // Compares buckets by asking for as many percentiles as there are per mille.
  void ExpectSum(LatencySlot begin, LatencySlot end, const std::vector<LatencySlotRange>& masked,
                 uint32_t granularity = 1) const {
    LatencySum want;
    for (LatencySlot slot = begin; slot < end; ++slot) {
      const auto is_masked = [&](LatencySlot at) {
        return std::ranges::any_of(masked, [&](const LatencySlotRange& range) {
          return at >= range.begin && at < range.end;
        });
      };
      // A coarse slot counts when one of its fine ones is asked for.
      const LatencySlot from = slot / granularity * granularity;
      bool is_wanted = false;
      for (LatencySlot at = from; at < from + granularity; ++at)
        is_wanted |= at >= begin && at < end && !is_masked(at);
      if (const auto found = want_.find(slot); is_wanted && found != want_.end())
        want.Add(found->second);
    }
    const LatencyView view = View();
    LatencyReader reader(view, source_);
    const auto got = reader.Sum(begin, end, masked);
    ASSERT_TRUE(got.ok()) << got.status();
    ASSERT_EQ(got->count(), want.count());
    for (uint32_t per_mille = 0; per_mille <= 1000; ++per_mille)
      ASSERT_EQ(got->Quantile(per_mille), want.Quantile(per_mille));
  }
  void ExpectRandomSums(uint64_t seed, uint32_t granularity = 1) const {
    std::mt19937_64 random(seed);
    for (int i = 0; i < 100; ++i) {
      const auto pick = [&] {
        const auto slot = static_cast<LatencySlot>(kBegin - 400 + random() % (kEnd - kBegin + 800));
        return slot / granularity * granularity;
      };
      const auto [begin, end] = std::minmax({pick(), pick()});
      ExpectSum(begin, end, {}, granularity);
      std::vector<LatencySlotRange> masked;
      LatencySlot at = begin + static_cast<LatencySlot>(random() % 20);
      while (at < end) {
        const auto length = static_cast<LatencySlot>(1 + random() % 100);
        masked.push_back({at, at + length});
        at += length + 1 + static_cast<LatencySlot>(random() % 500);
      }
      ExpectSum(begin, end, masked, granularity);
    }
  }

  MapLatencySource source_;
  LatencyTable table_{{}, source_};
  GroupView counts_;
  std::map<LatencySlot, LatencyHistogram> want_;
};

TEST_F(LatencyReaderTest, FromMemory) { ExpectRandomSums(1); }

TEST_F(LatencyReaderTest, FromHoursInTheStore) {
  Checkpoint();
  ExpectRandomSums(2);
}

TEST_F(LatencyReaderTest, FromDaysThatStillHaveTheirHours) {
  Checkpoint();
  for (uint32_t day = kFirstDay; day < kFirstDay + 3; ++day) RollDay(day);
  ExpectRandomSums(3);
}

TEST_F(LatencyReaderTest, FromDaysAloneByWholeHours) {
  Checkpoint();
  for (uint32_t day = kFirstDay; day < kFirstDay + kDays; ++day) RollDay(day);
  source_.DropHours(kFirstDay + kDays);
  counts_.hours_kept_from = kFirstDay + kDays;
  table_.MarkClean(kEnd / kLatencySlotsPerHour);
  ExpectRandomSums(4, kLatencySlotsPerHour);
}

TEST_F(LatencyReaderTest, AWholeDayIsOneRead) {
  Checkpoint();
  for (uint32_t day = kFirstDay; day < kFirstDay + 3; ++day) RollDay(day);
  const LatencyView view = View();
  LatencyReader reader(view, source_);
  const size_t before = source_.reads();
  ASSERT_TRUE(reader.Sum((kFirstDay + 1) * kDaySlotCount, (kFirstDay + 3) * kDaySlotCount).ok());
  EXPECT_EQ(source_.reads() - before, 2u);
}

TEST_F(LatencyReaderTest, StepsWithinAnHourReadItOnce) {
  Checkpoint();
  const LatencyView view = View();
  LatencyReader reader(view, source_);
  const LatencySlot hour = (kFirstDay + 1) * kDaySlotCount;
  const size_t before = source_.reads();
  for (LatencySlot slot = hour; slot < hour + kLatencySlotsPerHour; ++slot)
    ASSERT_TRUE(reader.Sum(slot, slot + 1).ok());
  EXPECT_EQ(source_.reads() - before, 1u);
}

// A late event changes an hour of a day that has its block already: its hours are asked until the
// block is made again.
TEST_F(LatencyReaderTest, ALateLatencyIsInItsDay) {
  Checkpoint();
  RollDay(kFirstDay + 1);
  const LatencySlot late = (kFirstDay + 1) * kDaySlotCount + 77;
  LatencyHistogram histogram;
  histogram.Append(1000, 3);
  std::vector<LatencyChange> changes = {{kSli, kGroup, late, histogram}};
  table_.Prepare(changes);
  ASSERT_TRUE(table_.Apply(changes).ok());
  want_[late].Merge(histogram);
  counts_.days_rolled = kFirstDay + 1;  // as counting it does
  ExpectRandomSums(5);
  Checkpoint();
  ExpectRandomSums(6);
  RollDay(kFirstDay + 1);
  ExpectRandomSums(7);
}

TEST_F(LatencyReaderTest, ADayWithoutLatenciesMakesNoBlock) {
  const LatencyView view = View();
  const auto block = LatencyReader(view, source_).MakeDay(kFirstDay - 3);
  ASSERT_TRUE(block.ok());
  EXPECT_TRUE(block->empty());
}

TEST_F(LatencyReaderTest, GranularityFollowsTheHoursThatAreKept) {
  counts_.hours_kept_from = kFirstDay + 1;
  const LatencyView view = View();
  const LatencySlot kept = (kFirstDay + 1) * kDaySlotCount;
  EXPECT_EQ(LatencyGranularityAt(view, LatencySlotStart(kept)), 300s);
  EXPECT_EQ(LatencyGranularityAt(view, LatencySlotStart(kept) - 1s), 3600s);
}

TEST_F(LatencyReaderTest, ABrokenBlockIsReported) {
  Checkpoint();
  const uint32_t hour = (kFirstDay + 1) * kLatencyHoursPerDay;
  source_.BreakHour(kSli, kGroup, hour);
  const LatencyView view = View();
  LatencyReader reader(view, source_);
  const LatencySlot slot = hour * kLatencySlotsPerHour;
  EXPECT_EQ(reader.Sum(slot, slot + 5).status().code(), absl::StatusCode::kDataLoss);
  EXPECT_TRUE(reader.Sum(slot + 12, slot + 24).ok());
}

TEST_F(LatencyReaderTest, AGroupWithoutEventsReadsNothing) {
  counts_.first = 0;
  const size_t before = source_.reads();
  const LatencyView view(counts_, {});
  const auto sum = LatencyReader(view, source_).Sum(0, kEnd);
  ASSERT_TRUE(sum.ok());
  EXPECT_EQ(sum->count(), 0u);
  EXPECT_EQ(source_.reads(), before);
}

}  // namespace
}  // namespace slowburn::slo
