// net/internal/http2_metrics.h: what an HTTP/2 listener counts beyond ServerMetrics.
//
// Room     net/internal
// Uses     prometheus-cpp
// Threads  thread-safe
// Units    in the metric names
#pragma once

#include <array>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/registry.h>

#include "net/internal/flood_guard.h"

namespace slowburn::net::internal {

class Http2Metrics {
 public:
  // `registry` must outlive the metrics.
  Http2Metrics(prometheus::Registry& registry, const std::string& listener);

  void CountFlood(Flood flood) { floods_[static_cast<size_t>(flood)]->Increment(); }

 private:
  std::array<prometheus::Counter*, kFloods> floods_;
};

}  // namespace slowburn::net::internal
