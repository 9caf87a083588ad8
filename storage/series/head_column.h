// storage/series/head_column.h: the newest samples of one series and kind, in memory and in order.
//
// Room     storage/series
// Uses     storage/series
// Threads  one writer; a copy is another value
// Units    unix milliseconds
#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "model/native_histogram.h"
#include "storage/api/series_reader.h"
#include "storage/series/exemplar_block.h"
#include "storage/series/float_block.h"
#include "storage/series/histogram_block.h"
#include "storage/series/internal/bytes.h"

namespace slowburn::storage {

// How a kind of sample is packed, and how many make a block. (A block of 32 floats is nearly as
// small a sample as a larger one, and the tail before it is 16 bytes a sample.)
struct FloatCodec {
  using Value = double;
  static constexpr size_t kBlockSamples = 32;
  static constexpr auto Encode = EncodeFloats;
  static constexpr auto Decode = DecodeFloats;
};
struct HistogramCodec {
  using Value = model::NativeHistogram;
  static constexpr size_t kBlockSamples = 16;
  static constexpr auto Encode = EncodeHistograms;
  static constexpr auto Decode = DecodeHistograms;
};
struct ExemplarCodec {
  using Value = ExemplarValue;
  static constexpr size_t kBlockSamples = 16;
  static constexpr auto Encode = EncodeExemplars;
  static constexpr auto Decode = DecodeExemplars;
};

// Blocks, packed one after the other, and a tail of single samples behind them. A sample that comes
// late goes into the block where it belongs, so that reading never sorts.
template <typename Codec>
class HeadColumn {
 public:
  using Value = typename Codec::Value;

  bool empty() const { return blocks_.empty() && tail_.empty(); }
  // Of a column that is not empty.
  int64_t oldest_ms() const {
    return blocks_.empty() ? tail_.front().first : blocks_.front().min_ms;
  }
  int64_t newest_ms() const { return tail_.empty() ? blocks_.back().max_ms : tail_.back().first; }
  bool Overlaps(TimeRange range) const {
    return !empty() && oldest_ms() < range.end_ms && newest_ms() >= range.begin_ms;
  }
  // Samples up to here are in the store and no longer here.
  int64_t sealed_through_ms() const { return sealed_through_ms_; }

  // `time_ms` is after every other.
  void Append(int64_t time_ms, Value value);
  // No sample has this time.
  void Insert(int64_t time_ms, Value value);
  std::optional<Value> Find(int64_t time_ms) const;
  // The newest sample before `time_ms` that `accept(value)` takes; looked for in the tail and one
  // block, no further.
  template <typename Accept>
  std::optional<std::pair<int64_t, Value>> LastBefore(int64_t time_ms, Accept&& accept) const;
  // Appends the samples of the range.
  void Copy(TimeRange range, std::vector<int64_t>& times_ms, std::vector<Value>& values) const;
  // No fewer than there are up to then, and at most a block more.
  size_t CountThrough(int64_t time_ms) const;
  // Appends all of it as blocks, each a string (internal/bytes.h): cheaper than to pack it anew.
  void AppendBlocks(std::string& out) const;
  // They are in the store.
  void DropThrough(int64_t time_ms);
  void SetSealedThrough(int64_t time_ms) { sealed_through_ms_ = time_ms; }

  size_t memory_bytes() const {
    return bytes_.capacity() + blocks_.capacity() * sizeof(Block) +
           tail_.capacity() * sizeof(tail_[0]);
  }

 private:
  struct Block {
    int64_t min_ms = 0;
    int64_t max_ms = 0;
    size_t offset = 0;  // in bytes_; it ends where the next one begins
    size_t count = 0;
  };
  struct Samples {
    std::vector<int64_t> times_ms;
    std::vector<Value> values;
  };

