// rules/internal/exclusion_time_reader.h: when an exclusion is: start, end or duration, rrule,
// time_zone.
//
// Room     rules/internal
// Uses     base/, slo/
// Threads  pure functions
// Units    as the exclusion
// Source   docs/exclusions.md; RFC 3339; RFC 5545
#pragma once

#include <optional>
#include <variant>

#include "base/yaml_reader.h"
#include "slo/exclusion.h"
#include "slo/recurrence.h"

namespace slowburn::rules {

// Nothing where a part is wrong or missing, which is then told at its line.
std::optional<std::variant<slo::Exclusion::Once, slo::Recurrence>> ReadExclusionTime(
    const base::YamlNode& spec);

}  // namespace slowburn::rules
