// app/otlp_exemplar.h: an OTLP exemplar as Prometheus has it.
//
// Room     app
// Uses     model/, storage/series
// Threads  pure functions
// Units    unix milliseconds
// Source   OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility", "Exemplars";
//          OpenMetrics 1.0: 128 characters
#pragma once

#include <cstdint>

#include "model/metric_batch.h"
#include "storage/series/exemplar_block.h"

namespace slowburn::app {

// Its labels: trace_id and span_id in hex, over attributes of the same names; the attributes only
// if all of it is at most 128 characters.
storage::ExemplarValue ExemplarOf(const model::MetricBatch& batch, const model::Exemplar& exemplar);

// Its time, or the point's where it has none.
int64_t ExemplarTime(const model::Exemplar& exemplar, int64_t point_time_ms);

}  // namespace slowburn::app
