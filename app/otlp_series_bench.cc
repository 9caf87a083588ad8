// What a known point costs on its way from a decoded batch to the head: reading it on the server's
// thread; planning, encoding and applying it on the writer's.
#include <deque>
#include <string>

#include <benchmark/benchmark.h>

#include "app/otlp_series.h"
#include "slo/testing/metric_batch_builder.h"
#include "storage/series/series_store.h"
#include "storage/series/testing/memory_store.h"

namespace slowburn::app {
namespace {

constexpr uint64_t kStart = 1'795'219'200;
constexpr uint64_t kPointsPerRequest = 1'000;

enum class Kind : int64_t { kCounter, kDelta, kHistogram };

using Builders = std::deque<slo::testing::MetricBatchBuilder>;

// Requests of `kPointsPerRequest` points each, of as many streams as there are points in all.
Builders Requests(uint64_t points, Kind kind) {
  Builders builders;
  for (uint64_t first = 0; first < points; first += kPointsPerRequest) {
    slo::testing::MetricBatchBuilder& builder = builders.emplace_back();
    builder.Resource({{"service.name", "checkout"}, {"host.name", "h"}});
    const auto temporality =
        kind == Kind::kDelta ? model::Temporality::kDelta : model::Temporality::kCumulative;
    const auto type =
        kind == Kind::kHistogram ? model::MetricType::kHistogram : model::MetricType::kSum;
    builder.Metric("http.server.requests", "", type, temporality, kind != Kind::kHistogram);
    for (uint64_t i = first; i < first + kPointsPerRequest; ++i) {
      const std::string route = std::to_string(i);
      if (kind == Kind::kHistogram) {
        builder.Histogram(kStart, kStart, {.1, .2, .3, .5, 1, 2, 3, 5, 10, 20},
                          {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {{"route", route}});
      } else {
        builder.Int(kind == Kind::kDelta ? 0 : kStart, kStart, static_cast<int64_t>(i),
                    {{"route", route}, {"method", "GET"}, {"code", "200"}});
      }
    }
  }
  return builders;
}

void Move(model::MetricBatch& batch, uint64_t seconds) {
  for (model::MetricPoint& point : batch.points) {
    point.time_unix_nano = (kStart + seconds) * 1'000'000'000;
  }
}

void BM_OtlpSeries_Read(benchmark::State& state) {
  const Builders requests = Requests(static_cast<uint64_t>(state.range(0)), Kind::kCounter);
  OtlpSeries otlp;
  base::MemoryLease lease;
  for (const auto& request : requests) {
    benchmark::DoNotOptimize(otlp.Read(request.batch(), {}, lease));
  }
  size_t at = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(otlp.Read(requests[at].batch(), {}, lease));
    at = (at + 1) % requests.size();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kPointsPerRequest));
}
BENCHMARK(BM_OtlpSeries_Read)->ArgName("series")->Arg(10'000)->Arg(200'000);

// Reading and the commit; chunks and the log's disk apart.
void BM_OtlpSeries_Store(benchmark::State& state) {
  std::vector<slo::testing::MetricBatchBuilder> builders;
  Builders requests =
      Requests(static_cast<uint64_t>(state.range(0)), static_cast<Kind>(state.range(1)));
  OtlpSeries otlp;
  base::MemoryLease lease;
  storage::MemoryStore store;
  storage::SeriesStore series({}, store);
  uint64_t seconds = 0;
  const auto commit = [&](const model::MetricBatch& batch) {
    auto write = otlp.Read(batch, {}, lease);
    const auto plan = series.Plan(static_cast<int64_t>(kStart + seconds) * 1000);
    SeriesOutcome outcome;
    (*write)->AddTo(*plan, outcome).IgnoreError();
    const std::string part = plan->Encode();
    benchmark::DoNotOptimize(part.data());
    plan->Apply(part.size());
  };
  for (auto& request : requests) commit(request.batch());
  size_t at = 0;
  for (auto _ : state) {
    if (at == 0) {
      state.PauseTiming();
      seconds += 15;
      for (auto& request : requests) Move(request.batch(), seconds);
      state.ResumeTiming();
    }
    commit(requests[at].batch());
    at = (at + 1) % requests.size();
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kPointsPerRequest));
}
BENCHMARK(BM_OtlpSeries_Store)
    ->ArgNames({"series", "kind"})
    ->Args({10'000, static_cast<int64_t>(Kind::kCounter)})
    ->Args({200'000, static_cast<int64_t>(Kind::kCounter)})
    ->Args({10'000, static_cast<int64_t>(Kind::kDelta)})
    ->Args({10'000, static_cast<int64_t>(Kind::kHistogram)});

}  // namespace
}  // namespace slowburn::app
