// promql/internal/classic_histogram.h: what cumulative buckets with upper bounds (le) say.
//
// Room     promql/internal
// Uses     standard library
// Threads  pure functions
// Units    quantiles and fractions are 0..1
// Source   Prometheus documentation, "histogram_quantile()"
#pragma once

#include <vector>

namespace slowburn::promql {

struct ClassicBucket {
  double upper = 0;
  double count = 0;  // of all observations up to `upper`
};

// Sorts them, adds up those with the same bound, and makes the counts monotonic. True if a decrease
// that rounding does not explain had to be mended. Call it before the two below.
bool MendBuckets(std::vector<ClassicBucket>& buckets);

// NaN unless the last bucket is +Inf and there are observations.
double ClassicQuantile(double quantile, const std::vector<ClassicBucket>& buckets);
double ClassicFraction(double lower, double upper, const std::vector<ClassicBucket>& buckets);

}  // namespace slowburn::promql
