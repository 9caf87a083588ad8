// forward/otlp_exporter.h: passes accepted requests on to an OTLP/gRPC endpoint (Jaeger, a
// collector): traces, metrics and logs.
//
// Room     forward
// Uses     gRPC (inside), forward/, model/
// Threads  thread-safe
// Units    bytes, items
// Source   OTLP specification, exporter rules; requirements X1 to X19
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <set>
#include <string>

#include <prometheus/registry.h>

#include "forward/forward_totals.h"
#include "forward/send_queue.h"
#include "model/signal.h"

namespace slowburn::forward {

// Sends bytes as they are over a generic stub. Transient errors (X2) are retried with exponential
// back-off and jitter, no sooner than a RetryInfo says, until `give_up_after`; everything else is
// dropped and counted. A slow or dead endpoint delays nobody else. The signals share one queue and
// one connection, so they share the endpoint's fate too.
class OtlpExporter {
 public:
  struct Options {
    std::string name;      // "jaeger": the label `downstream`
    std::string endpoint;  // host:port, plaintext
    std::set<model::Signal> signals{model::kSignals.begin(), model::kSignals.end()};
    size_t queue_bytes_max = 64 << 20;
    int in_flight_max = 4;
    std::chrono::milliseconds timeout{10'000};
    std::chrono::milliseconds backoff_min{200};
    std::chrono::milliseconds backoff_max{30'000};
    std::chrono::seconds give_up_after{300};
    uint64_t seed = 0;  // of the jitter
  };
  // Metrics with label downstream: slowburn_forward_queue_{items,bytes}; with label signal as well:
  // slowburn_forward_items_{sent,send_failed,dropped}_total.
  OtlpExporter(Options options, prometheus::Registry& registry);
  ~OtlpExporter();  // Shutdown(0s)

  // Whether it is to be offered requests of this signal.
  bool Takes(model::Signal signal) const;
  // Takes one Export{Trace,Metrics,Logs}ServiceRequest of a signal that it takes. Never waits.
  void Offer(model::Signal signal, std::shared_ptr<const std::string> request, uint32_t items);

  // Of all signals; reasons: queue_full, too_old, rejected, shutdown.
  using Totals = ForwardTotals;
  Totals totals() const;
  const std::string& name() const;

  // Sends what waits until `drain` has passed; the rest is dropped (shutdown). Twice is harmless.
  void Shutdown(std::chrono::seconds drain);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slowburn::forward
