// Goal: clients read our answers. Method: protobuf's own classes parse what we write.
#include "collector/export_response.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>
#include <protozero/pbf_reader.hpp>

#include "google/rpc/status.pb.h"
#include "opentelemetry/proto/collector/logs/v1/logs_service.pb.h"
#include "opentelemetry/proto/collector/metrics/v1/metrics_service.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace slowburn::collector {
namespace {

using google::rpc::Status;
using model::Signal;
using opentelemetry::proto::collector::logs::v1::ExportLogsServiceResponse;
using opentelemetry::proto::collector::metrics::v1::ExportMetricsServiceResponse;
using opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
using std::chrono::milliseconds;

TEST(EncodeExportResponseTest, R7_FullSuccessIsNoBytes) {
  EXPECT_EQ(EncodeExportResponse(0, ""), "");
}

TEST(EncodeExportResponseTest, R8_PartialSuccessHasCountAndMessage) {
  ExportTraceServiceResponse response;
  ASSERT_TRUE(response.ParseFromString(EncodeExportResponse(3, "no trace id")));
  EXPECT_EQ(response.partial_success().rejected_spans(), 3);
  EXPECT_EQ(response.partial_success().error_message(), "no trace id");
}

TEST(EncodeExportResponseTest, R10_WarningHasNoCount) {
  ExportTraceServiceResponse response;
  ASSERT_TRUE(response.ParseFromString(EncodeExportResponse(0, "late")));
  EXPECT_TRUE(response.has_partial_success());
  EXPECT_EQ(response.partial_success().rejected_spans(), 0);
  EXPECT_EQ(response.partial_success().error_message(), "late");
}

TEST(EncodeExportResponseTest, AllSignalsReadIt) {
  const std::string bytes = EncodeExportResponse(7, "why");
  ExportMetricsServiceResponse metrics;
  ASSERT_TRUE(metrics.ParseFromString(bytes));
  EXPECT_EQ(metrics.partial_success().rejected_data_points(), 7);
  EXPECT_EQ(metrics.partial_success().error_message(), "why");
  ExportLogsServiceResponse logs;
  ASSERT_TRUE(logs.ParseFromString(bytes));
  EXPECT_EQ(logs.partial_success().rejected_log_records(), 7);
  EXPECT_EQ(logs.partial_success().error_message(), "why");
}

struct JsonCase {
  std::string name;
  Signal signal;
  int64_t rejected;
  std::string message;
  std::string want;
};

class J11ResponseJsonTest : public testing::TestWithParam<JsonCase> {};

TEST_P(J11ResponseJsonTest, IsThis) {
  const auto& [name, signal, rejected, message, want] = GetParam();
  EXPECT_EQ(EncodeExportResponseJson(signal, rejected, message), want);
}

INSTANTIATE_TEST_SUITE_P(
    Responses, J11ResponseJsonTest,
    testing::ValuesIn<JsonCase>({
        {"R7FullSuccess", Signal::kTraces, 0, "", "{}"},
        {"R8Spans", Signal::kTraces, 1, "no id",
         R"({"partialSuccess":{"rejectedSpans":"1","errorMessage":"no id"}})"},
        {"R8DataPoints", Signal::kMetrics, 9'007'199'254'740'993, "why",
         R"({"partialSuccess":{"rejectedDataPoints":"9007199254740993","errorMessage":"why"}})"},
        {"R8LogRecords", Signal::kLogs, 2, "why",
         R"({"partialSuccess":{"rejectedLogRecords":"2","errorMessage":"why"}})"},
        {"R10Warning", Signal::kLogs, 0, "late", R"({"partialSuccess":{"errorMessage":"late"}})"},
        {"NoMessage", Signal::kLogs, 3, "", R"({"partialSuccess":{"rejectedLogRecords":"3"}})"},
        {"Quotes", Signal::kTraces, 0, "a\"b\n",
         R"({"partialSuccess":{"errorMessage":"a\"b\u000a"}})"},
    }),
    [](const auto& info) { return info.param.name; });

template <typename Response>
int64_t RejectedOfJson(Signal signal, int64_t (*rejected)(const Response&)) {
  Response response;
  const std::string json = EncodeExportResponseJson(signal, 5, "why");
  EXPECT_TRUE(google::protobuf::util::JsonStringToMessage(json, &response).ok()) << json;
  EXPECT_EQ(response.partial_success().error_message(), "why");
  return rejected(response);
}

TEST(J11ResponseJsonParsedTest, ProtobufReadsItForEachSignal) {
  EXPECT_EQ(RejectedOfJson<ExportTraceServiceResponse>(
                Signal::kTraces,
                [](const auto& response) -> int64_t {
                  return response.partial_success().rejected_spans();
                }),
            5);
  EXPECT_EQ(RejectedOfJson<ExportMetricsServiceResponse>(
                Signal::kMetrics,
                [](const auto& response) -> int64_t {
                  return response.partial_success().rejected_data_points();
                }),
            5);
  EXPECT_EQ(RejectedOfJson<ExportLogsServiceResponse>(
                Signal::kLogs,
                [](const auto& response) -> int64_t {
                  return response.partial_success().rejected_log_records();
                }),
            5);
}

struct TextCase {
  std::string name;
  std::string message;
  std::string want;
};

