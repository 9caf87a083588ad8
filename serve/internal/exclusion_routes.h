// serve/internal/exclusion_routes.h: /api/slo/v1/exclusions: maintenance windows are listed, made
// and removed.
//
// Room     serve
// Uses     net/, serve/
// Threads  handlers run on server threads; commands wait on a thread of their own
// Units    as DESIGN section 6
#pragma once

#include "net/route_table.h"
#include "serve/queries.h"

namespace slowburn::serve::internal {

// Both must outlive the table.
void AddExclusionRoutes(net::RouteTable& table, const Queries& queries, Commands& commands);

}  // namespace slowburn::serve::internal
