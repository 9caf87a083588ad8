// serve/internal/health_routes.h: /-/healthy, /-/ready and /-/reload.
//
// Room     serve
// Uses     net/, serve/
// Threads  handlers run on server threads, reloads on one of their own
// Units    none
// Source   Prometheus' management API
#pragma once

#include "net/route_table.h"
#include "serve/queries.h"

namespace slowburn::serve::internal {

// Both must outlive the table.
void AddHealthRoutes(net::RouteTable& table, const Queries& queries, Commands& commands);

}  // namespace slowburn::serve::internal
