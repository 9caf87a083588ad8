// What matching costs per span, and that SLIs of other services cost nothing.
#include <string>

#include <benchmark/benchmark.h>
#include <fmt/format.h>

#include "slo/matcher.h"
#include "slo/testing/batch_builder.h"
#include "slo/testing/build_slo.h"

namespace slowburn::slo {
namespace {

using model::AttributeValue;

constexpr int kSpans = 512;
constexpr int kServices = 10;
constexpr size_t kSlisOfOneService = 10;

// The SLIs of one service: by kind, by route, errors and latencies.
SliSpec SliOf(const std::string& service, size_t index) {
  std::string match = fmt::format(
      "resource.attributes[\"service.name\"] == \"{}\" and span.kind == "
      "SPAN_KIND_SERVER",
      service);
  if (index % 5 == 1) match += " and span.attributes[\"http.route\"] == \"/pay/{id}\"";
  if (index % 5 == 2) match += " and HasPrefix(span.name, \"POST\")";
  SliArgs args{.match = match};
  if (index % 2 == 0) {
    args.bad = "span.status.code == STATUS_CODE_ERROR";
  } else {
    args.latency_max = std::chrono::milliseconds(100 * (index + 1));
  }
  if (index % 3 == 0) args.group_by = {"http.route"};
  return BuildSli(args);
}

// 512 spans of ten services; the first 10 SLIs are of one of them, the rest of services that send
// nothing.
void BM_Matcher_Match(benchmark::State& state) {
  const auto count = static_cast<size_t>(state.range(0));
  std::vector<SliSpec> specs;
  for (size_t i = 0; i < count; ++i) {
    const bool here = i < kSlisOfOneService;
    specs.push_back(
        SliOf(here ? "service-0" : fmt::format("silent-{}", i / kSlisOfOneService), i % 10));
  }
  std::vector<IdentifiedSli> slis;
  for (const SliSpec& spec : specs) slis.push_back({static_cast<SliId>(slis.size() + 1), &spec});
  const SpanMatcher matcher(slis);

  std::vector<std::string> services;
  for (int s = 0; s < kServices; ++s) services.push_back(fmt::format("service-{}", s));
  SpanBatchBuilder builder(matcher.projection());
  for (int i = 0; i < kSpans; ++i) {
    const int service = i * kServices / kSpans;
    if (i == 0 || (i - 1) * kServices / kSpans != service)
      builder.Service(services[static_cast<size_t>(service)]);
    model::Span span;
    span.name = "POST /pay/{id}";
    span.kind = static_cast<int32_t>(model::SpanKind::kServer);
    span.status_code = i % 50 == 0 ? 2 : 0;
    span.start_time_unix_nano = 1'702'080'000'000'000'000 + static_cast<uint64_t>(i) * 10'000'000;
    span.end_time_unix_nano = span.start_time_unix_nano + 150'000'000;
    builder.Add(span, {{"http.route", AttributeValue::String(i % 2 == 0 ? "/pay/{id}" : "/cart")},
                       {"http.response.status_code", AttributeValue::Int(200)}});
  }
  SpanMatcher::Scratch scratch(matcher);
  for (auto _ : state) {
    const SliDelta delta =
        matcher.Match(builder.batch(), std::chrono::sys_seconds(std::chrono::seconds(1)), scratch);
    benchmark::DoNotOptimize(delta.entries().data());
  }
  state.SetItemsProcessed(state.iterations() * kSpans);
}
BENCHMARK(BM_Matcher_Match)->ArgName("slis")->Arg(1)->Arg(10)->Arg(100)->Arg(10'000);

}  // namespace
}  // namespace slowburn::slo
