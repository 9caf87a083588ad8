// collector/otlp_traces.h: ExportTraceServiceRequest, read once from the wire.
//
// Room     collector
// Uses     model/, protozero
// Threads  pure functions
// Units    bytes
// Source   docs: OTLP trace.proto, otlp requirements R5, R6, R12, V1, V2, V10 to V12
#pragma once

#include <string_view>

#include <absl/status/status.h>

#include "base/memory_budget.h"
#include "model/attribute_projection.h"
#include "model/span_batch.h"

namespace slowburn::collector {

// Fills `batch` (cleared first) with the valid spans of `body`, as views into it; spans without a
// valid trace or span id go to `batch.rejected`. Keeps only attributes that `projection` has a slot
// for. kInvalidArgument when the bytes are not this message, naming the byte offset of the
// enclosing element. Unknown fields are skipped; a singular message that is repeated is merged, as
// protobuf does. One pass, no allocation per span; it takes at most 16 MiB and 2.5 x the body,
// whatever the bytes are: beyond that, kResourceExhausted. Text that is not UTF-8 is kept as it is.
absl::Status DecodeTraces(std::string_view body, const model::AttributeProjection& projection,
                          model::SpanBatch& batch, base::MemoryLease* lease = nullptr);

}  // namespace slowburn::collector
