// collector/testing/trace_requests.h: trace exports for tests: random ones, mangled ones, and what
// is in them as text.
//
// Room     collector/testing
// Uses     collector/, model/, the generated OTLP classes
// Threads  one generator, one thread
// Units    none
#pragma once

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "model/attribute_projection.h"
#include "model/span_batch.h"
#include "opentelemetry/proto/trace/v1/trace.pb.h"

namespace slowburn::collector {

using Random = std::mt19937_64;
// The same on the wire as ExportTraceServiceRequest.
using opentelemetry::proto::trace::v1::TracesData;

// Five names in each scope, some of those that RandomTraces writes.
model::AttributeProjection TestProjection();

// Every kind of value, invalid ids, spans without time, unknown enum numbers, repeated keys, empty
// envelopes.
TracesData RandomTraces(Random& random);

// As instrumentation sends it: one resource with 12 attributes, one scope, `spans` spans with 10
// attributes, about 459 bytes each.
TracesData TypicalTraces(int spans, Random& random);

// The same message for protobuf, written otherwise: fields in another order, singular messages in
// two parts, unknown fields and groups, known numbers with the wrong wire type.
std::string Mangle(std::string_view body, Random& random);

// One line per span with all that a batch keeps of it, its resource and scope included, then the
// rejected ones.
std::vector<std::string> Describe(const TracesData& traces,
                                  const model::AttributeProjection& projection);
std::vector<std::string> Describe(const model::SpanBatch& batch);

// The messages of the spans in `body`, as they are on the wire, in order.
std::vector<std::string> RawSpans(std::string_view body);

}  // namespace slowburn::collector
