#include "collector/testing/trace_requests.h"

#include <algorithm>
#include <array>
#include <map>

#include <fmt/format.h>
#include <protozero/pbf_writer.hpp>

#include "collector/internal/trace_fields.h"
#include "collector/internal/wire_reader.h"

namespace slowburn::collector {
namespace {

namespace otlp = opentelemetry::proto;
using model::AttributeScope;
using model::AttributeValue;

constexpr std::array<const char*, 10> kNames = {"service.name",
                                                "http.route",
                                                "http.request.method",
                                                "http.response.status_code",
                                                "k",
                                                "",
                                                "url.path",
                                                "a.rather.long.name.of.an.attribute",
                                                "tenant",
                                                "deployment.environment.name"};

// The last value of each slot counts, so a map it is.
using Values = std::map<uint32_t, std::string>;

int Below(int n, Random& random) { return std::uniform_int_distribution<int>(0, n - 1)(random); }
bool OneIn(int n, Random& random) { return Below(n, random) == 0; }

std::string RandomText(size_t size_max, Random& random) {
  std::string text(random() % (size_max + 1), ' ');
  for (char& c : text) c = static_cast<char>('a' + Below(26, random));
  return text;
}

std::string RandomBytes(size_t size, Random& random) {
  std::string bytes(size, '\0');
  for (char& c : bytes) c = static_cast<char>(random());
  return bytes;
}

std::string RandomId(size_t size, Random& random) {
  if (OneIn(12, random)) return std::string(size, '\0');
  if (OneIn(12, random)) return RandomBytes(random() % 20, random);
  return RandomBytes(size, random);
}

void FillValue(otlp::common::v1::AnyValue& value, Random& random) {
  switch (Below(9, random)) {
    case 0:
      return value.set_bool_value(OneIn(2, random));
    case 1:
      return value.set_int_value(static_cast<int64_t>(random()));
    case 2:
      return value.set_double_value(static_cast<double>(Below(1000, random)) / 8);
    case 3:
      value.mutable_array_value()->add_values()->set_int_value(7);
      return;
    case 4:
      value.mutable_kvlist_value()->add_values()->set_key("inner");
      return;
    case 5:
      return value.set_bytes_value(RandomBytes(random() % 9, random));
    case 6:
      return;  // no member
    default:
      return value.set_string_value(RandomText(200, random));
  }
}

template <typename Message>
void AddAttributes(int count, Message& message, Random& random) {
  for (int i = 0; i < count; ++i) {
    auto& attribute = *message.add_attributes();
    attribute.set_key(kNames[random() % kNames.size()]);
    if (!OneIn(10, random)) FillValue(*attribute.mutable_value(), random);
  }
}

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
  AddAttributes(Below(12, random), span, random);
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

void FillTypicalResource(otlp::resource::v1::Resource& resource, Random& random) {
  for (int i = 0; i < 12; ++i) {
    auto& attribute = *resource.add_attributes();
    attribute.set_key(i == 0 ? "service.name" : fmt::format("resource.attribute.{}", i));
    attribute.mutable_value()->set_string_value(i == 0 ? "checkout" : RandomText(20, random));
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

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

std::string Text(const otlp::common::v1::AnyValue& value) {
  using otlp::common::v1::AnyValue;
  switch (value.value_case()) {
    case AnyValue::kStringValue:
      return "s:" + value.string_value();
    case AnyValue::kBoolValue:
      return value.bool_value() ? "true" : "false";
    case AnyValue::kIntValue:
      return fmt::format("i:{}", value.int_value());
    case AnyValue::kDoubleValue:
      return fmt::format("d:{}", value.double_value());
    case AnyValue::kBytesValue:
      return "b:" + Hex(value.bytes_value());
    case AnyValue::kArrayValue:
    case AnyValue::kKvlistValue:
      return "composite";
    default:
      return "nil";
  }
}

std::string Text(const AttributeValue& value) {
  switch (value.kind()) {
    case AttributeValue::Kind::kString:
      return fmt::format("s:{}", value.text());
    case AttributeValue::Kind::kBool:
      return value.boolean() ? "true" : "false";
    case AttributeValue::Kind::kInt:
      return fmt::format("i:{}", value.integer());
    case AttributeValue::Kind::kDouble:
      return fmt::format("d:{}", value.number());
    case AttributeValue::Kind::kBytes:
      return "b:" + Hex(value.text());
    case AttributeValue::Kind::kComposite:
      return "composite";
    case AttributeValue::Kind::kNil:
      return "nil";
  }
  return "?";
}

std::string Text(const Values& values) {
  std::string text;
  for (const auto& [slot, value] : values) text += fmt::format(" {}={}", slot, value);
  return text;
}

template <typename Message>
Values ValuesOf(const Message& message, AttributeScope scope,
                const model::AttributeProjection& projection) {
  Values values;
  for (const auto& attribute : message.attributes()) {
    const int slot = projection.Find(scope, attribute.key());
    if (slot != model::AttributeProjection::kNone) {
      values[static_cast<uint32_t>(slot)] = Text(attribute.value());
    }
  }
  return values;
}

Values ValuesOf(const model::SpanBatch& batch, model::AttributeRange range) {
  Values values;
  for (uint32_t i = range.begin; i < range.end; ++i) {
    values[batch.attributes.at(i).slot] = Text(batch.attributes[i].value);
  }
  return values;
}

bool HasNonZero(std::string_view id, size_t size) {
  return id.size() == size && std::ranges::any_of(id, [](char c) { return c != 0; });
}

// --- Mangle ---------------------------------------------------------------------------------

// The messages of a trace export, as far as they are taken apart.
enum class Shape {
  kRequest,
  kResourceSpans,
  kResource,
  kScopeSpans,
  kScope,
  kSpan,
  kStatus,
  kKeyValue,
  kAnyValue,
  kLeaf
};

struct Child {
  Shape shape = Shape::kLeaf;
  bool is_singular = false;
};

Child ChildOf(Shape shape, uint32_t tag) {
  namespace tags = trace_fields;
  switch (shape) {
    case Shape::kRequest:
      if (tag == tags::kRequestResourceSpans) return {Shape::kResourceSpans};
      break;
    case Shape::kResourceSpans:
      if (tag == tags::kResourceSpansResource) return {Shape::kResource, true};
      if (tag == tags::kResourceSpansScopeSpans) return {Shape::kScopeSpans};
      break;
    case Shape::kResource:
      if (tag == tags::kResourceAttributes) return {Shape::kKeyValue};
      break;
    case Shape::kScopeSpans:
      if (tag == tags::kScopeSpansScope) return {Shape::kScope, true};
      if (tag == tags::kScopeSpansSpans) return {Shape::kSpan};
      break;
    case Shape::kScope:
      if (tag == tags::kScopeAttributes) return {Shape::kKeyValue};
      break;
    case Shape::kSpan:
      if (tag == tags::kSpanAttributes) return {Shape::kKeyValue};
      if (tag == tags::kSpanStatus) return {Shape::kStatus, true};
      break;
    case Shape::kKeyValue:
      if (tag == tags::kKeyValueValue) return {Shape::kAnyValue, true};
      break;
    default:
      break;
  }
  return {};
}

struct Field {
  uint32_t tag;
  std::string raw;
};

std::vector<Field> Split(std::string_view message) {
  std::vector<Field> fields;
  WireReader reader(message);
  while (reader.Next()) {
    reader.Skip();
    fields.push_back({reader.tag(), std::string(reader.field())});
  }
  return fields;
}

std::string_view Content(std::string_view field) {
  WireReader reader(field);
  reader.Next();
  return reader.Bytes();
}

std::string Framed(uint32_t tag, std::string_view content) {
  std::string framed;
  protozero::add_varint_to_buffer(&framed, tag);
  protozero::add_varint_to_buffer(&framed, content.size());
  framed += content;
  return framed;
}

std::string Varint(uint64_t value) {
  std::string bytes;
  protozero::add_varint_to_buffer(&bytes, value);
  return bytes;
}

std::string UnknownField(Random& random) {
  constexpr std::array<uint32_t, 4> kNumbers = {17, 1000, 2047, 536870911};
  const uint32_t number = kNumbers[random() % kNumbers.size()];
  switch (Below(6, random)) {
    case 0:
      return Varint(FieldTag(number, WireType::kVarint)) + Varint(random());
    case 1:
      return Varint(FieldTag(number, WireType::kFixed64)) + RandomBytes(8, random);
    case 2:
      return Framed(FieldTag(number, WireType::kBytes), RandomBytes(random() % 20, random));
    case 3:
      return Varint(FieldTag(number, WireType::kFixed32)) + RandomBytes(4, random);
    case 4:  // A number that is known in every message, of a type that it has in none.
      return Varint(FieldTag(1, WireType::kFixed32)) + RandomBytes(4, random);
    default:
      return Varint(FieldTag(number, WireType::kGroup)) +
             (OneIn(2, random) ? UnknownField(random) : "") +
             Varint(FieldTag(number, WireType::kGroupEnd));
  }
}

// Any order that keeps fields of one number in theirs.
std::vector<Field> Reordered(std::vector<Field> fields, Random& random) {
  std::vector<uint32_t> order;
  std::map<uint32_t, std::vector<Field>> by_tag;
  for (Field& field : fields) {
    order.push_back(field.tag);
    by_tag[field.tag].push_back(std::move(field));
  }
  std::ranges::shuffle(order, random);
  std::map<uint32_t, size_t> taken;
  std::vector<Field> reordered;
  for (const uint32_t tag : order) reordered.push_back(by_tag[tag][taken[tag]++]);
  return reordered;
}

std::string Join(const std::vector<Field>& fields, size_t begin, size_t end) {
  std::string joined;
  for (size_t i = begin; i < end; ++i) joined += fields[i].raw;
  return joined;
}

std::string MangleMessage(Shape shape, std::string_view message, Random& random) {
  std::vector<Field> fields;
  for (Field& field : Split(message)) {
    const Child child = ChildOf(shape, field.tag);
    if (child.shape == Shape::kLeaf) {
      fields.push_back(std::move(field));
      continue;
    }
    const std::string content = MangleMessage(child.shape, Content(field.raw), random);
    if (!child.is_singular || !OneIn(3, random)) {
      fields.push_back({field.tag, Framed(field.tag, content)});
      continue;
    }
    const std::vector<Field> parts = Split(content);
    const size_t cut = random() % (parts.size() + 1);
    fields.push_back({field.tag, Framed(field.tag, Join(parts, 0, cut))});
    fields.push_back({field.tag, Framed(field.tag, Join(parts, cut, parts.size()))});
  }
  std::string mangled;
  for (const Field& field : Reordered(std::move(fields), random)) {
    if (OneIn(8, random)) mangled += UnknownField(random);
    mangled += field.raw;
  }
  if (OneIn(8, random)) mangled += UnknownField(random);
  return mangled;
}

}  // namespace

model::AttributeProjection TestProjection() {
  model::AttributeProjection projection;
  for (const AttributeScope scope :
       {AttributeScope::kResource, AttributeScope::kScope, AttributeScope::kItem}) {
    for (const char* name :
         {"service.name", "http.route", "k", "http.response.status_code", "never.sent"}) {
      projection.Add(scope, name);
    }
  }
  return projection;
}

TracesData RandomTraces(Random& random) {
  TracesData traces;
  for (int r = Below(4, random); r > 0; --r) {
    auto& resource_spans = *traces.add_resource_spans();
    if (!OneIn(5, random)) {
      AddAttributes(Below(6, random), *resource_spans.mutable_resource(), random);
      resource_spans.mutable_resource()->set_dropped_attributes_count(
          static_cast<uint32_t>(Below(300, random)));
    }
    resource_spans.set_schema_url(RandomText(12, random));
    for (int s = Below(4, random); s > 0; --s) {
      auto& scope_spans = *resource_spans.add_scope_spans();
      if (!OneIn(5, random)) {
        scope_spans.mutable_scope()->set_name(RandomText(12, random));
        scope_spans.mutable_scope()->set_version(RandomText(3, random));
        AddAttributes(Below(4, random), *scope_spans.mutable_scope(), random);
      }
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

std::string Mangle(std::string_view body, Random& random) {
  return MangleMessage(Shape::kRequest, body, random);
}

std::vector<std::string> Describe(const TracesData& traces,
                                  const model::AttributeProjection& projection) {
  std::vector<std::string> lines;
  std::vector<std::string> rejected;
  bool has_item_without_time = false;
  uint32_t ordinal = 0;
  for (const auto& resource_spans : traces.resource_spans()) {
    const auto& resource = resource_spans.resource();
    const std::string outer =
        fmt::format("resource dropped {}{}", resource.dropped_attributes_count(),
                    Text(ValuesOf(resource, AttributeScope::kResource, projection)));
    for (const auto& scope_spans : resource_spans.scope_spans()) {
      const auto& scope = scope_spans.scope();
      const std::string inner =
          fmt::format("{} | scope {} {}{}", outer, scope.name(), scope.version(),
                      Text(ValuesOf(scope, AttributeScope::kScope, projection)));
      for (const auto& span : scope_spans.spans()) {
        const uint32_t own_ordinal = ordinal++;
        if (!HasNonZero(span.trace_id(), 16) || !HasNonZero(span.span_id(), 8)) {
          rejected.push_back(fmt::format("rejected {} {}", own_ordinal,
                                         HasNonZero(span.trace_id(), 16) ? "span id" : "trace id"));
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
            Text(ValuesOf(span, AttributeScope::kItem, projection))));
      }
    }
  }
  lines.insert(lines.end(), rejected.begin(), rejected.end());
  lines.push_back(fmt::format("without time {}", has_item_without_time));
  return lines;
}

std::vector<std::string> Describe(const model::SpanBatch& batch) {
  std::vector<std::string> lines;
  uint32_t next_scope = 0;
  uint32_t next_span = 0;
  for (const model::ResourceEntry& resource : batch.resources) {
    const std::string outer =
        fmt::format("resource dropped {}{}", resource.dropped_attributes_count,
                    Text(ValuesOf(batch, resource.attributes)));
    if (resource.scope_begin != next_scope) lines.push_back("scopes do not follow each other");
    next_scope = resource.scope_end;
    for (uint32_t s = resource.scope_begin; s < resource.scope_end; ++s) {
      const model::ScopeEntry& scope = batch.scopes.at(s);
      const std::string inner =
          fmt::format("{} | scope {} {}{}", outer, scope.scope_name, scope.scope_version,
                      Text(ValuesOf(batch, scope.attributes)));
      if (scope.item_begin != next_span) lines.push_back("spans do not follow each other");
      next_span = scope.item_end;
      for (uint32_t i = scope.item_begin; i < scope.item_end; ++i) {
        const model::Span& span = batch.spans.at(i);
        lines.push_back(
            fmt::format("{} | span {} {} {} {} {} '{}' {} {} {} '{}' {} {} {} {}{}", inner,
                        span.ordinal, Hex(span.trace_id), Hex(span.span_id),
                        Hex(span.parent_span_id), span.trace_state, span.name, span.kind,
                        span.start_time_unix_nano, span.end_time_unix_nano, span.status_message,
                        span.status_code, span.dropped_attributes_count, span.dropped_events_count,
                        span.dropped_links_count, Text(ValuesOf(batch, span.attributes))));
      }
    }
  }
  if (next_scope != batch.scopes.size()) lines.push_back("a scope of no resource");
  if (next_span != batch.spans.size()) lines.push_back("a span of no scope");
  for (const model::RejectedItem& span : batch.rejected) {
    lines.push_back(
        fmt::format("rejected {} {}", span.ordinal,
                    span.reason == model::Rejection::kInvalidSpanId ? "span id" : "trace id"));
  }
  lines.push_back(fmt::format("without time {}", batch.has_item_without_time));
  return lines;
}

std::vector<std::string> RawSpans(std::string_view body) {
  namespace tags = trace_fields;
  std::vector<std::string> spans;
  for (const Field& resource_spans : Split(body)) {
    if (resource_spans.tag != tags::kRequestResourceSpans) continue;
    for (const Field& scope_spans : Split(Content(resource_spans.raw))) {
      if (scope_spans.tag != tags::kResourceSpansScopeSpans) continue;
      for (const Field& span : Split(Content(scope_spans.raw))) {
        if (span.tag == tags::kScopeSpansSpans) spans.push_back(span.raw);
      }
    }
  }
  return spans;
}

}  // namespace slowburn::collector
