// storage/series/write_plan.h: what one commit will bring to the series, decided sample by sample
// before any of it is true.
//
// Room     storage/series
// Uses     base/, model/, storage/series
// Threads  the one writer
// Units    unix milliseconds
#pragma once

#include <algorithm>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/status/statusor.h>

#include "model/label_set.h"
#include "model/native_histogram_list.h"
#include "storage/series/head_state.h"
#include "storage/series/sample_part.h"

namespace slowburn::storage {

// (start, time]
struct Interval {
  int64_t time_ms = 0;
  int64_t start_ms = kNever;  // kNever: unknown
};

// Every sample has its fate, and a refused one never takes its neighbours with it. Nothing changes
// until the plan is applied; a plan that is dropped was never there. While it lives, no other plan
// may be applied and no checkpoint be written.
class WritePlan {
 public:
  // `state` must outlive it.
  WritePlan(HeadState& state, int64_t now_ms);

  // A series to add samples to; null: not known by this key. One lookup and no label.
  HeadSeries* Find(const SeriesKey& key) const;
  // The same with a place where it was last (Head::FindByKey).
  HeadSeries* Find(const SeriesKey& key, uint32_t& slot) const {
    return state_.head.FindByKey(key, slot);
  }
  // Worth it a few series before they are found and given a sample.
  void Prefetch(uint32_t slot) const { state_.head.Prefetch(slot); }
  // So many samples are about to be added, among them so many histograms, of so many values.
  void Expect(size_t samples, size_t histograms = 0, size_t values = 0);
  // Worth it before many of them are looked up (Head::Warm).
  void Warm(std::span<const SeriesKey> keys) const { state_.head.Warm(keys); }
  // The series of these labels, made if need be, which `key` means from now on. Null, and `fate`
  // says why, where it cannot be. kDataLoss where the store cannot be read.
  absl::StatusOr<HeadSeries*> Define(const SeriesKey& key, const model::LabelSet& labels,
                                     SampleFate& fate);

  SampleFate Add(HeadSeries& series, int64_t time_ms, double value);
  SampleFate Add(HeadSeries& series, int64_t time_ms, const model::NativeHistogramView& histogram);

  // A value that counts from a start on. Where the start is after all that the series has, the
  // series began anew: a zero stands at the start, so that the reset shows even if the value is
  // larger than the one before.
  SampleFate AddCumulative(HeadSeries& series, const Interval& at, double value);
  SampleFate AddCumulative(HeadSeries& series, const Interval& at,
                           const model::NativeHistogramView& histogram);
  // What happened in the interval: it is added to the newest value of the series, planned ones
  // included, and the sum is the sample. Behind a gap, and where the series left the head, it
  // begins anew; without a start there is no gap. What is of time that was counted already is never
  // added: kDuplicate where the very increment is there, else kConflict or kTooOld. A value that is
  // not finite is a sample and adds nothing.
  SampleFate AddIncrement(HeadSeries& series, const Interval& at, double value);
  SampleFate AddIncrement(HeadSeries& series, const Interval& at,
                          const model::NativeHistogramView& histogram);
  // Later than the series' newest exemplar and not all that it brings, or dropped.
  SampleFate AddExemplar(HeadSeries& series, int64_t time_ms, ExemplarValue exemplar) {
    return Decide(PlaceExemplar(series, time_ms, std::move(exemplar)), counts_.exemplars);
  }
  // What is known already is taken and changes nothing.
  SampleFate AddMetadata(MetricMetadata metadata) {
    return Decide(PlaceMetadata(std::move(metadata)), counts_.metadata);
  }

  // Counts a fate that was decided elsewhere: of samples whose series could not be made.
  void Count(SampleFate fate, uint64_t samples = 1) {
    counts_.samples[static_cast<size_t>(fate)] += samples;
  }
  const WriteCounts& counts() const { return counts_; }

  // A sample that it takes.
  struct TakenSample {
    HeadSeries& series;
    int64_t time_ms;
    double value;
    const model::NativeHistogramView* histogram;  // null: `value` is the sample
    bool is_late;                                 // older than others of its series
  };
  // Calls `visit(TakenSample)` for each, in the order in which they were added. Before Apply.
  template <typename Visit>
  void VisitSamples(Visit&& visit) const;
  // Likewise `visit(series, time_ms, exemplar)`.
  template <typename Visit>
  void VisitExemplars(Visit&& visit) const;

  // Metadata that it adds, and those that were known before. Before Apply.
  const std::vector<MetricMetadata>& new_metadata() const { return metadata_; }
  const MetadataBook& known_metadata() const { return *state_.metadata; }

  // The part of the log record; "" when nothing would change.
  std::string Encode() const;

  // The part has been made durable as this record: makes it true. Once.
  void Apply(uint64_t part_bytes);

