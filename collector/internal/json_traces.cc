#include "collector/internal/json_decode.h"
#include "collector/internal/json_enums.h"
#include "collector/internal/json_export.h"
#include "collector/internal/trace_ids.h"
#include "collector/otlp_json.h"

namespace slowburn::collector {
namespace {

using model::Rejection;
using model::Span;

class JsonTraces final : public JsonExport {
 public:
  JsonTraces(JsonReader& reader, const model::AttributeProjection& projection, DecodeCost& cost,
             model::SpanBatch& batch)
      : JsonExport({JsonKey::kResourceSpans, JsonKey::kScopeSpans, JsonKey::kSpans}, reader,
                   projection, cost, batch),
        batch_(batch),
        spans_(batch.spans, cost) {}

 private:
  Position Here() const override { return {spans_.size(), ordinal_}; }
  void ReturnTo(Position position) override {
    spans_.DropFrom(position.items);
    ordinal_ = position.ordinal;
  }
  void ReadItem() override;
  void ReadSpan(Span& span);
  void ReadStatus(Span& span);

  model::SpanBatch& batch_;
  PaidVector<Span> spans_;
  uint32_t ordinal_ = 0;
  JsonKeyOrder order_;  // of a span's
};

void JsonTraces::ReadItem() {
  // A copy, as g++ zeroes a new one byte by byte; in place, as it is too large for another.
  static constexpr Span kEmpty{};
  const uint32_t ordinal = ordinal_++;
  const uint32_t slots_begin = slots_.size();
  spans_.Append(kEmpty);
  Span& span = spans_.back();
  ReadSpan(span);
  span.ordinal = ordinal;
  if (IsTraceId(span.trace_id) && IsSpanId(span.span_id)) {
    batch_.has_item_without_time |= span.end_time_unix_nano == 0;
    return;
  }
  rejected_.Append(
      {ordinal, IsTraceId(span.trace_id) ? Rejection::kInvalidSpanId : Rejection::kInvalidTraceId});
  slots_.DropFrom(slots_begin);
  spans_.DropFrom(spans_.size() - 1);
}

void JsonTraces::ReadSpan(Span& span) {
  for (JsonObject object(reader_); object.Next(order_);) {
    switch (object.key()) {
      case JsonKey::kTraceId:
        span.trace_id = reader_.Id();
        break;
      case JsonKey::kSpanId:
        span.span_id = reader_.Id();
        break;
      case JsonKey::kTraceState:
        span.trace_state = reader_.String();
        break;
      case JsonKey::kParentSpanId:
        span.parent_span_id = reader_.Id();
        break;
      case JsonKey::kName:
        span.name = reader_.String();
        break;
      case JsonKey::kKind:
        span.kind = reader_.Enum(kSpanKindNames);
        break;
      case JsonKey::kStartTimeUnixNano:
        span.start_time_unix_nano = reader_.Uint64();
        break;
      case JsonKey::kEndTimeUnixNano:
        span.end_time_unix_nano = reader_.Uint64();
        break;
      case JsonKey::kAttributes:
        span.attributes = attributes_.Read(model::AttributeScope::kItem);
        break;
      case JsonKey::kDroppedAttributesCount:
        span.dropped_attributes_count = reader_.Uint32();
        break;
      case JsonKey::kDroppedEventsCount:
        span.dropped_events_count = reader_.Uint32();
        break;
      case JsonKey::kDroppedLinksCount:
        span.dropped_links_count = reader_.Uint32();
        break;
      case JsonKey::kStatus:
        ReadStatus(span);
        break;
      default:
        reader_.Skip();
    }
  }
}

void JsonTraces::ReadStatus(Span& span) {
  span.status_message = {};
  span.status_code = 0;
  if (reader_.TakeNull()) return;
  for (JsonObject object(reader_); object.Next();) {
    switch (object.key()) {
      case JsonKey::kMessage:
        span.status_message = reader_.String();
        break;
      case JsonKey::kCode:
        span.status_code = reader_.Enum(kStatusCodeNames);
        break;
      default:
        reader_.Skip();
    }
  }
}

}  // namespace

absl::Status DecodeTracesJson(std::string& body, const model::AttributeProjection& projection,
                              model::SpanBatch& batch, base::MemoryLease* lease) {
  return DecodeJson<JsonTraces>(body, projection, batch, lease);
}

}  // namespace slowburn::collector
