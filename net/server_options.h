// net/server_options.h: what every listener can be told: address, limits, locks.
//
// Room     net
// Uses     base/, net/
// Threads  a value; what it points to is thread-safe and outlives the server
// Units    sizes in bytes, timeouts in chrono
// Source   faults 22 to 24, 36; section 4
#pragma once

#include <chrono>
#include <cstddef>
#include <string>

#include "base/memory_budget.h"
#include "net/access.h"
#include "net/cors_policy.h"
#include "net/host_port.h"
#include "net/tls_context.h"

namespace slowburn::net {

struct ServerOptions {
  HostPort address;
  std::string name;  // "api", "otlp_http", "otlp_grpc": the label `listener` of slowburn_net_*
  int threads = 1;

  size_t header_bytes_max = 16 << 10;
  // At a maximum, a new connection takes the place of the one that was of least use: first those
  // that never finished a request, oldest first, then those idle for longest. One whose request is
  // being handled is never taken; if all are, the new one is closed. Both are counted.
  size_t connections_max = 4096;
  size_t connections_per_address_max = 1024;
  size_t requests_max =
      1024;  // being handled at once, from the whole request to its answer; more are 503

  std::chrono::seconds header_timeout{10};  // from a request's first byte to the end of its headers
  std::chrono::seconds body_timeout{30};    // each 64 KiB of a body must come within this
  std::chrono::seconds idle_timeout{60};    // between requests
  std::chrono::seconds write_timeout{30};

  // What bodies are charged to as they come in; the charge goes on with the request. Null: nothing.
  base::MemoryBudget* budget = nullptr;
  const TlsServerContext* tls = nullptr;  // null: plaintext
  AccessFile* access = nullptr;           // null: every caller may do everything
  CorsPolicy cors;
};

}  // namespace slowburn::net
