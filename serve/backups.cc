#include "serve/backups.h"

#include <memory>

#include "base/status.h"
#include "serve/internal/command_queue.h"
#include "serve/internal/json_error.h"
#include "serve/internal/json_text.h"

namespace slowburn::serve {
namespace {

namespace json = boost::json;

json::object RunJson(const BackupRun& run) {
  json::object object;
  object["number"] = run.number;
  object["state"] = !run.ended.has_value() ? "running" : run.made.ok() ? "done" : "failed";
  object["started"] = run.started.time_since_epoch().count();
  object["ended"] = internal::TimeOrNull(run.ended);
  object["bytes_copied"] = run.bytes_copied;
  object["backup"] = nullptr;
  if (run.made.ok()) object["backup"] = BackupJson(*run.made);
  object["error"] = "";
  if (run.ended.has_value()) object["error"] = std::string(base::Message(run.made.status()));
  return object;
}

net::HttpResponse Begin(Backups& backups) {
  const absl::StatusOr<BackupRun> begun = backups.Begin();
  if (!begun.ok()) return internal::StatusResponse(begun.status());
  net::HttpResponse response = internal::JsonResponse(json::object{{"run", RunJson(*begun)}});
  response.status = 202;
  return response;
}

net::HttpResponse List(const Backups& backups) {
  const absl::StatusOr<BackupReading> reading = backups.Read();
  if (!reading.ok()) return internal::StatusResponse(reading.status());
  json::object answer = BackupListJson(reading->backups, reading->damaged);
  answer["folder"] = reading->folder;
  answer["run"] = nullptr;
  if (reading->run.has_value()) answer["run"] = RunJson(*reading->run);
  return internal::JsonResponse(answer);
}

}  // namespace

json::object BackupJson(const storage::Backup& backup) {
  return {{"id", backup.id},
          {"time", backup.time_unix_seconds},
          {"sequence", backup.sequence},
          {"format", backup.format},
          {"bytes", backup.bytes},
          {"added_bytes", backup.added_bytes},
          {"files", backup.files}};
}

json::object BackupListJson(const std::vector<storage::Backup>& backups,
                            const std::vector<uint32_t>& damaged) {
  json::array list;
  for (const storage::Backup& backup : backups) list.push_back(BackupJson(backup));
  return {{"backups", std::move(list)}, {"damaged", json::array(damaged.begin(), damaged.end())}};
}

void AddBackupRoutes(net::RouteTable& table, Backups& backups) {
  const std::string path = "/api/slo/v1/backups";
  // Shared by the handlers and every copy of the table: it ends with the last. The folder may lie
  // on a slow disk.
  const auto queue = std::make_shared<internal::CommandQueue>();
  table.Add({.role = net::Role::kRead,
             .method = "GET",
             .pattern = path,
             .handler = [queue, &backups](const net::HttpRequest&, net::Reply reply) {
               queue->Push([&backups] { return List(backups); }, std::move(reply));
             }});
  table.Add({.role = net::Role::kAdmin,
             .method = "POST",
             .pattern = path,
             .handler = [queue, &backups](const net::HttpRequest&, net::Reply reply) {
               queue->Push([&backups] { return Begin(backups); }, std::move(reply));
             }});
}

}  // namespace slowburn::serve
