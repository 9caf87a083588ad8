// storage/series/testing/series_world.h: a SeriesStore with its log and its checkpoints, driven as
// the program drives it, beside plain maps that hold what it should hold.
//
// Room     storage/series, tests only
// Uses     storage/series
// Threads  one thread at a time
// Units    unix milliseconds
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "storage/series/series_store.h"
#include "storage/series/testing/series_samples.h"

namespace slowburn::storage {

using SampleValue = std::variant<double, model::NativeHistogram>;

inline bool SameBits(const SampleValue& a, const SampleValue& b) {
  if (a.index() != b.index()) return false;
  return a.index() == 0 ? SameBits(std::get<0>(a), std::get<0>(b))
                        : SameBits(std::get<1>(a), std::get<1>(b));
}

// What a series should hold.
struct WantedSeries {
  std::map<int64_t, SampleValue> samples;
  std::map<int64_t, ExemplarValue> exemplars;
  int64_t heard_ms = 0;
  int64_t silent_through_ms = kNever;  // the newest sample before a long silence

  void Take(int64_t time_ms, const SampleValue& value, int64_t now_ms) {
    if (!samples.empty() && now_ms - heard_ms >= kSilenceMs) {
      silent_through_ms = samples.rbegin()->first;
    }
    samples.emplace(time_ms, value);
    heard_ms = now_ms;
  }
  static constexpr int64_t kSilenceMs = 2 * 3600 * 1000;
};
using Wanted = std::map<model::LabelSet, WantedSeries>;

struct SampleToWrite {
  model::LabelSet labels;
  int64_t time_ms = 0;
  SampleValue value;
  int64_t start_ms = kNever;  // of increments
};

class SeriesWorld {
 public:
  explicit SeriesWorld(SeriesOptions options) : options_(options) {}

  SeriesStore& series() { return *series_; }
  const Wanted& wanted() const { return wanted_; }
  Wanted& wanted() { return wanted_; }
  int64_t now_ms() const { return now_ms_; }
  void Advance(int64_t ms) { now_ms_ += ms; }

  // --- what the program does. `store` is the one of now: a restart may come with another.
  void Start(Store& store) {
    series_.reset();
    store_ = &store;
    series_ = std::make_unique<SeriesStore>(options_, store);
    absl::Status status = series_->Recover(now_ms_);
    ASSERT_TRUE(status.ok()) << status;
    store.KeepLogAfter(series_->covered_sequence());
    status =
        store.ReplayLog(series_->covered_sequence(), [&](uint64_t sequence, std::string_view part) {
          return part.empty() ? absl::OkStatus() : series_->Replay(sequence, part, now_ms_);
        });
    ASSERT_TRUE(status.ok()) << status;
  }
  void Stop() { series_.reset(); }

  // One commit. Returns the fates; what was taken is wanted from then on. `becomes_durable` false:
  // the append failed, and nothing happened.
  std::vector<SampleFate> Write(const std::vector<SampleToWrite>& samples,
                                bool becomes_durable = true) {
    const auto plan = series_->Plan(now_ms_);
    std::vector<SampleFate> fates;
    for (const SampleToWrite& sample : samples) fates.push_back(Add(*plan, sample));
    if (!becomes_durable) return fates;
    Commit(*plan);
    for (size_t i = 0; i < samples.size(); ++i) {
      if (fates[i] > SampleFate::kTakenLate) continue;
      WantedSeries& wanted = wanted_[samples[i].labels];
      EXPECT_FALSE(wanted.samples.contains(samples[i].time_ms));
      wanted.Take(samples[i].time_ms, samples[i].value, now_ms_);
    }
    return fates;
  }
  SampleFate Write(const model::LabelSet& labels, int64_t time_ms, SampleValue value) {
    return Write({{labels, time_ms, std::move(value)}}).front();
  }
  // Likewise; what becomes of them is not known here: whoever writes them says what is wanted.
  std::vector<SampleFate> WriteIncrements(const std::vector<SampleToWrite>& increments,
                                          bool becomes_durable = true) {
    const auto plan = series_->Plan(now_ms_);
    std::vector<SampleFate> fates;
    for (const SampleToWrite& increment : increments) {
      HeadSeries* series = Defined(*plan, increment.labels);
      EXPECT_NE(series, nullptr);
      const Interval at{increment.time_ms, increment.start_ms};
      fates.push_back(
          std::visit([&](const auto& value) { return plan->AddIncrement(*series, at, value); },
                     increment.value));
    }
    if (becomes_durable) Commit(*plan);
    return fates;
  }
  void WriteExemplar(const model::LabelSet& labels, int64_t time_ms, ExemplarValue exemplar) {
    const auto plan = series_->Plan(now_ms_);
    HeadSeries* series = plan->Find(KeyOf(labels));
    if (series == nullptr) return;
    if (plan->AddExemplar(*series, time_ms, exemplar) != SampleFate::kTaken) return;
    Commit(*plan);
    wanted_[labels].exemplars.emplace(time_ms, std::move(exemplar));
  }
  SampleFate WriteMetadata(MetricMetadata metadata) {
    const auto plan = series_->Plan(now_ms_);
    const SampleFate fate = plan->AddMetadata(std::move(metadata));
    Commit(*plan);
    return fate;
  }

