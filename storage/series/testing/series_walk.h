// storage/series/testing/series_walk.h: a random walk of commits, checkpoints, clock and snapshots
// that checks itself against plain maps.
//
// Room     storage/series, tests only
// Uses     storage/series
// Threads  one thread at a time
// Units    unix milliseconds
#pragma once

#include <array>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include <gtest/gtest.h>

#include "storage/series/testing/series_world.h"

namespace slowburn::storage {

class SeriesWalk {
 public:
  SeriesWalk(uint64_t seed, Store& store) : random_(seed), world_(SmallOptions(seed)) {
    for (uint64_t i = 0; i < 8; ++i) {
      labels_.push_back({{"__name__", i % 2 == 0 ? "req_total" : "lat"},
                         {"job", fmt::format("job{}", i % 3)},
                         {"pod", fmt::format("pod{}", i)}});
      makers_.emplace_back(random_());
    }
    world_.Start(store);
  }

  void Step() {
    world_.Advance(static_cast<int64_t>(random_() % 40) * kSecond);
    switch (random_() % 24) {
      case 0:
        world_.Advance(static_cast<int64_t>(random_() % 5) * kHour);
        break;
      case 1:
      case 2:
      case 3:
      case 4:
        ASSERT_TRUE(world_.Checkpoint().ok());
        break;
      case 5:
        ASSERT_TRUE(world_.Checkpoint(CheckpointPace::kFinish).ok());
        break;
      case 6:
        Exemplar();
        break;
      case 7:
        KeepSnapshot();
        break;
      case 8:
        LookAtSnapshot();
        break;
      default:
        Commit();
    }
  }

  void Restart(Store& store) {
    snapshots_.clear();
    world_.Start(store);
  }
  void Stop() {
    snapshots_.clear();
    world_.Stop();
  }

  void Look(const std::string& what) {
    SeriesWorld::ExpectReads(*world_.Snapshot(), world_.wanted(), {}, what);
    SeriesWorld::ExpectReads(*world_.Snapshot(), world_.wanted(), AnyRange(), what);
    LookAtExemplars();
  }
  SeriesWorld& world() { return world_; }
  std::mt19937_64& random() { return random_; }

 private:
  static constexpr int64_t kSecond = 1000;
  static constexpr int64_t kMinute = 60 * kSecond;
  static constexpr int64_t kHour = 60 * kMinute;

  // So that a short walk sees every path: few samples make a chunk, or so many that they are sealed
  // in memory before.
  static SeriesOptions SmallOptions(uint64_t seed) {
    SeriesOptions options;
    options.round = std::chrono::milliseconds(3 * kMinute);
    options.slice_series_max = 3;
    options.chunk_samples = seed % 2 == 0 ? 40 : 400;
    options.slice_samples_max = 1000;
    return options;
  }

  TimeRange AnyRange() {
    const int64_t begin = world_.now_ms() - static_cast<int64_t>(random_() % (30 * kHour));
    return {begin, begin + static_cast<int64_t>(random_() % (10 * kHour))};
  }

  SampleToWrite AnySample() {
    const size_t i = random_() % labels_.size();
    const WantedSeries* wanted = Find(labels_[i]);
    SampleToWrite sample{.labels = labels_[i], .time_ms = world_.now_ms()};
    switch (random_() % 10) {
      case 0:  // late, or too late
        sample.time_ms -= static_cast<int64_t>(random_() % (2 * kHour));
        break;
      case 1:  // a time that is there
        if (wanted != nullptr && !wanted->samples.empty()) {
          auto at = wanted->samples.end();
          for (uint64_t back = 1 + random_() % 50; back > 0 && at != wanted->samples.begin();
               --back) {
            --at;
          }
          sample.time_ms = at->first;
          sample.value = at->second;
          if (random_() % 2 == 0) return sample;
        }
        break;
      case 2:
        sample.time_ms += static_cast<int64_t>(random_() % (12 * kMinute));
        break;
      default:
        sample.time_ms -= static_cast<int64_t>(random_() % 20);
    }
    if (i % 4 == 3 && random_() % 3 != 0) {
      sample.value = makers_[i].NextHistogram();
    } else {
      sample.value = makers_[i].NextValue();
    }
    return sample;
  }

