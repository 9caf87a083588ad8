// slo/tier_state.h: whether a tier of an alert policy burns now, and if not, why.
//
// Room     slo: pure
// Uses     slo/
// Threads  pure functions
// Units    as slo/alert_policy.h
// Source   DESIGN section 4: "Warming", "A metric's increment", low-traffic guards
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "slo/alert_policy.h"

namespace slowburn::slo {

// kQuiet: it burns in neither or only one of its windows. kBurning: in both, and its guards are
// met. kWarming: its events are younger than its short window, or those of its long
// window are not all known yet. kSuppressed: it would burn, but a
// guard is not met. kTooCoarse: events are counted from points that are too far apart for its short
// window.
enum class TierState : uint8_t { kQuiet, kBurning, kWarming, kSuppressed, kTooCoarse };
std::string_view TierStateName(
    TierState state);  // "quiet", "burning", "warming", "suppressed", "too_coarse"

// What a tier is judged by, all as of one instant.
struct TierFigures {
  SliCounts in_long;  // as the budget counts: events, or timeslices
  SliCounts in_short;
  SliCounts events_in_long;  // for the guards
  // Since the first event of all; nothing before it.
  std::optional<std::chrono::seconds> age;
  // The events of the window's begin are still being read from a store.
  bool is_filling = false;
  // How far the points lie apart that events are counted from; 0 where each event comes by itself.
  std::chrono::seconds point_interval{0};

  // Whether no count is negative: there is something to judge.
  bool IsValid() const {
    return in_long.IsValid() && in_short.IsValid() && events_in_long.IsValid();
  }
};

// The first that holds: not all known yet, no event yet, too coarse, warming, and then what the
// counts say: quiet where they are not valid.
TierState JudgeTier(const AlertTier& tier, Objective objective, const TierFigures& figures);

// Why it is in this state, for a person; "" where the burn rates say it all (quiet, burning).
std::string TierReason(const AlertTier& tier, TierState state, const TierFigures& figures);

}  // namespace slowburn::slo
