// collector/internal/request_metrics.h: what one transport counts of its requests.
//
// Room     collector/internal
// Uses     prometheus-cpp, collector/
// Threads  thread-safe
// Units    bytes as they came over the wire
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include "collector/ingest_sink.h"
#include "model/signal.h"

namespace slowburn::collector {

// How a request ended. Each request ends once. kUnavailable leaves the data with the client.
enum class RequestOutcome : uint8_t { kAccepted, kPartial, kRefused, kUnavailable };

RequestOutcome OutcomeOf(const ExportAnswer& answer);
RequestOutcome OutcomeOf(RequestRefusal refusal);

// slowburn_collector_requests_total{transport,signal,outcome} and
// slowburn_collector_request_bytes_total{transport,signal}. Requests that belong to no signal have
// the signal "none".
class RequestMetrics {
 public:
  // `transport` is "grpc" or "http". The registry must outlive this.
  RequestMetrics(const std::string& transport, prometheus::Registry& registry);

  void Count(model::Signal signal, RequestOutcome outcome) {
    signals_[static_cast<size_t>(signal)].Count(outcome);
  }
  void CountNoSignal(RequestOutcome outcome) { signals_.back().Count(outcome); }
  void CountBytes(model::Signal signal, size_t bytes) {
    signals_[static_cast<size_t>(signal)].bytes->Increment(static_cast<double>(bytes));
  }

 private:
  static constexpr size_t kOutcomes = 4;
  struct OfSignal {
    void Count(RequestOutcome outcome) { requests[static_cast<size_t>(outcome)]->Increment(); }
    std::array<prometheus::Counter*, kOutcomes> requests;
    prometheus::Counter* bytes;
  };
  std::array<OfSignal, model::kSignals.size() + 1> signals_;
};

}  // namespace slowburn::collector
