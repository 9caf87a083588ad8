// slo/exclusion.h: a maintenance window: when events count for nothing, and for which SLOs.
//
// Room     slo
// Uses     base/, model/, slo/
// Threads  immutable values
// Units    unix seconds
// Source   DESIGN section 4, "Exclusions"
#pragma once

#include <chrono>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include <absl/status/status.h>

#include "model/label_set.h"
#include "slo/recurrence.h"

namespace slowburn::slo {

struct Exclusion {
  // [start, end)
  struct Once {
    std::chrono::sys_seconds start;
    std::chrono::sys_seconds end;
    friend bool operator==(const Once&, const Once&) = default;
  };

  std::string id;           // [A-Za-z0-9._-], 1 to 128 characters
  std::string description;  // at most 1,000 bytes
  std::variant<Once, Recurrence> when;

  // Which SLOs: of these, all that are given must match; with neither it is every SLO.
  std::vector<std::string> slos;  // any of "checkout/availability", "checkout/*"; at most 100
  model::LabelSet labels;         // each equal to the SLO's label; at most 64

  std::string source;  // "exclusions/deploy.yaml:3" or "api"

  bool AppliesTo(std::string_view slo_id, const model::LabelSet& slo_labels) const;

  friend bool operator==(const Exclusion&, const Exclusion&) = default;
};

// Those in force, in the order they were read; at most kExclusionsMax.
using ExclusionSet = std::vector<Exclusion>;
inline constexpr size_t kExclusionsMax = 1'000;

// A name for the time that these take out together: equal for sets of the same times, whatever
// their ids, order and repetitions; "" for none. 32 hexadecimal digits; persisted.
std::string IdentityOf(std::span<const Exclusion* const> exclusions);

bool IsValidExclusionId(std::string_view id);
// Why this cannot be one of `slos`, or OK.
absl::Status CheckSloPattern(std::string_view pattern);
bool MatchesSloPattern(std::string_view pattern, std::string_view slo_id);
// Why this cannot be the time of an exclusion, or OK: within 1970 to 2100, longer than nothing and
// up to Recurrence::kDurationMax.
absl::Status CheckOnce(const Exclusion::Once& once);
// All of it: the above, and the limits that the fields name.
absl::Status CheckExclusion(const Exclusion& exclusion);

}  // namespace slowburn::slo
