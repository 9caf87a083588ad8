// Replays every file below the folders that are named: fuzz_TARGET SEEDS [MORE...]
#include <filesystem>
#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/files.h"
#include "base/status.h"
#include "tests/fuzz/fuzz_target.h"

namespace {

constexpr size_t kInputBytesMax = 64 << 20;

int Replay(const std::vector<std::string>& folders) {
  size_t files = 0;
  for (const std::string& folder : folders) {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder)) {
      if (!entry.is_regular_file()) continue;
      const auto input = slowburn::base::ReadFile(entry.path(), kInputBytesMax);
      if (!input.ok()) {
        fmt::print(stderr, "{}\n", slowburn::base::Message(input.status()));
        return 1;
      }
      // Before it runs: if it ends the process, the last line names it.
      fmt::print("{}\n", entry.path().string());
      std::fflush(stdout);
      Fuzz(*input);
      ++files;
    }
  }
  fmt::print("{} inputs replayed\n", files);
  return files > 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return Replay({argv + 1, argv + argc});
  } catch (const std::filesystem::filesystem_error& error) {
    fmt::print(stderr, "{}\n", error.what());
    return 1;
  }
}
