#include "storage/series/series_store.h"

#include <algorithm>

#include "base/status.h"
#include "storage/api/series_keys.h"
#include "storage/series/head_snapshot.h"
#include "storage/series/internal/bytes.h"
#include "storage/series/packed_labels.h"

namespace slowburn::storage {
namespace {

// Fills a column from the blocks that a checkpoint wrote.
template <typename Codec>
absl::Status Fill(std::string_view blocks, bool have_kinds, HeadColumn<Codec>& column) {
  internal::ByteReader in(blocks);
  while (!in.AtEnd()) {
    const std::string_view block = in.String();
    if (!in.ok()) return base::DataLoss("its blocks are broken; restore a backup");
    SB_RETURN_IF_ERROR(have_kinds ? column.AppendBlock(block) : column.AppendHotBlock(block));
  }
  return absl::OkStatus();
}

template <typename Codec>
int64_t NewestOf(const HeadColumn<Codec>* column) {
  return column == nullptr || column->empty() ? kNever : column->newest_ms();
}

void SetCover(HeadSeries& series, const SeriesCover& cover) {
  series.covered_sequence = cover.sequence;
  series.closed_through_ms = cover.samples_through_ms;
  series.newest_exemplar_ms = cover.exemplars_through_ms;
}

}  // namespace

absl::Status SeriesStore::Recover(int64_t now_ms) {
  const std::unique_ptr<Snapshot> snapshot = state_.store.TakeSnapshot();
  SB_ASSIGN_OR_RETURN(const auto stored, snapshot->Get(Family::kSeries, SeriesStateKey()));
  if (stored) {
    SB_ASSIGN_OR_RETURN(state_.known, DecodeSeriesState(*stored));
  } else {
    // Checkpoints of a program that kept no series: they covered no samples.
    state_.known.covered_sequence = state_.store.checkpoint_sequence();
  }
  SB_RETURN_IF_ERROR(LoadDaysAndMetadata(*snapshot));
  absl::Status status;
  const KeyRange open = OpenSeriesKeys();
  SB_RETURN_IF_ERROR(snapshot->Scan(
      Family::kSeries, open.begin, open.end, [&](std::string_view key, std::string_view bytes) {
        const auto id = ReadOpenSeriesKey(key);
        status = id ? base::Annotate(LoadOpen(*snapshot, *id, bytes, now_ms),
                                     fmt::format("family 'series', open series {}", *id))
                    : base::DataLoss("family 'series': a key of no open series");
        return status.ok();
      }));
  return status;
}

absl::Status SeriesStore::LoadDaysAndMetadata(const Snapshot& snapshot) {
  absl::Status status;
  const KeyRange days = SeriesDayKeys();
  SB_RETURN_IF_ERROR(snapshot.Scan(
      Family::kSeries, days.begin, days.end, [&](std::string_view key, std::string_view bytes) {
        const auto day = ReadSeriesDayKey(key);
        const auto summary = DecodeDaySummary(bytes);
        status = day ? summary.status() : base::DataLoss("family 'series': a key of no day");
        if (status.ok()) state_.days[*day] = *summary;
        return status.ok();
      }));
  SB_RETURN_IF_ERROR(status);
  auto book = std::make_shared<MetadataBook>();
  const KeyRange metrics = MetricMetadataKeys();
  SB_RETURN_IF_ERROR(snapshot.Scan(
      Family::kSeries, metrics.begin, metrics.end,
      [&](std::string_view key, std::string_view bytes) {
        const auto metric = ReadMetricMetadataKey(key);
        auto metadata = DecodeMetadata(metric.value_or(""), bytes);
        status = metric ? metadata.status() : base::DataLoss("family 'series': a key of no metric");
        if (status.ok()) book->emplace(*metric, *std::move(metadata));
        return status.ok();
      }));
  state_.metadata = std::move(book);
  return status;
}

absl::Status SeriesStore::LoadOpen(const Snapshot& snapshot, uint64_t id, std::string_view bytes,
                                   int64_t now_ms) {
  SB_ASSIGN_OR_RETURN(const OpenSeries open, DecodeOpenSeries(bytes));
  SB_ASSIGN_OR_RETURN(const auto stored, snapshot.Get(Family::kSeries, SeriesRecordKey(id)));
  if (!stored) return base::DataLoss("it has no labels; restore a backup");
  SB_ASSIGN_OR_RETURN(SeriesRecord record, DecodeSeriesRecord(*stored));
  auto series = std::make_unique<HeadSeries>(id, std::move(record.packed_labels));
  SetCover(*series, open.cover);
  series->heard_ms = now_ms;
  series->is_registered = true;
  series->is_dirty = false;
  SeriesData& data = *series->data;
  SB_RETURN_IF_ERROR(Fill(open.floats, open.has_kinds, data.floats));
  data.floats.SetSealedThrough(open.floats_sealed_through_ms);
  if (!open.histograms.empty() || open.histograms_sealed_through_ms != kNever) {
    data.histograms = std::make_unique<HeadColumn<HistogramCodec>>();
    SB_RETURN_IF_ERROR(Fill(open.histograms, open.has_kinds, *data.histograms));
    data.histograms->SetSealedThrough(open.histograms_sealed_through_ms);
  }
  if (!open.exemplars.empty()) {
    data.exemplars = std::make_unique<HeadColumn<ExemplarCodec>>();
    SB_RETURN_IF_ERROR(Fill(open.exemplars, open.has_kinds, *data.exemplars));
    // What came before its first is in chunks.
    data.exemplars->SetSealedThrough(data.exemplars->oldest_ms() - 1);
  }
  series->newest_ms = std::max(
      {NewestOf(&data.floats), NewestOf(data.histograms.get()), series->closed_through_ms});
  state_.known.next_id = std::max(state_.known.next_id, id + 1);
  const absl::MutexLock lock(&state_.mutex);
  state_.head.Add(std::move(series));
  return absl::OkStatus();
}

absl::StatusOr<HeadSeries*> SeriesStore::Replayed(uint64_t id, uint64_t sequence) {
  HeadSeries* series = state_.head.FindById(id);
  if (series != nullptr) return series->covered_sequence >= sequence ? nullptr : series;
  SB_ASSIGN_OR_RETURN(const auto stored, state_.store.Get(Family::kSeries, SeriesRecordKey(id)));
  if (stored) {
    SB_ASSIGN_OR_RETURN(const SeriesRecord record, DecodeSeriesRecord(*stored));
    if (record.cover.sequence >= sequence) return nullptr;  // it left the head after this
  }
  return base::DataLoss(
      "record {} has a sample of series {}, which nothing defines; restore a backup", sequence, id);
}

absl::Status SeriesStore::Replay(uint64_t sequence, std::string_view bytes, int64_t now_ms) {
  SB_ASSIGN_OR_RETURN(SamplePart part, ReadSamplePart(bytes));
  for (SeriesDefinition& definition : part.definitions) {
    state_.known.next_id = std::max(state_.known.next_id, definition.id + 1);
    if (state_.head.FindById(definition.id) != nullptr) continue;
    SB_ASSIGN_OR_RETURN(const auto known, FindInStore(state_.store, definition.packed_labels));
    const bool is_stored = known && known->id == definition.id;
    if (is_stored && known->cover.sequence >= sequence) continue;  // it has left since
    auto series = std::make_unique<HeadSeries>(definition.id, std::move(definition.packed_labels));
    if (is_stored) {
      SetCover(*series, known->cover);
      series->data->floats.SetSealedThrough(known->cover.samples_through_ms);
      series->is_registered = true;
    }
    const absl::MutexLock lock(&state_.mutex);
    state_.head.Add(std::move(series));
  }
  const auto each = [&](auto& samples, auto&& apply) -> absl::Status {
    for (auto& sample : samples) {
      SB_ASSIGN_OR_RETURN(HeadSeries * series, Replayed(sample.series, sequence));
      if (series == nullptr) continue;
      const absl::MutexLock lock(&state_.mutex);
      series->heard_ms = now_ms;
      apply(state_, *series, sample.time_ms, std::move(sample.value));
    }
    return absl::OkStatus();
  };
  SB_RETURN_IF_ERROR(each(part.floats, ApplyFloat));
  SB_RETURN_IF_ERROR(each(part.histograms, ApplyHistogram));
  SB_RETURN_IF_ERROR(each(part.exemplars, ApplyExemplar));
  const absl::MutexLock lock(&state_.mutex);
  ApplyMetadata(state_, std::move(part.metadata));
  state_.log_bytes += bytes.size();
  return absl::OkStatus();
}

absl::StatusOr<uint64_t> SeriesStore::AddCheckpoint(int64_t now_ms, uint64_t sequence, Batch& batch,
                                                    CheckpointPace pace) {
  SB_RETURN_IF_ERROR(checkpoint_.Add(now_ms, sequence, pace, batch));
  SB_RETURN_IF_ERROR(retention_.Add(now_ms, batch));
  return checkpoint_.next_covered_sequence();
}

void SeriesStore::CheckpointWritten() {
  checkpoint_.Written();
  retention_.Written();
}

void SeriesStore::CheckpointFailed() {
  checkpoint_.Failed();
  retention_.Failed();
}

std::unique_ptr<SeriesSnapshot> SeriesStore::TakeSnapshot(const ReadLimits& limits,
                                                          std::stop_token stop) const {
  return std::make_unique<HeadSnapshot>(state_, limits, std::move(stop));
}

SeriesStore::Counts SeriesStore::counts() const {
  const absl::ReaderMutexLock lock(&state_.mutex);
  Counts counts{.living_series = state_.head.size(),
                .label_bytes = state_.head.label_bytes(),
                .next_id = state_.known.next_id,
                .days_dropped = retention_.days_dropped(),
                .rounds = checkpoint_.rounds(),
                .written = state_.counts};
  for (const auto& [day, summary] : state_.days) {
    counts.stored_samples += summary.samples;
    counts.stored_bytes += summary.bytes;
  }
  return counts;
}

uint64_t SeriesStore::SampleMemory() const {
  const absl::ReaderMutexLock lock(&state_.mutex);
  uint64_t bytes = 0;
  for (uint32_t slot = 0; slot < state_.head.slots(); ++slot) {
    const HeadSeries* series = state_.head.FindBySlot(slot);
    if (series != nullptr) bytes += series->data->memory_bytes();
  }
  return bytes;
}

}  // namespace slowburn::storage
