#include <algorithm>
#include <atomic>
#include <cstdio>
#include <cstdlib>

#include <fmt/format.h>
#include <sys/resource.h>
#include <unistd.h>

#include "app/commands.h"
#include "app/load_report.h"
#include "app/load_setup.h"
#include "app/signals.h"
#include "base/files.h"
#include "base/status.h"

namespace slowburn::app {
namespace {

using std::chrono::milliseconds;
using std::chrono::nanoseconds;

constexpr milliseconds kConnectTimeout{5'000};
constexpr milliseconds kProgressEvery{1'000};

std::chrono::duration<double> CpuTime() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto seconds = [](const timeval& time) {
    return std::chrono::duration<double>(static_cast<double>(time.tv_sec) +
                                         static_cast<double>(time.tv_usec) / 1e6);
  };
  return seconds(usage.ru_utime) + seconds(usage.ru_stime);
}

double ShareDone(const LoadRun& run, const LoadProgress& progress) {
  const LoadPlan::Options& plan = run.plan().options();
  if (plan.requests) {
    return static_cast<double>(progress.requests_sent) / static_cast<double>(*plan.requests);
  }
  return std::chrono::duration<double>(run.Elapsed()) / *plan.duration;
}

void ShowUntilOver(LoadRun& run) {
  const bool on_terminal = isatty(STDERR_FILENO) == 1;
  nanoseconds shown{0};
  while (!run.WaitFor(kProgressEvery)) {
    if (!on_terminal) continue;
    const LoadProgress progress = run.tally().TakeProgress();
    const nanoseconds elapsed = run.Elapsed();
    fmt::print(stderr, "\r\x1b[K{}",
               LoadProgressLine(progress, elapsed, elapsed - shown, ShareDone(run, progress)));
    std::fflush(stderr);
    shown = elapsed;
  }
  if (on_terminal) fmt::print(stderr, "\r\x1b[K");
}

LoadReport MakeReport(const LoadArguments& arguments, const LoadSetup& setup, LoadRun& run,
                      bool stopped) {
  const LoadPlan& plan = run.plan();
  LoadReport report;
  report.target = setup.url;
  report.protocol = setup.target.protocol == LoadProtocol::kGrpc ? "grpc" : "http";
  report.encoding = arguments.encoding;
  report.compression = arguments.compression;
  report.seed = arguments.seed;
  report.items_per_second = plan.options().items_per_second;
  report.streams = plan.streams();
  report.elapsed = run.Elapsed();
  if (plan.options().duration && !stopped) {
    report.elapsed =
        std::max<std::chrono::duration<double>>(report.elapsed, *plan.options().duration);
  }
  report.totals = run.tally().totals();
  if (const auto items = plan.items()) report.not_sent = *items - report.totals.Items().sent;
  return report;
}

int Fail(const absl::Status& status) {
  fmt::print(stderr, "{}\n", base::Message(status));
  return 1;
}

int Load(const LoadArguments& arguments) {
  const base::Clock& clock = base::SystemClock();
  std::unique_ptr<LoadRun> run;
  std::atomic<bool> stopped = false;
  Signals signals;  // before gRPC's threads, and gone before the run is
  // What gRPC has to say about a connection stands in our own line; its log is for who asks for it.
  setenv("GRPC_VERBOSITY", "NONE", 0);
  absl::StatusOr<LoadSetup> setup = MakeLoadSetup(arguments, clock.Now());
  if (!setup.ok()) return Fail(setup.status());
  auto senders = MakeLoadSenders(setup->target, arguments.connections, setup->in_flight, clock);
  if (!senders.ok()) return Fail(senders.status());
  for (const auto& sender : *senders) {
    if (const absl::Status connected = sender->Connect(kConnectTimeout); !connected.ok()) {
      return Fail(base::Unavailable("{}; name an OTLP endpoint with --to{}",
                                    base::Message(connected),
                                    setup->target.tls ? " and whom to trust with --ca" : ""));
    }
  }
  const std::chrono::duration<double> cpu_before = CpuTime();
  run = std::make_unique<LoadRun>(setup->run, LoadPlan(setup->plan), std::move(setup->payloads),
                                  *std::move(senders), arguments.services, clock);
  signals.Handle(
      [&] {
        stopped = true;
        run->RequestStop();
      },
      [] {});
  ShowUntilOver(*run);
  LoadReport report = MakeReport(arguments, *setup, *run, stopped);
  report.cpu = CpuTime() - cpu_before;
  fmt::print("{}",
             arguments.output == "json" ? LoadReportJson(report) + "\n" : LoadReportTable(report));
  std::fflush(stdout);
  if (!arguments.ids.empty()) {
    const absl::Status written = base::WriteFileAtomically(arguments.ids, LoadRequestsText(report));
    if (!written.ok()) return Fail(written);
  }
  return arguments.fail_on_loss && report.totals.Items().lost() > 0 ? 1 : 0;
}

void AddTargetOptions(CLI::App& command, LoadArguments& arguments) {
  CLI::Option* to = command.add_option(
      "--to", arguments.to, "where: http://HOST:PORT, https://, grpc:// (plaintext) or grpcs://");
  CLI::Option* endpoint = command.add_option("--endpoint", arguments.endpoint,
                                             "where, as OTLP exporters write it; with --protocol");
  command.add_option("--protocol", arguments.protocol, "of --endpoint: grpc or http")
      ->check(CLI::IsMember({"grpc", "http"}))
      ->needs(endpoint)
      ->capture_default_str();
  endpoint->excludes(to);
  command.add_option("--token-file", arguments.token_file, "send the bearer token in this file");
  command.add_option("--ca", arguments.ca, "trust the certificates of this PEM file");
  command.add_option("--cert", arguments.cert, "the client's certificate, a PEM file");
  command.add_option("--key", arguments.key, "the key of --cert, a PEM file");
  command.add_option("--connections", arguments.connections, "connections, each with a thread")
      ->check(CLI::Range(1, 1024))
      ->capture_default_str();
  command
      .add_option("--in-flight", arguments.in_flight,
                  "gRPC: requests under way on each connection, 2 by default")
      ->check(CLI::Range(1, 256));
}

void AddTrafficOptions(CLI::App& command, LoadArguments& arguments) {
  command.add_option("--signal", arguments.signal, "traces, metrics, logs or all in turn")
      ->check(CLI::IsMember({"traces", "metrics", "logs", "all"}))
      ->capture_default_str();
  command.add_option("--encoding", arguments.encoding, "protobuf or json")
      ->check(CLI::IsMember({"protobuf", "json"}))
      ->capture_default_str();
  command.add_option("--compression", arguments.compression, "none, gzip or zstd")
      ->check(CLI::IsMember({"none", "gzip", "zstd"}))
      ->capture_default_str();
  command
      .add_option("--items-per-request", arguments.items_per_request,
                  "spans, data points or log records in a request")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  command.add_option("--services", arguments.services, "services: load-0, load-1, ...")
      ->check(CLI::Range(1, 1'000'000))
      ->capture_default_str();
  command
      .add_option("--cardinality", arguments.cardinality, "values of http.route in each service")
      ->check(CLI::Range(1, 1'000'000'000))
      ->capture_default_str();
  command.add_option("--error-ratio", arguments.error_ratio, "share of bad items, 0 to 1")
      ->check(CLI::Range(0.0, 1.0))
      ->capture_default_str();
  command
      .add_option("--latency-ms", arguments.latency,
                  "how long the requests told of took: P50,P99 or MEDIAN/SIGMA (log-normal)")
      ->capture_default_str();
  command.add_option("--attributes", arguments.attributes, "attributes of a span or log record")
      ->check(CLI::Range(LoadPayloadOptions::kAttributesMin, size_t{128}))
      ->capture_default_str();
  command.add_option("--seed", arguments.seed, "the same seed sends the same, times apart")
      ->capture_default_str();
}

void AddRunOptions(CLI::App& command, LoadArguments& arguments) {
  command
      .add_option("--rate", arguments.rate,
                  "items a second (50000, 50k, 2M), or max: as fast as acked")
      ->capture_default_str();
  CLI::Option* duration = command.add_option("--duration", arguments.duration,
                                             "how long to begin requests, 30s by default");
  command.add_option("--requests", arguments.requests, "how many requests to send")
      ->check(CLI::Range(uint64_t{1}, uint64_t{1} << 48))
      ->excludes(duration);
  command.add_option("--timeout", arguments.timeout, "how long to wait for an answer")
      ->capture_default_str();
  command
      .add_option("--retry-for", arguments.retry_for,
                  "how long to send a request again that may be")
      ->capture_default_str();
  command.add_option("--ids", arguments.ids,
                     "write to this file which requests were acked, failed and unacknowledged");
  command.add_flag("--fail-on-loss", arguments.fail_on_loss,
                   "exit 1 when an item was neither acked nor rejected");
  AddOutputOption(command, arguments.output);
}

}  // namespace

void AddLoadCommand(CLI::App& root, const RunCommand& run) {
  CLI::App* command =
      root.add_subcommand("load", "send made-up OTLP to an endpoint and measure its answers");
  const auto arguments =
      std::make_shared<LoadArguments>();  // Shared with the callback, which outlives this function.
  AddTargetOptions(*command, *arguments);
  AddTrafficOptions(*command, *arguments);
  AddRunOptions(*command, *arguments);
  command->footer(
      "With a rate, latency counts from the moment at which a request was to be sent. Ctrl-C ends "
      "the run\nearly and still reports.\n"
      "Exit code 0 done, 1 bad usage, nobody to connect to, or a loss with --fail-on-loss.\n"
      "Example:\n"
      "  slowburn load --to grpc://127.0.0.1:4317 --rate 100k --duration 1m\n"
      "  slowburn load --to http://127.0.0.1:4318 --rate max --compression gzip --output json");
  command->callback([run, arguments] {
    if (arguments->to.empty() && arguments->endpoint.empty()) {
      arguments->to = "http://127.0.0.1:4318";
    }
    run([arguments] { return Load(*arguments); });
  });
}

}  // namespace slowburn::app
