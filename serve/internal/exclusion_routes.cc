#include "serve/internal/exclusion_routes.h"

#include <memory>
#include <string>
#include <utility>

#include <fmt/format.h>

#include "serve/internal/command_queue.h"
#include "serve/internal/exclusion_json.h"
#include "serve/internal/json_error.h"
#include "serve/internal/json_text.h"

namespace slowburn::serve::internal {
namespace {

namespace json = boost::json;

constexpr size_t kBodyBytesMax = 64 << 10;
const std::string kPath = "/api/slo/v1/exclusions";

net::HttpResponse List(const Queries& queries) {
  const ExclusionReading reading = queries.Exclusions();
  json::array list;
  for (const slo::Exclusion& exclusion : *reading.exclusions)
    list.push_back(ExclusionJson(exclusion, reading.now));
  return JsonResponse(json::object{{"exclusions", std::move(list)}});
}

net::HttpResponse Make(const Queries& queries, Commands& commands, const std::string& body) {
  json::error_code error;
  const json::value document = json::parse(body, error);
  if (error || !document.is_object()) {
    return ErrorResponse(
        400, fmt::format("the body is no JSON object{}; write one, like {{\"slos\": "
                         "[\"checkout/availability\"], \"start\": \"2026-01-04T02:00:00Z\", "
                         "\"duration\": \"2h\"}}",
                         error ? " (" + error.message() + ")" : ""));
  }
  // Written anew: it is persisted, and what JSON may be written as is more than YAML reads.
  const absl::StatusOr<AddedExclusion> added = commands.AddExclusion(JsonText(document));
  if (!added.ok()) return StatusResponse(added.status());
  const ExclusionReading reading = queries.Exclusions();
  json::object answer = ExclusionJson(added->exclusion, reading.now);
  json::array applies_to = AppliesToJson(added->exclusion, *reading.slos);
  json::array warnings(added->warnings.begin(), added->warnings.end());
  if (applies_to.empty())
    warnings.emplace_back("it applies to no SLO; remove it, and correct its slos or labels");
  answer["applies_to"] = std::move(applies_to);
  answer["warnings"] = std::move(warnings);
  net::HttpResponse response = JsonResponse(answer);
  response.status = 201;
  return response;
}

net::HttpResponse Remove(Commands& commands, const std::string& id) {
  if (id.empty()) return ErrorResponse(400, "id is missing; write ?id=ID, or the id as the path");
  const absl::Status removed = commands.RemoveExclusion(id);
  if (!removed.ok()) return StatusResponse(removed);
  return JsonResponse(json::object{{"id", id}, {"removed", true}});
}

}  // namespace

void AddExclusionRoutes(net::RouteTable& table, const Queries& queries, Commands& commands) {
  table.Add({.role = net::Role::kRead,
             .method = "GET",
             .pattern = kPath,
             .handler = [&queries](const net::HttpRequest&, net::Reply reply) {
               std::move(reply)(List(queries));
             }});
  // Shared by the handlers and every copy of the table: it ends with the last.
  const auto queue = std::make_shared<CommandQueue>();
  table.Add({.role = net::Role::kAdmin,
             .method = "POST",
             .pattern = kPath,
             .handler =
                 [queue, &queries, &commands](const net::HttpRequest& request, net::Reply reply) {
                   queue->Push([&queries, &commands,
                                body = request.body] { return Make(queries, commands, body); },
                               std::move(reply));
                 },
             .body_bytes_max = kBodyBytesMax});
  const auto remove = [queue, &commands](std::string id, net::Reply reply) {
    queue->Push([&commands, id = std::move(id)] { return Remove(commands, id); }, std::move(reply));
  };
  table.Add({.role = net::Role::kAdmin,
             .method = "DELETE",
             .pattern = kPath,
             .handler = [remove](const net::HttpRequest& request, net::Reply reply) {
               remove(net::QueryParameter(request, "id").value_or(""), std::move(reply));
             }});
  table.Add({.role = net::Role::kAdmin,
             .method = "DELETE",
             .pattern = kPath + "/{id}",
             .handler = [remove](const net::HttpRequest& request, net::Reply reply) {
               remove(std::string(request.PathParameter("id")), std::move(reply));
             }});
}

}  // namespace slowburn::serve::internal
