#include "promql/internal/histogram_quantile.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
#include <tuple>
#include <vector>

#include "promql/internal/histogram_buckets.h"
#include "promql/internal/kahan.h"

namespace slowburn::promql {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();

bool HoldsZero(const Bucket& bucket) { return bucket.lower <= 0 && bucket.upper >= 0; }

// With buckets on one side only, what is around zero is taken to be on that side too.
void LeanToOneSide(const NativeHistogram& histogram, Bucket& zero_bucket) {
  if (histogram.negative_counts.empty() && !histogram.positive_counts.empty()) {
    zero_bucket.lower = 0;
  } else if (histogram.positive_counts.empty() && !histogram.negative_counts.empty()) {
    zero_bucket.upper = 0;
  }
}

// `fraction` of the way from the lower bound to the upper one, on a logarithmic scale.
double ExponentialPlace(const Bucket& bucket, double fraction) {
  const double lower = std::log2(std::fabs(bucket.lower));
  const double upper = std::log2(std::fabs(bucket.upper));
  if (bucket.lower > 0) return std::exp2(lower + (upper - lower) * fraction);
  return -std::exp2(upper + (lower - upper) * (1 - fraction));
}

// The first bucket, from the end that is nearer, at which `rank` observations have been passed.
struct Place {
  Bucket bucket;
  double passed = 0;  // this bucket included
};
Place FindRank(const std::vector<Bucket>& buckets, double rank, bool forward) {
  Place place;
  const auto visit = [&](const Bucket& bucket) {
    if (bucket.count == 0) return false;
    place.bucket = bucket;
    place.passed += bucket.count;
    return place.passed >= rank;
  };
  if (forward) {
    std::ignore = std::ranges::any_of(buckets, visit);
  } else {
    std::ignore = std::any_of(buckets.rbegin(), buckets.rend(), visit);
  }
  return place;
}

}  // namespace

double HistogramQuantile(double quantile, const NativeHistogram& histogram) {
  if (quantile < 0) return -kInfinity;
  if (quantile > 1) return kInfinity;
  if (histogram.count == 0 || std::isnan(quantile)) return kNan;
  const bool forward = std::isnan(histogram.sum) || quantile < 0.5;
  double rank = (forward ? quantile : 1 - quantile) * histogram.count;
  auto [bucket, passed] = FindRank(AllBuckets(histogram), rank, forward);
  if (!UsesCustomBounds(histogram) && bucket.lower < 0 && bucket.upper > 0) {
    LeanToOneSide(histogram, bucket);
  } else if (UsesCustomBounds(histogram)) {
    if (bucket.lower == -kInfinity) {
      if (bucket.upper <= 0) return bucket.upper;
      bucket.lower = 0;
    } else if (bucket.upper == kInfinity) {
      return bucket.lower;
    }
  }
  passed = std::min(passed, histogram.count);
  if (passed < rank) {
    if (std::isnan(histogram.sum)) return kNan;
    return forward ? bucket.upper : bucket.lower;
  }
  rank = forward ? rank - (passed - bucket.count) : passed - rank;
  const double fraction = rank / bucket.count;
  if (UsesCustomBounds(histogram) || HoldsZero(bucket)) {
    return bucket.lower + (bucket.upper - bucket.lower) * fraction;
  }
  return ExponentialPlace(bucket, fraction);
}

double HistogramFraction(double lower, double upper, const NativeHistogram& histogram) {
  if (histogram.count == 0 || std::isnan(lower) || std::isnan(upper)) return kNan;
  if (lower >= upper) return 0;
  const bool custom = UsesCustomBounds(histogram);
  double rank = 0;
  std::optional<double> lower_rank, upper_rank;
  // Sets `found` once `value` is at or within the bucket.
  const auto place = [&](const Bucket& bucket, bool linear, double value,
                         std::optional<double>& found) {
    if (found.has_value()) return;
    if (bucket.lower >= value) {
      found = rank;
    } else if (bucket.upper > value) {
      if (std::isinf(bucket.lower)) {
        found = bucket.count;
      } else if (linear) {
        found = rank + bucket.count * (value - bucket.lower) / (bucket.upper - bucket.lower);
      } else {
        const double from = std::log2(std::fabs(bucket.lower));
        const double to = std::log2(std::fabs(bucket.upper));
        const double at = std::log2(std::fabs(value));
        found = rank + bucket.count * (at - from) / (to - from);
      }
    }
  };
  for (Bucket bucket : AllBuckets(histogram)) {
    const bool around_zero = !custom && HoldsZero(bucket);
    if (around_zero) LeanToOneSide(histogram, bucket);
    if (custom && bucket.lower == -kInfinity && bucket.upper > 0) bucket.lower = 0;
    place(bucket, custom || around_zero, lower, lower_rank);
    place(bucket, custom || around_zero, upper, upper_rank);
    if (lower_rank.has_value() && upper_rank.has_value()) break;
    rank += bucket.count;
  }
  // Observations of NaN are in no bucket: beyond the last one there is no more.
  const double most = std::isnan(histogram.sum) ? rank : histogram.count;
  const double from = std::min(lower_rank.value_or(most), most);
  const double to = std::min(upper_rank.value_or(most), most);
  return (to - from) / histogram.count;
}

double HistogramVariance(const NativeHistogram& histogram) {
  const double mean = histogram.sum / histogram.count;
  KahanSum variance;
  for (const Bucket& bucket : AllBuckets(histogram)) {
    if (bucket.count == 0) continue;
    double middle = 0;
    if (UsesCustomBounds(histogram)) {
      middle = (bucket.upper + bucket.lower) / 2;
    } else if (!HoldsZero(bucket)) {
      middle = std::copysign(std::sqrt(bucket.upper * bucket.lower), bucket.upper);
    }
    const double delta = middle - mean;
    variance.Add(bucket.count * delta * delta);
  }
  return variance.Value() / histogram.count;
}

}  // namespace slowburn::promql
