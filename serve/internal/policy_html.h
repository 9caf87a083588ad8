// serve/internal/policy_html.h: an alert policy, and what it sees now, as HTML for the page.
//
// Room     serve
// Uses     slo/
// Threads  pure functions
// Units    burn rates without unit, durations as Prometheus writes them
#pragma once

#include <string>

#include "slo/slo_spec.h"
#include "slo/slo_status.h"

namespace slowburn::serve::internal {

// The tiers that cannot say now whether this budget burns, by state ("warming 6h/30m, 1d/2h"), each
// with its reason; those that never can, with the total. "" when there are none.
std::string TierStatesHtml(const slo::SloSpec& spec, const slo::GroupStatus& group);

// A row of the page's table: every tier and every other alert, with what they see of the total.
std::string PolicyHtml(const slo::SloSpec& spec, const slo::GroupStatus& total);

}  // namespace slowburn::serve::internal
