// slotest FILE...: plays .slotest scripts (docs/slotest.md). Prints what does not hold and exits 1;
// exits 0 when everything does.
#include <cstdio>
#include <exception>
#include <filesystem>

#include <fmt/format.h>

#include "base/files.h"
#include "base/status.h"
#include "tests/golden/script.h"
#include "tests/golden/script_run.h"

namespace {

constexpr size_t kScriptBytesMax = 1 << 20;

// What does not hold, the script's own faults included.
std::vector<std::string> Play(const std::filesystem::path& path) {
  using namespace slowburn;
  const auto text = base::ReadFile(path, kScriptBytesMax);
  if (!text.ok()) return {std::string(base::Message(text.status()))};
  const auto script = golden::ReadScript(*text, path.filename().string());
  if (!script.ok()) return {std::string(base::Message(script.status()))};
  const auto wrong = golden::RunScript(*script);
  if (!wrong.ok()) return {fmt::format("{}: {}", script->file, base::Message(wrong.status()))};
  if (wrong->empty())
    fmt::print("{}: {} expect lines hold\n", script->file, script->expects.size());
  return *wrong;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    fmt::print(stderr, "usage: slotest FILE.slotest...\n");
    return 1;
  }
  try {
    size_t wrong = 0;
    for (int i = 1; i < argc; ++i) {
      for (const std::string& line : Play(argv[i])) {
        fmt::print(stderr, "{}\n", line);
        ++wrong;
      }
    }
    return wrong == 0 ? 0 : 1;
  } catch (const std::exception& error) {
    fmt::print(stderr, "slotest: {}; this is a bug, please report it\n", error.what());
    return 1;
  }
}
