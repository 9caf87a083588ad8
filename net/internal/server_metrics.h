// net/internal/server_metrics.h: what one listener counts about itself.
//
// Room     net
// Uses     prometheus-cpp
// Threads  thread-safe
// Units    in the metric names
#pragma once

#include <array>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

namespace slowburn::net::internal {

// A connection that the kernel hands over is accepted or refused, never both.
class ServerMetrics {
 public:
  // `registry` must outlive the metrics.
  ServerMetrics(prometheus::Registry& registry, const std::string& listener);

  // By class: 404 counts as "4xx".
  void CountResponse(int status);

  prometheus::Gauge& connections;
  prometheus::Counter& connections_accepted;
  prometheus::Counter& connections_refused;
  prometheus::Counter& accept_errors;
  prometheus::Counter& request_bytes;
  prometheus::Counter& handler_errors;

 private:
  std::array<prometheus::Counter*, 4> responses_;  // 2xx to 5xx
};

}  // namespace slowburn::net::internal
