// forward/alert_delivery.h: what an Alertmanager must be told, and until when it holds.
//
// Room     forward: pure; the clock is an argument
// Uses     base/, model/
// Threads  one thread at a time
// Units    unix time
// Source   Prometheus notifier and rules; facts/alerting.md section 3
#pragma once

#include <chrono>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/alert.h"

namespace slowburn::forward {

// What one Alertmanager has been told: decides what it must be told now. Pure.
class AlertDelivery {
 public:
  explicit AlertDelivery(std::chrono::seconds resend) : resend_(resend) {}

  // The alerts that are due at `now`: firing or resolved ones not sent since they changed, and
  // those sent longer than `resend` ago (strictly). Pending ones never; firing ones only where the
  // store has how long they will be believed; resolved ones for 15 min after the resolution, and
  // beyond that until they are told, while they may still be believed to fire. A resolution of
  // which this process has not told that it fires is sent too: the one before may have told.
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

// An alert's times as they are told at `now`. What began or ended ahead of `now`, because the clock
// was set back since, did so now: an end in the future would keep it firing until then, and
// Alertmanager refuses a start after the end.
struct AlertTimes {
  base::UnixNanos starts_at;
  base::UnixNanos ends_at;
};
AlertTimes TimesToTell(const model::Alert& alert, base::UnixNanos now, std::chrono::seconds resend);

}  // namespace slowburn::forward
