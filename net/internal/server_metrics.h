// net/internal/server_metrics.h: what one listener counts about itself.
//
// Room     net
// Uses     prometheus-cpp
// Threads  thread-safe
// Units    in the metric names
#pragma once

#include <array>
#include <cstddef>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

namespace slowburn::net::internal {

// Which limit a request was refused for.
enum class Limit { kRequestsMax, kMemory, kAccess, kHeaderBytes, kBodyBytes, kTime };
inline constexpr size_t kLimits = 6;

// A connection that the kernel hands over is accepted or refused, never both; one that is evicted
// was accepted.
class ServerMetrics {
 public:
  // `registry` must outlive the metrics.
  ServerMetrics(prometheus::Registry& registry, const std::string& listener);

  // By class: 404 counts as "4xx".
  void CountResponse(int status);
  void CountRefusal(Limit limit) { refusals_[static_cast<size_t>(limit)]->Increment(); }

  prometheus::Gauge& connections;
  prometheus::Counter& connections_accepted;
  prometheus::Counter& connections_refused;
  prometheus::Counter& connections_evicted;
  prometheus::Counter& accept_errors;
  prometheus::Counter& handshakes_failed;
  prometheus::Counter& request_bytes;
  prometheus::Counter& handler_errors;
  prometheus::Counter& requests_abandoned;

 private:
  std::array<prometheus::Counter*, 4> responses_;  // 2xx to 5xx
  std::array<prometheus::Counter*, kLimits> refusals_;
};

}  // namespace slowburn::net::internal
