// app/slo_checks.h: what is odd about SLOs that no SLO file can know by itself, or that is no
// mistake and still worth a line.
//
// Room     app
// Uses     slo/
// Threads  pure functions
// Units    lines as the readers write them: "slos/checkout.yaml:3: what; what to do"
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <boost/json.hpp>

#include "slo/slo_spec.h"

namespace slowburn::app {

// SLOs over longer windows than counts are kept for.
std::vector<std::string> RetentionWarnings(const slo::SloSet& slos, std::chrono::seconds retention);

// Tiers of named policies that can never fire for their SLO: meant for others, so no mistake. (Of a
// list of tiers its reader warns.)
std::vector<std::string> UnreachableNotes(const slo::SloSet& slos);

// "write max: 0.25 or max: 0.5": of `metric` as GET /api/slo/v1/slos has it, what is exact beside
// its max; "" where nobody knows.
std::string BoundsAdvice(const boost::json::object& metric);

// SLOs whose good events a running server only estimates, because `max` is no bound of their
// histogram: as far as `answer` has them, which is that of GET /api/slo/v1/slos. kInvalidArgument
// for what is no such answer.
absl::StatusOr<std::vector<std::string>> InterpolationWarnings(const slo::SloSet& slos,
                                                               std::string_view answer);

}  // namespace slowburn::app
