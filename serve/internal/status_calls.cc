#include "serve/internal/status_calls.h"

#include <array>
#include <charconv>
#include <filesystem>
#include <limits>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <unistd.h>

#include "base/duration_text.h"
#include "base/status.h"
#include "serve/internal/api_json.h"
#include "serve/internal/json_text.h"

namespace slowburn::serve::internal {
namespace {

namespace json = boost::json;

constexpr uint64_t kTopDefault = 10;
constexpr uint64_t kTopMax = 10'000;
// Clients choose what they may ask by the version of Prometheus whose API this is.
constexpr std::string_view kApiVersion = "3.5.0";

ApiAnswer Json(const json::value& value) { return ApiAnswer{.data = JsonText(value)}; }

json::array CountsJson(const std::vector<storage::NamedCount>& counts) {
  json::array list;
  for (const storage::NamedCount& count : counts)
    list.push_back(json::object{{"name", count.name}, {"value", count.count}});
  return list;
}

absl::StatusOr<uint64_t> TopOf(const ApiParameters& parameters) {
  const std::string_view text = parameters.First("limit");
  if (text.empty()) return kTopDefault;
  uint64_t top = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), top);
  if (error != std::errc() || end != text.data() + text.size() || top < 1)
    return base::InvalidArgument("limit must be a positive number");
  if (top > kTopMax) return base::InvalidArgument("limit must not exceed 10000");
  return top;
}

std::string HostName() {
  std::array<char, 256> name{};
  return gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace

// Without "features": Grafana takes who has them for Mimir.
absl::StatusOr<ApiAnswer> BuildInfoCall(const ApiContext& context, const ApiParameters&) {
  return Json(json::object{{"version", kApiVersion},
                           {"revision", "slowburn " + context.sources.queries.Server().version},
                           {"branch", ""},
                           {"buildUser", ""},
                           {"buildDate", ""},
                           {"goVersion", ""}});
}

absl::StatusOr<ApiAnswer> RuntimeInfoCall(const ApiContext& context, const ApiParameters&) {
  const ServerReading server = context.sources.queries.Server();
  std::error_code ignored;
  json::object info;
  info["startTime"] = GoTime(server.started);
  info["CWD"] = std::filesystem::current_path(ignored).string();
  info["hostname"] = HostName();
  info["serverTime"] = GoTime(context.sources.clock.Now());
  info["reloadConfigSuccess"] = server.config_ok;
  info["lastConfigTime"] = GoTime(server.config_loaded);
  info["corruptionCount"] = 0;
  // What a Go program would say of its runtime.
  info["goroutineCount"] = 0;
  info["GOMAXPROCS"] = 0;
  info["GOMEMLIMIT"] = 0;
  info["GOGC"] = "";
  info["GODEBUG"] = "";
  info["storageRetention"] = context.options.retention;
  return Json(info);
}

absl::StatusOr<ApiAnswer> ConfigCall(const ApiContext& context, const ApiParameters&) {
  return Json(json::object{{"yaml", context.options.config_yaml}});
}

absl::StatusOr<ApiAnswer> FlagsCall(const ApiContext& context, const ApiParameters&) {
  const promql::EngineOptions& engine = context.options.engine;
  const ServerReading server = context.sources.queries.Server();
  json::object flags;
  flags["query.lookback-delta"] = base::FormatDuration(engine.lookback);
  flags["query.max-concurrency"] = fmt::format("{}", context.options.query_threads);
  flags["query.max-samples"] = fmt::format("{}", engine.read.samples);
  flags["query.timeout"] = base::FormatDuration(engine.timeout);
  flags["storage.tsdb.path"] = server.data_dir;
  flags["storage.tsdb.retention.time"] = context.options.retention;
  flags["web.enable-admin-api"] = "false";
  flags["web.enable-lifecycle"] = "true";
  flags["web.listen-address"] = server.http;
  return Json(flags);
}

absl::StatusOr<ApiAnswer> TsdbCall(const ApiContext& context, const ApiParameters& parameters) {
  SB_ASSIGN_OR_RETURN(const uint64_t top, TopOf(parameters));
  SB_ASSIGN_OR_RETURN(const storage::SeriesStatistics held, context.Snapshot()->Statistics(top));
  const bool is_empty = held.min_time_ms == 0 && held.max_time_ms == 0;
  json::object head;
  head["numSeries"] = held.series;
  uint64_t pairs = 0;
  for (const storage::NamedCount& label : held.values_by_label) pairs += label.count;
  head["numLabelPairs"] = pairs;
  head["chunkCount"] = held.chunks;
  // As Prometheus shows an empty head.
  head["minTime"] = is_empty ? std::numeric_limits<int64_t>::max() : held.min_time_ms;
  head["maxTime"] = is_empty ? std::numeric_limits<int64_t>::min() : held.max_time_ms;
  json::object answer;
  answer["headStats"] = std::move(head);
  answer["seriesCountByMetricName"] = CountsJson(held.series_by_metric);
  answer["labelValueCountByLabelName"] = CountsJson(held.values_by_label);
  answer["memoryInBytesByLabelName"] = CountsJson(held.bytes_by_label);
  answer["seriesCountByLabelValuePair"] = CountsJson(held.series_by_label_value);
  return Json(answer);
}

absl::StatusOr<ApiAnswer> WalReplayCall(const ApiContext&, const ApiParameters&) {
  // Nothing answers before the log is read.
  return Json(json::object{{"min", 0}, {"max", 0}, {"current", 0}});
}

absl::StatusOr<ApiAnswer> TargetsCall(const ApiContext&, const ApiParameters&) {
  return Json(json::object{{"activeTargets", json::array()},
                           {"droppedTargets", json::array()},
                           {"droppedTargetCounts", json::object()}});
}

absl::StatusOr<ApiAnswer> TargetsMetadataCall(const ApiContext&, const ApiParameters&) {
  return Json(json::array());
}

absl::StatusOr<ApiAnswer> AlertmanagersCall(const ApiContext& context, const ApiParameters&) {
  json::array active;
  for (const std::string& url : context.options.alertmanagers)
    active.push_back(json::object{{"url", url}});
  json::object answer;
  answer["activeAlertmanagers"] = std::move(active);
  answer["droppedAlertmanagers"] = json::array();
  return Json(answer);
}

}  // namespace slowburn::serve::internal
