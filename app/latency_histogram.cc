#include "app/latency_histogram.h"

#include <algorithm>
#include <bit>
#include <cmath>

// Bucket b < 2048 holds the value b. Above, with the shift s = 1, 2, ..., bucket s * 1024 + m holds
// the values v with v >> s == m, where m is in [1024, 2048). The two meet without a gap: the first
// bucket of shift 1 is 1 * 1024 + 1024 = 2048.

namespace slowburn::app {
namespace {

using std::chrono::nanoseconds;

constexpr uint64_t kExact = 2048;
constexpr uint64_t kHalf = kExact / 2;

size_t BucketOf(uint64_t value) {
  if (value < kExact) return value;
  const auto shift = static_cast<uint64_t>(std::bit_width(value / kExact));
  return shift * kHalf + (value >> shift);
}

// The largest value that the bucket holds.
uint64_t UpperEnd(size_t bucket) {
  if (bucket < kExact) return bucket;
  const uint64_t shift = bucket / kHalf - 1;
  const uint64_t mantissa = bucket % kHalf + kHalf;
  return ((mantissa + 1) << shift) - 1;
}

}  // namespace

void LatencyHistogram::Record(nanoseconds latency) {
  latency = std::max(latency, nanoseconds(0));
  const nanoseconds bounded = std::min<nanoseconds>(latency, kLatencyMax);
  const size_t bucket = BucketOf(static_cast<uint64_t>(bounded.count()));
  if (bucket >= buckets_.size()) buckets_.resize(bucket + 1);
  ++buckets_[bucket];
  ++count_;
  sum_ += static_cast<double>(latency.count());
  max_ = std::max(max_, latency);
}

void LatencyHistogram::Add(const LatencyHistogram& other) {
  if (other.buckets_.size() > buckets_.size()) buckets_.resize(other.buckets_.size());
  for (size_t i = 0; i < other.buckets_.size(); ++i) buckets_[i] += other.buckets_[i];
  count_ += other.count_;
  sum_ += other.sum_;
  max_ = std::max(max_, other.max_);
}

void LatencyHistogram::Clear() {
  std::ranges::fill(buckets_, 0);  // The memory is kept: it will be needed again.
  count_ = 0;
  sum_ = 0;
  max_ = nanoseconds(0);
}

nanoseconds LatencyHistogram::Mean() const {
  if (count_ == 0) return nanoseconds(0);
  return nanoseconds(std::llround(sum_ / static_cast<double>(count_)));
}

nanoseconds LatencyHistogram::Percentile(double share) const {
  const double wanted = std::ceil(std::clamp(share, 0.0, 1.0) * static_cast<double>(count_));
  const auto rank = std::max<uint64_t>(static_cast<uint64_t>(wanted), 1);
  uint64_t seen = 0;
  for (size_t bucket = 0; bucket < buckets_.size(); ++bucket) {
    seen += buckets_[bucket];
    if (seen >= rank) {
      return std::min(nanoseconds(static_cast<int64_t>(UpperEnd(bucket))), max_);
    }
  }
  return max_;
}

}  // namespace slowburn::app
