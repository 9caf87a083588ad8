// What a recorded span costs, how many bytes five minutes take, and what percentiles over a month
// cost to add up.
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "slo/latency_reader.h"
#include "slo/latency_sum.h"
#include "slo/matcher.h"
#include "slo/testing/batch_builder.h"
#include "slo/testing/build_slo.h"
#include "slo/testing/map_latency_source.h"

namespace slowburn::slo {
namespace {

// Around 60 ms; one in a hundred around a second.
uint64_t RequestNanos(std::mt19937_64& random) {
  const double median = random() % 100 == 0 ? 20.7 : 17.9;
  return static_cast<uint64_t>(std::lognormal_distribution<double>(median, 0.6)(random));
}

LatencyHistogram FiveMinutes(std::mt19937_64& random, int64_t events) {
  LatencyTally tally;
  for (int64_t i = 0; i < events; ++i) tally.Add(0, RequestNanos(random));
  LatencyHistogram histogram;
  for (const LatencyCount& count : tally.Take()) histogram.Append(count.bucket, count.count);
  return histogram;
}

void BM_LatencyBucket(benchmark::State& state) {
  std::mt19937_64 random(1);
  std::vector<uint64_t> nanos(1024);
  for (uint64_t& n : nanos) n = RequestNanos(random);
  for (auto _ : state) {
    int sum = 0;
    for (const uint64_t n : nanos) sum += LatencyBucketOf(n);
    benchmark::DoNotOptimize(sum);
  }
  state.SetItemsProcessed(state.iterations() * 1024);
}
BENCHMARK(BM_LatencyBucket);

// 512 spans, all of one SLI: with an objective for errors alone, and with a latency beside it. The
// difference is what recording costs.
void BM_Matcher_Latency(benchmark::State& state) {
  SliArgs args{.bad = "span.status.code == STATUS_CODE_ERROR"};
  if (state.range(0) != 0) args.latency_max = std::chrono::hours(1);
  const SliSpec spec = BuildSli(args);
  const std::vector<IdentifiedSli> slis = {{SliId{1}, &spec}};
  const SpanMatcher matcher(slis);
  std::mt19937_64 random(2);
  SpanBatchBuilder builder(matcher.projection());
  builder.Service("checkout");
  for (int i = 0; i < 512; ++i) {
    model::Span span;
    span.end_time_unix_nano = 1'702'080'000'000'000'000 + static_cast<uint64_t>(i) * 1'000'000;
    span.start_time_unix_nano = span.end_time_unix_nano - RequestNanos(random);
    builder.Add(span);
  }
  SpanMatcher::Scratch scratch(matcher);
  for (auto _ : state) {
    const SliDelta delta = matcher.Match(builder.batch(), {}, scratch);
    benchmark::DoNotOptimize(delta.entries().data());
  }
  state.SetItemsProcessed(state.iterations() * 512);
}
BENCHMARK(BM_Matcher_Latency)->ArgName("latency")->Arg(0)->Arg(1);

// What a commit does for a group that a request touched: twice, for the group and the total.
void BM_LatencyHistogram_Merge(benchmark::State& state) {
  std::mt19937_64 random(3);
  const LatencyHistogram known = FiveMinutes(random, 30'000), more = FiveMinutes(random, 500);
  for (auto _ : state) {
    LatencyHistogram histogram = known;
    histogram.Merge(more);
    benchmark::DoNotOptimize(histogram);
  }
}
BENCHMARK(BM_LatencyHistogram_Merge);

// Bytes of five minutes, an hour and a day of one group, by events in five minutes.
void BM_Latency_Bytes(benchmark::State& state) {
  std::mt19937_64 random(4);
  size_t hours = 0, histograms = 0, memory = 0;
  LatencyBlock by_hours(kLatencyHoursPerDay);
  for (uint32_t hour = 0; hour < kLatencyHoursPerDay; ++hour) {
    LatencyBlock block(kLatencySlotsPerHour);
    for (uint32_t slot = 0; slot < kLatencySlotsPerHour; ++slot) {
      const LatencyHistogram histogram = FiveMinutes(random, state.range(0));
      histograms += histogram.Encode().size();
      block.Merge(slot, histogram);
      by_hours.Merge(hour, histogram);
    }
    hours += block.Encode().size();
    memory += block.memory_bytes();
  }
  for (auto _ : state) benchmark::DoNotOptimize(by_hours.Encode());
  constexpr double kSlots = kLatencySlotsPerHour * kLatencyHoursPerDay;
  state.counters["5min"] = static_cast<double>(histograms) / kSlots;
  state.counters["hour_block"] = static_cast<double>(hours) / kLatencyHoursPerDay;
  state.counters["hour_in_memory"] = static_cast<double>(memory) / kLatencyHoursPerDay;
  state.counters["day_by_5min"] = static_cast<double>(hours);
  state.counters["day_by_hours"] = static_cast<double>(by_hours.Encode().size());
}
BENCHMARK(BM_Latency_Bytes)->ArgName("events")->Arg(10)->Arg(300)->Arg(30'000);

// p99 of 30 days of one group: from blocks of days, and from blocks of hours where a day has none.
void BM_LatencyReader_Month(benchmark::State& state) {
  constexpr uint32_t kFirst = 19'000, kDays = 30;
  std::mt19937_64 random(5);
  std::vector<LatencyHistogram> some;
  for (int i = 0; i < 100; ++i) some.push_back(FiveMinutes(random, 3000));
  MapLatencySource source;
  GroupView counts{.sli = SliId{1}, .first = kFirst * kSlicesPerDay};
  for (uint32_t hour = kFirst * 24; hour < (kFirst + kDays) * 24; ++hour) {
    LatencyBlock block(kLatencySlotsPerHour);
    for (uint32_t slot = 0; slot < kLatencySlotsPerHour; ++slot)
      block.Merge(slot, some[random() % some.size()]);
    source.PutHour(counts.sli, counts.group, hour, block);
  }
  if (state.range(0) != 0) {
    for (uint32_t day = kFirst; day < kFirst + kDays; ++day) {
      const LatencyView view(counts, {});
      source.PutDay(counts.sli, counts.group, day, *LatencyReader(view, source).MakeDay(day));
    }
    counts.days_rolled = kFirst + kDays;
  }
  const LatencyView view(counts, {});
  constexpr uint32_t kSlotsPerDay = kLatencySlotsPerHour * kLatencyHoursPerDay;
  for (auto _ : state) {
    LatencyReader reader(view, source);
    const auto sum = reader.Sum(kFirst * kSlotsPerDay, (kFirst + kDays) * kSlotsPerDay);
    benchmark::DoNotOptimize(sum->Quantile(990));
  }
}
BENCHMARK(BM_LatencyReader_Month)->ArgName("days")->Arg(0)->Arg(1)->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace slowburn::slo
