// serve/routes.h: everything on port 7560 as one route table.
//
// Room     serve
// Uses     net/, serve/, prometheus-cpp
// Threads  handlers run on server threads; /-/reload waits on a thread of its own
// Units    DESIGN section 6, "The HTTP surface"
#pragma once

#include <prometheus/registry.h>

#include "net/route_table.h"
#include "serve/queries.h"

namespace slowburn::serve {

// /api/slo/v1/*, /-/*, /metrics, /. All three must outlive the table.
net::RouteTable ApiRoutes(const Queries& queries, Commands& commands,
                          prometheus::Registry& registry);

}  // namespace slowburn::serve
