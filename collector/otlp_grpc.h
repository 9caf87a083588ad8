// collector/otlp_grpc.h: OTLP over gRPC as routes for a net::Http2Server.
//
// Room     collector
// Uses     collector/, net/
// Threads  handlers run on the server's threads
// Units    bytes
// Source   gRPC over HTTP/2 (PROTOCOL-HTTP2); OTLP specification, OTLP/gRPC; requirements G1 to G13
#pragma once

#include <prometheus/registry.h>

#include "collector/ingest_sink.h"
#include "collector/receive_limits.h"
#include "net/route_table.h"

namespace slowburn::collector {

// Export of TraceService, MetricsService and LogsService: unary calls of one message, encoded
// identity, gzip, zstd or deflate; other encodings are UNIMPLEMENTED with grpc-accept-encoding.
// Every other method is UNIMPLEMENTED. Every error, the listener's own too, is a gRPC status with
// google.rpc.Status in grpc-status-details-bin; no HTTP status but 200 (415 for what is not gRPC).
// `sink` and `registry` must outlive the routes.
net::RouteTable OtlpGrpcRoutes(ReceiveLimits limits, IngestSink& sink,
                               prometheus::Registry& registry);

}  // namespace slowburn::collector
