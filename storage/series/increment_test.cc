// Goal: increments become the running sum of their series, each once, whatever comes between: late
// and repeated ones, gaps, stale markers, commits that fail, checkpoints, crashes, silences.
// Method: rows for each rule; then seeded random walks beside plain maps that follow the rules as
// they are written.
#include <cmath>
#include <optional>
#include <random>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/histogram_addition.h"
#include "model/sample.h"
#include "storage/series/testing/memory_store.h"
#include "storage/series/testing/series_world.h"

namespace slowburn::storage {
namespace {

using Fate = SampleFate;
using model::NativeHistogram;

constexpr int64_t kSecond = 1000;
constexpr int64_t kMinute = 60 * kSecond;
constexpr int64_t kHour = 60 * kMinute;

SeriesOptions SmallOptions() {
  SeriesOptions options;
  options.round = std::chrono::milliseconds(kMinute);
  options.chunk_samples = 40;
  return options;
}

NativeHistogram Distribution(int8_t schema, int32_t index, double count) {
  NativeHistogram histogram;
  histogram.schema = schema;
  histogram.zero_threshold = 1e-128;
  histogram.count = count;
  histogram.sum = count * 2;
  if (count == 0) return histogram;
  histogram.positive_spans = {{index, 1}};
  histogram.positive_counts = {count};
  return histogram;
}

class IncrementTest : public testing::Test {
 protected:
  IncrementTest() { world_.Start(store_); }

  // Seconds after the walk's begin; 0: no start.
  Fate Write(int64_t start, int64_t time, SampleValue value) {
    SampleToWrite increment{labels_, begin_ms_ + time * kSecond, std::move(value)};
    if (start != 0) increment.start_ms = begin_ms_ + start * kSecond;
    return world_.WriteIncrements({increment}).front();
  }
  // "10:3 20:5", with times as above.
  std::string Stored() {
    const auto snapshot = world_.Snapshot();
    const auto selected = snapshot->Select({}, {});
    std::string text;
    SampleColumns samples;
    for (const SelectedSeries& series : *selected) {
      EXPECT_TRUE(snapshot->ReadSamples(series.id, {}, samples).ok());
      for (size_t i = 0; i < samples.times_ms.size(); ++i) {
        text += fmt::format(
            "{}{}:{}", text.empty() ? "" : " ", (samples.times_ms[i] - begin_ms_) / kSecond,
            model::IsStale(samples.values[i]) ? "stale" : fmt::format("{}", samples.values[i]));
      }
    }
    return text;
  }
  void LetLeave() {
    world_.Advance(3 * kHour);
    for (int i = 0; i < 10; ++i) {
      world_.Advance(kMinute);
      ASSERT_TRUE(world_.Checkpoint().ok());
    }
  }

