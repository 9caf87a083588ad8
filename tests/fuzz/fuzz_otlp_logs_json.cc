// An OTLP/JSON request of logs, and its protobuf form.
#include "collector/otlp_json.h"
#include "collector/otlp_logs.h"
#include "tests/fuzz/decoded_batch.h"

void Fuzz(std::string_view input) {
  using namespace slowburn;
  static const model::AttributeProjection projection = FuzzProjection();
  std::string body(input);
  model::LogBatch batch;
  if (!collector::DecodeLogsJson(body, projection, batch).ok()) return;
  FUZZ_CHECK(body.size() == input.size());
  CheckBatch(batch, input.size());
  const auto protobuf = collector::JsonToProtobuf(model::Signal::kLogs, body);
  if (!protobuf.ok()) return;
  model::LogBatch again;
  FUZZ_CHECK(collector::DecodeLogs(*protobuf, projection, again).ok());
  FUZZ_CHECK(again.accepted() == batch.accepted());
  FUZZ_CHECK(again.decoded() == batch.decoded());
}
