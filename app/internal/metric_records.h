// app/internal/metric_records.h: the states of metric series as the log and the checkpoints have
// them, and back.
//
// Room     app/internal
// Uses     slo/, proto (slowburn/store)
// Threads  pure functions
// Units    as the messages say
// Source   docs/format/log_record.md
#pragma once

#include <utility>

#include <absl/status/statusor.h>

#include "slo/metric_streams.h"
#include "slowburn/store/v1/log_record.pb.h"

namespace slowburn::app::internal {

store::v1::MetricStream EncodeMetricStream(const slo::StreamKey& key,
                                           const slo::MetricStream& stream);
store::v1::MetricSource EncodeMetricSource(const slo::MetricSourceKey& key,
                                           const slo::MetricSource& source);

// What a plan changes.
void AppendMetricStates(const slo::MetricStreams::Plan& plan, store::v1::LogRecord& record);

// Applies what was encoded. kDataLoss for what is never encoded.
absl::Status ApplyMetricStream(const store::v1::MetricStream& stored, slo::MetricStreams& streams);
void ApplyMetricSource(const store::v1::MetricSource& stored, slo::MetricStreams& streams);
absl::Status ApplyMetricStates(const store::v1::LogRecord& record, slo::MetricStreams& streams);

}  // namespace slowburn::app::internal
