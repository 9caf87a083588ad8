// slo/alert_policy.h: which burn rates over which windows page or open a ticket.
//
// Room     slo: pure
// Uses     model/, slo/
// Threads  immutable values
// Units    windows are chrono seconds, whole slices; a share of the budget and a burn rate as a
// spec writes them are in units of 10^-6
// Source   Google SRE Workbook, ch. 5, "6: Multiwindow, Multi-Burn-Rate Alerts"; Pyrra,
// slo/rules.go (Windows); DESIGN section 4, "Alert policies"
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "model/label_set.h"
#include "slo/burn_rate.h"
#include "slo/objective.h"

namespace slowburn::slo {

// One row, e.g. "2 % of a 30-day budget within 1 h" (factor 14.4). Burns only when the long and the
// short window both burn faster than the factor: the long one says it matters, the short one says
// it is still going on.
struct AlertTier {
  std::string name;      // "1h/5m", or as its owner called it; unique in its policy
  std::string severity;  // "page", "ticket", ...: the label of its alerts
  std::chrono::seconds long_window{0};
  std::chrono::seconds short_window{0};
  Rational factor;
  // Low-traffic guards on the long window: below either the tier does not burn, and is shown as
  // suppressed.
  uint64_t min_total = 1;
  uint64_t min_bad = 1;
  std::chrono::seconds hold{0};  // `for`
  std::chrono::seconds keep_firing_for{0};
  bool disabled = false;  // watched and shown, but nobody is told
  int rank = 0;           // of its severity: while a higher one fires, this one does not
  model::LabelSet labels;
  model::LabelSet annotations;
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
  std::string name;              // "sre-workbook", "slowburn", "pyrra", "custom"
  std::vector<AlertTier> tiers;  // in the order of the policy: page before ticket, fastest first
  std::vector<UnreachableTier> unreachable;
};

// The named policy for an SLO of this objective and window, ranked.
// - sre-workbook: each row is the same share of the budget whatever the window.
// - slowburn: the same, and an outage tier.
// - pyrra: windows and `for` are shares of the SLO's window, factors are fixed.
// kInvalidArgument for an unknown name, listing the known ones.
absl::StatusOr<AlertPolicy> MakeAlertPolicy(std::string_view name, Objective objective,
                                            std::chrono::seconds window);
// A list of tiers whose windows passed CheckTierWindows: those that can never fire are put aside.
// Names that are empty become "1h/5m".
AlertPolicy MakeAlertPolicy(std::string name, std::vector<AlertTier> tiers, Objective objective,
                            std::chrono::seconds window);

// "1h/5m"
std::string TierName(std::chrono::seconds long_window, std::chrono::seconds short_window);
// Why these cannot be a tier's windows, or OK: whole slices, the short one at least a slice and
// shorter than the long one, which is at most 400 d.
absl::Status CheckTierWindows(std::chrono::nanoseconds long_window,
                              std::chrono::nanoseconds short_window);
// Why a tier could never fire for this SLO; nothing when it could.
std::optional<std::string> WhyUnreachable(const AlertTier& tier, Objective objective,
                                          std::chrono::seconds window);

// The burn rate that spends this share of `window`'s budget within `long_window`: 14.4 for 2 % in
// 1 h of 30 d. Exact; below 1 a budget lasts longer than its window.
Rational ScaledFactor(uint64_t share_millionths, std::chrono::seconds window,
                      std::chrono::seconds long_window);
// What ScaledFactor gives, and at least 1: a tier below would fire although the budget lasts.
Rational ScaledFactorAtLeastOne(uint64_t share_millionths, std::chrono::seconds window,
                                std::chrono::seconds long_window);

// Whether alerts of this severity wake somebody: "page" or "critical". They take two bad events
// where nothing else is said, so that one failure in a quiet night does not.
bool IsPaging(std::string_view severity);
inline constexpr uint64_t kPagingMinBad = 2;

// The severities from the highest rank down: in the order given, but page and critical before
// ticket and warning. `severities` may repeat itself.
std::vector<std::string> RankSeverities(const std::vector<std::string>& severities);
// The rank of a severity in that list. The last has 1 and one that is not in it 0; but from the
// last paging one up they are counted from above, the first has kPagingRank: a page that is kept
// firing after a reload keeps its rank too, whatever severities the reload brought or took.
inline constexpr int kPagingRank = 1'000'000;
int RankOf(const std::vector<std::string>& ranked, std::string_view severity);

}  // namespace slowburn::slo
