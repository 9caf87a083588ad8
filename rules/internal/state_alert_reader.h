// rules/internal/state_alert_reader.h: `budget`, `exhaustion`, `no_data` and `violated` of an SLO's
// alerting.
//
// Room     rules/internal
// Uses     base/, slo/
// Threads  pure functions
// Units    as the spec
// Source   DESIGN section 4, "Alert policies"; docs/alerting.md
#pragma once

#include <string>
#include <vector>

#include "base/yaml_reader.h"
#include "slo/state_alert.h"

namespace slowburn::rules {

// In the order above; alerts with errors are left out.
std::vector<slo::StateAlert> ReadStateAlerts(const base::YamlNode& alerting,
                                             const std::vector<std::string>& group_by);

}  // namespace slowburn::rules
