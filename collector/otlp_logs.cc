#include "collector/otlp_logs.h"

#include "collector/internal/envelope_decoder.h"
#include "collector/internal/otlp_fields.h"
#include "collector/internal/trace_ids.h"
#include "collector/internal/wire_reader.h"

// What a record costs (decode_cost.h): at least 2 bytes on the wire, as no record is invalid, and
// 120 in memory; records as applications write them (times, a severity, a line of text) stay below
// 2 x.

namespace slowburn::collector {
namespace {

using model::LogRecord;

class LogDecoder : public EnvelopeDecoder<LogDecoder, model::LogBatch> {
 public:
  static constexpr const char* kMessageName = "ExportLogsServiceRequest";
  static constexpr const char* kResourceItems = "resource logs";
  static constexpr const char* kScopeItems = "scope logs";

  LogDecoder(std::string_view body, const model::AttributeProjection& projection,
             model::LogBatch& batch, base::MemoryLease* lease)
      : EnvelopeDecoder(body, projection, batch, lease), records_(batch.records, cost_) {}

  uint32_t ItemCount() const { return records_.size(); }
  void DecodeItem(std::string_view message);

 private:
  PaidVector<LogRecord> records_;
};

void LogDecoder::DecodeItem(std::string_view message) {
  At({"log record", message.data()});
  const uint32_t ordinal = records_.size();  // none is rejected here
  LogRecord& record = records_.Append();
  record.ordinal = ordinal;
  record.attributes.begin = attributes_.size();
  WireReader reader(message);
  while (reader.Next()) {
    switch (reader.tag()) {
      case tags::kLogTime:
        record.time_unix_nano = reader.Fixed64();
        break;
      case tags::kLogObservedTime:
        record.observed_time_unix_nano = reader.Fixed64();
        break;
      case tags::kLogSeverityNumber:
        record.severity_number = static_cast<int32_t>(reader.Varint());
        break;
      case tags::kLogSeverityText:
        record.severity_text = reader.Bytes();
        break;
      case tags::kLogBody:
        ReadAnyValue(reader.Bytes(), record.body);
        break;
      case tags::kLogAttributes:
        DecodeAttribute(model::AttributeScope::kItem, reader.Bytes());
        break;
      case tags::kLogDroppedAttributes:
        record.dropped_attributes_count = static_cast<uint32_t>(reader.Varint());
        break;
      case tags::kLogFlags:
        record.flags = reader.Fixed32();
        break;
      case tags::kLogTraceId:
        record.trace_id = reader.Bytes();
        break;
      case tags::kLogSpanId:
        record.span_id = reader.Bytes();
        break;
      case tags::kLogEventName:
        record.event_name = reader.Bytes();
        break;
      default:
        reader.Skip();
    }
  }
  record.attributes.end = attributes_.size();
  if (!IsTraceId(record.trace_id)) record.trace_id = {};
  if (!IsSpanId(record.span_id)) record.span_id = {};
  batch_.has_item_without_time |= record.event_time_unix_nano() == 0;
}

}  // namespace

absl::Status DecodeLogs(std::string_view body, const model::AttributeProjection& projection,
                        model::LogBatch& batch, base::MemoryLease* lease) {
  return LogDecoder::Run(body, projection, batch, lease);
}

}  // namespace slowburn::collector
