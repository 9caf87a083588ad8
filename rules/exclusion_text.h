// rules/exclusion_text.h: an exclusion as the API is given it -> one maintenance window.
//
// Room     rules
// Uses     base/, slo/
// Threads  pure functions
// Units    as the exclusion
// Source   docs/exclusions.md; RFC 8259
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

#include "slo/exclusion.h"

namespace slowburn::rules {

// The source of those that no file has.
inline constexpr std::string_view kApiSource = "api";

struct ExclusionText {
  slo::Exclusion exclusion;
  std::vector<std::string> warnings;
};

// One JSON object: {"id", "description", "slos", "labels", "start", "end" or "duration", "rrule",
// "time_zone"}. `id` is for one that gives none itself. kInvalidArgument with a line for each
// mistake. The same text reads the same forever, but for what time zones do: it is persisted.
absl::StatusOr<ExclusionText> ReadExclusionText(std::string_view json, std::string_view id);

}  // namespace slowburn::rules
