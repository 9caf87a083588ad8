#include "storage/series/series_checkpoint.h"

#include <algorithm>
#include <limits>

#include "base/status.h"

namespace slowburn::storage {
namespace {

constexpr int64_t kDayMs = 24 * 3600 * 1000;
// Histograms are large: a chunk of as many as of floats would be read whole for a few of them.
constexpr size_t kHistogramShare = 4;
constexpr int64_t kEnd = std::numeric_limits<int64_t>::max();
// Less of what waits in the log is worth no haste, and so small a share of it that comes meanwhile
// is no load.
constexpr uint64_t kHasteLogBytes = 1 << 20;
constexpr uint64_t kQuietShare = 256;
constexpr size_t kFinishSlices = 32;  // at once

int64_t DayEnd(int64_t time_ms) { return (time_ms / kDayMs + 1) * kDayMs; }

int64_t LatestOf(int64_t a, int64_t b) { return std::max(a, b); }

// Where the chunk that begins at `from` ends, or `from` where there is none to write yet: as many
// as a chunk holds, or what is left of a day to which nothing comes any more.
size_t ChunkEnd(const std::vector<int64_t>& times_ms, size_t from, size_t old, size_t samples_max,
                int64_t cut_ms) {
  const int64_t day_end_ms = DayEnd(times_ms[from]);
  const auto end = static_cast<size_t>(
      std::lower_bound(times_ms.begin() + static_cast<std::ptrdiff_t>(from),
                       times_ms.begin() + static_cast<std::ptrdiff_t>(old), day_end_ms) -
      times_ms.begin());
  const bool is_day_over = cut_ms >= day_end_ms - 1;
  const size_t count = end - from;
  if (is_day_over && count < samples_max + samples_max / 2) return end;
  return count >= samples_max ? from + samples_max : from;
}

}  // namespace

void SeriesCheckpoint::BeginRound(int64_t now_ms, uint64_t sequence) {
  in_round_ = true;
  round_sequence_ = sequence;
  round_begin_ms_ = now_ms;
  round_log_bytes_ = state_.log_bytes;
  round_log_share_ = std::clamp(round_open_bytes_, state_.options.round_log_bytes_min,
                                state_.options.round_log_bytes_max);
  round_open_bytes_ = 0;
  cursor_ = 0;
}

// A load is over, and what it left in the log waits for nothing but the end of the round.
bool SeriesCheckpoint::IsQuiet(int64_t now_ms) {
  const uint64_t waiting = state_.log_bytes - state_.log_bytes_covered;
  if (waiting < kHasteLogBytes) {
    is_quiet_ = false;
  } else if (now_ms - looked_ms_ >= state_.options.quiet.count()) {
    is_quiet_ = looked_ms_ != 0 && (state_.log_bytes - looked_log_bytes_) * kQuietShare < waiting;
  } else {
    return is_quiet_;
  }
  looked_ms_ = now_ms;
  looked_log_bytes_ = state_.log_bytes;
  return is_quiet_;
}

// How far the round should be by now: in even steps, so that no call has much to do.
uint32_t SeriesCheckpoint::Goal(int64_t now_ms) const {
  if (is_finishing_ || is_quiet_) return state_.head.slots();
  const auto share = [](double done, double all) { return all <= 0 ? 1.0 : done / all; };
  const double by_time = share(static_cast<double>(now_ms - round_begin_ms_),
                               static_cast<double>(state_.options.round.count()));
  const double by_log = share(static_cast<double>(state_.log_bytes - round_log_bytes_),
                              static_cast<double>(round_log_share_));
  const double done = std::clamp(std::max(by_time, by_log), 0.0, 1.0);
  return static_cast<uint32_t>(done * static_cast<double>(state_.head.slots()));
}

absl::Status SeriesCheckpoint::Add(int64_t now_ms, uint64_t sequence, CheckpointPace pace,
                                   Batch& batch) {
  Forget();
  // Nothing comes any more: one round from here on covers all there is.
  const bool begins_last = pace == CheckpointPace::kFinish && !is_finishing_;
  is_finishing_ = pace == CheckpointPace::kFinish;
  IsQuiet(now_ms);
  if (!in_round_ || begins_last) BeginRound(now_ms, sequence);
  sequence_ = sequence;
  next_covered_ = state_.known.covered_sequence;
  days_ = state_.days;
  const uint32_t goal = Goal(now_ms);
  const size_t slices = is_finishing_ ? kFinishSlices : 1;
  uint32_t at = cursor_;
  for (; at < goal && visited_.size() < slices * state_.options.slice_series_max &&
         bytes_ < slices * state_.options.slice_bytes_max &&
         samples_ < slices * state_.options.slice_samples_max;
       ++at) {
    HeadSeries* series = state_.head.FindBySlot(at);
    if (series == nullptr || !IsDue(*series, now_ms)) continue;
    SB_RETURN_IF_ERROR(VisitSeries(*series, now_ms, sequence, batch));
  }
  next_cursor_ = at;
  ends_round_ = at >= state_.head.slots();
  if (ends_round_) next_covered_ = std::max(next_covered_, round_sequence_);
  SB_ASSIGN_OR_RETURN(const uint64_t posting_bytes, postings_.Put(state_.store, batch));
  if (!days_.empty()) days_.rbegin()->second.bytes += posting_bytes;
  for (const auto& [day, summary] : days_) {
    const auto known = state_.days.find(day);
    if (known != state_.days.end() && known->second.chunks == summary.chunks &&
        known->second.bytes == summary.bytes) {
      continue;
    }
    batch.Put(Family::kSeries, SeriesDayKey(day), EncodeDaySummary(summary));
  }
  PutMetadata(batch);
  // Always: that it is there says that checkpoints leave to the log what series need of it.
  batch.Put(Family::kSeries, SeriesStateKey(),
            EncodeSeriesState({state_.known.next_id, next_covered_}));
  return absl::OkStatus();
}

bool SeriesCheckpoint::IsDue(const HeadSeries& series, int64_t now_ms) const {
  if (series.is_closed) return state_.head.CanRemove(series);  // it only has to leave
  return series.is_dirty || now_ms - series.heard_ms >= state_.options.silence_max.count();
}

absl::Status SeriesCheckpoint::VisitSeries(HeadSeries& series, int64_t now_ms, uint64_t sequence,
                                           Batch& batch) {
  Visit visit{.series = series, .result = {.slot = series.slot, .posted_day = series.posted_day}};
  if (series.is_closed) {
    visit.result.is_closed = true;
    visited_.push_back(visit.result);
    return absl::OkStatus();
  }
  visit.is_closing = now_ms - series.heard_ms >= state_.options.silence_max.count();
  visit.cut_ms = visit.is_closing || series.newest_ms == kNever
                     ? kEnd
                     : series.newest_ms - state_.options.late_max.count();
  SealHot(visit);
  const SeriesData& data = *series.data;
  const size_t samples_max = state_.options.chunk_samples;
  OpenSeries open;
  Visited& result = visit.result;
  result.floats_through_ms =
      Seal(visit, &data.floats, ChunkKey::Kind::kFloats, samples_max, open.floats, batch);
  result.histograms_through_ms =
      Seal(visit, data.histograms.get(), ChunkKey::Kind::kHistograms,
           std::max<size_t>(1, samples_max / kHistogramShare), open.histograms, batch);
  // Exemplars come in order: what there is may be written at once, and is, when it is enough.
  if (!visit.is_closing) visit.cut_ms = std::min(now_ms, series.newest_exemplar_ms);
  result.exemplars_through_ms = Seal(visit, data.exemplars.get(), ChunkKey::Kind::kExemplars,
                                     samples_max, open.exemplars, batch);
  result.is_closed = visit.is_closing;
  open.cover = {.sequence = sequence,
                .samples_through_ms = std::max({series.closed_through_ms, result.floats_through_ms,
                                                result.histograms_through_ms}),
                .exemplars_through_ms = series.newest_exemplar_ms};
  open.floats_sealed_through_ms =
      LatestOf(data.floats.sealed_through_ms(), result.floats_through_ms);
  open.histograms_sealed_through_ms =
      data.histograms == nullptr
          ? kNever
          : LatestOf(data.histograms->sealed_through_ms(), result.histograms_through_ms);
  if (!series.is_registered || visit.is_closing) {
    SB_RETURN_IF_ERROR(Register(series, visit.is_closing ? open.cover : SeriesCover{}, batch));
  }
  if (visit.is_closing) {
    batch.Delete(Family::kSeries, OpenSeriesKey(series.id));
  } else {
    std::string bytes = EncodeOpenSeries(open);
    bytes_ += bytes.size();
    open_bytes_ += bytes.size();
    batch.Put(Family::kSeries, OpenSeriesKey(series.id), std::move(bytes));
  }
  visited_.push_back(result);
  return absl::OkStatus();
}

template <typename Codec>
bool SeriesCheckpoint::HasChunk(const Visit& visit, const HeadColumn<Codec>& column,
                                size_t samples_max) const {
  return column.CountThrough(visit.cut_ms) >= samples_max ||
         visit.cut_ms >= DayEnd(column.oldest_ms()) - 1;
}

// What it will write as it stands is sealed first, where that is worth it: also in memory, so that
// it is done once. (Exemplars and histograms are few.)
void SeriesCheckpoint::SealHot(Visit& visit) {
  const HeadColumn<FloatCodec>& floats = visit.series.data->floats;
  const bool all = is_finishing_ || is_quiet_;
  if (!floats.WantsSealing(all) || HasChunk(visit, floats, state_.options.chunk_samples)) return;
  HeadColumn<FloatCodec> sealed = floats.Sealed(all);
  samples_ += std::min(floats.CountThrough(kEnd), FloatCodec::kSealedSamples);
  const absl::MutexLock lock(&state_.mutex);
  state_.head.Change(visit.series).floats = std::move(sealed);
}

// Returns the time of the last sample that goes into a chunk, or kNever; `open` gets the rest.
template <typename Codec>
int64_t SeriesCheckpoint::Seal(Visit& visit, const HeadColumn<Codec>* column, ChunkKey::Kind kind,
                               size_t samples_max, std::string& open, Batch& batch) {
  if (column == nullptr || column->empty()) return kNever;
  if (!HasChunk(visit, *column, samples_max)) {
    column->AppendBlocks(open);  // mostly: there is nothing to seal
    return kNever;
  }
  std::vector<int64_t> times_ms;
  typename Codec::Many values;
  column->CopyAll(times_ms, values);
  const auto old = static_cast<size_t>(
      std::upper_bound(times_ms.begin(), times_ms.end(), visit.cut_ms) - times_ms.begin());
  samples_ += times_ms.size();
  size_t from = 0;
  while (from < old) {
    const size_t end = ChunkEnd(times_ms, from, old, samples_max, visit.cut_ms);
    if (end == from) break;
    const ChunkKey key{static_cast<uint32_t>(times_ms[from] / kDayMs), visit.series.id, kind,
                       times_ms[from]};
    PutChunk(visit, key, times_ms[end - 1], end - from,
             Codec::Seal(std::span(times_ms).subspan(from, end - from),
                         Codec::Slice(values, from, end - from)),
             batch);
    from = end;
  }
  HeadColumn<Codec>::AppendAsBlocks(times_ms, values, from, open);
  return from == 0 ? kNever : times_ms[from - 1];
}

void SeriesCheckpoint::PutChunk(Visit& visit, const ChunkKey& key, int64_t end_ms, size_t samples,
                                std::string chunk, Batch& batch) {
  std::string bytes = key.Encode();
  DaySummary& day = days_[key.day];
  ++day.chunks;
  day.samples += samples;
  day.bytes += bytes.size() + chunk.size();
  day.min_time_ms = std::min(day.min_time_ms, key.start_ms);
  day.max_time_ms = std::max(day.max_time_ms, end_ms);
  bytes_ += bytes.size() + chunk.size();
  batch.Put(Family::kChunks, std::move(bytes), std::move(chunk));
  if (key.day != visit.result.posted_day) {
    postings_.Add(key.day, visit.series.id, visit.series.packed_labels);
    visit.result.posted_day = key.day;
  }
}

absl::Status SeriesCheckpoint::Register(const HeadSeries& series, const SeriesCover& cover,
                                        Batch& batch) {
  batch.Put(Family::kSeries, SeriesRecordKey(series.id),
            EncodeSeriesRecord({cover, series.packed_labels}));
  if (series.is_registered) return absl::OkStatus();
  const SeriesKey hash = KeyOfLabels(series.packed_labels);
  const std::string key = SeriesHashKey(hash.high, hash.low);
  SB_ASSIGN_OR_RETURN(const auto listed, state_.store.Get(Family::kSeries, key));
  std::vector<uint64_t> ids;
  if (listed) {
    SB_ASSIGN_OR_RETURN(ids, DecodeSeriesIds(*listed));
  }
  if (std::find(ids.begin(), ids.end(), series.id) == ids.end()) {
    ids.push_back(series.id);
    batch.Put(Family::kSeries, key, EncodeSeriesIds(ids));
  }
  return absl::OkStatus();
}

void SeriesCheckpoint::PutMetadata(Batch& batch) {
  for (const std::string& metric : state_.changed_metadata) {
    const auto found = state_.metadata->find(metric);
    if (found == state_.metadata->end()) continue;
    batch.Put(Family::kSeries, MetricMetadataKey(metric), EncodeMetadata(found->second));
  }
}

void SeriesCheckpoint::Written() {
  const absl::MutexLock lock(&state_.mutex);
  for (const Visited& visited : visited_) {
    HeadSeries* series = state_.head.FindBySlot(visited.slot);
    if (series == nullptr) continue;
    if (series->is_closed) {  // visited for the second time: nobody needs it here
      if (state_.head.CanRemove(*series)) state_.head.Remove(*series);
      continue;
    }
    const bool drops = std::max({visited.floats_through_ms, visited.histograms_through_ms,
                                 visited.exemplars_through_ms}) != kNever;
    if (drops) {
      SeriesData& data = state_.head.Change(*series);
      if (visited.floats_through_ms != kNever) data.floats.DropThrough(visited.floats_through_ms);
      if (visited.histograms_through_ms != kNever) {
        data.histograms->DropThrough(visited.histograms_through_ms);
      }
      if (visited.exemplars_through_ms != kNever) {
        data.exemplars->DropThrough(visited.exemplars_through_ms);
      }
    }
    series->closed_through_ms = std::max(
        {series->closed_through_ms, visited.floats_through_ms, visited.histograms_through_ms});
    series->covered_sequence = sequence_;
    series->posted_day = visited.posted_day;
    series->is_registered = true;
    series->is_dirty = false;
    series->is_closed = visited.is_closed;
  }
  state_.days = std::move(days_);
  state_.changed_metadata.clear();
  state_.known.covered_sequence = next_covered_;
  cursor_ = next_cursor_;
  round_open_bytes_ += open_bytes_;
  if (ends_round_) {
    in_round_ = false;
    state_.log_bytes_covered = std::max(state_.log_bytes_covered, round_log_bytes_);
    ++rounds_;
  }
  Forget();
}

void SeriesCheckpoint::Forget() {
  visited_.clear();
  days_.clear();
  postings_ = PostingsWriter();
  bytes_ = 0;
  open_bytes_ = 0;
  samples_ = 0;
}

}  // namespace slowburn::storage
