#include "net/internal/server_shared.h"

#include "base/clock.h"

namespace slowburn::net::internal {

Presence::Presence(Worker& worker, ServerShared& shared, Connection& connection)
    : worker_(worker), shared_(shared), connection_(connection) {
  worker_.Enter(connection_);
  shared_.metrics.connections.Increment();
}

Presence::~Presence() {
  worker_.Leave(connection_);
  shared_.metrics.connections.Decrement();
  shared_.open.Remove();
}

OpenRequest::OpenRequest(ServerShared& shared, Use& use)
    : shared_(shared),
      use_(use),
      is_admitted_(shared.requests.fetch_add(1) < shared.options.requests_max) {
  if (is_admitted_) {
    ++use_.requests_open;
  } else {
    --shared_.requests;
  }
}

OpenRequest::~OpenRequest() {
  if (!is_admitted_) return;
  if (is_done_) {
    ++use_.requests_done;
    use_.last_active_ns = base::SystemClock().Monotonic().time_since_epoch().count();
  }
  // Last: until then the connection looks idle for longer than it is.
  --use_.requests_open;
  --shared_.requests;
}

}  // namespace slowburn::net::internal
