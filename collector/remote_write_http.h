// collector/remote_write_http.h: Prometheus' remote write as a route for a net::HttpServer.
//
// Room     collector
// Uses     collector/, net/
// Threads  the handler runs on the server's threads
// Units    bytes
// Source   Prometheus remote write 1.0 and 2.0; docs/remote_write.md
#pragma once

#include <prometheus/registry.h>

#include "collector/receive_limits.h"
#include "collector/series_sink.h"
#include "net/route_table.h"

namespace slowburn::collector {

// POST /api/v1/write, for the role `write`: application/x-protobuf of 1.0 or 2.0 (by its parameter
// `proto`), compressed with snappy's block format, or with gzip, zstd, deflate. Answers by the
// table of docs/remote_write.md, errors as plain text; 2.0 has what was written in headers.
// `sink` and `registry` must outlive the route.
net::Route RemoteWriteRoute(ReceiveLimits limits, SeriesSink& sink, prometheus::Registry& registry);

}  // namespace slowburn::collector
