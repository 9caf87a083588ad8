// serve/internal/status_routes.h: GET /api/slo/v1/alerts, /ledger and /status.
//
// Room     serve
// Uses     net/, serve/
// Threads  handlers run on server threads
// Units    times in unix seconds, sizes in bytes
#pragma once

#include "net/route_table.h"
#include "serve/queries.h"

namespace slowburn::serve::internal {

// `queries` must outlive the table.
void AddStatusRoutes(net::RouteTable& table, const Queries& queries);

}  // namespace slowburn::serve::internal
