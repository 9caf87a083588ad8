// collector/otlp_metrics.h: ExportMetricsServiceRequest, read once from the wire.
//
// Room     collector
// Uses     model/, protozero, xxHash
// Threads  pure functions
// Units    bytes
// Source   docs: OTLP metrics.proto, otlp requirements R5, R6, R12, V4 to V12
#pragma once

#include <string_view>

#include <absl/status/status.h>

#include "base/memory_budget.h"
#include "model/attribute_projection.h"
#include "model/metric_batch.h"

namespace slowburn::collector {

// Fills `batch` (cleared first) with the valid points of `body`, as views into it; the others go to
// `batch.rejected` with the reason (model/rejection.h). A metric without data has no points and is
// left out, as is an exemplar without value. A point flagged NoRecordedValue needs a time, and its
// value is not looked at (V9). Which values are possible: internal/metric_checks.h.
//
// Arrays and maps among the raw attributes are not looked into, however deep they are: whoever
// opens them bounds the depth. Errors and memory as DecodeTraces.
absl::Status DecodeMetrics(std::string_view body, const model::AttributeProjection& projection,
                           model::MetricBatch& batch, base::MemoryLease* lease = nullptr);

}  // namespace slowburn::collector
