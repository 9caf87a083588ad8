#include "promql/bucket_list.h"

#include <cmath>

#include "promql/internal/histogram_buckets.h"

namespace slowburn::promql {
namespace {

// Exponential buckets hold the bound that is farther from zero, the zero bucket both. Custom
// buckets hold their upper bound, the first one everything below.
BucketBounds BoundsOf(const model::NativeHistogram& histogram, const Bucket& bucket) {
  const bool is_custom = UsesCustomBounds(histogram);
  const bool holds_lower = is_custom ? std::isinf(bucket.lower) : bucket.lower < 0;
  const bool holds_upper = is_custom || bucket.upper > 0;
  const bool is_zero = !is_custom && bucket.lower == -bucket.upper;
  if (is_zero || (holds_lower && holds_upper)) return BucketBounds::kBoth;
  if (holds_lower) return BucketBounds::kLower;
  return holds_upper ? BucketBounds::kUpper : BucketBounds::kNone;
}

}  // namespace

std::vector<ListedBucket> ListBuckets(const model::NativeHistogram& histogram) {
  std::vector<ListedBucket> listed;
  for (const Bucket& bucket : AllBuckets(histogram)) {
    if (bucket.count == 0) continue;
    listed.push_back({BoundsOf(histogram, bucket), bucket.lower, bucket.upper, bucket.count});
  }
  return listed;
}

}  // namespace slowburn::promql
