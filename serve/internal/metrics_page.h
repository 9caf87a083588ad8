// serve/internal/metrics_page.h: GET /metrics: our own metrics, the ledger, and a series per SLO
// and group.
//
// Room     serve
// Uses     net/, serve/, prometheus-cpp
// Threads  handlers run on server threads
// Units    ratios 0..1, seconds
// Source   DESIGN section 6, "Series we expose"
#pragma once

#include <string>

#include <prometheus/registry.h>

#include "net/route_table.h"
#include "serve/queries.h"

namespace slowburn::serve::internal {

// Groups beyond these, in the order of the reading, are only counted:
// slowburn_serve_groups_omitted.
inline constexpr size_t kGroupsOnPageMax = 2000;

// slowburn_slo_* per total and slowburn_slo_group_* per group, in the text format.
std::string SloSeriesText(const SloReading& reading);

// Both must outlive the table.
void AddMetricsRoute(net::RouteTable& table, const Queries& queries,
                     prometheus::Registry& registry);

}  // namespace slowburn::serve::internal
