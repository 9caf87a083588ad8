// collector/otlp_logs.h: ExportLogsServiceRequest, read once from the wire.
//
// Room     collector
// Uses     model/, protozero
// Threads  pure functions
// Units    bytes
// Source   docs: OTLP logs.proto, otlp requirements R5, R6, R12, V3, V10 to V12
#pragma once

#include <string_view>

#include <absl/status/status.h>

#include "base/memory_budget.h"
#include "model/attribute_projection.h"
#include "model/log_batch.h"

namespace slowburn::collector {

// Fills `batch` (cleared first) with the log records of `body`, as views into it. No record is
// invalid: a trace or span id that is none reads as empty (V3). Errors and memory as DecodeTraces.
absl::Status DecodeLogs(std::string_view body, const model::AttributeProjection& projection,
                        model::LogBatch& batch, base::MemoryLease* lease = nullptr);

}  // namespace slowburn::collector
