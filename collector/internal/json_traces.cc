#include "collector/internal/json_traces.h"

#include "collector/internal/json_decode.h"
#include "collector/internal/json_enums.h"
#include "collector/internal/json_export.h"
#include "collector/internal/trace_ids.h"
#include "collector/otlp_json.h"

namespace slowburn::collector {
namespace {

using model::Rejection;
using model::Span;

template <typename Reader, typename Attributes>
class JsonTraces final : public JsonExport<Reader, Attributes> {
  using Base = JsonExport<Reader, Attributes>;

 public:
  JsonTraces(Reader& reader, const model::AttributeProjection& projection, DecodeCost& cost,
             model::SpanBatch& batch)
      : Base({JsonKey::kResourceSpans, JsonKey::kScopeSpans, JsonKey::kSpans}, reader, projection,
             cost, batch),
        batch_(batch),
        spans_(batch.spans, cost) {}

 private:
  using Position = typename Base::Position;
  Position Here() const override { return {spans_.size(), ordinal_}; }
  void ReturnTo(Position position) override {
    spans_.DropFrom(position.items);
    ordinal_ = position.ordinal;
  }
  void ReadItem() override;
  void ReadSpan(Span& span);
  void ReadStatus(Reader& reader, Span& span);

  using Base::attributes_;
  using Base::reader_;
  using Base::rejected_;
  using Base::slots_;
  model::SpanBatch& batch_;
  PaidVector<Span> spans_;
  uint32_t ordinal_ = 0;
  JsonKeyOrder order_;         // of a span's
  JsonKeyOrder status_order_;  // of its status'
};

template <typename Reader, typename Attributes>
void JsonTraces<Reader, Attributes>::ReadItem() {
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
  if constexpr (!Reader::kTakesRejected) reader_.Fail("its ids are none");
  rejected_.Append(
      {ordinal, IsTraceId(span.trace_id) ? Rejection::kInvalidSpanId : Rejection::kInvalidTraceId});
  slots_.DropFrom(slots_begin);
  spans_.DropFrom(spans_.size() - 1);
}

template <typename Reader, typename Attributes>
void JsonTraces<Reader, Attributes>::ReadSpan(Span& span) {
  typename Reader::Local reader = reader_;
  for (JsonObject object(reader); object.Next(order_);) {
    switch (object.key()) {
      case JsonKey::kTraceId:
        span.trace_id = reader.Id();
        break;
      case JsonKey::kSpanId:
        span.span_id = reader.Id();
        break;
      case JsonKey::kTraceState:
        span.trace_state = reader.String();
        break;
      case JsonKey::kParentSpanId:
        span.parent_span_id = reader.Id();
        break;
      case JsonKey::kName:
        span.name = reader.String();
        break;
      case JsonKey::kKind:
        span.kind = reader.Enum(kSpanKindNames);
        break;
      case JsonKey::kStartTimeUnixNano:
        span.start_time_unix_nano = reader.Uint64();
        break;
      case JsonKey::kEndTimeUnixNano:
        span.end_time_unix_nano = reader.Uint64();
        break;
      case JsonKey::kAttributes:
        reader_.Seek(reader.at());
        span.attributes = attributes_.Read(model::AttributeScope::kItem);
        reader.Seek(reader_.at());
        break;
      case JsonKey::kDroppedAttributesCount:
        span.dropped_attributes_count = reader.Uint32();
        break;
      case JsonKey::kDroppedEventsCount:
        span.dropped_events_count = reader.Uint32();
        break;
      case JsonKey::kDroppedLinksCount:
        span.dropped_links_count = reader.Uint32();
        break;
      case JsonKey::kStatus:
        ReadStatus(reader, span);
        break;
      default:
        reader.Skip();
    }
  }
  reader_.Seek(reader.at());
}

template <typename Reader, typename Attributes>
void JsonTraces<Reader, Attributes>::ReadStatus(Reader& reader, Span& span) {
  span.status_message = {};
  span.status_code = 0;
  if (reader.TakeNull()) return;
  for (JsonObject object(reader); object.Next(status_order_);) {
    switch (object.key()) {
      case JsonKey::kMessage:
        span.status_message = reader.String();
        break;
      case JsonKey::kCode:
        span.status_code = reader.Enum(kStatusCodeNames);
        break;
      default:
        reader.Skip();
    }
  }
}

}  // namespace

bool DecodeUsualTraces(std::string& body, const model::AttributeProjection& projection,
                       model::SpanBatch& batch, base::MemoryLease* lease) {
  using Export = JsonTraces<JsonTextReader, JsonTextAttributes>;
  return DecodeUsualJson<Export>(body, projection, batch, lease);
}

absl::Status DecodeTracesByTokens(std::string& body, const model::AttributeProjection& projection,
                                  model::SpanBatch& batch, base::MemoryLease* lease) {
  return DecodeJson<JsonTraces<JsonReader, JsonAttributes>>(body, projection, batch, lease);
}

absl::Status DecodeTracesJson(std::string& body, const model::AttributeProjection& projection,
                              model::SpanBatch& batch, base::MemoryLease* lease) {
  if (DecodeUsualTraces(body, projection, batch, lease)) return absl::OkStatus();
  return DecodeTracesByTokens(body, projection, batch, lease);
}

}  // namespace slowburn::collector
