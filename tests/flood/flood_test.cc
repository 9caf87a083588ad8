// Goal: hostile clients cost an honest one nothing but time: what it sends is accepted once and
// acked, and the server stays within its memory. Method: the built program with a small memory
// limit, every attack of attackers.h at once, and beside them `slowburn load` at a steady rate over
// HTTP and gRPC; then the ledger against what the clients were told.
//
// SLOWBURN_FLOOD_SECONDS makes it longer, SLOWBURN_FLOOD_CONNECTIONS larger (10,000 by default
// where the limit of open files allows it).
#include <cstdio>
#include <cstdlib>
#include <fstream>
#include <thread>

#include <boost/json.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>
#include <sys/resource.h>

#include "base/files.h"
#include "base/status.h"
#include "base/testing/temp_dir.h"
#include "net/host_port.h"
#include "net/http_client.h"
#include "tests/flood/attackers.h"
#include "tests/kill/program.h"

namespace slowburn::flood {
namespace {

namespace json = boost::json;
using std::chrono::seconds;

constexpr uint64_t kMemoryBytes = 256 << 20;
constexpr int kRate = 2000;  // spans a second, each client
constexpr int kSpansPerRequest = 50;

int FromEnvironment(const char* name, int otherwise) {
  const char* const text = std::getenv(name);
  return text != nullptr ? std::atoi(text) : otherwise;
}

// How many connections this process may hold, leaving some for the rest of it.
int OpenableConnections(int wanted) {
  rlimit files{};
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  return std::min(wanted, static_cast<int>(std::min<rlim_t>(files.rlim_cur, 1 << 20)) - 2000);
}

uint16_t PortOf(const std::string& address) { return net::ParseHostPort(address).value().port; }

// The most memory the process ever held.
uint64_t PeakResidentBytes(pid_t pid) {
  std::ifstream file(fmt::format("/proc/{}/status", pid));
  for (std::string line; std::getline(file, line);) {
    if (line.starts_with("VmHWM:")) return std::stoull(line.substr(6)) << 10;
  }
  return 0;
}

class FloodTest : public testing::Test {
 protected:
  void StartServer() {
    std::ofstream(directory_.path() / "slowburn.yaml")
        << "data_dir: data\n"
           "listen: {http: 127.0.0.1:0, otlp_grpc: 127.0.0.1:0, otlp_http: 127.0.0.1:0}\n"
        << fmt::format("limits: {{memory_bytes: {}}}\n", kMemoryBytes);
    auto server = kill::Program::Spawn(
        {.arguments = {"serve", "--config", (directory_.path() / "slowburn.yaml").string()},
         .log = directory_.path() / "slowburn.log"});
    ASSERT_TRUE(server.ok()) << base::Message(server.status());
    server_.emplace(*std::move(server));
    const auto addresses = server_->AwaitReady(seconds(60));
    ASSERT_TRUE(addresses.ok()) << base::Message(addresses.status());
    addresses_ = *addresses;
  }

  // A steady client; its findings as JSON end in `out`.
  std::FILE* StartClient(const std::string& to, int length, int seed) const {
    return popen(
        fmt::format(
            "{} load --to {} --rate {} --items-per-request {} --retry-for 120s --duration {}s "
            "--seed {} --output json 2>/dev/null",
            kill::BuiltBinary().string(), to, kRate, kSpansPerRequest, length, seed)
            .c_str(),
        "re");
  }
  static json::object Result(std::FILE* client) {
    std::string text;
    char buffer[4096];
    while (const size_t bytes = std::fread(buffer, 1, sizeof buffer, client)) {
      text.append(buffer, bytes);
    }
    const int status = pclose(client);
    EXPECT_EQ(status, 0) << text;
    json::error_code error;
    const json::value value = json::parse(text, error);
    EXPECT_FALSE(error) << text;
    return value.is_object() ? value.as_object() : json::object();
  }

  json::object Ledger() const {
    const auto result =
        net::Call({.url = fmt::format("http://{}/api/slo/v1/ledger", addresses_.http)});
    EXPECT_TRUE(result.ok()) << base::Message(result.status());
    return result.ok() ? json::parse(result->body).as_object() : json::object();
  }

  uint64_t Accepted() const {
    const json::object ledger = Ledger();
    return ledger.at("signals").at("traces").at("accepted").to_number<uint64_t>();
  }
  // Tests have a time limit of their own.
  void AwaitAccepted(uint64_t spans) const {
    while (Accepted() < spans) std::this_thread::yield();
  }

  base::TempDir directory_;
  std::optional<kill::Program> server_;
  kill::Program::Addresses addresses_;
};

uint64_t Number(const json::object& object, std::string_view key) {
  const json::value* value = object.if_contains(json::string_view(key.data(), key.size()));
  EXPECT_NE(value, nullptr) << key;
  return value == nullptr ? 0 : value->to_number<uint64_t>();
}

TEST_F(FloodTest, HonestClientsLoseNothingAndMemoryStaysBounded) {
  const int length = FromEnvironment("SLOWBURN_FLOOD_SECONDS", 10);
  const int connections =
      OpenableConnections(FromEnvironment("SLOWBURN_FLOOD_CONNECTIONS", 10'000));
  ASSERT_NO_FATAL_FAILURE(StartServer());
  uint64_t acked = 0;
  {
    // Both have their connections when the flood begins.
    std::FILE* const http = StartClient("http://" + addresses_.otlp_http, length, 1);
    AwaitAccepted(1);
    const uint64_t before = Accepted();
    std::FILE* const grpc = StartClient("grpc://" + addresses_.otlp_grpc, length, 2);
    AwaitAccepted(before + kRate);
    const Attackers attackers(
        {.http = PortOf(addresses_.otlp_http), .grpc = PortOf(addresses_.otlp_grpc)},
        MakeAttacks(connections));
    for (const auto& [name, client] : {std::pair{"http", http}, std::pair{"grpc", grpc}}) {
      const json::object result = Result(client);
      if (!result.contains("items")) continue;  // Result() has said why.
      const json::object& items = result.at("items").as_object();
      EXPECT_EQ(Number(items, "acked"), Number(items, "sent")) << name << ": a client lost spans";
      acked += Number(items, "acked");
      fmt::print("{}: {} spans acked, {} sent again, latency {}\n", name, Number(items, "acked"),
                 Number(items, "retried"), json::serialize(result.at("latency_seconds")));
    }
    for (const auto& [name, rounds] : attackers.rounds())
      fmt::print("{}: {} rounds\n", name, rounds);
  }
  EXPECT_GT(acked, 0u);
  const json::object ledger = Ledger();
  const json::object& traces = ledger.at("signals").at("traces").as_object();
  EXPECT_EQ(Number(traces, "accepted"), acked);
  EXPECT_EQ(Number(ledger, "imbalance"), 0u);
  const uint64_t peak = PeakResidentBytes(server_->pid());
  fmt::print("{} silent connections, {} s, peak memory {} MiB of {}\n", connections, length,
             peak >> 20, kMemoryBytes >> 20);
  EXPECT_LE(peak, kMemoryBytes);
  const auto code = server_->Terminate(seconds(30));
  ASSERT_TRUE(code.ok()) << base::Message(code.status());
  EXPECT_EQ(*code, 0);
}

}  // namespace
}  // namespace slowburn::flood
