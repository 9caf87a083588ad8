#include "collector/testing/log_requests.h"

namespace slowburn::collector {
namespace {

namespace otlp = opentelemetry::proto;

void FillRecord(otlp::logs::v1::LogRecord& record, Random& random) {
  if (!OneIn(6, random)) record.set_time_unix_nano(random());
  if (!OneIn(6, random)) record.set_observed_time_unix_nano(random());
  record.set_severity_number(static_cast<otlp::logs::v1::SeverityNumber>(Below(40, random) - 5));
  record.set_severity_text(RandomText(6, random));
  if (!OneIn(5, random)) FillValue(*record.mutable_body(), random);
  AddAttributes(Below(9, random), *record.mutable_attributes(), random);
  record.set_dropped_attributes_count(static_cast<uint32_t>(random()));
  record.set_flags(static_cast<uint32_t>(random()));
  if (!OneIn(4, random)) record.set_trace_id(RandomId(16, random));
  if (!OneIn(4, random)) record.set_span_id(RandomId(8, random));
  record.set_event_name(RandomText(9, random));
}

}  // namespace

LogsData RandomLogs(Random& random) {
  LogsData logs;
  for (int r = Below(4, random); r > 0; --r) {
    auto& resource_logs = *logs.add_resource_logs();
    if (!OneIn(5, random)) FillResource(*resource_logs.mutable_resource(), random);
    resource_logs.set_schema_url(RandomText(12, random));
    for (int s = Below(4, random); s > 0; --s) {
      auto& scope_logs = *resource_logs.add_scope_logs();
      if (!OneIn(5, random)) FillScope(*scope_logs.mutable_scope(), random);
      if (OneIn(2, random)) scope_logs.set_schema_url(RandomText(12, random));
      for (int i = Below(7, random); i > 0; --i) FillRecord(*scope_logs.add_log_records(), random);
    }
  }
  return logs;
}

LogsData TypicalLogs(int records, Random& random) {
  LogsData logs;
  auto& resource_logs = *logs.add_resource_logs();
  FillTypicalResource(*resource_logs.mutable_resource(), random);
  auto& scope_logs = *resource_logs.add_scope_logs();
  scope_logs.mutable_scope()->set_name("shop.checkout.CartController");
  for (int i = 0; i < records; ++i) {
    auto& record = *scope_logs.add_log_records();
    record.set_time_unix_nano(1'790'000'000'000'000'000 + random() % 1'000'000'000);
    record.set_observed_time_unix_nano(record.time_unix_nano() + random() % 1'000'000);
    record.set_severity_number(OneIn(50, random) ? otlp::logs::v1::SEVERITY_NUMBER_ERROR
                                                 : otlp::logs::v1::SEVERITY_NUMBER_INFO);
    record.set_severity_text("INFO");
    record.mutable_body()->set_string_value(fmt::format("cart {} priced for customer {} in {} ms",
                                                        random() % 100'000, random() % 100'000,
                                                        random() % 900));
    for (const char* key : {"http.route", "thread.name", "code.function.name", "tenant.id"}) {
      auto& attribute = *record.add_attributes();
      attribute.set_key(key);
      attribute.mutable_value()->set_string_value("value-" + std::to_string(random() % 30));
    }
    record.set_flags(1);
    record.set_trace_id(RandomBytes(16, random));
    record.set_span_id(RandomBytes(8, random));
  }
  return logs;
}

std::vector<std::string> Describe(const LogsData& logs,
                                  const model::AttributeProjection& projection) {
  std::vector<std::string> lines;
  bool has_item_without_time = false;
  uint32_t ordinal = 0;
  for (const auto& resource_logs : logs.resource_logs()) {
    const std::string outer = ResourceText(resource_logs.resource(), projection);
    for (const auto& scope_logs : resource_logs.scope_logs()) {
      const std::string inner = outer + ScopeText(scope_logs, projection);
      for (const auto& record : scope_logs.log_records()) {
        has_item_without_time |=
            record.time_unix_nano() == 0 && record.observed_time_unix_nano() == 0;
        lines.push_back(fmt::format(
            "{} | record {} {} {} {} '{}' '{}' [{}] {} {} '{}' '{}'{}", inner, ordinal++,
            record.time_unix_nano(), record.observed_time_unix_nano(),
            static_cast<int>(record.severity_number()), record.severity_text(), record.event_name(),
            Text(record.body()), record.flags(), record.dropped_attributes_count(),
            IdText(record.trace_id(), 16), IdText(record.span_id(), 8),
            Text(Projected(record.attributes(), model::AttributeScope::kItem, projection))));
      }
    }
  }
  lines.push_back(fmt::format("without time {}", has_item_without_time));
  return lines;
}

std::vector<std::string> Describe(const model::LogBatch& batch) {
  std::vector<std::string> lines;
  ForEachScope(batch, batch.records.size(), lines, [&](const std::string& inner, uint32_t s) {
    for (uint32_t i = batch.scopes[s].item_begin; i < batch.scopes[s].item_end; ++i) {
      const model::LogRecord& record = batch.records.at(i);
      lines.push_back(fmt::format(
          "{} | record {} {} {} {} '{}' '{}' [{}] {} {} '{}' '{}'{}", inner, record.ordinal,
          record.time_unix_nano, record.observed_time_unix_nano, record.severity_number,
          record.severity_text, record.event_name, Text(record.body), record.flags,
          record.dropped_attributes_count, Hex(record.trace_id), Hex(record.span_id),
          Text(Projected(batch, record.attributes))));
    }
  });
  for (const model::RejectedItem& record : batch.rejected) {
    lines.push_back(RejectedText(record.ordinal, record.reason));
  }
  lines.push_back(fmt::format("without time {}", batch.has_item_without_time));
  return lines;
}

}  // namespace slowburn::collector
