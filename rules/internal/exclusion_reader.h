// rules/internal/exclusion_reader.h: one document of kind Exclusion -> one maintenance window.
//
// Room     rules/internal
// Uses     base/, slo/
// Threads  pure functions
// Units    as the exclusion
// Source   docs/exclusions.md
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/yaml_reader.h"
#include "slo/exclusion.h"
#include "slo/slo_spec.h"

namespace slowburn::rules {

inline constexpr std::string_view kExclusionKind = "Exclusion";

struct ExclusionDocument {
  std::string id;  // "weekly-deploy", known even where the rest is wrong; else empty
  std::optional<slo::Exclusion> exclusion;  // nothing where a part that it needs is wrong
  std::vector<int> slo_lines;               // of each of the exclusion's `slos`
};

// Every error and warning goes to the document's YamlErrors, at its line; an exclusion may be
// returned beside errors and is then not to be used.
ExclusionDocument ReadExclusion(const base::YamlNode& document);

// "file:line: what; what to write" for each name that no SLO of the set has, and for an exclusion
// that as a whole applies to none. Nothing when the set is empty: then its SLOs are elsewhere.
std::vector<std::string> UnmatchedSelectors(const ExclusionDocument& document,
                                            const slo::SloSet& slos);

}  // namespace slowburn::rules
