// collector/otlp_http.h: OTLP over HTTP as routes for a net::HttpServer.
//
// Room     collector
// Uses     collector/, net/
// Threads  handlers run on the server's threads
// Units    bytes
// Source   OTLP specification, OTLP/HTTP; requirements H1 to H22
#pragma once

#include <prometheus/registry.h>

#include "collector/ingest_sink.h"
#include "net/route_table.h"

namespace slowburn::collector {

// POST /v1/traces, application/x-protobuf, none or gzip. Every error, the listener's own too, is a
// google.rpc.Status in the request's encoding. Other signals are not routed (404), other encodings
// are refused (415). `sink` and `registry` must outlive the routes.
net::RouteTable OtlpHttpRoutes(size_t request_bytes_max, IngestSink& sink,
                               prometheus::Registry& registry);

}  // namespace slowburn::collector
