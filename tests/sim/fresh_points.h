// tests/sim/fresh_points.h: the points of an SLI in another order, where that must not matter.
//
// Room     tests/sim
// Uses     tests/sim
// Threads  one owner
// Units    unix seconds
// Source   docs/metrics_sli.md, "Resets, gaps, order"
#pragma once

#include <vector>

#include "tests/sim/random.h"
#include "tests/sim/reference.h"

namespace slowburn::sim {

// Whether what the SLI's points count follows from the points alone. It does not where a first
// value was growing since before somebody looked: what counts of it follows from what was known by
// then. Nor where a series began anew, and where estimates of deltas are carried from one to the
// next.
bool IsFreeOfOrder(const ReferenceMetrics& metrics, const SliConfig& sli);

// All that were taken, each late by no more than finds its place.
std::vector<MetricSample> PointsInOtherOrder(const ReferenceMetrics& metrics, const SliConfig& sli,
                                             Random& random);

}  // namespace slowburn::sim
