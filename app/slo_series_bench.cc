// What it costs to store how SLOs stand: a round over all of them, in the commits that it takes.
#include <cstdlib>
#include <map>
#include <memory>
#include <string>

#include <benchmark/benchmark.h>

#include "app/slo_series.h"
#include "slo/testing/build_slo.h"
#include "slo/testing/map_latency_source.h"
#include "storage/series/series_store.h"
#include "storage/series/testing/memory_store.h"

namespace slowburn::app {
namespace {

using std::chrono::sys_seconds;
using namespace std::chrono_literals;

constexpr sys_seconds kNow{1'702'080'000s};

class NoBlocks final : public slo::BlockSource {
 public:
  absl::StatusOr<std::optional<slo::SliceBlock>> ReadHour(slo::SliId, slo::GroupId,
                                                          uint32_t) const override {
    return std::nullopt;
  }
  absl::StatusOr<std::optional<slo::SliceBlock>> ReadDay(slo::SliId, slo::GroupId,
                                                         uint32_t) const override {
    return std::nullopt;
  }
};

// SLOs of one SLI, by the workbook's policy, with events in every window.
struct Loaded {
  NoBlocks source;
  slo::Engine engine{{.counting = {}, .external_url = ""}, source};
  storage::MemoryStore store;
  storage::SeriesStore series{{}, store};
  slo::MapLatencySource stored_latencies;
  slo::LatencyTable latencies{{}, stored_latencies};
  SloSeries slo_series;
  sys_seconds now = kNow;

  explicit Loaded(size_t count) {
    slo::SloSet slos;
    for (size_t i = 0; i < count; ++i)
      slos.push_back(slo::BuildSlo({.name = "slo-" + std::to_string(i)}));
    slo::SliTable& table = engine.table();
    Check(table.Register(table.NextId(), slos.front().sli.CanonicalText()));
    Check(engine.Install(std::make_shared<const slo::SloSet>(std::move(slos)), now));
    slo::SliDelta delta;
    const uint32_t entry = delta.Append(slo::SliId{1}, slo::SliceOf(now), "");
    for (int i = 0; i < 100; ++i) delta.Count(entry, i % 10 != 0, 3);
    const slo::SliDelta* deltas[] = {&delta};
    const auto plan = table.Plan(deltas, now);
    Check(plan.status());
    Check(table.Apply(*plan));
  }
  static void Check(const absl::Status& status) {
    if (!status.ok()) std::abort();
  }

  void Step() {
    now += 1s;
    engine.Step(now);
  }
  // Of a second; how many samples it stored.
  size_t Store() {
    size_t samples = 0;
    for (size_t look = 0; look < SloSeries::kLooksPerSecond; ++look) {
      const auto write = slo_series.Look(engine, latencies);
      if (write == nullptr) break;
      const auto plan = series.Plan(std::chrono::milliseconds(now.time_since_epoch()).count());
      SeriesOutcome outcome;
      Check(write->AddTo(*plan, outcome));
      const std::string part = plan->Encode();
      plan->Apply(part.size());
      samples += SeriesOutcome::Taken(outcome.samples);
    }
    return samples;
  }
};

void BM_SloSeries_Round(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  Loaded loaded(count);
  for (int i = 0; i < 15; ++i) {  // every series is known after it
    loaded.Step();
    loaded.Store();
  }
  size_t samples = 0;
  for (auto _ : state) {
    for (int i = 0; i < 15; ++i) {
      state.PauseTiming();
      loaded.Step();
      state.ResumeTiming();
      samples += loaded.Store();
    }
  }
  state.counters["samples"] =
      benchmark::Counter(static_cast<double>(samples), benchmark::Counter::kAvgIterations);
  state.counters["per_slo"] =
      benchmark::Counter(static_cast<double>(count), benchmark::Counter::kIsIterationInvariantRate |
                                                         benchmark::Counter::kInvert);
}
BENCHMARK(BM_SloSeries_Round)
    ->ArgName("slos")
    ->Arg(100)
    ->Arg(10'000)
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace slowburn::app