class MessageTextTest : public testing::TestWithParam<TextCase> {};

// Protobuf refuses a string that is no UTF-8, so parsing it is the test.
TEST_P(MessageTextTest, IsUtf8OfAtMost4KiB) {
  ExportTraceServiceResponse response;
  ASSERT_TRUE(response.ParseFromString(EncodeExportResponse(1, GetParam().message)));
  EXPECT_EQ(response.partial_success().error_message(), GetParam().want);
  Status status;
  ASSERT_TRUE(status.ParseFromString(EncodeStatus(3, GetParam().message, std::nullopt)));
  EXPECT_EQ(status.message(), GetParam().want);
  ExportTraceServiceResponse response_from_json;
  const std::string response_json =
      EncodeExportResponseJson(Signal::kTraces, 1, GetParam().message);
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(response_json, &response_from_json).ok())
      << response_json;
  EXPECT_EQ(response_from_json.partial_success().error_message(), GetParam().want);
  Status from_json;
  const std::string json = EncodeStatusJson(3, GetParam().message);
  ASSERT_TRUE(google::protobuf::util::JsonStringToMessage(json, &from_json).ok()) << json;
  EXPECT_EQ(from_json.message(), GetParam().want);
  EXPECT_EQ(from_json.code(), 3);
}

INSTANTIATE_TEST_SUITE_P(Texts, MessageTextTest,
                         testing::ValuesIn<TextCase>({
                             {"Plain", "no trace id", "no trace id"},
                             {"QuotesAndControls", "a\"b\\c\n\t\x01z", "a\"b\\c\n\t\x01z"},
                             {"Unicode", "Überlast €", "Überlast €"},
                             {"InvalidUtf8", "a\xff z", "a\xEF\xBF\xBD z"},
                             {"R4_AtLimit", std::string(4096, 'x'), std::string(4096, 'x')},
                             {"R4_OverLimit", std::string(5000, 'x'), std::string(4096, 'x')},
                             {"R4_CutBetweenCharacters", std::string(4095, 'x') + "€",
                              std::string(4095, 'x')},
                             {"R4_ReplacementsStayInLimit", std::string(4096, '\xff'),
                              [] {
                                std::string text;
                                for (int i = 0; i < 4096 / 3; ++i) text += "\xEF\xBF\xBD";
                                return text;
                              }()},
                         }),
                         [](const auto& info) { return info.param.name; });

// RetryInfo's only field is the delay.
google::protobuf::Duration RetryDelay(const Status& status) {
  google::protobuf::Duration delay;
  EXPECT_EQ(status.details_size(), 1);
  if (status.details_size() != 1) return delay;
  EXPECT_EQ(status.details(0).type_url(), "type.googleapis.com/google.rpc.RetryInfo");
  const std::string& info = status.details(0).value();
  EXPECT_EQ(info.substr(0, 1), "\x0a");
  EXPECT_TRUE(delay.ParseFromString(info.substr(2)));
  return delay;
}

TEST(EncodeStatusTest, RetryInfoCarriesTheDelay) {
  Status status;
  ASSERT_TRUE(status.ParseFromString(EncodeStatus(14, "busy", milliseconds(2500))));
  EXPECT_EQ(status.code(), 14);
  EXPECT_EQ(status.message(), "busy");
  EXPECT_EQ(RetryDelay(status).seconds(), 2);
  EXPECT_EQ(RetryDelay(status).nanos(), 500'000'000);
}

TEST(EncodeStatusTest, WithoutDelayThereAreNoDetails) {
  Status status;
  ASSERT_TRUE(status.ParseFromString(EncodeStatus(14, "busy", std::nullopt)));
  EXPECT_EQ(status.details_size(), 0);
}

// google.rpc.BadRequest: field_violations = 1; FieldViolation: field = 1, description = 2.
std::vector<std::pair<std::string, std::string>> Violations(const std::string& bad_request) {
  std::vector<std::pair<std::string, std::string>> violations;
  protozero::pbf_reader reader(bad_request);
  while (reader.next(1)) {
    auto& violation = violations.emplace_back();
    protozero::pbf_reader field = reader.get_message();
    while (field.next()) {
      (field.tag() == 1 ? violation.first : violation.second) = field.get_string();
    }
  }
  return violations;
}

TEST(EncodeStatusTest, G5InvalidArgumentCarriesABadRequest) {
  Status status;
  ASSERT_TRUE(status.ParseFromString(EncodeStatus(3, "no protobuf", std::nullopt)));
  ASSERT_EQ(status.details_size(), 1);
  EXPECT_EQ(status.details(0).type_url(), "type.googleapis.com/google.rpc.BadRequest");
  const auto violations = Violations(status.details(0).value());
  ASSERT_EQ(violations.size(), 1u);
  EXPECT_EQ(violations[0].first, "");
  EXPECT_EQ(violations[0].second, "no protobuf");
}

TEST(EncodeStatusTest, InvalidArgumentWithoutWordsHasNoDetails) {
  Status status;
  ASSERT_TRUE(status.ParseFromString(EncodeStatus(3, "", std::nullopt)));
  EXPECT_EQ(status.details_size(), 0);
}

}  // namespace
}  // namespace slowburn::collector
