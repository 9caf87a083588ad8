// What one JSON request costs to decode. Quote BM_DecodeTracesJson: it rotates over 64 bodies, so
// that no branch predictor and no cache knows them. BM_ScanJson is the part of it that finds the
// tokens. BM_ParseJsonWithProtobuf is the same request through protobuf's own JSON parser (which
// takes ids for base64), for scale; BM_DecodeTracesProtobuf the same data in protobuf.
#include <benchmark/benchmark.h>
#include <google/protobuf/util/json_util.h>

#include "collector/internal/json_scan.h"
#include "collector/otlp_json.h"
#include "collector/otlp_traces.h"
#include "collector/testing/log_requests.h"
#include "collector/testing/metric_requests.h"
#include "collector/testing/otlp_json_printer.h"
#include "collector/testing/trace_requests.h"

namespace slowburn::collector {
namespace {

constexpr size_t kBodies = 64;

// Room behind the end, as JSON asks for it: else the first decoding of each copies it.
template <typename Make>
std::vector<std::string> Bodies(const Make& make) {
  Random random(42);
  std::vector<std::string> bodies;
  for (size_t i = 0; i < kBodies; ++i) {
    bodies.push_back(make(random));
    bodies.back().reserve(bodies.back().size() + kTextAhead);
  }
  return bodies;
}

std::vector<std::string> JsonTraces(int spans) {
  return Bodies([&](Random& random) { return PrintOtlpJson(TypicalTraces(spans, random)); });
}

void CountItems(benchmark::State& state, const std::vector<std::string>& bodies) {
  size_t bytes = 0;
  for (const std::string& body : bodies) bytes += body.size();
  const double mean = static_cast<double>(bytes) / static_cast<double>(bodies.size());
  state.counters["bytes_per_item"] = mean / static_cast<double>(state.range(0));
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

template <typename Batch, typename Decode>
void RunDecoder(benchmark::State& state, std::vector<std::string> bodies, const Decode& decode) {
  const model::AttributeProjection projection = FourNames();
  Batch batch;
  size_t next = 0;
  for (auto _ : state) {
    const absl::Status status = decode(bodies[next++ % kBodies], projection, batch, nullptr);
    if (!status.ok()) state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(batch.accepted());
  }
  CountItems(state, bodies);
}

void BM_DecodeTracesJson(benchmark::State& state) {
  RunDecoder<model::SpanBatch>(state, JsonTraces(static_cast<int>(state.range(0))),
                               DecodeTracesJson);
}
BENCHMARK(BM_DecodeTracesJson)->ArgName("spans")->Arg(16)->Arg(512);

void BM_DecodeTracesProtobuf(benchmark::State& state) {
  auto bodies = Bodies([&](Random& random) {
    return TypicalTraces(static_cast<int>(state.range(0)), random).SerializeAsString();
  });
  RunDecoder<model::SpanBatch>(state, std::move(bodies), DecodeTraces);
}
BENCHMARK(BM_DecodeTracesProtobuf)->ArgName("spans")->Arg(512);

void BM_DecodeMetricsJson(benchmark::State& state) {
  const int points = static_cast<int>(state.range(0));
  auto bodies = Bodies([&](Random& random) {
    return PrintOtlpJson(TypicalMetrics(points - points / 8, points / 8, random));
  });
  RunDecoder<model::MetricBatch>(state, std::move(bodies), DecodeMetricsJson);
}
BENCHMARK(BM_DecodeMetricsJson)->ArgName("points")->Arg(512);

void BM_DecodeLogsJson(benchmark::State& state) {
  auto bodies = Bodies([&](Random& random) {
    return PrintOtlpJson(TypicalLogs(static_cast<int>(state.range(0)), random));
  });
  RunDecoder<model::LogBatch>(state, std::move(bodies), DecodeLogsJson);
}
BENCHMARK(BM_DecodeLogsJson)->ArgName("records")->Arg(512);

void BM_ScanJson(benchmark::State& state) {
  std::vector<std::string> bodies = JsonTraces(static_cast<int>(state.range(0)));
  size_t next = 0;
  for (auto _ : state) {
    const JsonScan scan(bodies[next++ % kBodies]);
    if (!scan.status().ok()) state.SkipWithError("not scanned");
    benchmark::DoNotOptimize(scan.tokens().begin);
  }
  CountItems(state, bodies);
}
BENCHMARK(BM_ScanJson)->ArgName("spans")->Arg(512);

void BM_JsonToProtobuf(benchmark::State& state) {
  std::vector<std::string> bodies = JsonTraces(static_cast<int>(state.range(0)));
  size_t next = 0;
  for (auto _ : state) {
    const auto protobuf = JsonToProtobuf(model::Signal::kTraces, bodies[next++ % kBodies]);
    if (!protobuf.ok()) state.SkipWithError("not encoded");
    benchmark::DoNotOptimize(protobuf->data());
  }
  CountItems(state, bodies);
}
BENCHMARK(BM_JsonToProtobuf)->ArgName("spans")->Arg(512);

void BM_ParseJsonWithProtobuf(benchmark::State& state) {
  const std::vector<std::string> bodies = JsonTraces(static_cast<int>(state.range(0)));
  size_t next = 0;
  for (auto _ : state) {
    TracesData traces;
    const auto status =
        google::protobuf::util::JsonStringToMessage(bodies[next++ % kBodies], &traces);
    if (!status.ok()) state.SkipWithError("not parsed");
    benchmark::DoNotOptimize(traces.resource_spans_size());
  }
  CountItems(state, bodies);
}
BENCHMARK(BM_ParseJsonWithProtobuf)->ArgName("spans")->Arg(512);

}  // namespace
}  // namespace slowburn::collector
