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

#include <absl/status/status.h>

#include "base/status.h"
#include "model/native_histogram_view.h"
#include "storage/api/series_reader.h"
#include "storage/series/exemplar_block.h"
#include "storage/series/float_block.h"
#include "storage/series/histogram_block.h"
#include "storage/series/histogram_tail.h"
#include "storage/series/internal/bytes.h"
#include "storage/series/sample_tail.h"
#include "storage/series/sealed_chunk.h"

namespace slowburn::storage {

inline void EncodeHotFloats(std::span<const int64_t> times_ms, std::span<const double> values,
                            std::string& out) {
  EncodeFloats(times_ms, values, out);
}

// How a kind of sample is packed: hot, in blocks of so many samples (32 floats are nearly as small
// a sample as more, and the tail before them is 16 bytes a sample), and sealed, as chunks are. In a
// head, so many are sealed together at most: what comes late is put among them. Once next to
// nothing comes, twice as many are, which is smaller. `Given` is what a sample is put in as, `Many`
// is what many of them are quickly copied to, and a `Slice` of them packed from.
struct FloatCodec {
  using Value = double;
  using Given = double;
  using Many = std::vector<double>;
  using Tail = SampleTail<double, EncodeHotFloats>;
  static constexpr size_t kBlockSamples = 32;
  static constexpr size_t kSealedSamples = 512;
  static constexpr auto Encode = EncodeHotFloats;
  static std::span<const Value> Slice(const Many& values, size_t from, size_t count) {
    return std::span(values).subspan(from, count);
  }
  static absl::Status Decode(std::string_view bytes, std::vector<int64_t>& times_ms,
                             std::vector<Value>& values) {
    return DecodeFloats(bytes, times_ms, values);
  }
  static std::string Seal(std::span<const int64_t> times_ms, std::span<const Value> values) {
    return SealFloats(times_ms, values);
  }
  static absl::Status Open(std::string_view chunk, std::vector<int64_t>& times_ms,
                           std::vector<Value>& values) {
    thread_local std::string scratch;
    SB_ASSIGN_OR_RETURN(const OpenedChunk opened, OpenChunk(chunk, scratch));
    return DecodeFloats(opened.block, times_ms, values, opened.bits);
  }
};

// What is sealed as it is packed, only compressed.
template <typename Codec, typename Values>
std::string SealBlock(std::span<const int64_t> times_ms, const Values& values) {
  thread_local std::string block;
  block.clear();
  Codec::Encode(times_ms, values, block);
  return SealChunk({.samples = times_ms.size(), .span_ms = times_ms.back() - times_ms.front()},
                   block);
}
template <typename Codec, typename Values>
absl::Status OpenBlock(std::string_view chunk, std::vector<int64_t>& times_ms, Values& values) {
  thread_local std::string scratch;
  SB_ASSIGN_OR_RETURN(const OpenedChunk opened, OpenChunk(chunk, scratch));
  if (!opened.bits.empty()) return base::DataLoss("a chunk has bits that are of no number");
  return Codec::Decode(opened.block, times_ms, values);
}

struct HistogramCodec {
  using Value = model::NativeHistogram;
  using Given = const model::NativeHistogramView&;
  using Many = model::NativeHistogramList;
  using Tail = HistogramTail;
  static constexpr size_t kBlockSamples = 16;
  static constexpr size_t kSealedSamples = 128;
  static HistogramSlice Slice(const Many& values, size_t from, size_t) { return {values, from}; }
  static void Encode(std::span<const int64_t> times_ms, std::span<const Value> values,
                     std::string& out) {
    EncodeHistograms(times_ms, values, out);
  }
  static void Encode(std::span<const int64_t> times_ms, const HistogramSlice& values,
                     std::string& out) {
    EncodeHistogramSlice(times_ms, values, out);
  }
  static absl::Status Decode(std::string_view bytes, std::vector<int64_t>& times_ms,
                             std::vector<Value>& values) {
    return DecodeHistograms(bytes, times_ms, values);
  }
  static absl::Status Decode(std::string_view bytes, std::vector<int64_t>& times_ms, Many& values) {
    return DecodeHistogramList(bytes, times_ms, values);
  }
  template <typename Values>
  static std::string Seal(std::span<const int64_t> times_ms, const Values& values) {
    return SealBlock<HistogramCodec>(times_ms, values);
  }
  template <typename Values>
  static absl::Status Open(std::string_view chunk, std::vector<int64_t>& times_ms, Values& values) {
    return OpenBlock<HistogramCodec>(chunk, times_ms, values);
  }
};

struct ExemplarCodec {
  using Value = ExemplarValue;
  using Given = ExemplarValue;
  using Many = std::vector<Value>;
  using Tail = SampleTail<Value, EncodeExemplars>;
  static constexpr size_t kBlockSamples = 16;
  static constexpr size_t kSealedSamples = 128;
  static constexpr auto Encode = EncodeExemplars;
  static constexpr auto Decode = DecodeExemplars;
  static std::span<const Value> Slice(const Many& values, size_t from, size_t count) {
    return std::span(values).subspan(from, count);
  }
  static std::string Seal(std::span<const int64_t> times_ms, std::span<const Value> values) {
    return SealBlock<ExemplarCodec>(times_ms, values);
  }
  static absl::Status Open(std::string_view chunk, std::vector<int64_t>& times_ms, Many& values) {
    return OpenBlock<ExemplarCodec>(chunk, times_ms, values);
  }
};

// Blocks, packed one after the other, and a tail of single samples behind them. A sample that comes
// late goes into the block where it belongs, so that reading never sorts. Blocks are hot as they
// arise; whoever keeps the column seals those that are many, and one that is sealed is hot again
// once something comes late.
template <typename Codec>
class HeadColumn {
 public:
  using Value = typename Codec::Value;
  using Given = typename Codec::Given;

