// app/alert_series.h: the alerts of SLOs as the time series that Prometheus writes of its own:
// ALERTS and ALERTS_FOR_STATE.
//
// Room     app
// Uses     app/, rules/, storage/series
// Threads  the stepping thread
// Units    engine time; series have unix milliseconds; ALERTS_FOR_STATE is unix seconds
// Source   Prometheus 3, rules/alerting.go: ALERTS{alertstate="pending"|"firing"} is 1,
// ALERTS_FOR_STATE is since when the condition holds
#pragma once

#include <chrono>
#include <memory>

#include <absl/container/flat_hash_set.h>

#include "app/series_write.h"
#include "rules/alert_book.h"
#include "storage/series/head_series.h"

namespace slowburn::app {

// Every 15 s what is pending or firing has a sample; what no longer is gets a stale marker, also
// what ended while the program did not run. (A pending alert that was over before the crash, and
// after the last of these 15 s, gets none: nobody knows it any more.)
class AlertSeries {
 public:
  static constexpr std::chrono::seconds kInterval{15};

  // Call it after a restart, with the book as it was recovered: what it holds has samples of
  // before.
  void Continue(const rules::AlertBook& recovered);
  // Call it each second. What is due; null: nothing. It holds all that it needs.
  std::unique_ptr<SeriesWrite> Look(const rules::AlertBook& alerts, std::chrono::sys_seconds now);

 private:
  std::chrono::sys_seconds begun_{};               // the 15 s that were looked at last
  absl::flat_hash_set<storage::SeriesKey> shown_;  // that had a sample then
};

}  // namespace slowburn::app
