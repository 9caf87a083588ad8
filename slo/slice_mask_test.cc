// Goal: a mask covers every slice that any exclusion touches, and no other, and its answers agree.
// Method: rows at the edges of slices, random exclusions against a bit for each slice, the bounds.
#include "slo/slice_mask.h"

#include <random>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_days;
using std::chrono::sys_seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using namespace std::chrono_literals;

using Ranges = std::vector<std::pair<Slice, Slice>>;

Exclusion At(int64_t start, int64_t end) {
  return {.id = "x",
          .description = "",
          .when = Exclusion::Once{sys_seconds(seconds(start)), sys_seconds(seconds(end))},
          .slos = {},
          .labels = {},
          .source = ""};
}

Exclusion Repeated(std::string_view rule, absl::CivilSecond start, std::string_view zone,
                   seconds duration) {
  Exclusion exclusion = At(0, 1);
  exclusion.when = *Recurrence::Parse(rule, start, zone, duration);
  return exclusion;
}

absl::StatusOr<SliceMask> Of(const std::vector<Exclusion>& exclusions, sys_seconds from,
                             sys_seconds to) {
  std::vector<const Exclusion*> pointers;
  for (const Exclusion& exclusion : exclusions) pointers.push_back(&exclusion);
  return SliceMask::Of(pointers, from, to);
}
SliceMask Of(const std::vector<Exclusion>& exclusions, int64_t from, int64_t to) {
  return *Of(exclusions, sys_seconds(seconds(from)), sys_seconds(seconds(to)));
}

Ranges Covered(const SliceMask& mask, Slice begin = 0, Slice end = UINT32_MAX) {
  Ranges ranges;
  mask.ForEachCovered(begin, end, [&](Slice from, Slice to) { ranges.emplace_back(from, to); });
  return ranges;
}

TEST(SliceMaskTest, ASliceIsCoveredWhenAnyPartIs) {
  struct {
    std::vector<Exclusion> exclusions;
    Ranges want;
  } const rows[] = {
      {{}, {}},
      {{At(100, 200)}, {{10, 20}}},
      {{At(101, 200)}, {{10, 20}}},
      {{At(109, 110)}, {{10, 11}}},
      {{At(109, 111)}, {{10, 12}}},
      {{At(100, 201)}, {{10, 21}}},
      {{At(100, 110), At(120, 130)}, {{10, 11}, {12, 13}}},
      {{At(120, 130), At(100, 110)}, {{10, 11}, {12, 13}}},
      {{At(100, 110), At(110, 120)}, {{10, 12}}},
      {{At(100, 111), At(119, 130)}, {{10, 13}}},
      {{At(100, 500), At(200, 300)}, {{10, 50}}},
      {{At(200, 300), At(100, 500), At(100, 110)}, {{10, 50}}},
      {{At(0, 5)}, {{0, 1}}},
      // Cut to the range.
      {{At(900, 2000)}, {{90, 100}}},
      {{At(1000, 2000)}, {}},
      {{At(-100, 20)}, {{0, 2}}},
      {{At(-100, 0)}, {}},
  };
  for (const auto& row : rows) {
    const SliceMask mask = Of(row.exclusions, 0, 1000);
    EXPECT_EQ(Covered(mask), row.want) << testing::PrintToString(row.want);
    EXPECT_EQ(mask.empty(), row.want.empty());
    EXPECT_EQ(mask.stretches(), row.want.size());
  }
}

