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
        batch_(batch) {}

 private:
  uint32_t items() const override { return static_cast<uint32_t>(batch_.spans.size()); }
  void DropItemsFrom(uint32_t begin) override { batch_.spans.resize(begin); }
  void ReadItem() override;
  void ReadSpan(Span& span);
  void ReadStatus(Span& span);

  model::SpanBatch& batch_;
  JsonKeyOrder order_;  // of a span's
};

void JsonTraces::ReadItem() {
  const uint32_t ordinal = NextOrdinal();
  const uint32_t attributes_begin = attributes_.count();
  // In place: a span is too large to be copied for nothing.
  Span& span = batch_.spans.emplace_back();
  ReadSpan(span);
  span.ordinal = ordinal;
  if (IsTraceId(span.trace_id) && IsSpanId(span.span_id)) {
    cost_.Charge(sizeof(Span));
    batch_.has_item_without_time |= span.end_time_unix_nano == 0;
    return;
  }
  Reject(ordinal,
         IsTraceId(span.trace_id) ? Rejection::kInvalidSpanId : Rejection::kInvalidTraceId);
  DropAttributesFrom(attributes_begin);
  batch_.spans.pop_back();
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
                              model::SpanBatch& batch) {
  batch.Clear();
  absl::Status status = ReadJson(body, batch.bytes, [&](JsonReader& reader, DecodeCost& cost) {
    JsonTraces(reader, projection, cost, batch).Read();
  });
  if (!status.ok()) batch.Clear();
  return status;
}

}  // namespace slowburn::collector
