// An OTLP/protobuf request of metrics.
#include "collector/otlp_metrics.h"
#include "tests/fuzz/decoded_batch.h"

void Fuzz(std::string_view input) {
  using namespace slowburn;
  static const model::AttributeProjection projection = FuzzProjection();
  const auto decode = [](std::string_view body, model::MetricBatch& batch) {
    return collector::DecodeMetrics(body, projection, batch);
  };
  model::MetricBatch batch;
  if (!decode(input, batch).ok()) return;
  CheckBatch(batch, input.size());
  CheckWithoutRejected(model::Signal::kMetrics, input, batch, decode);
}
