// Goal: clients read our answers. Method: protobuf's own classes parse what we write.
#include "collector/export_response.h"

#include <google/protobuf/duration.pb.h>
#include <google/protobuf/util/json_util.h>
#include <gtest/gtest.h>

#include "google/rpc/status.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace slowburn::collector {
namespace {

using google::rpc::Status;
using opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
using std::chrono::milliseconds;

TEST(EncodeTraceResponseTest, R7_FullSuccessIsNoBytes) {
  EXPECT_EQ(EncodeTraceResponse(0, ""), "");
}

TEST(EncodeTraceResponseTest, R8_PartialSuccessHasCountAndMessage) {
  ExportTraceServiceResponse response;
  ASSERT_TRUE(response.ParseFromString(EncodeTraceResponse(3, "no trace id")));
  EXPECT_EQ(response.partial_success().rejected_spans(), 3);
  EXPECT_EQ(response.partial_success().error_message(), "no trace id");
}

TEST(EncodeTraceResponseTest, R10_WarningHasNoCount) {
  ExportTraceServiceResponse response;
  ASSERT_TRUE(response.ParseFromString(EncodeTraceResponse(0, "late")));
  EXPECT_TRUE(response.has_partial_success());
  EXPECT_EQ(response.partial_success().rejected_spans(), 0);
  EXPECT_EQ(response.partial_success().error_message(), "late");
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
  ASSERT_TRUE(response.ParseFromString(EncodeTraceResponse(1, GetParam().message)));
  EXPECT_EQ(response.partial_success().error_message(), GetParam().want);
  Status status;
  ASSERT_TRUE(status.ParseFromString(EncodeStatus(3, GetParam().message, std::nullopt)));
  EXPECT_EQ(status.message(), GetParam().want);
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
  ASSERT_TRUE(status.ParseFromString(EncodeStatus(3, "bad", std::nullopt)));
  EXPECT_EQ(status.details_size(), 0);
}

}  // namespace
}  // namespace slowburn::collector
