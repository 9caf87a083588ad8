// net/http_server.h: an HTTP/1.1 listener that answers from a route table.
//
// Room     net
// Uses     base/, net/, Boost.Beast (inside)
// Threads  Start and Shutdown by the owner; handlers run on the server's threads
// Units    sizes in bytes, timeouts in chrono
// Source   RFC 9112; limits from faults 22 to 24, 36, 37
#pragma once

#include <chrono>
#include <memory>

#include <absl/status/statusor.h>
#include <prometheus/registry.h>

#include "net/host_port.h"
#include "net/route_table.h"
#include "net/server_options.h"

namespace slowburn::net {

// Keep-alive, chunked and sized bodies, Expect: 100-continue, TLS. A request with both
// Content-Length and Transfer-Encoding, a header over its limit or a broken request line is refused
// and its connection closed. Route, size, room and caller are checked before the body is read;
// handlers never see the Authorization field.
class HttpServer {
 public:
  // Binds before it returns: kUnavailable with "address in use" (the app turns it into exit code
  // 4), naming the address and what to do. `registry` must outlive the server.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(ServerOptions options, RouteTable routes,
                                                           prometheus::Registry& registry);
  // Shutdown(0s).
  ~HttpServer();

  // The address it listens on, with the real port.
  const HostPort& address() const;

  // Stops accepting, lets requests that are being answered finish until `drain` has passed, then
  // closes everything and joins the threads. A request that comes meanwhile on an open connection
  // is answered 503. Twice is harmless.
  void Shutdown(std::chrono::seconds drain);

 private:
  class Impl;
  explicit HttpServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace slowburn::net
