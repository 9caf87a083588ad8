// forward/alertmanager.h: tells every Alertmanager what is firing and what has ended.
//
// Room     forward
// Uses     base/, model/, net/
// Threads  thread-safe; one thread per Alertmanager inside
// Units    chrono
// Source   facts: Prometheus notifier and rules; Alertmanager API v2
#pragma once

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <prometheus/registry.h>

#include "base/clock.h"
#include "forward/alert_delivery.h"
#include "model/alert.h"
#include "net/tls_context.h"

namespace slowburn::forward {

struct AlertmanagerMessageOptions {
  std::string external_url;         // generatorURL leads to it
  model::LabelSet external_labels;  // added where the alert lacks them
  std::chrono::seconds resend{60};
};

// The body of POST /api/v2/alerts: startsAt = fired_at; endsAt = resolved_at, or now + 4 x max(1 s,
// resend), after which Alertmanager resolves by itself when it hears nothing. Times in RFC 3339
// with milliseconds.
std::string EncodeAlerts(const std::vector<const model::Alert*>& alerts,
                         const AlertmanagerMessageOptions& options, base::UnixNanos now);

// POSTs `alerts` to one Alertmanager, `url` as in the config ("/api/v2/alerts" is appended), and
// waits. `tls` is for https.
absl::Status PostAlerts(const std::string& url, const std::vector<const model::Alert*>& alerts,
                        const AlertmanagerMessageOptions& options, base::UnixNanos now,
                        std::chrono::milliseconds timeout, const net::TlsClientOptions& tls = {});

// One thread per Alertmanager. Level-triggered: it holds the newest state, not a queue, so an
// Alertmanager that was away hears what is true when it is back. A failed POST is tried again after
// 1 s, doubling to 15 s.
class AlertmanagerForwarder {
 public:
  struct Options {
    std::vector<std::string> urls;
    AlertmanagerMessageOptions message;
    net::TlsClientOptions tls;  // for those with https
    std::chrono::milliseconds timeout{10'000};
    size_t batch_max = 256;  // alerts a POST
  };
  // Metrics slowburn_forward_alerts_{sent,send_failed}_total{alertmanager},
  // slowburn_forward_alertmanager_last_success_timestamp_seconds.
  AlertmanagerForwarder(Options options, const base::Clock& clock, prometheus::Registry& registry);
  // Sends what is due once more for at most 2 s (Drain), then stops.
  ~AlertmanagerForwarder();

  // Replaces the state: all firing and lately resolved alerts. Never waits for a peer.
  void Publish(std::vector<model::Alert> alerts);
  // The publisher is alive, though nothing changed: call it each second. Without it (or a Publish)
  // for two resends, a minute at least, nothing is sent any more, the dead man neither: its silence
  // is the alarm.
  void Alive();
  // Waits until every reachable Alertmanager has been told the newest state, at most `timeout`.
  void Drain(std::chrono::milliseconds timeout);

 private:
  class Sender;
  std::vector<std::unique_ptr<Sender>> senders_;
};

}  // namespace slowburn::forward
