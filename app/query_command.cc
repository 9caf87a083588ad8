#include <cstdio>
#include <memory>

#include <boost/json.hpp>
#include <fmt/format.h>

#include "app/api_client.h"
#include "app/commands.h"
#include "app/exit_code.h"
#include "app/query_view.h"
#include "app/series_directory.h"
#include "app/terminal_query.h"
#include "base/clock.h"
#include "base/logging.h"
#include "base/status.h"

namespace slowburn::app {
namespace {

namespace json = boost::json;

constexpr size_t kPlotWidth = 60;

struct QueryOptions {
  ApiOptions api;
  std::string data_dir;  // empty: a server is asked
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

absl::StatusOr<std::string> AnswerOfDirectory(const std::string& data_dir,
                                              const TerminalQuery& query, ExitCode& code) {
  base::SetLogLevel(base::LogLevel::kOff);  // RocksDB's complaints are in the status
  const base::Clock& clock = base::SystemClock();
  const auto opened = SeriesDirectory::Open(data_dir, clock.Now());
  const absl::StatusOr<base::UnixNanos> newest =
      opened.ok() ? (*opened)->Newest() : absl::StatusOr<base::UnixNanos>(opened.status());
  if (!newest.ok()) {
    code = ExitCodeOf(newest.status());
    return newest.status();
  }
  absl::StatusOr<std::string> answer = AnswerFrom((*opened)->series(), query, *newest, clock);
  // Other codes are of the query, not of the directory.
  if (absl::IsDataLoss(answer.status())) code = ExitCode::kStoreCorrupt;
  return answer;
}

absl::Status Show(const QueryOptions& options, ExitCode& code) {
  SB_ASSIGN_OR_RETURN(const TerminalQuery query, ReadTerminalQuery(options.words, kPlotWidth));
  SB_ASSIGN_OR_RETURN(const std::string body,
                      options.data_dir.empty()
                          ? GetFromApi(options.api, ApiPathOf(query, base::SystemClock().Now()))
                          : AnswerOfDirectory(options.data_dir, query, code));
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
  ExitCode code = ExitCode::kBadInput;  // where nothing else is said
  const absl::Status shown = Show(options, code);
  if (shown.ok()) return 0;
  fmt::print(stderr, "{}\n", base::Message(shown));
  return static_cast<int>(code);
}

}  // namespace

void AddQueryCommand(CLI::App& root, const RunCommand& run) {
  CLI::App* query =
      root.add_subcommand("query", "ask slowburn, a Prometheus or a data directory in PromQL");
  const auto options = std::make_shared<QueryOptions>();  // Shared with the callback, which
                                                          // outlives this function.
  query
      ->add_option("QUERY", options->words.query,
                   "an expression, like 'sum(rate(http_requests[5m]))'")
      ->required();
  query->add_option("--time", options->words.time,
                    "unix seconds or RFC 3339: when, or where the range ends; default: now, of a "
                    "data directory its newest sample");
  auto* range = query->add_option("--range", options->words.range,
                                  "over how long, like 1h; --output plot: 1h");
  query->add_option("--step", options->words.step, "between points, like 30s")->needs(range);
  query->add_option("--output", options->output, "table, json or plot")
      ->check(CLI::IsMember({"table", "json", "plot"}))
      ->capture_default_str();
  AddApiOptions(*query, options->api);
  CLI::Option* const data_dir =
      query->add_option("--data-dir", options->data_dir,
                        "the data directory of a server that does not run, instead of a server");
  for (const char* const of_server : {"--server", "--token-file", "--ca", "--cert", "--key"})
    data_dir->excludes(query->get_option(of_server));
  query->footer(
      "With --data-dir everything that the server had stored is read, and nothing is changed. "
      "While\n"
      "it is read a server cannot start on it; while a server runs on it, ask the server.\n"
      "Exit codes: 0 answered, 1 bad query or no answer, 3 data directory in use, 5 store "
      "corrupt,\n"
      "6 data directory cannot be read.\n"
      "Examples:\n  slowburn query 'sum by (job) (up)'\n"
      "  slowburn query --server http://127.0.0.1:9090 "
      "'slowburn_slo_burn_rate{window=\"1h\"}' --range 6h --output plot\n"
      "  slowburn query --data-dir slowburn-data 'slowburn_slo_error_budget_remaining_ratio'");
  query->callback([run, options] { run([options] { return Run(*options); }); });
}

}  // namespace slowburn::app
