// serve/internal/slo_routes.h: GET /api/slo/v1/slos and what lies below it.
//
// Room     serve
// Uses     net/, serve/
// Threads  handlers run on server threads
// Units    as DESIGN section 6
#pragma once

#include "net/route_table.h"
#include "serve/queries.h"

namespace slowburn::serve::internal {

// `queries` must outlive the table.
void AddSloRoutes(net::RouteTable& table, const Queries& queries);

}  // namespace slowburn::serve::internal
