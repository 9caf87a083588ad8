#include <algorithm>
#include <cstdio>
#include <memory>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "app/api_client.h"
#include "app/commands.h"
#include "app/query_view.h"
#include "base/clock.h"
#include "base/duration_text.h"
#include "base/status.h"
#include "base/time_text.h"
#include "net/http_client.h"

namespace slowburn::app {
namespace {

namespace json = boost::json;
using std::chrono::nanoseconds;
using std::chrono::seconds;

constexpr size_t kPlotWidth = 60;

struct QueryOptions {
  ApiOptions api;
  std::string query;
  std::string time;   // of an instant query, and the end of a range
  std::string range;  // "1h"; empty: an instant query
  std::string step;
  std::string output = "table";
};

// The step that gives a plot as many points as it has columns; at least a second.
nanoseconds StepFor(nanoseconds range) {
  const auto step = std::chrono::ceil<seconds>(range / kPlotWidth);
  return std::max(step, seconds(1));
}

absl::StatusOr<std::string> PathOf(const QueryOptions& options) {
  std::string path = "query=" + net::PercentEncode(options.query);
  if (options.range.empty()) {
    if (!options.time.empty()) path += "&time=" + net::PercentEncode(options.time);
    return "/api/v1/query?" + path;
  }
  base::UnixNanos end = base::SystemClock().Now();
  if (!options.time.empty()) {
    SB_ASSIGN_OR_RETURN(end, base::ParseTime(options.time));
  }
  SB_ASSIGN_OR_RETURN(const nanoseconds range, base::ParseDuration(options.range));
  const std::string step =
      options.step.empty() ? base::FormatDuration(StepFor(range)) : options.step;
  return fmt::format("/api/v1/query_range?{}&start={:.3f}&end={:.3f}&step={}", path,
                     base::UnixSeconds(end - range), base::UnixSeconds(end),
                     net::PercentEncode(step));
}

void PrintNotes(const json::object& answer) {
  for (const char* const key : {"warnings", "infos"}) {
    const json::value* notes = answer.if_contains(key);
    if (notes == nullptr || !notes->is_array()) continue;
    for (const json::value& note : notes->as_array()) {
      if (note.is_string()) fmt::print(stderr, "{}\n", note.as_string().c_str());
    }
  }
}

absl::Status Show(const QueryOptions& options) {
  SB_ASSIGN_OR_RETURN(const std::string path, PathOf(options));
  SB_ASSIGN_OR_RETURN(const std::string body, GetFromApi(options.api, path));
  if (options.output == "json") {
    fmt::print("{}\n", body);
    return absl::OkStatus();
  }
  json::error_code error;
  const json::value answer = json::parse(body, error);
  const json::value* const data =
      error || !answer.is_object() ? nullptr : answer.as_object().if_contains("data");
  if (data == nullptr) {
    return base::InvalidArgument("{} does not answer as Prometheus' API; check --server",
                                 options.api.server);
  }
  PrintNotes(answer.as_object());
  SB_ASSIGN_OR_RETURN(const std::string text,
                      options.output == "plot" ? QueryPlot(*data, kPlotWidth) : QueryTable(*data));
  fmt::print("{}", text);
  return absl::OkStatus();
}

int Run(QueryOptions options) {
  if (options.output == "plot" && options.range.empty()) options.range = "1h";
  const absl::Status shown = Show(options);
  if (shown.ok()) return 0;
  fmt::print(stderr, "{}\n", base::Message(shown));
  return 1;
}

}  // namespace

void AddQueryCommand(CLI::App& root, const RunCommand& run) {
  CLI::App* query = root.add_subcommand("query", "ask slowburn, or a Prometheus, in PromQL");
  const auto options = std::make_shared<QueryOptions>();  // Shared with the callback, which
                                                          // outlives this function.
  query->add_option("QUERY", options->query, "an expression, like 'sum(rate(http_requests[5m]))'")
      ->required();
  query->add_option("--time", options->time,
                    "unix seconds or RFC 3339: when, or where the range ends; default: now");
  auto* range =
      query->add_option("--range", options->range, "over how long, like 1h; --output plot: 1h");
  query->add_option("--step", options->step, "between points, like 30s")->needs(range);
  query->add_option("--output", options->output, "table, json or plot")
      ->check(CLI::IsMember({"table", "json", "plot"}))
      ->capture_default_str();
  AddApiOptions(*query, options->api);
  query->footer(
      "Example:\n  slowburn query 'sum by (job) (up)'\n"
      "  slowburn query --server http://127.0.0.1:9090 "
      "'slowburn_slo_burn_rate{window=\"1h\"}' --range 6h --output plot");
  query->callback([run, options] { run([options] { return Run(*options); }); });
}

}  // namespace slowburn::app
