// What it costs to open a request's body: 512 spans of 459 bytes. Bytes per second are of what
// comes out; `ratio` is how far the body was compressed. It rotates over 16 bodies, so that no
// branch predictor knows them.
#include <random>
#include <vector>

#include <benchmark/benchmark.h>

#include "net/content_coding.h"

namespace slowburn::net {
namespace {

constexpr size_t kBodies = 16;
constexpr int kSpans = 512;
constexpr int kSpanBytes = 459;

struct Attribute {
  std::string_view key;
  std::string_view values[4];
};
constexpr Attribute kAttributes[] = {
    {"http.route", {"/api/v1/carts/{cart}/items", "/api/v1/pay", "/login", "/items/{id}"}},
    {"http.request.method", {"GET", "GET", "POST", "PUT"}},
    {"http.response.status_code", {"200", "200", "404", "503"}},
    {"server.address", {"checkout.eu-1.internal", "cart.eu-1.internal", "pay", "search"}},
    {"network.protocol.version", {"1.1", "1.1", "2", "2"}},
    {"url.scheme", {"https", "https", "https", "http"}},
    {"user_agent.original", {"Mozilla/5.0 (X11; Linux x86_64)", "curl/7.88", "grpc-go", "okhttp"}},
    {"client.address", {"10.1.2.3", "10.1.2.4", "10.20.0.5", "10.20.0.6"}},
    {"deployment.environment", {"production", "production", "production", "canary"}},
};

// Ids and times that repeat little, names and values that repeat much, as in OTLP.
std::string TraceLike(std::mt19937_64& random) {
  std::string body;
  uint64_t time = 1'700'000'000'000'000'000;
  const auto append = [&body](uint64_t number, int bytes) {
    for (int i = 0; i < bytes; ++i) body += static_cast<char>(number >> (8 * i));
  };
  for (int i = 0; i < kSpans; ++i) {
    const size_t end = body.size() + kSpanBytes;
    for (int id = 0; id < 4; ++id) append(random(), 8);  // trace, span, parent
    time += random() % 1'000'000;
    append(time, 8);
    append(time + random() % 500'000'000, 8);
    for (const Attribute& attribute : kAttributes) {
      body += attribute.key;
      body += attribute.values[random() % 4];
    }
    append(random(), 6);  // a tenant's number, say
    body.resize(end, ' ');
  }
  return body;
}

void BM_DecodeContent(benchmark::State& state, ContentCoding coding) {
  std::mt19937_64 random(42);
  std::vector<std::string> bodies;
  size_t compressed_bytes = 0;
  for (size_t i = 0; i < kBodies; ++i) {
    bodies.push_back(EncodeContent(coding, TraceLike(random)));
    compressed_bytes += bodies.back().size();
  }
  base::MemoryLease lease;
  std::string out;
  size_t next = 0;
  for (auto _ : state) {
    const absl::Status status = DecodeContent(coding, bodies[next++ % kBodies], {}, lease, out);
    if (!status.ok()) state.SkipWithError("not decoded");
    benchmark::DoNotOptimize(out.data());
  }
  state.SetBytesProcessed(state.iterations() * kSpans * kSpanBytes);
  state.counters["ratio"] =
      static_cast<double>(kBodies * kSpans * kSpanBytes) / static_cast<double>(compressed_bytes);
}
BENCHMARK_CAPTURE(BM_DecodeContent, gzip, ContentCoding::kGzip);
BENCHMARK_CAPTURE(BM_DecodeContent, deflate, ContentCoding::kDeflate);
BENCHMARK_CAPTURE(BM_DecodeContent, zstd, ContentCoding::kZstd);
BENCHMARK_CAPTURE(BM_DecodeContent, identity, ContentCoding::kIdentity);

}  // namespace
}  // namespace slowburn::net
