#include "promql/internal/histogram_trim.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include "promql/internal/histogram_buckets.h"

namespace slowburn::promql {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

// What stays of a bucket, and where its observations are taken to be.
struct Kept {
  double count = 0;
  double middle = 0;
};

enum class Scale { kLinear, kExponential };

double MiddleOf(double lower, double upper, Scale scale) {
  if (scale == Scale::kLinear) return (lower + upper) / 2;
  return std::copysign(std::sqrt(lower * upper), upper);
}

// How far `value` is into the bucket.
double ShareBelow(const Bucket& bucket, double value, Scale scale) {
  if (scale == Scale::kLinear) return (value - bucket.lower) / (bucket.upper - bucket.lower);
  const double from = std::log2(std::fabs(bucket.lower));
  const double to = std::log2(std::fabs(bucket.upper));
  return (std::log2(std::fabs(value)) - from) / (to - from);
}

Kept KeepOfFinite(const Bucket& bucket, double value, TrimSide side, Scale scale) {
  const bool below = side == TrimSide::kKeepBelow;
  if (below ? bucket.upper <= value : bucket.lower >= value) {
    return {bucket.count, MiddleOf(bucket.lower, bucket.upper, scale)};
  }
  if (below ? bucket.lower >= value : bucket.upper <= value) return {};
  const double share = ShareBelow(bucket, value, scale);
  if (below) return {bucket.count * share, MiddleOf(bucket.lower, value, scale)};
  return {bucket.count * (1 - share), MiddleOf(value, bucket.upper, scale)};
}

// The first custom bucket, which is taken to begin at 0 where it ends above.
Kept KeepOfFirst(const Bucket& bucket, double value, TrimSide side) {
  if (side == TrimSide::kKeepBelow) {
    if (bucket.upper > 0 && bucket.upper < kInfinity) {
      return KeepOfFinite({0, bucket.upper, bucket.count}, value, side, Scale::kLinear);
    }
    if (bucket.upper == kInfinity) return value == kInfinity ? Kept{bucket.count, 0} : Kept{};
    return {bucket.count, std::min(bucket.upper, value)};
  }
  if (value == -kInfinity) return {bucket.count, std::isinf(bucket.upper) ? 0 : bucket.upper};
  // Nobody knows how far down it reaches, so below 0 nothing of it is surely above.
  if (value < 0 || bucket.upper <= value || bucket.upper == kInfinity) return {};
  return KeepOfFinite({0, bucket.upper, bucket.count}, value, side, Scale::kLinear);
}

// The last custom bucket: nobody knows how far up it reaches.
Kept KeepOfLast(const Bucket& bucket, double value, TrimSide side) {
  if (side == TrimSide::kKeepAbove) return {bucket.count, std::max(bucket.lower, value)};
  return value == kInfinity ? Kept{bucket.count, bucket.lower} : Kept{};
}

Kept KeepOf(const NativeHistogram& histogram, const Bucket& bucket, double value, TrimSide side) {
  if (!UsesCustomBounds(histogram)) {
    return KeepOfFinite(bucket, value, side, Scale::kExponential);
  }
  if (bucket.lower == -kInfinity) return KeepOfFirst(bucket, value, side);
  if (bucket.upper == kInfinity) return KeepOfLast(bucket, value, side);
  return KeepOfFinite(bucket, value, side, Scale::kLinear);
}

Bucket ZeroBucketOf(const NativeHistogram& histogram) {
  Bucket zero{-histogram.zero_threshold, histogram.zero_threshold, histogram.zero_count};
  if (histogram.negative_counts.empty() && !histogram.positive_counts.empty()) zero.lower = 0;
  if (histogram.positive_counts.empty() && !histogram.negative_counts.empty()) zero.upper = 0;
  return zero;
}

}  // namespace

NativeHistogram Trimmed(const NativeHistogram& histogram, double value, TrimSide side) {
  NativeHistogram trimmed = histogram;
  double count = 0;
  double sum = 0;
  bool changed = false;
  const auto keep = [&](const Kept& kept, double& stored) {
    if (kept.count != stored) changed = true;
    if (kept.count != 0) sum += kept.count * kept.middle;
    count += kept.count;
    stored = kept.count;
  };
  const std::vector<Bucket> positive = PositiveBuckets(histogram);
  for (size_t i = 0; i < positive.size(); ++i) {
    keep(KeepOf(histogram, positive[i], value, side), trimmed.positive_counts[i]);
  }
  const std::vector<Bucket> negative = NegativeBuckets(histogram);
  for (size_t i = 0; i < negative.size(); ++i) {
    keep(KeepOf(histogram, negative[i], value, side), trimmed.negative_counts[i]);
  }
  if (!UsesCustomBounds(histogram)) {
    keep(KeepOfFinite(ZeroBucketOf(histogram), value, side, Scale::kLinear), trimmed.zero_count);
  }
  if (!changed) return histogram;
  trimmed.count = count;
  trimmed.sum = sum;
  Compact(trimmed);
  return trimmed;
}

}  // namespace slowburn::promql
