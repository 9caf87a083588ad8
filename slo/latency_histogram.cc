#include "slo/latency_histogram.h"

#include <algorithm>
#include <cmath>
#include <optional>

#include "base/status.h"

namespace slowburn::slo {
namespace {

using internal::PutVarint;
using internal::TakeVarint;

uint64_t AddUpToMax(uint64_t a, uint64_t b) { return b > UINT64_MAX - a ? UINT64_MAX : a + b; }

// Where OTLP's buckets of one scale go.
class BucketMap {
 public:
  // Beyond these scales a bucket is everything, or next to nothing.
  explicit BucketMap(int32_t scale) : coarser_by_(kLatencyScale - std::clamp(scale, -60, 60)) {}

  int operator()(int64_t index) const {
    int64_t ours = 0;
    if (coarser_by_ <= 0) {
      ours = index >> -coarser_by_;
    } else if (coarser_by_ < kShiftMax) {
      // 2^n of our buckets lie in it: the last of their lower half, whose end is its middle.
      ours = index * (int64_t{1} << coarser_by_) + (int64_t{1} << (coarser_by_ - 1)) - 1;
    } else {
      ours = index < 0 ? kLatencyZeroBucket : kLatencyBucketMax;
    }
    if (ours < kLatencyBucketMin) return kLatencyZeroBucket;
    return static_cast<int>(std::min<int64_t>(ours, kLatencyBucketMax));
  }

  // The lower and the upper bound of a coarse bucket lie 2^(n-1) buckets from its middle; the
  // estimate half a bucket below it.
  double relative_error() const {
    if (coarser_by_ <= 0) return kLatencyRelativeError;
    const double half = std::exp2(coarser_by_ - 1);
    const double estimate = LatencyEstimateOf(-1);  // of the bucket that ends at 1, the middle
    const double lower = std::exp2(-half / kBucketsPerOctave);
    return std::max(estimate / lower - 1, 1 - estimate * lower);
  }

 private:
  static constexpr int kShiftMax = 16;  // 2^16 of our buckets: far more than there are
  int coarser_by_;
};

}  // namespace

void LatencyHistogram::Append(int index, uint64_t count) {
  PutVarint(bytes_, static_cast<uint64_t>(index - next_));
  PutVarint(bytes_, count);
  next_ = index + 1;
}

void LatencyHistogram::Record(uint64_t nanos) {
  LatencyHistogram one;
  one.Append(LatencyBucketOf(nanos), 1);
  Merge(one);
}

void LatencyHistogram::Merge(const LatencyHistogram& other) {
  if (other.empty()) return;
  if (empty()) {
    *this = other;
    return;
  }
  LatencyHistogram merged;
  // Seldom longer than the two beside each other, and mostly far shorter.
  merged.bytes_.reserve(std::max(bytes_.size(), other.bytes_.size()) + 16);
  Reader mine(bytes_), theirs(other.bytes_);
  Bucket a, b;
  bool has_a = mine.Next(a), has_b = theirs.Next(b);
  while (has_a || has_b) {
    if (has_a && has_b && a.index == b.index) {
      merged.Append(a.index, AddUpToMax(a.count, b.count));
      has_a = mine.Next(a);
      has_b = theirs.Next(b);
    } else if (has_a && (!has_b || a.index < b.index)) {
      merged.Append(a.index, a.count);
      has_a = mine.Next(a);
    } else {
      merged.Append(b.index, b.count);
      has_b = theirs.Next(b);
    }
  }
  *this = std::move(merged);
}

double LatencyHistogram::AddExponential(int32_t scale, int32_t offset,
                                        std::span<const uint64_t> counts, uint64_t zero_count) {
  const BucketMap map(scale);
  LatencyHistogram added;
  Bucket open{kLatencyZeroBucket, zero_count};
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    // Theirs ascend, so ours never descend.
    const int index = map(int64_t{offset} + static_cast<int64_t>(i));
    if (index != open.index && open.count > 0) added.Append(open.index, open.count);
    if (index != open.index) open = {index, 0};
    open.count = AddUpToMax(open.count, counts[i]);
  }
  if (open.count > 0) added.Append(open.index, open.count);
  Merge(added);
  return map.relative_error();
}

uint64_t LatencyHistogram::count() const {
  uint64_t count = 0;
  ForEach([&](const Bucket& bucket) { count = AddUpToMax(count, bucket.count); });
  return count;
}

absl::StatusOr<LatencyHistogram> LatencyHistogram::Decode(std::string_view bytes) {
  LatencyHistogram histogram;
  std::string_view rest = bytes;
  constexpr int64_t kEnd = kLatencyBucketMax + 1;
  int64_t next = kLatencyZeroBucket;
  while (!rest.empty()) {
    const std::optional<uint64_t> gap = TakeVarint(rest);
    const std::optional<uint64_t> count = TakeVarint(rest);
    if (!gap || !count || *count == 0 || *gap >= static_cast<uint64_t>(kEnd - next)) {
      return base::DataLoss(
          "a latency histogram of {} bytes is broken at byte {}; restore it from a backup",
          bytes.size(), bytes.size() - rest.size());
    }
    next += static_cast<int64_t>(*gap) + 1;
  }
  histogram.bytes_ = bytes;
  histogram.next_ = static_cast<int>(next);
  return histogram;
}

}  // namespace slowburn::slo
