// net/http2_server.h: an HTTP/2 listener that answers from a route table: what gRPC runs on.
//
// Room     net
// Uses     base/, net/, nghttp2 (inside)
// Threads  Start and Shutdown by the owner; handlers run on the server's threads
// Units    sizes in bytes, timeouts in chrono
// Source   RFC 9113; faults section 4, "Header/URI limits"; CVE-2023-44487, CVE-2024-27316,
//          CVE-2023-33953, CVE-2025-8671 are what its limits are for
#pragma once

#include <chrono>
#include <memory>

#include <absl/status/statusor.h>
#include <prometheus/registry.h>

#include "net/route_table.h"
#include "net/server_options.h"

namespace slowburn::net {

// HTTP/2 by prior knowledge, or by ALPN "h2" under TLS. Each stream is one request: its route, size
// and caller are checked when its headers are there, its handler is called when its body is whole.
//
// Bounded for each connection: 100 streams (one that was reset counts until its handler has
// answered), header_bytes_max of header fields a request (more is 431, four times that a flood), 8
// CONTINUATION frames a header, HPACK table 4 KiB, 16 KiB frames; streams that are reset (200 in a
// burst, 50 a second), pings without data between them (20, 2 a second), SETTINGS (50, 5 a second),
// and frames that carry nothing (1,000, 100 a second, and what requests and answers earn). What
// exceeds them, or is not read for write_timeout, ends the connection with GOAWAY
// ENHANCE_YOUR_CALM and is counted: slowburn_net_http2_floods_total{listener,kind}, kind being
// resets, pings, settings, continuations, header_bytes, empty_frames or unread_answers. Bodies flow
// through windows of 1 MiB a stream and 4 MiB a connection, opened anew only for bytes that were
// charged to the budget, as fields are too.
//
// An answer without body and trailers ends the stream with its HEADERS frame (gRPC's
// "Trailers-Only"). A body that is refused while it comes is answered, then its stream reset
// (NO_ERROR). ServerOptions::cors is not used. Pings itself after idle_timeout and closes when
// there is no answer within 20 s, or idle_timeout where that is shorter; a connection without
// streams stays open as long as it answers, and goes first when room is needed.
class Http2Server {
 public:
  // As HttpServer::Start.
  static absl::StatusOr<std::unique_ptr<Http2Server>> Start(ServerOptions options,
                                                            RouteTable routes,
                                                            prometheus::Registry& registry);
  // Shutdown(0s).
  ~Http2Server();

  const HostPort& address() const;

  // Stops accepting, sends GOAWAY, lets streams that are being answered finish until `drain` has
  // passed, then closes everything and joins the threads. Twice is harmless.
  void Shutdown(std::chrono::seconds drain);

 private:
  class Impl;
  explicit Http2Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slowburn::net
