// tests/sim/traffic.h: what the simulated applications do and send.
//
// Room     tests/sim
// Uses     standard library
// Threads  values
// Units    unix nanoseconds
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

// One span. What is absent is no attribute at all.
struct Event {
  uint64_t id = 0;
  uint32_t service = 0;
  std::optional<std::string> route;   // on the span
  std::optional<std::string> region;  // on the resource
  bool is_server = true;              // its kind
  bool is_error = false;              // its status
  Outcome outcome = Outcome::kGood;
  int64_t end_nanos = 0;  // 0: it does not say
  int64_t duration_nanos = 0;
};
std::string ServiceName(uint32_t service);  // "service-0"

// A point of the counter http.requests: of one process, by the code of the answer.
struct CounterSample {
  uint32_t service = 0;
  std::string instance;  // names the process
  std::string code;      // "200", "500"
  bool is_delta = false;
  int64_t start = 0;  // unix seconds; 0: it does not say
  int64_t time = 0;
  int64_t value = 0;
};

// What a client sends in one request, and sends again, byte for byte, until it is answered. All
// events are of one service and one region; or there are points instead, of one process.
struct Batch {
  uint64_t id = 0;
  std::vector<Event> events;
  std::vector<CounterSample> samples;

  // Stands for the bytes of the request.
  std::string Body() const;
  bool has_event_without_time() const;
  bool is_metrics() const { return !samples.empty(); }
  size_t size() const { return events.size() + samples.size(); }
};
using BatchPtr = std::shared_ptr<const Batch>;

}  // namespace slowburn::sim
