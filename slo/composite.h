// slo/composite.h: an SLO over other SLOs: a user's journey through several services.
//
// Room     slo: pure arithmetic
// Uses     slo/
// Threads  values and pure functions
// Units    counts are the members' own, or parts of them; weights have no unit
// Source   DESIGN section 4, "Composite"; OpenSLO v1, compositeWeight
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "slo/slice.h"

namespace slowburn::slo {

enum class CompositeMethod : uint8_t {
  kWorstOf,   // in each window, the member with the greatest share of bad events
  kWeighted,  // in each window, the mean of the members' shares by weight
  kAnyBad,    // in each timeslice, bad when one member is: it misses its own objective there
};
// "worst_of", "weighted", "any_bad"
std::string_view CompositeMethodName(CompositeMethod method);

inline constexpr size_t kMembersMax = 25;
inline constexpr uint64_t kWeightMax = 1000;

struct CompositeSli {
  struct Member {
    std::string slo;  // "checkout/availability", the total of its groups; no composite itself
    uint64_t weight = 1;
  };
  CompositeMethod method = CompositeMethod::kWorstOf;
  std::vector<Member> members;  // two or more, distinct
  uint32_t timeslice = 0;       // slices, with kAnyBad
};

struct MemberCounts {
  SliCounts counts;
  uint64_t weight = 1;
};

// What a composite counts in a window in which its members count this. Members without events do
// not take part; nothing when none has any. kAnyBad is judged by its timeslices, and here, in
// windows that are too short for them, as kWorstOf.
SliCounts Combine(CompositeMethod method, std::span<const MemberCounts> members);

// Whether a timeslice is good, or nothing when no member has events in it. `scores` are the
// members' (Budgeting::Score, with their own objectives as targets).
std::optional<bool> IsGoodTogether(std::span<const SliCounts> scores);

}  // namespace slowburn::slo
