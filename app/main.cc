// The slowburn program.
#include <cstdio>
#include <exception>

#include <fmt/format.h>

#include "app/commands.h"
#include "app/version.h"

namespace {

int PrintVersion(const std::string& output) {
  if (output == "json") {
    fmt::print("{{\"version\":\"{}\"}}\n", slowburn::app::kVersion);
  } else {
    fmt::print("slowburn {}\n", slowburn::app::kVersion);
  }
  return 0;
}

int Main(int argc, char** argv) {
  CLI::App root("slowburn: exact SLOs and burn-rate alerts from OTLP", "slowburn");
  root.require_subcommand(1);
  root.footer(
      "Examples:\n  slowburn demo\n  slowburn serve --config slowburn.yaml\n  slowburn check "
      "slowburn.yaml slos/*.yaml\n"
      "Exit codes: 0 done, 1 bad config, input or usage, 2 warnings, 3 data directory in use,\n"
      "  4 port in use, 5 store corrupt, 6 directory not writable, 74 disk failed");

  std::function<int()> chosen;
  const slowburn::app::RunCommand run = [&](std::function<int()> command) {
    chosen = std::move(command);
  };
  slowburn::app::AddServeCommand(root, run);
  slowburn::app::AddDemoCommand(root, run);
  slowburn::app::AddCheckCommand(root, run);
  slowburn::app::AddSloCommand(root, run);
  slowburn::app::AddAlertCommand(root, run);
  slowburn::app::AddLedgerCommand(root, run);
  slowburn::app::AddQueryCommand(root, run);
  slowburn::app::AddLoadCommand(root, run);
  slowburn::app::AddBackupCommand(root, run);
  slowburn::app::AddRecoverCommand(root, run);

  std::string output = "table";
  CLI::App* version = root.add_subcommand("version", "print the version");
  slowburn::app::AddOutputOption(*version, output);
  version->footer("Example:\n  slowburn version --output json");
  version->callback([&] { run([&] { return PrintVersion(output); }); });

  try {
    root.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return root.exit(error) == 0 ? 0 : 1;
  }
  return chosen();
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Main(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "slowburn: {}; this is a bug, please report it\n", error.what());
    return 1;
  }
}
