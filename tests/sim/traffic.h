// tests/sim/traffic.h: what the simulated applications do and send.
//
// Room     tests/sim
// Uses     standard library
// Threads  values
// Units    unix nanoseconds; seconds of points
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace slowburn::sim {

// How an event ended, by each way in which an SLI may look at it.
enum class Outcome : uint8_t { kGood, kBad, kNeither, kBoth };
std::string_view OutcomeText(Outcome outcome);  // the attribute `outcome`

// One span or log record. What is absent is no attribute at all.
struct Event {
  uint64_t id = 0;
  uint32_t service = 0;
  std::optional<std::string> route;   // on the span or record
  std::optional<std::string> region;  // on the resource
  bool is_server = true;              // a span's kind; a record's name
  bool is_error = false;              // a span's status; a record's severity
  Outcome outcome = Outcome::kGood;
  int64_t end_nanos = 0;       // when a span ended, a record's time; 0: it does not say
  int64_t observed_nanos = 0;  // when a record was seen; 0: it does not say
  int64_t duration_nanos = 0;

  // When it counts; 0: when it arrives.
  int64_t time_nanos() const { return end_nanos != 0 ? end_nanos : observed_nanos; }
};
std::string ServiceName(uint32_t service);  // "service-0"

// What a process exports: http.requests by the code of the answer, http.request.duration with
// bounds of its own or with powers of two, queue.depth.
enum class MetricKind : uint8_t { kCounter, kHistogram, kExponential, kGauge };

// A point of a metric of one process.
struct MetricSample {
  MetricKind kind = MetricKind::kCounter;
  uint32_t service = 0;
  std::string instance;               // names the process
  std::optional<std::string> region;  // on the resource
  std::optional<std::string> route;   // on the point
  std::string code;                   // "200", "500"; of a counter
  bool is_delta = false;
  int64_t start = 0;  // unix seconds; 0: it does not say
  int64_t time = 0;
  int64_t value = 0;  // of a counter or gauge
  // Of a histogram: upper bounds in milliseconds, and what each bucket has; those beyond the last
  // bound in one more.
  std::vector<int64_t> bounds_millis;
  std::vector<int64_t> buckets;
};

// What a client sends in one request, and sends again, byte for byte, until it is answered. All
// events are of one service and one region; or there are points instead, of one process.
struct Batch {
  uint64_t id = 0;
  bool is_logs = false;  // the events are log records
  std::vector<Event> events;
  std::vector<MetricSample> samples;

  // Stands for the bytes of the request.
  std::string Body() const;
  bool has_event_without_time() const;
  bool is_metrics() const { return !samples.empty(); }
  // "traces", "logs", "metrics"
  std::string signal() const { return is_metrics() ? "metrics" : is_logs ? "logs" : "traces"; }
  size_t size() const { return events.size() + samples.size(); }
};
using BatchPtr = std::shared_ptr<const Batch>;

}  // namespace slowburn::sim
