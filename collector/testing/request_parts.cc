#include "collector/testing/request_parts.h"

#include <algorithm>
#include <array>

namespace slowburn::collector {
namespace {

namespace otlp = opentelemetry::proto;
using model::AttributeScope;
using model::AttributeValue;

constexpr std::array<const char*, 10> kKeys = {"service.name",
                                               "http.route",
                                               "http.request.method",
                                               "http.response.status_code",
                                               "k",
                                               "",
                                               "url.path",
                                               "a.rather.long.name.of.an.attribute",
                                               "tenant",
                                               "deployment.environment.name"};

}  // namespace

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

const char* RandomKey(Random& random) { return kKeys[random() % kKeys.size()]; }

void FillValue(otlp::common::v1::AnyValue& value, Random& random) {
  switch (Below(10, random)) {
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
    case 7:
      if (OneIn(2, random)) return value.set_string_value_strindex(Below(3, random));
      return value.set_int_value(Below(3, random) - 1);
    default:
      return value.set_string_value(RandomText(200, random));
  }
}

void FillTypicalResource(otlp::resource::v1::Resource& resource, Random& random) {
  for (int i = 0; i < 12; ++i) {
    auto& attribute = *resource.add_attributes();
    attribute.set_key(i == 0 ? "service.name" : fmt::format("resource.attribute.{}", i));
    attribute.mutable_value()->set_string_value(i == 0 ? "checkout" : RandomText(20, random));
  }
}

void FillResource(otlp::resource::v1::Resource& resource, Random& random) {
  AddAttributes(Below(6, random), *resource.mutable_attributes(), random);
  resource.set_dropped_attributes_count(static_cast<uint32_t>(Below(300, random)));
}

void FillScope(otlp::common::v1::InstrumentationScope& scope, Random& random) {
  scope.set_name(RandomText(12, random));
  scope.set_version(RandomText(3, random));
  AddAttributes(Below(4, random), *scope.mutable_attributes(), random);
}

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

std::string Hex(std::string_view bytes) {
  std::string text;
  for (const char c : bytes) text += fmt::format("{:02x}", static_cast<unsigned char>(c));
  return text;
}

bool HasNonZero(std::string_view id, size_t size) {
  return id.size() == size && std::ranges::any_of(id, [](char c) { return c != 0; });
}

std::string IdText(std::string_view id, size_t size) { return HasNonZero(id, size) ? Hex(id) : ""; }

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

std::string Text(const SlotTexts& values) {
  std::string text;
  for (const auto& [slot, value] : values) text += fmt::format(" {}={}", slot, value);
  return text;
}

SlotTexts Projected(const model::SignalBatch& batch, model::AttributeRange range) {
  SlotTexts values;
  for (uint32_t i = range.begin; i < range.end; ++i) {
    values[batch.attributes.at(i).slot] = Text(batch.attributes[i].value);
  }
  return values;
}

std::string ResourceText(const model::SignalBatch& batch, const model::ResourceEntry& resource) {
  return fmt::format("resource dropped {}{}", resource.dropped_attributes_count,
                     Text(Projected(batch, resource.attributes)));
}

std::string ScopeText(const model::SignalBatch& batch, const model::ScopeEntry& scope) {
  return fmt::format(" | scope {} {} {}{}", scope.scope_name, scope.scope_version, scope.schema_url,
                     Text(Projected(batch, scope.attributes)));
}

std::string RejectedText(uint32_t ordinal, model::Rejection reason) {
  return fmt::format("rejected {} {}", ordinal, model::RejectionName(reason));
}

}  // namespace slowburn::collector
