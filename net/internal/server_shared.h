// net/internal/server_shared.h: what all connections of one server see, and what each must keep up
// to date in it.
//
// Room     net/internal
// Uses     net/
// Threads  thread-safe; Presence and OpenRequest live on their connection's worker
// Units    none
#pragma once

#include <atomic>
#include <cstddef>

#include "net/internal/connection.h"
#include "net/internal/open_count.h"
#include "net/internal/server_metrics.h"
#include "net/route_table.h"
#include "net/server_options.h"

namespace slowburn::net::internal {

// Outlives its workers' threads.
struct ServerShared {
  const ServerOptions& options;
  const RouteTable& routes;
  ServerMetrics& metrics;
  std::atomic<bool> stopping{false};
  std::atomic<size_t> requests{0};  // being handled; see OpenRequest
  OpenCount open;                   // coroutines that run
};

// As many requests are being handled as may be: a further one is better told before its body.
inline bool IsBusy(const ServerShared& shared) {
  return shared.requests >= shared.options.requests_max;
}

// A connection that its worker knows and the gauge counts, while in scope: first in the coroutine
// that is counted in ServerShared::open, which its end leaves.
class Presence {
 public:
  Presence(Worker& worker, ServerShared& shared, Connection& connection);
  ~Presence();
  Presence(const Presence&) = delete;
  Presence& operator=(const Presence&) = delete;

 private:
  Worker& worker_;
  ServerShared& shared_;
  Connection& connection_;
};

// One of ServerOptions::requests_max, while in scope: from the whole request to the end of the
// answer, so that who sends slowly holds no place. Its connection is not evicted meanwhile.
class OpenRequest {
 public:
  OpenRequest(ServerShared& shared, Use& use);
  ~OpenRequest();
  OpenRequest(const OpenRequest&) = delete;
  OpenRequest& operator=(const OpenRequest&) = delete;

  // False: there were too many already, so this one is to be refused. It counts for nothing.
  bool is_admitted() const { return is_admitted_; }
  // A handler's answer was written: the connection was of use.
  void SetDone() { is_done_ = true; }

 private:
  ServerShared& shared_;
  Use& use_;
  const bool is_admitted_;
  bool is_done_ = false;
};

}  // namespace slowburn::net::internal
