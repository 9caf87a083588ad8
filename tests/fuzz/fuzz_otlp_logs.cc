// An OTLP/protobuf request of logs.
#include "collector/otlp_logs.h"
#include "tests/fuzz/decoded_batch.h"

void Fuzz(std::string_view input) {
  using namespace slowburn;
  static const model::AttributeProjection projection = FuzzProjection();
  const auto decode = [](std::string_view body, model::LogBatch& batch) {
    return collector::DecodeLogs(body, projection, batch);
  };
  model::LogBatch batch;
  if (!decode(input, batch).ok()) return;
  CheckBatch(batch, input.size());
  CheckWithoutRejected(model::Signal::kLogs, input, batch, decode);
}
