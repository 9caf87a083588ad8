#include "slo/metric_latencies.h"

#include <algorithm>
#include <numeric>
#include <span>
#include <vector>

namespace slowburn::slo {
namespace {

using Bucket = LatencyHistogram::Bucket;

// Of the coarse bucket that ours lies in, the one that stands for it.
int MiddleOf(int index, uint32_t coarseness) {
  if (coarseness == 0 || index == kLatencyZeroBucket) return index;
  const int width = 1 << coarseness;
  return (index >> coarseness) * width + width / 2 - 1;
}

std::vector<Bucket> Coarsened(const LatencyHistogram& histogram, uint32_t coarseness) {
  std::vector<Bucket> buckets;
  histogram.ForEach([&](const Bucket& bucket) {
    const int index = MiddleOf(bucket.index, coarseness);
    if (buckets.empty() || buckets.back().index != index) {
      buckets.push_back({index, bucket.count});
    } else {
      buckets.back().count += bucket.count;
    }
  });
  return buckets;
}

}  // namespace

std::optional<MetricLatencies> MetricLatencies::Of(const model::MetricBatch& batch,
                                                   const model::ExponentialHistogramValue& value) {
  if (value.scale < kLatencyScale - static_cast<int32_t>(kCoarsenessMax)) return std::nullopt;
  const auto counts = [&](const model::ExponentialHistogramValue::Buckets& buckets) {
    return std::span<const uint64_t>{batch.counts.data() + buckets.counts.begin,
                                     buckets.counts.size()};
  };
  const std::span<const uint64_t> negative = counts(value.negative);
  MetricLatencies latencies;
  latencies.coarseness = static_cast<uint32_t>(std::max(kLatencyScale - value.scale, 0));
  latencies.histogram.AddExponential(
      value.scale, value.positive.offset, counts(value.positive),
      std::accumulate(negative.begin(), negative.end(), value.zero_count));
  return latencies;
}

std::optional<MetricLatencies> MetricLatencies::Since(const MetricLatencies& before) const {
  MetricLatencies since;
  since.coarseness = std::max(coarseness, before.coarseness);
  const std::vector<Bucket> old = Coarsened(before.histogram, since.coarseness);
  auto next = old.begin();
  for (Bucket bucket : Coarsened(histogram, since.coarseness)) {
    if (next != old.end() && next->index < bucket.index) return std::nullopt;
    if (next != old.end() && next->index == bucket.index) {
      if (next->count > bucket.count) return std::nullopt;
      bucket.count -= next->count;
      ++next;
    }
    if (bucket.count > 0) since.histogram.Append(bucket.index, bucket.count);
  }
  if (next != old.end()) return std::nullopt;
  return since;
}

double LatencyErrorOf(uint32_t coarseness) {
  LatencyHistogram none;
  return none.AddExponential(kLatencyScale - static_cast<int32_t>(coarseness), 0, {}, 0);
}

}  // namespace slowburn::slo
