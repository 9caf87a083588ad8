#include "model/exponential_buckets.h"

#include <algorithm>
#include <cmath>

namespace slowburn::model {
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
  counts.assign(3 * buckets.size(), 0);
  BucketLayout layout(spans, counts.data());
  for (const ExponentialBucket& bucket : buckets) {
    if (layout.Add(bucket.index, bucket.count)) continue;
    spans.clear();
    counts.clear();
    return false;
  }
  counts.resize(layout.Finish());
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
