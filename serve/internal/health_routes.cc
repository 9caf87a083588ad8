#include "serve/internal/health_routes.h"

#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "base/status.h"
#include "serve/internal/command_queue.h"
#include "serve/internal/json_error.h"

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

net::HttpResponse Reload(Commands& commands) {
  const absl::Status status = commands.Reload();
  if (status.ok()) return Text("slowburn reloaded its SLO files.\n");
  // Whatever else is wrong lies in the files; these are ours.
  if (absl::IsUnavailable(status) || absl::IsInternal(status) || absl::IsDataLoss(status)) {
    return StatusResponse(status);
  }
  return ErrorResponse(400, base::Message(status));
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
  const auto reloads = std::make_shared<CommandQueue>();
  for (const char* const method : {"POST", "PUT"}) {
    table.Add({.role = net::Role::kAdmin,
               .method = method,
               .pattern = "/-/reload",
               .handler = [reloads, &commands](const net::HttpRequest&, net::Reply reply) {
                 reloads->Push([&commands] { return Reload(commands); }, std::move(reply));
               }});
  }
}

}  // namespace slowburn::serve::internal
