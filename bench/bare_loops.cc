#include "bench/bare_loops.h"

#include <functional>
#include <map>
#include <stdexcept>
#include <vector>

#include "base/clock.h"
#include "base/memory_budget.h"
#include "bench/cpu.h"
#include "bench/payload.h"
#include "bench/simdjson_walk.h"
#include "collector/otlp_json.h"
#include "collector/otlp_traces.h"
#include "collector/testing/trace_requests.h"
#include "net/content_coding.h"
#include "rules/spec_file.h"
#include "slo/matcher.h"

namespace slowburn::bench {
namespace {

using std::chrono::steady_clock;

void Check(bool ok, const char* what) {
  if (!ok) throw std::runtime_error(what);
}

// Runs `decode(variant)` over all variants in turn for `length`.
double SpansPerCpuSecond(int spans, std::chrono::milliseconds length,
                         const std::function<void(size_t)>& decode) {
  for (size_t variant = 0; variant < kPayloads; ++variant) decode(variant);
  const steady_clock::time_point end = steady_clock::now() + length;
  const double start = ThreadCpuSeconds();
  uint64_t decoded = 0;
  do {
    for (size_t variant = 0; variant < kPayloads; ++variant) decode(variant);
    decoded += kPayloads * static_cast<uint64_t>(spans);
  } while (steady_clock::now() < end);
  return static_cast<double>(decoded) / (ThreadCpuSeconds() - start);
}

}  // namespace

BareRates MeasureBareLoops(const SloSet& set, std::chrono::milliseconds length) {
  const PayloadOptions options{.services = set.traffic_services()};
  const std::vector<std::string> bodies = MakeBodies(options);
  std::vector<std::string> zipped;
  for (const std::string& body : bodies) zipped.push_back(GzipAsClientsDo(body));

  const rules::SpecFileResult read = rules::ReadSpecText(set.Yaml(), "slos.yaml");
  Check(read.errors.empty(), "the SLOs cannot be read");
  std::vector<slo::IdentifiedSli> slis;
  for (const slo::SloSpec& slo : read.slos) {
    slis.push_back({static_cast<slo::SliId>(slis.size() + 1), &slo.sli});
  }
  const slo::SpanMatcher matcher(slis);
  slo::SpanMatcher::Scratch scratch(matcher);
  const auto now = base::FloorSeconds(base::SystemClock().Now());

  model::SpanBatch batch;
  std::string plain;
  const auto decode = [&](const std::string& body) {
    Check(collector::DecodeTraces(body, matcher.projection(), batch).ok(), "a body is not decoded");
  };
  BareRates rates;
  rates.decode =
      SpansPerCpuSecond(options.spans, length, [&](size_t variant) { decode(bodies[variant]); });
  rates.gunzip_decode = SpansPerCpuSecond(options.spans, length, [&](size_t variant) {
    base::MemoryLease lease;
    Check(net::DecodeContent(net::ContentCoding::kGzip, zipped[variant], {}, lease, plain).ok(),
          "a body is not gunzipped");
    decode(plain);
  });
  std::vector<std::string> texts =
      MakeBodies({.services = options.services, .encoding = Encoding::kJson});
  rates.json_decode = SpansPerCpuSecond(options.spans, length, [&](size_t variant) {
    Check(collector::DecodeTracesJson(texts[variant], matcher.projection(), batch).ok(),
          "a JSON body is not decoded");
  });
  for (std::string& text : texts) text.reserve(text.size() + simdjson::SIMDJSON_PADDING);
  SimdjsonWalk walk;
  rates.simdjson = SpansPerCpuSecond(options.spans, length, [&](size_t variant) {
    Check(walk.Walk(texts[variant]).spans == static_cast<uint64_t>(options.spans),
          "a JSON body is not walked");
  });
  rates.decode_match = SpansPerCpuSecond(options.spans, length, [&](size_t variant) {
    decode(bodies[variant]);
    Check(!matcher.Match(batch, now, scratch).empty(), "no SLO applies to the traffic");
  });
  rates.generated = SpansPerCpuSecond(options.spans, length, [&](size_t variant) {
    collector::TracesData traces;
    Check(traces.ParseFromString(bodies[variant]), "a body is not parsed");
  });
  return rates;
}

}  // namespace slowburn::bench
