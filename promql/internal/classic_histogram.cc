#include "promql/internal/classic_histogram.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>

namespace slowburn::promql {
namespace {

constexpr double kNan = std::numeric_limits<double>::quiet_NaN();
constexpr double kInfinity = std::numeric_limits<double>::infinity();
// Relative; what sums of rates lose by rounding is below.
constexpr double kSmallDelta = 1e-12;

bool AlmostEqual(double a, double b) {
  if (a == b) return true;
  const double size = std::fabs(a) + std::fabs(b);
  const double delta = std::fabs(a - b);
  constexpr double kSmallest = std::numeric_limits<double>::min();
  if (a == 0 || b == 0 || size < kSmallest) return delta < kSmallDelta * kSmallest;
  return delta / std::min(size, std::numeric_limits<double>::max()) < kSmallDelta;
}

bool EndsAtInfinity(const std::vector<ClassicBucket>& buckets) {
  return !buckets.empty() && buckets.back().upper == kInfinity;
}

}  // namespace

bool MendBuckets(std::vector<ClassicBucket>& buckets) {
  if (buckets.empty()) return false;
  std::ranges::stable_sort(buckets, {}, &ClassicBucket::upper);
  size_t kept = 0;
  for (size_t i = 1; i < buckets.size(); ++i) {
    if (buckets[i].upper == buckets[kept].upper) {
      buckets[kept].count += buckets[i].count;
    } else {
      buckets[++kept] = buckets[i];
    }
  }
  buckets.resize(kept + 1);
  bool forced = false;
  double previous = buckets[0].count;
  for (ClassicBucket& bucket : buckets) {
    if (bucket.count == previous) continue;
    if (AlmostEqual(previous, bucket.count)) {
      bucket.count = previous;
    } else if (bucket.count < previous) {
      bucket.count = previous;
      forced = true;
    } else {
      previous = bucket.count;
    }
  }
  return forced;
}

double ClassicQuantile(double quantile, const std::vector<ClassicBucket>& buckets) {
  if (std::isnan(quantile)) return kNan;
  if (quantile < 0) return -kInfinity;
  if (quantile > 1) return kInfinity;
  if (!EndsAtInfinity(buckets) || buckets.size() < 2) return kNan;
  const double observations = buckets.back().count;
  if (observations == 0) return kNan;
  double rank = quantile * observations;
  const auto last = buckets.end() - 1;
  const auto at = std::partition_point(
      buckets.begin(), last, [&](const ClassicBucket& bucket) { return !(bucket.count >= rank); });
  if (at == last) return (last - 1)->upper;
  if (at == buckets.begin() && at->upper <= 0) return at->upper;
  double start = 0;
  double count = at->count;
  if (at != buckets.begin()) {
    start = (at - 1)->upper;
    count -= (at - 1)->count;
    rank -= (at - 1)->count;
  }
  return start + (at->upper - start) * (rank / count);
}

double ClassicFraction(double lower, double upper, const std::vector<ClassicBucket>& buckets) {
  if (!EndsAtInfinity(buckets)) return kNan;
  const double all = buckets.back().count;
  if (all == 0 || std::isnan(lower) || std::isnan(upper)) return kNan;
  if (lower >= upper) return 0;
  double rank = 0;
  double start = buckets.front().upper > 0 ? 0 : -kInfinity;
  std::optional<double> lower_rank, upper_rank;
  const auto place = [&](const ClassicBucket& bucket, double value, std::optional<double>& found) {
    if (found.has_value()) return;
    if (start >= value) {
      found = rank;
    } else if (bucket.upper > value) {
      found = std::isinf(start)
                  ? bucket.count
                  : rank + (bucket.count - rank) * (value - start) / (bucket.upper - start);
    }
  };
  for (const ClassicBucket& bucket : buckets) {
    place(bucket, lower, lower_rank);
    place(bucket, upper, upper_rank);
    rank = bucket.count;
    start = bucket.upper;
  }
  const double from = std::min(lower_rank.value_or(all), all);
  const double to = std::min(upper_rank.value_or(all), all);
  return (to - from) / all;
}

}  // namespace slowburn::promql
