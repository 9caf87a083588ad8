// serve/internal/latency_json.h: how long events took, as JSON.
//
// Room     serve
// Uses     slo/, serve/
// Threads  pure functions
// Units    seconds; times in unix seconds
#pragma once

#include <chrono>
#include <vector>

#include <absl/status/statusor.h>
#include <boost/json.hpp>

#include "slo/latency_sum.h"

namespace slowburn::serve::internal {

// {"start","end","count","relative_error","percentiles":{"p50":seconds,...}}; each null while
// nothing is counted.
boost::json::object PercentilesJson(const slo::LatencyPercentiles& percentiles);

// {"relative_error","points":[{"t","count","percentiles"}]}; t is where the step ends.
boost::json::object PercentilePointsJson(const std::vector<slo::LatencyPercentiles>& points);

// Of the detail of an SLO: {"threshold_seconds"} and what PercentilesJson has of `recent`, or the
// "error" why nobody knows.
boost::json::object LatencyJson(std::chrono::duration<double> threshold,
                                const absl::StatusOr<std::vector<slo::LatencyPercentiles>>& recent);

}  // namespace slowburn::serve::internal
