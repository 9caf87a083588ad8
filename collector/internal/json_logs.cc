#include "collector/internal/json_decode.h"
#include "collector/internal/json_enums.h"
#include "collector/internal/json_export.h"
#include "collector/internal/trace_ids.h"
#include "collector/otlp_json.h"

namespace slowburn::collector {
namespace {

using model::LogRecord;

class JsonLogs final : public JsonExport<JsonReader> {
 public:
  JsonLogs(JsonReader& reader, const model::AttributeProjection& projection, DecodeCost& cost,
           model::LogBatch& batch)
      : JsonExport({JsonKey::kResourceLogs, JsonKey::kScopeLogs, JsonKey::kLogRecords}, reader,
                   projection, cost, batch),
        batch_(batch),
        records_(batch.records, cost) {}

 private:
  // No record is rejected.
  Position Here() const override { return {records_.size(), records_.size()}; }
  void ReturnTo(Position position) override { records_.DropFrom(position.items); }
  void ReadItem() override;
  void ReadRecord(LogRecord& record);

  model::LogBatch& batch_;
  PaidVector<LogRecord> records_;
  JsonKeyOrder order_;  // of a record's
};

void JsonLogs::ReadItem() {
  // A copy, as g++ zeroes a new one byte by byte; in place, as it is too large for another.
  static constexpr LogRecord kEmpty{};
  const uint32_t ordinal = records_.size();
  records_.Append(kEmpty);
  LogRecord& record = records_.back();
  record.ordinal = ordinal;
  ReadRecord(record);
  if (!IsTraceId(record.trace_id)) record.trace_id = {};
  if (!IsSpanId(record.span_id)) record.span_id = {};
  batch_.has_item_without_time |= record.event_time_unix_nano() == 0;
}

void JsonLogs::ReadRecord(LogRecord& record) {
  for (JsonObject object(reader_); object.Next(order_);) {
    switch (object.key()) {
      case JsonKey::kTimeUnixNano:
        record.time_unix_nano = reader_.Uint64();
        break;
      case JsonKey::kObservedTimeUnixNano:
        record.observed_time_unix_nano = reader_.Uint64();
        break;
      case JsonKey::kSeverityNumber:
        record.severity_number = reader_.Enum(kSeverityNames);
        break;
      case JsonKey::kSeverityText:
        record.severity_text = reader_.String();
        break;
      case JsonKey::kBody:
        record.body = {};
        ReadJsonValue(reader_, record.body);
        break;
      case JsonKey::kAttributes:
        record.attributes = attributes_.Read(model::AttributeScope::kItem);
        break;
      case JsonKey::kDroppedAttributesCount:
        record.dropped_attributes_count = reader_.Uint32();
        break;
      case JsonKey::kFlags:
        record.flags = reader_.Uint32();
        break;
      case JsonKey::kTraceId:
        record.trace_id = reader_.Id();
        break;
      case JsonKey::kSpanId:
        record.span_id = reader_.Id();
        break;
      case JsonKey::kEventName:
        record.event_name = reader_.String();
        break;
      default:
        reader_.Skip();
    }
  }
}

}  // namespace

absl::Status DecodeLogsJson(std::string& body, const model::AttributeProjection& projection,
                            model::LogBatch& batch, base::MemoryLease* lease) {
  return DecodeJson<JsonLogs>(body, projection, batch, lease);
}

}  // namespace slowburn::collector