  const model::LabelSet labels_{{"__name__", "requests_total"}};
  MemoryStore store_;
  SeriesWorld world_{SmallOptions()};
  const int64_t begin_ms_ = world_.now_ms() - 30 * kMinute;
};

// The example of the mapping tables: what comes after a gap begins anew, and a zero at its start
// says so.
TEST_F(IncrementTest, AlignedOnesAddUpAndAGapBeginsAnew) {
  EXPECT_EQ(Write(1, 10, 3.0), Fate::kTaken);
  EXPECT_EQ(Write(10, 20, 2.0), Fate::kTaken);
  EXPECT_EQ(Write(25, 35, 7.0), Fate::kTaken);
  EXPECT_EQ(Stored(), "10:3 20:5 25:0 35:7");
}

TEST_F(IncrementTest, WithoutAStartThereIsNoGap) {
  Write(0, 10, 3.0);
  Write(0, 500, 2.0);
  EXPECT_EQ(Stored(), "10:3 500:5");
}

TEST_F(IncrementTest, WhatWasCountedIsNeverAddedAgain) {
  Write(1, 10, 3.0);
  Write(10, 20, 2.0);
  Write(20, 30, 4.0);
  EXPECT_EQ(Write(10, 20, 2.0), Fate::kDuplicate);
  EXPECT_EQ(Write(20, 30, 4.0), Fate::kDuplicate);
  EXPECT_EQ(Write(1, 10, 3.0), Fate::kDuplicate);
  EXPECT_EQ(Write(20, 30, 5.0), Fate::kConflict);
  EXPECT_EQ(Write(10, 25, 2.0), Fate::kConflict);  // ends within
  EXPECT_EQ(Write(25, 40, 2.0), Fate::kConflict);  // begins within
  EXPECT_EQ(Write(-3590, -3580, 1.0), Fate::kTooOld);
  EXPECT_EQ(Stored(), "10:3 20:5 30:9");
}

TEST_F(IncrementTest, PlannedOnesOfTheSameCommitCount) {
  const auto at = [&](int64_t start, int64_t time, double value) {
    return SampleToWrite{labels_, begin_ms_ + time * kSecond, value, begin_ms_ + start * kSecond};
  };
  const auto fates = world_.WriteIncrements(
      {at(1, 10, 3), at(10, 20, 2), at(10, 20, 2), at(10, 20, 1), at(1, 10, 3), at(20, 30, 4)});
  EXPECT_EQ(fates, (std::vector<Fate>{Fate::kTaken, Fate::kTaken, Fate::kDuplicate, Fate::kConflict,
                                      Fate::kDuplicate, Fate::kTaken}));
  EXPECT_EQ(Stored(), "10:3 20:5 30:9");
}

TEST_F(IncrementTest, AStaleMarkerAddsNothingAndHidesNothing) {
  Write(1, 10, 3.0);
  EXPECT_EQ(Write(0, 15, model::StaleMarker()), Fate::kTaken);
  EXPECT_EQ(Write(10, 20, 2.0), Fate::kTaken);
  EXPECT_EQ(Stored(), "10:3 15:stale 20:5");
}

TEST_F(IncrementTest, ASeriesThatLeftBeginsAnew) {
  Write(1, 10, 3.0);
  LetLeave();
  EXPECT_EQ(world_.series().counts().living_series, 0u);
  EXPECT_EQ(Write(5, 11, 2.0), Fate::kConflict);
  EXPECT_EQ(Write(10, 11 * 60, 7.0), Fate::kTaken);
  EXPECT_EQ(Write(12 * 60, 13 * 60, 9.0), Fate::kTaken);
  EXPECT_EQ(Stored(), "10:3 660:7 720:0 780:9");
}

TEST_F(IncrementTest, ACommitThatFailsLeavesNothing) {
  Write(1, 10, 3.0);
  world_.WriteIncrements({{labels_, begin_ms_ + 20 * kSecond, 2.0, begin_ms_ + 10 * kSecond}},
                         /*becomes_durable=*/false);
  EXPECT_EQ(Write(10, 20, 4.0), Fate::kTaken);
  EXPECT_EQ(Stored(), "10:3 20:7");
}

TEST_F(IncrementTest, ACumulativeValueThatBeginsLaterThanTheLastShowsIt) {
  const auto write = [&](int64_t start, int64_t time, double value) {
    const auto plan = world_.series().Plan(world_.now_ms());
    HeadSeries* series = plan->Find(SeriesWorld::KeyOf(labels_));
    Fate fate = Fate::kTaken;
    if (series == nullptr) series = *plan->Define(SeriesWorld::KeyOf(labels_), labels_, fate);
    fate = plan->AddCumulative(*series, {begin_ms_ + time * kSecond, begin_ms_ + start * kSecond},
                               value);
    const std::string part = plan->Encode();
    EXPECT_TRUE(store_.AppendLog(part, Durability::kSynced).ok());
    plan->Apply(part.size());
    return fate;
  };
  EXPECT_EQ(write(100, 110, 50), Fate::kTaken);
  EXPECT_EQ(write(100, 120, 80), Fate::kTaken);
  EXPECT_EQ(write(125, 130, 90), Fate::kTaken);
  EXPECT_EQ(write(125, 140, 95), Fate::kTaken);
  EXPECT_EQ(write(150, 150, 96), Fate::kTaken);  // of an unknown start
  EXPECT_EQ(write(149, 145, 96), Fate::kTakenLate);
  EXPECT_EQ(Stored(), "110:50 120:80 125:0 130:90 140:95 145:96 150:96");
}

// What a series should hold, by the rules.
struct Wished {
  std::optional<std::pair<int64_t, SampleValue>> base;
  int64_t newest_ms = kNever;
  bool has_left = false;
};

bool IsBase(const SampleValue& value) {
  return value.index() == 0 ? std::isfinite(std::get<0>(value))
                            : !model::IsStale(std::get<1>(value).sum);
}
SampleValue Sum(const SampleValue& a, const SampleValue& b) {
  if (a.index() == 0) return std::get<0>(a) + std::get<0>(b);
  return model::AddHistograms(std::get<1>(a), std::get<1>(b), 4096);
}
SampleValue Zero(const SampleValue& like) {
  if (like.index() == 0) return 0.0;
  NativeHistogram zero;
  zero.schema = std::get<1>(like).schema;
  zero.zero_threshold = std::get<1>(like).zero_threshold;
  return zero;
}

class IncrementWalk {
 public:
  IncrementWalk(uint64_t seed, MemoryStore& store) : random_(seed), store_(store) {
    for (int i = 0; i < 5; ++i) {
      labels_.push_back({{"__name__", "d"}, {"n", fmt::format("{}", i)}});
    }
    wished_.resize(labels_.size());
    world_.Start(store_);
  }

