#include "app/remote_write_series.h"

#include <algorithm>
#include <vector>

#include <fmt/format.h>

#include "base/status.h"
#include "collector/series_labels.h"
#include "model/histogram_contradiction.h"

namespace slowburn::app {
namespace {

using model::SeriesBatch;
using storage::HeadSeries;
using storage::SampleFate;
using storage::WritePlan;

constexpr size_t kNamedBytesMax = 512;  // of a series in a message
constexpr size_t kWarmSeries = 256;

}  // namespace

uint32_t RemoteWriteSeries::CountItems(const SeriesBatch& batch) {
  return static_cast<uint32_t>(batch.samples.size() + batch.histograms.size() +
                               batch.exemplars.size());
}

absl::Status RemoteWriteSeries::AddTo(WritePlan& plan, SeriesOutcome& outcome) {
  Piece piece;
  const std::vector<SeriesBatch::Series>& all = received_->batch.series;
  std::vector<storage::SeriesKey> keys;  // of the next few, as much as a processor keeps near
  for (size_t i = 0; i < all.size(); ++i) {
    if (i % kWarmSeries == 0) {
      keys.clear();
      for (size_t next = i; next < std::min(i + kWarmSeries, all.size()); ++next) {
        keys.push_back({all[next].labels_hash_high, all[next].labels_hash_low});
      }
      plan.Warm(keys);
    }
    const SeriesBatch::Series& series = all[i];
    piece.series = &series;
    SampleFate fate = SampleFate::kTaken;
    SB_ASSIGN_OR_RETURN(HeadSeries* const found, FindOrDefine(plan, piece, fate));
    if (found == nullptr) {
      Refuse(plan, piece, fate, outcome);
    } else {
      Add(plan, piece, *found, outcome);
      AddExemplars(plan, piece, *found, outcome);
    }
    piece.samples_begin = series.samples_end;
    piece.histograms_begin = series.histograms_end;
    piece.exemplars_begin = series.exemplars_end;
  }
  AddMetadata(plan);
  return absl::OkStatus();
}

absl::StatusOr<HeadSeries*> RemoteWriteSeries::FindOrDefine(WritePlan& plan, const Piece& piece,
                                                            SampleFate& fate) {
  const storage::SeriesKey key{piece.series->labels_hash_high, piece.series->labels_hash_low};
  if (HeadSeries* const found = plan.Find(key)) return found;
  if (!collector::ReadSeriesLabels(received_->batch, *piece.series, labels_).empty()) {
    fate = SampleFate::kInvalidLabels;
    return nullptr;
  }
  return plan.Define(key, labels_, fate);
}

void RemoteWriteSeries::Note(const Piece& piece, SampleFate fate, uint64_t count,
                             storage::FateCounts& counts, std::string& first,
                             std::string_view why) {
  counts[static_cast<size_t>(fate)] += count;
  if (count == 0 || !storage::IsRefused(fate) || !first.empty()) return;
  // Labels that cannot be read cannot be shown: then their fault says which they are.
  const std::string_view fault =
      collector::ReadSeriesLabels(received_->batch, *piece.series, labels_);
  if (!fault.empty()) {
    first = fmt::format("a series: {}", fault);
    return;
  }
  const std::string name = model::ValidUtf8(labels_.Text().substr(0, kNamedBytesMax));
  first = fmt::format("{}: {}", name, why);
}

// One that cannot be takes all that it brings with it, and nothing else.
void RemoteWriteSeries::Refuse(WritePlan& plan, const Piece& piece, SampleFate fate,
                               SeriesOutcome& outcome) {
  const uint64_t samples = piece.series->samples_end - piece.samples_begin;
  const uint64_t histograms = piece.series->histograms_end - piece.histograms_begin;
  const uint64_t exemplars = piece.series->exemplars_end - piece.exemplars_begin;
  const std::string_view why = FateReason(fate);
  plan.Count(fate, samples + histograms);
  Note(piece, fate, samples, outcome.samples, outcome.first_refused, why);
  Note(piece, fate, histograms, outcome.histograms, outcome.first_refused, why);
  Note(piece, fate, exemplars, outcome.exemplars, outcome.first_refused_exemplar, why);
}

// Copies: a plan that fails may be made again.
void RemoteWriteSeries::Add(WritePlan& plan, const Piece& piece, HeadSeries& series,
                            SeriesOutcome& outcome) {
  const SeriesBatch& batch = received_->batch;
  for (uint32_t i = piece.samples_begin; i < piece.series->samples_end; ++i) {
    const SampleFate fate = plan.Add(series, batch.samples[i].time_ms, batch.samples[i].value);
    Note(piece, fate, 1, outcome.samples, outcome.first_refused, FateReason(fate));
  }
  for (uint32_t i = piece.histograms_begin; i < piece.series->histograms_end; ++i) {
    const SeriesBatch::Histogram& histogram = batch.histograms[i];
    SampleFate fate = SampleFate::kInvalidHistogram;
    std::string_view why = model::HistogramContradiction(histogram.value);
    if (why.empty()) {
      fate = plan.Add(series, histogram.time_ms, histogram.value);
      why = FateReason(fate);
    } else {
      plan.Count(fate);
    }
    Note(piece, fate, 1, outcome.histograms, outcome.first_refused, why);
  }
}

void RemoteWriteSeries::AddExemplars(WritePlan& plan, const Piece& piece, HeadSeries& series,
                                     SeriesOutcome& outcome) {
  for (uint32_t i = piece.exemplars_begin; i < piece.series->exemplars_end; ++i) {
    const SeriesBatch::Exemplar& exemplar = received_->batch.exemplars[i];
    storage::ExemplarValue value{.value = exemplar.value, .labels = {}};
    SampleFate fate = SampleFate::kInvalidLabels;
    std::string_view why = collector::ReadExemplarLabels(received_->batch, exemplar, value.labels);
    if (why.empty()) {
      fate = plan.AddExemplar(series, exemplar.time_ms, std::move(value));
      why = FateReason(fate);
    }
    if (fate == SampleFate::kDropped) {  // for newer ones, without a word
      ++outcome.exemplars[static_cast<size_t>(fate)];
    } else {
      Note(piece, fate, 1, outcome.exemplars, outcome.first_refused_exemplar, why);
    }
  }
}

void RemoteWriteSeries::AddMetadata(WritePlan& plan) const {
  for (const SeriesBatch::Metadata& metadata : received_->batch.metadata) {
    plan.AddMetadata({.metric = std::string(metadata.metric),
                      .type = std::string(metadata.type),
                      .help = std::string(metadata.help),
                      .unit = std::string(metadata.unit)});
  }
}

size_t RemoteWriteSeries::memory_bytes() const {
  const SeriesBatch& batch = received_->batch;
  size_t bytes = sizeof *this + sizeof *received_ + received_->body.capacity() +
                 batch.series.capacity() * sizeof(SeriesBatch::Series) +
                 batch.samples.capacity() * sizeof(model::Sample) +
                 batch.histograms.capacity() * sizeof(SeriesBatch::Histogram) +
                 batch.exemplars.capacity() * sizeof(SeriesBatch::Exemplar) +
                 batch.metadata.capacity() * sizeof(SeriesBatch::Metadata) +
                 batch.symbols.capacity() * sizeof(SeriesBatch::Symbol);
  for (const SeriesBatch::Histogram& histogram : batch.histograms) {
    const model::NativeHistogram& value = histogram.value;
    bytes += (value.positive_spans.capacity() + value.negative_spans.capacity()) *
                 sizeof value.positive_spans[0] +
             (value.positive_counts.capacity() + value.negative_counts.capacity() +
              value.custom_bounds.capacity()) *
                 sizeof(double);
  }
  return bytes;
}

}  // namespace slowburn::app
