// tests/kill/program.h: the built slowburn as a child process that can be killed at any moment.
//
// Room     tests
// Uses     base/, POSIX
// Threads  one owner
// Units    timeouts in chrono
#pragma once

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include <absl/status/status.h>
#include <absl/status/statusor.h>
#include <sys/types.h>

namespace slowburn::kill {

// The binary of this build; the environment's SLOWBURN_BINARY names another.
std::filesystem::path BuiltBinary();

// Owns the process: it is killed when its owner goes, and when the thread that started it ends.
class Program {
 public:
  struct Options {
    std::filesystem::path binary = BuiltBinary();
    std::vector<std::string> arguments;  // {"serve", "--config", ...}
    std::filesystem::path log;           // its standard error is appended here
    std::optional<int> core;             // the only core it may use
  };
  // Where a ready program listens, as HOST:PORT.
  struct Addresses {
    std::string http;
    std::string otlp_grpc;
    std::string otlp_http;
  };

  static absl::StatusOr<Program> Spawn(const Options& options);
  Program(Program&& other) noexcept;
  Program& operator=(Program&& other) = delete;
  ~Program() { Kill(); }

  // Waits for the ready line. kUnavailable, with the end of the log, when the program ends before
  // it; kDeadlineExceeded when there is none in time.
  absl::StatusOr<Addresses> AwaitReady(std::chrono::milliseconds timeout);
  // SIGKILL, and waits for its end. Twice is harmless.
  void Kill();
  // SIGTERM, and waits for its end: the exit code, 128 + n for signal n.
  absl::StatusOr<int> Terminate(std::chrono::milliseconds timeout);

  pid_t pid() const { return pid_; }

 private:
  Program(pid_t pid, int output, std::filesystem::path log)
      : pid_(pid), output_(output), log_(std::move(log)) {}
  std::string LogTail() const;

  pid_t pid_;   // -1: it has been waited for
  int output_;  // the read end of its standard output
  std::filesystem::path log_;
};

// A command that ends by itself: its exit code (128 + n for signal n), and what it wrote to
// standard output and standard error.
struct Outcome {
  int code = -1;
  std::string output;
};
Outcome RunToEnd(const std::vector<std::string>& arguments);

}  // namespace slowburn::kill
