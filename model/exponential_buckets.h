// model/exponential_buckets.h: the buckets of an exponential histogram one by one, and as spans.
//
// Room     model
// Uses     model/
// Threads  pure functions
// Units    indexes as model/native_histogram.h: bucket i ends at 2^(2^-schema * i)
// Source   Prometheus, "Native histograms" specification
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
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
// The other way. False, and nothing is set, where an index does not fit its 32 bits.
bool SetBuckets(const ExponentialBuckets& buckets, std::vector<NativeHistogram::Span>& spans,
                std::vector<double>& counts);

// Lays buckets out as spans and their counts, one by one. Up to two empty buckets stay within a
// span: cheaper than another span.
class BucketLayout {
 public:
  // Appends spans. `counts` is zeroes, and room enough: three for each bucket are, or as many as
  // there are indexes from the first to the last. Both outlive it.
  BucketLayout(std::vector<NativeHistogram::Span>& spans, double* counts)
      : spans_(spans), counts_(counts), at_(counts) {}

  // By ascending index. False where an index does not fit its 32 bits.
  bool Add(int64_t index, double count) {
    const int64_t gap = index - next_;
    if (length_ == 0 || gap > kGapMax) {
      // Between two indexes of 32 bits may lie more than a span's offset can say.
      if (!Fits(index) || !Fits(gap)) return false;
      EndSpan();
      spans_.push_back({static_cast<int32_t>(gap), 0});
      length_ = 1;
    } else {
      if (!Fits(index)) return false;
      at_ += gap;
      length_ += static_cast<uint32_t>(gap) + 1;
    }
    *at_++ = count;
    next_ = index + 1;
    return true;
  }
  // Once, after all of them. How many counts there are.
  size_t Finish() {
    EndSpan();
    return static_cast<size_t>(at_ - counts_);
  }

 private:
  static constexpr int64_t kGapMax = 2;  // as Prometheus' OTLP receiver

  static bool Fits(int64_t index) {
    return index >= std::numeric_limits<int32_t>::min() &&
           index < std::numeric_limits<int32_t>::max();
  }
  void EndSpan() {
    if (length_ > 0) spans_.back().length = length_;
  }

  std::vector<NativeHistogram::Span>& spans_;
  const double* const counts_;
  double* at_;
  int64_t next_ = 0;
  uint32_t length_ = 0;  // of the last span; 0: there is none
};

// As many schemas down: each of them merges two neighbours.
void MergeDown(ExponentialBuckets& buckets, int schemas);

// Where bucket `index` ends.
double BucketEnd(int64_t index, int schema);

}  // namespace slowburn::model
