// collector/internal/listen_address.h: what gRPC does not tell about a port that it cannot bind.
//
// Room     collector/internal
// Uses     net/host_port.h, POSIX sockets
// Threads  pure functions; ResolveListenAddress may ask the resolver
// Units    none
#pragma once

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "net/host_port.h"

namespace slowburn::collector {

// With a numeric host, IPv4 first: gRPC would bind every address of "localhost" and be content with
// any one of them. kInvalidArgument for a host that nobody knows.
absl::StatusOr<net::HostPort> ResolveListenAddress(const net::HostPort& address);

// Why `resolved` could not be bound, in the words and codes of net::HttpServer::Start: tries it
// once more, without listening.
absl::Status ListenError(const net::HostPort& address, const net::HostPort& resolved);

}  // namespace slowburn::collector
