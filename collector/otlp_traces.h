// collector/otlp_traces.h: ExportTraceServiceRequest, read once from the wire.
//
// Room     collector
// Uses     model/, protozero
// Threads  pure functions
// Units    bytes
// Source   docs: OTLP trace.proto, otlp requirements R5, R6, R12, V1, V2, V10 to V12
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "model/span_batch.h"
#include "model/attribute_projection.h"

namespace slowburn::collector {

// Fills `batch` (cleared first) with the valid spans of `body`, as views into it; spans without a
// valid trace or span id go to `batch.rejected`. Keeps only attributes that `projection` has a slot
// for. kInvalidArgument when the bytes are not this message, naming the byte offset of the
// enclosing element. Unknown fields are skipped; a singular message that is repeated is merged, as
// protobuf does. One pass, no allocation per span; memory is bounded by a small multiple of the
// body (docs say which) whatever the bytes are.
absl::Status DecodeTraces(std::string_view body, const model::AttributeProjection& projection,
                          model::SpanBatch& batch);

// `body` without the spans of these ordinals (ascending): the envelopes are framed anew around the
// unchanged bytes of what stays; unknown fields survive, envelopes left empty go. `body` must have
// passed DecodeTraces.
std::string WithoutSpans(std::string_view body, const std::vector<model::RejectedItem>& rejected);

}  // namespace slowburn::collector
