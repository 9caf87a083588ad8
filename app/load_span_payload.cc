#include "app/internal/load_payload_parts.h"

namespace slowburn::app {
namespace {

constexpr LoadEnvelope kEnvelope{{1, "resourceSpans"}, {2, "scopeSpans"}};
constexpr LoadField kSpans{2, "spans"};
constexpr LoadField kTraceId{1, "traceId"};
constexpr LoadField kSpanId{2, "spanId"};
constexpr LoadField kName{5, "name"};
constexpr LoadField kKind{6, "kind"};
constexpr LoadField kStart{7, "startTimeUnixNano"};
constexpr LoadField kEnd{8, "endTimeUnixNano"};
constexpr LoadField kAttributes{9, "attributes"};
constexpr LoadField kStatus{15, "status"};
constexpr LoadField kCode{3, "code"};

constexpr uint8_t kKindServer = 2;
constexpr uint8_t kCodeUnset = 0;
constexpr uint8_t kCodeError = 2;
constexpr std::string_view kMethod = "GET ";

// Of each span.
enum Hole : size_t {
  kTraceIdHole,
  kSpanIdHole,
  kNameHole,
  kStartHole,
  kEndHole,
  kRouteHole,
  kHttpStatusHole,
  kCodeHole,
  kHoles
};

class SpanPayload final : public LoadPayload {
 public:
  explicit SpanPayload(const LoadPayloadOptions& options)
      : options_(options),
        events_(options),
        service_digits_(DigitsOf(options.services - 1)),
        route_digits_(DigitsOf(options.cardinality - 1)),
        template_(Write()) {}

  size_t items() const override { return options_.items; }
  Made Make(uint64_t number, base::UnixNanos now, std::string& body) const override;

 private:
  LoadTemplate Write() const;

  const LoadPayloadOptions options_;
  const LoadEvents events_;
  const size_t service_digits_;
  const size_t route_digits_;
  const LoadTemplate template_;  // last: written from the others
};

LoadTemplate SpanPayload::Write() const {
  return WriteEnvelope(options_, kEnvelope, [this](LoadTemplateWriter& writer) {
    writer.Messages(kSpans, options_.items, [&](size_t i) {
      const size_t first = kFirstItemHole + i * kHoles;
      writer.IdHole(kTraceId, 16, first + kTraceIdHole);
      writer.IdHole(kSpanId, 8, first + kSpanIdHole);
      writer.Text(kName, std::string(kMethod) + RouteText(route_digits_),
                  {{first + kNameHole, kMethod.size() + kRouteDigitsAt}});
      writer.Enum(kKind, kKindServer);
      writer.Fixed64Hole(kStart, first + kStartHole);
      writer.Fixed64Hole(kEnd, first + kEndHole);
      WriteAttributes(kAttributes,
                      RequestAttributes(options_.attributes, route_digits_, first + kRouteHole,
                                        first + kHttpStatusHole),
                      writer);
      writer.Message(kStatus, [&] { writer.EnumHole(kCode, first + kCodeHole); });
    });
  });
}

LoadPayload::Made SpanPayload::Make(uint64_t number, base::UnixNanos now, std::string& body) const {
  body = template_.bytes();
  Made made{.service = number % options_.services};
  template_.PutDigits(kServiceHole, made.service, service_digits_, body);
  std::mt19937_64 random = RequestRandom(options_, number);
  const auto newest = static_cast<uint64_t>(now.time_since_epoch().count());
  for (size_t i = 0; i < options_.items; ++i) {
    const LoadEvents::Event event = events_.Draw(random);
    const LoadEvents::Ids ids = events_.IdsOf(number * options_.items + i, random);
    const size_t first = kFirstItemHole + i * kHoles;
    template_.PutId(first + kTraceIdHole, {ids.trace.data(), ids.trace.size()}, body);
    template_.PutId(first + kSpanIdHole, {ids.span.data(), ids.span.size()}, body);
    template_.PutDigits(first + kNameHole, event.route, route_digits_, body);
    const uint64_t end = newest - 1000 * (options_.items - 1 - i);
    template_.PutFixed64(first + kStartHole, end - static_cast<uint64_t>(event.duration.count()),
                         body);
    template_.PutFixed64(first + kEndHole, end, body);
    template_.PutDigits(first + kRouteHole, event.route, route_digits_, body);
    template_.PutInt(first + kHttpStatusHole, event.bad ? 500 : 200, body);
    template_.PutEnum(first + kCodeHole, event.bad ? kCodeError : kCodeUnset, body);
    made.bad += event.bad ? 1 : 0;
  }
  return made;
}

}  // namespace

std::unique_ptr<LoadPayload> MakeSpanPayload(const LoadPayloadOptions& options) {
  return std::make_unique<SpanPayload>(options);
}

}  // namespace slowburn::app