  std::string_view BytesOf(size_t block) const {
    const size_t end = block + 1 < blocks_.size() ? blocks_[block + 1].offset : bytes_.size();
    return std::string_view(bytes_).substr(blocks_[block].offset, end - blocks_[block].offset);
  }
  // The block's samples. They were packed here, so they can be unpacked.
  Samples Unpack(size_t block) const {
    Samples samples;
    Codec::Decode(BytesOf(block), samples.times_ms, samples.values).IgnoreError();
    return samples;
  }
  // The first block that ends at `time_ms` or later.
  size_t BlockAt(int64_t time_ms) const {
    const auto at = std::partition_point(
        blocks_.begin(), blocks_.end(), [&](const Block& block) { return block.max_ms < time_ms; });
    return static_cast<size_t>(at - blocks_.begin());
  }
  auto TailAt(int64_t time_ms) const {
    return std::partition_point(tail_.begin(), tail_.end(),
                                [&](const auto& sample) { return sample.first < time_ms; });
  }
  void Replace(size_t block, const Samples& samples);
  void PackTail();

  std::string bytes_;
  std::vector<Block> blocks_;
  std::vector<std::pair<int64_t, Value>> tail_;
  int64_t sealed_through_ms_ = std::numeric_limits<int64_t>::min();
};

template <typename Codec>
void HeadColumn<Codec>::PackTail() {
  // Scratch: once for every block that fills.
  thread_local Samples samples;
  samples.times_ms.clear();
  samples.values.clear();
  for (auto& [time_ms, value] : tail_) {
    samples.times_ms.push_back(time_ms);
    samples.values.push_back(std::move(value));
  }
  blocks_.push_back(
      {samples.times_ms.front(), samples.times_ms.back(), bytes_.size(), samples.times_ms.size()});
  Codec::Encode(samples.times_ms, samples.values, bytes_);
  tail_.clear();
}

template <typename Codec>
void HeadColumn<Codec>::Append(int64_t time_ms, Value value) {
  if (tail_.size() >= Codec::kBlockSamples) PackTail();
  tail_.emplace_back(time_ms, std::move(value));
}

template <typename Codec>
void HeadColumn<Codec>::Insert(int64_t time_ms, Value value) {
  const size_t block = BlockAt(time_ms);
  if (block == blocks_.size()) {
    tail_.emplace(TailAt(time_ms), time_ms, std::move(value));
    if (tail_.size() > Codec::kBlockSamples) PackTail();
    return;
  }
  Samples samples = Unpack(block);
  const auto at = std::lower_bound(samples.times_ms.begin(), samples.times_ms.end(), time_ms) -
                  samples.times_ms.begin();
  samples.times_ms.insert(samples.times_ms.begin() + at, time_ms);
  samples.values.insert(samples.values.begin() + at, std::move(value));
  Replace(block, samples);
}

// By one block, or by two when it has grown to twice the usual size.
template <typename Codec>
void HeadColumn<Codec>::Replace(size_t block, const Samples& samples) {
  const size_t count = samples.times_ms.size();
  const size_t parts = count >= 2 * Codec::kBlockSamples ? 2 : 1;
  const size_t offset = blocks_[block].offset;
  const size_t old_size = BytesOf(block).size();
  std::string packed;
  std::vector<Block> fresh;
  for (size_t part = 0; part < parts; ++part) {
    const size_t from = part * (count / parts);
    const size_t to = part + 1 == parts ? count : from + count / parts;
    fresh.push_back(
        {samples.times_ms[from], samples.times_ms[to - 1], offset + packed.size(), to - from});
    Codec::Encode(std::span(samples.times_ms).subspan(from, to - from),
                  std::span(samples.values).subspan(from, to - from), packed);
  }
  bytes_.replace(offset, old_size, packed);
  for (size_t i = block + 1; i < blocks_.size(); ++i) {
    blocks_[i].offset = blocks_[i].offset - old_size + packed.size();
  }
  const auto at = blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(block));
  blocks_.insert(at, fresh.begin(), fresh.end());
}

template <typename Codec>
std::optional<typename Codec::Value> HeadColumn<Codec>::Find(int64_t time_ms) const {
  const size_t block = BlockAt(time_ms);
  if (block < blocks_.size()) {
    if (blocks_[block].min_ms > time_ms) return std::nullopt;
    Samples samples = Unpack(block);
    const auto at = std::lower_bound(samples.times_ms.begin(), samples.times_ms.end(), time_ms);
    if (at == samples.times_ms.end() || *at != time_ms) return std::nullopt;
    return std::move(samples.values[static_cast<size_t>(at - samples.times_ms.begin())]);
  }
  const auto at = TailAt(time_ms);
  if (at == tail_.end() || at->first != time_ms) return std::nullopt;
  return at->second;
}

