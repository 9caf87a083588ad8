// net/internal/refusal.h: what a server itself says to a request that may not reach its handler.
//
// Room     net/internal
// Uses     net/
// Threads  pure functions
// Units    bytes
// Source   RFC 9110, section 15; RFC 7617; RFC 6750
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "net/access.h"
#include "net/internal/server_metrics.h"
#include "net/route_table.h"

namespace slowburn::net::internal {

// An ErrorWriter gives it its form.
struct Refusal {
  int status = 0;
  std::string message;
  std::optional<Limit> limit = std::nullopt;  // what is to be counted
  std::vector<HttpHeader> headers = {};       // beyond those of the ErrorWriter
};

// 404 or 405 where `match` has no route, 413 where the promised body is too large for it.
std::optional<Refusal> RefuseRoute(const RouteTable::Match& match, const HttpRequest& request,
                                   uint64_t content_length);
// 401 with challenges, 403, or 429 with Retry-After; nothing where the caller may go on.
std::optional<Refusal> RefuseCaller(const AccessDecision& decision);

Refusal HeaderTooLarge(size_t header_bytes_max);
Refusal BodyTooLarge(size_t body_bytes_max);
Refusal TooSlow();
Refusal TooManyRequests();
Refusal OutOfMemory();
Refusal ShuttingDown();

// Takes the Authorization fields away, so that neither handlers nor ErrorWriters can log a secret.
void RemoveCredentials(HttpRequest& request);

}  // namespace slowburn::net::internal
