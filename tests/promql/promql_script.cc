// promql_script [--not-passed LIST] [--skip-absent] FILE...: plays PromQL test scripts
// (docs/promql.md) on the engine. Prints what does not hold and how many evals did, and exits 1
// when one failed that LIST does not name, or when one passed that it names; 77 when a file is
// absent that may be.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/status.h"
#include "promql/testing/script_run.h"

namespace {

using namespace slowburn;

constexpr size_t kFileBytesMax = 4 << 20;
constexpr int kSkipped = 77;

struct Arguments {
  std::string list;
  bool skips_absent = false;
  std::vector<std::string> files;
};

Arguments ReadArguments(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; ++i) {
    const std::string_view argument = argv[i];
    if (argument == "--not-passed" && i + 1 < argc) {
      arguments.list = argv[++i];
    } else if (argument == "--skip-absent") {
      arguments.skips_absent = true;
    } else {
      arguments.files.emplace_back(argument);
    }
  }
  return arguments;
}

// "info.test:12" of each line; what follows is the feature.
absl::StatusOr<std::set<std::string>> ReadList(const std::string& path) {
  std::set<std::string> names;
  if (path.empty()) return names;
  SB_ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path, kFileBytesMax));
  for (size_t at = 0; at < text.size();) {
    const size_t end = std::min(text.find('\n', at), text.size());
    const std::string line = text.substr(at, end - at);
    at = end + 1;
    if (!line.empty() && line[0] != '#') names.insert(line.substr(0, line.find(' ')));
  }
  return names;
}

struct Totals {
  int passed = 0;
  int failed = 0;
  int wrong = 0;  // failures that the list does not name, passes that it does
};

void Print(const std::string& place, const promql::testing::ScriptFailure& failure) {
  fmt::print("{}: {}\n", place, failure.what);
  if (!failure.query.empty()) fmt::print("    query: {}\n", failure.query);
}

absl::Status Play(const std::filesystem::path& path, const std::set<std::string>& list,
                  Totals& totals) {
  SB_ASSIGN_OR_RETURN(const std::string text, base::ReadFile(path, kFileBytesMax));
  const promql::Engine engine(promql::testing::ScriptEngineOptions(), base::SystemClock());
  promql::testing::ScriptRun run(engine);
  const promql::testing::ScriptReport report = run.Play(text);
  const std::string file = path.filename().string();
  std::set<std::string> failed;
  for (const promql::testing::ScriptFailure& failure : report.failures) {
    const std::string place = fmt::format("{}:{}", file, failure.line);
    failed.insert(place);
    if (list.contains(place)) continue;
    Print(place, failure);
    ++totals.wrong;
  }
  for (const std::string& place : list) {
    if (!place.starts_with(file + ":") || failed.contains(place)) continue;
    fmt::print("{}: passes; take it from the list\n", place);
    ++totals.wrong;
  }
  totals.passed += report.passed;
  totals.failed += static_cast<int>(report.failures.size());
  return absl::OkStatus();
}

int Run(const Arguments& arguments) {
  const auto list = ReadList(arguments.list);
  if (!list.ok()) {
    fmt::print(stderr, "{}\n", base::Message(list.status()));
    return 1;
  }
  Totals totals;
  for (const std::string& file : arguments.files) {
    const absl::Status status = Play(file, *list, totals);
    if (absl::IsNotFound(status) && arguments.skips_absent) {
      fmt::print("skipped: {}\n", base::Message(status));
      return kSkipped;
    }
    if (status.ok()) continue;
    fmt::print(stderr, "{}\n", base::Message(status));
    ++totals.wrong;
  }
  fmt::print("{} passed, {} failed\n", totals.passed, totals.failed);
  return totals.wrong == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  const Arguments arguments = ReadArguments(argc, argv);
  if (arguments.files.empty()) {
    fmt::print(stderr, "usage: promql_script [--not-passed LIST] [--skip-absent] FILE.test...\n");
    return 1;
  }
  try {
    return Run(arguments);
  } catch (const std::exception& error) {
    fmt::print(stderr, "promql_script: {}; this is a bug, please report it\n", error.what());
    return 1;
  }
}
