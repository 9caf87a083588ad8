#include "model/histogram_addition.h"

#include <algorithm>
#include <utility>

#include "model/exponential_buckets.h"

namespace slowburn::model {
namespace {

// A histogram while it is added up.
struct Parts {
  explicit Parts(const NativeHistogram& histogram)
      : schema(histogram.schema),
        zero_threshold(histogram.zero_threshold),
        zero_count(histogram.zero_count),
        positive(BucketsOf(histogram.positive_spans, histogram.positive_counts)),
        negative(BucketsOf(histogram.negative_spans, histogram.negative_counts)) {}

  void MergeDownTo(int to) {
    MergeDown(positive, schema - to);
    MergeDown(negative, schema - to);
    schema = std::min(schema, to);
  }

  // How far the zero bucket has to reach at least, so that it cuts none that counts something.
  double Reach(double threshold) const {
    double reach = threshold;
    for (const ExponentialBuckets* buckets : {&positive, &negative}) {
      for (const ExponentialBucket& bucket : *buckets) {
        if (BucketEnd(bucket.index - 1, schema) >= threshold) break;
        reach = std::max(reach, BucketEnd(bucket.index, schema));
      }
    }
    return reach;
  }

  // What begins below it is in the zero bucket from now on.
  void WidenZero(double threshold) {
    for (ExponentialBuckets* buckets : {&positive, &negative}) {
      const auto outside =
          std::find_if(buckets->begin(), buckets->end(), [&](const ExponentialBucket& bucket) {
            return BucketEnd(bucket.index - 1, schema) >= threshold;
          });
      for (auto at = buckets->begin(); at != outside; ++at) zero_count += at->count;
      buckets->erase(buckets->begin(), outside);
    }
    zero_threshold = threshold;
  }

  size_t size() const { return positive.size() + negative.size(); }

  int schema;
  double zero_threshold;
  double zero_count;
  ExponentialBuckets positive;
  ExponentialBuckets negative;
};

void MergeZeros(Parts& a, Parts& b) {
  // Neither is wider: equal, or NaN, which would never be reached.
  if (!(a.zero_threshold < b.zero_threshold) && !(b.zero_threshold < a.zero_threshold)) return;
  double threshold = std::max(a.zero_threshold, b.zero_threshold);
  for (double reach = threshold;; threshold = reach) {
    // The wider one has nothing below its own threshold.
    reach = std::max(a.Reach(threshold), b.Reach(threshold));
    if (reach == threshold) break;
  }
  a.WidenZero(threshold);
  b.WidenZero(threshold);
}

void AddBuckets(ExponentialBuckets& sum, const ExponentialBuckets& more) {
  ExponentialBuckets merged;
  merged.reserve(sum.size() + more.size());
  auto a = sum.begin();
  auto b = more.begin();
  while (a != sum.end() || b != more.end()) {
    if (b == more.end() || (a != sum.end() && a->index < b->index)) {
      merged.push_back(*a++);
    } else if (a == sum.end() || b->index < a->index) {
      merged.push_back(*b++);
    } else {
      merged.push_back({a->index, a->count + b->count});
      ++a;
      ++b;
    }
  }
  sum = std::move(merged);
}

}  // namespace

NativeHistogram AddHistograms(const NativeHistogram& sum, const NativeHistogram& more,
                              size_t buckets_max) {
  const bool is_custom = more.schema == NativeHistogram::kCustomBuckets;
  if (is_custom != (sum.schema == NativeHistogram::kCustomBuckets) ||
      sum.custom_bounds != more.custom_bounds) {
    return more;
  }
  Parts a(sum);
  Parts b(more);
  if (!is_custom) {
    a.MergeDownTo(b.schema);
    b.MergeDownTo(a.schema);
    MergeZeros(a, b);
  }
  AddBuckets(a.positive, b.positive);
  AddBuckets(a.negative, b.negative);
  NativeHistogram total;
  const auto fits = [&] {
    return SetBuckets(a.positive, total.positive_spans, total.positive_counts) &&
           SetBuckets(a.negative, total.negative_spans, total.negative_counts) &&
           total.positive_counts.size() + total.negative_counts.size() <= buckets_max;
  };
  while (!fits() && !is_custom && a.schema > NativeHistogram::kSchemaMin) {
    a.MergeDownTo(a.schema - 1);
  }
  total.schema = static_cast<int8_t>(a.schema);
  total.reset_hint = more.reset_hint;
  total.is_float = sum.is_float || more.is_float;
  total.zero_threshold = a.zero_threshold;
  total.zero_count = a.zero_count + b.zero_count;
  total.count = sum.count + more.count;
  total.sum = sum.sum + more.sum;
  total.custom_bounds = more.custom_bounds;
  return total;
}

}  // namespace slowburn::model
