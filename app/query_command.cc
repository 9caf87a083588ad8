#include <cstdio>
#include <memory>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "app/api_client.h"
#include "app/commands.h"
#include "app/query_view.h"
#include "app/terminal_query.h"
#include "base/clock.h"
#include "base/status.h"

namespace slowburn::app {
namespace {

namespace json = boost::json;

constexpr size_t kPlotWidth = 60;

struct QueryOptions {
  ApiOptions api;
  TerminalWords words;
  std::string output = "table";
};

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
  SB_ASSIGN_OR_RETURN(const TerminalQuery query, ReadTerminalQuery(options.words, kPlotWidth));
  SB_ASSIGN_OR_RETURN(const std::string body,
                      GetFromApi(options.api, ApiPathOf(query, base::SystemClock().Now())));
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
  if (options.output == "plot" && options.words.range.empty()) options.words.range = "1h";
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
  query
      ->add_option("QUERY", options->words.query,
                   "an expression, like 'sum(rate(http_requests[5m]))'")
      ->required();
  query->add_option("--time", options->words.time,
                    "unix seconds or RFC 3339: when, or where the range ends; default: now");
  auto* range = query->add_option("--range", options->words.range,
                                  "over how long, like 1h; --output plot: 1h");
  query->add_option("--step", options->words.step, "between points, like 30s")->needs(range);
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
