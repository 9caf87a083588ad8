#include "model/native_of_exponential.h"

#include <algorithm>

#include "base/status.h"
#include "model/exponential_buckets.h"
#include "model/sample.h"

namespace slowburn::model {
namespace {

// An OTLP bucket is named by its lower bound, a native one by its upper.
ExponentialBuckets NativeBuckets(const MetricBatch& batch,
                                 const ExponentialHistogramValue::Buckets& from, int merged) {
  ExponentialBuckets buckets;
  for (uint32_t i = 0; i < from.counts.size(); ++i) {
    const uint64_t count = batch.counts[from.counts.begin + i];
    if (count == 0) continue;
    buckets.push_back({int64_t{from.offset} + i + 1, static_cast<double>(count)});
  }
  MergeDown(buckets, merged);
  return buckets;
}

}  // namespace

absl::StatusOr<NativeHistogram> NativeHistogramOf(const MetricBatch& batch,
                                                  const ExponentialHistogramValue& value) {
  if (value.scale < NativeHistogram::kSchemaMin) {
    return base::InvalidArgument("its scale is {}, native histograms begin at {}", value.scale,
                                 int{NativeHistogram::kSchemaMin});
  }
  if (!value.has_sum) return base::InvalidArgument("it has no sum, a native histogram needs one");
  NativeHistogram native;
  native.schema = static_cast<int8_t>(std::min<int32_t>(value.scale, NativeHistogram::kSchemaMax));
  native.zero_threshold = value.zero_threshold == 0 ? 1e-128 : value.zero_threshold;
  native.zero_count = static_cast<double>(value.zero_count);
  native.count = static_cast<double>(value.count);
  native.sum = value.sum;
  const int merged = value.scale - native.schema;
  if (!SetBuckets(NativeBuckets(batch, value.positive, merged), native.positive_spans,
                  native.positive_counts) ||
      !SetBuckets(NativeBuckets(batch, value.negative, merged), native.negative_spans,
                  native.negative_counts)) {
    return base::InvalidArgument("its buckets have indexes beyond 32 bits");
  }
  return native;
}

NativeHistogram StaleHistogram() {
  NativeHistogram stale;
  stale.sum = StaleMarker();
  return stale;
}

}  // namespace slowburn::model