  void Commit() {
    std::vector<SampleToWrite> samples;
    const size_t count = 1 + random_() % 30;
    for (size_t i = 0; i < count; ++i) samples.push_back(AnySample());
    if (random_() % 10 == 0) {
      world_.Write(samples, /*becomes_durable=*/false);
      return;
    }
    const Wanted before = world_.wanted();
    const auto fates = world_.Write(samples);
    ExpectFates(before, samples, fates);
  }

  // The rules, on maps.
  void ExpectFates(Wanted known, const std::vector<SampleToWrite>& samples,
                   const std::vector<SampleFate>& fates) {
    const int64_t now = world_.now_ms();
    for (size_t i = 0; i < samples.size(); ++i) {
      const SampleToWrite& sample = samples[i];
      WantedSeries& series = known[sample.labels];
      const SampleFate fate = fates[i];
      const int64_t newest = series.samples.empty() ? kNever : series.samples.rbegin()->first;
      const bool was_silent = sample.time_ms <= series.silent_through_ms ||
                              now - series.heard_ms >= WantedSeries::kSilenceMs;
      const auto present = series.samples.find(sample.time_ms);
      if (sample.time_ms > now + 10 * kMinute) {
        ASSERT_EQ(fate, SampleFate::kTooNew);
      } else if (sample.time_ms > newest) {
        ASSERT_EQ(fate, SampleFate::kTaken);
      } else if (sample.time_ms <= newest - kHour) {
        ASSERT_EQ(fate, SampleFate::kTooOld);
      } else if (was_silent && fate == SampleFate::kTooOld) {
        // It may have left the head, and nothing older is taken then.
      } else if (present == series.samples.end()) {
        ASSERT_EQ(fate, SampleFate::kTakenLate);
      } else {
        ASSERT_EQ(fate, SameBits(present->second, sample.value) ? SampleFate::kDuplicate
                                                                : SampleFate::kConflict);
      }
      if (fate <= SampleFate::kTakenLate) {
        series.Take(sample.time_ms, sample.value, now);
      }
    }
  }

  void Exemplar() {
    const size_t i = random_() % labels_.size();
    world_.WriteExemplar(
        labels_[i], world_.now_ms() - static_cast<int64_t>(random_() % kMinute),
        {static_cast<double>(random_() % 100) / 4, {{"trace_id", fmt::format("{:x}", random_())}}});
  }

  void LookAtExemplars() {
    const auto snapshot = world_.Snapshot();
    const auto found = snapshot->Exemplars({}, {});
    ASSERT_TRUE(found.ok()) << found.status();
    std::map<model::LabelSet, const SeriesExemplars*> by_labels;
    for (const SeriesExemplars& series : *found) by_labels[*series.series] = &series;
    for (const auto& [labels, series] : world_.wanted()) {
      const auto at = by_labels.find(labels);
      ASSERT_EQ(at == by_labels.end() ? 0 : at->second->exemplars.size(), series.exemplars.size());
      size_t i = 0;
      for (const auto& [time_ms, exemplar] : series.exemplars) {
        const SeriesExemplar& got = at->second->exemplars[i++];
        ASSERT_EQ(got.time_ms, time_ms);
        ASSERT_EQ(got.labels, exemplar.labels);
        ASSERT_TRUE(SameBits(got.value, exemplar.value));
      }
    }
  }

  void KeepSnapshot() {
    if (snapshots_.size() > 4) snapshots_.erase(snapshots_.begin() + random_() % 4);
    snapshots_.push_back({world_.Snapshot(), world_.wanted()});
  }
  void LookAtSnapshot() {
    if (snapshots_.empty()) return;
    const auto& [snapshot, wanted] = snapshots_[random_() % snapshots_.size()];
    SeriesWorld::ExpectReads(*snapshot, wanted, random_() % 2 == 0 ? TimeRange{} : AnyRange(),
                             "an older snapshot: ");
  }

  const WantedSeries* Find(const model::LabelSet& labels) const {
    const auto found = world_.wanted().find(labels);
    return found == world_.wanted().end() ? nullptr : &found->second;
  }

  std::mt19937_64 random_;
  SeriesWorld world_;
  std::vector<model::LabelSet> labels_;
  std::vector<SampleMaker> makers_;
  std::vector<std::pair<std::unique_ptr<SeriesSnapshot>, Wanted>> snapshots_;
};

}  // namespace slowburn::storage