  bool empty() const { return blocks_.empty() && tail_.empty(); }
  // Of a column that is not empty.
  int64_t oldest_ms() const { return blocks_.empty() ? tail_.oldest_ms() : blocks_.front().min_ms; }
  int64_t newest_ms() const { return tail_.empty() ? blocks_.back().max_ms : tail_.newest_ms(); }
  bool Overlaps(TimeRange range) const {
    return !empty() && oldest_ms() < range.end_ms && newest_ms() >= range.begin_ms;
  }
  // Samples up to here are in the store and no longer here.
  int64_t sealed_through_ms() const { return sealed_through_ms_; }

  // Asks for the memory that Append will write to.
  void Prefetch() const { tail_.Prefetch(); }
  // `time_ms` is after every other.
  void Append(int64_t time_ms, Given value);
  // No sample has this time.
  void Insert(int64_t time_ms, Given value);
  std::optional<Value> Find(int64_t time_ms) const;
  // The newest sample before `time_ms` that `accept(value)` takes; looked for in the tail and one
  // block, no further.
  template <typename Accept>
  std::optional<std::pair<int64_t, Value>> LastBefore(int64_t time_ms, Accept&& accept) const;
  // Appends the samples of the range.
  void Copy(TimeRange range, std::vector<int64_t>& times_ms, std::vector<Value>& values) const;
  // Appends all samples.
  void CopyAll(std::vector<int64_t>& times_ms, typename Codec::Many& values) const;
  // No more than there are up to then, and less than a block fewer.
  size_t CountThrough(int64_t time_ms) const;
  // Whether enough is hot to be worth sealing; `all`: a block is.
  bool WantsSealing(bool all) const {
    return hot_samples_ + tail_.size() >= (all ? Codec::kBlockSamples : Codec::kSealedSamples / 4);
  }
  // The same samples, those behind the last sealed block sealed too: with what was sealed before,
  // where that was little beside it, or `all` of it as far as a block may grow at rest.
  HeadColumn Sealed(bool all) const;
  // Appends all of it as blocks, each a string (internal/bytes.h) that begins with its kind:
  // cheaper than to pack it anew.
  void AppendBlocks(std::string& out) const;
  // Appends one of them, after all that is there. kDataLoss where it is none, or does not come
  // after.
  absl::Status AppendBlock(std::string_view block);
  // The same for one that does not say its kind.
  absl::Status AppendHotBlock(std::string_view block);
  // Appends the samples from `from` on as AppendBlocks would: in blocks no larger than at rest,
  // sealed where they are enough.
  static void AppendAsBlocks(std::span<const int64_t> times_ms, const typename Codec::Many& values,
                             size_t from, std::string& out);
  // They are in the store.
  void DropThrough(int64_t time_ms);
  void SetSealedThrough(int64_t time_ms) { sealed_through_ms_ = time_ms; }

