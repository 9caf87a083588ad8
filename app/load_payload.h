// app/load_payload.h: made-up telemetry: the bytes of request number n, the same for the same seed.
//
// Room     app
// Uses     model/, app/load_template.h, app/load_latency.h
// Threads  immutable: Make from any thread
// Units    items: spans, data points, log records
// Source   OTLP 1.x .proto files; OpenTelemetry semantic conventions for HTTP
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "app/load_latency.h"
#include "app/load_template.h"
#include "base/clock.h"
#include "model/signal.h"

namespace slowburn::app {

struct LoadPayloadOptions {
  model::Signal signal;
  LoadEncoding encoding;
  size_t items;        // in a request, at least kItemsMin; metrics round it, see items()
  size_t services;     // at least 1: load-0, load-1, ...
  size_t cardinality;  // values of http.route in each service, at least 1
  double error_ratio;  // 0..1
  LoadLatency latency;
  size_t attributes;  // of a span or log record, at least kAttributesMin; a data point has 2 or 3
  uint64_t seed;
  base::UnixNanos start;  // of cumulative streams

  static constexpr size_t kItemsMin = 1;
  static constexpr size_t kMetricItemsMin = 4;
  static constexpr size_t kAttributesMin = 3;
};

// A request is one service's: request n is of service n mod services. Item i of request n has the
// serial n * items() + i. No two items of a run are equal:
//   traces, logs  the first 8 bytes of the trace id are the serial, big-endian; the span id is
//                 the serial, scrambled. Severity and status follow the error ratio.
//   metrics       per route a counter of good and of bad requests, a histogram of their duration
//                 and a gauge; streams are cumulative, and a later request's points are later.
class LoadPayload {
 public:
  virtual ~LoadPayload() = default;

  // Of every request. For metrics a multiple of 4 of at most what was asked, so that a request has
  // no stream twice.
  virtual size_t items() const = 0;

  struct Made {
    size_t service = 0;
    uint64_t bad = 0;  // items; none for metrics
  };
  // Replaces `body` by request `number`. `now` is the newest time in it; all else follows from
  // the options and the number.
  virtual Made Make(uint64_t number, base::UnixNanos now, std::string& body) const = 0;
};

std::unique_ptr<LoadPayload> MakeLoadPayload(const LoadPayloadOptions& options);

// "load-07": as wide as the last service's.
std::string LoadServiceName(size_t service, size_t services);

}  // namespace slowburn::app
