// An OTLP/JSON request of traces, and its protobuf form.
#include "collector/otlp_json.h"
#include "collector/otlp_traces.h"
#include "tests/fuzz/decoded_batch.h"

void Fuzz(std::string_view input) {
  using namespace slowburn;
  static const model::AttributeProjection projection = FuzzProjection();
  std::string body(input);
  model::SpanBatch batch;
  if (!collector::DecodeTracesJson(body, projection, batch).ok()) return;
  FUZZ_CHECK(body.size() == input.size());
  CheckBatch(batch, input.size());
  const auto protobuf = collector::JsonToProtobuf(model::Signal::kTraces, body);
  if (!protobuf.ok()) return;
  model::SpanBatch again;
  FUZZ_CHECK(collector::DecodeTraces(*protobuf, projection, again).ok());
  FUZZ_CHECK(again.accepted() == batch.accepted());
  FUZZ_CHECK(again.decoded() == batch.decoded());
}
