#include <cstdio>
#include <cstdlib>
#include <filesystem>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/demo_history.h"
#include "app/demo_shop.h"
#include "app/server.h"
#include "app/signals.h"
#include "base/files.h"
#include "base/logging.h"
#include "base/status.h"

namespace slowburn::app {
namespace {

struct DemoOptions {
  std::vector<std::string> alertmanagers;
  bool free_ports = false;
};

// A folder that is gone when the demo is.
class DemoFolder {
 public:
  DemoFolder() {
    std::string name = (std::filesystem::temp_directory_path() / "slowburn-demo-XXXXXX").string();
    if (mkdtemp(name.data()) != nullptr) path_ = name;
  }
  ~DemoFolder() {
    std::error_code ignored;
    if (!path_.empty()) std::filesystem::remove_all(path_, ignored);
  }
  DemoFolder(const DemoFolder&) = delete;
  DemoFolder& operator=(const DemoFolder&) = delete;
  const std::filesystem::path& path() const { return path_; }

 private:
  std::filesystem::path path_;
};

constexpr std::string_view kSloFile = R"(# The SLOs of the demo's shop.
apiVersion: slowburn/v1
kind: SLO
metadata: {{name: availability, labels: {{team: {0}}}}}
spec:
  service: {0}
  description: "{0} answers without error."
  sli:
    spans:
      match: resource.attributes["service.name"] == "{0}" and span.kind == SPAN_KIND_SERVER
      bad: span.status.code == STATUS_CODE_ERROR
    group_by: [http.route]
  objective: {1}
  window: 30d
  alerting: {{policy: slowburn, scope: total}}
---
apiVersion: slowburn/v1
kind: SLO
metadata: {{name: latency, labels: {{team: {0}}}}}
spec:
  service: {0}
  description: "{0} answers within 300 ms."
  sli:
    spans:
      match: resource.attributes["service.name"] == "{0}" and span.kind == SPAN_KIND_SERVER
      latency: {{max: 300ms}}
  objective: 99%
  window: 7d
  alerting: {{policy: slowburn}}
)";

absl::Status WriteSloFiles(const std::filesystem::path& folder) {
  for (const auto& [service, objective] :
       {std::pair{"frontend", "99.9%"}, {"checkout", "99.9%"}, {"payments", "99.9%"}}) {
    SB_RETURN_IF_ERROR(
        base::WriteFileAtomically(folder / fmt::format("{}.yaml", service),
                                  fmt::format(fmt::runtime(kSloFile), service, objective)));
  }
  return absl::OkStatus();
}

Config DemoConfig(const DemoOptions& options, const std::filesystem::path& folder,
                  bool free_ports) {
  Config config;
  config.base_directory = folder;
  config.data_dir = folder / "data";
  config.slos = {"*.yaml"};
  config.alertmanagers = options.alertmanagers;
  if (free_ports) config.http.port = config.otlp_grpc.port = config.otlp_http.port = 0;
  return config;
}

void PrintWhatToSee(const Server& server) {
  const std::string url = "http://" + server.http_address().Text();
  fmt::print(
      "{}\n\n"
      "A small shop sends its traces; 30 days lie behind it. In a minute its payments begin to "
      "fail.\n\n"
      "  the SLOs            {}/\n"
      "  the same as JSON    {}/api/slo/v1/slos\n"
      "  one, with its tiers {}/api/slo/v1/slos/payments/availability\n"
      "  its last 30 days    {}/api/slo/v1/slos/payments/availability/history\n"
      "  alerts              {}/api/slo/v1/alerts\n"
      "  the ledger          {}/api/slo/v1/ledger\n"
      "  for Prometheus      {}/metrics\n"
      "  send your own OTLP  http://{} (HTTP), gRPC as in the first line\n\n"
      "Ctrl-C ends it and leaves nothing behind.\n",
      server.ReadyLine(), url, url, url, url, url, url, url, server.otlp_http_address().Text());
  std::fflush(stdout);
}

int Demo(const DemoOptions& options) {
  const DemoFolder folder;
  std::unique_ptr<Server> server;
  Signals signals;  // Gone before the server is.
  if (folder.path().empty()) {
    fmt::print(stderr,
               "no temporary folder can be made; set TMPDIR to a folder that can be written\n");
    return static_cast<int>(ExitCode::kNotWritable);
  }
  if (const absl::Status written = WriteSloFiles(folder.path()); !written.ok()) {
    fmt::print(stderr, "{}\n", base::Message(written));
    return static_cast<int>(ExitCode::kNotWritable);
  }
  const base::Clock& clock = base::SystemClock();
  const auto prepare = [&](CommitLoop& loop, Core& core) {
    return WriteDemoHistory(loop, core, base::FloorSeconds(clock.Now()));
  };
  server = std::make_unique<Server>(DemoConfig(options, folder.path(), options.free_ports), clock);
  std::optional<ServerError> error = server->Start(prepare);
  if (error.has_value() && error->code == ExitCode::kPortInUse) {
    fmt::print("The usual ports are taken, so the demo takes free ones.\n");
    server = std::make_unique<Server>(DemoConfig(options, folder.path(), true), clock);
    error = server->Start(prepare);
  }
  if (error.has_value()) {
    for (const std::string& line : error->lines) fmt::print(stderr, "{}\n", line);
    return static_cast<int>(error->code);
  }
  signals.Handle([&] { server->RequestStop(); }, [&] { (void)server->Reload(); },
                 [&] {
                   std::error_code ignored;
                   std::filesystem::remove_all(folder.path(), ignored);
                 });
  PrintWhatToSee(*server);
  ExitCode code = ExitCode::kDone;
  {
    const DemoShop shop("http://" + server->otlp_http_address().Text() + "/v1/traces");
    code = server->Wait();
  }
  server->Stop();
  return static_cast<int>(code);
}

}  // namespace

void AddDemoCommand(CLI::App& root, const RunCommand& run) {
  CLI::App* command = root.add_subcommand(
      "demo", "a small shop with 30 days of history and an incident after a minute");
  const auto options =
      std::make_shared<DemoOptions>();  // Shared with the callback, which outlives this function.
  command->add_option("--alertmanager", options->alertmanagers,
                      "base URL of an Alertmanager that is told of the incident");
  command->add_flag("--free-ports", options->free_ports,
                    "take any free ports instead of 7560, 4317 and 4318");
  command->footer(
      "Everything lives in a temporary folder that is removed at the end.\nExample:\n  slowburn "
      "demo --alertmanager http://127.0.0.1:9093");
  command->callback([run, options] { run([options] { return Demo(*options); }); });
}

}  // namespace slowburn::app
