#include "app/internal/load_payload_parts.h"

namespace slowburn::app {
namespace {

constexpr LoadEnvelope kEnvelope{{1, "resourceLogs"}, {2, "scopeLogs"}};
constexpr LoadField kLogRecords{2, "logRecords"};
constexpr LoadField kTime{1, "timeUnixNano"};
constexpr LoadField kObservedTime{11, "observedTimeUnixNano"};
constexpr LoadField kSeverityNumber{2, "severityNumber"};
constexpr LoadField kSeverityText{3, "severityText"};
constexpr LoadField kBody{5, "body"};
constexpr LoadField kBodyText{1, "stringValue"};
constexpr LoadField kAttributes{6, "attributes"};
constexpr LoadField kTraceId{9, "traceId"};
constexpr LoadField kSpanId{10, "spanId"};

// "GET /route/000 answered 200 in 0000000 ms"
constexpr std::string_view kBodyBegin = "GET ";
constexpr std::string_view kBodyStatus = " answered 200";
constexpr std::string_view kBodyMillis = " in 0000000 ms";
constexpr size_t kMillisDigits = 7;  // an hour

// Of each record.
enum Hole : size_t {
  kTimeHole,
  kObservedTimeHole,
  kSeverityHole,
  kSeverityTextHole,
  kBodyRouteHole,
  kBodyStatusHole,
  kBodyMillisHole,
  kRouteHole,
  kHttpStatusHole,
  kTraceIdHole,
  kSpanIdHole,
  kHoles
};

struct Severity {
  uint8_t number;
  std::string_view text;  // as loggers abbreviate it
};
constexpr Severity kDebug{5, "D"};
constexpr Severity kInfo{9, "I"};
constexpr Severity kWarning{13, "W"};
constexpr Severity kError{17, "E"};

// Errors by the error ratio; of the others a fifth are for debugging and a tenth are warnings.
Severity SeverityOf(bool bad, uint64_t random) {
  if (bad) return kError;
  const uint64_t tenth = random % 10;
  if (tenth < 2) return kDebug;
  return tenth == 2 ? kWarning : kInfo;
}

class LogPayload final : public LoadPayload {
 public:
  explicit LogPayload(const LoadPayloadOptions& options)
      : options_(options),
        events_(options),
        service_digits_(DigitsOf(options.services - 1)),
        route_digits_(DigitsOf(options.cardinality - 1)),
        template_(Write()) {}

  size_t items() const override { return options_.items; }
  Made Make(uint64_t number, base::UnixNanos now, std::string& body) const override;

 private:
  LoadTemplate Write() const;
  void WriteBody(size_t first, LoadTemplateWriter& writer) const;

  const LoadPayloadOptions options_;
  const LoadEvents events_;
  const size_t service_digits_;
  const size_t route_digits_;
  const LoadTemplate template_;  // last: written from the others
};

LoadTemplate LogPayload::Write() const {
  return WriteEnvelope(options_, kEnvelope, [this](LoadTemplateWriter& writer) {
    writer.Messages(kLogRecords, options_.items, [&](size_t i) {
      const size_t first = kFirstItemHole + i * kHoles;
      writer.Fixed64Hole(kTime, first + kTimeHole);
      writer.Fixed64Hole(kObservedTime, first + kObservedTimeHole);
      writer.EnumHole(kSeverityNumber, first + kSeverityHole);
      writer.Text(kSeverityText, kInfo.text, {{first + kSeverityTextHole, 0}});
      WriteBody(first, writer);
      WriteAttributes(kAttributes,
                      RequestAttributes(options_.attributes, route_digits_, first + kRouteHole,
                                        first + kHttpStatusHole),
                      writer);
      writer.IdHole(kTraceId, 16, first + kTraceIdHole);
      writer.IdHole(kSpanId, 8, first + kSpanIdHole);
    });
  });
}

void LogPayload::WriteBody(size_t first, LoadTemplateWriter& writer) const {
  std::string text(kBodyBegin);
  text += RouteText(route_digits_);
  text += kBodyStatus;
  const size_t status_at = text.size() - 3;
  const size_t millis_at = text.size() + 4;
  text += kBodyMillis;
  writer.Message(kBody, [&] {
    writer.Text(kBodyText, text,
                {{first + kBodyRouteHole, kBodyBegin.size() + kRouteDigitsAt},
                 {first + kBodyStatusHole, status_at},
                 {first + kBodyMillisHole, millis_at}});
  });
}

LoadPayload::Made LogPayload::Make(uint64_t number, base::UnixNanos now, std::string& body) const {
  body = template_.bytes();
  Made made{.service = number % options_.services};
  template_.PutDigits(kServiceHole, made.service, service_digits_, body);
  std::mt19937_64 random = RequestRandom(options_, number);
  const auto newest = static_cast<uint64_t>(now.time_since_epoch().count());
  for (size_t i = 0; i < options_.items; ++i) {
    const LoadEvents::Event event = events_.Draw(random);
    const LoadEvents::Ids ids = events_.IdsOf(number * options_.items + i, random);
    const Severity severity = SeverityOf(event.bad, random());
    const uint16_t status = event.bad ? 500 : 200;
    const uint64_t time = newest - 1000 * (options_.items - 1 - i);
    const size_t first = kFirstItemHole + i * kHoles;
    template_.PutFixed64(first + kTimeHole, time, body);
    template_.PutFixed64(first + kObservedTimeHole, newest, body);
    template_.PutEnum(first + kSeverityHole, severity.number, body);
    template_.PutText(first + kSeverityTextHole, severity.text, body);
    template_.PutDigits(first + kBodyRouteHole, event.route, route_digits_, body);
    template_.PutDigits(first + kBodyStatusHole, status, 3, body);
    template_.PutDigits(first + kBodyMillisHole,
                        static_cast<uint64_t>(event.duration.count()) / 1'000'000, kMillisDigits,
                        body);
    template_.PutDigits(first + kRouteHole, event.route, route_digits_, body);
    template_.PutInt(first + kHttpStatusHole, status, body);
    template_.PutId(first + kTraceIdHole, {ids.trace.data(), ids.trace.size()}, body);
    template_.PutId(first + kSpanIdHole, {ids.span.data(), ids.span.size()}, body);
    made.bad += event.bad ? 1 : 0;
  }
  return made;
}

}  // namespace

std::unique_ptr<LoadPayload> MakeLogPayload(const LoadPayloadOptions& options) {
  return std::make_unique<LogPayload>(options);
}

}  // namespace slowburn::app
