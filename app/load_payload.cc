#include "app/load_payload.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include <fmt/format.h>

#include "app/internal/load_payload_parts.h"
#include "app/version.h"

namespace slowburn::app {
namespace {

constexpr LoadField kKey{1, "key"};
constexpr LoadField kValue{2, "value"};
constexpr LoadField kStringValue{1, "stringValue"};
constexpr LoadField kIntValue{3, "intValue"};
constexpr LoadField kResource{1, "resource"};
constexpr LoadField kResourceAttributes{1, "attributes"};
constexpr LoadField kScope{1, "scope"};
constexpr LoadField kScopeName{1, "name"};
constexpr LoadField kScopeVersion{2, "version"};

constexpr std::string_view kServicePrefix = "load-";

// What a server's instrumentation adds, most common first.
constexpr std::array<std::pair<std::string_view, std::string_view>, 9> kUsualAttributes = {{
    {"url.scheme", "https"},
    {"server.address", "shop.example.org"},
    {"network.protocol.version", "1.1"},
    {"client.address", "203.0.113.77"},
    {"user_agent.original", "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101"},
    {"thread.name", "http-worker-7"},
    {"enduser.role", "customer"},
    {"deployment.zone", "eu-west-1b"},
    {"feature.variant", "new-basket"},
}};

void WriteTextAttribute(std::string_view key, std::string_view text, LoadTemplateWriter& writer) {
  writer.Text(kKey, key);
  writer.Message(kValue, [&] { writer.Text(kStringValue, text); });
}

}  // namespace

std::unique_ptr<LoadPayload> MakeLoadPayload(const LoadPayloadOptions& options) {
  switch (options.signal) {
    case model::Signal::kTraces:
      return MakeSpanPayload(options);
    case model::Signal::kMetrics:
      return MakeMetricPayload(options);
    case model::Signal::kLogs:
      return MakeLogPayload(options);
  }
  return nullptr;
}

std::string LoadServiceName(size_t service, size_t services) {
  return fmt::format("{}{:0{}}", kServicePrefix, service, DigitsOf(services - 1));
}

size_t DigitsOf(uint64_t number) { return fmt::format_int(number).size(); }

std::string RouteText(size_t digits) { return "/route/" + std::string(digits, '0'); }

void WriteAttributes(LoadField field, std::span<const LoadAttribute> attributes,
                     LoadTemplateWriter& writer) {
  writer.Messages(field, attributes.size(), [&](size_t i) {
    const LoadAttribute& attribute = attributes[i];
    switch (attribute.kind) {
      case LoadAttribute::Kind::kText:
        return WriteTextAttribute(attribute.key, attribute.text, writer);
      case LoadAttribute::Kind::kTextHole:
        writer.Text(kKey, attribute.key);
        return writer.Message(kValue, [&] {
          writer.Text(kStringValue, attribute.text, {{attribute.hole, attribute.at}});
        });
      case LoadAttribute::Kind::kIntHole:
        writer.Text(kKey, attribute.key);
        return writer.Message(kValue, [&] { writer.IntHole(kIntValue, attribute.hole); });
    }
  });
}

std::vector<LoadAttribute> RequestAttributes(size_t count, size_t route_digits, size_t route_hole,
                                             size_t status_hole) {
  using Kind = LoadAttribute::Kind;
  std::vector<LoadAttribute> attributes = {
      {.key = "http.request.method", .text = "GET"},
      {.key = "http.route",
       .text = RouteText(route_digits),
       .kind = Kind::kTextHole,
       .hole = route_hole,
       .at = kRouteDigitsAt},
      {.key = "http.response.status_code", .kind = Kind::kIntHole, .hole = status_hole}};
  for (const auto& [key, text] : kUsualAttributes) {
    if (attributes.size() >= count) break;
    attributes.push_back({.key = std::string(key), .text = std::string(text)});
  }
  while (attributes.size() < count) {
    attributes.push_back({.key = fmt::format("load.attribute.{}", attributes.size()),
                          .text = fmt::format("value of {}", attributes.size())});
  }
  return attributes;
}

LoadTemplate WriteEnvelope(const LoadPayloadOptions& options, const LoadEnvelope& envelope,
                           const std::function<void(LoadTemplateWriter&)>& items) {
  const std::vector<LoadAttribute> resource = {
      {.key = "service.name",
       .text = LoadServiceName(0, options.services),
       .kind = LoadAttribute::Kind::kTextHole,
       .hole = kServiceHole,
       .at = kServicePrefix.size()},
      {.key = "service.version", .text = "1.4.2"},
      {.key = "deployment.environment.name", .text = "load"},
      {.key = "host.name", .text = "load-host-1"},
      {.key = "telemetry.sdk.language", .text = "cpp"},
      {.key = "telemetry.sdk.name", .text = "slowburn-load"},
      {.key = "telemetry.sdk.version", .text = std::string(kVersion)}};
  LoadTemplateWriter writer(options.encoding);
  writer.Messages(envelope.resource_items, 1, [&](size_t) {
    writer.Message(kResource, [&] { WriteAttributes(kResourceAttributes, resource, writer); });
    writer.Messages(envelope.scope_items, 1, [&](size_t) {
      writer.Message(kScope, [&] {
        writer.Text(kScopeName, "slowburn.load");
        writer.Text(kScopeVersion, kVersion);
      });
      items(writer);
    });
  });
  return std::move(writer).Finish();
}

uint64_t Scramble(uint64_t number) {
  number = (number ^ number >> 30) * 0xbf58476d1ce4e5b9;
  number = (number ^ number >> 27) * 0x94d049bb133111eb;
  return number ^ number >> 31;
}

std::mt19937_64 RequestRandom(const LoadPayloadOptions& options, uint64_t number) {
  const uint64_t run = Scramble(options.seed + 1 + (static_cast<uint64_t>(options.signal) << 62));
  return std::mt19937_64(Scramble(run + number));
}

LoadEvents::LoadEvents(const LoadPayloadOptions& options)
    : cardinality_(options.cardinality),
      bad_below_(static_cast<uint64_t>(std::llround(std::ldexp(options.error_ratio, 32)))),
      latency_(options.latency),
      // Never so large that key + serial comes round to 0, which no span id may be.
      key_((Scramble(options.seed + 1) >> 2) + 1) {}

LoadEvents::Ids LoadEvents::IdsOf(uint64_t serial, std::mt19937_64& random) const {
  Ids ids;
  for (size_t i = 0; i < 8; ++i) ids.trace[i] = static_cast<char>(serial >> (56 - 8 * i));
  const uint64_t rest = random() | 1;  // an id of zeros alone is none
  std::memcpy(ids.trace.data() + 8, &rest, sizeof rest);
  const uint64_t span = Scramble(key_ + serial);
  std::memcpy(ids.span.data(), &span, sizeof span);
  return ids;
}

}  // namespace slowburn::app
