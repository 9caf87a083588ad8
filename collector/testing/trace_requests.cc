#include "collector/testing/trace_requests.h"

#include <algorithm>
#include <array>

namespace slowburn::collector {
namespace {

namespace otlp = opentelemetry::proto;
using model::AttributeScope;

void FillSpan(otlp::trace::v1::Span& span, Random& random) {
  span.set_trace_id(RandomId(16, random));
  span.set_span_id(RandomId(8, random));
  span.set_trace_state(RandomText(5, random));
  span.set_parent_span_id(RandomBytes(random() % 10, random));
  span.set_flags(static_cast<uint32_t>(random()));
  span.set_name(RandomText(30, random));
  span.set_kind(static_cast<otlp::trace::v1::Span::SpanKind>(Below(9, random) - 1));
  span.set_start_time_unix_nano(random());
  if (!OneIn(20, random)) span.set_end_time_unix_nano(random());
  AddAttributes(Below(12, random), *span.mutable_attributes(), random);
  span.set_dropped_attributes_count(static_cast<uint32_t>(random()));
  span.set_dropped_events_count(static_cast<uint32_t>(Below(3, random)));
  span.set_dropped_links_count(static_cast<uint32_t>(Below(3, random)));
  if (OneIn(3, random)) span.add_events()->set_name("event");
  if (OneIn(3, random)) span.add_links()->set_trace_id("link");
  if (OneIn(2, random)) {
    span.mutable_status()->set_message(RandomText(9, random));
    span.mutable_status()->set_code(
        static_cast<otlp::trace::v1::Status::StatusCode>(Below(5, random)));
  }
}

void FillTypicalValue(std::string_view key, otlp::common::v1::AnyValue& value, Random& random) {
  if (key == "http.response.status_code")
    return value.set_int_value(OneIn(100, random) ? 500 : 200);
  if (key == "thread.id") return value.set_int_value(Below(200, random));
  if (key == "http.route") {
    return value.set_string_value(fmt::format("/api/checkout/{{cart}}/{}", random() % 30));
  }
  if (key == "url.path") {
    return value.set_string_value("/api/checkout/" +
                                  std::string(12, static_cast<char>('a' + random() % 26)));
  }
  value.set_string_value(key == "user_agent.original" ? "Mozilla/5.0 (X11; Linux x86_64)"
                                                      : "checkout.shop");
}

}  // namespace

TracesData RandomTraces(Random& random) {
  TracesData traces;
  for (int r = Below(4, random); r > 0; --r) {
    auto& resource_spans = *traces.add_resource_spans();
    if (!OneIn(5, random)) FillResource(*resource_spans.mutable_resource(), random);
    resource_spans.set_schema_url(RandomText(12, random));
    for (int s = Below(4, random); s > 0; --s) {
      auto& scope_spans = *resource_spans.add_scope_spans();
      if (!OneIn(5, random)) FillScope(*scope_spans.mutable_scope(), random);
      if (OneIn(2, random)) scope_spans.set_schema_url(RandomText(12, random));
      for (int i = Below(7, random); i > 0; --i) FillSpan(*scope_spans.add_spans(), random);
    }
  }
  return traces;
}

TracesData TypicalTraces(int spans, Random& random) {
  constexpr std::array<const char*, 10> kKeys = {
      "http.route",     "http.request.method",      "url.path",
      "url.scheme",     "server.address",           "user_agent.original",
      "client.address", "network.protocol.version", "http.response.status_code",
      "thread.id"};
  // Each of a service's few instrumentations writes its attributes in its own order.
  std::array<std::array<const char*, kKeys.size()>, 4> shapes;
  for (auto& shape : shapes) {
    shape = kKeys;
    std::ranges::shuffle(shape, random);
  }
  TracesData traces;
  auto& resource_spans = *traces.add_resource_spans();
  FillTypicalResource(*resource_spans.mutable_resource(), random);
  auto& scope_spans = *resource_spans.add_scope_spans();
  scope_spans.mutable_scope()->set_name("io.opentelemetry.spring-webmvc-6.0");
  for (int i = 0; i < spans; ++i) {
    auto& span = *scope_spans.add_spans();
    span.set_trace_id(RandomBytes(16, random));
    span.set_span_id(RandomBytes(8, random));
    span.set_parent_span_id(RandomBytes(8, random));
    span.set_flags(0x101);
    span.set_name("POST /api/checkout/{cart}");
    span.set_kind(otlp::trace::v1::Span::SPAN_KIND_SERVER);
    span.set_start_time_unix_nano(1'790'000'000'000'000'000 + random() % 1'000'000'000);
    span.set_end_time_unix_nano(span.start_time_unix_nano() + random() % 1'000'000'000);
    for (const char* key : shapes[random() % shapes.size()]) {
      auto& attribute = *span.add_attributes();
      attribute.set_key(OneIn(100, random) ? "error.type" : key);
      FillTypicalValue(key, *attribute.mutable_value(), random);
    }
    span.mutable_status()->set_code(otlp::trace::v1::Status::STATUS_CODE_OK);
  }
  return traces;
}

std::vector<std::string> Describe(const TracesData& traces,
                                  const model::AttributeProjection& projection) {
  std::vector<std::string> lines;
  std::vector<std::string> rejected;
  bool has_item_without_time = false;
  uint32_t ordinal = 0;
  for (const auto& resource_spans : traces.resource_spans()) {
    const std::string outer = ResourceText(resource_spans.resource(), projection);
    for (const auto& scope_spans : resource_spans.scope_spans()) {
      const std::string inner = outer + ScopeText(scope_spans, projection);
      for (const auto& span : scope_spans.spans()) {
        const uint32_t own_ordinal = ordinal++;
        if (!HasNonZero(span.trace_id(), 16) || !HasNonZero(span.span_id(), 8)) {
          rejected.push_back(RejectedText(own_ordinal, HasNonZero(span.trace_id(), 16)
                                                           ? model::Rejection::kInvalidSpanId
                                                           : model::Rejection::kInvalidTraceId));
          continue;
        }
        has_item_without_time |= span.end_time_unix_nano() == 0;
        lines.push_back(fmt::format(
            "{} | span {} {} {} {} {} '{}' {} {} {} '{}' {} {} {} {}{}", inner, own_ordinal,
            Hex(span.trace_id()), Hex(span.span_id()), Hex(span.parent_span_id()),
            span.trace_state(), span.name(), static_cast<int>(span.kind()),
            span.start_time_unix_nano(), span.end_time_unix_nano(), span.status().message(),
            static_cast<int>(span.status().code()), span.dropped_attributes_count(),
            span.dropped_events_count(), span.dropped_links_count(),
            Text(Projected(span.attributes(), AttributeScope::kItem, projection))));
      }
    }
  }
  lines.insert(lines.end(), rejected.begin(), rejected.end());
  lines.push_back(fmt::format("without time {}", has_item_without_time));
  return lines;
}

std::vector<std::string> Describe(const model::SpanBatch& batch) {
  std::vector<std::string> lines;
  ForEachScope(batch, batch.spans.size(), lines, [&](const std::string& inner, uint32_t s) {
    for (uint32_t i = batch.scopes[s].item_begin; i < batch.scopes[s].item_end; ++i) {
      const model::Span& span = batch.spans.at(i);
      lines.push_back(
          fmt::format("{} | span {} {} {} {} {} '{}' {} {} {} '{}' {} {} {} {}{}", inner,
                      span.ordinal, Hex(span.trace_id), Hex(span.span_id), Hex(span.parent_span_id),
                      span.trace_state, span.name, span.kind, span.start_time_unix_nano,
                      span.end_time_unix_nano, span.status_message, span.status_code,
                      span.dropped_attributes_count, span.dropped_events_count,
                      span.dropped_links_count, Text(Projected(batch, span.attributes))));
    }
  });
  for (const model::RejectedItem& span : batch.rejected) {
    lines.push_back(RejectedText(span.ordinal, span.reason));
  }
  lines.push_back(fmt::format("without time {}", batch.has_item_without_time));
  return lines;
}

}  // namespace slowburn::collector
