// Goal: what a point of a known series costs in the whole program: socket, decode, streams, commit,
// fsync, chunks and their compaction; beside what the bare decode loop costs in the same run.
// Method: the real binary on one core, clients on another that keep it busy, processor time of the
// whole process over the measured interval. How to run it and how to read it: bench/README.md.
#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdio>
#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include "bench/cpu.h"
#include "bench/metric_data.h"
#include "bench/post_connection.h"
#include "bench/server.h"
#include "collector/otlp_metrics.h"

namespace slowburn::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kServerCore = 0;
constexpr size_t kConnections = 4;
constexpr uint64_t kStepsMax = 100'000;  // 17 days of points, which end now

struct Options {
  milliseconds length{20'000};
  std::vector<size_t> series = {10'000, 200'000};
  std::string only;  // cases whose name has this in it
};

int ClientCore() { return std::thread::hardware_concurrency() > 1 ? 1 : 0; }

struct Case {
  MetricKind kind;
  size_t series;
  size_t points() const { return std::max<size_t>(series / SamplesPerPoint(kind), kConnections); }
  std::string name() const { return fmt::format("{}/{}", MetricKindName(kind), series); }
};

std::vector<MetricBlock> MakeBlocks(const Case& size) {
  const auto now = static_cast<uint64_t>(
      std::chrono::nanoseconds(std::chrono::system_clock::now().time_since_epoch()).count());
  const uint64_t start = now - kStepsMax * MetricBlock::kStepNanos;
  const size_t blocks = std::max(
      kConnections, (size.points() + MetricBlock::kPointsMax - 1) / MetricBlock::kPointsMax);
  std::vector<MetricBlock> made;
  for (size_t i = 0; i < blocks; ++i) {
    const size_t from = size.points() * i / blocks;
    made.emplace_back(size.kind, from, size.points() * (i + 1) / blocks - from, start);
  }
  return made;
}

// Points per second of processor time, on the server's core, while no server runs. Bodies are
// decoded as they are, so that nothing else is measured.
double MeasureBare(const Options& options, const Case& size) {
  double rate = 0;
  std::exception_ptr error;
  std::thread measuring([&] {
    PinThread(kServerCore);
    try {
      std::vector<MetricBlock> blocks = MakeBlocks(size);
      std::vector<std::string> bodies;
      for (MetricBlock& block : blocks) bodies.emplace_back(block.Next());
      model::MetricBatch batch;
      const model::AttributeProjection nothing;
      const steady_clock::time_point end = steady_clock::now() + options.length / 20;
      const double before = ThreadCpuSeconds();
      size_t points = 0;
      do {
        for (const std::string& body : bodies) {
          if (!collector::DecodeMetrics(body, nothing, batch).ok())
            throw std::runtime_error("a body is not decoded");
          points += batch.points.size();
        }
      } while (steady_clock::now() < end);
      rate = static_cast<double>(points) / (ThreadCpuSeconds() - before);
    } catch (...) {
      error = std::current_exception();
    }
  });
  measuring.join();
  if (error != nullptr) std::rethrow_exception(error);
  return rate;
}

// Clients that send step after step, each its own streams, until they are stopped.
class MetricLoad {
 public:
  MetricLoad(const std::string& address, std::vector<MetricBlock> blocks) {
    std::vector<std::vector<MetricBlock>> parts(kConnections);
    for (size_t i = 0; i < blocks.size(); ++i)
      parts[i % kConnections].push_back(std::move(blocks[i]));
    for (std::vector<MetricBlock>& part : parts) {
      threads_.emplace_back([this, address, own = std::move(part)](
                                const std::stop_token& stop) mutable { Run(address, own, stop); });
    }
  }

  uint64_t acked() const { return acked_; }
  // Whether clients have sent all of their streams so many times, on average.
  bool HasSteps(uint64_t steps) const { return lapped_ >= steps * kConnections; }
  void Check() const {
    if (failures_ > 0) throw std::runtime_error("a request was not taken");
  }
  // Waits for the last answers.
  void Stop() {
    for (std::jthread& thread : threads_) thread.request_stop();
    threads_.clear();
    Check();
  }

 private:
  void Run(const std::string& address, std::vector<MetricBlock>& blocks,
           const std::stop_token& stop) {
    try {
      PostConnection connection({.address = address,
                                 .path = "/v1/metrics",
                                 .headers = "Content-Type: application/x-protobuf\r\n"});
      for (uint64_t step = 0; step < kStepsMax; ++step) {
        for (MetricBlock& block : blocks) {
          if (stop.stop_requested()) return;
          connection.Post(block.Next());
          acked_ += block.points();
        }
        ++lapped_;
      }
    } catch (const std::exception& error) {
      fmt::print(stderr, "metric_bench: {}\n", error.what());
      ++failures_;
    }
  }

