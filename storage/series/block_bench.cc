// What a sample costs in bytes and time: the four kinds of series of feasibility section 9, at a
// 15 s scrape of which a quarter jitters by up to 5 ms, 64 samples a block (in the head) and 1,024
// a sealed chunk. BM_Bare is the loop that nothing can beat without another idea: deltas of
// integers as varints, no choice, no check.
#include <cmath>
#include <random>

#include <benchmark/benchmark.h>

#include "storage/series/float_block.h"
#include "storage/series/head_column.h"
#include "storage/series/internal/bytes.h"
#include "storage/series/sealed_chunk.h"

namespace slowburn::storage {
namespace {

enum Kind : int64_t { kCounter, kGauge, kWalk, kConstant };

struct Series {
  std::vector<int64_t> times;
  std::vector<double> values;
};

Series Make(int64_t kind, int64_t count) {
  std::mt19937_64 random(42);
  std::normal_distribution<double> normal;
  Series series;
  double value = 1000;
  for (int64_t i = 0; i < count; ++i) {
    int64_t time = 1'700'000'000'000 + i * 15'000;
    if (random() % 4 == 0) time += static_cast<int64_t>(random() % 11) - 5;
    series.times.push_back(time);
    switch (kind) {
      case kCounter:
        value += static_cast<double>(random() % 100);
        break;
      case kGauge:
        value = std::round(value * 10 + normal(random) * 20) / 10;
        break;
      case kWalk:
        value += normal(random);
        break;
      default:
        if (random() % 100 == 0) value += 1;
    }
    series.values.push_back(value);
  }
  return series;
}

void Report(benchmark::State& state, size_t bytes) {
  const auto samples = static_cast<double>(state.range(1));
  state.counters["bytes_per_sample"] = static_cast<double>(bytes) / samples;
  state.counters["samples"] = benchmark::Counter(samples * static_cast<double>(state.iterations()),
                                                 benchmark::Counter::kIsRate);
}

void BM_Floats_Encode(benchmark::State& state) {
  const Series series = Make(state.range(0), state.range(1));
  std::string block;
  for (auto _ : state) {
    block.clear();
    EncodeFloats(series.times, series.values, block);
    benchmark::DoNotOptimize(block.data());
  }
  Report(state, block.size());
}

void BM_Floats_Decode(benchmark::State& state) {
  const Series series = Make(state.range(0), state.range(1));
  std::string block;
  EncodeFloats(series.times, series.values, block);
  Series read;
  for (auto _ : state) {
    read.times.clear();
    read.values.clear();
    benchmark::DoNotOptimize(DecodeFloats(block, read.times, read.values).ok());
  }
  Report(state, block.size());
}

void BM_Floats_EncodeAndSeal(benchmark::State& state) {
  const Series series = Make(state.range(0), state.range(1));
  std::string chunk;
  for (auto _ : state) {
    chunk = SealFloats(series.times, series.values);
    benchmark::DoNotOptimize(chunk.data());
  }
  Report(state, chunk.size());
}

void BM_Floats_OpenAndDecode(benchmark::State& state) {
  const Series series = Make(state.range(0), state.range(1));
  const std::string chunk = SealFloats(series.times, series.values);
  Series read;
  for (auto _ : state) {
    read.times.clear();
    read.values.clear();
    benchmark::DoNotOptimize(FloatCodec::Open(chunk, read.times, read.values).ok());
  }
  Report(state, chunk.size());
}

void BM_Bare_Encode(benchmark::State& state) {
  const Series series = Make(state.range(0), state.range(1));
  std::vector<char> block(series.times.size() * 2 * internal::kVarintBytesMax);
  size_t size = 0;
  for (auto _ : state) {
    char* at = block.data();
    int64_t time = 0;
    int64_t value = 0;
    for (size_t i = 0; i < series.times.size(); ++i) {
      const auto scaled = static_cast<int64_t>(series.values[i] * 10);
      at = internal::WriteVarint(at, internal::ZigZag(series.times[i] - time));
      at = internal::WriteVarint(at, internal::ZigZag(scaled - value));
      time = series.times[i];
      value = scaled;
    }
    benchmark::DoNotOptimize(block.data());
    size = static_cast<size_t>(at - block.data());
  }
  Report(state, size);
}

void Kinds(benchmark::internal::Benchmark* bench) {
  bench->ArgNames({"kind", "samples"});
  for (const int64_t samples : {64, 1024}) {
    for (const int64_t kind : {kCounter, kGauge, kWalk, kConstant}) bench->Args({kind, samples});
  }
}

BENCHMARK(BM_Floats_Encode)->Apply(Kinds);
BENCHMARK(BM_Floats_Decode)->Apply(Kinds);
BENCHMARK(BM_Floats_EncodeAndSeal)->Apply(Kinds);
BENCHMARK(BM_Floats_OpenAndDecode)->Apply(Kinds);
BENCHMARK(BM_Bare_Encode)->Apply(Kinds);

}  // namespace
}  // namespace slowburn::storage
