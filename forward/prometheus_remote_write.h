// forward/prometheus_remote_write.h: sends samples to a receiver of Prometheus' remote write
// (Prometheus, VictoriaMetrics, Mimir, another slowburn).
//
// Room     forward
// Uses     base/, forward/, model/, net/
// Threads  thread-safe; one thread inside
// Units    bytes, items (samples, histograms, exemplars)
// Source   Prometheus remote write 1.0 and 2.0; docs/remote_write.md
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <prometheus/registry.h>

#include "base/clock.h"
#include "forward/forward_totals.h"
#include "forward/remote_write_message.h"
#include "model/label_set.h"
#include "model/outgoing_samples.h"
#include "net/http_message.h"
#include "net/tls_context.h"

namespace slowburn::forward {

// One request at a time, so that the samples of a series arrive in their order; the longer the
// queue, the larger the request. 5xx, 429 and silence are retried with exponential back-off and
// jitter, no sooner than Retry-After says, for as long as the queue has room; then the oldest go.
// What is refused for good is dropped and counted. A receiver that does not know 2.0 gets 1.0.
class PrometheusRemoteWrite {
 public:
  struct Options {
    std::string name;  // the label `downstream`
    std::string url;   // http:// or https://, with the path
    RemoteWriteProtocol protocol = RemoteWriteProtocol::kV1;
    model::LabelSet external_labels;       // added where a series lacks them
    std::vector<net::HttpHeader> headers;  // sent with every request
    net::TlsClientOptions tls;             // for https
    size_t queue_bytes_max = 64 << 20;
    // A request is sent once there are so many items, or after the delay, and has at most the
    // larger number, and at most so many bytes of them (one batch alone may be larger).
    size_t items_min = 2'000;
    size_t items_max = 10'000;
    size_t bytes_max = 4 << 20;
    std::chrono::milliseconds delay{1'000};
    std::chrono::milliseconds timeout{10'000};
    std::chrono::milliseconds backoff_min{200};
    std::chrono::milliseconds backoff_max{10'000};
    uint64_t seed = 0;  // of the jitter
  };
  // `clock` says what time it is (for a Retry-After with a date). Metrics with label downstream:
  // slowburn_forward_queue_{items,bytes}; with label signal ("metrics") as well:
  // slowburn_forward_items_{sent,send_failed,dropped}_total.
  PrometheusRemoteWrite(Options options, const base::Clock& clock, prometheus::Registry& registry);
  ~PrometheusRemoteWrite();  // Shutdown(0s)

  // Never waits.
  void Offer(model::OutgoingSamples samples);

  // Reasons: queue_full, rejected, unsupported (by 1.0: custom buckets), shutdown.
  ForwardTotals totals() const;
  const std::string& name() const;

  // Sends what waits until `drain` has passed; the rest is dropped. A request that is under way may
  // take its `timeout` all the same. Twice is harmless.
  void Shutdown(std::chrono::seconds drain);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slowburn::forward