  std::atomic<uint64_t> acked_{0};
  std::atomic<uint64_t> lapped_{0};
  std::atomic<uint64_t> failures_{0};
  std::vector<std::jthread> threads_;
};

void CheckLedger(const Server& server, uint64_t acked) {
  const ItemLedger ledger = server.Ledger("metrics");
  if (ledger.accepted == acked && ledger.duplicate == 0 && ledger.rejected == 0) return;
  throw std::runtime_error(
      fmt::format("{} points were acked, but the ledger has {} accepted, {} duplicate, {} rejected",
                  acked, ledger.accepted, ledger.duplicate, ledger.rejected));
}

void Print(const Case& size, uint64_t points, double seconds, double cpu, double bare) {
  const auto count = static_cast<double>(points);
  const auto samples = static_cast<double>(SamplesPerPoint(size.kind));
  fmt::print("{:<20} {:>8} {:>10.3f} {:>12.3f} {:>14.3f} {:>8.3f} {:>8.3f} {:>9.0f}%\n",
             size.name(), size.points(), count / seconds / 1e6, count / cpu / 1e6,
             count * samples / cpu / 1e6, bare / 1e6, count / cpu / bare, cpu / seconds * 100);
  fmt::print(
      "{{\"case\":\"{}\",\"streams\":{},\"points_per_second\":{:.0f},"
      "\"points_per_cpu_second\":{:.0f},\"samples_per_cpu_second\":{:.0f},"
      "\"bare_points_per_cpu_second\":{:.0f},\"seconds\":{:.3f},\"server_cpu_seconds\":{:.3f}}}\n",
      size.name(), size.points(), count / seconds, count / cpu, count * samples / cpu, bare,
      seconds, cpu);
  std::fflush(stdout);
}

void Measure(const Options& options, const Case& size) {
  const double bare = MeasureBare(options, size);
  const Server server("", kServerCore);
  MetricLoad load(server.addresses().otlp_http, MakeBlocks(size));
  // The first step makes the series; what is measured knows them.
  while (!load.HasSteps(3)) {
    load.Check();
    std::this_thread::sleep_for(milliseconds(1));
  }
  const steady_clock::time_point start = steady_clock::now();
  const double cpu_before = server.CpuSeconds();
  const uint64_t acked_before = load.acked();
  std::this_thread::sleep_for(options.length);
  const uint64_t points = load.acked() - acked_before;
  const double cpu = server.CpuSeconds() - cpu_before;
  const double seconds = std::chrono::duration<double>(steady_clock::now() - start).count();
  load.Stop();
  CheckLedger(server, load.acked());
  if (points == 0 || cpu <= 0) throw std::runtime_error(size.name() + ": nothing was measured");
  Print(size, points, seconds, cpu, bare);
}

void Run(const Options& options) {
  PinThread(ClientCore());
  fmt::print(
      "# server on core {}, {} clients on core {}; {} ms a case; requests of {} points at most\n",
      kServerCore, kConnections, ClientCore(), options.length.count(), MetricBlock::kPointsMax);
  fmt::print("{:<20} {:>8} {:>10} {:>12} {:>14} {:>8} {:>8} {:>10}\n", "case/series", "streams",
             "M points/s", "M points/cpus", "M samples/cpus", "bare", "of bare", "core busy");
  for (const size_t series : options.series) {
    for (const MetricKind kind :
         {MetricKind::kGauge, MetricKind::kSum, MetricKind::kHistogram, MetricKind::kExponential}) {
      const Case size{.kind = kind, .series = series};
      if (size.name().find(options.only) != std::string::npos) Measure(options, size);
    }
  }
}

int Main(int argc, char** argv) {
  CLI::App app("what a metric point of a known series costs in the whole program", "metric_bench");
  Options options;
  bool tiny = false;
  double seconds = 20;
  app.add_flag("--tiny", tiny, "0.2 s a case and few series: only to see that it runs");
  app.add_option("--seconds", seconds, "length of each case")
      ->check(CLI::Range(0.1, 300.0))
      ->capture_default_str();
  app.add_option("--series", options.series, "numbers of series")->capture_default_str();
  app.add_option("--only", options.only, "cases whose name has this in it, e.g. sums/10000");
  CLI11_PARSE(app, argc, argv);
  options.length = milliseconds(static_cast<int64_t>(seconds * 1000));
  if (tiny) {
    options.length = milliseconds(200);
    options.series = {100};
  }
  Run(options);
  return 0;
}

}  // namespace
}  // namespace slowburn::bench

int main(int argc, char** argv) {
  try {
    return slowburn::bench::Main(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "metric_bench: {}\n", error.what());
    return 1;
  }
}
