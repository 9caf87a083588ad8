// storage/series/histogram_block.h: native histograms at times, packed.
//
// Room     storage/series: pure functions
// Uses     base/, model/, storage/series
// Threads  pure functions
// Units    unix milliseconds; every bit of a double counts
// Source   docs/format/chunk.md
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "model/native_histogram_list.h"

namespace slowburn::storage {

// Why the histogram cannot be kept (its spans do not fit its counts, its bounds do not increase, it
// has more than kHistogramBucketsMax buckets, ...); "" where it can.
inline constexpr size_t kHistogramBucketsMax = 4096;
std::string_view HistogramFault(const model::NativeHistogramView& histogram);

// Appends a block of 1 to kBlockSamplesMax histograms without a fault, times strictly increasing.
// Buckets are what they gained since the histogram before, as long as their layout stays.
void EncodeHistograms(std::span<const int64_t> times_ms,
                      std::span<const model::NativeHistogram> histograms, std::string& out);
// Some of a list, which outlives it.
struct HistogramSlice {
  const model::NativeHistogramList& list;
  size_t begin = 0;
  model::NativeHistogramView operator[](size_t i) const { return list[begin + i]; }
};
// The same of as many of these as there are times.
void EncodeHistogramSlice(std::span<const int64_t> times_ms, const HistogramSlice& histograms,
                          std::string& out);

// Spans, counts and bounds of a block that is read, 8 bytes each: a layout that stays takes no
// bytes, and would take memory again and again. 1,365 of the largest histograms; a chunk has 384 at
// most.
inline constexpr uint64_t kHistogramBlockWordsMax = uint64_t{16} << 20;

// Appends the samples of the block that `bytes` is. kDataLoss, and nothing is appended, where they
// are none.
absl::Status DecodeHistograms(std::string_view bytes, std::vector<int64_t>& times_ms,
                              std::vector<model::NativeHistogram>& histograms);
absl::Status DecodeHistogramList(std::string_view bytes, std::vector<int64_t>& times_ms,
                                 model::NativeHistogramList& histograms);

}  // namespace slowburn::storage
