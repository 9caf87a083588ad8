// rules/internal/alerting_reader.h: the `alerting` of an SLO document.
//
// Room     rules/internal
// Uses     base/, slo/
// Threads  pure functions
// Units    as the spec
// Source   DESIGN section 4, "Alert policies"; docs/alerting.md
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/yaml_reader.h"
#include "slo/slo_spec.h"

namespace slowburn::rules {

struct Alerting {
  slo::AlertingSpec spec;
  std::optional<slo::AlertPolicy> policy;  // nothing where it has an error
};

// The policy is made of the SLO's objective and window (a calendar window's nominal length); where
// one of them is missing everything else is checked all the same.
Alerting ReadAlerting(const base::YamlNode& node, const std::vector<std::string>& group_by,
                      const std::optional<slo::Objective>& objective,
                      const std::optional<std::chrono::seconds>& window);

}  // namespace slowburn::rules
