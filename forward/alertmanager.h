// forward/alertmanager.h: tells every Alertmanager what is firing and what has ended.
//
// Room     forward
// Uses     base/, model/, net/
// Threads  thread-safe; one thread per Alertmanager inside
// Units    chrono
// Source   facts: Prometheus notifier and rules; Alertmanager API v2
#pragma once

#include <chrono>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <prometheus/registry.h>

#include "base/clock.h"
#include "model/alert.h"
#include "net/tls_context.h"

namespace slowburn::forward {

// What one Alertmanager has been told: decides what it must be told now. Pure.
class AlertDelivery {
 public:
  explicit AlertDelivery(std::chrono::seconds resend) : resend_(resend) {}

  // The alerts that are due at `now`: firing or resolved ones not sent since they changed, and
  // those sent longer than `resend` ago (strictly). Pending ones never; resolved ones for 15 min
  // after the resolution; a resolution that nobody was told of firing, and that ended before this
  // process began to send, is still sent: the one before may have told.
  std::vector<const model::Alert*> Due(const std::vector<model::Alert>& alerts,
                                       base::UnixNanos now) const;
  // These were taken (2xx) at `now`. Alerts that are in neither list any more are forgotten.
  void Sent(const std::vector<model::Alert>& all, const std::vector<const model::Alert*>& sent,
            base::UnixNanos now);
  // When something will be due if nothing changes; nothing while there is nothing to resend.
  std::optional<base::UnixNanos> NextDue(const std::vector<model::Alert>& alerts) const;

 private:
  struct Told {
    base::UnixNanos sent_at;
    base::UnixNanos fired_at;
    bool resolved = false;
  };
  std::chrono::seconds resend_;
  std::map<std::string, Told> told_;  // by label text
};

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
