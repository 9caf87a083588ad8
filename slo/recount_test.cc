// Goal: whatever happens to the counts (any order and batching of events, late ones and ones from
// the future, steps and gaps of time, checkpoints, restarts, other windows, backfills, days that
// lose their hours, groups that fall idle and come back), every sum equals a recount of the list of
// accepted events. Method: seeded random histories against slo/testing/counted_events.h; a failing
// seed is printed.
#include <algorithm>
#include <memory>
#include <optional>
#include <random>
#include <variant>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "slo/backfill.h"
#include "slo/range_sum.h"
#include "slo/sli_table.h"
#include "slo/testing/build_delta.h"
#include "slo/testing/counted_events.h"
#include "slo/testing/map_block_source.h"
#include "slo/testing/rolling_windows.h"

namespace slowburn::slo {
namespace {

using std::chrono::seconds;
using std::chrono::sys_seconds;
using namespace std::chrono_literals;

constexpr int kSeeds = 400;
constexpr int kSteps = 40;

// What survives a restart: the checkpoint and the log since.
struct Durable {
  struct SavedState {
    SliId sli{};
    GroupId group{};
    GroupRunningState state;
  };
  MapBlockSource blocks;
  std::vector<std::string> slis;
  std::vector<GroupAdmission> admissions;
  std::vector<SavedState> states;
  uint32_t hours_kept_from = 0;
  std::vector<std::variant<std::string, CountPlan>> log;  // a new SLI or a commit
};

// One random history.
class Simulation {
 public:
  explicit Simulation(uint32_t seed)
      : random_(seed),
        options_{.max_late = seconds(10 * Below(seed % 3 == 0 ? 30'000 : 3'000)),
                 .groups_per_sli_max = 1 + Below(5)},
        now_(1'700'000'000s + seconds(Below(10'000'000))) {
    Restart();
  }

  size_t idle_seen() const { return idle_seen_; }

  void Run() {
    AddSli();
    for (int step = 0; step < kSteps && !testing::Test::HasFailure(); ++step) {
      Act();
      table_->Advance(now_);
      Check();
    }
  }

 private:
  uint32_t Below(uint32_t bound) { return static_cast<uint32_t>(random_() % bound); }
  bool OneIn(uint32_t n) { return Below(n) == 0; }
  SliId AnySli() { return static_cast<SliId>(1 + Below(static_cast<uint32_t>(model_.size()))); }
  CountedEvents& ModelOf(SliId sli) { return model_[static_cast<size_t>(sli) - 1]; }

  void Act() {
    if (model_.size() < 3 && OneIn(6)) AddSli();
    for (uint32_t commits = Below(4); commits > 0; --commits) CommitEvents();
    if (OneIn(3)) PassTime();
    if (OneIn(4)) CommitEvents();
    if (OneIn(3)) Checkpoint();
    if (OneIn(8)) ApplyBackfill();
    if (OneIn(6)) Restart();
    if (OneIn(5)) SetWindows(AnySli());
    PassTime();
  }

  void AddSli() {
    const std::string canonical = fmt::format("sli {}", model_.size());
    ASSERT_TRUE(table_->Register(table_->NextId(), canonical).ok());
    durable_.log.emplace_back(canonical);
    model_.emplace_back(Below(3));
    windows_.emplace_back();
    SetWindows(static_cast<SliId>(model_.size()));
  }

