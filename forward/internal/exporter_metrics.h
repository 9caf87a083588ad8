// forward/internal/exporter_metrics.h: what an exporter counts, by signal, and what waits in it.
//
// Room     forward/internal
// Uses     model/, prometheus-cpp
// Threads  thread-safe
// Units    items, bytes
#pragma once

#include <array>
#include <cstdint>
#include <string>

#include <prometheus/counter.h>
#include <prometheus/gauge.h>
#include <prometheus/registry.h>

#include "model/signal.h"

namespace slowburn::forward::internal {

// A counter per signal.
class SignalCounters {
 public:
  SignalCounters(prometheus::Registry& registry, const std::string& downstream, const char* name,
                 const char* help);
  void Add(model::Signal signal, uint64_t items) const {
    counters_[static_cast<size_t>(signal)]->Increment(static_cast<double>(items));
  }

 private:
  std::array<prometheus::Counter*, model::kSignals.size()> counters_{};
};

// `registry` must outlive it.
struct ExporterMetrics {
  ExporterMetrics(prometheus::Registry& registry, const std::string& downstream);

  SignalCounters sent;
  SignalCounters send_failed;  // each try counts
  SignalCounters dropped;
  prometheus::Gauge& queue_items;
  prometheus::Gauge& queue_bytes;
};

}  // namespace slowburn::forward::internal
