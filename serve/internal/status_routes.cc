#include "serve/internal/status_routes.h"

#include <algorithm>
#include <string_view>

#include <boost/json.hpp>

#include "serve/internal/json_error.h"
#include "serve/internal/json_text.h"

namespace slowburn::serve::internal {
namespace {

namespace json = boost::json;

json::object LabelsJson(const model::LabelSet& labels) {
  json::object object;
  for (const model::Label& label : labels) object[label.name] = label.value;
  return object;
}

json::object CountsJson(const std::map<std::string, uint64_t>& counts) {
  json::object object;
  for (const auto& [name, count] : counts) object[name] = count;
  return object;
}

json::object AlertsJson(const Queries& queries) {
  SloReading reading = queries.AllSlos();
  std::ranges::sort(reading.alerts, {}, &model::Alert::labels);
  json::array list;
  for (const model::Alert& alert : reading.alerts) {
    const bool has_fired = alert.state != model::AlertState::kPending;
    const bool has_resolved = alert.state == model::AlertState::kInactive;
    json::object entry;
    entry["labels"] = LabelsJson(alert.labels);
    entry["annotations"] = LabelsJson(alert.annotations);
    entry["state"] = model::AlertStateName(alert.state);
    entry["active_at"] = TimeNumber(alert.active_at);
    entry["fired_at"] = nullptr;
    if (has_fired) entry["fired_at"] = TimeNumber(alert.fired_at);
    entry["resolved_at"] = nullptr;
    if (has_resolved) entry["resolved_at"] = TimeNumber(alert.resolved_at);
    list.push_back(std::move(entry));
  }
  json::object answer;
  answer["alerts"] = std::move(list);
  return answer;
}

json::object LedgerJson(const Queries& queries) {
  const LedgerReading reading = queries.Ledger();
  json::object signals;
  for (const auto& [name, signal] : reading.signals) {
    json::object entry;
    entry["decoded"] = signal.decoded;
    entry["accepted"] = signal.accepted;
    entry["duplicate"] = signal.duplicate;
    entry["rejected"] = CountsJson(signal.rejected);
    entry["too_late"] = signal.too_late;
    entry["imbalance"] = signal.imbalance();
    signals[name] = std::move(entry);
  }
  json::object downstreams;
  for (const auto& [name, downstream] : reading.downstreams) {
    json::object entry;
    entry["routed"] = downstream.routed;
    entry["delivered"] = downstream.delivered;
    entry["pending"] = downstream.pending;
    entry["dropped"] = CountsJson(downstream.dropped);
    entry["imbalance"] = downstream.imbalance();
    downstreams[name] = std::move(entry);
  }
  json::object answer;
  answer["signals"] = std::move(signals);
  answer["downstreams"] = std::move(downstreams);
  answer["refused_requests"] = CountsJson(reading.refused_requests);
  json::array lost;
  for (const LostRecords& range : reading.lost) {
    lost.push_back({{"from", range.from}, {"to", range.to}, {"records", range.records}});
  }
  answer["lost"] = std::move(lost);
  answer["imbalance"] = reading.imbalance();
  return answer;
}

json::object StatusJson(const Queries& queries) {
  const ServerReading server = queries.Server();
  json::object answer;
  answer["version"] = server.version;
  answer["ready"] = server.ready;
  answer["not_ready_because"] = server.not_ready_because;
  answer["started"] = server.started.time_since_epoch().count();
  // Engine time is read each second; while it is recovered it may lie before the start.
  answer["uptime_seconds"] = std::max<int64_t>(0, (server.engine_time - server.started).count());
  answer["engine_time"] = server.engine_time.time_since_epoch().count();
  json::object listen;
  listen["http"] = server.http;
  listen["otlp_grpc"] = server.otlp_grpc;
  listen["otlp_http"] = server.otlp_http;
  answer["listen"] = std::move(listen);
  answer["data_dir"] = server.data_dir;
  answer["sequence"] = server.sequence;
  answer["checkpoint_sequence"] = server.checkpoint_sequence;
  answer["store_disk_bytes"] = server.store_disk_bytes;
  answer["slos"] = server.slos;
  answer["slis"] = server.slis;
  answer["groups"] = server.groups;
  answer["slice_memory_bytes"] = server.slice_memory_bytes;
  answer["latency_memory_bytes"] = server.latency_memory_bytes;
  answer["series"] = server.series;
  answer["series_samples"] = server.series_samples;
  answer["series_bytes"] = server.series_bytes;
  answer["dedup_window_seconds"] = server.dedup_window.count();
  answer["limits"] = CountsJson(server.limits);
  json::object config;
  config["loaded"] = server.config_loaded.time_since_epoch().count();
  config["ok"] = server.config_ok;
  config["error"] = server.config_error;
  answer["config"] = std::move(config);
  return answer;
}

void Add(net::RouteTable& table, std::string pattern, const Queries& queries,
         json::object (*answer)(const Queries&)) {
  net::Handler handler = [&queries, answer](const net::HttpRequest&, net::Reply reply) {
    std::move(reply)(JsonResponse(answer(queries)));
  };
  table.Add({.role = net::Role::kRead,
             .method = "GET",
             .pattern = std::move(pattern),
             .handler = std::move(handler)});
}

}  // namespace

void AddStatusRoutes(net::RouteTable& table, const Queries& queries) {
  Add(table, "/api/slo/v1/alerts", queries, AlertsJson);
  Add(table, "/api/slo/v1/ledger", queries, LedgerJson);
  Add(table, "/api/slo/v1/status", queries, StatusJson);
}

}  // namespace slowburn::serve::internal