  void PassTime() {
    if (OneIn(60)) {
      now_ += 24h * (1 + Below(OneIn(4) ? 45 : 4)) + seconds(Below(86'400));
    } else {
      now_ += seconds(1 + Below(OneIn(2) ? 3 * 3600 : 60));
    }
    if (OneIn(2)) table_->Advance(now_);
  }

  // Distinct windows of 10 s to 90 d.
  void SetWindows(SliId sli) {
    constexpr uint32_t kCommon[] = {1,    6,    30,    180,       360,      720,
                                    2160, 8640, 25920, 30 * 8640, 90 * 8640};
    std::vector<uint32_t> windows;
    for (uint32_t i = Below(6); i > 0; --i)
      windows.push_back(OneIn(3) ? 1 + Below(OneIn(2) ? 1000 : 90 * 8640)
                                 : kCommon[Below(std::size(kCommon))]);
    std::sort(windows.begin(), windows.end());
    windows.erase(std::unique(windows.begin(), windows.end()), windows.end());
    windows_[static_cast<size_t>(sli) - 1] = windows;
    ASSERT_TRUE(table_->SetWindows(sli, RollingWindows(windows), now_).ok());
  }

  std::vector<std::string> AnyValues(SliId sli) {
    std::vector<std::string> values;
    for (size_t i = 0; i < ModelOf(sli).names(); ++i)
      values.push_back(std::string(1, static_cast<char>('a' + Below(i == 0 ? 6 : 2))));
    return values;
  }
  Slice AnySlice() {
    const Slice now = SliceOf(now_);
    const uint32_t late = SlicesIn(options_.max_late);
    switch (Below(8)) {
      case 0:
        return now + Below(61);  // up to 10 min ahead
      case 1:
        return now + Below(1000);
      case 2:
        return now - Below(late + 1);  // late
      case 3:
        return now - late - Below(3);  // at the bound, and beyond
      case 4:
        return now - Below(3 * late + 1);
      default:
        return now - Below(30);
    }
  }

  void CommitEvents() {
    std::vector<SliDelta> deltas;
    std::vector<Occurrence> accepted;
    uint64_t too_late = 0;
    const Slice oldest = SliceOf(now_) - SlicesIn(options_.max_late);
    for (uint32_t d = 1 + Below(3); d > 0; --d) {
      std::vector<Occurrence> occurrences;
      for (uint32_t i = 1 + Below(8); i > 0; --i) {
        Occurrence one{.sli = AnySli()};
        one.slice = OneIn(3) && !occurrences.empty() ? occurrences.back().slice : AnySlice();
        one.counts = {Below(5), Below(3)};
        if (one.counts.total() == 0) one.counts.good = 1;
        one.values = AnyValues(one.sli);
        one.offset_seconds = static_cast<uint8_t>(Below(10));
        occurrences.push_back(one);
      }
      // Entries stand in the order of first appearance, which is the order of admission.
      deltas.push_back(BuildDelta(occurrences));
      for (const Occurrence& one : occurrences) {
        if (one.slice < oldest) too_late += one.counts.total();
        if (one.slice >= oldest) accepted.push_back(one);
      }
    }
    for (size_t i = 0; i < model_.size(); ++i) {
      for (size_t g = 0; g < model_[i].groups().size(); ++g)
        model_[i].SetIdle(g, IsIdle(static_cast<SliId>(i + 1), g));
    }
    std::vector<const SliDelta*> pointers;
    for (const SliDelta& delta : deltas) pointers.push_back(&delta);
    if (OneIn(4)) {  // ... and refused by the store
      ASSERT_TRUE(table_->Plan(pointers, now_).ok());
    }
    auto plan = table_->Plan(pointers, now_);
    ASSERT_TRUE(plan.ok()) << plan.status();
    ASSERT_EQ(plan->too_late[static_cast<size_t>(model::Signal::kTraces)], too_late);
    ASSERT_TRUE(table_->Apply(*plan).ok());
    durable_.log.emplace_back(*std::move(plan));
    for (const Occurrence& one : accepted) ModelOf(one.sli).Count(one, options_.groups_per_sli_max);
  }

  // As the program does it: day blocks, changed groups, hours that may go, all in one batch.
  void Checkpoint() {
    const auto rolled = table_->RollDays(now_, 1 + Below(OneIn(3) ? 3 : 500));
    ASSERT_TRUE(rolled.ok()) << rolled.status();
    for (const SliTable::RolledDay& day : *rolled)
      durable_.blocks.PutDay(day.sli, day.group, day.day, day.block);
    table_->VisitChanged([&](SliId sli, GroupId group, const GroupCounts& counts) {
      for (const ResidentHour& hour : counts.view().hours) {
        if (hour.dirty) durable_.blocks.PutHour(sli, group, hour.hour, hour.block);
      }
      std::erase_if(durable_.states, [&](const Durable::SavedState& saved) {
        return saved.sli == sli && saved.group == group;
      });
      durable_.states.push_back({sli, group, counts.State()});
    });
    for (const auto& record : durable_.log) {
      if (const auto* canonical = std::get_if<std::string>(&record)) {
        durable_.slis.push_back(*canonical);
      } else {
        const CountPlan& plan = std::get<CountPlan>(record);
        durable_.admissions.insert(durable_.admissions.end(), plan.admissions.begin(),
                                   plan.admissions.end());
      }
    }
    durable_.log.clear();
    table_->MarkClean();
    if (OneIn(2)) DropHours();
  }

  // Hours live for the longest window and a day, and until their day block is made.
  void DropHours() {
    uint32_t longest = SlicesIn(options_.max_late);
    for (const std::vector<uint32_t>& windows : windows_) {
      if (!windows.empty()) longest = std::max(longest, windows.back());
    }
    const uint32_t until =
        std::min((SliceOf(now_) - longest) / kSlicesPerDay - 1, table_->FirstUnrolledDay(now_));
    if (until <= durable_.hours_kept_from) return;
    durable_.blocks.DropHours(durable_.hours_kept_from, until);
    durable_.hours_kept_from = until;
    table_->SetHoursKeptFrom(until);
  }

  void Restart() {
    table_ = std::make_unique<SliTable>(options_, durable_.blocks);
    if (OneIn(2)) table_->SetHoursKeptFrom(durable_.hours_kept_from);
    for (const std::string& canonical : durable_.slis)
      ASSERT_TRUE(table_->Register(table_->NextId(), canonical).ok());
    for (const GroupAdmission& admission : durable_.admissions)
      ASSERT_TRUE(table_->Admit(admission).ok());
    for (const Durable::SavedState& saved : durable_.states)
      table_->Restore(saved.sli, saved.group, saved.state);
    table_->SetHoursKeptFrom(durable_.hours_kept_from);
    for (const auto& record : durable_.log) {
      if (const auto* canonical = std::get_if<std::string>(&record)) {
        ASSERT_TRUE(table_->Register(table_->NextId(), *canonical).ok());
      } else {
        ASSERT_TRUE(table_->Apply(std::get<CountPlan>(record)).ok());
      }
    }
    for (size_t i = 0; i < windows_.size(); ++i)
      ASSERT_TRUE(
          table_->SetWindows(static_cast<SliId>(i + 1), RollingWindows(windows_[i]), now_).ok());
  }

  // Some hours of the past 100 days, anew for every group; then a checkpoint, as it is in no log.
  void ApplyBackfill() {
    const SliId sli = AnySli();
    CountedEvents& model = ModelOf(sli);
    Backfill backfill(sli);
    for (size_t g = 0; g < model.groups().size(); ++g) model.SetIdle(g, false);  // it asks nobody
    const uint32_t this_hour = SliceOf(now_) / kSlicesPerHour;
    const uint32_t first = this_hour - Below(OneIn(2) ? 48 : 100 * 24);
    for (uint32_t hour = first; hour <= std::min(this_hour, first + Below(4)); ++hour) {
      model.ForgetHour(hour);
      for (size_t g = model.names() == 0 ? 0 : 1; g < model.groups().size(); ++g) {
        for (int i = 0; i < 3; ++i) {
          Occurrence one{.sli = sli, .slice = hour * kSlicesPerHour + Below(kSlicesPerHour)};
          one.counts = {Below(5), Below(3)};
          one.values = model.groups()[g].values;
          backfill.Count(one.values, one.slice, one.counts);
          if (one.counts.total() > 0) model.Count(one, options_.groups_per_sli_max);
        }
      }
    }
    ASSERT_TRUE(backfill.UnknownGroups(*table_).empty());
    const absl::Status applied = backfill.Apply(*table_);
    ASSERT_TRUE(applied.ok()) << applied;
    Checkpoint();
  }

  void Check() {
    ASSERT_EQ(table_->size(), model_.size());
    for (size_t i = 0; i < model_.size(); ++i) {
      const auto sli = static_cast<SliId>(i + 1);
      const CountedEvents& model = model_[i];
      ASSERT_EQ(table_->groups(sli), model.groups().size());
      for (size_t g = 0; g < model.groups().size(); ++g) CheckGroup(sli, g);
      if (model.names() > 0) CheckTotal(sli);
    }
    for (int i = 0; i < 5; ++i) CheckRange();
  }

  void CheckGroup(SliId sli, size_t g) {
    const auto group = static_cast<GroupId>(g);
    const CountedEvents& model = ModelOf(sli);
    ASSERT_TRUE(table_->error(sli, group).ok()) << table_->error(sli, group);
    ASSERT_EQ(table_->values(sli, group), model.groups()[g].values);
    const GroupCounts& counts = table_->counts(sli, group);
    const std::vector<uint32_t>& windows = windows_[static_cast<size_t>(sli) - 1];
    ASSERT_EQ(table_->windows(sli), RollingWindows(windows));
    const Slice now = SliceOf(now_);
    if (IsIdle(sli, g)) ++idle_seen_;
    for (size_t w = 0; w < windows.size() && !HidesEvents(sli, g); ++w) {
      ASSERT_EQ(counts.sum(w), model.Sum(g, now - windows[w], now + 1, durable_.hours_kept_from))
          << fmt::format("SLI {} group {} window {} at {}", static_cast<uint32_t>(sli), g,
                         windows[w], now);
    }
    ASSERT_EQ(counts.lifetime(), model.Sum(g, 0, UINT32_MAX, 0));
    const bool any = !model.groups()[g].events.empty();
    if (any) {
      ASSERT_EQ(counts.last_event(), model.groups()[g].last_event);
    }
  }

  bool IsIdle(SliId sli, size_t g) const {
    return g < table_->groups(sli) && table_->is_idle(sli, static_cast<GroupId>(g));
  }
  // Longer windows reach the events of an idle group, and there was no place for it to come back.
  bool HidesEvents(SliId sli, size_t g) {
    if (!IsIdle(sli, g)) return false;
    const std::vector<uint32_t>& windows = windows_[static_cast<size_t>(sli) - 1];
    const uint32_t longest = windows.empty() ? 0 : windows.back();
    return ModelOf(sli).groups()[g].last_event + (longest + kSlicesPerDay) * kSliceLength >=
           SliceStart(SliceOf(now_));
  }

  void CheckTotal(SliId sli) {
    for (size_t g = 1; g < table_->groups(sli); ++g) {
      if (HidesEvents(sli, g)) return;
    }
    for (size_t w = 0; w < table_->windows(sli).size(); ++w) {
      SliCounts sum;
      for (size_t g = 1; g < table_->groups(sli); ++g)
        sum += table_->counts(sli, static_cast<GroupId>(g)).sum(w);
      ASSERT_EQ(table_->counts(sli, kTotalGroup).sum(w), sum);
    }
  }

  void CheckRange() {
    const SliId sli = AnySli();
    const size_t g = Below(static_cast<uint32_t>(table_->groups(sli)));
    const GroupView& view = table_->counts(sli, static_cast<GroupId>(g)).view();
    const Slice now = SliceOf(now_);
    Slice begin = now - Below(OneIn(2) ? 1000 : 100 * kSlicesPerDay);
    Slice end = begin + Below(OneIn(2) ? 1000 : 30 * kSlicesPerDay);
    if (GranularityAt(view, begin) != kSliceLength) begin -= begin % kSlicesPerDaySlot;
    if (GranularityAt(view, end) != kSliceLength) end -= end % kSlicesPerDaySlot;
    const auto sum = RangeReader(view, durable_.blocks).Sum(begin, end);
    ASSERT_TRUE(sum.ok()) << sum.status();
    ASSERT_EQ(*sum, ModelOf(sli).Sum(g, begin, end, 0)) << fmt::format(
        "SLI {} group {} from {} to {} at {}", static_cast<uint32_t>(sli), g, begin, end, now);
  }

  std::mt19937 random_;
  const SliTable::Options options_;
  sys_seconds now_;
  Durable durable_;
  std::unique_ptr<SliTable> table_;
  std::vector<CountedEvents> model_;            // by SliId - 1
  std::vector<std::vector<uint32_t>> windows_;  // by SliId - 1, ascending
  size_t idle_seen_ = 0;
};

TEST(RecountTest, EverySumEqualsARecount) {
  size_t idle_seen = 0;
  for (uint32_t seed = 1; seed <= kSeeds; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    Simulation simulation(seed);
    simulation.Run();
    idle_seen += simulation.idle_seen();
    if (HasFailure()) return;
  }
  EXPECT_GT(idle_seen, 1000u);
}

TEST(RecountTest, OrderAndBatchingChangeNothing) {
  constexpr SliId kSli{1};
  constexpr sys_seconds kNow{1'702'080'000s};
  for (uint32_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    std::mt19937 random(seed);
    std::vector<Occurrence> occurrences;
    for (int i = 0; i < 300; ++i) {
      occurrences.push_back({kSli,
                             static_cast<Slice>(SliceOf(kNow) + 400 - random() % 9'000),
                             {1 + random() % 4, random() % 2},
                             {std::string(1, static_cast<char>('a' + random() % 5))},
                             static_cast<uint8_t>(random() % 10)});
    }
    // Of each group: all its sums and its last event.
    const auto count = [&](uint32_t batch_max) {
      MapBlockSource source;
      SliTable table({}, source);
      EXPECT_TRUE(table.Register(kSli, "sli").ok());
      EXPECT_TRUE(table.SetWindows(kSli, RollingWindows({1, 6, 360, 2160, 8640}), kNow - 2h).ok());
      for (size_t at = 0; at < occurrences.size();) {
        const size_t size = std::min<size_t>(1 + random() % batch_max, occurrences.size() - at);
        EXPECT_TRUE(Commit(table, BuildDelta({&occurrences[at], size}), kNow - 1h).ok());
        at += size;
      }
      table.Advance(kNow);
      std::string text;
      for (const std::string value : {"", "a", "b", "c", "d", "e"}) {
        const auto group = value.empty() ? kTotalGroup : table.FindGroup(kSli, {value}).value();
        const GroupCounts& counts = table.counts(kSli, group);
        for (size_t w = 0; w < 5; ++w)
          text += fmt::format("{}/{} ", counts.sum(w).good, counts.sum(w).bad);
        text += fmt::format("{}\n", counts.last_event()->time_since_epoch().count());
      }
      return text;
    };
    const std::string want = count(1000);
    for (const uint32_t batch_max : {1u, 7u, 100u}) {
      std::shuffle(occurrences.begin(), occurrences.end(), random);
      ASSERT_EQ(count(batch_max), want);
    }
  }
}

}  // namespace
}  // namespace slowburn::slo
