// An OTLP/protobuf request of traces.
#include "collector/otlp_traces.h"
#include "tests/fuzz/decoded_batch.h"

void Fuzz(std::string_view input) {
  using namespace slowburn;
  static const model::AttributeProjection projection = FuzzProjection();
  const auto decode = [](std::string_view body, model::SpanBatch& batch) {
    return collector::DecodeTraces(body, projection, batch);
  };
  model::SpanBatch batch;
  if (!decode(input, batch).ok()) return;
  CheckBatch(batch, input.size());
  CheckWithoutRejected(model::Signal::kTraces, input, batch, decode);
}
