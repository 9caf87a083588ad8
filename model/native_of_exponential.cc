#include "model/native_of_exponential.h"

#include <algorithm>
#include <span>

#include "base/status.h"
#include "model/exponential_buckets.h"
#include "model/sample.h"

namespace slowburn::model {

// An OTLP bucket is named by its lower bound, a native one by its upper. Each schema down merges
// two neighbours.
bool NativeOfExponential::Lay(const MetricBatch& batch,
                              const ExponentialHistogramValue::Buckets& from, int schemas_down,
                              Side& side) {
  const std::span counts = std::span(batch.counts).subspan(from.counts.begin, from.counts.size());
  const int shift = std::clamp(schemas_down, 0, 62);
  side.spans.clear();
  side.counts.assign(counts.size(), 0);
  BucketLayout layout(side.spans, side.counts.data());
  int64_t merged_index = 0;
  double merged = 0;
  for (size_t i = 0; i < counts.size(); ++i) {
    if (counts[i] == 0) continue;
    const int64_t index = ((int64_t{from.offset} + static_cast<int64_t>(i)) >> shift) + 1;
    const auto count = static_cast<double>(counts[i]);
    if (merged != 0 && index == merged_index) {
      merged += count;
      continue;
    }
    if (merged != 0 && !layout.Add(merged_index, merged)) return false;
    merged_index = index;
    merged = count;
  }
  if (merged != 0 && !layout.Add(merged_index, merged)) return false;
  side.counts.resize(layout.Finish());
  return true;
}

absl::StatusOr<NativeHistogramView> NativeOfExponential::Make(
    const MetricBatch& batch, const ExponentialHistogramValue& value) {
  if (value.scale < NativeHistogram::kSchemaMin) {
    return base::InvalidArgument("its scale is {}, native histograms begin at {}", value.scale,
                                 int{NativeHistogram::kSchemaMin});
  }
  if (!value.has_sum) return base::InvalidArgument("it has no sum, a native histogram needs one");
  NativeHistogramView native;
  native.schema = static_cast<int8_t>(std::min<int32_t>(value.scale, NativeHistogram::kSchemaMax));
  const int down = value.scale - native.schema;
  if (!Lay(batch, value.positive, down, positive_) ||
      !Lay(batch, value.negative, down, negative_)) {
    return base::InvalidArgument("its buckets have indexes beyond 32 bits");
  }
  native.zero_threshold = value.zero_threshold == 0 ? 1e-128 : value.zero_threshold;
  native.zero_count = static_cast<double>(value.zero_count);
  native.count = static_cast<double>(value.count);
  native.sum = value.sum;
  native.positive_spans = positive_.spans;
  native.negative_spans = negative_.spans;
  native.positive_counts = positive_.counts;
  native.negative_counts = negative_.counts;
  return native;
}

NativeHistogram StaleHistogram() {
  NativeHistogram stale;
  stale.sum = StaleMarker();
  return stale;
}

}  // namespace slowburn::model
