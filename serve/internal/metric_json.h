// serve/internal/metric_json.h: what is known of the points of an SLI that reads metrics, as JSON.
//
// Room     serve
// Uses     slo/
// Threads  pure functions
// Units    seconds; a threshold and its bounds are in the metric's unit
// Source   docs/metrics_sli.md, "In the API"
#pragma once

#include <boost/json.hpp>

#include "slo/sli_spec.h"
#include "slo/slo_status.h"

namespace slowburn::serve::internal {

// {"source","point_interval_seconds"}; of a histogram also {"max","interpolated","nearest_bounds"};
// of an SLI that is newer than the series {"past"}.
boost::json::object MetricJson(const slo::SliSpec& sli, const slo::MetricStatus& status);

}  // namespace slowburn::serve::internal