template <typename Codec>
template <typename Accept>
std::optional<std::pair<int64_t, typename Codec::Value>> HeadColumn<Codec>::LastBefore(
    int64_t time_ms, Accept&& accept) const {
  for (auto at = TailAt(time_ms); at != tail_.begin();) {
    --at;
    if (accept(at->second)) return *at;
  }
  const auto later = std::partition_point(
      blocks_.begin(), blocks_.end(), [&](const Block& block) { return block.min_ms < time_ms; });
  if (later == blocks_.begin()) return std::nullopt;
  Samples samples = Unpack(static_cast<size_t>(later - blocks_.begin()) - 1);
  for (size_t i = samples.times_ms.size(); i-- > 0;) {
    if (samples.times_ms[i] < time_ms && accept(samples.values[i])) {
      return std::pair(samples.times_ms[i], std::move(samples.values[i]));
    }
  }
  return std::nullopt;
}

template <typename Codec>
void HeadColumn<Codec>::Copy(TimeRange range, std::vector<int64_t>& times_ms,
                             std::vector<Value>& values) const {
  for (size_t block = BlockAt(range.begin_ms);
       block < blocks_.size() && blocks_[block].min_ms < range.end_ms; ++block) {
    if (blocks_[block].min_ms >= range.begin_ms && blocks_[block].max_ms < range.end_ms) {
      Codec::Decode(BytesOf(block), times_ms, values).IgnoreError();
      continue;
    }
    Samples samples = Unpack(block);
    for (size_t i = 0; i < samples.times_ms.size(); ++i) {
      if (samples.times_ms[i] < range.begin_ms || samples.times_ms[i] >= range.end_ms) continue;
      times_ms.push_back(samples.times_ms[i]);
      values.push_back(std::move(samples.values[i]));
    }
  }
  for (auto at = TailAt(range.begin_ms); at != tail_.end() && at->first < range.end_ms; ++at) {
    times_ms.push_back(at->first);
    values.push_back(at->second);
  }
}

template <typename Codec>
size_t HeadColumn<Codec>::CountThrough(int64_t time_ms) const {
  size_t count = 0;
  for (const Block& block : blocks_) {
    if (block.min_ms <= time_ms) count += block.count;
  }
  return count + static_cast<size_t>(TailAt(time_ms) - tail_.begin()) + 1;
}

template <typename Codec>
void HeadColumn<Codec>::AppendBlocks(std::string& out) const {
  for (size_t block = 0; block < blocks_.size(); ++block) {
    internal::PutString(out, BytesOf(block));
  }
  if (tail_.empty()) return;
  HeadColumn tail;
  tail.tail_ = tail_;
  tail.PackTail();
  internal::PutString(out, tail.bytes_);
}

template <typename Codec>
void HeadColumn<Codec>::DropThrough(int64_t time_ms) {
  sealed_through_ms_ = std::max(sealed_through_ms_, time_ms);
  if (blocks_.empty() && (tail_.empty() || tail_.front().first > time_ms)) return;
  const size_t keep =
      BlockAt(time_ms == std::numeric_limits<int64_t>::max() ? time_ms : time_ms + 1);
  const size_t offset = keep < blocks_.size() ? blocks_[keep].offset : bytes_.size();
  bytes_.erase(0, offset);
  blocks_.erase(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(keep));
  for (Block& block : blocks_) block.offset -= offset;
  if (!blocks_.empty() && blocks_.front().min_ms <= time_ms) {
    Samples samples = Unpack(0);
    const auto from = std::upper_bound(samples.times_ms.begin(), samples.times_ms.end(), time_ms) -
                      samples.times_ms.begin();
    samples.times_ms.erase(samples.times_ms.begin(), samples.times_ms.begin() + from);
    samples.values.erase(samples.values.begin(), samples.values.begin() + from);
    Replace(0, samples);
  }
  std::erase_if(tail_, [&](const auto& sample) { return sample.first <= time_ms; });
  bytes_.shrink_to_fit();
}

}  // namespace slowburn::storage
