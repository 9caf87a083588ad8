// collector/testing/decoders.h: the three decoders under one shape, for tests that ask the same of
// each.
//
// Room     collector/testing
// Uses     collector/, model/, the generated OTLP classes
// Threads  pure functions
// Units    none
#pragma once

#include <string_view>

#include "collector/otlp_logs.h"
#include "collector/otlp_metrics.h"
#include "collector/otlp_traces.h"
#include "collector/testing/log_requests.h"
#include "collector/testing/metric_requests.h"
#include "collector/testing/trace_requests.h"
#include "model/signal.h"

namespace slowburn::collector {

struct TraceDecoding {
  using Data = TracesData;
  using Batch = model::SpanBatch;
  static constexpr model::Signal kSignal = model::Signal::kTraces;
  static Data RandomData(Random& random) { return RandomTraces(random); }
  static Data TypicalData(Random& random) { return TypicalTraces(5, random); }
  static absl::Status Decode(std::string_view body, const model::AttributeProjection& projection,
                             Batch& batch) {
    return DecodeTraces(body, projection, batch);
  }
};

struct MetricDecoding {
  using Data = MetricsData;
  using Batch = model::MetricBatch;
  static constexpr model::Signal kSignal = model::Signal::kMetrics;
  static Data RandomData(Random& random) { return RandomMetrics(random); }
  static Data TypicalData(Random& random) { return TypicalMetrics(3, 2, random); }
  static absl::Status Decode(std::string_view body, const model::AttributeProjection& projection,
                             Batch& batch) {
    return DecodeMetrics(body, projection, batch);
  }
};

struct LogDecoding {
  using Data = LogsData;
  using Batch = model::LogBatch;
  static constexpr model::Signal kSignal = model::Signal::kLogs;
  static Data RandomData(Random& random) { return RandomLogs(random); }
  static Data TypicalData(Random& random) { return TypicalLogs(5, random); }
  static absl::Status Decode(std::string_view body, const model::AttributeProjection& projection,
                             Batch& batch) {
    return DecodeLogs(body, projection, batch);
  }
};

}  // namespace slowburn::collector
