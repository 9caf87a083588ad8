// rules/internal/composite_reader.h: the `composite` of an SLI: an SLO over other SLOs.
//
// Room     rules/internal
// Uses     base/, slo/
// Threads  pure functions
// Units    as the spec
// Source   DESIGN section 4, "Composite"; docs/budgets.md
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/yaml_reader.h"
#include "rules/internal/window_reader.h"
#include "slo/slo_spec.h"

namespace slowburn::rules {

// {worst_of: [ID, ...]}, {weighted: [{slo: ID, weight: 3}, ...]} or {any_bad: [ID, ...], timeslice:
// 1m}: 2 to 25 distinct members. Whether these are there is only known once all files are read.
// The lines of the members go to `member_lines`, in their order.
std::optional<slo::CompositeSli> ReadComposite(const base::YamlNode& node,
                                               const std::optional<SpecWindow>& window,
                                               std::vector<int>& member_lines);

// A composite as it was written, to be checked when all SLOs are known.
struct WrittenComposite {
  std::string file;
  std::string slo;
  std::vector<std::string> members;
  std::vector<int> lines;  // of the members
};

// "file:line: ..." for each member that is not among `known` (id -> whether it is a composite), is
// the composite itself, or is one.
std::vector<std::string> CheckMembers(const WrittenComposite& composite,
                                      const std::map<std::string, bool>& known);

}  // namespace slowburn::rules
