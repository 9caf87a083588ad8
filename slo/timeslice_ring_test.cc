// Goal: sums of a ring equal a recount of its timeslices, whatever way time moves and however late
// a verdict turns. Method: seeded verdicts in a map.
#include "slo/timeslice_ring.h"

#include <map>
#include <random>

#include <gtest/gtest.h>

#include "base/status.h"
#include "slo/testing/print_counts.h"

namespace slowburn::slo {
namespace {

using namespace std::chrono_literals;

constexpr Slice kStart = 177'461'280;  // 2026-03-27 12:00 UTC: a month ends within five days

struct Case {
  uint32_t timeslice;
  uint32_t seed;
};
class TimesliceRingTest : public testing::TestWithParam<Case> {};

TEST_P(TimesliceRingTest, SumsEqualARecount) {
  const uint32_t length = GetParam().timeslice;
  std::mt19937 random(GetParam().seed);
  const auto below = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  uint32_t first = kStart / length - 1000;  // within the longer windows
  std::map<uint32_t, bool> good;            // by number of the timeslice; absent: without events
  const TimesliceRing::Verdict verdict = [&](Slice begin) -> absl::StatusOr<std::optional<bool>> {
    EXPECT_EQ(begin % length, 0u);
    EXPECT_GE(begin / length, first) << "nothing was counted there";
    const auto found = good.find(begin / length);
    if (found == good.end()) return std::nullopt;
    return found->second;
  };
  const std::vector<Window> windows = {
      Window::Rolling(length * 100s), Window::Rolling(length * 1237s + 10s),
      Window::Calendar(CalendarGrid::Create(CalendarPeriod::kDay, "Europe/Paris").value()),
      Window::Calendar(CalendarGrid::Create(CalendarPeriod::kMonth, "UTC").value())};
  TimesliceRing ring(length, windows);
  Slice now = kStart;
  for (uint32_t at = first; at < now / length; ++at) {
    if (below(3) != 0) good[at] = below(4) != 0;
  }
  ASSERT_TRUE(ring.Begin(now, first * length, verdict).ok());
  for (int step = 0; step < 2000; ++step) {
    const Slice next = now + (below(50) == 0 ? below(5000) : below(2 * length));
    // Closed timeslices are what they are before time reaches them.
    for (uint32_t at = now / length; at < next / length; ++at) {
      if (below(3) != 0) good[at] = below(4) != 0;
    }
    now = next;
    ASSERT_TRUE(ring.Advance(now, first * length, verdict).ok());
    for (uint32_t late = below(4); late > 0; --late) {
      const uint32_t at = now / length - below(1500);
      first = std::min(first, at);
      good[at] = below(2) == 0;
      ASSERT_TRUE(ring.Recheck(at * length + below(length), verdict).ok());
    }
    for (size_t i = 0; i < windows.size(); ++i) {
      SliCounts want;
      for (const auto& [at, is_good] : good) {
        if (at * length < windows[i].BeginAt(now) || (at + 1) * length > now) continue;
        (is_good ? want.good : want.bad) += 1;
      }
      ASSERT_EQ(ring.sum(i), want)
          << windows[i].Text() << " seed " << GetParam().seed << " step " << step;
    }
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, TimesliceRingTest,
                         testing::Values(Case{1, 1}, Case{6, 2}, Case{30, 3}, Case{360, 4}));

TEST(TimesliceRingTest, AVerdictThatCannotBeHadIsAnError) {
  const TimesliceRing::Verdict broken = [](Slice) -> absl::StatusOr<std::optional<bool>> {
    return base::DataLoss("block 7 is broken");
  };
  TimesliceRing ring(6, {Window::Rolling(1h)});
  EXPECT_FALSE(ring.Begin(kStart, 0, broken).ok());
}

TEST(TimesliceRingTest, ThirtyDaysOfMinutesTakeElevenKilobytes) {
  EXPECT_LT(TimesliceRing(6, {Window::Rolling(30 * 24h)}).memory_bytes(), 11'500u);
}

}  // namespace
}  // namespace slowburn::slo
