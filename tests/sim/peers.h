// tests/sim/peers.h: those downstream: an Alertmanager that believes endsAt, and a backend that
// takes some of what it is offered.
//
// Room     tests/sim
// Uses     base/, model/
// Threads  one owner
// Units    unix time; items
// Source   facts/alerting.md section 3
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "base/clock.h"
#include "model/alert.h"
#include "serve/queries.h"
#include "tests/sim/random.h"

namespace slowburn::sim {

// What one Alertmanager knows. It never forgets; who asks says when.
class AlertmanagerModel {
 public:
  struct Known {
    base::UnixNanos starts_at;
    base::UnixNanos ends_at;
    base::UnixNanos told_at;
  };
  bool is_up = true;

  // A start after the end is refused, as the real one does.
  void Take(const std::string& labels, Known known) {
    if (known.starts_at <= known.ends_at) known_.insert_or_assign(labels, known);
  }
  // Fires: it began, and its end has not come.
  bool Fires(const std::string& labels, base::UnixNanos now) const {
    const auto found = known_.find(labels);
    return found != known_.end() && found->second.ends_at > now;
  }
  const std::map<std::string, Known>& known() const { return known_; }

 private:
  std::map<std::string, Known> known_;  // by label text
};

// The queue before a backend, in the program's memory, and what became of what was in it.
class BackendModel {
 public:
  void Offer(uint64_t items) { totals_.pending += items; }
  // Some time passes: some of what waits is taken, some is given up.
  void Move(Random& random) {
    const uint64_t moved = random.Below(totals_.pending + 1);
    totals_.pending -= moved;
    if (random.OneIn(4)) {
      totals_.dropped[random.OneIn(2) ? "queue_full" : "too_old"] += moved;
    } else {
      totals_.delivered += moved;
    }
  }
  const serve::DownstreamLedger& totals() const { return totals_; }

 private:
  serve::DownstreamLedger totals_;
};

}  // namespace slowburn::sim