 private:
  static constexpr int32_t kFloat = -1;
  struct Sample {
    HeadSeries* series = nullptr;
    int64_t time_ms = 0;
    double value = 0;
    int32_t histogram = kFloat;  // where in histograms_
    uint32_t before = 0;         // the series' sample before in the plan, plus 1
    bool is_late = false;
  };
  struct Exemplar {
    HeadSeries* series = nullptr;
    int64_t time_ms = 0;
    ExemplarValue value;
  };

  // Of a series that is not there an exemplar alone is not worth keeping.
  bool IsKept(const Exemplar& exemplar) const {
    const HeadSeries& series = *exemplar.series;
    return state_.head.FindById(series.id) != nullptr ||
           (series.plan_number == number_ && series.plan_last > 0);
  }

  // The newest value of a series that an increment can be added to.
  template <typename Value>
  struct Base {
    int64_t time_ms = 0;
    Value value{};
  };

  SampleFate FateOfTime(int64_t time_ms) const;
  static int64_t KnownThrough(const HeadSeries& series) {
    return std::max(series.plan_newest_ms, series.closed_through_ms);
  }
  template <typename Like>
  bool BeginsAnew(HeadSeries& series, const Interval& at, const Like& like);
  template <typename Value>
  SampleFate Increment(HeadSeries& series, const Interval& at, Value value);
  template <typename Value>
  std::optional<Base<Value>> PlannedBase(uint32_t sample) const;
  template <typename Value>
  std::optional<Base<Value>> BaseBefore(const HeadSeries& series, int64_t time_ms) const;
  template <typename Value>
  bool HasIncrement(HeadSeries& series, int64_t time_ms, const Value& value);
  SampleFate Place(HeadSeries& series, int64_t time_ms, double value,
                   const model::NativeHistogramView* histogram);
  SampleFate PlaceLate(HeadSeries& series, int64_t time_ms, double value,
                       const model::NativeHistogramView* histogram);
  void Open(HeadSeries& series) const;
  void Push(HeadSeries& series, Sample sample);
  // The sample that the plan has of the series at this time, or null.
  const Sample* FindPlanned(HeadSeries& series, int64_t time_ms);
  static SampleFate Decide(SampleFate fate, FateCounts& counts) {
    ++counts[static_cast<size_t>(fate)];
    return fate;
  }
  SampleFate PlaceExemplar(HeadSeries& series, int64_t time_ms, ExemplarValue exemplar);
  SampleFate PlaceMetadata(MetricMetadata metadata);

  HeadState& state_;
  const int64_t now_ms_;
  const uint64_t number_;
  std::vector<std::unique_ptr<HeadSeries>> new_series_;
  uint64_t new_label_bytes_ = 0;
  absl::flat_hash_map<SeriesKey, HeadSeries*> new_keys_;  // of their labels
  std::vector<std::pair<SeriesKey, HeadSeries*>> keys_;   // that series get
  uint64_t next_id_;
  std::vector<const HeadSeries*> revived_;  // that were about to leave: a restart has to know
  std::vector<Sample> samples_;
  model::NativeHistogramList histograms_;
  std::vector<absl::flat_hash_map<int64_t, uint32_t>> late_;  // by time: where in samples_
  std::vector<Exemplar> exemplars_;
  std::vector<MetricMetadata> metadata_;
  WriteCounts counts_;
};

template <typename Visit>
void WritePlan::VisitSamples(Visit&& visit) const {
  for (const Sample& sample : samples_) {
    const bool is_float = sample.histogram == kFloat;
    model::NativeHistogramView histogram;
    if (!is_float) histogram = histograms_[static_cast<size_t>(sample.histogram)];
    visit(TakenSample{*sample.series, sample.time_ms, sample.value, is_float ? nullptr : &histogram,
                      sample.is_late});
  }
}

template <typename Visit>
void WritePlan::VisitExemplars(Visit&& visit) const {
  for (const Exemplar& exemplar : exemplars_) {
    if (IsKept(exemplar)) visit(*exemplar.series, exemplar.time_ms, exemplar.value);
  }
}

// "" or what about the labels cannot be.
std::string_view LabelsFault(const model::LabelSet& labels, const SeriesOptions& options);
// Bit by bit.
bool SameHistogram(const model::NativeHistogramView& a, const model::NativeHistogramView& b);

// What `Apply` does, for one piece each: live and on replay.
void ApplyFloat(HeadState& state, HeadSeries& series, int64_t time_ms, double value);
void ApplyHistogram(HeadState& state, HeadSeries& series, int64_t time_ms,
                    const model::NativeHistogramView& histogram);
void ApplyExemplar(HeadState& state, HeadSeries& series, int64_t time_ms, ExemplarValue exemplar);
void ApplyMetadata(HeadState& state, std::vector<MetricMetadata> metadata);

}  // namespace slowburn::storage