  size_t memory_bytes() const {
    return bytes_.capacity() + blocks_.capacity() * sizeof(Block) + tail_.memory_bytes();
  }

 private:
  struct Block {
    int64_t min_ms = 0;
    int64_t max_ms = 0;
    size_t offset = 0;  // in bytes_; it ends where the next one begins
    uint32_t count = 0;
    bool is_sealed = false;
  };
  struct Samples {
    std::vector<int64_t> times_ms;
    std::vector<Value> values;
  };

  // That are sealed together once next to nothing comes.
  static constexpr size_t kRestSamples = 2 * Codec::kSealedSamples;
  // How a block begins that AppendBlocks writes.
  static constexpr char kHotBlock = 0;
  static constexpr char kSealedBlock = 1;

  std::string_view BytesOf(size_t block) const {
    const size_t end = block + 1 < blocks_.size() ? blocks_[block + 1].offset : bytes_.size();
    return std::string_view(bytes_).substr(blocks_[block].offset, end - blocks_[block].offset);
  }
  // Appends the block's samples. They were packed or looked at here, so they can be unpacked.
  template <typename Values>
  void Unpack(size_t block, std::vector<int64_t>& times_ms, Values& values) const {
    if (blocks_[block].is_sealed) {
      Codec::Open(BytesOf(block), times_ms, values).IgnoreError();
    } else {
      Codec::Decode(BytesOf(block), times_ms, values).IgnoreError();
    }
  }
  Samples Unpack(size_t block) const {
    Samples samples;
    Unpack(block, samples.times_ms, samples.values);
    return samples;
  }
  absl::Status CheckIsNext(int64_t time_ms) const {
    if (empty() || time_ms > newest_ms()) return absl::OkStatus();
    return base::DataLoss("a block does not come after the one before it; restore a backup");
  }
  void AddSealed(std::span<const int64_t> times_ms, std::span<const Value> values) {
    blocks_.push_back({times_ms.front(), times_ms.back(), bytes_.size(),
                       static_cast<uint32_t>(times_ms.size()), true});
    bytes_ += Codec::Seal(times_ms, values);
  }
  // The first block that ends at `time_ms` or later.
  size_t BlockAt(int64_t time_ms) const {
    const auto at = std::partition_point(
        blocks_.begin(), blocks_.end(), [&](const Block& block) { return block.max_ms < time_ms; });
    return static_cast<size_t>(at - blocks_.begin());
  }
  void Replace(size_t block, const Samples& samples, bool is_sealed);
  void CountHot();
  void PackTail();
  static void PutBlock(bool is_sealed, std::string_view packed, std::string& out) {
    internal::PutVarint(out, 1 + packed.size());
    out.push_back(is_sealed ? kSealedBlock : kHotBlock);
    out += packed;
  }

