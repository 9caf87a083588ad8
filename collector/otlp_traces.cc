#include "collector/otlp_traces.h"

#include "collector/internal/envelope_decoder.h"
#include "collector/internal/otlp_fields.h"
#include "collector/internal/trace_ids.h"
#include "collector/internal/wire_reader.h"

// What a span costs (decode_cost.h): at least 30 bytes on the wire and 144 in memory, yet spans as
// instrumentation makes them (a name, times, a few attributes) stay below 2 x; a rejected span is 2
// bytes on the wire at least and 8 in memory.

namespace slowburn::collector {
namespace {

using model::AttributeScope;
using model::Rejection;
using model::Span;

class TraceDecoder : public EnvelopeDecoder<TraceDecoder, model::SpanBatch> {
 public:
  static constexpr const char* kMessageName = "ExportTraceServiceRequest";
  static constexpr const char* kResourceItems = "resource spans";
  static constexpr const char* kScopeItems = "scope spans";

  TraceDecoder(std::string_view body, const model::AttributeProjection& projection,
               model::SpanBatch& batch, base::MemoryLease* lease)
      : EnvelopeDecoder(body, projection, batch, lease), spans_(batch.spans, cost_) {}

  uint32_t ItemCount() const { return spans_.size(); }
  void DecodeItem(std::string_view message);

 private:
  void DecodeStatus(std::string_view message, Span& span);

  PaidVector<Span> spans_;
  uint32_t ordinal_ = 0;
};

void TraceDecoder::DecodeItem(std::string_view message) {
  At({"span", message.data()});
  const uint32_t ordinal = ordinal_++;
  // In place: a span is too large to be copied for nothing.
  Span& span = spans_.Append();
  span.attributes.begin = attributes_.size();
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kSpanTraceId:
        span.trace_id = reader.Bytes();
        break;
      case tags::kSpanSpanId:
        span.span_id = reader.Bytes();
        break;
      case tags::kSpanTraceState:
        span.trace_state = reader.Bytes();
        break;
      case tags::kSpanParentSpanId:
        span.parent_span_id = reader.Bytes();
        break;
      case tags::kSpanName:
        span.name = reader.Bytes();
        break;
      case tags::kSpanKind:
        span.kind = static_cast<int32_t>(reader.Varint());
        break;
      case tags::kSpanStartTime:
        span.start_time_unix_nano = reader.Fixed64();
        break;
      case tags::kSpanEndTime:
        span.end_time_unix_nano = reader.Fixed64();
        break;
      case tags::kSpanAttributes:
        DecodeAttribute(AttributeScope::kItem, reader.Bytes());
        break;
      case tags::kSpanDroppedAttributes:
        span.dropped_attributes_count = static_cast<uint32_t>(reader.Varint());
        break;
      case tags::kSpanDroppedEvents:
        span.dropped_events_count = static_cast<uint32_t>(reader.Varint());
        break;
      case tags::kSpanDroppedLinks:
        span.dropped_links_count = static_cast<uint32_t>(reader.Varint());
        break;
      case tags::kSpanStatus:
        DecodeStatus(reader.Bytes(), span);
        break;
      default:
        reader.Skip();
    }
  }
  span.ordinal = ordinal;
  span.attributes.end = attributes_.size();
  if (IsTraceId(span.trace_id) && IsSpanId(span.span_id)) {
    batch_.has_item_without_time |= span.end_time_unix_nano == 0;
    return;
  }
  rejected_.Append(
      {ordinal, IsTraceId(span.trace_id) ? Rejection::kInvalidSpanId : Rejection::kInvalidTraceId});
  attributes_.DropFrom(span.attributes.begin);
  spans_.DropFrom(ItemCount() - 1);
}

void TraceDecoder::DecodeStatus(std::string_view message, Span& span) {
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kStatusMessage:
        span.status_message = reader.Bytes();
        break;
      case tags::kStatusCode:
        span.status_code = static_cast<int32_t>(reader.Varint());
        break;
      default:
        reader.Skip();
    }
  }
}

}  // namespace

absl::Status DecodeTraces(std::string_view body, const model::AttributeProjection& projection,
                          model::SpanBatch& batch, base::MemoryLease* lease) {
  return TraceDecoder::Run(body, projection, batch, lease);
}

}  // namespace slowburn::collector
