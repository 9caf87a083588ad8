// rules/spec_file.h: SLO files -> SLO specs and maintenance windows.
//
// Room     rules
// Uses     base/, ottl/, slo/, yaml-cpp through base/yaml_reader
// Threads  pure functions, but for reading files
// Units    as the spec
// Source   DESIGN section 4, "Spec (native dialect)" and "Exact meanings"; docs/exclusions.md
#pragma once

#include <filesystem>
#include <string>
#include <string_view>
#include <vector>

#include "slo/exclusion.h"
#include "slo/slo_spec.h"

namespace slowburn::rules {

// What reading gave. Beside an error there is neither: all or nothing.
struct SpecFileResult {
  slo::SloSet slos;
  slo::ExclusionSet exclusions;
  std::vector<std::string> errors;    // "slos/checkout.yaml:14: what; what to write instead"
  std::vector<std::string> warnings;  // same form
};

// All documents of one text. `file` is the name in messages.
SpecFileResult ReadSpecText(std::string_view text, const std::string& file);

// All files of `patterns` (globs or literal paths, relative to `base_directory`), in sorted order.
// A literal file that does not exist is an error, a pattern without a match a warning, an id that
// two documents share an error that names both places. Members of composites may stand in any of
// the files. Files up to 4 MiB.
SpecFileResult ReadSpecFiles(const std::vector<std::string>& patterns,
                             const std::filesystem::path& base_directory);

}  // namespace slowburn::rules