  void Step() {
    world_.Advance(static_cast<int64_t>(random_() % 40) * kSecond);
    switch (random_() % 20) {
      case 0:
        if (random_() % 4 == 0) LetLeave();
        break;
      case 1:
      case 2:
      case 3:
        ASSERT_TRUE(world_.Checkpoint().ok());
        break;
      case 4:
        world_.Stop();
        store_.Crash(/*loses_checkpoint=*/random_() % 2 == 0);
        world_.Start(store_);
        break;
      default:
        Commit();
    }
  }
  void Look(const std::string& what) {
    SeriesWorld::ExpectReads(*world_.Snapshot(), world_.wanted(), {}, what);
  }

 private:
  void LetLeave() {
    world_.Advance(3 * kHour);
    for (int i = 0; i < 10; ++i) {
      world_.Advance(kMinute);
      ASSERT_TRUE(world_.Checkpoint().ok());
    }
    ASSERT_EQ(world_.series().counts().living_series, 0u);
    for (Wished& wished : wished_) {
      wished.base.reset();
      wished.has_left = wished.newest_ms != kNever;
    }
  }

  SampleToWrite Any(size_t i) {
    const Wished& wished = wished_[i];
    SampleToWrite increment{.labels = labels_[i],
                            .time_ms = world_.now_ms() - static_cast<int64_t>(random_() % 20)};
    increment.value = static_cast<double>(random_() % 50);
    if (i >= 3) {
      increment.value =
          Distribution(static_cast<int8_t>(random_() % 3), static_cast<int32_t>(random_() % 4),
                       static_cast<double>(random_() % 9));
    }
    switch (random_() % 12) {
      case 0:  // none
        return increment;
      case 1:  // what came before
        if (!history_.empty()) return history_[random_() % history_.size()];
        break;
      case 2:
        increment.time_ms -= static_cast<int64_t>(random_() % (2 * kHour));
        break;
      case 3:  // a gap
        increment.start_ms = increment.time_ms - static_cast<int64_t>(random_() % kMinute);
        return increment;
      case 4:
        if (i < 3) increment.value = model::StaleMarker();
        break;
      default:
        break;
    }
    increment.start_ms = wished.base ? wished.base->first : wished.newest_ms;
    return increment;
  }

