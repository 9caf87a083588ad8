// rules/internal/native_spec.h: one document of our own dialect -> one SLO spec.
//
// Room     rules
// Uses     base/, ottl/, slo/
// Threads  a pure function
// Units    as the spec
// Source   DESIGN section 4, "Spec (native dialect)" and "Exact meanings"
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "base/yaml_reader.h"
#include "slo/slo_spec.h"

namespace slowburn::rules {

inline constexpr std::string_view kNativeApiVersion = "slowburn/v1";

struct NativeSpec {
  std::string id;  // "checkout/availability", known even where the rest is wrong; else empty
  std::optional<slo::SloSpec>
      spec;  // with `text` still empty; nothing where a part that it needs is wrong
  std::vector<int> member_lines;  // of a composite's members
};

// Every error and warning goes to the document's YamlErrors, at its line; a spec may be returned
// beside errors and is then not to be used.
NativeSpec ReadNativeSpec(const base::YamlNode& document);

}  // namespace slowburn::rules
