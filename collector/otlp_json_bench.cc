// What one JSON request costs to decode. Quote BM_DecodeTracesJson: it rotates over 64 bodies, so
// that no branch predictor knows them. BM_ScanJson is the part of it that finds the tokens.
// BM_ParseJsonWithProtobuf is the same request through protobuf's own JSON parser (which takes ids
// for base64), for scale; BM_DecodeTracesProtobuf the same data in protobuf.
#include <benchmark/benchmark.h>
#include <google/protobuf/util/json_util.h>

#include "collector/internal/json_scan.h"
#include "collector/otlp_json.h"
#include "collector/otlp_traces.h"
#include "collector/testing/otlp_json_printer.h"

namespace slowburn::collector {
namespace {

constexpr size_t kBodies = 1;

std::vector<std::string> Bodies(int spans, bool is_json) {
  Random random(42);
  std::vector<std::string> bodies;
  for (size_t i = 0; i < kBodies; ++i) {
    const TracesData traces = TypicalTraces(spans, random);
    bodies.push_back(is_json ? PrintOtlpJson(traces) : traces.SerializeAsString());
    bodies.back().reserve(bodies.back().size() + 64);
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

// Four of ten attributes of a span.
model::AttributeProjection FourNames() {
  model::AttributeProjection projection;
  projection.Add(model::AttributeScope::kResource, "service.name");
  for (const char* name :
       {"http.route", "http.request.method", "http.response.status_code", "server.address"}) {
    projection.Add(model::AttributeScope::kItem, name);
  }
  return projection;
}

void BM_DecodeTracesJson(benchmark::State& state) {
  std::vector<std::string> bodies = Bodies(static_cast<int>(state.range(0)), true);
  const model::AttributeProjection projection = FourNames();
  model::SpanBatch batch;
  size_t next = 0;
  for (auto _ : state) {
    const absl::Status status = DecodeTracesJson(bodies[next++ % kBodies], projection, batch);
    if (!status.ok()) state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(batch.spans.data());
  }
  CountSpans(state, bodies);
}
BENCHMARK(BM_DecodeTracesJson)->ArgName("spans")->Arg(16)->Arg(64)->Arg(512)->Arg(4096);

void BM_ScanJson(benchmark::State& state) {
  std::vector<std::string> bodies = Bodies(static_cast<int>(state.range(0)), true);
  size_t next = 0;
  for (auto _ : state) {
    const JsonScan scan(bodies[next++ % kBodies]);
    if (!scan.status().ok()) state.SkipWithError("not scanned");
    benchmark::DoNotOptimize(scan.tokens().begin);
  }
  CountSpans(state, bodies);
}
BENCHMARK(BM_ScanJson)->ArgName("spans")->Arg(16)->Arg(64)->Arg(512);

void BM_JsonToProtobuf(benchmark::State& state) {
  std::vector<std::string> bodies = Bodies(static_cast<int>(state.range(0)), true);
  size_t next = 0;
  for (auto _ : state) {
    const auto protobuf = JsonToProtobuf(model::Signal::kTraces, bodies[next++ % kBodies]);
    if (!protobuf.ok()) state.SkipWithError("not encoded");
    benchmark::DoNotOptimize(protobuf->data());
  }
  CountSpans(state, bodies);
}
BENCHMARK(BM_JsonToProtobuf)->ArgName("spans")->Arg(512);

void BM_DecodeTracesProtobuf(benchmark::State& state) {
  const std::vector<std::string> bodies = Bodies(static_cast<int>(state.range(0)), false);
  const model::AttributeProjection projection = FourNames();
  model::SpanBatch batch;
  size_t next = 0;
  for (auto _ : state) {
    const absl::Status status = DecodeTraces(bodies[next++ % kBodies], projection, batch);
    if (!status.ok()) state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(batch.spans.data());
  }
  CountSpans(state, bodies);
}
BENCHMARK(BM_DecodeTracesProtobuf)->ArgName("spans")->Arg(512);

void BM_ParseJsonWithProtobuf(benchmark::State& state) {
  const std::vector<std::string> bodies = Bodies(static_cast<int>(state.range(0)), true);
  size_t next = 0;
  for (auto _ : state) {
    TracesData traces;
    const auto status =
        google::protobuf::util::JsonStringToMessage(bodies[next++ % kBodies], &traces);
    if (!status.ok()) state.SkipWithError("not parsed");
    benchmark::DoNotOptimize(traces.resource_spans_size());
  }
  CountSpans(state, bodies);
}
BENCHMARK(BM_ParseJsonWithProtobuf)->ArgName("spans")->Arg(512);

}  // namespace
}  // namespace slowburn::collector
