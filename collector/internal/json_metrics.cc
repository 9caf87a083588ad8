#include <utility>

#include "base/status.h"
#include "collector/otlp_json.h"
#include "collector/otlp_metrics.h"

namespace slowburn::collector {

// Metrics go through protobuf: their points need their attributes in that form in any case, and few
// senders write metrics in JSON.
absl::Status DecodeMetricsJson(std::string& body, const model::AttributeProjection& projection,
                               model::MetricBatch& batch) {
  batch.Clear();
  SB_ASSIGN_OR_RETURN(std::string protobuf, JsonToProtobuf(model::Signal::kMetrics, body));
  const absl::Status decoded = DecodeMetrics(protobuf, projection, batch);
  if (decoded.ok() && batch.decoded() > 0) batch.bytes.Adopt(std::move(protobuf));
  return decoded;
}

}  // namespace slowburn::collector
