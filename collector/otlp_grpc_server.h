// collector/otlp_grpc_server.h: OTLP over gRPC, read as raw bytes.
//
// Room     collector
// Uses     gRPC (inside), collector/, net/
// Threads  Start and Shutdown by the owner; the sink is called on the server's threads
// Units    bytes
// Source   OTLP specification, OTLP/gRPC; requirements G1 to G13
#pragma once

#include <chrono>
#include <memory>

#include <absl/status/statusor.h>
#include <prometheus/registry.h>

#include "collector/ingest_sink.h"
#include "net/host_port.h"

namespace slowburn::collector {

// A generic async service on completion queues, one thread each: no protobuf object is built. gzip
// is recognised and opened here (libdeflate), with gRPC's own decompression off, so that the output
// is capped.
class OtlpGrpcServer {
 public:
  struct Options {
    net::HostPort address;
    int threads = 1;
    size_t request_bytes_max = 64 << 20;  // on the wire, and decompressed
  };

  // Binds before it returns; errors as net::HttpServer::Start. `sink` and `registry` must outlive
  // the server.
  static absl::StatusOr<std::unique_ptr<OtlpGrpcServer>> Start(Options options, IngestSink& sink,
                                                               prometheus::Registry& registry);
  ~OtlpGrpcServer();

  const net::HostPort& address() const;

  // Stops accepting, finishes running calls until `drain` has passed, cancels the rest, joins.
  // Twice is harmless. Every AnswerFn given to the sink must have been called or dropped before the
  // server is destroyed.
  void Shutdown(std::chrono::seconds drain);

 private:
  class Impl;
  explicit OtlpGrpcServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slowburn::collector
