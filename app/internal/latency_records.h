// app/internal/latency_records.h: latencies as the log has them, and back.
//
// Room     app/internal
// Uses     slo/, proto (slowburn/store)
// Threads  pure functions
// Units    as the messages say
#pragma once

#include <span>
#include <vector>

#include <absl/status/statusor.h>

#include "slo/sli_delta.h"
#include "slowburn/store/v1/log_record.pb.h"

namespace slowburn::app::internal {

void AppendLatencies(std::span<const slo::LatencyChange> changes, store::v1::LogRecord& record);
// kDataLoss when a histogram cannot be read.
absl::StatusOr<std::vector<slo::LatencyChange>> ReadLatencies(const store::v1::LogRecord& record);

}  // namespace slowburn::app::internal
