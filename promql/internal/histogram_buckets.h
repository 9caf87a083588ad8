// promql/internal/histogram_buckets.h: the buckets of a native histogram one by one.
//
// Room     promql/internal
// Uses     model/
// Threads  pure functions
// Units    bounds are values as observed
// Source   Prometheus, "Native histograms" specification
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "model/native_histogram.h"

namespace slowburn::promql {

using model::NativeHistogram;

inline bool UsesCustomBounds(const NativeHistogram& histogram) {
  return histogram.schema == NativeHistogram::kCustomBuckets;
}

// The upper bound of bucket `index`. The last bucket below infinity ends at the largest double, so
// that the one for infinite observations comes after it.
double ExponentialBound(int32_t index, int schema);

// The bucket that holds bucket `index` of schema `from` in the coarser schema `to`.
inline int32_t ReducedIndex(int32_t index, int from, int to) {
  return ((index - 1) >> (from - to)) + 1;
}

struct IndexedCount {
  int32_t index = 0;
  double count = 0;
  friend bool operator==(const IndexedCount&, const IndexedCount&) = default;
};

// By ascending index, empty buckets within the spans included.
std::vector<IndexedCount> IndexedCounts(std::span<const NativeHistogram::Span> spans,
                                        std::span<const double> counts);
// The other way; empty buckets are left out.
void SetSpans(std::span<const IndexedCount> buckets, std::vector<NativeHistogram::Span>& spans,
              std::vector<double>& counts);
// Leaves empty buckets out.
void Compact(NativeHistogram& histogram);

struct Bucket {
  double lower = 0;
  double upper = 0;
  double count = 0;
};

// By ascending distance from zero; bounds of negative ones are negative.
std::vector<Bucket> PositiveBuckets(const NativeHistogram& histogram);
std::vector<Bucket> NegativeBuckets(const NativeHistogram& histogram);
// All of them by ascending bounds; the zero bucket only where it counts something. None reaches
// into the zero bucket.
std::vector<Bucket> AllBuckets(const NativeHistogram& histogram);

// Equal counts, sums and buckets; empty buckets and the reset hint do not matter.
bool SameDistribution(const NativeHistogram& a, const NativeHistogram& b);

// {count:4, sum:5, (1,2]:2}
std::string HistogramText(const NativeHistogram& histogram);

}  // namespace slowburn::promql
