// What matching costs per data point: when no SLI reads the metric, and when all points are of
// series that were seen before.
#include <deque>
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "slo/metric_matcher.h"
#include "slo/metric_streams.h"
#include "slo/testing/metric_batch_builder.h"

namespace slowburn::slo {
namespace {

using testing::MetricBatchBuilder;

constexpr int kMetrics = 50;
constexpr int kSeries = 20;  // of each metric

// A request of 1,000 points: counters of one service.
MetricBatchBuilder Request(uint64_t time) {
  MetricBatchBuilder builder;
  builder.Resource({{"service.name", "checkout"}, {"service.instance.id", "checkout-7f9c"}});
  std::deque<std::string> routes;
  for (int m = 0; m < kMetrics; ++m) {
    builder.Counter(fmt::format("http.requests.{}", m));
    for (int s = 0; s < kSeries; ++s) {
      routes.push_back(fmt::format("/route/{}", s));
      builder.Int(1'700'000'000, time, 5 * static_cast<int64_t>(time % 100'000),
                  {{"http.route", routes.back()}, {"code", s % 10 == 0 ? "500" : "200"}});
    }
  }
  return builder;
}

std::vector<SliSpec> Specs(const std::string& job, int count) {
  const auto selector = [](const std::string& text) {
    return model::SeriesSelector::Parse(text).value();
  };
  std::vector<SliSpec> specs;
  for (int i = 0; i < count; ++i) {
    const std::string name = fmt::format("http_requests_{}_total", i % kMetrics);
    CounterSli sli;
    sli.bad = selector(fmt::format("{}{{job=\"{}\",code=~\"5..\"}}", name, job));
    sli.total = selector(fmt::format("{}{{job=\"{}\"}}", name, job));
    // By copy: GCC 12 takes a moved variant for one that has no value.
    const SliSpec spec{.source = sli, .group_by = {}};
    specs.push_back(spec);
  }
  return specs;
}

std::vector<IdentifiedSli> Identified(const std::vector<SliSpec>& specs) {
  std::vector<IdentifiedSli> slis;
  for (const SliSpec& spec : specs) slis.push_back({static_cast<SliId>(slis.size() + 1), &spec});
  return slis;
}

void Match(benchmark::State& state, const std::vector<SliSpec>& specs) {
  const MetricMatcher matcher(Identified(specs));
  MetricMatcher::Scratch scratch;
  const MetricBatchBuilder request = Request(1'700'000'060);
  size_t observations = 0;
  for (auto _ : state) observations = matcher.Match(request.batch(), scratch).observations().size();
  state.SetItemsProcessed(state.iterations() * kMetrics * kSeries);
  state.counters["observations"] = static_cast<double>(observations);
}

// No metric of the request is of any SLI.
void BM_MetricMatcher_OtherMetrics(benchmark::State& state) {
  std::vector<SliSpec> specs = Specs("checkout", static_cast<int>(state.range(0)));
  const GaugeSli other{.metric = model::SeriesSelector::Parse("something_else").value()};
  for (SliSpec& spec : specs) spec.source = other;
  Match(state, specs);
}
BENCHMARK(BM_MetricMatcher_OtherMetrics)->ArgName("slis")->Arg(50)->Arg(10'000);

// The metrics are, but of another job.
void BM_MetricMatcher_OtherJob(benchmark::State& state) {
  Match(state, Specs("shipping", static_cast<int>(state.range(0))));
}
BENCHMARK(BM_MetricMatcher_OtherJob)->ArgName("slis")->Arg(50)->Arg(10'000);

// Each point is total of one SLI, and one in ten bad.
void BM_MetricMatcher_KnownSeries(benchmark::State& state) {
  Match(state, Specs("checkout", kMetrics));
}
BENCHMARK(BM_MetricMatcher_KnownSeries);

// From observations to slices and states: a point 10 s after the one before.
void BM_MetricStreams_MakePlan(benchmark::State& state) {
  const std::vector<SliSpec> specs = Specs("checkout", kMetrics);
  const MetricMatcher matcher(Identified(specs));
  MetricMatcher::Scratch scratch;
  MetricStreams streams{{}};
  uint64_t time = 1'700'000'060;
  for (auto _ : state) {
    state.PauseTiming();
    const MetricBatchBuilder request = Request(time);
    const MetricDelta delta = matcher.Match(request.batch(), scratch);
    state.ResumeTiming();
    const MetricStreams::Request planned{.delta = &delta, .left_out = {}};
    const MetricStreams::Plan plan = streams.MakePlan(
        std::span(&planned, 1), std::chrono::sys_seconds(std::chrono::seconds(time)));
    streams.Apply(plan);
    time += 10;
  }
  state.SetItemsProcessed(state.iterations() * kMetrics * kSeries);
}
BENCHMARK(BM_MetricStreams_MakePlan);

}  // namespace
}  // namespace slowburn::slo
