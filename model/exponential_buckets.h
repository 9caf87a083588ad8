// model/exponential_buckets.h: the buckets of an exponential histogram one by one, and as spans.
//
// Room     model
// Uses     model/
// Threads  pure functions
// Units    indexes as model/native_histogram.h: bucket i ends at 2^(2^-schema * i)
// Source   Prometheus, "Native histograms" specification
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "model/native_histogram.h"

namespace slowburn::model {

struct ExponentialBucket {
  int64_t index = 0;
  double count = 0;
  friend bool operator==(const ExponentialBucket&, const ExponentialBucket&) = default;
};
// By ascending index, each once, none empty.
using ExponentialBuckets = std::vector<ExponentialBucket>;

// Of spans that fit their counts.
ExponentialBuckets BucketsOf(std::span<const NativeHistogram::Span> spans,
                             std::span<const double> counts);
// The other way. Up to two empty buckets stay within a span: cheaper than another span. False, and
// nothing is set, where an index does not fit its 32 bits.
bool SetBuckets(const ExponentialBuckets& buckets, std::vector<NativeHistogram::Span>& spans,
                std::vector<double>& counts);

// As many schemas down: each of them merges two neighbours.
void MergeDown(ExponentialBuckets& buckets, int schemas);

// Where bucket `index` ends.
double BucketEnd(int64_t index, int schema);

}  // namespace slowburn::model
