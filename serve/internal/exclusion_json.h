// serve/internal/exclusion_json.h: maintenance windows as the JSON of /api/slo/v1/exclusions.
//
// Room     serve
// Uses     slo/, serve/
// Threads  pure functions
// Units    unix seconds
// Source   docs/exclusions.md
#pragma once

#include <chrono>

#include <boost/json.hpp>

#include "slo/exclusion.h"
#include "slo/slo_spec.h"

namespace slowburn::serve::internal {

// The whole of it, and what is about now: {"id",...,"active","current","next"}.
boost::json::object ExclusionJson(const slo::Exclusion& exclusion, std::chrono::sys_seconds now);

// The ids of the exclusions that apply to this SLO.
boost::json::array ExclusionIdsJson(const slo::SloSpec& spec, const slo::ExclusionSet& exclusions);

// The ids of the SLOs that it applies to.
boost::json::array AppliesToJson(const slo::Exclusion& exclusion, const slo::SloSet& slos);

}  // namespace slowburn::serve::internal