  absl::Status Checkpoint(CheckpointPace pace = CheckpointPace::kSteady) {
    Batch batch;
    const auto covered = series_->AddCheckpoint(now_ms_, store_->last_sequence(), batch, pace);
    absl::Status status = covered.status();
    if (status.ok()) {
      store_->KeepLogAfter(*covered);
      status = store_->WriteCheckpoint(std::move(batch));
    }
    if (status.ok()) {
      series_->CheckpointWritten();
    } else {
      series_->CheckpointFailed();
      store_->KeepLogAfter(series_->covered_sequence());
    }
    return status;
  }

  // --- reading
  std::unique_ptr<SeriesSnapshot> Snapshot(ReadLimits limits = {}) const {
    return series_->TakeSnapshot(limits, {});
  }

  // Everything of `wanted` in the range, bit by bit, and nothing else.
  static void ExpectReads(const SeriesSnapshot& snapshot, const Wanted& wanted, TimeRange range,
                          const std::string& what) {
    const auto selected = snapshot.Select({}, range);
    ASSERT_TRUE(selected.ok()) << what << selected.status();
    std::map<model::LabelSet, uint64_t> ids;
    for (size_t i = 0; i < selected->size(); ++i) {
      const SelectedSeries& series = (*selected)[i];
      if (i > 0) {
        ASSERT_LT(*(*selected)[i - 1].labels, *series.labels) << what;
      }
      ids[*series.labels] = series.id;
      ASSERT_TRUE(wanted.contains(*series.labels)) << what << series.labels->Text();
    }
    SampleColumns got;
    for (const auto& [labels, series] : wanted) {
      const auto begin = series.samples.lower_bound(range.begin_ms);
      const auto end = series.samples.lower_bound(range.end_ms);
      const auto id = ids.find(labels);
      if (id == ids.end()) {
        ASSERT_TRUE(begin == end) << what << labels.Text() << " has samples and was not selected";
        continue;
      }
      const absl::Status read = snapshot.ReadSamples(id->second, range, got);
      ASSERT_TRUE(read.ok()) << what << read;
      ExpectSamples(begin, end, got, what + labels.Text());
      if (testing::Test::HasFatalFailure()) return;
    }
  }

  static SeriesKey KeyOf(const model::LabelSet& labels) {
    SeriesKey key = KeyOfLabels(labels.Text());  // as a writer that hashes its own bytes
    return key;
  }

 private:
  SampleFate Add(WritePlan& plan, const SampleToWrite& sample) {
    const SeriesKey key = KeyOf(sample.labels);
    HeadSeries* series = plan.Find(key);
    if (series == nullptr) {
      SampleFate fate = SampleFate::kTaken;
      const auto defined = plan.Define(key, sample.labels, fate);
      EXPECT_TRUE(defined.ok()) << defined.status();
      if (*defined == nullptr) {
        plan.Count(fate);
        return fate;
      }
      series = *defined;
    }
    return sample.value.index() == 0 ? plan.Add(*series, sample.time_ms, std::get<0>(sample.value))
                                     : plan.Add(*series, sample.time_ms, std::get<1>(sample.value));
  }
  static HeadSeries* Defined(WritePlan& plan, const model::LabelSet& labels) {
    const SeriesKey key = KeyOf(labels);
    if (HeadSeries* known = plan.Find(key)) return known;
    SampleFate fate = SampleFate::kTaken;
    const auto defined = plan.Define(key, labels, fate);
    EXPECT_TRUE(defined.ok()) << defined.status();
    return *defined;
  }
  void Commit(WritePlan& plan) {
    const std::string part = plan.Encode();
    const absl::Status appended = store_->AppendLog(part, Durability::kSynced);
    ASSERT_TRUE(appended.ok()) << appended;
    plan.Apply(part.size());
  }
  template <typename Iterator>
  static void ExpectSamples(Iterator begin, Iterator end, const SampleColumns& got,
                            const std::string& what) {
    size_t floats = 0;
    size_t histograms = 0;
    for (auto at = begin; at != end; ++at) {
      if (at->second.index() == 0) {
        ASSERT_LT(floats, got.times_ms.size()) << what << " misses " << at->first;
        ASSERT_EQ(got.times_ms[floats], at->first) << what;
        ASSERT_TRUE(SameBits(got.values[floats], std::get<0>(at->second))) << what << at->first;
        ++floats;
      } else {
        ASSERT_LT(histograms, got.histogram_times_ms.size()) << what << " misses " << at->first;
        ASSERT_EQ(got.histogram_times_ms[histograms], at->first) << what;
        ASSERT_TRUE(SameBits(got.histograms[histograms], std::get<1>(at->second))) << what;
        ++histograms;
      }
    }
    ASSERT_EQ(got.times_ms.size(), floats) << what;
    ASSERT_EQ(got.histogram_times_ms.size(), histograms) << what;
  }

  const SeriesOptions options_;
  int64_t now_ms_ = 1'795'219'200'000;  // 2026-11-21 00:00
  Store* store_ = nullptr;
  std::unique_ptr<SeriesStore> series_;
  Wanted wanted_;
};

}  // namespace slowburn::storage
