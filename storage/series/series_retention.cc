#include "storage/series/series_retention.h"

#include <algorithm>
#include <vector>

#include "base/status.h"
#include "storage/api/series_keys.h"
#include "storage/series/postings_block.h"

namespace slowburn::storage {
namespace {

constexpr int64_t kDayMs = 24 * 3600 * 1000;
constexpr size_t kSeriesPerCall = 4096;

absl::StatusOr<std::vector<uint16_t>> SeriesOfDay(const Store& store, uint32_t day,
                                                  uint64_t block) {
  std::vector<uint16_t> numbers;
  SB_ASSIGN_OR_RETURN(const auto stored,
                      store.Get(Family::kPostings, PostingsKey{day, "", "", block}.Encode()));
  if (stored) SB_RETURN_IF_ERROR(DecodePostings(*stored, numbers));
  return numbers;
}

}  // namespace

std::optional<uint32_t> SeriesRetention::DueDay(int64_t now_ms) const {
  if (dropping_) return dropping_;
  if (state_.days.empty()) return std::nullopt;
  const uint32_t oldest = state_.days.begin()->first;
  if ((int64_t{oldest} + 1) * kDayMs <= now_ms - state_.options.retention.count()) return oldest;
  uint64_t bytes = 0;
  for (const auto& [day, summary] : state_.days) bytes += summary.bytes;
  const bool is_over = state_.options.retention_bytes > 0 && bytes > state_.options.retention_bytes;
  // The newest day is being written: it stays, whatever it takes.
  return is_over && state_.days.size() > 1 ? std::optional(oldest) : std::nullopt;
}

absl::Status SeriesRetention::Add(int64_t now_ms, Batch& batch) {
  drops_day_ = false;
  planned_series_ = next_series_;
  dropping_ = DueDay(now_ms);
  if (!dropping_) return absl::OkStatus();
  SB_RETURN_IF_ERROR(DropSeries(*dropping_, batch));
  if (!drops_day_) return absl::OkStatus();
  const KeyRange chunks = ChunksOfDay(*dropping_);
  const KeyRange postings = PostingsOfDay(*dropping_);
  batch.DeleteRange(Family::kChunks, chunks.begin, chunks.end);
  batch.DeleteRange(Family::kPostings, postings.begin, postings.end);
  batch.Delete(Family::kSeries, SeriesDayKey(*dropping_));
  return absl::OkStatus();
}

// Ids grow with time, so what a day had and no later day has is found a block at a time.
absl::Status SeriesRetention::DropSeries(uint32_t day, Batch& batch) {
  size_t dropped = 0;
  for (uint64_t block = next_series_ / kPostingsBlock;
       block * kPostingsBlock < state_.known.next_id; ++block) {
    SB_ASSIGN_OR_RETURN(std::vector<uint16_t> numbers, SeriesOfDay(state_.store, day, block));
    for (auto later = state_.days.upper_bound(day); later != state_.days.end() && !numbers.empty();
         ++later) {
      SB_ASSIGN_OR_RETURN(const auto others, SeriesOfDay(state_.store, later->first, block));
      std::vector<uint16_t> left;
      std::set_difference(numbers.begin(), numbers.end(), others.begin(), others.end(),
                          std::back_inserter(left));
      numbers = std::move(left);
    }
    for (const uint16_t number : numbers) {
      const uint64_t series = block * kPostingsBlock + number;
      if (series < next_series_ || state_.head.FindById(series) != nullptr) continue;
      SB_RETURN_IF_ERROR(Forget(series, batch));
      planned_series_ = series + 1;
      if (++dropped == kSeriesPerCall) return absl::OkStatus();
    }
    planned_series_ = (block + 1) * kPostingsBlock;
  }
  drops_day_ = true;
  return absl::OkStatus();
}

absl::Status SeriesRetention::Forget(uint64_t series, Batch& batch) const {
  SB_ASSIGN_OR_RETURN(const auto stored,
                      state_.store.Get(Family::kSeries, SeriesRecordKey(series)));
  if (!stored) return absl::OkStatus();
  SB_ASSIGN_OR_RETURN(const SeriesRecord record, DecodeSeriesRecord(*stored));
  const SeriesKey hash = KeyOfLabels(record.packed_labels);
  const std::string key = SeriesHashKey(hash.high, hash.low);
  batch.Delete(Family::kSeries, SeriesRecordKey(series));
  SB_ASSIGN_OR_RETURN(const auto listed, state_.store.Get(Family::kSeries, key));
  if (!listed) return absl::OkStatus();
  SB_ASSIGN_OR_RETURN(std::vector<uint64_t> ids, DecodeSeriesIds(*listed));
  std::erase(ids, series);
  if (ids.empty()) {
    batch.Delete(Family::kSeries, key);
  } else {
    batch.Put(Family::kSeries, key, EncodeSeriesIds(ids));
  }
  return absl::OkStatus();
}

void SeriesRetention::Written() {
  next_series_ = planned_series_;
  if (!drops_day_) return;
  const absl::MutexLock lock(&state_.mutex);
  state_.days.erase(*dropping_);
  dropping_.reset();
  next_series_ = 0;
  drops_day_ = false;
  ++days_dropped_;
}

void SeriesRetention::Failed() {
  planned_series_ = next_series_;
  drops_day_ = false;
}

}  // namespace slowburn::storage
