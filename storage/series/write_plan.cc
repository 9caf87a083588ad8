#include "storage/series/write_plan.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>
#include <type_traits>

#include "base/status.h"
#include "model/histogram_addition.h"
#include "model/sample.h"
#include "storage/series/packed_labels.h"

namespace slowburn::storage {
namespace {

using model::NativeHistogram;
using model::NativeHistogramView;

constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
constexpr size_t kAhead = 8;              // of samples: as many as memory brings at once
constexpr size_t kMetadataPerMetric = 4;  // versions that disagree; the newest stay

bool SameBits(double a, double b) {
  return std::bit_cast<uint64_t>(a) == std::bit_cast<uint64_t>(b);
}
bool SameBits(std::span<const double> a, std::span<const double> b) {
  return std::ranges::equal(a, b, [](double x, double y) { return SameBits(x, y); });
}

// What an increment can be added to: neither the end of a series nor what has no sum.
bool IsBase(double value) { return std::isfinite(value); }
bool IsBase(const NativeHistogramView& histogram) { return !model::IsStale(histogram.sum); }

double Plus(double base, double increment) { return base + increment; }
NativeHistogram Plus(const NativeHistogram& base, const NativeHistogram& increment) {
  return model::AddHistograms(base, increment, kHistogramBucketsMax);
}

bool Same(double a, double b) { return SameBits(a, b); }
bool Same(const NativeHistogram& a, const NativeHistogram& b) { return SameHistogram(a, b); }

double ZeroLike(double) { return 0; }
NativeHistogramView ZeroLike(const NativeHistogramView& histogram) {
  NativeHistogramView zero;
  zero.schema = histogram.schema;
  zero.is_float = histogram.is_float;
  zero.zero_threshold = histogram.zero_threshold;
  zero.custom_bounds = histogram.custom_bounds;
  return zero;
}

bool IsText(std::string_view text) { return model::ValidUtf8(text) == text; }

bool SameMetadata(const MetricMetadata& a, const MetricMetadata& b) {
  return a.type == b.type && a.help == b.help && a.unit == b.unit;
}

bool Knows(const MetadataBook& book, const MetricMetadata& metadata) {
  const auto found = book.find(metadata.metric);
  return found != book.end() &&
         std::any_of(found->second.begin(), found->second.end(),
                     [&](const MetricMetadata& known) { return SameMetadata(known, metadata); });
}

}  // namespace

std::string_view LabelsFault(const model::LabelSet& labels, const SeriesOptions& options) {
  if (!labels.Has(model::kMetricNameLabel)) return "a series without a name";
  if (labels.size() > options.labels_max) return "too many labels";
  for (const model::Label& label : labels) {
    if (label.name.empty()) return "a label without a name";
    if (label.name.size() > options.name_bytes_max) return "a label name that is too long";
    if (label.value.size() > options.value_bytes_max) return "a label value that is too long";
    if (!IsText(label.name) || !IsText(label.value)) return "a label that is not UTF-8";
  }
  return "";
}

bool SameHistogram(const NativeHistogramView& a, const NativeHistogramView& b) {
  return a.schema == b.schema && a.reset_hint == b.reset_hint && a.is_float == b.is_float &&
         SameBits(a.zero_threshold, b.zero_threshold) && SameBits(a.zero_count, b.zero_count) &&
         SameBits(a.count, b.count) && SameBits(a.sum, b.sum) &&
         std::ranges::equal(a.positive_spans, b.positive_spans) &&
         std::ranges::equal(a.negative_spans, b.negative_spans) &&
         SameBits(a.positive_counts, b.positive_counts) &&
         SameBits(a.negative_counts, b.negative_counts) &&
         SameBits(a.custom_bounds, b.custom_bounds);
}

WritePlan::WritePlan(HeadState& state, int64_t now_ms)
    : state_(state), now_ms_(now_ms), number_(++state.plans), next_id_(state.known.next_id) {}

void WritePlan::Expect(size_t samples, size_t histograms, size_t values) {
  histograms_.Reserve(histograms, values);
  const size_t size = samples_.size() + samples;
  if (size > samples_.capacity()) samples_.reserve(std::max(size, 2 * samples_.capacity()));
}

HeadSeries* WritePlan::Find(const SeriesKey& key) const { return state_.head.FindByKey(key); }

absl::StatusOr<HeadSeries*> WritePlan::Define(const SeriesKey& key, const model::LabelSet& labels,
                                              SampleFate& fate) {
  fate = SampleFate::kTaken;
  if (!LabelsFault(labels, state_.options).empty()) {
    fate = SampleFate::kInvalidLabels;
    return nullptr;
  }
  std::string packed = PackLabels(labels);
  const SeriesKey own = KeyOfLabels(packed);
  HeadSeries* series = state_.head.FindByKey(own);
  if (series == nullptr) {
    if (const auto found = new_keys_.find(own); found != new_keys_.end()) series = found->second;
  }
  if (series == nullptr) {
    if (state_.head.size() + new_series_.size() >= state_.options.series_max) {
      fate = SampleFate::kTooManySeries;
      return nullptr;
    }
    if (state_.head.label_bytes() + new_label_bytes_ + packed.size() >
        state_.options.label_bytes_max) {
      fate = SampleFate::kTooManyLabelBytes;
      return nullptr;
    }
    new_label_bytes_ += packed.size();
    SB_ASSIGN_OR_RETURN(const auto known, FindInStore(state_.store, packed));
    auto made = std::make_unique<HeadSeries>(known ? known->id : next_id_++, std::move(packed));
    if (known) {
      made->closed_through_ms = known->cover.samples_through_ms;
      made->newest_exemplar_ms = known->cover.exemplars_through_ms;
      made->data->floats.SetSealedThrough(known->cover.samples_through_ms);
      made->is_registered = true;
    }
    series = made.get();
    new_series_.push_back(std::move(made));
    new_keys_[own] = series;
  }
  if (key != own) keys_.emplace_back(key, series);
  return series;
}

void WritePlan::Open(HeadSeries& series) const {
  if (series.plan_number == number_) return;
  series.plan_number = number_;
  series.plan_newest_ms = series.newest_ms;
  series.plan_last = 0;
  series.plan_base = 0;
  series.plan_late = -1;
}

void WritePlan::Push(HeadSeries& series, Sample sample) {
  if (series.is_closed && series.plan_last == 0) revived_.push_back(&series);
  sample.before = series.plan_last;
  samples_.push_back(sample);
  series.plan_last = static_cast<uint32_t>(samples_.size());
  const bool is_base = sample.histogram == kFloat
                           ? IsBase(sample.value)
                           : IsBase(histograms_[static_cast<size_t>(sample.histogram)]);
  if (!sample.is_late && is_base) series.plan_base = series.plan_last;
  if (series.plan_late >= 0) {
    late_[static_cast<size_t>(series.plan_late)][sample.time_ms] =
        static_cast<uint32_t>(samples_.size() - 1);
  }
}

const WritePlan::Sample* WritePlan::FindPlanned(HeadSeries& series, int64_t time_ms) {
  if (series.plan_last == 0) return nullptr;
  if (series.plan_late < 0) {  // from now on its times are known
    series.plan_late = static_cast<int32_t>(late_.size());
    auto& times = late_.emplace_back();
    for (uint32_t at = series.plan_last; at > 0; at = samples_[at - 1].before) {
      times[samples_[at - 1].time_ms] = at - 1;
    }
  }
  const auto& times = late_[static_cast<size_t>(series.plan_late)];
  const auto found = times.find(time_ms);
  return found == times.end() ? nullptr : &samples_[found->second];
}

SampleFate WritePlan::PlaceLate(HeadSeries& series, int64_t time_ms, double value,
                                const NativeHistogramView* histogram) {
  if (time_ms <= series.closed_through_ms ||
      time_ms <= series.plan_newest_ms - state_.options.late_max.count()) {
    return SampleFate::kTooOld;
  }
  const auto same = [](bool is_same) {
    return is_same ? SampleFate::kDuplicate : SampleFate::kConflict;
  };
  if (const Sample* planned = FindPlanned(series, time_ms)) {
    if (planned->histogram == kFloat) {
      return same(histogram == nullptr && SameBits(planned->value, value));
    }
    return same(histogram != nullptr &&
                SameHistogram(histograms_[static_cast<size_t>(planned->histogram)], *histogram));
  }
  if (const auto present = series.data->floats.Find(time_ms)) {
    return same(histogram == nullptr && SameBits(*present, value));
  }
  if (series.data->histograms != nullptr) {
    if (const auto present = series.data->histograms->Find(time_ms)) {
      return same(histogram != nullptr && SameHistogram(*present, *histogram));
    }
  }
  return SampleFate::kTakenLate;
}

SampleFate WritePlan::FateOfTime(int64_t time_ms) const {
  if (time_ms > now_ms_ + state_.options.ahead_max.count()) return SampleFate::kTooNew;
  if (time_ms < 0 || time_ms < now_ms_ - state_.options.retention.count()) {
    return SampleFate::kTooOld;
  }
  return SampleFate::kTaken;
}

SampleFate WritePlan::Place(HeadSeries& series, int64_t time_ms, double value,
                            const NativeHistogramView* histogram) {
  if (const SampleFate fate = FateOfTime(time_ms); IsRefused(fate)) return fate;
  Open(series);
  if (time_ms <= series.plan_newest_ms) return PlaceLate(series, time_ms, value, histogram);
  if (time_ms <= series.closed_through_ms) return SampleFate::kTooOld;
  series.plan_newest_ms = time_ms;
  return SampleFate::kTaken;
}

SampleFate WritePlan::Add(HeadSeries& series, int64_t time_ms, double value) {
  const SampleFate fate = Place(series, time_ms, value, nullptr);
  if (fate <= SampleFate::kTakenLate) {
    Push(series, {.series = &series,
                  .time_ms = time_ms,
                  .value = value,
                  .is_late = fate == SampleFate::kTakenLate});
  }
  return Decide(fate, counts_.samples);
}

SampleFate WritePlan::Add(HeadSeries& series, int64_t time_ms,
                          const NativeHistogramView& histogram) {
  if (!HistogramFault(histogram).empty())
    return Decide(SampleFate::kInvalidHistogram, counts_.samples);
  const SampleFate fate = Place(series, time_ms, 0, &histogram);
  if (fate <= SampleFate::kTakenLate) {
    histograms_.Add(histogram);
    Push(series, {.series = &series,
                  .time_ms = time_ms,
                  .histogram = static_cast<int32_t>(histograms_.size()) - 1,
                  .is_late = fate == SampleFate::kTakenLate});
  }
  return Decide(fate, counts_.samples);
}

// A zero at the start of what begins anew after all that is known. False where nothing does, or it
// could not be told.
template <typename Like>
bool WritePlan::BeginsAnew(HeadSeries& series, const Interval& at, const Like& like) {
  Open(series);
  const int64_t through = KnownThrough(series);
  if (through == kNever || at.start_ms <= through || at.start_ms >= at.time_ms) return false;
  return !IsRefused(FateOfTime(at.time_ms)) && !IsRefused(Add(series, at.start_ms, ZeroLike(like)));
}

SampleFate WritePlan::AddCumulative(HeadSeries& series, const Interval& at, double value) {
  BeginsAnew(series, at, value);
  return Add(series, at.time_ms, value);
}

SampleFate WritePlan::AddCumulative(HeadSeries& series, const Interval& at,
                                    const NativeHistogramView& histogram) {
  BeginsAnew(series, at, histogram);
  return Add(series, at.time_ms, histogram);
}

SampleFate WritePlan::AddIncrement(HeadSeries& series, const Interval& at, double value) {
  return Increment(series, at, value);
}

SampleFate WritePlan::AddIncrement(HeadSeries& series, const Interval& at,
                                   const NativeHistogramView& histogram) {
  if (!HistogramFault(histogram).empty())
    return Decide(SampleFate::kInvalidHistogram, counts_.samples);
  return Increment(series, at, NativeHistogram(histogram));
}

template <typename Value>
SampleFate WritePlan::Increment(HeadSeries& series, const Interval& at, Value value) {
  const SampleFate fate = FateOfTime(at.time_ms);
  if (IsRefused(fate) || !IsBase(value)) return Add(series, at.time_ms, std::move(value));
  Open(series);
  const int64_t through = KnownThrough(series);
  if (at.time_ms <= through) {
    if (at.time_ms <= series.closed_through_ms ||
        at.time_ms <= series.plan_newest_ms - state_.options.late_max.count()) {
      return Decide(SampleFate::kTooOld, counts_.samples);
    }
    return Decide(
        HasIncrement(series, at.time_ms, value) ? SampleFate::kDuplicate : SampleFate::kConflict,
        counts_.samples);
  }
  std::optional<Base<Value>> base = PlannedBase<Value>(series.plan_base);
  if (!base) base = BaseBefore<Value>(series, kEnd);
  const int64_t counted_through = base ? base->time_ms : through;
  const bool has_start = at.start_ms != kNever && at.start_ms < at.time_ms;
  if (has_start && at.start_ms < counted_through) {
    return Decide(SampleFate::kConflict, counts_.samples);
  }
  if (has_start && at.start_ms > counted_through && BeginsAnew(series, at, value)) base.reset();
  if (base) value = Plus(base->value, value);
  return Add(series, at.time_ms, std::move(value));
}

// Of the sample of this number, plus 1; none of 0.
template <typename Value>
std::optional<WritePlan::Base<Value>> WritePlan::PlannedBase(uint32_t sample) const {
  if (sample == 0) return std::nullopt;
  const Sample& planned = samples_[sample - 1];
  if constexpr (std::is_same_v<Value, double>) {
    if (planned.histogram != kFloat) return std::nullopt;
    return Base<Value>{planned.time_ms, planned.value};
  } else {
    if (planned.histogram == kFloat) return std::nullopt;
    return Base<Value>{planned.time_ms, Value(histograms_[static_cast<size_t>(planned.histogram)])};
  }
}

template <typename Value>
std::optional<WritePlan::Base<Value>> WritePlan::BaseBefore(const HeadSeries& series,
                                                            int64_t time_ms) const {
  const auto find = [&](const auto& column) -> std::optional<Base<Value>> {
    auto found = column.LastBefore(time_ms, [](const Value& value) { return IsBase(value); });
    if (!found) return std::nullopt;
    return Base<Value>{found->first, std::move(found->second)};
  };
  if constexpr (std::is_same_v<Value, double>) {
    return find(series.data->floats);
  } else {
    return series.data->histograms == nullptr ? std::nullopt : find(*series.data->histograms);
  }
}

// Whether the sample at this time is the one that the increment made, or would make.
template <typename Value>
bool WritePlan::HasIncrement(HeadSeries& series, int64_t time_ms, const Value& value) {
  const auto makes = [&](const std::optional<Base<Value>>& before, const Value& present) {
    return Same(before ? Plus(before->value, value) : value, present);
  };
  if (const Sample* planned = FindPlanned(series, time_ms)) {
    const auto present = PlannedBase<Value>(static_cast<uint32_t>(planned - samples_.data()) + 1);
    if (!present) return false;
    const bool is_after_planned = planned->before != 0 && !samples_[planned->before - 1].is_late;
    return makes(
        is_after_planned ? PlannedBase<Value>(planned->before) : BaseBefore<Value>(series, time_ms),
        present->value);
  }
  std::optional<Value> present;
  if constexpr (std::is_same_v<Value, double>) {
    present = series.data->floats.Find(time_ms);
  } else if (series.data->histograms != nullptr) {
    present = series.data->histograms->Find(time_ms);
  }
  return present && makes(BaseBefore<Value>(series, time_ms), *present);
}

SampleFate WritePlan::PlaceExemplar(HeadSeries& series, int64_t time_ms, ExemplarValue exemplar) {
  size_t bytes = 0;
  for (const model::Label& label : exemplar.labels) bytes += label.name.size() + label.value.size();
  if (bytes > state_.options.value_bytes_max) return SampleFate::kInvalidLabels;
  if (time_ms > now_ms_ + state_.options.ahead_max.count()) return SampleFate::kTooNew;
  Open(series);
  if (series.is_closed && series.plan_last == 0) return SampleFate::kDropped;
  const bool is_planned = !exemplars_.empty() && exemplars_.back().series == &series;
  const int64_t newest = is_planned ? exemplars_.back().time_ms : series.newest_exemplar_ms;
  if (time_ms < 0 || time_ms < now_ms_ - state_.options.retention.count() || time_ms <= newest) {
    return SampleFate::kDropped;
  }
  exemplars_.push_back({&series, time_ms, std::move(exemplar)});
  return SampleFate::kTaken;
}

SampleFate WritePlan::PlaceMetadata(MetricMetadata metadata) {
  const MetadataBook& book = *state_.metadata;
  if (metadata.metric.empty() || metadata.metric.size() > state_.options.value_bytes_max ||
      metadata.type.size() + metadata.help.size() + metadata.unit.size() >
          state_.options.metadata_bytes_max ||
      !IsText(metadata.metric) || !IsText(metadata.help) || !IsText(metadata.unit)) {
    return SampleFate::kInvalidLabels;
  }
  if (Knows(book, metadata)) return SampleFate::kDuplicate;
  if (!book.contains(metadata.metric) &&
      book.size() + metadata_.size() >= state_.options.metrics_max) {
    return SampleFate::kDropped;
  }
  metadata_.push_back(std::move(metadata));
  return SampleFate::kTaken;
}

std::string WritePlan::Encode() const {
  SamplePartWriter writer;
  writer.Expect(samples_.size() - histograms_.size(), histograms_.size(), histograms_.values());
  const auto used = [&](const HeadSeries& series) {
    return series.plan_number == number_ && series.plan_last > 0;
  };
  for (const auto& series : new_series_) {
    if (used(*series)) writer.AddDefinition(series->id, series->packed_labels);
  }
  for (const HeadSeries* series : revived_) {
    writer.AddDefinition(series->id, series->packed_labels);
  }
  for (size_t i = 0; i < samples_.size(); ++i) {
    if (i + kAhead < samples_.size()) __builtin_prefetch(samples_[i + kAhead].series);
    const Sample& sample = samples_[i];
    if (sample.histogram == kFloat) {
      writer.AddFloat(sample.series->id, sample.time_ms, sample.value);
    } else {
      writer.AddHistogram(sample.series->id, sample.time_ms,
                          histograms_[static_cast<size_t>(sample.histogram)]);
    }
  }
  for (const Exemplar& exemplar : exemplars_) {
    if (!IsKept(exemplar)) continue;
    writer.AddExemplar(exemplar.series->id, exemplar.time_ms, exemplar.value);
  }
  for (const MetricMetadata& metadata : metadata_) writer.AddMetadata(metadata);
  return writer.empty() ? std::string() : writer.Finish();
}

void WritePlan::Apply(uint64_t part_bytes) {
  const absl::MutexLock lock(&state_.mutex);
  for (auto& series : new_series_) {
    if (series->plan_number != number_ || series->plan_last == 0) continue;
    state_.known.next_id = std::max(state_.known.next_id, series->id + 1);
    state_.head.Add(std::move(series));
  }
  for (const auto& [key, series] : keys_) {
    if (state_.head.FindById(series->id) == series) state_.head.AddKey(key, *series);
  }
  // The series, what it points to, and where that ends: each asked for before the next needs it.
  const auto ahead = [&](size_t at) {
    return at < samples_.size() ? samples_[at].series : nullptr;
  };
  const auto histograms_ahead = [&](size_t at) -> const HeadColumn<HistogramCodec>* {
    if (at >= samples_.size() || samples_[at].histogram == kFloat) return nullptr;
    return samples_[at].series->data->histograms.get();
  };
  for (size_t i = 0; i < samples_.size(); ++i) {
    if (HeadSeries* next = ahead(i + 3 * kAhead)) {
      internal::Prefetch<HeadSeries::kHotBytes>(next);
    }
    if (HeadSeries* next = ahead(i + 2 * kAhead)) internal::Prefetch<128>(next->data.get());
    if (HeadSeries* next = ahead(i + kAhead)) next->data->floats.Prefetch();
    if (const auto* column = histograms_ahead(i + kAhead)) {
      internal::Prefetch<sizeof(*column)>(column);
    }
    if (const auto* column = histograms_ahead(i + kAhead / 2)) column->Prefetch();
    Sample& sample = samples_[i];
    sample.series->heard_ms = now_ms_;
    if (sample.histogram == kFloat) {
      ApplyFloat(state_, *sample.series, sample.time_ms, sample.value);
    } else {
      ApplyHistogram(state_, *sample.series, sample.time_ms,
                     histograms_[static_cast<size_t>(sample.histogram)]);
    }
  }
  for (Exemplar& exemplar : exemplars_) {
    if (state_.head.FindById(exemplar.series->id) != exemplar.series) continue;
    ApplyExemplar(state_, *exemplar.series, exemplar.time_ms, std::move(exemplar.value));
  }
  ApplyMetadata(state_, std::move(metadata_));
  state_.log_bytes += part_bytes;
  for (size_t i = 0; i < kSampleFates; ++i) {
    state_.counts.samples[i] += counts_.samples[i];
    state_.counts.exemplars[i] += counts_.exemplars[i];
    state_.counts.metadata[i] += counts_.metadata[i];
  }
}

namespace {

template <typename Codec>
void Put(HeadColumn<Codec>& column, int64_t time_ms, typename Codec::Given value) {
  if (column.empty() || time_ms > column.newest_ms()) {
    column.Append(time_ms, std::forward<typename Codec::Given>(value));
  } else {
    column.Insert(time_ms, std::forward<typename Codec::Given>(value));
  }
}

template <typename Codec>
HeadColumn<Codec>& Made(std::unique_ptr<HeadColumn<Codec>>& column, int64_t sealed_through_ms) {
  if (column == nullptr) {
    column = std::make_unique<HeadColumn<Codec>>();
    column->SetSealedThrough(sealed_through_ms);
  }
  return *column;
}

void Touch(HeadSeries& series) {
  series.is_dirty = true;
  series.is_closed = false;
}

}  // namespace

void ApplyFloat(HeadState& state, HeadSeries& series, int64_t time_ms, double value) {
  Put(state.head.Change(series).floats, time_ms, value);
  series.newest_ms = std::max(series.newest_ms, time_ms);
  Touch(series);
}

void ApplyHistogram(HeadState& state, HeadSeries& series, int64_t time_ms,
                    const NativeHistogramView& histogram) {
  Put(Made(state.head.Change(series).histograms, series.closed_through_ms), time_ms, histogram);
  series.newest_ms = std::max(series.newest_ms, time_ms);
  Touch(series);
}

void ApplyExemplar(HeadState& state, HeadSeries& series, int64_t time_ms, ExemplarValue exemplar) {
  if (time_ms <= series.newest_exemplar_ms) return;  // two requests of one commit
  Put(Made(state.head.Change(series).exemplars, series.newest_exemplar_ms), time_ms,
      std::move(exemplar));
  series.newest_exemplar_ms = time_ms;
  Touch(series);
}

void ApplyMetadata(HeadState& state, std::vector<MetricMetadata> metadata) {
  std::erase_if(metadata, [&](const MetricMetadata& one) { return Knows(*state.metadata, one); });
  if (metadata.empty()) return;
  auto book = std::make_shared<MetadataBook>(*state.metadata);
  for (MetricMetadata& one : metadata) {
    if (Knows(*book, one)) continue;
    std::vector<MetricMetadata>& known = (*book)[one.metric];
    if (known.size() == kMetadataPerMetric) known.erase(known.begin());
    state.changed_metadata.push_back(one.metric);
    known.push_back(std::move(one));
  }
  state.metadata = std::move(book);
}

}  // namespace slowburn::storage
