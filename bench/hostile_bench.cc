// Goal: what a hostile request costs in memory, as a multiple of what it costs its sender. Method:
// the real binary with its default limits; each body of hostile_bodies.h once to a fresh process;
// the peak of its resident memory (VmHWM) over what it held before. How to read it:
// bench/README.md.
#include <cstdio>
#include <exception>
#include <fstream>
#include <stdexcept>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include "bench/hostile_bodies.h"
#include "bench/server.h"
#include "net/http_client.h"

namespace slowburn::bench {
namespace {

constexpr int kServerCore = 0;

// A line of /proc/PID/status, in bytes.
uint64_t StatusBytes(pid_t pid, std::string_view name) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(name)) return std::stoull(line.substr(name.size())) << 10;
  }
  throw std::runtime_error("the server is gone");
}

void Measure(const HostileBody& hostile) {
  const Server server("", kServerCore);
  const uint64_t before = StatusBytes(server.pid(), "VmRSS:");
  net::HttpCall call{.method = "POST",
                     .url = fmt::format("http://{}{}", server.addresses().otlp_http, hostile.path),
                     .body = hostile.body,
                     .content_type = hostile.content_type,
                     .timeout = std::chrono::seconds(60)};
  if (!hostile.content_encoding.empty()) {
    call.headers.push_back({"Content-Encoding", hostile.content_encoding});
  }
  const auto result = net::Call(call);
  const std::string answer =
      result.ok() ? fmt::format("{}", result->status) : result.status().ToString();
  const uint64_t grown = StatusBytes(server.pid(), "VmHWM:") - before;
  const double ratio = static_cast<double>(grown) / static_cast<double>(hostile.body.size());
  fmt::print("{:<24} {:>12} {:>12} {:>8.2f}   {}\n", hostile.name, hostile.body.size(), grown,
             ratio, answer);
  fmt::print(
      "{{\"case\":\"{}\",\"wire_bytes\":{},\"peak_bytes\":{},\"ratio\":{:.3f},\"answer\":\"{}\"}}"
      "\n",
      hostile.name, hostile.body.size(), grown, ratio, answer);
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  CLI::App app("what a hostile request costs in memory", "hostile_bench");
  bool tiny = false;
  app.add_flag("--tiny", tiny, "1 MiB a request: only to see that it runs");
  CLI11_PARSE(app, argc, argv);
  fmt::print("{:<24} {:>12} {:>12} {:>8}   {}\n", "request", "wire bytes", "peak bytes", "ratio",
             "answer");
  for (const HostileBody& hostile : MakeHostileBodies(tiny ? 1 << 20 : 64 << 20)) Measure(hostile);
  return 0;
}

}  // namespace
}  // namespace slowburn::bench

int main(int argc, char** argv) {
  try {
    return slowburn::bench::Main(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "hostile_bench: {}\n", error.what());
    return 1;
  }
}
