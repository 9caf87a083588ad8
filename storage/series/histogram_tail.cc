#include "storage/series/histogram_tail.h"

#include <algorithm>

#include "storage/series/internal/block_times.h"

namespace slowburn::storage {
namespace {

constexpr size_t kSamplesMostly = 16;  // of a tail that is full

}  // namespace

template <typename Visit>
void HistogramTail::Unpack(size_t count, Visit&& visit) const {
  internal::ByteReader in(bytes_);
  HistogramUnpacker unpacker;
  model::NativeHistogramView histogram;
  for (size_t i = 0; i < count; ++i) {
    unpacker.Read(in, histogram);  // They were packed here, so they can be unpacked.
    visit(i, histogram);
  }
}

void HistogramTail::Prefetch() const {
  __builtin_prefetch(times_ms_.data() + times_ms_.size(), /*for writing*/ 1);
  __builtin_prefetch(bytes_.data() + bytes_.size(), /*for writing*/ 1);
  packer_.Prefetch();
}

void HistogramTail::Append(int64_t time_ms, const model::NativeHistogramView& histogram) {
  if (times_ms_.capacity() == 0) times_ms_.reserve(kSamplesMostly);
  times_ms_.push_back(time_ms);
  if (packer_.Put(histogram, bytes_)) packed_last_ = times_ms_.size();
}

void HistogramTail::Insert(int64_t time_ms, const model::NativeHistogramView& histogram) {
  const size_t at = CountBefore(time_ms, /*or_at=*/false);
  if (at == size()) return Append(time_ms, histogram);
  std::vector<Value> histograms = Unpack(size());
  std::vector<int64_t> times_ms = times_ms_;
  histograms.insert(histograms.begin() + static_cast<std::ptrdiff_t>(at), Value(histogram));
  times_ms.insert(times_ms.begin() + static_cast<std::ptrdiff_t>(at), time_ms);
  Pack(times_ms, histograms);
}

void HistogramTail::Clear() {
  times_ms_.clear();
  bytes_.clear();
  packer_.Reset();
  packed_last_ = 0;
}

void HistogramTail::DropThrough(int64_t time_ms) {
  const auto drop = static_cast<std::ptrdiff_t>(CountThrough(time_ms));
  if (drop == 0) return;
  std::vector<Value> histograms = Unpack(size());
  histograms.erase(histograms.begin(), histograms.begin() + drop);
  Pack({times_ms_.begin() + drop, times_ms_.end()}, histograms);
}

std::optional<HistogramTail::Value> HistogramTail::Find(int64_t time_ms) const {
  const size_t before = CountBefore(time_ms, /*or_at=*/false);
  if (before == size() || times_ms_[before] != time_ms) return std::nullopt;
  if (before + 1 == packed_last_) return packer_.Last();
  std::optional<Value> found;
  Unpack(before + 1, [&](size_t i, const model::NativeHistogramView& histogram) {
    if (i == before) found = Value(histogram);
  });
  return found;
}

std::vector<HistogramTail::Value> HistogramTail::Unpack(size_t count) const {
  std::vector<Value> histograms;
  histograms.reserve(count);
  Unpack(count, [&](size_t, const model::NativeHistogramView& histogram) {
    histograms.emplace_back(histogram);
  });
  return histograms;
}

template <typename Add>
void HistogramTail::CopyTo(TimeRange range, std::vector<int64_t>& times_ms, Add&& add) const {
  const size_t from = CountBefore(range.begin_ms, /*or_at=*/false);
  const size_t to = CountBefore(range.end_ms, /*or_at=*/false);
  if (from >= to) return;
  Unpack(to, [&](size_t i, const model::NativeHistogramView& histogram) {
    if (i < from) return;
    times_ms.push_back(times_ms_[i]);
    add(histogram);
  });
}

void HistogramTail::Copy(TimeRange range, std::vector<int64_t>& times_ms,
                         std::vector<Value>& values) const {
  CopyTo(range, times_ms, [&](const auto& histogram) { values.emplace_back(histogram); });
}

void HistogramTail::Copy(TimeRange range, std::vector<int64_t>& times_ms,
                         model::NativeHistogramList& values) const {
  CopyTo(range, times_ms, [&](const auto& histogram) { values.Add(histogram); });
}

void HistogramTail::MoveToBlock(std::string& out) {
  internal::PutTimes(out, times_ms_);
  out += bytes_;
  Clear();
}

size_t HistogramTail::CountBefore(int64_t time_ms, bool or_at) const {
  const auto at = or_at ? std::ranges::upper_bound(times_ms_, time_ms)
                        : std::ranges::lower_bound(times_ms_, time_ms);
  return static_cast<size_t>(at - times_ms_.begin());
}

void HistogramTail::Pack(const std::vector<int64_t>& times_ms,
                         const std::vector<Value>& histograms) {
  Clear();
  for (size_t i = 0; i < times_ms.size(); ++i) Append(times_ms[i], histograms[i]);
}

}  // namespace slowburn::storage
