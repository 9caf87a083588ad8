// Goal: the retry table of the OTLP specification, and counts of partial successes in both
// encodings. Method: one row per answer; the protobuf answers are made by the generated classes.
#include "app/load_answer.h"

#include <string>

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <google/protobuf/any.pb.h>
#include <google/protobuf/duration.pb.h>
#include <gtest/gtest.h>

#include "google/rpc/status.pb.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace slowburn::app {
namespace {

using opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
using std::chrono::milliseconds;
using std::chrono::nanoseconds;
using std::chrono::seconds;
using namespace std::chrono_literals;
using Kind = LoadAnswer::Kind;
using Delay = std::optional<nanoseconds>;

// Sun, 06 Nov 1994 08:49:37 GMT
constexpr base::UnixNanos kNow{seconds(784'111'777)};

struct HttpCase {
  std::string name;
  int status;
  std::string retry_after;
  Kind want;
  Delay want_delay;
};

class JudgeHttpTest : public testing::TestWithParam<HttpCase> {};

TEST_P(JudgeHttpTest, FollowsTheTable) {
  const LoadAnswer judged =
      JudgeHttp({.status = GetParam().status, .retry_after = GetParam().retry_after}, kNow);
  EXPECT_EQ(judged.kind, GetParam().want);
  EXPECT_EQ(judged.delay, GetParam().want_delay);
  EXPECT_EQ(judged.reason, judged.kind == Kind::kAcked ? "" : fmt::format("{}", GetParam().status));
}

INSTANTIATE_TEST_SUITE_P(Statuses, JudgeHttpTest,
                         testing::ValuesIn<HttpCase>({
                             {"Ok", 200, "", Kind::kAcked, {}},
                             {"Accepted", 202, "", Kind::kAcked, {}},
                             {"Redirect", 307, "", Kind::kFailed, {}},
                             {"BadRequest", 400, "", Kind::kFailed, {}},
                             {"BadRequestWithDelay", 400, "5", Kind::kFailed, {}},
                             {"Unauthorized", 401, "", Kind::kFailed, {}},
                             {"TooLarge", 413, "", Kind::kFailed, {}},
                             {"TooManyRequests", 429, "", Kind::kRetry, {}},
                             {"InternalError", 500, "", Kind::kFailed, {}},
                             {"NotImplemented", 501, "", Kind::kFailed, {}},
                             {"BadGateway", 502, "", Kind::kRetry, {}},
                             {"Unavailable", 503, "", Kind::kRetry, {}},
                             {"GatewayTimeout", 504, "", Kind::kRetry, {}},
                             {"DelayInSeconds", 503, "7", Kind::kRetry, 7s},
                             {"NoDelay", 503, "0", Kind::kRetry, 0s},
                             {"NegativeDelay", 503, "-7", Kind::kRetry, 0s},
                             {"LongDelay", 503, "9223372036854775807", Kind::kRetry, 3600s},
                             {"DelayAsADate", 429, "Sun, 06 Nov 1994 08:50:00 GMT", Kind::kRetry,
                              23s},
                             {"DatePassed", 429, "Sun, 06 Nov 1994 08:00:00 GMT", Kind::kRetry, 0s},
                             {"FarDate", 429, "Sun, 06 Nov 2094 08:00:00 GMT", Kind::kRetry, 3600s},
                             {"NoDelayAtAll", 503, "soon", Kind::kRetry, {}},
                             {"HalfANumber", 503, "7x", Kind::kRetry, {}},
                         }),
                         [](const auto& info) { return info.param.name; });

std::string RetryInfo(milliseconds delay) {
  google::protobuf::Duration duration;
  duration.set_seconds(delay.count() / 1000);
  duration.set_nanos(static_cast<int32_t>(delay.count() % 1000 * 1'000'000));
  // RetryInfo has the duration as its first field.
  std::string info = "\x0a";
  const std::string bytes = duration.SerializeAsString();
  info += static_cast<char>(bytes.size());
  info += bytes;
  google::rpc::Status status;
  auto& any = *status.add_details();
  any.set_type_url("type.googleapis.com/google.rpc.RetryInfo");
  any.set_value(info);
  return status.SerializeAsString();
}

struct GrpcCase {
  std::string name;
  grpc::StatusCode code;
  Delay retry_info;
  Kind want;
  std::string want_reason;
};

class JudgeGrpcTest : public testing::TestWithParam<GrpcCase> {};

TEST_P(JudgeGrpcTest, FollowsTheTable) {
  const Delay delay = GetParam().retry_info;
  const std::string details =
      delay ? RetryInfo(std::chrono::duration_cast<milliseconds>(*delay)) : "";
  const LoadAnswer judged = JudgeGrpc(grpc::Status(GetParam().code, "words", details), "");
  EXPECT_EQ(judged.kind, GetParam().want);
  EXPECT_EQ(judged.delay, delay);
  EXPECT_EQ(judged.reason, GetParam().want_reason);
  EXPECT_EQ(judged.message, "words");
}

INSTANTIATE_TEST_SUITE_P(
    Codes, JudgeGrpcTest,
    testing::ValuesIn<GrpcCase>({
        {"Cancelled", grpc::StatusCode::CANCELLED, {}, Kind::kRetry, "CANCELLED"},
        {"Unknown", grpc::StatusCode::UNKNOWN, {}, Kind::kFailed, "UNKNOWN"},
        {"InvalidArgument",
         grpc::StatusCode::INVALID_ARGUMENT,
         {},
         Kind::kFailed,
         "INVALID_ARGUMENT"},
        {"Late", grpc::StatusCode::DEADLINE_EXCEEDED, {}, Kind::kRetry, "DEADLINE_EXCEEDED"},
        {"NotFound", grpc::StatusCode::NOT_FOUND, {}, Kind::kFailed, "NOT_FOUND"},
        {"Denied", grpc::StatusCode::PERMISSION_DENIED, {}, Kind::kFailed, "PERMISSION_DENIED"},
        {"Exhausted",
         grpc::StatusCode::RESOURCE_EXHAUSTED,
         {},
         Kind::kFailed,
         "RESOURCE_EXHAUSTED"},
        {"Throttled", grpc::StatusCode::RESOURCE_EXHAUSTED, 1500ms, Kind::kRetry,
         "RESOURCE_EXHAUSTED"},
        {"Aborted", grpc::StatusCode::ABORTED, {}, Kind::kRetry, "ABORTED"},
        {"OutOfRange", grpc::StatusCode::OUT_OF_RANGE, {}, Kind::kRetry, "OUT_OF_RANGE"},
        {"Unimplemented", grpc::StatusCode::UNIMPLEMENTED, {}, Kind::kFailed, "UNIMPLEMENTED"},
        {"Internal", grpc::StatusCode::INTERNAL, {}, Kind::kFailed, "INTERNAL"},
        {"Unavailable", grpc::StatusCode::UNAVAILABLE, {}, Kind::kRetry, "UNAVAILABLE"},
        {"BackPressure", grpc::StatusCode::UNAVAILABLE, 250ms, Kind::kRetry, "UNAVAILABLE"},
        {"DataLoss", grpc::StatusCode::DATA_LOSS, {}, Kind::kRetry, "DATA_LOSS"},
        {"Unauthenticated",
         grpc::StatusCode::UNAUTHENTICATED,
         {},
         Kind::kFailed,
         "UNAUTHENTICATED"},
    }),
    [](const auto& info) { return info.param.name; });

std::string ProtobufResponse(int64_t rejected, const std::string& message) {
  ExportTraceServiceResponse response;
  response.mutable_partial_success()->set_rejected_spans(rejected);
  response.mutable_partial_success()->set_error_message(message);
  return response.SerializeAsString();
}

struct PartialCase {
  std::string name;
  std::string content_type;
  std::string body;
  uint64_t want_rejected;
  std::string want_message;
};

class PartialSuccessTest : public testing::TestWithParam<PartialCase> {};

TEST_P(PartialSuccessTest, IsCounted) {
  const LoadAnswer judged = JudgeHttp(
      {.status = 200, .content_type = GetParam().content_type, .body = GetParam().body}, kNow);
  EXPECT_EQ(judged.kind, Kind::kAcked);
  EXPECT_EQ(judged.rejected, GetParam().want_rejected);
  EXPECT_EQ(judged.message, GetParam().want_message);
  const bool whole = GetParam().want_rejected == 0 && GetParam().want_message.empty();
  EXPECT_EQ(judged.reason, whole ? "" : "partial success");
}

constexpr char kJson[] = "application/json";
constexpr char kProtobuf[] = "application/x-protobuf";

INSTANTIATE_TEST_SUITE_P(
    Bodies, PartialSuccessTest,
    testing::ValuesIn<PartialCase>({
        {"Empty", kProtobuf, "", 0, ""},
        {"Protobuf", kProtobuf, ProtobufResponse(3, "too old"), 3, "too old"},
        {"Warning", kProtobuf, ProtobufResponse(0, "soon"), 0, "soon"},
        {"Negative", kProtobuf, ProtobufResponse(-3, ""), 0, ""},
        {"EmptyJson", kJson, "{}", 0, ""},
        {"JsonText", kJson, R"({"partialSuccess":{"rejectedSpans":"2","errorMessage":"no"}})", 2,
         "no"},
        {"JsonNumber", "application/json; charset=utf-8",
         R"({"partialSuccess":{"rejectedDataPoints":4}})", 4, ""},
        {"JsonLogs", kJson, R"({"partialSuccess":{"rejectedLogRecords":"5"}})", 5, ""},
        {"NoPartialSuccess", kJson, R"({"partialSuccess":null})", 0, ""},
        {"NoBodyOfJson", kJson, "", 0, ""},
        {"NoBodyAtAll", "text/plain", "", 0, ""},
        {"NoType", "", ProtobufResponse(3, "too old"), 3, "too old"},
    }),
    [](const auto& info) { return info.param.name; });

struct OtherBody {
  std::string name;
  std::string content_type;
  std::string body;
};

class NotOtlpTest : public testing::TestWithParam<OtherBody> {};

TEST_P(NotOtlpTest, IsNoAck) {
  const LoadAnswer judged = JudgeHttp(
      {.status = 200, .content_type = GetParam().content_type, .body = GetParam().body}, kNow);
  EXPECT_EQ(judged.kind, Kind::kFailed);
  EXPECT_EQ(judged.reason, "not OTLP");
  EXPECT_THAT(judged.message, testing::StartsWith("200 with a body that is no OTLP answer"));
}

INSTANTIATE_TEST_SUITE_P(Bodies, NotOtlpTest,
                         testing::ValuesIn<OtherBody>({
                             {"NotProtobuf", kProtobuf, "\xff\xff\xff"},
                             {"CutProtobuf", kProtobuf, "\x0a\x05\x08"},
                             {"Page", "text/html", "<html>"},
                             {"PageWithoutType", "", "<html>"},
                             {"PageAsJson", kJson, "<html>"},
                             {"JsonOfAnotherShape", kJson, R"({"partialSuccess":[1]})"},
                             {"JsonList", kJson, "[]"},
                             {"JsonAsText", "text/plain", "{}"},
                         }),
                         [](const auto& info) { return info.param.name; });

struct ErrorCase {
  std::string name;
  std::string content_type;
  std::string body;
  std::string want_message;
};

class ErrorTextTest : public testing::TestWithParam<ErrorCase> {};

TEST_P(ErrorTextTest, IsWhatAPersonCanRead) {
  const LoadAnswer judged = JudgeHttp(
      {.status = 400, .content_type = GetParam().content_type, .body = GetParam().body}, kNow);
  EXPECT_EQ(judged.message, GetParam().want_message);
}

std::string ProtobufStatus(const std::string& message) {
  google::rpc::Status status;
  status.set_code(3);
  status.set_message(message);
  return status.SerializeAsString();
}

INSTANTIATE_TEST_SUITE_P(
    Bodies, ErrorTextTest,
    testing::ValuesIn<ErrorCase>({
        {"Protobuf", kProtobuf, ProtobufStatus("span 3 is torn"), "span 3 is torn"},
        {"Json", kJson, R"({"code":3,"message":"span 3 is torn"})", "span 3 is torn"},
        {"JsonOfAnotherShape", kJson, R"(["no"])", R"(["no"])"},
        {"Plain", "text/plain", "no such path", "no such path"},
        {"Long", "text/html", std::string(1000, 'x'), std::string(300, 'x')},
        {"NotUtf8", "text/plain", "a\xff", "a\xef\xbf\xbd"},
        {"Empty", kProtobuf, "", ""},
    }),
    [](const auto& info) { return info.param.name; });

TEST(JudgeGrpcResponseTest, CountsAPartialSuccess) {
  const LoadAnswer judged = JudgeGrpc(grpc::Status::OK, ProtobufResponse(9, "bad ids"));
  EXPECT_EQ(judged.kind, Kind::kAcked);
  EXPECT_EQ(judged.rejected, 9u);
  EXPECT_EQ(judged.reason, "partial success");
}

TEST(JudgeGrpcResponseTest, OtherBytesAreNoAck) {
  const LoadAnswer judged = JudgeGrpc(grpc::Status::OK, "\xff\xff\xff");
  EXPECT_EQ(judged.kind, Kind::kFailed);
  EXPECT_EQ(judged.reason, "not OTLP");
  EXPECT_THAT(judged.message, testing::StartsWith("OK with a body that is no OTLP answer"));
}

TEST(JudgeNoAnswerTest, SendsAgainUnlessTheAnswerIsTooLarge) {
  for (const absl::Status& lost :
       {absl::UnavailableError("reset"), absl::DeadlineExceededError("no answer within 10 s")}) {
    const LoadAnswer judged = JudgeNoAnswer(lost);
    EXPECT_EQ(judged.kind, Kind::kRetry);
    EXPECT_EQ(judged.reason, "no answer");
  }
  const LoadAnswer judged = JudgeNoAnswer(absl::ResourceExhaustedError("larger than 4194304"));
  EXPECT_EQ(judged.kind, Kind::kFailed);
  EXPECT_EQ(judged.reason, "answer too large");
}

}  // namespace
}  // namespace slowburn::app
