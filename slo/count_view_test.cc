// Goal: running sums of every kind of window and budget equal a recount, whatever way time moves
// and however late events come. Method: seeded events against a map of all slices, read as the
// definitions say.
#include "slo/count_view.h"

#include <map>
#include <memory>
#include <random>
#include <vector>

#include <gtest/gtest.h>

#include "slo/group_counts.h"
#include "slo/history.h"
#include "slo/testing/map_block_source.h"

namespace slowburn::slo {
namespace {

using namespace std::chrono_literals;

constexpr SliId kSli{1};
constexpr GroupId kGroup{0};
// 2026-03-27 12:00 UTC: the clocks of Europe change within two days, the month and the quarter end
// within five.
constexpr std::chrono::sys_seconds kStart{1'774'612'800s};

Window Calendar(CalendarPeriod period, std::string_view zone) {
  return Window::Calendar(CalendarGrid::Create(period, zone).value());
}
CountView Timeslices(std::chrono::seconds length, uint64_t target_percent) {
  return {.budgeting = {.method = BudgetingMethod::kTimeslices,
                        .timeslice = SlicesIn(length),
                        .target_units = target_percent * 1'000'000},
          .mask = nullptr,
          .exclusions = {}};
}
CountView RatioTimeslices(std::chrono::seconds length) {
  return {.budgeting = {.method = BudgetingMethod::kRatioTimeslices,
                        .timeslice = SlicesIn(length),
                        .target_units = 0},
          .mask = nullptr,
          .exclusions = {}};
}

// Twenty minutes each hour, and a whole day soon.
CountView Without(CountView view) {
  static const std::shared_ptr<const SliceMask> kMask = [] {
    std::vector<Exclusion> exclusions;
    for (int hour = -24 * 10; hour < 24 * 10; ++hour) {
      const auto begin = kStart + std::chrono::hours(hour) + 123s;
      exclusions.push_back({.id = "h", .when = Exclusion::Once{begin, begin + 20min}});
    }
    exclusions.push_back({.id = "d", .when = Exclusion::Once{kStart + 30h, kStart + 54h}});
    std::vector<const Exclusion*> all;
    for (const Exclusion& exclusion : exclusions) all.push_back(&exclusion);
    return std::make_shared<const SliceMask>(
        SliceMask::Of(all, kStart - 300h, kStart + 300h).value());
  }();
  view.mask = kMask;
  view.exclusions = "twenty minutes";
  return view;
}

WindowSet AllKinds() {
  return {{Without({}), Window::Rolling(1h)},
          {Without({}), Window::Rolling(3 * 24h)},
          {Without({}), Calendar(CalendarPeriod::kMonth, "Europe/Paris")},
          {Without(Timeslices(1min, 95)), Window::Rolling(24h)},
          {Without(Timeslices(2h, 90)), Window::Rolling(2 * 24h)},
          {Without(RatioTimeslices(1min)), Calendar(CalendarPeriod::kDay, "Europe/Paris")},
          {{}, Window::Rolling(10s)},
          {{}, Window::Rolling(1h)},
          {{}, Window::Rolling(3 * 24h)},
          {{}, Calendar(CalendarPeriod::kDay, "America/New_York")},
          {{}, Calendar(CalendarPeriod::kDay, "Asia/Kathmandu")},
          {{}, Calendar(CalendarPeriod::kMonth, "Europe/Paris")},
          {{}, Calendar(CalendarPeriod::kQuarter, "UTC")},
          {Timeslices(10s, 50), Window::Rolling(10min)},
          {Timeslices(1min, 95), Window::Rolling(1h)},
          {Timeslices(5min, 90), Window::Rolling(24h)},
          {Timeslices(5min, 100), Window::Rolling(7230s)},
          {Timeslices(2h, 90), Window::Rolling(2 * 24h)},
          {Timeslices(1h, 90), Calendar(CalendarPeriod::kWeek, "Europe/Paris")},
          {Timeslices(24h, 90), Calendar(CalendarPeriod::kMonth, "Pacific/Auckland")},
          {RatioTimeslices(1min), Window::Rolling(1h)},
          {RatioTimeslices(30min), Window::Rolling(24h)},
          {RatioTimeslices(1min), Calendar(CalendarPeriod::kDay, "Europe/Paris")}};
}

class Recounted {
 public:
  explicit Recounted(WindowSet windows)
      : windows_(std::make_shared<const WindowSet>(std::move(windows))) {
    counts_.Begin(SliceOf(kStart), windows_);
  }

  void Count(Slice slice, SliCounts change) {
    ASSERT_TRUE(counts_.Load(slice, source_).ok());
    counts_.Add({kSli, kGroup, slice, 0, change}, source_);
    slices_[slice] += change;
  }
  void MoveTo(Slice slice) { ASSERT_TRUE(counts_.Advance(slice, source_).ok()); }
  void Checkpoint() {
    for (const ResidentHour& hour : counts_.view().hours) {
      if (hour.dirty) source_.PutHour(kSli, kGroup, hour.hour, hour.block);
    }
    counts_.MarkClean();
  }
  // As the program does: what the checkpoint has, then the windows.
  void Restart() {
    Checkpoint();
    GroupRunningState state = counts_.State();
    const GroupView view = counts_.view();
    counts_ = GroupCounts(kSli, kGroup);
    counts_.Restore(state, std::make_shared<const WindowSet>());
    counts_.set_hours_kept_from(view.hours_kept_from);
    ASSERT_TRUE(counts_.SetWindows(windows_, source_).ok());
  }

  SliCounts Events(const CountView& view, Slice begin, Slice end) const {
    SliCounts sum;
    for (auto at = slices_.lower_bound(begin); at != slices_.end() && at->first < end; ++at) {
      if (!view.Covers(at->first)) sum += at->second;
    }
    return sum;
  }
  // Of timeslices that lie whole in [begin, end).
  SliCounts Recount(const CountView& view, Slice begin, Slice end) const {
    if (!view.budgeting.by_time()) return Events(view, begin, end);
    SliCounts sum;
    const uint32_t length = view.budgeting.timeslice;
    for (Slice at = begin / length * length; at + length <= end; at += length) {
      const SliCounts events = Events(view, at, at + length);
      if (at < begin || events.total() == 0) continue;
      if (view.budgeting.method == BudgetingMethod::kRatioTimeslices) {
        const auto bad = static_cast<uint64_t>(static_cast<long double>(events.bad) * 1e9L /
                                                   static_cast<long double>(events.total()) +
                                               0.5L);
        sum += {.good = 1'000'000'000 - bad, .bad = bad};
      } else if (events.good * 100'000'000 >= events.total() * view.budgeting.target_units) {
        sum.good += 1;
      } else {
        sum.bad += 1;
      }
    }
    return sum;
  }
  void ExpectExact() const {
    const Slice through = counts_.through();
    for (size_t i = 0; i < windows_->size(); ++i) {
      const ViewedWindow& window = (*windows_)[i];
      const bool by_time = window.view().budgeting.by_time();
      ASSERT_EQ(counts_.sum(i), Recount(window.view(), window.window().BeginAt(through),
                                        by_time ? through : through + 1))
          << window.key() << " at " << through;
    }
  }

  const GroupCounts& counts() const { return counts_; }
  const MapBlockSource& source() const { return source_; }

 private:
  std::shared_ptr<const WindowSet> windows_;
  MapBlockSource source_;
  GroupCounts counts_{kSli, kGroup};
  std::map<Slice, SliCounts> slices_;
};

class RunningSumsTest : public testing::TestWithParam<uint32_t> {};

TEST_P(RunningSumsTest, EqualARecount) {
  std::mt19937 random(GetParam());
  const auto below = [&](uint32_t limit) { return static_cast<uint32_t>(random() % limit); };
  Recounted group(AllKinds());
  Slice now = SliceOf(kStart);
  const uint32_t rarely = 1 + below(20);
  for (int step = 0; step < 3000; ++step) {
    now += below(rarely) == 0 ? below(below(40) == 0 ? 2000 : 90) : 1;
    group.MoveTo(now);
    for (uint32_t events = below(4); events > 0; --events) {
      const uint32_t late = below(3) == 0 ? below(8640) : below(3);
      const Slice slice = below(50) == 0 ? now + below(60) : now - late;
      group.Count(slice, {.good = below(20), .bad = below(3) == 0 ? below(4) : 0});
    }
    if (below(30) == 0) group.Checkpoint();
    if (below(100) == 0) group.Restart();
    group.ExpectExact();
    if (HasFatalFailure()) FAIL() << "seed " << GetParam() << " step " << step;
  }
}
INSTANTIATE_TEST_SUITE_P(Seeds, RunningSumsTest, testing::Range(1u, 9u));

TEST(HistoryTest, BudgetsOfEveryKindEqualARecount) {
  std::mt19937 random(7);
  Recounted group(AllKinds());
  const Slice start = SliceOf(kStart);
  for (Slice slice = start - 6 * kSlicesPerDay; slice < start + 6 * kSlicesPerDay;
       slice += 1 + static_cast<uint32_t>(random() % 40))
    group.Count(slice, {.good = random() % 20, .bad = random() % 3});
  group.MoveTo(start + 6 * kSlicesPerDay);
  const RangeReader reader(group.counts().view(), group.source());
  const Objective objective = *Objective::Parse("90%");
  for (const ViewedWindow& window : AllKinds()) {
    for (const std::chrono::seconds step : {600s, 3600s, 10800s}) {
      const auto points = History(window, objective, reader, kStart, kStart + 5 * 24h, step);
      ASSERT_TRUE(points.ok()) << points.status();
      for (const HistoryPoint& point : *points) {
        const Slice end = SliceOf(point.time);
        // What a calendar's window holds at the end of its period is the whole period.
        const Slice begin = window.window().calendar() == nullptr
                                ? window.window().BeginAt(end)
                                : window.window().BeginAt(end - 1);
        ASSERT_EQ(point.budget_remaining_ratio,
                  BudgetRemainingRatio(group.Recount(window.view(), begin, end), objective))
            << window.key() << " step " << step.count() << " at " << end;
        ASSERT_EQ(point.counts, group.Events(window.view(), end - SlicesIn(step), end));
      }
    }
  }
}

}  // namespace
}  // namespace slowburn::slo