  typename Codec::Tail tail_;  // first: most samples need nothing else
  std::string bytes_;
  std::vector<Block> blocks_;
  size_t hot_samples_ = 0;  // in blocks behind the last that is sealed
  int64_t sealed_through_ms_ = std::numeric_limits<int64_t>::min();
};

template <typename Codec>
void HeadColumn<Codec>::PackTail() {
  blocks_.push_back(
      {tail_.oldest_ms(), tail_.newest_ms(), bytes_.size(), static_cast<uint32_t>(tail_.size())});
  hot_samples_ += tail_.size();
  tail_.MoveToBlock(bytes_);
}

template <typename Codec>
void HeadColumn<Codec>::Append(int64_t time_ms, Given value) {
  if (tail_.size() >= Codec::kBlockSamples) PackTail();
  tail_.Append(time_ms, std::forward<Given>(value));
}

template <typename Codec>
void HeadColumn<Codec>::Insert(int64_t time_ms, Given value) {
  const size_t block = BlockAt(time_ms);
  if (block == blocks_.size()) {
    tail_.Insert(time_ms, std::forward<Given>(value));
    if (tail_.size() > Codec::kBlockSamples) PackTail();
    return;
  }
  Samples samples = Unpack(block);
  const auto at = std::lower_bound(samples.times_ms.begin(), samples.times_ms.end(), time_ms) -
                  samples.times_ms.begin();
  samples.times_ms.insert(samples.times_ms.begin() + at, time_ms);
  samples.values.insert(samples.values.begin() + at, Value(std::forward<Given>(value)));
  Replace(block, samples, /*is_sealed=*/false);
}

// By one block that is sealed, or by hot ones of the usual size to less than twice that.
template <typename Codec>
void HeadColumn<Codec>::Replace(size_t block, const Samples& samples, bool is_sealed) {
  const size_t count = samples.times_ms.size();
  const size_t parts = is_sealed ? 1 : std::max<size_t>(1, count / Codec::kBlockSamples);
  const size_t offset = blocks_[block].offset;
  const size_t old_size = BytesOf(block).size();
  std::string packed;
  std::vector<Block> fresh;
  for (size_t part = 0; part < parts; ++part) {
    const size_t from = part * (count / parts);
    const size_t to = part + 1 == parts ? count : from + count / parts;
    const std::span times = std::span(samples.times_ms).subspan(from, to - from);
    const std::span values = std::span(samples.values).subspan(from, to - from);
    fresh.push_back({times.front(), times.back(), offset + packed.size(),
                     static_cast<uint32_t>(to - from), is_sealed});
    if (is_sealed) {
      packed += Codec::Seal(times, values);
    } else {
      Codec::Encode(times, values, packed);
    }
  }
  bytes_.replace(offset, old_size, packed);
  for (size_t i = block + 1; i < blocks_.size(); ++i) {
    blocks_[i].offset = blocks_[i].offset - old_size + packed.size();
  }
  const auto at = blocks_.erase(blocks_.begin() + static_cast<std::ptrdiff_t>(block));
  blocks_.insert(at, fresh.begin(), fresh.end());
  CountHot();
}

template <typename Codec>
void HeadColumn<Codec>::CountHot() {
  hot_samples_ = 0;
  for (size_t block = blocks_.size(); block > 0 && !blocks_[block - 1].is_sealed; --block) {
    hot_samples_ += blocks_[block - 1].count;
  }
}

template <typename Codec>
HeadColumn<Codec> HeadColumn<Codec>::Sealed(bool all) const {
  // A block that is sealed is sealed again with what came after it while it is no more than half of
  // all that, so that a sample is sealed a few times at most.
  const size_t together = all ? kRestSamples : Codec::kSealedSamples;
  size_t count = tail_.size();
  size_t from = blocks_.size();
  while (from > 0) {
    const Block& before = blocks_[from - 1];
    if (before.is_sealed && ((before.count > count && !all) || before.count + count > together)) {
      break;
    }
    count += before.count;
    --from;
  }
  HeadColumn sealed;
  sealed.sealed_through_ms_ = sealed_through_ms_;
  sealed.blocks_.assign(blocks_.begin(), blocks_.begin() + static_cast<std::ptrdiff_t>(from));
  sealed.bytes_ = bytes_.substr(0, from < blocks_.size() ? blocks_[from].offset : bytes_.size());
  thread_local Samples samples;
  samples.times_ms.clear();
  samples.values.clear();
  for (size_t block = from; block < blocks_.size(); ++block) {
    Unpack(block, samples.times_ms, samples.values);
  }
  tail_.Copy({}, samples.times_ms, samples.values);
  for (size_t at = 0; at < count;) {
    const size_t left = count - at;
    const size_t size = left < together * 5 / 4 ? left : together;
    sealed.AddSealed(std::span(samples.times_ms).subspan(at, size),
                     std::span(samples.values).subspan(at, size));
    at += size;
  }
  sealed.bytes_.shrink_to_fit();
  return sealed;
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
  return tail_.Find(time_ms);
}

template <typename Codec>
template <typename Accept>
std::optional<std::pair<int64_t, typename Codec::Value>> HeadColumn<Codec>::LastBefore(
    int64_t time_ms, Accept&& accept) const {
  if (auto found = tail_.LastBefore(time_ms, accept)) return found;
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
      Unpack(block, times_ms, values);
      continue;
    }
    Samples samples = Unpack(block);
    for (size_t i = 0; i < samples.times_ms.size(); ++i) {
      if (samples.times_ms[i] < range.begin_ms || samples.times_ms[i] >= range.end_ms) continue;
      times_ms.push_back(samples.times_ms[i]);
      values.push_back(std::move(samples.values[i]));
    }
  }
  tail_.Copy(range, times_ms, values);
}

