// net/http_server.h: an HTTP/1.1 listener that answers from a route table.
//
// Room     net
// Uses     base/, net/, Boost.Beast (inside)
// Threads  Start and Shutdown by the owner; handlers run on the server's threads
// Units    sizes in bytes, timeouts in chrono
// Source   RFC 9112; limits from faults 22 to 24
#pragma once

#include <chrono>
#include <cstddef>
#include <memory>
#include <string>

#include <absl/status/statusor.h>
#include <prometheus/registry.h>

#include "net/host_port.h"
#include "net/route_table.h"

namespace slowburn::net {

// Keep-alive, chunked and sized bodies, Expect: 100-continue. A request with both Content-Length
// and Transfer-Encoding, a header over its limit or a broken request line is refused and its
// connection closed.
class HttpServer {
 public:
  struct Options {
    HostPort address;
    std::string name;  // "api" or "otlp_http": the label `listener` of the metrics slowburn_net_*
    int threads = 1;
    size_t header_bytes_max = 16 << 10;
    size_t connections_max = 4096;  // more are accepted and closed, counted as refused
    std::chrono::seconds header_timeout{
        10};  // from the first byte of a request to the end of its headers
    std::chrono::seconds body_timeout{30};  // each 64 KiB of a body must come within this
    std::chrono::seconds idle_timeout{60};  // between requests
    std::chrono::seconds write_timeout{30};
  };

  // Binds before it returns: kUnavailable with "address in use" (the app turns it into exit code
  // 4), naming the address and what to do. `registry` must outlive the server.
  static absl::StatusOr<std::unique_ptr<HttpServer>> Start(Options options, RouteTable routes,
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
