// What one request costs to decode. Quote BM_DecodeTraces: it rotates over 64 bodies, so that no
// branch predictor knows them. BM_ParseWithProtobuf is the same request through generated classes,
// for scale.
#include <benchmark/benchmark.h>

#include "collector/otlp_traces.h"
#include "collector/testing/trace_requests.h"
#include "collector/without_items.h"

namespace slowburn::collector {
namespace {

constexpr size_t kBodies = 64;

std::vector<std::string> Bodies(int spans) {
  Random random(42);
  std::vector<std::string> bodies;
  for (size_t i = 0; i < kBodies; ++i) {
    bodies.push_back(TypicalTraces(spans, random).SerializeAsString());
  }
  return bodies;
}

void CountSpans(benchmark::State& state, const std::vector<std::string>& bodies) {
  size_t bytes = 0;
  for (const std::string& body : bodies) bytes += body.size();
  const double mean = static_cast<double>(bytes) / static_cast<double>(bodies.size());
  state.counters["bytes_per_span"] = mean / static_cast<double>(state.range(0));
  state.SetItemsProcessed(state.iterations() * state.range(0));
  state.SetBytesProcessed(static_cast<int64_t>(mean * static_cast<double>(state.iterations())));
}

model::AttributeProjection FiveNames() {
  model::AttributeProjection projection;
  projection.Add(model::AttributeScope::kResource, "service.name");
  for (const char* name : {"http.route", "http.request.method", "http.response.status_code",
                           "server.address", "tenant.id"}) {
    projection.Add(model::AttributeScope::kItem, name);
  }
  return projection;
}

void BM_DecodeTraces(benchmark::State& state) {
  const std::vector<std::string> bodies = Bodies(static_cast<int>(state.range(0)));
  const model::AttributeProjection projection = FiveNames();
  model::SpanBatch batch;
  size_t next = 0;
  for (auto _ : state) {
    const absl::Status status = DecodeTraces(bodies[next++ % kBodies], projection, batch);
    if (!status.ok()) state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(batch.spans.data());
  }
  CountSpans(state, bodies);
}
BENCHMARK(BM_DecodeTraces)->ArgName("spans")->Arg(16)->Arg(512);

void BM_ParseWithProtobuf(benchmark::State& state) {
  const std::vector<std::string> bodies = Bodies(static_cast<int>(state.range(0)));
  size_t next = 0;
  for (auto _ : state) {
    TracesData traces;
    if (!traces.ParseFromString(bodies[next++ % kBodies])) state.SkipWithError("not parsed");
    benchmark::DoNotOptimize(traces.resource_spans_size());
  }
  CountSpans(state, bodies);
}
BENCHMARK(BM_ParseWithProtobuf)->ArgName("spans")->Arg(512);

void BM_WithoutItems(benchmark::State& state) {
  const std::vector<std::string> bodies = Bodies(static_cast<int>(state.range(0)));
  const std::vector<model::RejectedItem> one = {{static_cast<uint32_t>(state.range(0)) / 2}};
  size_t next = 0;
  for (auto _ : state) {
    benchmark::DoNotOptimize(WithoutItems(model::Signal::kTraces, bodies[next++ % kBodies], one));
  }
  CountSpans(state, bodies);
}
BENCHMARK(BM_WithoutItems)->ArgName("spans")->Arg(512);

}  // namespace
}  // namespace slowburn::collector
