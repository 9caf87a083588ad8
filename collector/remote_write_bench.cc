// What one remote write costs to decode, its series known by a hash at the end: 2,000 samples, as
// Prometheus sends them by default. BM_ParseWriteWithProtobuf is the same request through generated
// classes, BM_ReadSeriesLabels what a series costs that nobody knows yet.
#include <benchmark/benchmark.h>

#include "collector/remote_write.h"
#include "collector/remote_write_v2.h"
#include "collector/series_labels.h"
#include "collector/testing/write_requests.h"
#include "net/snappy_block.h"

namespace slowburn::collector {
namespace {

// range(0) series of range(1) samples each.
write1::WriteRequest Requested(const benchmark::State& state) {
  std::mt19937_64 random(42);
  return TypicalWrite(static_cast<int>(state.range(0)), static_cast<int>(state.range(1)), random);
}

void CountSamples(benchmark::State& state, size_t bytes) {
  const int64_t samples = state.range(0) * state.range(1);
  state.counters["bytes_per_sample"] = static_cast<double>(bytes) / static_cast<double>(samples);
  state.SetItemsProcessed(state.iterations() * samples);
  state.SetBytesProcessed(state.iterations() * static_cast<int64_t>(bytes));
}

void Decode(benchmark::State& state, const std::string& body,
            absl::Status (*decode)(std::string_view, model::SeriesBatch&, base::MemoryLease*)) {
  for (auto _ : state) {
    model::SeriesBatch batch;  // as in the server: each request has its own
    if (!decode(body, batch, nullptr).ok()) state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(batch.samples.data());
  }
  CountSamples(state, body.size());
}

void BM_DecodeRemoteWrite(benchmark::State& state) {
  Decode(state, Requested(state).SerializeAsString(), DecodeRemoteWrite);
}
BENCHMARK(BM_DecodeRemoteWrite)->ArgNames({"series", "samples"})->Args({2000, 1})->Args({200, 10});

void BM_DecodeRemoteWriteV2(benchmark::State& state) {
  Decode(state, AsV2(Requested(state)).SerializeAsString(), DecodeRemoteWriteV2);
}
BENCHMARK(BM_DecodeRemoteWriteV2)
    ->ArgNames({"series", "samples"})
    ->Args({2000, 1})
    ->Args({200, 10});

void BM_ParseWriteWithProtobuf(benchmark::State& state) {
  const std::string body = Requested(state).SerializeAsString();
  for (auto _ : state) {
    write1::WriteRequest request;
    if (!request.ParseFromString(body)) state.SkipWithError("not parsed");
    benchmark::DoNotOptimize(request.timeseries_size());
  }
  CountSamples(state, body.size());
}
BENCHMARK(BM_ParseWriteWithProtobuf)->ArgNames({"series", "samples"})->Args({2000, 1});

void BM_OpenSnappy(benchmark::State& state) {
  const std::string body = Requested(state).SerializeAsString();
  const std::string block = net::EncodeSnappyBlock(body);
  for (auto _ : state) {
    base::MemoryLease lease;
    std::string out;
    if (!net::DecodeSnappyBlock(block, {}, lease, out).ok()) state.SkipWithError("not opened");
    benchmark::DoNotOptimize(out.data());
  }
  CountSamples(state, body.size());
}
BENCHMARK(BM_OpenSnappy)->ArgNames({"series", "samples"})->Args({2000, 1});

void BM_ReadSeriesLabels(benchmark::State& state) {
  const std::string body = Requested(state).SerializeAsString();
  model::SeriesBatch batch;
  if (!DecodeRemoteWrite(body, batch).ok()) return state.SkipWithError("not decoded");
  model::LabelSet labels;
  for (auto _ : state) {
    for (const auto& series : batch.series) ReadSeriesLabels(batch, series, labels);
    benchmark::DoNotOptimize(labels.size());
  }
  CountSamples(state, body.size());
}
BENCHMARK(BM_ReadSeriesLabels)->ArgNames({"series", "samples"})->Args({2000, 1});

}  // namespace
}  // namespace slowburn::collector
