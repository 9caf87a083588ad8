#include "slo/latency_sum.h"

#include <algorithm>

namespace slowburn::slo {
namespace {

using Wide = unsigned __int128;

constexpr double kNanosPerSecond = 1e9;

uint64_t AddUpToMax(uint64_t a, uint64_t b) { return b > UINT64_MAX - a ? UINT64_MAX : a + b; }

}  // namespace

void LatencySum::Add(const LatencyHistogram& histogram) {
  if (counts_.empty()) counts_.resize(kLatencyBuckets);
  histogram.ForEach([&](const LatencyHistogram::Bucket& bucket) {
    uint64_t& count = counts_[static_cast<size_t>(bucket.index - kLatencyZeroBucket)];
    count = AddUpToMax(count, bucket.count);
    count_ = AddUpToMax(count_, bucket.count);
  });
}

std::optional<double> LatencySum::Quantile(uint32_t per_mille) const {
  if (count_ == 0) return std::nullopt;
  const Wide rank = std::max<Wide>((Wide{count_} * std::min(per_mille, 1000u) + 999) / 1000, 1);
  Wide seen = 0;
  for (size_t i = 0; i < counts_.size(); ++i) {
    seen += counts_[i];
    if (seen >= rank) return LatencyEstimateOf(static_cast<int>(i) + kLatencyZeroBucket);
  }
  return std::nullopt;  // The counts are at least the count.
}

LatencyPercentiles PercentilesOf(const LatencySum& sum, std::chrono::sys_seconds start,
                                 std::chrono::sys_seconds end, double nanos_per_unit) {
  const double seconds_per_unit = nanos_per_unit / kNanosPerSecond;
  LatencyPercentiles percentiles{.start = start, .end = end, .count = sum.count()};
  for (size_t i = 0; i < kPercentiles.size(); ++i) {
    percentiles.seconds[i] = sum.Quantile(kPercentiles[i].per_mille).value_or(0) * seconds_per_unit;
  }
  return percentiles;
}

}  // namespace slowburn::slo
