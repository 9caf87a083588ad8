#include "bench/peer.h"

#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <arpa/inet.h>
#include <fmt/format.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

namespace slowburn::bench {
namespace {

namespace fs = std::filesystem;
using std::chrono::milliseconds;

constexpr milliseconds kReadyTimeout{60'000};

// That nobody has, for programs that cannot choose one themselves.
int FreePort() {
  const int socket = ::socket(AF_INET, SOCK_STREAM, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t size = sizeof address;
  const bool is_bound = bind(socket, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0 &&
                        getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) == 0;
  close(socket);
  if (!is_bound) throw std::runtime_error("no port is free");
  return ntohs(address.sin_port);
}

fs::path BinaryOf(PeerKind kind) {
  switch (kind) {
    case PeerKind::kSlowburn:
      return kill::BuiltBinary();
    case PeerKind::kPrometheus:
      return "/usr/bin/prometheus";
    case PeerKind::kVictoriaMetrics:
      return "/usr/bin/victoria-metrics";
  }
  return {};
}

std::vector<std::string> ArgumentsOf(PeerKind kind, const fs::path& directory, int port) {
  const std::string data = (directory / "data").string();
  switch (kind) {
    case PeerKind::kSlowburn: {
      const fs::path config = directory / "slowburn.yaml";
      std::ofstream(config) << fmt::format(
          "data_dir: data\n"
          "limits: {{disk_reserve_bytes: 0}}\n"  // what it has on disk is measured
          "listen: {{http: 127.0.0.1:{}, otlp_grpc: 127.0.0.1:0, otlp_http: 127.0.0.1:0}}\n",
          port);
      return {"serve", "--config", config.string()};
    }
    case PeerKind::kPrometheus: {
      const fs::path config = directory / "prometheus.yml";
      std::ofstream(config) << "scrape_configs: []\n";
      return {"--config.file=" + config.string(), "--storage.tsdb.path=" + data,
              "--web.enable-remote-write-receiver", "--web.enable-admin-api",
              fmt::format("--web.listen-address=127.0.0.1:{}", port)};
    }
    case PeerKind::kVictoriaMetrics:
      return {"-storageDataPath=" + data, "-retentionPeriod=1",
              fmt::format("-httpListenAddr=127.0.0.1:{}", port)};
  }
  return {};
}

uint64_t BytesBelow(const fs::path& directory) {
  uint64_t bytes = 0;
  std::error_code error;
  for (const auto& entry : fs::recursive_directory_iterator(directory, error)) {
    std::error_code gone;
    const uintmax_t size = entry.is_regular_file(gone) ? entry.file_size(gone) : 0;
    if (!gone) bytes += size;
  }
  return bytes;
}

std::string_view ReadyPath(PeerKind kind) {
  return kind == PeerKind::kVictoriaMetrics ? "/health" : "/-/ready";
}

}  // namespace

std::string_view PeerName(PeerKind kind) {
  switch (kind) {
    case PeerKind::kSlowburn:
      return "slowburn";
    case PeerKind::kPrometheus:
      return "prometheus";
    case PeerKind::kVictoriaMetrics:
      return "victoria-metrics";
  }
  return "";
}

bool IsInstalled(PeerKind kind) {
  std::error_code error;
  return fs::exists(BinaryOf(kind), error);
}

Peer::Peer(PeerKind kind, int core) : kind_(kind) {
  const int port = FreePort();
  url_ = fmt::format("http://127.0.0.1:{}", port);
  auto program = kill::Program::Spawn({.binary = BinaryOf(kind),
                                       .arguments = ArgumentsOf(kind, directory_.path(), port),
                                       .log = directory_.path() / "log",
                                       .core = core});
  if (!program.ok()) throw std::runtime_error(program.status().ToString());
  program_.emplace(*std::move(program));
  const auto deadline = std::chrono::steady_clock::now() + kReadyTimeout;
  for (;;) {
    const auto ready = net::Call({.url = fmt::format("{}{}", url_, ReadyPath(kind))});
    if (ready.ok() && ready->status == 200) return;
    if (std::chrono::steady_clock::now() > deadline)
      throw std::runtime_error(fmt::format("{} is not ready", PeerName(kind)));
    std::this_thread::sleep_for(milliseconds(20));
  }
}

net::HttpResult Peer::Call(net::HttpCall call) const {
  call.timeout = std::chrono::minutes(2);
  call.response_bytes_max = 256 << 20;
  auto result = net::Call(call);
  if (!result.ok())
    throw std::runtime_error(fmt::format("{}: {}", name(), result.status().ToString()));
  if (result->status / 100 != 2) {
    throw std::runtime_error(
        fmt::format("{} answered {} to {}: {}", name(), result->status, call.url, result->body));
  }
  return *std::move(result);
}

void Peer::Write(std::string body) const {
  Call({.method = "POST",
        .url = url_ + "/api/v1/write",
        .headers = {{"Content-Encoding", "snappy"}, {"X-Prometheus-Remote-Write-Version", "0.1.0"}},
        .body = std::move(body),
        .content_type = "application/x-protobuf"});
}

void Peer::Flush() const {
  if (kind_ == PeerKind::kVictoriaMetrics) Call({.url = url_ + "/internal/force_flush"});
}

std::string Peer::Query(std::string_view call, std::string_view expression,
                        std::string_view times) const {
  return Call({.url = fmt::format("{}/api/v1/{}?query={}&{}{}", url_, call,
                                  net::PercentEncode(expression), times,
                                  kind_ == PeerKind::kVictoriaMetrics ? "&nocache=1" : "")})
      .body;
}

uint64_t Peer::CpuNanos() const {
  uint64_t total = 0;
  std::error_code error;
  for (const auto& task :
       fs::directory_iterator(fmt::format("/proc/{}/task", program_->pid()), error)) {
    uint64_t nanos = 0;
    std::ifstream(task.path() / "schedstat") >> nanos;
    total += nanos;
  }
  return total;
}

uint64_t Peer::MemoryBytes(std::string_view field) const {
  std::ifstream file(fmt::format("/proc/{}/status", program_->pid()));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with(field)) return std::stoull(line.substr(field.size())) << 10;
  }
  throw std::runtime_error(fmt::format("{} is gone", name()));
}

// Without what VictoriaMetrics keeps of its caches when it stops.
uint64_t Peer::DiskBytes() const {
  const fs::path data = directory_.path() / "data";
  return BytesBelow(data) - BytesBelow(data / "cache");
}

// Until it does next to nothing for two seconds, or for a minute.
void Peer::AwaitIdle() const {
  constexpr uint64_t kIdleNanos = 50'000'000;
  int quiet = 0;
  for (int second = 0; second < 60 && quiet < 2; ++second) {
    const uint64_t before = CpuNanos();
    std::this_thread::sleep_for(std::chrono::seconds(1));
    quiet = CpuNanos() - before < kIdleNanos ? quiet + 1 : 0;
  }
}

uint64_t Peer::BytesAtRest() {
  switch (kind_) {
    case PeerKind::kPrometheus:  // its blocks, and what is in memory as a block
      Call({.method = "POST", .url = url_ + "/api/v1/admin/tsdb/snapshot"});
      return BytesBelow(directory_.path() / "data" / "snapshots");
    case PeerKind::kVictoriaMetrics:
      Call({.url = url_ + "/internal/force_flush"});
      Call({.url = url_ + "/internal/force_merge"});
      AwaitIdle();
      break;
    case PeerKind::kSlowburn:
      AwaitIdle();
      break;
  }
  const auto stopped = program_->Terminate(std::chrono::minutes(1));
  if (!stopped.ok()) throw std::runtime_error(stopped.status().ToString());
  return DiskBytes();
}

}  // namespace slowburn::bench
