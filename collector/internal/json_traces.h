// collector/internal/json_traces.h: the two ways to read traces in OTLP/JSON.
//
// Room     collector/internal
// Uses     collector/internal, model/
// Threads  thread-safe
// Units    bytes
// Source   OTLP trace.proto
#pragma once

#include <string>

#include <absl/status/status.h>

#include "base/memory_budget.h"
#include "model/attribute_projection.h"
#include "model/span_batch.h"

namespace slowburn::collector {

// Straight from the bytes of a body that is written as SDKs write it. False, and an empty batch,
// for any other, a broken one among them, and where a span is refused.
bool DecodeUsualTraces(std::string& body, const model::AttributeProjection& projection,
                       model::SpanBatch& batch, base::MemoryLease* lease);

// Any body, from the positions of its tokens, which are found before.
absl::Status DecodeTracesByTokens(std::string& body, const model::AttributeProjection& projection,
                                  model::SpanBatch& batch, base::MemoryLease* lease);

}  // namespace slowburn::collector
