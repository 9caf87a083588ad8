// rules/internal/alerting_reader.h: the `alerting` of an SLO document.
//
// Room     rules/internal
// Uses     base/, slo/
// Threads  pure functions
// Units    as the spec
// Source   DESIGN section 4, "Alert policies"
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <vector>

#include "base/yaml_reader.h"
#include "slo/slo_spec.h"

namespace slowburn::rules {

slo::AlertingSpec ReadAlerting(const base::YamlNode& node,
                               const std::vector<std::string>& group_by);
// Made of objective and window; where one of them is missing the name is checked all the same.
std::optional<slo::AlertPolicy> ReadPolicy(const base::YamlNode& node,
                                           const std::optional<slo::Objective>& objective,
                                           const std::optional<std::chrono::seconds>& window);

}  // namespace slowburn::rules
