// storage/series/sample_tail.h: the newest few samples of a column, each as it is.
//
// Room     storage/series
// Uses     storage/series
// Threads  one writer; a copy is another value
// Units    unix milliseconds
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "storage/api/series_reader.h"

namespace slowburn::storage {

// By ascending time. `kEncode` packs them as a block.
template <typename Value, auto kEncode>
class SampleTail {
 public:
  bool empty() const { return samples_.empty(); }
  size_t size() const { return samples_.size(); }
  // Of a tail that is not empty.
  int64_t oldest_ms() const { return samples_.front().first; }
  int64_t newest_ms() const { return samples_.back().first; }

  // Asks for the memory that Append will write to.
  void Prefetch() const {
    __builtin_prefetch(samples_.data() + samples_.size(), /*for writing*/ 1);
  }
  // `time_ms` is after every other.
  void Append(int64_t time_ms, Value value) { samples_.emplace_back(time_ms, std::move(value)); }
  // No sample has this time.
  void Insert(int64_t time_ms, Value value) {
    samples_.emplace(At(time_ms), time_ms, std::move(value));
  }
  void DropThrough(int64_t time_ms) {
    std::erase_if(samples_, [&](const auto& sample) { return sample.first <= time_ms; });
  }

  std::optional<Value> Find(int64_t time_ms) const {
    const auto at = At(time_ms);
    if (at == samples_.end() || at->first != time_ms) return std::nullopt;
    return at->second;
  }
  // The newest one before `time_ms` that `accept(value)` takes.
  template <typename Accept>
  std::optional<std::pair<int64_t, Value>> LastBefore(int64_t time_ms, Accept&& accept) const {
    for (auto at = At(time_ms); at != samples_.begin();) {
      --at;
      if (accept(at->second)) return *at;
    }
    return std::nullopt;
  }
  // Appends those of the range.
  void Copy(TimeRange range, std::vector<int64_t>& times_ms, std::vector<Value>& values) const {
    for (auto at = At(range.begin_ms); at != samples_.end() && at->first < range.end_ms; ++at) {
      times_ms.push_back(at->first);
      values.push_back(at->second);
    }
  }
  size_t CountThrough(int64_t time_ms) const {
    const auto later =
        std::partition_point(samples_.begin(), samples_.end(),
                             [&](const auto& sample) { return sample.first <= time_ms; });
    return static_cast<size_t>(later - samples_.begin());
  }
  // Appends all of them as a block that is hot, and is empty.
  void MoveToBlock(std::string& out) {
    // Scratch: once for every block that fills.
    thread_local std::vector<int64_t> times_ms;
    thread_local std::vector<Value> values;
    times_ms.clear();
    values.clear();
    for (auto& [time_ms, value] : samples_) {
      times_ms.push_back(time_ms);
      values.push_back(std::move(value));
    }
    kEncode(times_ms, values, out);
    samples_.clear();
  }

  size_t memory_bytes() const { return samples_.capacity() * sizeof(samples_[0]); }

 private:
  auto At(int64_t time_ms) const {
    return std::partition_point(samples_.begin(), samples_.end(),
                                [&](const auto& sample) { return sample.first < time_ms; });
  }

  std::vector<std::pair<int64_t, Value>> samples_;
};

}  // namespace slowburn::storage
