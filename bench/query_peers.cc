// Goal: what a dashboard's queries cost slowburn, beside Prometheus and VictoriaMetrics on the same
// data, core and questions. Method: each server in turn alone on core 0, the data by remote write
// from core 1; every query several times, without a cache of results. How to read it:
// bench/README.md.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <exception>
#include <map>
#include <stdexcept>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>
#include <CLI/Formatter.hpp>
#include <boost/json.hpp>
#include <fmt/format.h>

#include "bench/cpu.h"
#include "bench/peer.h"
#include "bench/query_data.h"

namespace slowburn::bench {
namespace {

namespace json = boost::json;
using std::chrono::steady_clock;

constexpr int kServerCore = 0;
constexpr int kClientCore = 1;

struct Expression {
  std::string_view name;
  std::string_view text;
};
constexpr Expression kExpressions[] = {
    {"sum_rate_1k", "sum by (zone) (rate(c1k_total[5m]))"},
    {"sum_rate_10k", "sum by (zone) (rate(c10k_total[5m]))"},
    {"quantile_1k", "histogram_quantile(0.99, sum by (le) (rate(lat_bucket[5m])))"},
    {"topk_1k", "topk(10, sum by (pod) (rate(c1k_total[5m])))"},
    {"max_over_time_1k", "max by (zone) (max_over_time(mem_bytes[10m]))"},
    {"join_1k", "sum by (team) (rate(c1k_total[5m]) * on (pod) group_left (team) pod_info)"},
};

// Before this much of the data a range has not all of its samples: rate() extrapolates, and the
// servers do it differently.
constexpr double kWholeRange = 600;

struct Window {
  std::string_view name;
  int64_t length_seconds;
  int64_t step_seconds;
};

struct Settings {
  bool is_tiny = false;
  int runs = 5;
  std::vector<std::string> only;  // names of peers; empty: all

  int64_t data_seconds() const { return is_tiny ? 1200 : 24 * 3600; }
  std::vector<Window> windows() const {
    if (is_tiny) return {{"10m/15s", 600, 15}};
    return {{"1h/15s", 3600, 15}, {"24h/60s", 24 * 3600, 60}};
  }
  QueryData::Options data() const {
    const int64_t now = std::chrono::duration_cast<std::chrono::seconds>(
                            std::chrono::system_clock::now().time_since_epoch())
                            .count();
    // Two minutes ago: VictoriaMetrics does not show the newest seconds.
    const int64_t end = (now - 120) / 60 * 60;
    return {.scale = is_tiny ? 10u : 250u,
            .start_ms = (end - data_seconds()) * 1000,
            .steps = static_cast<size_t>(data_seconds() / 15) + 1};
  }
};

// An answer's points: by series and time.
using Points = std::map<std::string, std::map<double, double>>;

Points PointsOf(const std::string& body) {
  Points points;
  const json::value answer = json::parse(body);
  for (const json::value& series : answer.at("data").at("result").as_array()) {
    auto& of_series = points[json::serialize(series.at("metric"))];
    for (const json::value& point : series.at("values").as_array())
      of_series[point.at(0).to_number<double>()] = std::stod(point.at(1).as_string().c_str());
  }
  return points;
}

// How far the worst of the points that both have are apart, as a share of their size; nothing when
// they have none in common.
std::optional<double> WorstDifference(const Points& a, const Points& b, double from) {
  std::optional<double> worst;
  for (const auto& [series, points] : a) {
    const auto other = b.find(series);
    if (other == b.end()) continue;
    for (auto at = points.lower_bound(from); at != points.end(); ++at) {
      const auto same = other->second.find(at->first);
      if (same == other->second.end()) continue;
      const double size = std::max(std::abs(at->second), std::abs(same->second));
      const double apart = size == 0 ? 0 : std::abs(at->second - same->second) / size;
      worst = std::max(worst.value_or(0), apart);
    }
  }
  return worst;
}

double Median(std::vector<double> values) {
  std::ranges::sort(values);
  return values[values.size() / 2];
}

// The answers of the first peer, with which the others' are compared.
class Comparison {
 public:
  std::string Compare(const std::string& question, Points points, double from) {
    const auto [first, is_new] = first_.try_emplace(question, std::move(points));
    if (is_new) return "";
    const std::optional<double> worst = WorstDifference(first->second, points, from);
    if (!worst.has_value())
      throw std::runtime_error(question + ": the answers have nothing in common");
    return fmt::format("{:.3f}%", *worst * 100);
  }

