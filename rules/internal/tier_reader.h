// rules/internal/tier_reader.h: the tiers of an alert policy as a spec writes them: a list of its
// own, and what it changes of a named policy's.
//
// Room     rules/internal
// Uses     base/, slo/
// Threads  pure functions
// Units    as the spec
// Source   DESIGN section 4, "Alert policies"; docs/alerting.md
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "base/yaml_reader.h"
#include "slo/alert_policy.h"

namespace slowburn::rules {

// What may be said of a severity and of a single tier alike. What is not said leaves things as they
// are.
struct TierKeys {
  std::optional<bool> disabled;
  std::optional<std::chrono::seconds> hold;
  std::optional<std::chrono::seconds> keep_firing_for;
  std::optional<uint64_t> min_total;
  std::optional<uint64_t> min_bad;
  model::LabelSet labels;
  model::LabelSet annotations;

  void ApplyTo(slo::AlertTier& tier) const;
};

// `place` has AllowKeys behind it. Of `labels` a severity may set the label `severity`, a tier may
// not: it has a key for that.
TierKeys ReadTierKeys(const base::YamlNode& place, const std::vector<std::string>& group_by,
                      bool of_severity);

// A tier and where it stands.
struct PlacedTier {
  slo::AlertTier tier;
  TierKeys keys;
  base::YamlNode place;
};
// A list of tiers; `window` (the SLO's) is what shares of the budget are scaled to. Tiers with
// errors are left out.
std::vector<PlacedTier> ReadTierList(const base::YamlNode& list,
                                     const std::vector<std::string>& group_by,
                                     const std::optional<std::chrono::seconds>& window);

}  // namespace slowburn::rules