template <typename Codec>
void HeadColumn<Codec>::CopyAll(std::vector<int64_t>& times_ms,
                                typename Codec::Many& values) const {
  for (size_t block = 0; block < blocks_.size(); ++block) Unpack(block, times_ms, values);
  tail_.Copy({}, times_ms, values);
}

template <typename Codec>
size_t HeadColumn<Codec>::CountThrough(int64_t time_ms) const {
  size_t count = 0;
  for (const Block& block : blocks_) {
    if (block.max_ms <= time_ms) count += block.count;
  }
  return count + tail_.CountThrough(time_ms);
}

template <typename Codec>
void HeadColumn<Codec>::AppendBlocks(std::string& out) const {
  for (size_t block = 0; block < blocks_.size(); ++block) {
    PutBlock(blocks_[block].is_sealed, BytesOf(block), out);
  }
  if (tail_.empty()) return;
  std::string packed;
  typename Codec::Tail(tail_).MoveToBlock(packed);
  PutBlock(false, packed, out);
}

template <typename Codec>
void HeadColumn<Codec>::AppendAsBlocks(std::span<const int64_t> times_ms,
                                       const typename Codec::Many& values, size_t from,
                                       std::string& out) {
  std::string packed;
  while (from < times_ms.size()) {
    const size_t left = times_ms.size() - from;
    const size_t count = left < kRestSamples * 5 / 4 ? left : kRestSamples;
    const std::span times = times_ms.subspan(from, count);
    const bool is_sealed = count >= Codec::kSealedSamples / 4;
    packed.clear();
    if (is_sealed) {
      packed = Codec::Seal(times, Codec::Slice(values, from, count));
    } else {
      Codec::Encode(times, Codec::Slice(values, from, count), packed);
    }
    PutBlock(is_sealed, packed, out);
    from += count;
  }
}

template <typename Codec>
absl::Status HeadColumn<Codec>::AppendBlock(std::string_view block) {
  if (block.starts_with(kHotBlock)) return AppendHotBlock(block.substr(1));
  if (!block.starts_with(kSealedBlock)) {
    return base::DataLoss("a block is of no kind; restore a backup");
  }
  block.remove_prefix(1);
  Samples samples;
  SB_RETURN_IF_ERROR(Codec::Open(block, samples.times_ms, samples.values));
  SB_RETURN_IF_ERROR(CheckIsNext(samples.times_ms.front()));
  if (!tail_.empty()) PackTail();
  blocks_.push_back({samples.times_ms.front(), samples.times_ms.back(), bytes_.size(),
                     static_cast<uint32_t>(samples.times_ms.size()), true});
  bytes_ += block;
  hot_samples_ = 0;
  return absl::OkStatus();
}

template <typename Codec>
absl::Status HeadColumn<Codec>::AppendHotBlock(std::string_view block) {
  Samples samples;
  SB_RETURN_IF_ERROR(Codec::Decode(block, samples.times_ms, samples.values));
  SB_RETURN_IF_ERROR(CheckIsNext(samples.times_ms.front()));
  for (size_t i = 0; i < samples.times_ms.size(); ++i) {
    Append(samples.times_ms[i], std::move(samples.values[i]));
  }
  return absl::OkStatus();
}

template <typename Codec>
void HeadColumn<Codec>::DropThrough(int64_t time_ms) {
  sealed_through_ms_ = std::max(sealed_through_ms_, time_ms);
  if (blocks_.empty() && (tail_.empty() || tail_.oldest_ms() > time_ms)) return;
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
    Replace(0, samples, blocks_.front().is_sealed);
  }
  CountHot();
  tail_.DropThrough(time_ms);
  bytes_.shrink_to_fit();
}

}  // namespace slowburn::storage
