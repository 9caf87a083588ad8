// Goal: an SLI on metrics that is added later counts what the store has and what comes, each
// increment once, whatever is committed while its past is counted and wherever it crashes. Method:
// samples of pods that are on time, late or hours behind, through matcher and core on a real store;
// an SLO that is added at some commit; crashes and checkpoints between any two steps; what grew in
// all, and the events of each slice.
#include "app/sli_pasts.h"

#include <algorithm>
#include <filesystem>
#include <map>
#include <random>

#include <gtest/gtest.h>

#include "app/series_history.h"
#include "app/testing/core_fixture.h"
#include "app/testing/counted_write.h"
#include "slo/matcher.h"
#include "slo/range_sum.h"

namespace slowburn::app {
namespace {

using namespace std::chrono_literals;
using std::chrono::sys_seconds;

constexpr int64_t kStartMs = 1'700'000'000'000;
constexpr int64_t kStep = 15'000;

constexpr slo::SliId kCounter{3};  // the fixture begins with two others

slo::SloSet CounterSlo(std::string_view window = "7d") {
  const std::string text = std::string(R"(
apiVersion: slowburn/v1
kind: SLO
metadata: {name: availability}
spec:
  service: checkout
  sli:
    counter: {total: requests_total, bad: 'requests_total{code=~"5.."}'}
    group_by: [pod]
  objective: 99%
  window: )") + std::string(window);
  rules::SpecFileResult read = rules::ReadSpecText(text, "test.yaml");
  EXPECT_TRUE(read.errors.empty()) << read.errors.front();
  return std::move(read.slos);
}

class SliPastsTest : public CoreFixture {
 protected:
  SliPastsTest() {
    slos_ = {};
    options_.count_pasts = true;
    Open(kStart);
    Use();
  }

  void Use() { matchers_ = core_->engine().MakeMatchers(); }
  void AddSlo(base::UnixNanos now, std::string_view window = "7d") {
    slos_ = CounterSlo(window);
    const store::v1::LogRecord record = core_->PlanInstall(slos_, now);
    Commit(record);
    ASSERT_TRUE(core_->Install(std::make_shared<const slo::SloSet>(slos_), now).ok());
    Use();
  }
  void Send(const std::vector<WrittenSample>& samples, const slo::Matchers& matchers,
            base::UnixNanos now) {
    CoreFixture::Commit(RequestOf(samples, matchers.series), now);
  }

  // As PastCounter does it; `meanwhile` after the snapshot was taken.
  void CountTail(
      base::UnixNanos now, const std::function<void()>& meanwhile = [] {}) {
    const auto task = core_->pasts().Next(base::FloorSeconds(now));
    ASSERT_TRUE(task.has_value());
    ASSERT_TRUE(task->past.is_waiting());
    const auto snapshot = core_->series().TakeSnapshot({}, {});
    SliPasts::Tail tail;
    tail.sli = task->sli;
    tail.series_end = core_->series().counts().next_id;
    tail.from = slo::SliceOf(base::FloorSeconds(now - 1h)) / 360 * 360;
    core_->pasts().BeginTail(task->sli);
    meanwhile();
    const SeriesHistory history(*snapshot, tail.series_end);
    auto counted =
        slo::CountTail({task->sli, &task->slo->sli}, history, tail.from, base::FloorSeconds(now));
    ASSERT_TRUE(counted.ok()) << counted.status();
    tail.counted = *std::move(counted);
    const auto record = core_->pasts().PlanTail(std::move(tail), now);
    ASSERT_TRUE(record.ok()) << record.status();
    CoreFixture::Commit(*record);
  }
  // False: nothing is left.
  bool CountPiece(base::UnixNanos now, uint32_t slices, size_t parts_max = SIZE_MAX) {
    const auto task = core_->pasts().Next(base::FloorSeconds(now));
    if (!task.has_value()) return false;
    slo::Slice end = task->past.counted_from;
    const auto snapshot = core_->series().TakeSnapshot({}, {});
    const SeriesHistory history(*snapshot, task->past.series_end);
    const auto piece = slo::CountPiece({task->sli, &task->slo->sli}, history,
                                       {std::max(end - slices, task->goes_back_to), end},
                                       task->past.tail_from, task->past.edges, 50);
    EXPECT_TRUE(piece.ok()) << piece.status();
    for (const slo::PastPiece::Part& part : piece->parts) {
      if (parts_max-- == 0) break;
      const auto record = core_->pasts().PlanPart(task->sli, end, part, piece->oldest, now);
      EXPECT_TRUE(record.ok()) << record.status();
      CoreFixture::Commit(*record);
      end = part.begin;
    }
    return true;
  }

