// collector/testing/trace_requests.h: trace exports for tests, and what is in them as text.
//
// Room     collector/testing
// Uses     collector/, model/, the generated OTLP classes
// Threads  one generator, one thread
// Units    none
#pragma once

#include <string>
#include <vector>

#include "collector/testing/request_parts.h"
#include "model/attribute_projection.h"
#include "model/span_batch.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace slowburn::collector {

// The same on the wire as ExportTraceServiceRequest.
using opentelemetry::proto::trace::v1::TracesData;

// Every kind of value, invalid ids, spans without time, unknown enum numbers, repeated keys, empty
// envelopes.
TracesData RandomTraces(Random& random);

// As instrumentation sends it: one resource with 12 attributes, one scope, `spans` spans with 10
// attributes, about 459 bytes each.
TracesData TypicalTraces(int spans, Random& random);

// One line per span with all that a batch keeps of it, its resource and scope included, then the
// rejected ones.
std::vector<std::string> Describe(const TracesData& traces,
                                  const model::AttributeProjection& projection);
std::vector<std::string> Describe(const model::SpanBatch& batch);

}  // namespace slowburn::collector
