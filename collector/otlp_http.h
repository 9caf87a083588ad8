// collector/otlp_http.h: OTLP over HTTP as routes for a net::HttpServer.
//
// Room     collector
// Uses     collector/, net/
// Threads  handlers run on the server's threads
// Units    bytes
// Source   OTLP specification, OTLP/HTTP; requirements H1 to H22, J1 to J13
#pragma once

#include <prometheus/registry.h>

#include "collector/ingest_sink.h"
#include "collector/receive_limits.h"
#include "net/route_table.h"

namespace slowburn::collector {

// POST /v1/traces, /v1/metrics, /v1/logs; application/x-protobuf and application/json; none, gzip,
// zstd, deflate. Every error, the listener's own too, is a google.rpc.Status in the request's
// encoding, by the status table of docs/otlp.md. /v1development/profiles is not routed (404).
// `sink` and `registry` must outlive the routes.
net::RouteTable OtlpHttpRoutes(ReceiveLimits limits, IngestSink& sink,
                               prometheus::Registry& registry);

// POST /api/v1/otlp/v1/metrics, where Prometheus takes them: the same as /v1/metrics.
net::Route PrometheusOtlpRoute(ReceiveLimits limits, IngestSink& sink,
                               prometheus::Registry& registry);

}  // namespace slowburn::collector