  slo::SliCounts Counts(slo::Slice begin, slo::Slice end,
                        slo::GroupId group = slo::kTotalGroup) const {
    const auto sum =
        slo::RangeReader(core_->engine().table().counts(kCounter, group).view(), core_->blocks())
            .Sum(begin, end);
    EXPECT_TRUE(sum.ok()) << sum.status();
    return *sum;
  }
  // Of all days that a test writes to: each hour of the range is looked up in the store.
  slo::SliCounts AllCounts(slo::GroupId group = slo::kTotalGroup) const {
    return Counts(slo::SliceOf(base::FloorSeconds(kStart - 480h)),
                  slo::SliceOf(base::FloorSeconds(kStart + 480h)), group);
  }
  slo::PastStatus Status(base::UnixNanos now) const {
    return core_->pasts().StatusOf(kCounter, base::FloorSeconds(now)).value();
  }

  std::shared_ptr<const slo::Matchers> matchers_;
};

model::LabelSet Requests(std::string_view pod, std::string_view code) {
  model::LabelSet labels{{"__name__", "requests_total"}};
  labels.Set("pod", pod);
  labels.Set("code", code);
  return labels;
}

// What pods export, step by step: two on time, one four hours behind, one that ends, and some that
// begin when the SLI has begun. Some samples come a step later than they should.
class Pods {
 public:
  explicit Pods(uint64_t seed) : random_(seed) {}

  std::vector<WrittenSample> Step(int64_t time_ms) {
    std::vector<WrittenSample> samples = std::move(held_);
    held_.clear();
    ++step_;
    for (const char* pod : {"a", "b", "behind", "old", "new", "new behind"}) {
      const std::string_view name = pod;
      if ((name == "old" && step_ > 150) || (name == "new" && step_ < 506) ||
          (name == "new behind" && step_ < 511)) {
        continue;
      }
      const int64_t at = name.ends_with("behind") ? time_ms - 4 * 3'600'000 : time_ms;
      for (const char* code : {"200", "503"}) {
        const model::LabelSet labels = Requests(pod, code);
        Values& values = values_.try_emplace(labels.Text()).first->second;
        values.newest += static_cast<double>(random_() % 10);
        if (values.is_new) values.first = values.newest;
        const bool is_late = !values.is_new && random_() % 12 == 0;
        values.is_new = false;
        (is_late ? held_ : samples).push_back({labels, at, values.newest});
      }
    }
    return samples;
  }
  std::vector<WrittenSample> Rest() { return std::exchange(held_, {}); }

  slo::SliCounts Grown() const {
    slo::SliCounts grown;
    for (const auto& [text, values] : values_) {
      const auto count = static_cast<uint64_t>(values.newest - values.first);
      (text.find("503") != std::string::npos ? grown.bad : grown.good) += count;
    }
    return grown;
  }

