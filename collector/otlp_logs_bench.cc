// What one logs request costs to decode. Quote BM_DecodeLogs: it rotates over 64 bodies, so that no
// branch predictor knows them. BM_ParseLogsWithProtobuf is the same request through generated
// classes, for scale.
#include <benchmark/benchmark.h>

#include "collector/otlp_logs.h"
#include "collector/testing/log_requests.h"

namespace slowburn::collector {
namespace {

constexpr size_t kBodies = 64;

std::vector<std::string> Bodies(const benchmark::State& state) {
  Random random(42);
  std::vector<std::string> bodies;
  for (size_t i = 0; i < kBodies; ++i) {
    bodies.push_back(TypicalLogs(static_cast<int>(state.range(0)), random).SerializeAsString());
  }
  return bodies;
}

void CountRecords(benchmark::State& state, const std::vector<std::string>& bodies) {
  size_t bytes = 0;
  for (const std::string& body : bodies) bytes += body.size();
  const double mean = static_cast<double>(bytes) / static_cast<double>(bodies.size());
  state.counters["bytes_per_record"] = mean / static_cast<double>(state.range(0));
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(static_cast<int64_t>(mean * static_cast<double>(state.iterations())));
}

void BM_DecodeLogs(benchmark::State& state) {
  const std::vector<std::string> bodies = Bodies(state);
  model::AttributeProjection projection;
  projection.Add(model::AttributeScope::kResource, "service.name");
  for (const char* name : {"http.route", "tenant.id"}) {
    projection.Add(model::AttributeScope::kItem, name);
  }
  model::LogBatch batch;
  size_t next = 0;
  for (auto _ : state) {
    const absl::Status status = DecodeLogs(bodies[next++ % kBodies], projection, batch);
    if (!status.ok()) state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(batch.records.data());
  }
  CountRecords(state, bodies);
}
BENCHMARK(BM_DecodeLogs)->ArgName("records")->Arg(16)->Arg(512);

void BM_ParseLogsWithProtobuf(benchmark::State& state) {
  const std::vector<std::string> bodies = Bodies(state);
  size_t next = 0;
  for (auto _ : state) {
    LogsData logs;
    if (!logs.ParseFromString(bodies[next++ % kBodies])) state.SkipWithError("not parsed");
    benchmark::DoNotOptimize(logs.resource_logs_size());
  }
  CountRecords(state, bodies);
}
BENCHMARK(BM_ParseLogsWithProtobuf)->ArgName("records")->Arg(512);

}  // namespace
}  // namespace slowburn::collector
