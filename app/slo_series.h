// app/slo_series.h: how SLOs stand, as time series: what they are worth every 15 seconds.
//
// Room     app
// Uses     app/, slo/, storage/series
// Threads  the stepping thread
// Units    engine time; series have unix milliseconds
// Source   DESIGN section 6, "Series we expose and store"
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/container/flat_hash_map.h>
#include <absl/container/flat_hash_set.h>

#include "app/series_write.h"
#include "app/slo_series_columns.h"
#include "slo/engine.h"
#include "slo/latency_table.h"

namespace slowburn::app {

// What it knows each series by is worked out once, when a budget is seen for the first time; after
// that a value is a lookup and no label. A series that ends (its SLO or group goes, or its figure
// does) gets a stale marker; what ends while the program does not run gets none, as in Prometheus.
class SloSeries {
 public:
  static constexpr std::chrono::seconds kInterval{15};
  // Each second has as many looks, and between them requests are committed: a look is as long as
  // one of these may have to wait.
  static constexpr size_t kLooksPerSecond = 20;
  // Of so many budgets, or of more where a round would take longer than its 15 s.
  static constexpr size_t kBudgetsPerLook = 50;
  // Likewise of budgets that were never seen, whose series have to be made, or found in the store.
  // With over 1,200 the first round takes twice the time of others.
  static constexpr size_t kNewBudgetsPerLook = 2;

  // Call it after the engine's step of a second, until it returns null, kLooksPerSecond times at
  // most. What is due; null: nothing. It reads the engine until its commit, which must be before
  // the engine changes.
  std::unique_ptr<SeriesWrite> Look(const slo::Engine& engine, const slo::LatencyTable& latencies);

 private:
  class Write;
  struct Budget {
    std::vector<storage::SeriesKey> keys;  // parallel to the columns
    std::vector<bool> has_value;           // as of its last look
    uint64_t round = 0;                    // of its last look
  };
  struct Slo {
    slo::SliId sli{};  // what the group ids are of
    std::vector<SloColumn> total_columns;
    std::vector<SloColumn> group_columns;
    std::vector<Budget> budgets;  // by group id

    const std::vector<SloColumn>& columns(size_t group) const {
      return group == 0 ? total_columns : group_columns;
    }
  };

  void Renew(const slo::Engine& engine);
  bool BeginRound(const slo::Engine& engine);
  // An SLO at the moment of a look.
  struct Moment {
    const slo::Engine& engine;
    size_t slo = 0;
    std::optional<slo::LatencyPercentiles> latency;  // of its total
  };
  void LookOn(const slo::Engine& engine, const slo::LatencyTable& latencies, Write& write);
  bool IsLookFull() const { return budgets_ >= goal_ || new_budgets_ >= new_goal_; }
  void LookAt(const Moment& moment, size_t group, const slo::GroupFigures& figures, Write& write);
  void End(Budget& budget, Write& write);

  std::shared_ptr<const slo::SloSet> slos_;
  std::vector<Slo> series_;                          // by index in slos_
  absl::flat_hash_set<storage::SeriesKey> leaving_;  // of the SLOs before, unless they show again

  bool in_round_ = false;
  uint64_t round_ = 0;
  std::chrono::sys_seconds begun_{};  // the 15 s that the round is of
  size_t cursor_ = 0;                 // the next SLO of it,
  size_t next_budget_ = 0;            // and the next budget of that
  size_t budgets_ = 0;                // seen in this round
  size_t budgets_before_ = 0;         // in the one before
  size_t budgets_expected_ = 0;       // as it began
  size_t new_budgets_ = 0;            // seen for the first time in this look
  size_t goal_ = 0;                   // what `budgets_` is at the end of this look
  size_t new_goal_ = 0;
};

}  // namespace slowburn::app
