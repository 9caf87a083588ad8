// collector/testing/log_requests.h: log exports for tests, and what is in them as text.
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
#include "model/log_batch.h"
#include "opentelemetry/proto/logs/v1/logs.pb.h"

namespace slowburn::collector {

// The same on the wire as ExportLogsServiceRequest.
using opentelemetry::proto::logs::v1::LogsData;

// Every kind of body, ids that are none, records without time, unknown severities, empty envelopes.
LogsData RandomLogs(Random& random);

// As an application's logger sends them: one resource with 12 attributes, one scope, `records`
// lines of text with 4 attributes and the ids of a span.
LogsData TypicalLogs(int records, Random& random);

// One line per record with all that a batch keeps of it, its resource and scope included.
std::vector<std::string> Describe(const LogsData& logs,
                                  const model::AttributeProjection& projection);
std::vector<std::string> Describe(const model::LogBatch& batch);

}  // namespace slowburn::collector
