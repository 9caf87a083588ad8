// net/route_table.h: which handler answers which method and path: one table per listener.
//
// Room     net
// Uses     net/
// Threads  built by one thread, then immutable
// Units    body limits in bytes
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/functional/any_invocable.h>

#include "net/access.h"
#include "net/http_message.h"
#include "net/streamed_body.h"

namespace slowburn::net {

// Called exactly once, from any thread, now or later. Dropping it uncalled answers 503.
using Reply = absl::AnyInvocable<void(HttpResponse) &&>;
// Runs on a server thread: it must not wait. Heavy or waiting work goes elsewhere and keeps
// `reply`.
using Handler = std::function<void(HttpRequest request, Reply reply)>;
// Writes an error that the server itself answers (401, 403, 404, 405, 408, 413, 429, 431, 503,
// ...): each API has its own form. `request` has what was read until then.
using ErrorWriter =
    std::function<HttpResponse(const HttpRequest& request, int status, std::string_view message)>;

// A Route without its role does not compile.
class NeededRole {
 public:
  NeededRole(Role role) : role_(role) {}
  operator Role() const { return role_; }

 private:
  Role role_;
};

struct Route {
  NeededRole role;      // what its caller must be
  std::string method;   // "GET" serves HEAD too
  std::string pattern;  // "/api/slo/v1/slos/{service}/{name}/counts"; {x} matches one segment
  Handler handler;
  size_t body_bytes_max = 1 << 20;
  // Its handler works long, and looks at HttpRequest::gone: over HTTP/1.1, some tenths of a second
  // after the peer closed its side of the connection, or the server closed it. Over HTTP/2 it never
  // is asked for.
  bool watches_peer = false;
  StreamHandler stream_handler = nullptr;  // instead of `handler`; over HTTP/1 only
  ErrorWriter errors = nullptr;            // instead of the table's, for requests that it serves
};

class RouteTable {
 public:
  // `errors` must be able to answer without a route.
  explicit RouteTable(ErrorWriter errors) : errors_(std::move(errors)) {}

  // SB: patterns are code, not input; adding the same method and pattern twice is a bug and ends
  // the program.
  void Add(Route route);

  struct Match {
    const Route* route = nullptr;  // null: see status
    int status = 404;              // 404, or 405 when the path has other methods
    std::string allow;             // for 405: "GET, POST"
    std::vector<std::pair<std::string, std::string>> path_parameters;
  };
  // `raw_path` is still percent-encoded, so that an encoded slash stays inside its segment.
  Match Find(std::string_view method, std::string_view raw_path) const;

  // What writes the errors of requests that `route` serves, or that none does.
  const ErrorWriter& errors(const Route* route) const {
    return route != nullptr && route->errors ? route->errors : errors_;
  }
  const std::vector<Route>& routes() const { return routes_; }

 private:
  ErrorWriter errors_;
  std::vector<Route> routes_;
};

}  // namespace slowburn::net
