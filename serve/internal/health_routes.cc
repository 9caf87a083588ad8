#include "serve/internal/health_routes.h"

#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "serve/internal/json_error.h"
#include "serve/internal/reload_queue.h"

namespace slowburn::serve::internal {
namespace {

net::HttpResponse Text(std::string body) {
  net::HttpResponse response;
  response.body = std::move(body);
  return response;
}

net::HttpResponse Readiness(const ServerReading& server) {
  if (server.ready) return Text("slowburn is ready.\n");
  return ErrorResponse(503, fmt::format("slowburn is not ready: {}", server.not_ready_because));
}

}  // namespace

void AddHealthRoutes(net::RouteTable& table, const Queries& queries, Commands& commands) {
  table.Add({.role = net::Role::kPublic,
             .method = "GET",
             .pattern = "/-/healthy",
             .handler = [](const net::HttpRequest&, net::Reply reply) {
               std::move(reply)(Text("slowburn is healthy.\n"));
             }});
  table.Add({.role = net::Role::kPublic,
             .method = "GET",
             .pattern = "/-/ready",
             .handler = [&queries](const net::HttpRequest&, net::Reply reply) {
               std::move(reply)(Readiness(queries.Server()));
             }});
  // Shared by the handlers of both methods and every copy of the table: it ends with the last.
  const auto reloads = std::make_shared<ReloadQueue>(commands);
  for (const char* const method : {"POST", "PUT"}) {
    table.Add({.role = net::Role::kAdmin,
               .method = method,
               .pattern = "/-/reload",
               .handler = [reloads](const net::HttpRequest&, net::Reply reply) {
                 reloads->Push(std::move(reply));
               }});
  }
}

}  // namespace slowburn::serve::internal
