// promql/bucket_list.h: the buckets of a native histogram as an answer lists them.
//
// Room     promql
// Uses     model/
// Threads  pure functions
// Units    bounds are values as observed
// Source   Prometheus HTTP API, "Native histograms"
#pragma once

#include <cstdint>
#include <vector>

#include "model/native_histogram.h"

namespace slowburn::promql {

// Which of the two bounds a bucket holds. The numbers are those of the API.
enum class BucketBounds : uint8_t { kUpper = 0, kLower = 1, kNone = 2, kBoth = 3 };

struct ListedBucket {
  BucketBounds bounds = BucketBounds::kUpper;
  double lower = 0;
  double upper = 0;
  double count = 0;
};

// Those that count something, by ascending bounds.
std::vector<ListedBucket> ListBuckets(const model::NativeHistogram& histogram);

}  // namespace slowburn::promql
