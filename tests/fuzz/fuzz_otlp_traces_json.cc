// An OTLP/JSON request of traces, and its protobuf form: usual text is read straight from its
// bytes, its tokens make the protobuf form, and both hold the same spans.
#include "collector/otlp_json.h"
#include "collector/otlp_traces.h"
#include "tests/fuzz/decoded_batch.h"

namespace {

using namespace slowburn;

void CheckEqual(const model::Span& a, const model::Span& b) {
  FUZZ_CHECK(a.trace_id == b.trace_id);
  FUZZ_CHECK(a.span_id == b.span_id);
  FUZZ_CHECK(a.parent_span_id == b.parent_span_id);
  FUZZ_CHECK(a.trace_state == b.trace_state);
  FUZZ_CHECK(a.name == b.name);
  FUZZ_CHECK(a.status_message == b.status_message);
  FUZZ_CHECK(a.start_time_unix_nano == b.start_time_unix_nano);
  FUZZ_CHECK(a.end_time_unix_nano == b.end_time_unix_nano);
  FUZZ_CHECK(a.kind == b.kind);
  FUZZ_CHECK(a.status_code == b.status_code);
  FUZZ_CHECK(a.ordinal == b.ordinal);
  FUZZ_CHECK(a.attributes.end - a.attributes.begin == b.attributes.end - b.attributes.begin);
}

}  // namespace

void Fuzz(std::string_view input) {
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
  for (size_t i = 0; i < batch.spans.size(); ++i) CheckEqual(batch.spans[i], again.spans[i]);
}
