// serve/internal/latency_series.h: how long events take now, as series for /metrics.
//
// Room     serve
// Uses     serve/
// Threads  asks the program for each SLO that has a latency
// Units    seconds
// Source   docs/latency.md
#pragma once

#include <string>

#include "serve/queries.h"

namespace slowburn::serve::internal {

// slowburn_slo_latency_seconds and slowburn_slo_latency_threshold_seconds in the text format, of
// the totals in `reading`.
std::string LatencySeriesText(const Queries& queries, const SloReading& reading);

}  // namespace slowburn::serve::internal
