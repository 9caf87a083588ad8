// What the one writer pays for a point of a cumulative stream, beside N streams that are known.
#include <benchmark/benchmark.h>

#include "app/stream_table.h"

namespace slowburn::app {
namespace {

constexpr uint64_t kPointsPerCommit = 10'000;
constexpr uint64_t kStart = 1'700'000'000'000'000'000;

StreamPoint Point(uint64_t stream, uint64_t time) {
  const uint64_t hash = (stream + 1) * 0x9E3779B97F4A7C15;
  return {.stream = {hash, ~hash},
          .start_time_unix_nano = kStart,
          .time_unix_nano = time,
          .value_hash = hash ^ time};
}

store::v1::LogRecord Commit(StreamTable& table, uint64_t first, uint64_t count, uint64_t time) {
  StreamTable::Plan plan(table);
  for (uint64_t i = first; i < first + count; ++i)
    benchmark::DoNotOptimize(plan.Place(Point(i, time)));
  store::v1::LogRecord record;
  record.set_time_unix_nano(static_cast<int64_t>(time));
  plan.Write(record);
  benchmark::DoNotOptimize(record.SerializeAsString());
  benchmark::DoNotOptimize(table.Apply(record));
  return record;
}

StreamTable Filled(uint64_t streams) {
  StreamTable table({});
  for (uint64_t first = 0; first < streams; first += kPointsPerCommit)
    Commit(table, first, kPointsPerCommit, kStart);
  return table;
}

// Plan, serialise, apply.
void BM_StreamTable_Commit(benchmark::State& state) {
  const auto streams = static_cast<uint64_t>(state.range(0));
  StreamTable table = Filled(streams);
  uint64_t first = 0;
  uint64_t time = kStart;
  for (auto _ : state) {
    if (first == 0) time += 1'000'000'000;
    Commit(table, first, kPointsPerCommit, time);
    first = (first + kPointsPerCommit) % streams;
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(kPointsPerCommit));
  state.counters["bytes_per_stream"] =
      static_cast<double>(table.memory_bytes()) / static_cast<double>(streams);
}
BENCHMARK(BM_StreamTable_Commit)->ArgName("streams")->Arg(100'000)->Arg(1'000'000);

// The part of a checkpoint that these streams are, all of them changed.
void BM_StreamTable_Checkpoint(benchmark::State& state) {
  const auto streams = static_cast<uint64_t>(state.range(0));
  StreamTable table = Filled(streams);
  for (auto _ : state) {
    storage::Batch batch;
    table.PutChanged(base::UnixNanos(std::chrono::nanoseconds(kStart)), batch);
    benchmark::DoNotOptimize(batch.operations().size());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<int64_t>(streams));
}
BENCHMARK(BM_StreamTable_Checkpoint)->ArgName("streams")->Arg(100'000);

}  // namespace
}  // namespace slowburn::app
