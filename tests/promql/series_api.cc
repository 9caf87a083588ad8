// series_api FILE: serves Prometheus' API over the series of FILE (sample_file.h) on a free port of
// this machine. Prints "ready HOST:PORT" and ends when its standard input does.
#include <cstdio>
#include <exception>

#include <fmt/format.h>
#include <prometheus/registry.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/status.h"
#include "net/http_server.h"
#include "serve/prometheus_api.h"
#include "storage/series/testing/memory_store.h"
#include "tests/promql/no_slos.h"
#include "tests/promql/sample_file.h"

namespace {

using namespace slowburn;

constexpr size_t kFileBytesMax = 512 << 20;

net::HttpResponse PlainError(const net::HttpRequest&, int status, std::string_view message) {
  net::HttpResponse response;
  response.status = status;
  response.body = message;
  return response;
}

void WaitForEndOfInput() {
  char byte = 0;
  while (read(STDIN_FILENO, &byte, 1) > 0) {
  }
}

absl::Status Run(const char* path) {
  SB_ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path, kFileBytesMax));
  SB_ASSIGN_OR_RETURN(const std::vector<promql::FileSeries> all, promql::ParseSampleFile(text));
  storage::MemoryStore store;
  storage::SeriesStore series({}, store);
  SB_RETURN_IF_ERROR(promql::Write(all, store, series));

  const promql::NoSlos queries;
  const promql::NoRules rules;
  net::RouteTable table(PlainError);
  serve::AddPrometheusRoutes(table, {series, queries, rules, base::SystemClock()}, {});
  prometheus::Registry registry;
  net::ServerOptions options;
  options.address = {"127.0.0.1", 0};
  options.name = "api";
  SB_ASSIGN_OR_RETURN(const auto server,
                      net::HttpServer::Start(options, std::move(table), registry));
  fmt::print("ready {}\n", server->address().Text());
  std::fflush(stdout);
  WaitForEndOfInput();
  server->Shutdown(std::chrono::seconds(0));
  return absl::OkStatus();
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) {
    fmt::print(stderr, "usage: series_api FILE\n");
    return 1;
  }
  try {
    const absl::Status status = Run(argv[1]);
    if (status.ok()) return 0;
    fmt::print(stderr, "series_api: {}\n", base::Message(status));
  } catch (const std::exception& error) {
    fmt::print(stderr, "series_api: {}; this is a bug, please report it\n", error.what());
  }
  return 1;
}
