// slo/state_alert.h: an alert on where a budget stands, beside those on how fast it burns: little
// is left, it will be spent soon, nothing comes any more, the objective is missed.
//
// Room     slo: pure
// Uses     model/, slo/
// Threads  immutable values
// Units    ratios as fractions, times as chrono seconds
// Source   DESIGN section 4, "Alert policies"
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/label_set.h"
#include "slo/alert_policy.h"
#include "slo/burn_rate.h"

namespace slowburn::slo {

struct StateAlert {
  // kBudgetLow: less of the budget is left than a share. kExhaustion: at the burn rate of the last
  // hour it is spent sooner than `span`. kNoData: there were events, and then none for `span`.
  // kViolated: the objective is missed over the SLO's window, which is the budget overspent.
  enum class Kind : uint8_t { kBudgetLow, kExhaustion, kNoData, kViolated };

  Kind kind = Kind::kViolated;
  std::string name;              // "remaining 25%", "within 3d", "silent 30m", "violated"
  std::string severity;          // the label of its alert
  int rank = 0;                  // as an AlertTier's, among alerts of its kind
  Rational spent_share{1, 1};    // kBudgetLow: holds once more than this share is spent
  std::chrono::seconds span{0};  // kExhaustion, kNoData
  std::chrono::seconds hold{0};  // `for`; of kNoData the span is all there is to wait
  std::chrono::seconds keep_firing_for{0};
  bool disabled = false;
  model::LabelSet labels;
  model::LabelSet annotations;
};

// "SLOBudgetLow", "SLOExhaustion", "SLONoData", "SLOViolated"
std::string_view AlertNameOf(StateAlert::Kind kind);

// What one budget is judged by, all as of `now`.
struct BudgetFigures {
  bool is_total = true;     // or a group's
  bool has_events = false;  // in the SLO's window
  SliCounts in_window;      // as the budget counts
  SliCounts in_last_hour;
  std::chrono::seconds window{0};  // nominal
  std::optional<std::chrono::sys_seconds> last_event;
  std::chrono::seconds excluded_since{0};  // how much of the time since then is left out
  std::chrono::sys_seconds now{};
};

// Whether the alert's condition is true. Compared in integers. Without events in the window only
// kNoData can be, and of a group not even that: a value that nobody sends any more (an old route)
// leaves with its last event.
bool Holds(const StateAlert& alert, Objective objective, const BudgetFigures& figures);

// ExhaustionSeconds(...) < within, in integers: 0 once the budget is spent, and with it always
// sooner; never while no event of the last hour was bad.
bool IsExhaustedWithin(const SliCounts& in_window, const SliCounts& in_last_hour,
                       Objective objective, std::chrono::seconds window,
                       std::chrono::seconds within);

// Sets the rank of every tier and alert of an SLO: severities as they appear, the policy's first.
void RankAlerts(AlertPolicy& policy, std::vector<StateAlert>& state_alerts);

}  // namespace slowburn::slo
