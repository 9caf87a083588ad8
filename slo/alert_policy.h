// slo/alert_policy.h: which burn rates over which windows page or open a ticket.
//
// Room     slo: pure
// Uses     slo/
// Threads  immutable values
// Units    windows are chrono seconds, whole slices
// Source   Google SRE Workbook, ch. 5, "6: Multiwindow, Multi-Burn-Rate Alerts"; DESIGN section 4,
// "Alert policies"
#pragma once

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "slo/burn_rate.h"
#include "slo/objective.h"

namespace slowburn::slo {

// One row, e.g. "2 % of a 30-day budget within 1 h" (factor 14.4). Burns only when the long and the
// short window both burn faster than the factor: the long one says it matters, the short one says
// it is still going on.
struct AlertTier {
  std::string name;      // "1h/5m"
  std::string severity;  // "page" or "ticket"
  std::chrono::seconds long_window{0};
  std::chrono::seconds short_window{0};
  Rational factor;
  // Low-traffic guards on the long window: below either the tier does not burn, and is shown as
  // suppressed.
  uint64_t min_total = 1;
  uint64_t min_bad = 1;
  std::chrono::seconds hold{0};  // `for`
  std::chrono::seconds keep_firing_for{0};
};

// Whether the long window has the traffic that the tier's guards ask for.
bool HasEnough(const AlertTier& tier, const SliCounts& events_in_long);
// Whether the tier's condition holds, guards included, for a budget of events. Both counts end at
// the same instant.
bool IsBurning(const AlertTier& tier, Objective objective, const SliCounts& in_long,
               const SliCounts& in_short);

// A row that is left out because it could never fire, with the reason for a person.
struct UnreachableTier {
  std::string name;
  std::string severity;
  std::string reason;
};

struct AlertPolicy {
  std::string name;              // "sre-workbook", "slowburn"
  std::vector<AlertTier> tiers;  // page before ticket, fastest first
  std::vector<UnreachableTier> unreachable;
};

// The named policy for an SLO of this objective and window. Factors are scaled so that each row is
// the same share of the budget whatever the window (a factor below 1 is raised to 1).
// kInvalidArgument for an unknown name, listing the known ones.
absl::StatusOr<AlertPolicy> MakeAlertPolicy(std::string_view name, Objective objective,
                                            std::chrono::seconds window);

}  // namespace slowburn::slo
