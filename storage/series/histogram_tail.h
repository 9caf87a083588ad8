// storage/series/histogram_tail.h: the newest few histograms of a column, packed as they come.
//
// Room     storage/series
// Uses     model/, storage/series
// Threads  one writer; a copy is another value
// Units    unix milliseconds
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/native_histogram_list.h"
#include "storage/api/series_reader.h"
#include "storage/series/histogram_packer.h"

namespace slowburn::storage {

// As SampleTail. A histogram has no memory of its own here: what it is against the one before is
// appended to one string, which is the values of the block that the tail becomes. Whoever wants a
// single one unpacks those before it, but for the newest.
class HistogramTail {
 public:
  using Value = model::NativeHistogram;

  bool empty() const { return times_ms_.empty(); }
  size_t size() const { return times_ms_.size(); }
  int64_t oldest_ms() const { return times_ms_.front(); }
  int64_t newest_ms() const { return times_ms_.back(); }

  void Prefetch() const;
  void Append(int64_t time_ms, const model::NativeHistogramView& histogram);
  void Insert(int64_t time_ms, const model::NativeHistogramView& histogram);
  void DropThrough(int64_t time_ms);

  std::optional<Value> Find(int64_t time_ms) const;
  template <typename Accept>
  std::optional<std::pair<int64_t, Value>> LastBefore(int64_t time_ms, Accept&& accept) const;
  void Copy(TimeRange range, std::vector<int64_t>& times_ms, std::vector<Value>& values) const;
  void Copy(TimeRange range, std::vector<int64_t>& times_ms,
            model::NativeHistogramList& values) const;
  size_t CountThrough(int64_t time_ms) const { return CountBefore(time_ms, /*or_at=*/true); }
  void MoveToBlock(std::string& out);

  size_t memory_bytes() const {
    return times_ms_.capacity() * sizeof(int64_t) + bytes_.capacity() + packer_.memory_bytes();
  }

 private:
  void Clear();
  size_t CountBefore(int64_t time_ms, bool or_at) const;
  // Calls `visit(i, histogram)` for the first so many.
  template <typename Visit>
  void Unpack(size_t count, Visit&& visit) const;
  std::vector<Value> Unpack(size_t count) const;
  template <typename Add>
  void CopyTo(TimeRange range, std::vector<int64_t>& times_ms, Add&& add) const;
  void Pack(const std::vector<int64_t>& times_ms, const std::vector<Value>& histograms);

  std::vector<int64_t> times_ms_;
  std::string bytes_;
  HistogramPacker packer_;
  size_t packed_last_ = 0;  // how many there were when the packer's last one had been put
};

template <typename Accept>
std::optional<std::pair<int64_t, HistogramTail::Value>> HistogramTail::LastBefore(
    int64_t time_ms, Accept&& accept) const {
  size_t count = CountBefore(time_ms, /*or_at=*/false);
  if (count > 0 && count == packed_last_) {
    Value last = packer_.Last();
    if (accept(last)) return std::pair(times_ms_[count - 1], std::move(last));
    --count;
  }
  std::vector<Value> histograms = Unpack(count);
  for (; count > 0; --count) {
    Value& histogram = histograms[count - 1];
    if (accept(histogram)) return std::pair(times_ms_[count - 1], std::move(histogram));
  }
  return std::nullopt;
}

}  // namespace slowburn::storage