  // The rules, on maps. Taken ones are put into `wanted`.
  std::vector<Fate> Expect(const SampleToWrite& increment, Wished& wished, WantedSeries& wanted) {
    const int64_t now = world_.now_ms();
    const int64_t time = increment.time_ms;
    if (time > now + 10 * kMinute) return {Fate::kTooNew};
    const auto take = [&](int64_t at, SampleValue value) {
      wanted.samples.emplace(at, value);
      if (at > wished.newest_ms) {
        wished.newest_ms = at;
        if (IsBase(value)) wished.base = {at, value};
      }
      wished.has_left = false;
    };
    if (time <= wished.newest_ms) {
      if (wished.has_left || time <= closed_[increment.labels] ||
          time <= wished.newest_ms - kHour) {
        return {Fate::kTooOld};
      }
      const auto present = wanted.samples.find(time);
      if (!IsBase(increment.value)) {
        if (present == wanted.samples.end()) {
          take(time, increment.value);
          return {Fate::kTakenLate};
        }
        return {SameBits(present->second, increment.value) ? Fate::kDuplicate : Fate::kConflict};
      }
      if (present == wanted.samples.end()) return {Fate::kConflict};
      auto before = present;
      while (before != wanted.samples.begin()) {
        --before;
        if (IsBase(before->second)) break;
      }
      const bool any =
          before != present && IsBase(before->second) && before->first > closed_[increment.labels];
      const SampleValue made = any ? Sum(before->second, increment.value) : increment.value;
      if (SameBits(made, present->second)) return {Fate::kDuplicate, Fate::kConflict};
      return {Fate::kConflict, Fate::kDuplicate};
    }
    if (!IsBase(increment.value)) {
      take(time, increment.value);
      return {Fate::kTaken};
    }
    const int64_t through = wished.base ? wished.base->first : wished.newest_ms;
    SampleValue value = increment.value;
    bool adds = wished.base.has_value();
    if (increment.start_ms != kNever && increment.start_ms < time && through != kNever) {
      if (increment.start_ms < through) return {Fate::kConflict};
      if (increment.start_ms > through && increment.start_ms > wished.newest_ms) {
        take(increment.start_ms, Zero(value));
        adds = false;
      }
    }
    take(time, adds ? Sum(wished.base->second, value) : value);
    return {Fate::kTaken};
  }

  void Commit() {
    std::vector<SampleToWrite> increments;
    const size_t count = 1 + random_() % 6;
    const bool becomes_durable = random_() % 10 != 0;
    const std::vector<Wished> before = wished_;
    const Wanted wanted_before = world_.wanted();
    std::vector<std::vector<Fate>> wanted;
    for (size_t i = 0; i < count; ++i) {
      const size_t which = random_() % labels_.size();
      increments.push_back(Any(which));
      const SampleToWrite& increment = increments.back();
      const size_t at = increment.labels.Get("n")[0] - '0';
      if (wished_[at].has_left) closed_[increment.labels] = wished_[at].newest_ms;
      if (!closed_.contains(increment.labels)) closed_[increment.labels] = kNever;
      wanted.push_back(Expect(increment, wished_[at], world_.wanted()[increment.labels]));
    }
    const auto fates = world_.WriteIncrements(increments, becomes_durable);
    ASSERT_EQ(fates.size(), wanted.size());
    for (size_t i = 0; i < fates.size(); ++i) {
      // Whether a repeated one can be told from a conflict depends on what the head still has.
      ASSERT_TRUE(std::ranges::find(wanted[i], fates[i]) != wanted[i].end())
          << FateName(fates[i]) << " where " << FateName(wanted[i][0]) << " is right";
      told_ += wanted[i].size() == 2 && wanted[i][0] == fates[i];
      guessed_ += wanted[i].size() == 2 && wanted[i][0] != fates[i];
    }
    if (!becomes_durable) {
      wished_ = before;
      world_.wanted() = wanted_before;
      return;
    }
    history_.insert(history_.end(), increments.begin(), increments.end());
    if (history_.size() > 40) history_.erase(history_.begin(), history_.begin() + 20);
  }

 public:
  uint64_t told_ = 0;
  uint64_t guessed_ = 0;

 private:
  std::mt19937_64 random_;
  MemoryStore& store_;
  SeriesWorld world_{SmallOptions()};
  std::vector<model::LabelSet> labels_;
  std::vector<Wished> wished_;
  std::map<model::LabelSet, int64_t> closed_;
  std::vector<SampleToWrite> history_;
};

TEST(IncrementWalkTest, SumsAreThoseOfPlainMapsAcrossCrashes) {
  uint64_t told = 0;
  uint64_t guessed = 0;
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    MemoryStore store;
    IncrementWalk walk(seed, store);
    for (int step = 0; step < 200; ++step) {
      SCOPED_TRACE(fmt::format("step {}", step));
      walk.Step();
      if (step % 10 == 0) walk.Look("now: ");
      if (testing::Test::HasFatalFailure()) return;
    }
    walk.Look("at the end: ");
    told += walk.told_;
    guessed += walk.guessed_;
  }
  EXPECT_GT(told, 100u);
  EXPECT_LT(guessed * 20, told);
}

}  // namespace
}  // namespace slowburn::storage
