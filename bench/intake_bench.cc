// Goal: what a span costs in the whole program: socket, decode, match, commit, fsync, store; beside
// what the bare decode loop costs in the same run. Method: the real binary on one core, clients on
// another that keep it busy, processor time of the whole process over the measured interval. How to
// run it and how to read it: bench/README.md.
#include <cstdio>
#include <exception>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <thread>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <fmt/format.h>
#include <sys/utsname.h>
#include <sys/vfs.h>

#include "base/testing/temp_dir.h"
#include "bench/ack_latency.h"
#include "bench/bare_loops.h"
#include "bench/cpu.h"
#include "bench/load.h"
#include "bench/server.h"
#include "bench/slo_set.h"

namespace slowburn::bench {
namespace {

using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr int kServerCore = 0;
constexpr int kSpans = 512;
constexpr int kSmallSpans = 10;
constexpr int kLatencyRate = 1000;

struct Options {
  milliseconds length{5000};
  milliseconds warm_up{1000};
  std::vector<int> slo_counts = {1, 100, 10'000};
  std::string only;  // cases whose name has this in it
};

struct Path {
  const char* name;
  Encoding encoding;
  bool is_grpc;
  bool is_tls = false;
};
constexpr Path kPaths[] = {
    {"grpc", Encoding::kNone, true},       {"grpc_tls", Encoding::kNone, true, true},
    {"http", Encoding::kNone, false},      {"http_gzip", Encoding::kGzip, false},
    {"http_json", Encoding::kJson, false}, {"http_tls", Encoding::kNone, false, true}};
// What TLS and JSON cost does not depend on the number of SLOs.
bool IsMeasured(const Path& path, int slos) {
  return slos == 100 || (!path.is_tls && path.encoding != Encoding::kJson);
}

std::string MachineLine() {
  std::string model = "unknown processor";
  std::ifstream cpuinfo("/proc/cpuinfo");
  for (std::string line; std::getline(cpuinfo, line);) {
    if (line.starts_with("model name")) {
      model = line.substr(line.find(':') + 2);
      break;
    }
  }
  utsname kernel{};
  uname(&kernel);
  struct statfs disk {};
  statfs(std::filesystem::temp_directory_path().c_str(), &disk);
  return fmt::format("{}, {} cores, Linux {}, data on {} (file system type {:x})", model,
                     std::thread::hardware_concurrency(), kernel.release,
                     std::filesystem::temp_directory_path().string(), disk.f_type);
}

int ClientCore() { return std::thread::hardware_concurrency() > 1 ? 1 : 0; }

// What the clients got acked is what the server counted: else the figures would be of something
// else.
void CheckLedger(const Server& server, uint64_t acked_spans) {
  const ItemLedger ledger = server.Ledger("traces");
  if (ledger.accepted == acked_spans && ledger.duplicate == 0 && ledger.rejected == 0) return;
  throw std::runtime_error(
      fmt::format("{} spans were acked, but the ledger has {} accepted, {} duplicate, {} rejected",
                  acked_spans, ledger.accepted, ledger.duplicate, ledger.rejected));
}

void PrintThroughput(const std::string& name, const SloSet& set, uint64_t requests, double seconds,
                     double cpu, double bare) {
  const auto count = static_cast<double>(requests);
  const double per_cpu = count * kSpans / cpu;
  fmt::print("{:<20} {:>8.0f} {:>10.3f} {:>11.1f} {:>12.3f} {:>8.2f} {:>9.0f}%   {}\n", name,
             count / seconds, count * kSpans / seconds / 1e6, cpu / count * 1e6, per_cpu / 1e6,
             per_cpu / bare, cpu / seconds * 100, set.Applies());
  fmt::print(
      "{{\"case\":\"{}\",\"slos\":{},\"requests_per_second\":{:.1f},\"spans_per_second\":{:.0f},"
      "\"server_cpu_us_per_request\":{:.2f},\"spans_per_cpu_second\":{:.0f},\"ratio_to_bare\":{:."
      "4f},"
      "\"seconds\":{:.3f},\"server_cpu_seconds\":{:.3f}}}\n",
      name, set.slos, count / seconds, count * kSpans / seconds, cpu / count * 1e6, per_cpu,
      per_cpu / bare, seconds, cpu);
  std::fflush(stdout);
}

void PrintBare(const std::string& name, const SloSet& set, double rate) {
  fmt::print("{:<20} {:>8} {:>10} {:>11.1f} {:>12.3f}\n", name, "", "", kSpans / rate * 1e6,
             rate / 1e6);
  fmt::print("{{\"case\":\"{}\",\"slos\":{},\"spans_per_cpu_second\":{:.0f}}}\n", name, set.slos,
             rate);
}

// On the server's core, while no server runs.
BareRates MeasureBare(const Options& options, const SloSet& set) {
  BareRates rates;
  std::exception_ptr error;
  std::thread measuring([&] {
    PinThread(kServerCore);
    try {
      rates = MeasureBareLoops(set, options.length / 5);
    } catch (...) {
      error = std::current_exception();
    }
  });
  measuring.join();
  if (error != nullptr) std::rethrow_exception(error);
  PrintBare(fmt::format("bare decode/{}", set.slos), set, rates.decode);
  PrintBare(fmt::format("bare gunzip/{}", set.slos), set, rates.gunzip_decode);
  PrintBare(fmt::format("bare json/{}", set.slos), set, rates.json_decode);
  PrintBare(fmt::format("simdjson/{}", set.slos), set, rates.simdjson);
  PrintBare(fmt::format("bare match/{}", set.slos), set, rates.decode_match);
  PrintBare(fmt::format("generated/{}", set.slos), set, rates.generated);
  return rates;
}

struct Steady {
  uint64_t requests = 0;
  double seconds = 0;
  double cpu = 0;
  uint64_t acked = 0;  // from the start to the end
};

// Keeps a server busy; `cpu_seconds` is what it has used until now.
template <typename CpuSeconds>
Steady MeasureSteadyLoad(const Options& options, const std::string& name, bool is_grpc,
                         const LoadOptions& load_options, const CpuSeconds& cpu_seconds) {
  const std::unique_ptr<Load> load =
      is_grpc ? StartGrpcLoad(load_options) : StartHttpLoad(load_options);
  std::this_thread::sleep_for(options.warm_up);
  const steady_clock::time_point start = steady_clock::now();
  const double cpu_before = cpu_seconds();
  const uint64_t acked_before = load->acked();
  std::this_thread::sleep_for(options.length);
  Steady steady{.requests = load->acked() - acked_before,
                .seconds = std::chrono::duration<double>(steady_clock::now() - start).count(),
                .cpu = cpu_seconds() - cpu_before};
  if (load->failures() > 0 || steady.requests == 0 || steady.cpu <= 0) {
    throw std::runtime_error(fmt::format("{}: {} requests acked, {} failed, {} s of processor time",
                                         name, steady.requests, load->failures(), steady.cpu));
  }
  load->Stop();
  steady.acked = load->acked();
  return steady;
}

double CpuPerRequest(const Steady& steady) {
  return steady.cpu / static_cast<double>(steady.requests);
}

Steady MeasureThroughput(const Options& options, const SloSet& set, const Path& path, double bare) {
  const std::vector<Payload> payloads = MakePayloads(
      {.spans = kSpans, .services = set.traffic_services(), .encoding = path.encoding});
  const Server server(set.Yaml(), kServerCore, path.is_tls);
  const LoadOptions load_options{
      .address = path.is_grpc ? server.addresses().otlp_grpc : server.addresses().otlp_http,
      .payloads = payloads,
      .encoding = path.encoding,
      .ca = server.ca()};
  const Steady steady = MeasureSteadyLoad(options, path.name, path.is_grpc, load_options,
                                          [&] { return server.CpuSeconds(); });
  CheckLedger(server, steady.acked * kSpans);
  PrintThroughput(fmt::format("{}/{}", path.name, set.slos), set, steady.requests, steady.seconds,
                  steady.cpu, bare);
  return steady;
}

// The same load on a server of the generated classes and the typed service, which neither matches
// nor stores.
void MeasureTyped(const Options& options, const SloSet& set, const Steady& ours) {
  const std::vector<Payload> payloads =
      MakePayloads({.spans = kSpans, .services = set.traffic_services()});
  const base::TempDir directory;
  auto typed = kill::Program::Spawn(
      {.binary = TYPED_SERVER, .log = directory.path() / "log", .core = kServerCore});
  if (!typed.ok()) throw std::runtime_error(typed.status().ToString());
  const auto addresses = typed->AwaitReady(std::chrono::seconds(30));
  if (!addresses.ok()) throw std::runtime_error(addresses.status().ToString());
  const Steady steady = MeasureSteadyLoad(options, "typed", true,
                                          {.address = addresses->otlp_grpc, .payloads = payloads},
                                          [&] { return ProcessCpuSeconds(typed->pid()); });
  const double ratio = CpuPerRequest(steady) / CpuPerRequest(ours);
  fmt::print("{:<20} {:>8.0f} {:>10.3f} {:>11.1f} {:>12.3f} {:>27} {:.1f} x the cpu of grpc/{}\n",
             "typed server", static_cast<double>(steady.requests) / steady.seconds,
             static_cast<double>(steady.requests) * kSpans / steady.seconds / 1e6,
             CpuPerRequest(steady) * 1e6, kSpans / CpuPerRequest(steady) / 1e6, "", ratio,
             set.slos);
  fmt::print(
      "{{\"case\":\"typed_server\",\"server_cpu_us_per_request\":{:.2f},\"cpu_ratio_to_ours\":{:."
      "3f}}}\n",
      CpuPerRequest(steady) * 1e6, ratio);
}

void PrintQuantiles(const char* name, const Quantiles& quantiles) {
  fmt::print("{:<26} {:>8} p50 {:>6.2f} p99 {:>6.2f} ms\n", name, quantiles.samples,
             quantiles.p50 * 1e3, quantiles.p99 * 1e3);
}

void MeasureLatency(const Options& options, const SloSet& set) {
  const std::vector<Payload> payloads =
      MakePayloads({.spans = kSmallSpans, .services = set.traffic_services()});
  const Server server(set.Yaml(), kServerCore);
  const Quantiles disk = MeasureFdatasync(server.directory(), false, options.length / 2);
  const Quantiles log = MeasureFdatasync(server.directory(), true, options.length / 2);
  const Quantiles paced = MeasurePacedFdatasync(server.directory(), kLatencyRate, options.length);
  const std::string& address = server.addresses().otlp_http;
  MeasureAcks(address, payloads, kLatencyRate, options.warm_up, 0);
  const Quantiles acks =
      MeasureAcks(address, payloads, kLatencyRate, options.length, 1'000'000'000);
  fmt::print("# {} requests/s of {} spans, {} SLOs; 4 KiB a write\n", kLatencyRate, kSmallSpans,
             set.slos);
  PrintQuantiles("ack, durable", acks);
  PrintQuantiles("fdatasync, append", disk);
  PrintQuantiles("fdatasync, preallocated", log);
  PrintQuantiles("fdatasync, as acks come", paced);
  for (const auto& [name, p99] : {std::pair("2 x append's p99 + 2 ms", disk.p99),
                                  std::pair("2 x as acks come + 2 ms", paced.p99)}) {
    fmt::print("{:<26} {:>30.2f} ms\n", name, (2 * p99 + 0.002) * 1e3);
  }
  fmt::print(
      "{{\"case\":\"ack_latency/{}\",\"slos\":{},\"requests_per_second\":{},\"samples\":{},"
      "\"ack_p50_seconds\":{:.6f},\"ack_p99_seconds\":{:.6f},\"fdatasync_p50_seconds\":{:.6f},"
      "\"fdatasync_p99_seconds\":{:.6f},\"fdatasync_preallocated_p50_seconds\":{:.6f},"
      "\"fdatasync_preallocated_p99_seconds\":{:.6f},\"fdatasync_paced_p99_seconds\":{:.6f}}}\n",
      set.slos, set.slos, kLatencyRate, acks.samples, acks.p50, acks.p99, disk.p50, disk.p99,
      log.p50, log.p99, paced.p99);
}

void Run(const Options& options) {
  PinThread(ClientCore());
  fmt::print(
      "# {}\n# server on core {}, clients on core {}; {} ms a case after {} ms; requests of {} "
      "spans\n",
      MachineLine(), kServerCore, ClientCore(), options.length.count(), options.warm_up.count(),
      kSpans);
  fmt::print("{:<20} {:>8} {:>10} {:>11} {:>12} {:>8} {:>10}   {}\n", "case/SLOs loaded", "req/s",
             "M spans/s", "cpu us/req", "M spans/cpus", "of bare", "core busy", "SLOs that apply");
  for (const int slos : options.slo_counts) {
    const SloSet set{.slos = slos};
    const BareRates bare = MeasureBare(options, set);
    for (const Path& path : kPaths) {
      if (!IsMeasured(path, slos)) continue;
      if (fmt::format("{}/{}", path.name, slos).find(options.only) == std::string::npos) continue;
      const double bare_rate = path.encoding == Encoding::kGzip   ? bare.gunzip_decode
                               : path.encoding == Encoding::kJson ? bare.json_decode
                                                                  : bare.decode;
      const Steady steady = MeasureThroughput(options, set, path, bare_rate);
      if (slos == 100 && path.name == std::string_view("grpc")) MeasureTyped(options, set, steady);
    }
  }
  if (std::string("ack_latency").find(options.only) == std::string::npos) return;
  MeasureLatency(options, SloSet{.slos = 100});
}

int Main(int argc, char** argv) {
  CLI::App app("what a span costs in the whole program", "intake_bench");
  Options options;
  bool tiny = false;
  double seconds = 5;
  app.add_flag("--tiny", tiny, "0.2 s a case and few SLOs: only to see that it runs");
  app.add_option("--seconds", seconds, "length of each case")
      ->check(CLI::Range(0.1, 3600.0))
      ->capture_default_str();
  app.add_option("--slos", options.slo_counts, "numbers of SLOs to load")->capture_default_str();
  app.add_option("--only", options.only, "cases whose name has this in it, e.g. grpc/100");
  CLI11_PARSE(app, argc, argv);
  options.length = milliseconds(static_cast<int64_t>(seconds * 1000));
  if (tiny) {
    options.length = milliseconds(200);
    options.warm_up = milliseconds(50);
    options.slo_counts = {1, 100};
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
    fmt::print(stderr, "intake_bench: {}\n", error.what());
    return 1;
  }
}
