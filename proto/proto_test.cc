// Goal: what we read and write is OTLP, to the bit. Method: rows typed from the specification, not
// from our files, against the descriptors; requests must encode to the bytes that the specification
// prescribes.
#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include <fmt/format.h>
#include <google/protobuf/descriptor.h>
#include <gtest/gtest.h>

#include "google/rpc/status.pb.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.grpc.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.grpc.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.grpc.pb.h"
#include "slowburn/store/v1/log_record.pb.h"

namespace slowburn {
namespace {

using google::protobuf::Descriptor;
using google::protobuf::DescriptorPool;
using google::protobuf::FieldDescriptor;
namespace otlp = opentelemetry::proto;

struct FieldCase {
  std::string_view message;  // below opentelemetry.proto. or whole
  std::string_view field;
  int number;
  std::string_view type;
};

// A message's or enum's own name, as tests write it: without "opentelemetry.proto.".
std::string ShortName(const std::string& full_name) {
  constexpr std::string_view kPrefix = "opentelemetry.proto.";
  return full_name.starts_with(kPrefix) ? full_name.substr(kPrefix.size()) : full_name;
}

// "repeated trace.v1.Span", "optional double", "oneof value string", "fixed64".
std::string TypeText(const FieldDescriptor& field) {
  std::string type = field.type_name();
  if (field.message_type() != nullptr) type = ShortName(field.message_type()->full_name());
  if (field.enum_type() != nullptr) type = ShortName(field.enum_type()->full_name());
  if (field.is_repeated()) return "repeated " + type;
  if (const auto* oneof = field.real_containing_oneof())
    return fmt::format("oneof {} {}", oneof->name(), type);
  return field.has_optional_keyword() ? "optional " + type : type;
}

// Static libraries register a file only where something of it is used.
void UseEveryFile() {
  otlp::collector::trace::v1::ExportTraceServiceRequest::descriptor();
  otlp::collector::metrics::v1::ExportMetricsServiceRequest::descriptor();
  otlp::collector::logs::v1::ExportLogsServiceRequest::descriptor();
  google::rpc::Status::descriptor();
  store::v1::LogRecord::descriptor();
}

const Descriptor* FindMessage(std::string_view name) {
  UseEveryFile();
  const DescriptorPool& pool = *DescriptorPool::generated_pool();
  const auto* message = pool.FindMessageTypeByName(fmt::format("opentelemetry.proto.{}", name));
  return message != nullptr ? message : pool.FindMessageTypeByName(std::string(name));
}

class ProtoFieldTest : public testing::TestWithParam<FieldCase> {};

TEST_P(ProtoFieldTest, HasItsNumberAndType) {
  const FieldCase& want = GetParam();
  const Descriptor* message = FindMessage(want.message);
  ASSERT_NE(message, nullptr) << want.message;
  const FieldDescriptor* field = message->FindFieldByName(std::string(want.field));
  ASSERT_NE(field, nullptr) << want.message << "." << want.field;
  EXPECT_EQ(field->number(), want.number);
  EXPECT_EQ(TypeText(*field), want.type);
  if (field->is_repeated() && field->is_packable()) {
    EXPECT_TRUE(field->is_packed());
  }
}

std::string CaseName(const testing::TestParamInfo<FieldCase>& info) {
  std::string name = fmt::format("{}_{}", info.param.message, info.param.field);
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

INSTANTIATE_TEST_SUITE_P(
    CommonAndResource, ProtoFieldTest,
    testing::ValuesIn<FieldCase>({
        {"common.v1.AnyValue", "string_value", 1, "oneof value string"},
        {"common.v1.AnyValue", "bool_value", 2, "oneof value bool"},
        {"common.v1.AnyValue", "int_value", 3, "oneof value int64"},
        {"common.v1.AnyValue", "double_value", 4, "oneof value double"},
        {"common.v1.AnyValue", "array_value", 5, "oneof value common.v1.ArrayValue"},
        {"common.v1.AnyValue", "kvlist_value", 6, "oneof value common.v1.KeyValueList"},
        {"common.v1.AnyValue", "bytes_value", 7, "oneof value bytes"},
        {"common.v1.AnyValue", "string_value_strindex", 8, "oneof value int32"},
        {"common.v1.ArrayValue", "values", 1, "repeated common.v1.AnyValue"},
        {"common.v1.KeyValueList", "values", 1, "repeated common.v1.KeyValue"},
        {"common.v1.KeyValue", "key", 1, "string"},
        {"common.v1.KeyValue", "value", 2, "common.v1.AnyValue"},
        {"common.v1.KeyValue", "key_strindex", 3, "int32"},
        {"common.v1.InstrumentationScope", "name", 1, "string"},
        {"common.v1.InstrumentationScope", "version", 2, "string"},
        {"common.v1.InstrumentationScope", "attributes", 3, "repeated common.v1.KeyValue"},
        {"common.v1.InstrumentationScope", "dropped_attributes_count", 4, "uint32"},
        {"common.v1.EntityRef", "schema_url", 1, "string"},
        {"common.v1.EntityRef", "id_keys", 3, "repeated string"},
        {"common.v1.EntityRef", "description_keys", 4, "repeated string"},
        {"resource.v1.Resource", "attributes", 1, "repeated common.v1.KeyValue"},
        {"resource.v1.Resource", "dropped_attributes_count", 2, "uint32"},
        {"resource.v1.Resource", "entity_refs", 3, "repeated common.v1.EntityRef"},
    }),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    Trace, ProtoFieldTest,
    testing::ValuesIn<FieldCase>({
        {"trace.v1.TracesData", "resource_spans", 1, "repeated trace.v1.ResourceSpans"},
        {"trace.v1.ResourceSpans", "resource", 1, "resource.v1.Resource"},
        {"trace.v1.ResourceSpans", "scope_spans", 2, "repeated trace.v1.ScopeSpans"},
        {"trace.v1.ResourceSpans", "schema_url", 3, "string"},
        {"trace.v1.ScopeSpans", "scope", 1, "common.v1.InstrumentationScope"},
        {"trace.v1.ScopeSpans", "spans", 2, "repeated trace.v1.Span"},
        {"trace.v1.Span", "trace_id", 1, "bytes"},
        {"trace.v1.Span", "span_id", 2, "bytes"},
        {"trace.v1.Span", "trace_state", 3, "string"},
        {"trace.v1.Span", "parent_span_id", 4, "bytes"},
        {"trace.v1.Span", "flags", 16, "fixed32"},
        {"trace.v1.Span", "name", 5, "string"},
        {"trace.v1.Span", "kind", 6, "trace.v1.Span.SpanKind"},
        {"trace.v1.Span", "start_time_unix_nano", 7, "fixed64"},
        {"trace.v1.Span", "end_time_unix_nano", 8, "fixed64"},
        {"trace.v1.Span", "attributes", 9, "repeated common.v1.KeyValue"},
        {"trace.v1.Span", "events", 11, "repeated trace.v1.Span.Event"},
        {"trace.v1.Span", "links", 13, "repeated trace.v1.Span.Link"},
        {"trace.v1.Span", "dropped_links_count", 14, "uint32"},
        {"trace.v1.Span", "status", 15, "trace.v1.Status"},
        {"trace.v1.Span.Event", "time_unix_nano", 1, "fixed64"},
        {"trace.v1.Span.Event", "dropped_attributes_count", 4, "uint32"},
        {"trace.v1.Span.Link", "attributes", 4, "repeated common.v1.KeyValue"},
        {"trace.v1.Span.Link", "flags", 6, "fixed32"},
        {"trace.v1.Status", "message", 2, "string"},
        {"trace.v1.Status", "code", 3, "trace.v1.Status.StatusCode"},
    }),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    Metrics, ProtoFieldTest,
    testing::ValuesIn<FieldCase>({
        {"metrics.v1.MetricsData", "resource_metrics", 1, "repeated metrics.v1.ResourceMetrics"},
        {"metrics.v1.ResourceMetrics", "scope_metrics", 2, "repeated metrics.v1.ScopeMetrics"},
        {"metrics.v1.ScopeMetrics", "metrics", 2, "repeated metrics.v1.Metric"},
        {"metrics.v1.Metric", "unit", 3, "string"},
        {"metrics.v1.Metric", "gauge", 5, "oneof data metrics.v1.Gauge"},
        {"metrics.v1.Metric", "sum", 7, "oneof data metrics.v1.Sum"},
        {"metrics.v1.Metric", "histogram", 9, "oneof data metrics.v1.Histogram"},
        {"metrics.v1.Metric", "exponential_histogram", 10,
         "oneof data metrics.v1.ExponentialHistogram"},
        {"metrics.v1.Metric", "summary", 11, "oneof data metrics.v1.Summary"},
        {"metrics.v1.Metric", "metadata", 12, "repeated common.v1.KeyValue"},
        {"metrics.v1.Sum", "aggregation_temporality", 2, "metrics.v1.AggregationTemporality"},
        {"metrics.v1.Sum", "is_monotonic", 3, "bool"},
        {"metrics.v1.NumberDataPoint", "attributes", 7, "repeated common.v1.KeyValue"},
        {"metrics.v1.NumberDataPoint", "as_double", 4, "oneof value double"},
        {"metrics.v1.NumberDataPoint", "as_int", 6, "oneof value sfixed64"},
        {"metrics.v1.NumberDataPoint", "exemplars", 5, "repeated metrics.v1.Exemplar"},
        {"metrics.v1.NumberDataPoint", "flags", 8, "uint32"},
        {"metrics.v1.HistogramDataPoint", "attributes", 9, "repeated common.v1.KeyValue"},
        {"metrics.v1.HistogramDataPoint", "count", 4, "fixed64"},
        {"metrics.v1.HistogramDataPoint", "sum", 5, "optional double"},
        {"metrics.v1.HistogramDataPoint", "bucket_counts", 6, "repeated fixed64"},
        {"metrics.v1.HistogramDataPoint", "explicit_bounds", 7, "repeated double"},
        {"metrics.v1.HistogramDataPoint", "flags", 10, "uint32"},
        {"metrics.v1.HistogramDataPoint", "min", 11, "optional double"},
        {"metrics.v1.HistogramDataPoint", "max", 12, "optional double"},
        {"metrics.v1.ExponentialHistogramDataPoint", "scale", 6, "sint32"},
        {"metrics.v1.ExponentialHistogramDataPoint", "zero_count", 7, "fixed64"},
        {"metrics.v1.ExponentialHistogramDataPoint", "negative", 9,
         "metrics.v1.ExponentialHistogramDataPoint.Buckets"},
        {"metrics.v1.ExponentialHistogramDataPoint", "exemplars", 11,
         "repeated metrics.v1.Exemplar"},
        {"metrics.v1.ExponentialHistogramDataPoint", "max", 13, "optional double"},
        {"metrics.v1.ExponentialHistogramDataPoint", "zero_threshold", 14, "double"},
        {"metrics.v1.ExponentialHistogramDataPoint.Buckets", "offset", 1, "sint32"},
        {"metrics.v1.ExponentialHistogramDataPoint.Buckets", "bucket_counts", 2, "repeated uint64"},
        {"metrics.v1.SummaryDataPoint", "sum", 5, "double"},
        {"metrics.v1.SummaryDataPoint", "quantile_values", 6,
         "repeated metrics.v1.SummaryDataPoint.ValueAtQuantile"},
        {"metrics.v1.SummaryDataPoint.ValueAtQuantile", "quantile", 1, "double"},
        {"metrics.v1.Exemplar", "filtered_attributes", 7, "repeated common.v1.KeyValue"},
        {"metrics.v1.Exemplar", "as_double", 3, "oneof value double"},
        {"metrics.v1.Exemplar", "as_int", 6, "oneof value sfixed64"},
        {"metrics.v1.Exemplar", "span_id", 4, "bytes"},
        {"metrics.v1.Exemplar", "trace_id", 5, "bytes"},
    }),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    Logs, ProtoFieldTest,
    testing::ValuesIn<FieldCase>({
        {"logs.v1.LogsData", "resource_logs", 1, "repeated logs.v1.ResourceLogs"},
        {"logs.v1.ResourceLogs", "scope_logs", 2, "repeated logs.v1.ScopeLogs"},
        {"logs.v1.ScopeLogs", "log_records", 2, "repeated logs.v1.LogRecord"},
        {"logs.v1.LogRecord", "time_unix_nano", 1, "fixed64"},
        {"logs.v1.LogRecord", "observed_time_unix_nano", 11, "fixed64"},
        {"logs.v1.LogRecord", "severity_number", 2, "logs.v1.SeverityNumber"},
        {"logs.v1.LogRecord", "severity_text", 3, "string"},
        {"logs.v1.LogRecord", "body", 5, "common.v1.AnyValue"},
        {"logs.v1.LogRecord", "attributes", 6, "repeated common.v1.KeyValue"},
        {"logs.v1.LogRecord", "flags", 8, "fixed32"},
        {"logs.v1.LogRecord", "trace_id", 9, "bytes"},
        {"logs.v1.LogRecord", "span_id", 10, "bytes"},
        {"logs.v1.LogRecord", "event_name", 12, "string"},
    }),
    CaseName);

INSTANTIATE_TEST_SUITE_P(
    ServicesAndErrors, ProtoFieldTest,
    testing::ValuesIn<FieldCase>({
        {"collector.trace.v1.ExportTraceServiceRequest", "resource_spans", 1,
         "repeated trace.v1.ResourceSpans"},
        {"collector.trace.v1.ExportTraceServiceResponse", "partial_success", 1,
         "collector.trace.v1.ExportTracePartialSuccess"},
        {"collector.trace.v1.ExportTracePartialSuccess", "rejected_spans", 1, "int64"},
        {"collector.trace.v1.ExportTracePartialSuccess", "error_message", 2, "string"},
        {"collector.metrics.v1.ExportMetricsServiceRequest", "resource_metrics", 1,
         "repeated metrics.v1.ResourceMetrics"},
        {"collector.metrics.v1.ExportMetricsServiceResponse", "partial_success", 1,
         "collector.metrics.v1.ExportMetricsPartialSuccess"},
        {"collector.metrics.v1.ExportMetricsPartialSuccess", "rejected_data_points", 1, "int64"},
        {"collector.logs.v1.ExportLogsServiceRequest", "resource_logs", 1,
         "repeated logs.v1.ResourceLogs"},
        {"collector.logs.v1.ExportLogsPartialSuccess", "rejected_log_records", 1, "int64"},
        {"collector.logs.v1.ExportLogsPartialSuccess", "error_message", 2, "string"},
        {"google.rpc.Status", "code", 1, "int32"},
        {"google.rpc.Status", "message", 2, "string"},
        {"google.rpc.Status", "details", 3, "repeated google.protobuf.Any"},
        {"google.rpc.RetryInfo", "retry_delay", 1, "google.protobuf.Duration"},
        {"google.rpc.BadRequest", "field_violations", 1,
         "repeated google.rpc.BadRequest.FieldViolation"},
        {"google.rpc.BadRequest.FieldViolation", "description", 2, "string"},
    }),
    CaseName);

TEST(ProtoTest, EnumsHaveTheirNumbers) {
  UseEveryFile();
  struct Case {
    std::string_view type;
    int count;  // of the enum's values
    std::string_view value;
    int number;
  };
  for (const Case& c :
       {Case{"trace.v1.Span.SpanKind", 6, "SPAN_KIND_SERVER", 2},
        Case{"trace.v1.Span.SpanKind", 6, "SPAN_KIND_CONSUMER", 5},
        Case{"trace.v1.Status.StatusCode", 3, "STATUS_CODE_ERROR", 2},
        Case{"trace.v1.SpanFlags", 4, "SPAN_FLAGS_CONTEXT_IS_REMOTE_MASK", 512},
        Case{"metrics.v1.AggregationTemporality", 3, "AGGREGATION_TEMPORALITY_CUMULATIVE", 2},
        Case{"metrics.v1.DataPointFlags", 2, "DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK", 1},
        Case{"logs.v1.SeverityNumber", 25, "SEVERITY_NUMBER_TRACE", 1},
        Case{"logs.v1.SeverityNumber", 25, "SEVERITY_NUMBER_ERROR", 17},
        Case{"logs.v1.SeverityNumber", 25, "SEVERITY_NUMBER_FATAL4", 24},
        Case{"logs.v1.LogRecordFlags", 2, "LOG_RECORD_FLAGS_TRACE_FLAGS_MASK", 255}}) {
    const auto* type = DescriptorPool::generated_pool()->FindEnumTypeByName(
        fmt::format("opentelemetry.proto.{}", c.type));
    ASSERT_NE(type, nullptr) << c.type;
    EXPECT_EQ(type->value_count(), c.count) << c.type;
    const auto* value = type->FindValueByName(std::string(c.value));
    ASSERT_NE(value, nullptr) << c.value;
    EXPECT_EQ(value->number(), c.number) << c.value;
  }
}

TEST(ProtoTest, ReservedNumbersAreNotUsedAgain) {
  struct Case {
    std::string_view message;
    std::vector<int> reserved;
  };
  for (const Case& c :
       {Case{"trace.v1.ResourceSpans", {1000}}, Case{"trace.v1.Status", {1}},
        Case{"metrics.v1.ResourceMetrics", {1000}}, Case{"metrics.v1.Metric", {4, 6, 8}},
        Case{"metrics.v1.NumberDataPoint", {1}}, Case{"metrics.v1.HistogramDataPoint", {1}},
        Case{"metrics.v1.SummaryDataPoint", {1}}, Case{"metrics.v1.Exemplar", {1}},
        Case{"logs.v1.ResourceLogs", {1000}}, Case{"logs.v1.LogRecord", {4}}}) {
    const Descriptor* message = FindMessage(c.message);
    ASSERT_NE(message, nullptr) << c.message;
    for (const int number : c.reserved)
      EXPECT_TRUE(message->IsReservedNumber(number)) << c.message << " " << number;
  }
}

TEST(ProtoTest, ServicesHaveTheirPaths) {
  UseEveryFile();
  struct Case {
    std::string_view service;  // as gRPC's code names it
    std::string_view path;
    std::string_view request;
  };
  namespace collector = otlp::collector;
  for (const Case& c : {Case{collector::trace::v1::TraceService::service_full_name(),
                             "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                             "collector.trace.v1.ExportTraceServiceRequest"},
                        Case{collector::metrics::v1::MetricsService::service_full_name(),
                             "/opentelemetry.proto.collector.metrics.v1.MetricsService/Export",
                             "collector.metrics.v1.ExportMetricsServiceRequest"},
                        Case{collector::logs::v1::LogsService::service_full_name(),
                             "/opentelemetry.proto.collector.logs.v1.LogsService/Export",
                             "collector.logs.v1.ExportLogsServiceRequest"}}) {
    const auto* service =
        DescriptorPool::generated_pool()->FindServiceByName(std::string(c.service));
    ASSERT_NE(service, nullptr) << c.service;
    ASSERT_EQ(service->method_count(), 1) << c.service;
    const auto& method = *service->method(0);
    EXPECT_EQ(fmt::format("/{}/{}", service->full_name(), method.name()), c.path);
    EXPECT_EQ(ShortName(method.input_type()->full_name()), c.request);
    EXPECT_FALSE(method.client_streaming() || method.server_streaming()) << c.path;
  }
}

// Span.flags is declared among the first fields and yet has a tag of two bytes: 16 << 3 | 5 = 0x85
// 0x01.
TEST(ProtoTest, SpanEncodesToTheSpecifiedBytes) {
  otlp::trace::v1::Span span;
  span.set_span_id("12345678");
  span.set_kind(otlp::trace::v1::Span::SPAN_KIND_SERVER);
  span.set_start_time_unix_nano(1);
  span.mutable_status()->set_code(otlp::trace::v1::Status::STATUS_CODE_ERROR);
  span.set_flags(0x301);
  const std::string want = std::string("\x12\x08") + "12345678" +
                           std::string("\x30\x02\x39\x01\0\0\0\0\0\0\0\x7A\x02\x18\x02", 15) +
                           std::string("\x85\x01\x01\x03\0\0", 6);
  EXPECT_EQ(span.SerializeAsString(), want);
}

TEST(ProtoTest, AbsentSumIsNotZero) {
  otlp::metrics::v1::HistogramDataPoint point;
  EXPECT_FALSE(point.has_sum());
  point.set_sum(0);
  EXPECT_EQ(point.SerializeAsString(), std::string("\x29\0\0\0\0\0\0\0\0", 9));
}

TEST(ProtoTest, ErrorDetailsHaveTheirTypeUrls) {
  google::rpc::RetryInfo retry;
  retry.mutable_retry_delay()->set_seconds(3);
  google::rpc::Status status;
  status.add_details()->PackFrom(retry);
  status.add_details()->PackFrom(google::rpc::BadRequest());
  EXPECT_EQ(status.details(0).type_url(), "type.googleapis.com/google.rpc.RetryInfo");
  EXPECT_EQ(status.details(1).type_url(), "type.googleapis.com/google.rpc.BadRequest");
}

// What is on disk is read for years: these numbers stay.
TEST(ProtoTest, StoredFieldsKeepTheirNumbers) {
  for (const FieldCase& c : {FieldCase{"slowburn.store.v1.LogRecord", "time_unix_nano", 1, "int64"},
                             FieldCase{"slowburn.store.v1.LogRecord", "ledger", 7,
                                       "repeated slowburn.store.v1.LedgerDelta"},
                             FieldCase{"slowburn.store.v1.SliceChange", "slice", 3, "uint32"},
                             FieldCase{"slowburn.store.v1.SliceChange", "bad", 5, "uint64"},
                             FieldCase{"slowburn.store.v1.DedupEntry", "hash_low", 2, "fixed64"}}) {
    const Descriptor* message = FindMessage(c.message);
    ASSERT_NE(message, nullptr) << c.message;
    const FieldDescriptor* field = message->FindFieldByName(std::string(c.field));
    ASSERT_NE(field, nullptr) << c.field;
    EXPECT_EQ(field->number(), c.number) << c.field;
    EXPECT_EQ(TypeText(*field), c.type) << c.field;
  }
}

}  // namespace
}  // namespace slowburn
