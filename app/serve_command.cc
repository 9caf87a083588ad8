#include <algorithm>
#include <cstdio>

#include <absl/synchronization/mutex.h>
#include <fmt/format.h>
#include <malloc.h>
#include <sys/resource.h>

#include "app/commands.h"
#include "app/config.h"
#include "app/server.h"
#include "app/signals.h"
#include "base/logging.h"

namespace slowburn::app {
namespace {

constexpr uint64_t kUsualDescriptors = 1024;  // where nobody says
// Below it some thread finds none: what runs at rest takes about 40.
constexpr uint64_t kFewestDescriptors = 64;
// The store's files (512 at most, storage/rocksdb), epoll and listeners, downstreams, queries.
constexpr uint64_t kOtherDescriptors = 576;

struct ServeOptions {
  std::string config;
  std::string log_level = "info";
};

void PrintLines(const std::vector<std::string>& lines) {
  for (const std::string& line : lines) fmt::print(stderr, "{}\n", line);
}

base::LogLevel LevelOf(const std::string& name) {
  if (name == "debug") return base::LogLevel::kDebug;
  if (name == "warning") return base::LogLevel::kWarning;
  if (name == "error") return base::LogLevel::kError;
  return base::LogLevel::kInfo;
}

// Requests of some 200 KiB come and go thousands of times a second. glibc would give their memory
// back to the kernel and take it again, page fault by page fault: 8 % of the time of a busy gRPC
// server (bench/README.md). But each thread keeps so much of its own, and what is larger than the
// first threshold leaves no hole behind: of a limit of 256 MiB, 140 MiB were kept where these did
// not follow it.
void KeepFreedMemory(uint64_t memory_bytes) {
  const auto share = [&](uint64_t of, uint64_t most) {
    return static_cast<int>(std::min(memory_bytes / of, most));
  };
  mallopt(M_MMAP_THRESHOLD, share(256, 32 << 20));
  mallopt(M_TRIM_THRESHOLD, share(32, 64 << 20));
  mallopt(M_TOP_PAD, share(128, 16 << 20));
}

// Debian's Abseil is built with its search for deadlocks, which looks every lock that is taken up
// in a table of them all, under a lock of its own. Tests search; a server need not.
void StopSearchingForDeadlocks() {
  absl::SetMutexDeadlockDetectionMode(absl::OnDeadlockCycle::kIgnore);
}

// Connections and the store's files need more than the usual 1,024. How many descriptors there may
// be now.
uint64_t RaiseDescriptorLimit() {
  rlimit files{};
  if (getrlimit(RLIMIT_NOFILE, &files) != 0) return kUsualDescriptors;
  const rlim_t usual = files.rlim_cur;
  files.rlim_cur = files.rlim_max;
  return setrlimit(RLIMIT_NOFILE, &files) == 0 ? files.rlim_max : usual;
}

// A listener whose table is full lets the least useful connection go. One that is out of
// descriptors can only turn away who comes, so the tables are full before that.
void FitConnections(uint64_t descriptors, uint64_t& connections) {
  constexpr uint64_t kListeners = 3;
  const uint64_t others = std::min(kOtherDescriptors, descriptors / 2);
  const uint64_t most = std::max<uint64_t>((descriptors - others) / kListeners, 1);
  if (connections <= most) return;
  base::Log(base::LogLevel::kWarning,
            "fewer connections than limits.connections: there are too few descriptors (ulimit -n)",
            {{"connections", most}, {"wanted", connections}, {"descriptors", descriptors}});
  connections = most;
}

int Serve(const ServeOptions& options) {
  const uint64_t descriptors = RaiseDescriptorLimit();
  if (descriptors < kFewestDescriptors) {
    PrintLines(
        {fmt::format("{} descriptors are too few to serve with; raise the hard limit of "
                     "`ulimit -n` to {} or more",
                     descriptors, kUsualDescriptors)});
    return static_cast<int>(ExitCode::kBadInput);
  }
  StopSearchingForDeadlocks();
  base::SetLogLevel(LevelOf(options.log_level));
  ConfigResult config;
  if (!options.config.empty()) config = ReadConfigFile(options.config);
  PrintLines(config.errors);
  PrintLines(config.warnings);
  if (!config.errors.empty()) return static_cast<int>(ExitCode::kBadInput);
  KeepFreedMemory(config.config.limits.memory_bytes);
  FitConnections(descriptors, config.config.limits.connections);

  Server server(std::move(config.config), base::SystemClock());
  Signals signals;  // Gone before the server is: a late SIGHUP finds it whole.
  signals.Handle([&] { server.RequestStop(); },
                 [&] {
                   // The outcome is logged and shown on /api/slo/v1/status.
                   (void)server.Reload();
                 });
  if (const std::optional<ServerError> error = server.Start()) {
    PrintLines(error->lines);
    return static_cast<int>(error->code);
  }
  fmt::print("{}\n", server.ReadyLine());
  std::fflush(stdout);
  const ExitCode code = server.Wait();
  server.Stop();
  return static_cast<int>(code);
}

}  // namespace

void AddOutputOption(CLI::App& command, std::string& output) {
  command.add_option("--output", output, "table or json")
      ->check(CLI::IsMember({"table", "json"}))
      ->capture_default_str();
}

void AddServeCommand(CLI::App& root, const RunCommand& run) {
  CLI::App* command = root.add_subcommand("serve", "collect OTLP, keep SLOs, alert");
  const auto options =
      std::make_shared<ServeOptions>();  // Shared with the callback, which outlives this function.
  command->add_option("--config", options->config,
                      "the config file; without one: loopback, ./slowburn-data, no downstreams");
  command->add_option("--log-level", options->log_level, "what is logged to standard error")
      ->check(CLI::IsMember({"debug", "info", "warning", "error"}))
      ->capture_default_str();
  command->footer(
      "Prints one line on standard output once it answers:\n"
      "  slowburn ready http=HOST:PORT otlp_grpc=HOST:PORT otlp_http=HOST:PORT\n"
      "SIGHUP reads the SLO files again; SIGTERM drains and ends.\n"
      "Example:\n  slowburn serve --config slowburn.yaml");
  command->callback([run, options] { run([options] { return Serve(*options); }); });
}

}  // namespace slowburn::app