TEST(SliceMaskTest, TheRangeHasWholeSlices) {
  EXPECT_THAT(Covered(Of({At(0, 1000)}, 105, 195)), ElementsAre(std::pair(10u, 20u)));
  EXPECT_THAT(Covered(Of({At(100, 103), At(197, 199)}, 105, 195)),
              ElementsAre(std::pair(10u, 11u), std::pair(19u, 20u)));
  EXPECT_THAT(Covered(Of({At(0, 1000)}, 200, 100)), IsEmpty());
  EXPECT_THAT(Covered(Of({At(0, 1000)}, -500, -100)), IsEmpty());
  const Exclusion daily = Repeated("FREQ=DAILY", absl::CivilSecond(1970, 1, 1), "UTC", 3s);
  EXPECT_THAT(Covered(Of({daily}, 5, 95)), ElementsAre(std::pair(0u, 1u)));
  EXPECT_EQ(Of({daily}, sys_seconds::min(), sys_seconds::max())->CoveredSlices(0, UINT32_MAX),
            47'847u);
}

TEST(SliceMaskTest, Recurrences) {
  // 02:00 in Paris is 01:00Z, and 00:00Z from 2026-03-29 on, when clocks skip 02:00.
  const SliceMask mask = *Of(
      {Repeated("FREQ=WEEKLY;BYDAY=SU", absl::CivilSecond(2026, 1, 4, 2, 0, 0), "Europe/Paris", 2h),
       Repeated("FREQ=DAILY;COUNT=1", absl::CivilSecond(2026, 3, 22, 3, 0, 0), "UTC", 1h)},
      sys_days(2026y / 3 / 20), sys_days(2026y / 4 / 6));
  const auto at = [](std::chrono::year_month_day day, std::chrono::hours hour) {
    return SliceOf(sys_days(day) + hour);
  };
  EXPECT_THAT(Covered(mask), ElementsAre(std::pair(at(2026y / 3 / 22, 1h), at(2026y / 3 / 22, 4h)),
                                         std::pair(at(2026y / 3 / 29, 1h), at(2026y / 3 / 29, 3h)),
                                         std::pair(at(2026y / 4 / 5, 0h), at(2026y / 4 / 5, 2h))));
}

TEST(SliceMaskTest, NothingIsCoveredByDefault) {
  const SliceMask none;
  EXPECT_TRUE(none.empty());
  EXPECT_FALSE(none.Covers(0));
  EXPECT_FALSE(none.Covers(UINT32_MAX));
  EXPECT_EQ(none.CoveredSlices(0, UINT32_MAX), 0u);
  EXPECT_THAT(Covered(none), IsEmpty());
  EXPECT_EQ(none, Of({}, 0, 1000));
  EXPECT_EQ(none.Key(), Of({}, 0, 1000).Key());
}

TEST(SliceMaskTest, KeysAreThoseOfWhatIsCovered) {
  const SliceMask one = Of({At(100, 200), At(500, 600)}, 0, 1000);
  const SliceMask same = Of({At(501, 599), At(150, 200), At(100, 155)}, 0, 1000);
  EXPECT_EQ(one, same);
  EXPECT_EQ(one.Key(), same.Key());
  const SliceMask other = Of({At(100, 200), At(500, 610)}, 0, 1000);
  EXPECT_FALSE(one == other);
  EXPECT_NE(one.Key(), other.Key());
  EXPECT_EQ(one.Key(0, 60), other.Key(0, 60)) << "the same up to 600 s";
  EXPECT_NE(one.Key(0, 60), other.Key(0, 61));
  EXPECT_EQ(one.Key(20, 50), SliceMask().Key());
  EXPECT_NE(one.Key(), SliceMask().Key());
}

// Against a bit for each slice.
TEST(SliceMaskTest, AgreesWithABitForEachSlice) {
  constexpr int64_t kEnd = 40'000;
  for (uint32_t seed = 1; seed <= 200; ++seed) {
    SCOPED_TRACE(seed);
    std::mt19937 random(seed);
    const auto draw = [&](int64_t below) {
      return static_cast<int64_t>(random() % static_cast<uint64_t>(below));
    };
    std::vector<Exclusion> exclusions;
    std::vector<bool> bits(kEnd / 10);
    for (int64_t count = draw(25); count > 0; --count) {
      const int64_t start = draw(kEnd + 2'000) - 1'000;
      const int64_t end = start + 1 + draw(draw(8) == 0 ? 9'000 : 60);
      exclusions.push_back(At(start, end));
      for (int64_t slice = 0; slice < kEnd / 10; ++slice) {
        if (start < slice * 10 + 10 && end > slice * 10) bits[static_cast<size_t>(slice)] = true;
      }
    }
    const SliceMask mask = Of(exclusions, 0, kEnd);
    std::vector<bool> covered(bits.size());
    for (Slice slice = 0; slice < bits.size(); ++slice) covered[slice] = mask.Covers(slice);
    ASSERT_EQ(covered, bits);
    EXPECT_FALSE(mask.Covers(kEnd / 10));
    for (int i = 0; i < 20; ++i) {
      const auto begin = static_cast<Slice>(draw(kEnd / 10));
      const auto end = static_cast<Slice>(draw(kEnd / 10 + 1));
      uint64_t want = 0;
      for (Slice slice = begin; slice < end; ++slice) want += bits[slice] ? 1 : 0;
      ASSERT_EQ(mask.CoveredSlices(begin, end), want) << begin << ' ' << end;
      uint64_t got = 0;
      Slice previous = begin;
      for (const auto& [from, to] : Covered(mask, begin, end)) {
        ASSERT_TRUE(from < to && from >= previous && to <= end);
        previous = to + 1;  // stretches do not touch
        got += to - from;
        for (Slice slice = from; slice < to; ++slice) ASSERT_TRUE(bits[slice]);
      }
      ASSERT_EQ(got, want);
      ASSERT_EQ(mask.Key(begin, end) == SliceMask().Key(), want == 0);
    }
  }
}

TEST(SliceMaskTest, TooManyAreRefused) {
  const std::vector<Exclusion> many(1'001, At(0, 10));
  const auto refused = Of(many, sys_seconds{}, sys_seconds{1000s});
  EXPECT_EQ(refused.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(base::Message(refused.status())),
              HasSubstr("there are 1001 exclusions; at most 1000"));
  EXPECT_TRUE(Of(std::vector<Exclusion>(1'000, At(0, 10)), sys_seconds{}, sys_seconds{1000s}).ok());
}

TEST(SliceMaskTest, StretchesAreBoundedNotOccurrences) {
  std::vector<Exclusion> daily;
  for (int hour = 0; hour < 3; ++hour) {
    daily.push_back(
        Repeated("FREQ=DAILY", absl::CivilSecond(1970, 1, 1, hour * 2, 0, 0), "UTC", 1h));
  }
  const sys_seconds end = sys_days(2101y / 1 / 1);
  EXPECT_THAT(std::string(base::Message(Of(daily, sys_seconds{}, end).status())),
              HasSubstr("more than 100000 stretches of time; write fewer of them"));
  daily.pop_back();
  EXPECT_EQ(Of(daily, sys_seconds{}, end)->stretches(), 2 * 47'847u);
  // 20 times as many occurrences, all in the same slices.
  std::vector<Exclusion> same;
  for (int i = 0; i < 20; ++i) same.insert(same.end(), daily.begin(), daily.end());
  EXPECT_EQ(*Of(same, sys_seconds{}, end), *Of(daily, sys_seconds{}, end));
}

}  // namespace
}  // namespace slowburn::slo
