// slo/slo_status.h: where an SLO stands now: what the API, /metrics and the page show.
//
// Room     slo
// Uses     slo/
// Threads  values
// Units    ratios 0..1 (a remaining ratio may be negative), burn rates without unit, unix time
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "slo/alert_policy.h"
#include "slo/metric_increment.h"
#include "slo/slice.h"
#include "slo/state_alert.h"
#include "slo/tier_state.h"

namespace slowburn::slo {

// Worst first: the state is the first that holds.
enum class SloState : uint8_t { kInvalid, kNoData, kExhausted, kBurning, kOk };
std::string_view SloStateName(
    SloState state);  // "invalid", "no_data", "exhausted", "burning", "ok"

struct TierStatus {
  AlertTier tier;
  TierState state = TierState::kQuiet;
  std::optional<double> long_burn_rate;
  std::optional<double> short_burn_rate;
  std::string reason;  // of the state; "" where the burn rates say it all
};

struct StateAlertStatus {
  StateAlert alert;
  bool holds = false;
};

struct WindowBurn {
  std::chrono::seconds window{0};
  SliCounts counts;  // events
  SliCounts budget;  // as the budget counts
  std::optional<double> burn_rate;
};

// One budget: a group's, or the total's (values empty).
struct GroupStatus {
  GroupId group = kTotalGroup;
  std::vector<std::string> values;  // of group_by, in its order; empty for the total
  SloState state = SloState::kNoData;
  std::chrono::sys_seconds since{};                     // of the state
  std::optional<std::chrono::sys_seconds> first_event;  // start of its slice
  std::optional<std::chrono::sys_seconds> last_event;
  std::chrono::seconds excluded{0};  // of the window: what is left out of all that follows
  SliCounts in_window;               // events
  SliCounts budget;    // as the budget counts: events, timeslices or parts of timeslices
  SliCounts lifetime;  // everything that was ever counted: it never falls
  std::optional<double> budget_remaining_ratio;
  double budget_remaining_events = 0;  // in what the budget counts
  std::optional<double> exhaustion_seconds;
  std::vector<WindowBurn> burn_rates;      // the policy's windows, ascending
  std::vector<WindowBurn> compat_windows;  // of a total: CompatWindows
  std::vector<TierStatus> tiers;
  std::vector<StateAlertStatus> state_alerts;
};

// How far the past of an SLI on metrics is counted from stored series.
struct PastStatus {
  // kWaiting: nothing counts yet. kCounting: [counted_from, now) does.
  enum class State : uint8_t { kWaiting, kCounting, kCounted };
  State state = State::kWaiting;
  std::optional<std::chrono::sys_seconds> counted_from;
  std::chrono::sys_seconds goes_back_to{};  // how far it is wanted
  // That could not be read: begin and end.
  std::vector<std::pair<std::chrono::sys_seconds, std::chrono::sys_seconds>> left_out;
};

// What is known of the points of an SLI that reads metrics.
struct MetricStatus {
  std::optional<std::chrono::milliseconds> point_interval;  // mostly
  // Some histogram has no bound at the threshold: how many were good is an estimate.
  bool is_interpolated = false;
  std::optional<BucketBounds> around;  // the bounds beside the threshold, as last seen
  std::optional<PastStatus> past;      // of one that is newer than the series
};

struct SloStatus {
  size_t index = 0;                    // in the SloSet
  SloState state = SloState::kNoData;  // the worst of its groups
  std::vector<GroupStatus> groups;     // the total first
  bool is_excluded = false;            // the open slice counts for nothing
  std::optional<MetricStatus> metric;  // of an SLI that reads metrics
};

// One step of a history: [time - step, time), and the budget of the window that ends at `time`.
struct HistoryPoint {
  std::chrono::sys_seconds time{};
  SliCounts counts;
  std::optional<double> error_ratio;
  std::optional<double> budget_remaining_ratio;
  std::chrono::seconds excluded{0};  // of the step
};

}  // namespace slowburn::slo
