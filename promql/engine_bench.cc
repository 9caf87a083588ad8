// Range queries over series in memory: what the evaluation itself costs. The queries are those of
// the peers' figures. Argument 0: 1 h at steps of 15 s; 1: 24 h at steps of 60 s; samples are 15 s
// apart. `s_per_sample` counts all samples read.
#include <map>
#include <random>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "promql/engine.h"
#include "promql/testing/column_series.h"
#include "promql/testing/histogram_parts.h"

namespace slowburn::promql {
namespace {

using testing::ColumnSeries;

constexpr int64_t kScrapeMs = 15'000;
constexpr int64_t kHourMs = 3'600'000;

void AddSeries(ColumnSeries& all, const model::LabelSet& labels, int64_t length_ms, bool counter,
               std::mt19937_64& random) {
  ColumnSeries::Series series{.labels = labels};
  double value = 0;
  for (int64_t time = 0; time <= length_ms; time += kScrapeMs) {
    const auto change = static_cast<double>(random() % 100);
    value = counter ? value + change : change;
    series.values.push_back(value);
  }
  all.Add(std::move(series));
}

// `count` series of one metric, and as many of pod_info; made once for each shape.
const ColumnSeries& MakeSeries(const std::string& metric, int count, int64_t length_ms) {
  static std::map<std::string, ColumnSeries> made;
  std::vector<int64_t> times;
  for (int64_t time = 0; time <= length_ms; time += kScrapeMs) times.push_back(time);
  const auto [at, is_new] =
      made.try_emplace(fmt::format("{} {} {}", metric, count, length_ms), std::move(times));
  if (!is_new) return at->second;
  std::mt19937_64 random(7);
  const bool buckets = metric.ends_with("_bucket");
  for (int i = 0; i < count; ++i) {
    model::LabelSet labels = {{"__name__", metric}, {"pod", fmt::format("pod-{}", i)}};
    labels.Set("zone", fmt::format("zone-{}", i % 10));
    if (buckets) labels.Set("le", i % 20 == 19 ? "+Inf" : fmt::format("{}", 1 << (i % 20)));
    AddSeries(at->second, labels, length_ms, !metric.ends_with("bytes"), random);
  }
  for (int i = 0; i < (metric == "c1k_total" ? count : 0); ++i) {
    const model::LabelSet labels = {{"__name__", "pod_info"},
                                    {"pod", fmt::format("pod-{}", i)},
                                    {"team", fmt::format("team-{}", i % 7)}};
    AddSeries(at->second, labels, length_ms, false, random);
  }
  return at->second;
}

void Ask(benchmark::State& state, const std::string& metric, int count, const std::string& query) {
  const bool day = state.range(0) == 1;
  const int64_t length_ms = day ? 24 * kHourMs : kHourMs;
  const ColumnSeries& series = MakeSeries(metric, count, length_ms);
  EngineOptions options;
  options.threads = static_cast<uint32_t>(state.range(1));
  const Engine engine(options, base::SystemClock());
  const RangeQuery asked{query, 0, length_ms, day ? 60'000 : kScrapeMs};
  for (auto _ : state) {
    const auto result = engine.Range(series, asked);
    if (!result.ok()) return state.SkipWithError(std::string(result.status().message()).c_str());
    benchmark::DoNotOptimize(result->series.size());
  }
  const double samples = static_cast<double>(count) * static_cast<double>(length_ms / kScrapeMs);
  state.counters["s_per_sample"] =
      benchmark::Counter(samples * static_cast<double>(state.iterations()),
                         benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// 100 series of 40 buckets each, which all grow.
const ColumnSeries& MakeHistograms(int64_t length_ms) {
  static std::map<int64_t, ColumnSeries> made;
  std::vector<int64_t> times;
  for (int64_t time = 0; time <= length_ms; time += kScrapeMs) times.push_back(time);
  const size_t samples = times.size();
  const auto [at, is_new] = made.try_emplace(length_ms, std::move(times));
  if (!is_new) return at->second;
  for (int i = 0; i < 100; ++i) {
    ColumnSeries::Series series{
        .labels = {{"__name__", "native"}, {"pod", fmt::format("pod-{}", 100 + i)}}};
    for (size_t sample = 1; sample <= samples; ++sample) {
      const auto count = static_cast<double>(sample);
      series.histograms.push_back(testing::MakeHistogram(
          {.count = 40 * count, .sum = 80 * count, .buckets = std::vector<double>(40, count)}));
    }
    at->second.Add(std::move(series));
  }
  return at->second;
}

void BM_NativeQuantile100(benchmark::State& state) {
  const ColumnSeries& series = MakeHistograms(kHourMs);
  const Engine engine(EngineOptions(), base::SystemClock());
  const RangeQuery asked{"histogram_quantile(0.99, sum(rate(native[5m])))", 0, kHourMs, kScrapeMs};
  for (auto _ : state) {
    const auto result = engine.Range(series, asked);
    if (!result.ok()) return state.SkipWithError(std::string(result.status().message()).c_str());
    benchmark::DoNotOptimize(result->series.size());
  }
}
BENCHMARK(BM_NativeQuantile100)->Unit(benchmark::kMillisecond);

void BM_SumOfRates1k(benchmark::State& state) {
  Ask(state, "c1k_total", 1000, "sum by (zone) (rate(c1k_total[5m]))");
}
void BM_SumOfRates10k(benchmark::State& state) {
  Ask(state, "c10k_total", 10'000, "sum by (zone) (rate(c10k_total[5m]))");
}
void BM_HistogramQuantile1k(benchmark::State& state) {
  Ask(state, "lat_bucket", 1000, "histogram_quantile(0.99, sum by (le) (rate(lat_bucket[5m])))");
}
void BM_Topk1k(benchmark::State& state) {
  Ask(state, "c1k_total", 1000, "topk(10, sum by (pod) (rate(c1k_total[5m])))");
}
void BM_MaxOverTime1k(benchmark::State& state) {
  Ask(state, "mem_bytes", 1000, "max by (zone) (max_over_time(mem_bytes[10m]))");
}
void BM_AvgOverTime1k(benchmark::State& state) {
  Ask(state, "mem_bytes", 1000, "max by (zone) (avg_over_time(mem_bytes[10m]))");
}
void BM_Join1k(benchmark::State& state) {
  Ask(state, "c1k_total", 1000,
      "sum by (team) (rate(c1k_total[5m]) * on (pod) group_left (team) pod_info)");
}

void Shapes(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"day", "threads"})->Args({0, 1})->Args({1, 1})->Args({1, 2});
  bench->Unit(benchmark::kMillisecond)->UseRealTime();
}

BENCHMARK(BM_SumOfRates1k)->Apply(Shapes);
BENCHMARK(BM_SumOfRates10k)->Apply(Shapes);
BENCHMARK(BM_HistogramQuantile1k)->Apply(Shapes);
BENCHMARK(BM_Topk1k)->Apply(Shapes);
BENCHMARK(BM_MaxOverTime1k)->Apply(Shapes);
BENCHMARK(BM_AvgOverTime1k)->Apply(Shapes);
BENCHMARK(BM_Join1k)->Apply(Shapes);

}  // namespace
}  // namespace slowburn::promql
