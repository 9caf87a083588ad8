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
#include <vector>

#include "slo/slo_spec.h"

namespace slowburn::app {

// SLOs over longer windows than counts are kept for.
std::vector<std::string> RetentionWarnings(const slo::SloSet& slos, std::chrono::seconds retention);

// Tiers of named policies that can never fire for their SLO: meant for others, so no mistake. (Of a
// list of tiers its reader warns.)
std::vector<std::string> UnreachableNotes(const slo::SloSet& slos);

}  // namespace slowburn::app