 private:
  struct Values {
    double first = 0, newest = 0;
    bool is_new = true;
  };
  std::mt19937_64 random_;
  std::map<std::string, Values> values_;
  std::vector<WrittenSample> held_;
  int step_ = 0;
};

class SliPastsSeedTest : public SliPastsTest, public testing::WithParamInterface<uint64_t> {};

TEST_P(SliPastsSeedTest, CountsEachIncrementOnceWhateverHappensMeanwhile) {
  const uint64_t seed = GetParam();
  std::mt19937_64 random(seed);
  Pods pods(seed);
  base::UnixNanos now = kStart;
  const auto step = [&](const slo::Matchers& matchers) {
    now += 15s;
    Send(pods.Step(UnixMillis(now)), matchers, now);
    if (random() % 20 == 0) Checkpoint(now);
  };
  const auto crash_sometimes = [&] {
    if (random() % 3 != 0) return;
    Open(now);
    Use();
  };
  for (int i = 0; i < 500; ++i) step(*matchers_);
  const auto before = matchers_;
  AddSlo(now);
  EXPECT_EQ(Status(now).state, slo::PastStatus::State::kWaiting);
  // Matched before the SLO was there, committed after; and some that the SLI waits for.
  step(*before);
  step(*matchers_);
  step(*before);
  crash_sometimes();
  EXPECT_EQ(AllCounts(), slo::SliCounts{});
  CountTail(now, [&] {
    for (int i = 0; i < 5; ++i) step(*matchers_);
  });
  EXPECT_EQ(Status(now).state, slo::PastStatus::State::kCounting);
  for (;;) {
    for (int i = 0; i < 7; ++i) step(*matchers_);
    crash_sometimes();
    // Cut off in the middle of a piece, now and then.
    if (!CountPiece(now, 777, random() % 2 == 0 ? 3 : SIZE_MAX)) break;
    crash_sometimes();
  }
  Send(pods.Rest(), *matchers_, now);
  EXPECT_EQ(Status(now).state, slo::PastStatus::State::kCounted);
  EXPECT_EQ(AllCounts(), pods.Grown());
  EXPECT_EQ(core_->engine().StatusOf(0, slo::kTotalGroup).lifetime, pods.Grown());
  slo::SliCounts of_groups;
  for (size_t group = 1; group < core_->engine().table().groups(kCounter); ++group)
    of_groups += AllCounts(static_cast<slo::GroupId>(group));
  EXPECT_EQ(of_groups, pods.Grown());
  // The sums of windows are those of the slices.
  core_->Step(now);
  EXPECT_EQ(core_->engine().StatusOf(0, slo::kTotalGroup).in_window, AllCounts());
  // Done is done.
  Open(now);
  EXPECT_FALSE(core_->pasts().Next(base::FloorSeconds(now)).has_value());
  EXPECT_EQ(AllCounts(), pods.Grown());
  // The next seed has another world.
  core_.reset();
  store_.reset();
  std::filesystem::remove_all(dir_.path() / "data");
  slos_ = {};
  Open(kStart);
  Use();
}

INSTANTIATE_TEST_SUITE_P(Seeds, SliPastsSeedTest, testing::Range(uint64_t{1}, uint64_t{5}));

// One pod, an event each 15 s; the sample before the boundary, at it and after it.
TEST_F(SliPastsTest, EachSliceHasWhatHappenedInIt) {
  base::UnixNanos now = kStart;
  double value = 0;
  const auto step = [&](const slo::Matchers& matchers) {
    now += 15s;
    Send({{Requests("a", "200"), UnixMillis(now), value += 30}}, matchers, now);
  };
  for (int i = 0; i < 1000; ++i) step(*matchers_);
  AddSlo(now);
  step(*matchers_);
  CountTail(now, [&] { step(*matchers_); });
  step(*matchers_);
  while (CountPiece(now, 360)) {
  }
  const slo::Slice first = slo::SliceOf(base::FloorSeconds(kStart)) + 2;
  const slo::Slice last = slo::SliceOf(base::FloorSeconds(now));
  for (slo::Slice slice = first; slice < last; ++slice)
    ASSERT_EQ(Counts(slice, slice + 1), (slo::SliCounts{20, 0})) << slice - first;
  EXPECT_EQ(AllCounts().good, 30u * 1002) << "all but the first value";
}

TEST_F(SliPastsTest, BurnRatesAreUnknownUntilTheirWindowIs) {
  base::UnixNanos now = kStart;
  double good = 0, bad = 0;
  const auto step = [&] {
    now += 60s;
    const double errors = now > kStart + 47h ? 20 : 0;  // in the last hour one of five
    Send({{Requests("a", "200"), UnixMillis(now), good += 100 - errors},
          {Requests("a", "503"), UnixMillis(now), bad += errors}},
         *matchers_, now);
  };
  for (int i = 0; i < 48 * 60; ++i) step();
  AddSlo(now, "30d");
  const auto unknown = [&] {
    std::vector<std::string> tiers;
    core_->engine().Step(base::FloorSeconds(now));
    for (const model::AlertCondition& condition : core_->engine().Conditions()) {
      const bool is_of_pod = condition.labels.Get("pod") == "a";
      if (is_of_pod || condition.labels.Get("pod").empty())
        tiers.push_back(condition.tier + (condition.is_unknown ? "?" : ""));
    }
    std::sort(tiers.begin(), tiers.end());
    tiers.erase(std::unique(tiers.begin(), tiers.end()), tiers.end());
    return tiers;
  };
  EXPECT_TRUE(core_->engine().Conditions().empty()) << "no group yet";
  CountTail(now);
  // A burn rate of 20 over the last hour: the page of 1 h holds, that of 6 h is not known yet.
  const std::vector<std::string> with_tail = unknown();
  ASSERT_EQ(with_tail.size(), 4u);
  EXPECT_TRUE(with_tail[0].ends_with("?") || with_tail[1].ends_with("?"));
  EXPECT_EQ(std::ranges::count_if(with_tail, [](const auto& tier) { return tier.ends_with("?"); }),
            3);
  const slo::GroupStatus status = core_->engine().StatusOf(0, slo::GroupId{1});
  EXPECT_EQ(status.tiers.back().state, slo::TierState::kWarming);
  EXPECT_NE(status.tiers.back().reason.find("past"), std::string::npos);
  while (CountPiece(now, 6 * 360)) {
  }
  // 20 of 600 over 6 h: a burn rate of 3.3, under 6; so no more of them.
  EXPECT_EQ(unknown().size(), 1u);
}

TEST_F(SliPastsTest, WhatNeverCountedAnythingHasAPast) {
  base::UnixNanos now = kStart + 1h;
  AddSlo(now);
  EXPECT_FALSE(core_->pasts().StatusOf(kCounter, base::FloorSeconds(now)).has_value())
      << "nothing is stored";
  Send({{Requests("a", "200"), UnixMillis(now), 5}}, *matchers_, now);
  Send({{Requests("a", "200"), UnixMillis(now + 15s), 8}}, *matchers_, now + 15s);
  EXPECT_EQ(AllCounts(), (slo::SliCounts{3, 0}));
  Open(now + 16s);
  EXPECT_FALSE(core_->pasts().Next(base::FloorSeconds(now + 16s)).has_value())
      << "it counts already";
}

TEST_F(SliPastsTest, GoesOnWhereAnSloComesBackOrWantsMore) {
  base::UnixNanos now = kStart;
  double value = 0;
  for (int i = 0; i < 10 * 60; ++i) {
    now += 60s;
    Send({{Requests("a", "200"), UnixMillis(now), value += 7}}, *matchers_, now);
  }
  AddSlo(now);
  CountTail(now);
  ASSERT_TRUE(CountPiece(now, 360));
  const slo::SliCounts before = AllCounts();
  const auto install = [&](slo::SloSet slos) {
    slos_ = std::move(slos);
    const store::v1::LogRecord record = core_->PlanInstall(slos_, now);
    if (record.time_unix_nano() != 0) Commit(record);
    ASSERT_TRUE(core_->Install(std::make_shared<const slo::SloSet>(slos_), now).ok());
  };
  const auto task = core_->pasts().Next(base::FloorSeconds(now));
  install({});
  EXPECT_FALSE(core_->pasts().Next(base::FloorSeconds(now)).has_value());
  slo::PastPiece::Part part;
  part.begin = task->past.counted_from - 360;
  EXPECT_TRUE(absl::IsAborted(
      core_->pasts().PlanPart(task->sli, task->past.counted_from, part, 0, now).status()))
      << "nobody wants it";
  install(CounterSlo());
  EXPECT_EQ(AllCounts(), before);
  EXPECT_TRUE(absl::IsAborted(
      core_->pasts().PlanPart(task->sli, task->past.counted_from - 1, part, 0, now).status()))
      << "what is between would be lost";
  while (CountPiece(now, 360)) {
  }
  EXPECT_EQ(AllCounts(), (slo::SliCounts{7 * 599, 0}));
  EXPECT_EQ(Status(now).goes_back_to,
            std::chrono::floor<std::chrono::hours>(base::FloorSeconds(now - 8 * 24h)));
}

TEST_F(SliPastsTest, KeepsWhatCouldNotBeRead) {
  base::UnixNanos now = kStart;
  for (int i = 0; i < 10; ++i)
    Send({{Requests("a", "200"), UnixMillis(now += 60s), i * 1.0}}, *matchers_, now);
  AddSlo(now);
  CountTail(now);
  slo::Slice end = core_->pasts().Find(kCounter)->counted_from;
  for (const uint32_t length : {360, 360}) {
    const auto record = core_->pasts().PlanLeftOut(kCounter, {end - length, end}, now);
    ASSERT_TRUE(record.ok());
    Commit(*record);
    end -= length;
  }
  Checkpoint(now);
  Open(now);
  const slo::PastStatus status = Status(now);
  ASSERT_EQ(status.left_out.size(), 1u) << "they touch";
  EXPECT_EQ(status.left_out.front().second - status.left_out.front().first, 2h);
  EXPECT_EQ(status.counted_from, status.left_out.front().first);
}

// More points than may wait: the SLI begins all the same, and goes on from the store's newest ones.
TEST_F(SliPastsTest, BeginsWithoutWhatIsTooMuch) {
  base::UnixNanos now = kStart;
  Send({{Requests("a", "200"), UnixMillis(now += 60s), 1}}, *matchers_, now);
  AddSlo(now);
  CountTail(now, [&] {
    std::vector<WrittenSample> many;
    for (int i = 0; i < 600'000; ++i)
      many.push_back({Requests("a", "200"), UnixMillis(now) + 1 + i % 1000, 2});
    Send(many, *matchers_, now);
    EXPECT_TRUE(core_->pasts().overflowed());
  });
  Send({{Requests("a", "200"), UnixMillis(now += 60s), 11}}, *matchers_, now);
  EXPECT_EQ(AllCounts(), (slo::SliCounts{10, 0}));
}

}  // namespace
}  // namespace slowburn::app
