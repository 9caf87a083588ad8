// What a condition costs per span: the shapes that SLOs use.
#include <benchmark/benchmark.h>

#include "ottl/testing/one_item.h"

namespace slowburn::ottl {
namespace {

using model::AttributeValue;

void BM_Predicate_Eval(benchmark::State& state, std::string_view text) {
  const auto condition = Condition::Parse(text);
  if (!condition.ok()) {
    state.SkipWithError(condition.status().ToString().c_str());
    return;
  }
  OneSpan span;
  span.resource_attributes = {{"service.name", AttributeValue::String("checkout")}};
  span.item_attributes = {{"http.route", AttributeValue::String("/pay/{id}")},
                          {"http.response.status_code", AttributeValue::Int(503)}};
  span.item.name = "POST /pay/{id}";
  span.item.kind = 2;
  span.item.status_code = 2;
  span.item.end_time_unix_nano = 250'000'000;

  model::AttributeProjection projection;
  const Predicate predicate = Predicate::Compile(*condition, projection);
  const OneSpan::Decoded decoded = span.Decode(projection);
  model::SpanCursor cursor(projection);
  OneSpan::Enter(decoded, cursor);
  for (auto _ : state) {
    benchmark::DoNotOptimize(cursor);
    benchmark::DoNotOptimize(predicate.Eval(cursor));
  }
  state.SetItemsProcessed(state.iterations());
}

BENCHMARK_CAPTURE(
    BM_Predicate_Eval, service_and_kind,
    R"(resource.attributes["service.name"] == "checkout" and span.kind == SPAN_KIND_SERVER)");
BENCHMARK_CAPTURE(BM_Predicate_Eval, status, "span.status.code == STATUS_CODE_ERROR");
BENCHMARK_CAPTURE(BM_Predicate_Eval, duration, "span.duration > 300ms");
BENCHMARK_CAPTURE(
    BM_Predicate_Eval, http_5xx,
    R"(span.attributes["http.response.status_code"] >= 500 and span.attributes["http.response.status_code"] < 600)");
BENCHMARK_CAPTURE(BM_Predicate_Eval, is_match,
                  R"(IsMatch(span.attributes["http.route"], "^/(pay|cart)/"))");
BENCHMARK_CAPTURE(BM_Predicate_Eval, has_prefix,
                  R"(HasPrefix(span.attributes["http.route"], "/pay/"))");

}  // namespace
}  // namespace slowburn::ottl
