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

namespace slowburn::collector {

// How a request ended. Each request ends once.
enum class RequestOutcome : uint8_t { kAccepted, kPartial, kRefused, kUnavailable };

RequestOutcome OutcomeOf(const ExportAnswer& answer);

// slowburn_collector_requests_total{transport,outcome} and
// slowburn_collector_request_bytes_total{transport}.
class RequestMetrics {
 public:
  // `transport` is "grpc" or "http". The registry must outlive this.
  RequestMetrics(const std::string& transport, prometheus::Registry& registry);

  void Count(RequestOutcome outcome) { requests_[static_cast<size_t>(outcome)]->Increment(); }
  void CountBytes(size_t bytes) { bytes_->Increment(static_cast<double>(bytes)); }

 private:
  static constexpr size_t kOutcomes = 4;
  std::array<prometheus::Counter*, kOutcomes> requests_;
  prometheus::Counter* bytes_;
};

}  // namespace slowburn::collector
