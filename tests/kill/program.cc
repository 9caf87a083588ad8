#include "tests/kill/program.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <sstream>
#include <utility>

#include <fcntl.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/files.h"
#include "base/status.h"

namespace slowburn::kill {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr size_t kLogBytesMax = 64 << 20;
constexpr size_t kLogTailBytes = 2000;
constexpr int kNotStarted = 127;

// Between fork and exec only what is async-signal-safe: other threads' locks stay locked here.
[[noreturn]] void Become(char* const* arguments, int output, int log, const cpu_set_t* cores) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (dup2(output, STDOUT_FILENO) < 0 || dup2(log, STDERR_FILENO) < 0) _exit(kNotStarted);
  if (cores != nullptr && sched_setaffinity(0, sizeof *cores, cores) != 0) _exit(kNotStarted);
  execv(arguments[0], arguments);
  _exit(kNotStarted);
}

// False when `fd` is not readable by `deadline`.
bool AwaitReadable(int fd, steady_clock::time_point deadline) {
  for (;;) {
    const auto left = std::chrono::ceil<milliseconds>(deadline - steady_clock::now());
    if (left <= milliseconds(0)) return false;
    pollfd entry{.fd = fd, .events = POLLIN, .revents = 0};
    if (poll(&entry, 1, static_cast<int>(left.count())) > 0) return true;
  }
}

// "slowburn ready http=HOST:PORT otlp_grpc=HOST:PORT otlp_http=HOST:PORT"
absl::StatusOr<Program::Addresses> ParseReadyLine(const std::string& line) {
  Program::Addresses addresses;
  std::istringstream words(line);
  std::string word;
  while (words >> word) {
    if (word.starts_with("http=")) addresses.http = word.substr(5);
    if (word.starts_with("otlp_grpc=")) addresses.otlp_grpc = word.substr(10);
    if (word.starts_with("otlp_http=")) addresses.otlp_http = word.substr(10);
  }
  if (!line.starts_with("slowburn ready ") || addresses.http.empty() ||
      addresses.otlp_grpc.empty() || addresses.otlp_http.empty()) {
    return base::InvalidArgument("\"{}\" is no ready line", line);
  }
  return addresses;
}

}  // namespace

std::filesystem::path BuiltBinary() {
  const char* const other = std::getenv("SLOWBURN_BINARY");
  return other != nullptr ? other : SLOWBURN_BUILT_BINARY;
}

absl::StatusOr<Program> Program::Spawn(const Options& options) {
  std::vector<std::string> texts = {options.binary.string()};
  texts.insert(texts.end(), options.arguments.begin(), options.arguments.end());
  std::vector<char*> arguments;
  for (std::string& text : texts) arguments.push_back(text.data());
  arguments.push_back(nullptr);
  cpu_set_t cores;
  CPU_ZERO(&cores);
  if (options.core.has_value()) CPU_SET(static_cast<size_t>(*options.core), &cores);

  const int log = open(options.log.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
  if (log < 0) {
    return base::ErrnoStatus(errno, fmt::format("open '{}'", options.log.string()));
  }
  std::array<int, 2> pipe{};
  if (pipe2(pipe.data(), O_CLOEXEC) != 0) {
    const int error = errno;
    close(log);
    return base::ErrnoStatus(error, "make a pipe");
  }
  const pid_t pid = fork();
  if (pid == 0) {
    Become(arguments.data(), pipe[1], log, options.core.has_value() ? &cores : nullptr);
  }
  const int error = errno;
  close(log);
  close(pipe[1]);
  if (pid < 0) {
    close(pipe[0]);
    return base::ErrnoStatus(error, "fork");
  }
  return Program(pid, pipe[0], options.log);
}

Program::Program(Program&& other) noexcept
    : pid_(std::exchange(other.pid_, -1)),
      output_(std::exchange(other.output_, -1)),
      log_(std::move(other.log_)) {}

absl::StatusOr<Program::Addresses> Program::AwaitReady(milliseconds timeout) {
  const steady_clock::time_point deadline = steady_clock::now() + timeout;
  std::string text;
  std::array<char, 512> buffer{};
  for (;;) {
    if (!AwaitReadable(output_, deadline)) {
      return absl::DeadlineExceededError(
          fmt::format("{} is not ready after {} ms; its log ends with:\n{}", BuiltBinary().string(),
                      timeout.count(), LogTail()));
    }
    const ssize_t size = read(output_, buffer.data(), buffer.size());
    if (size <= 0) {
      int state = 0;
      waitpid(pid_, &state, 0);
      pid_ = -1;
      return base::Unavailable(
          "the program ended before it was ready, with {}; its log ends with:\n{}",
          WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state), LogTail());
    }
    text.append(buffer.data(), static_cast<size_t>(size));
    const size_t end = text.find('\n');
    if (end != std::string::npos) return ParseReadyLine(text.substr(0, end));
  }
}

void Program::Kill() {
  if (pid_ > 0) {
    ::kill(pid_, SIGKILL);
    waitpid(pid_, nullptr, 0);
  }
  pid_ = -1;
  if (output_ >= 0) close(output_);
  output_ = -1;
}

absl::StatusOr<int> Program::Terminate(milliseconds timeout) {
  // Debian's <sys/pidfd.h> declares pidfd_open for C alone.
  const int watch = static_cast<int>(syscall(SYS_pidfd_open, pid_, 0));
  if (watch < 0) return base::ErrnoStatus(errno, fmt::format("watch process {}", pid_));
  ::kill(pid_, SIGTERM);
  const bool has_ended = AwaitReadable(watch, steady_clock::now() + timeout);
  close(watch);
  if (!has_ended) {
    const std::string tail = LogTail();
    Kill();
    return absl::DeadlineExceededError(fmt::format(
        "the program goes on {} ms after SIGTERM; its log ends with:\n{}", timeout.count(), tail));
  }
  int state = 0;
  waitpid(pid_, &state, 0);
  pid_ = -1;
  return WIFEXITED(state) ? WEXITSTATUS(state) : 128 + WTERMSIG(state);
}

std::string Program::LogTail() const {
  const auto log = base::ReadFile(log_, kLogBytesMax);
  if (!log.ok()) return std::string(base::Message(log.status()));
  return log->size() <= kLogTailBytes ? *log : log->substr(log->size() - kLogTailBytes);
}

Outcome RunToEnd(const std::vector<std::string>& arguments) {
  std::string command = BuiltBinary().string();
  for (const std::string& argument : arguments) command += " '" + argument + "'";
  command += " 2>&1";
  FILE* const pipe = popen(command.c_str(), "r");
  Outcome outcome;
  if (pipe == nullptr) return outcome;
  std::array<char, 4096> buffer{};
  for (size_t got = 0; (got = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    outcome.output.append(buffer.data(), got);
  }
  const int status = pclose(pipe);
  outcome.code = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
  return outcome;
}

}  // namespace slowburn::kill
