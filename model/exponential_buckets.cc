#include "model/exponential_buckets.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace slowburn::model {
namespace {

constexpr int64_t kGapMax = 2;  // as Prometheus' OTLP receiver

bool FitsIndex(int64_t index) {
  return index >= std::numeric_limits<int32_t>::min() &&
         index < std::numeric_limits<int32_t>::max();
}

}  // namespace

ExponentialBuckets BucketsOf(std::span<const NativeHistogram::Span> spans,
                             std::span<const double> counts) {
  ExponentialBuckets buckets;
  int64_t index = 0;
  size_t at = 0;
  for (const NativeHistogram::Span& span : spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length && at < counts.size(); ++i, ++index, ++at) {
      if (counts[at] != 0) buckets.push_back({index, counts[at]});
    }
  }
  return buckets;
}

bool SetBuckets(const ExponentialBuckets& buckets, std::vector<NativeHistogram::Span>& spans,
                std::vector<double>& counts) {
  spans.clear();
  counts.clear();
  if (buckets.empty()) return true;
  if (!FitsIndex(buckets.front().index) || !FitsIndex(buckets.back().index)) return false;
  int64_t next = 0;
  for (const ExponentialBucket& bucket : buckets) {
    const int64_t gap = bucket.index - next;
    if (spans.empty() || gap > kGapMax) {
      // Between two indexes of 32 bits may lie more than a span's offset can say.
      if (!FitsIndex(gap)) return false;
      spans.push_back({static_cast<int32_t>(gap), 0});
    } else {
      counts.insert(counts.end(), static_cast<size_t>(gap), 0);
      spans.back().length += static_cast<uint32_t>(gap);
    }
    ++spans.back().length;
    counts.push_back(bucket.count);
    next = bucket.index + 1;
  }
  return true;
}

void MergeDown(ExponentialBuckets& buckets, int schemas) {
  if (schemas <= 0) return;
  const int shift = std::min(schemas, 62);
  size_t last = 0;
  for (size_t i = 0; i < buckets.size(); ++i) {
    // An index is that of a bucket's upper bound.
    const ExponentialBucket merged{((buckets[i].index - 1) >> shift) + 1, buckets[i].count};
    if (i > 0 && buckets[last].index == merged.index) {
      buckets[last].count += merged.count;
    } else {
      if (i > 0) ++last;
      buckets[last] = merged;
    }
  }
  if (!buckets.empty()) buckets.resize(last + 1);
}

double BucketEnd(int64_t index, int schema) {
  const double exponent = std::ldexp(static_cast<double>(index), -schema);
  const double whole = std::floor(exponent);
  return std::ldexp(std::exp2(exponent - whole),
                    static_cast<int>(std::clamp(whole, -2000.0, 2000.0)));
}

}  // namespace slowburn::model
