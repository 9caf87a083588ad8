// What stored samples cost by remote write: slowburn beside Prometheus and VictoriaMetrics, one
// after the other, each alone on core 0 with the same bytes, the client on core 1. README.md says
// how to run it and what it prints.
#include <algorithm>
#include <barrier>
#include <chrono>
#include <cstdio>
#include <exception>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include "bench/cpu.h"
#include "bench/peer.h"
#include "bench/post_connection.h"
#include "bench/write_data.h"

namespace slowburn::bench {
namespace {

using std::chrono::steady_clock;

constexpr int kServerCore = 0;
constexpr int kClientCore = 1;
constexpr size_t kConnections = 4;
constexpr int64_t kStepMs = 15'000;
constexpr uint64_t kSeed = 20'261'130;
// No connection is further ahead of another: what is an hour behind the newest sample of all,
// Prometheus refuses.
constexpr size_t kStepsApart = 10;

struct Case {
  WriteMix mix = WriteMix::kAll;
  size_t series;
  size_t steps;
  std::chrono::seconds settle{20};  // after the last answer
  uint64_t samples() const { return series * steps; }
};

struct Figures {
  std::string peer;
  double samples_per_second = 0;
  double cpu_seconds_per_million = 0;  // when the last was answered
  double cpu_settled_per_million = 0;  // some time later
  double peak_mib = 0;
  double bytes_live = 0;     // a sample, on disk when the last was answered
  double bytes_settled = 0;  // some time later, the server running
  double bytes_at_rest = 0;  // compacted, and stopped
};

// The blocks of one connection, each step of all of them before the next.
void Send(const std::string& address, std::vector<WriteBlock> blocks, size_t steps,
          std::barrier<>& abreast) {
  PostConnection connection({.address = address,
                             .path = "/api/v1/write",
                             .headers = "Content-Type: application/x-protobuf\r\n"
                                        "Content-Encoding: snappy\r\n"
                                        "X-Prometheus-Remote-Write-Version: 0.1.0\r\n"});
  for (size_t step = 0; step < steps; ++step) {
    for (WriteBlock& block : blocks) connection.Post(block.Next());
    if (step % kStepsApart == kStepsApart - 1) abreast.arrive_and_wait();
  }
}

void SendAll(const Peer& peer, const Case& size, int64_t start_ms) {
  std::vector<std::vector<WriteBlock>> blocks(kConnections);
  const size_t parts = std::max<size_t>(
      kConnections, (size.series + WriteBlock::kSeriesMax - 1) / WriteBlock::kSeriesMax);
  for (size_t i = 0; i < parts; ++i) {
    const size_t from = size.series * i / parts;
    blocks[i % kConnections].emplace_back(size.mix, from, size.series * (i + 1) / parts - from,
                                          start_ms, kSeed);
  }
  std::barrier abreast(static_cast<std::ptrdiff_t>(kConnections));
  std::vector<std::exception_ptr> errors(kConnections);
  std::vector<std::thread> threads;
  for (size_t i = 0; i < kConnections; ++i) {
    threads.emplace_back([&, i] {
      try {
        Send(peer.address(), std::move(blocks[i]), size.steps, abreast);
      } catch (...) {
        errors[i] = std::current_exception();
      }
      abreast.arrive_and_drop();
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const std::exception_ptr& error : errors) {
    if (error != nullptr) std::rethrow_exception(error);
  }
}

std::string CountAll(const Peer& peer, const Case& size, int64_t start_ms) {
  peer.Flush();
  const int64_t end = start_ms / 1000 + static_cast<int64_t>(size.steps) * kStepMs / 1000;
  const std::string body = peer.Query(
      "query",
      fmt::format("sum(count_over_time({{__name__=~\"metric_.*\"}}[{}s]))", size.steps * 15 + 60),
      fmt::format("time={}", end));
  const boost::json::value answer = boost::json::parse(body);
  const auto& result = answer.at("data").at("result").as_array();
  return result.empty() ? "0" : std::string(result[0].at("value").at(1).as_string());
}

// Nothing may be missing, or the figures are of something else. A busy VictoriaMetrics shows what
// it took some time after it was told to flush.
void CheckAllIsThere(const Peer& peer, const Case& size, int64_t start_ms) {
  std::string got;
  for (int second = 0; second < 30; ++second) {
    got = CountAll(peer, size, start_ms);
    if (std::stod(got) == static_cast<double>(size.samples())) return;
    std::this_thread::sleep_for(std::chrono::seconds(1));
  }
  throw std::runtime_error(
      fmt::format("{} has {} of {} samples", peer.name(), got, size.samples()));
}

Figures Measure(PeerKind kind, const Case& size, int64_t start_ms) {
  Peer peer(kind, kServerCore);
  const uint64_t cpu_begin = peer.CpuNanos();
  const auto begin = steady_clock::now();
  SendAll(peer, size, start_ms);
  const double seconds = std::chrono::duration<double>(steady_clock::now() - begin).count();
  const auto samples = static_cast<double>(size.samples());
  Figures figures{.peer = std::string(peer.name()), .samples_per_second = samples / seconds};
  const auto cpu = [&] {
    return static_cast<double>(peer.CpuNanos() - cpu_begin) * 1e-9 / samples * 1e6;
  };
  figures.cpu_seconds_per_million = cpu();
  figures.bytes_live = static_cast<double>(peer.DiskBytes()) / samples;
  figures.peak_mib = static_cast<double>(peer.MemoryBytes("VmHWM:")) / (1 << 20);
  std::this_thread::sleep_for(size.settle);
  figures.cpu_settled_per_million = cpu();
  figures.bytes_settled = static_cast<double>(peer.DiskBytes()) / samples;
  CheckAllIsThere(peer, size, start_ms);
  figures.bytes_at_rest = static_cast<double>(peer.BytesAtRest()) / samples;
  return figures;
}

void Print(const Figures& figures, const Case& size) {
  fmt::print("{:<17} {:>11.0f} {:>10.2f} {:>9.2f} {:>9.0f} {:>9.2f} {:>9.2f} {:>9.2f}\n",
             figures.peer, figures.samples_per_second, figures.cpu_seconds_per_million,
             figures.cpu_settled_per_million, figures.peak_mib, figures.bytes_live,
             figures.bytes_settled, figures.bytes_at_rest);
  fmt::print(
      "{{\"peer\":\"{}\",\"series\":{},\"steps\":{},\"samples_per_second\":{:.0f},"
      "\"cpu_seconds_per_million\":{:.4f},\"cpu_settled_per_million\":{:.4f},\"peak_mib\":{:.1f},"
      "\"bytes_live\":{:.3f},\"bytes_settled\":{:.3f},\"bytes_at_rest\":{:.3f}}}\n",
      figures.peer, size.series, size.steps, figures.samples_per_second,
      figures.cpu_seconds_per_million, figures.cpu_settled_per_million, figures.peak_mib,
      figures.bytes_live, figures.bytes_settled, figures.bytes_at_rest);
  std::fflush(stdout);
}

// What each peer needs for one of slowburn's.
void PrintRatios(const std::vector<Figures>& all) {
  const auto slowburn = std::ranges::find(all, PeerName(PeerKind::kSlowburn), &Figures::peer);
  if (slowburn == all.end()) return;
  for (const Figures& figures : all) {
    if (&figures == &*slowburn) continue;
    fmt::print(
        "{:<17} {:>10.2f}x {:>9.2f}x {:>8.2f}x {:>8.2f}x {:>8.2f}x {:>8.2f}x {:>8.2f}x of "
        "slowburn's\n",
        figures.peer, figures.samples_per_second / slowburn->samples_per_second,
        figures.cpu_seconds_per_million / slowburn->cpu_seconds_per_million,
        figures.cpu_settled_per_million / slowburn->cpu_settled_per_million,
        figures.peak_mib / slowburn->peak_mib, figures.bytes_live / slowburn->bytes_live,
        figures.bytes_settled / slowburn->bytes_settled,
        figures.bytes_at_rest / slowburn->bytes_at_rest);
  }
}

void Run(const Case& size, const std::vector<std::string>& only) {
  const int64_t now_ms = std::chrono::duration_cast<std::chrono::milliseconds>(
                             std::chrono::system_clock::now().time_since_epoch())
                             .count() /
                         kStepMs * kStepMs;
  const int64_t start_ms = now_ms - static_cast<int64_t>(size.steps + 1) * kStepMs;
  fmt::print("# {} {}, {} steps of 15 s: {:.1f} M samples, one of a series a request\n",
             size.series, size.mix == WriteMix::kAll ? "series" : "counters", size.steps,
             static_cast<double>(size.samples()) * 1e-6);
  fmt::print("{:<17} {:>11} {:>10} {:>9} {:>9} {:>9} {:>9} {:>9}\n", "peer", "samples/s", "cpu s/M",
             "settled", "peak MiB", "B live", "B settled", "B at rest");
  std::vector<Figures> all;
  for (const PeerKind kind : kPeerKinds) {
    if (!only.empty() && std::ranges::find(only, PeerName(kind)) == only.end()) continue;
    if (!IsInstalled(kind)) {
      fmt::print("{} is not installed: left out\n", PeerName(kind));
      continue;
    }
    all.push_back(Measure(kind, size, start_ms));
    Print(all.back(), size);
  }
  PrintRatios(all);
}

int Main(int argc, char** argv) {
  CLI::App app("stored samples by remote write, beside Prometheus and VictoriaMetrics",
               "write_peers");
  bool is_short = false;
  bool is_tiny = false;
  size_t series = 0;
  std::vector<std::string> only;
  app.add_flag("--short", is_short, "2,000 series for two hours, 500 counters for a day");
  app.add_flag("--tiny", is_tiny, "little data, to see that it runs");
  app.add_option("--only", only, "peers: slowburn, prometheus, victoria-metrics");
  app.add_option("--series", series, "the case of so many series alone: 2000, 500, 10000, 100000");
  app.footer("Example:\n  write_peers --short --only slowburn victoria-metrics");
  CLI11_PARSE(app, argc, argv);
  (void)PinThread(kClientCore);
  if (is_tiny) {
    Run({.series = 100, .steps = 20, .settle = std::chrono::seconds(0)}, only);
    return 0;
  }
  std::vector<Case> cases{{.series = 2'000, .steps = 480},
                          {.mix = WriteMix::kCounters, .series = 500, .steps = 5'760},
                          {.series = 10'000, .steps = 960},
                          {.series = 100'000, .steps = 240}};
  if (is_short) cases.resize(2);
  if (series != 0) std::erase_if(cases, [&](const Case& size) { return size.series != series; });
  if (cases.empty()) throw std::invalid_argument("--series: there is no case of so many");
  for (const Case& size : cases) Run(size, only);
  return 0;
}

}  // namespace
}  // namespace slowburn::bench

int main(int argc, char** argv) {
  try {
    return slowburn::bench::Main(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "write_peers: {}\n", error.what());
    return 1;
  }
}