 private:
  std::map<std::string, Points> first_;
};

void Load(const Peer& peer, const QueryData& data) {
  const auto begin = steady_clock::now();
  const uint64_t cpu = peer.CpuNanos();
  data.Write([&](std::string body) {
    peer.Write(std::move(body));
    return true;
  });
  peer.Flush();
  const double seconds = std::chrono::duration<double>(steady_clock::now() - begin).count();
  const double cpu_seconds = static_cast<double>(peer.CpuNanos() - cpu) * 1e-9;
  const auto samples = static_cast<double>(data.samples());
  const std::string count = peer.Query("query", "sum(count_over_time({__name__=~\".+\"}[25h]))",
                                       fmt::format("time={}", data.end_ms() / 1000));
  const std::string_view got =
      json::parse(count).at("data").at("result").at(0).at("value").at(1).as_string();
  if (std::stod(std::string(got)) != samples) {
    throw std::runtime_error(
        fmt::format("{} has {} of {} samples", peer.name(), got, data.samples()));
  }
  fmt::print(
      "{:<17} loaded {} samples of {} series in {:.1f} s, {:.2f} cpu s per million, peak {} MiB\n",
      peer.name(), data.samples(), data.series(), seconds, cpu_seconds / samples * 1e6,
      peer.MemoryBytes("VmHWM:") >> 20);
  fmt::print(
      "{{\"peer\":\"{}\",\"case\":\"load\",\"samples\":{},\"series\":{},\"seconds\":{:.3f},"
      "\"cpu_seconds\":{:.3f},\"peak_bytes\":{},\"disk_bytes\":{}}}\n",
      peer.name(), data.samples(), data.series(), seconds, cpu_seconds, peer.MemoryBytes("VmHWM:"),
      peer.DiskBytes());
  std::fflush(stdout);
}

void Ask(const Peer& peer, const Expression& expression, const Window& window,
         const QueryData& data, int runs, Comparison& comparison) {
  const int64_t end = data.end_ms() / 1000;
  const int64_t start = end - window.length_seconds;
  const std::string times = fmt::format("start={}&end={}&step={}", start, end, window.step_seconds);
  std::vector<double> wall;
  std::vector<double> cpu;
  std::string body;
  for (int run = 0; run < runs; ++run) {
    const uint64_t cpu_begin = peer.CpuNanos();
    const auto begin = steady_clock::now();
    body = peer.Query("query_range", expression.text, times);
    wall.push_back(std::chrono::duration<double, std::milli>(steady_clock::now() - begin).count());
    cpu.push_back(static_cast<double>(peer.CpuNanos() - cpu_begin) * 1e-6);
  }
  const std::string question = fmt::format("{}/{}", expression.name, window.name);
  const std::string apart = comparison.Compare(
      question, PointsOf(body), static_cast<double>(data.start_ms()) / 1000 + kWholeRange);
  fmt::print("{:<17} {:<26} {:>10.1f} {:>10.1f} {:>9}\n", peer.name(), question, Median(wall),
             Median(cpu), apart);
  fmt::print(
      "{{\"peer\":\"{}\",\"case\":\"{}\",\"wall_ms\":{:.3f},\"cpu_ms\":{:.3f},\"runs\":{},"
      "\"answer_bytes\":{}}}\n",
      peer.name(), question, Median(wall), Median(cpu), runs, body.size());
  std::fflush(stdout);
}

void Measure(PeerKind kind, const QueryData& data, const Settings& settings,
             Comparison& comparison) {
  const Peer peer(kind, kServerCore);
  Load(peer, data);
  fmt::print("{:<17} {:<26} {:>10} {:>10} {:>9}\n", "peer", "query/range/step", "wall ms", "cpu ms",
             "apart");
  for (const Window& window : settings.windows()) {
    for (const Expression& expression : kExpressions)
      Ask(peer, expression, window, data, settings.runs, comparison);
  }
  fmt::print("{:<17} memory {} MiB, peak {} MiB; {} MiB on disk\n", peer.name(),
             peer.MemoryBytes("VmRSS:") >> 20, peer.MemoryBytes("VmHWM:") >> 20,
             peer.DiskBytes() >> 20);
  fmt::print(
      "{{\"peer\":\"{}\",\"case\":\"memory\",\"rss_bytes\":{},\"peak_bytes\":{},"
      "\"disk_bytes\":{}}}\n",
      peer.name(), peer.MemoryBytes("VmRSS:"), peer.MemoryBytes("VmHWM:"), peer.DiskBytes());
  std::fflush(stdout);
}

int Main(int argc, char** argv) {
  CLI::App app("a dashboard's queries, beside Prometheus and VictoriaMetrics", "query_peers");
  Settings settings;
  app.add_flag("--tiny", settings.is_tiny, "little data, to see that it runs");
  app.add_option("--runs", settings.runs, "of each query")
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  app.add_option("--only", settings.only, "peers: slowburn, prometheus, victoria-metrics");
  app.footer("Example:\n  query_peers --runs 3 --only slowburn victoria-metrics");
  CLI11_PARSE(app, argc, argv);
  (void)PinThread(kClientCore);
  const QueryData data(settings.data());
  Comparison comparison;
  for (const PeerKind kind : kPeerKinds) {
    if (!settings.only.empty() &&
        std::ranges::find(settings.only, PeerName(kind)) == settings.only.end())
      continue;
    if (!IsInstalled(kind)) {
      fmt::print("{} is not installed: left out\n", PeerName(kind));
      continue;
    }
    Measure(kind, data, settings, comparison);
  }
  return 0;
}

}  // namespace
}  // namespace slowburn::bench

int main(int argc, char** argv) {
  try {
    return slowburn::bench::Main(argc, argv);
  } catch (const std::exception& error) {
    fmt::print(stderr, "query_peers: {}\n", error.what());
    return 1;
  }
}
