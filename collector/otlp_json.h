// collector/otlp_json.h: OTLP/JSON, straight into the same batches as protobuf.
//
// Room     collector
// Uses     model/, simdjson (inside)
// Threads  thread-safe (one parser a thread, inside)
// Units    bytes
// Source   OTLP specification, "JSON Protobuf Encoding"; requirements J1 to J13
#pragma once

#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "base/memory_budget.h"
#include "model/attribute_projection.h"
#include "model/log_batch.h"
#include "model/metric_batch.h"
#include "model/signal.h"
#include "model/span_batch.h"

namespace slowburn::collector {

// As DecodeTraces, DecodeMetrics and DecodeLogs, and with the same result for the same data: a
// batch from JSON equals the batch from protobuf, stream hashes too. `body` gets room behind its
// end (its size stays). kInvalidArgument for what is not JSON, for a value of the wrong type, a
// oneof given twice, an id that is not hex, or nesting deeper than 32 values, naming the path
// ("resourceSpans[0].scopeSpans[1].spans[7].kind") and the byte. An id of a wrong length makes its
// span invalid, not the request.
//
// Keys are lowerCamelCase; others, snake_case among them, are unknown and skipped. Enums are
// numbers; their names are taken too, as senders exist that write them. Of two equal keys the last
// one counts. Values that nobody reads are skipped and not looked into: they may be broken, but for
// their brackets. Of a data point every attribute is read. Half a surrogate pair in text reads as
// U+FFFD; an id with an odd number of digits is none.
//
// Memory as for protobuf, 4 bytes for each token (bracket, comma, string, ...) included, which the
// thread has only while this runs. Then too: kResourceExhausted.
//
// Traces that are written as SDKs write them, without white space, are read without tokens, at half
// the cost; all others twice: once until that is seen.
absl::Status DecodeTracesJson(std::string& body, const model::AttributeProjection& projection,
                              model::SpanBatch& batch, base::MemoryLease* lease = nullptr);
absl::Status DecodeMetricsJson(std::string& body, const model::AttributeProjection& projection,
                               model::MetricBatch& batch, base::MemoryLease* lease = nullptr);
absl::Status DecodeLogsJson(std::string& body, const model::AttributeProjection& projection,
                            model::LogBatch& batch, base::MemoryLease* lease = nullptr);

// The same request in protobuf, for downstreams: every field of the current OTLP that the JSON has,
// items in the same order, encoded as protobuf's own classes would. Unknown keys are lost. `body`
// must have passed the decoder above; what that one did not look into may still make this fail
// (kInvalidArgument).
absl::StatusOr<std::string> JsonToProtobuf(model::Signal signal, std::string& body,
                                           base::MemoryLease* lease = nullptr);

}  // namespace slowburn::collector
