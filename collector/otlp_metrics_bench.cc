// What one metrics request costs to decode, its streams hashed. Quote BM_DecodeMetrics: it rotates
// over 64 bodies, so that no branch predictor knows them. BM_ParseMetricsWithProtobuf is the same
// request through generated classes, for scale.
#include <benchmark/benchmark.h>

#include "collector/otlp_metrics.h"
#include "collector/testing/metric_requests.h"
#include "collector/without_items.h"

namespace slowburn::collector {
namespace {

constexpr size_t kBodies = 64;

// range(0) number points and range(1) histogram points of 15 buckets.
std::vector<std::string> Bodies(const benchmark::State& state) {
  Random random(42);
  std::vector<std::string> bodies;
  for (size_t i = 0; i < kBodies; ++i) {
    bodies.push_back(
        TypicalMetrics(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), random)
            .SerializeAsString());
  }
  return bodies;
}

void CountPoints(benchmark::State& state, const std::vector<std::string>& bodies) {
  size_t bytes = 0;
  for (const std::string& body : bodies) bytes += body.size();
  const double mean = static_cast<double>(bytes) / static_cast<double>(bodies.size());
  const int64_t points = state.range(0) + state.range(1);
  state.counters["bytes_per_point"] = mean / static_cast<double>(points);
  state.SetItemsProcessed(state.iterations() * points);
  state.SetBytesProcessed(static_cast<int64_t>(mean * static_cast<double>(state.iterations())));
}

model::AttributeProjection Names(int count) {
  model::AttributeProjection projection;
  constexpr const char* kNames[] = {"http.route", "http.request.method", "server.address"};
  for (int i = 0; i < count; ++i) projection.Add(model::AttributeScope::kItem, kNames[i]);
  return projection;
}

void BM_DecodeMetrics(benchmark::State& state) {
  const std::vector<std::string> bodies = Bodies(state);
  const model::AttributeProjection projection = Names(static_cast<int>(state.range(2)));
  model::MetricBatch batch;
  size_t next = 0;
  for (auto _ : state) {
    const absl::Status status = DecodeMetrics(bodies[next++ % kBodies], projection, batch);
    if (!status.ok()) state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(batch.points.data());
  }
  CountPoints(state, bodies);
}
BENCHMARK(BM_DecodeMetrics)
    ->ArgNames({"numbers", "histograms", "read"})
    ->Args({512, 32, 0})
    ->Args({512, 32, 3})
    ->Args({512, 0, 0})
    ->Args({16, 0, 0});

void BM_ParseMetricsWithProtobuf(benchmark::State& state) {
  const std::vector<std::string> bodies = Bodies(state);
  size_t next = 0;
  for (auto _ : state) {
    MetricsData metrics;
    if (!metrics.ParseFromString(bodies[next++ % kBodies])) state.SkipWithError("not parsed");
    benchmark::DoNotOptimize(metrics.resource_metrics_size());
  }
  CountPoints(state, bodies);
}
BENCHMARK(BM_ParseMetricsWithProtobuf)->ArgNames({"numbers", "histograms"})->Args({512, 32});

void BM_WithoutDataPoints(benchmark::State& state) {
  const std::vector<std::string> bodies = Bodies(state);
  const std::vector<model::RejectedItem> one = {{static_cast<uint32_t>(state.range(0)) / 2}};
  size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(WithoutItems(model::Signal::kMetrics, bodies[next++ % kBodies], one));
  }
  CountPoints(state, bodies);
}
BENCHMARK(BM_WithoutDataPoints)->ArgNames({"numbers", "histograms"})->Args({512, 32});

}  // namespace
}  // namespace slowburn::collector
