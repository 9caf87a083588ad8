// storage/series/histogram_packer.h: native histograms one after the other as blocks have them:
// each as what it is against the one before.
//
// Room     storage/series
// Uses     model/, storage/series
// Threads  one owner each
// Units    every bit of a double counts
// Source   docs/format/chunk.md, "Native histograms"
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/native_histogram_view.h"
#include "storage/series/internal/bytes.h"

namespace slowburn::storage {

// Knows the last one that it packed: the next costs no look at what was packed before, and no
// memory once the largest of them had its own.
class HistogramPacker {
 public:
  // Appends one without a fault. Whether it is the Last one now.
  bool Put(const model::NativeHistogramView& histogram, std::string& out);
  // The next one begins a block.
  void Reset();
  // The one that was put last, since Reset. An end of a series (a stale marker and nothing else)
  // does not count.
  model::NativeHistogram Last() const;

  // Asks for the memory that Put will write to.
  void Prefetch() const {
    constexpr size_t kWordsPerLine = 64 / sizeof(uint64_t);
    constexpr size_t kLinesMax = 8;
    for (size_t at = 0; at < words_.size() && at < kLinesMax * kWordsPerLine; at += kWordsPerLine) {
      __builtin_prefetch(words_.data() + at, /*for writing*/ 1);
    }
  }
  size_t memory_bytes() const { return words_.capacity() * sizeof(uint64_t); }

 private:
  bool HasLayoutOf(const model::NativeHistogramView& histogram) const;
  void TakeLayout(const model::NativeHistogramView& histogram);
  size_t layout_words() const { return positive_spans_ + negative_spans_ + custom_bounds_; }
  template <bool kIsRaw>
  char* WriteCounts(const model::NativeHistogramView& histogram, char* out);

  // Positive and negative spans, bounds, and the counts: integers or bits of doubles. One piece,
  // since a head that takes histograms touches those of all its series in turn.
  std::vector<uint64_t> words_;
  uint64_t zero_threshold_bits_ = 0;
  uint64_t sum_bits_ = 0;
  uint32_t positive_spans_ = 0;
  uint32_t negative_spans_ = 0;
  uint32_t custom_bounds_ = 0;
  uint32_t positive_counts_ = 0;
  int8_t schema_ = 0;
  uint8_t flags_ = 0;  // of the last one
};

// The other way, in memory that it keeps.
class HistogramUnpacker {
 public:
  // Reads the next one, which holds until the one after is read. "", or what is wrong with the
  // bytes.
  std::string_view Read(internal::ByteReader& in, model::NativeHistogramView& histogram);

 private:
  bool ReadLayout(internal::ByteReader& in);
  void ReadCounts(internal::ByteReader& in);

  model::NativeHistogram last_;  // that was no end of a series
  bool is_raw_ = false;
};

}  // namespace slowburn::storage
