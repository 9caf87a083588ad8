// rules/internal/sli_reader.h: the `sli` of an SLO document.
//
// Room     rules/internal
// Uses     base/, ottl/, slo/
// Threads  pure functions
// Units    as the spec
// Source   DESIGN section 4, "Spec (native dialect)" and "Exact meanings"
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml_reader.h"
#include "rules/internal/window_reader.h"
#include "slo/sli_spec.h"

namespace slowburn::rules {

// The list under `sli`.
std::vector<std::string> ReadGroupBy(const base::YamlNode& node);
// A group_by that stands where it does nothing is a likely slip.
void RefuseGroupBy(const base::YamlNode& parent,
                   std::string_view instead = "write it under sli, beside its source");
// Spans, logs, or a composite; the lines of a composite's members go to `member_lines`. Nothing
// where a part that it needs is wrong.
std::optional<slo::SliSpec> ReadSli(const base::YamlNode& sli, std::vector<std::string> group_by,
                                    const std::optional<SpecWindow>& window,
                                    std::vector<int>& member_lines);

}  // namespace slowburn::rules
