// Goal: OTLP/HTTP clients get the status, encoding and body of the contract. Method: a real
// listener and a real client, one row per rule of requirement H; a fake sink behind.
#include "collector/otlp_http.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>
#include <protozero/pbf_writer.hpp>

#include "base/status.h"
#include "collector/testing/fake_sink.h"
#include "google/rpc/status.pb.h"
#include "net/content_coding.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "opentelemetry/proto/collector/trace/v1/trace_service.pb.h"

namespace slowburn::collector {
namespace {

using opentelemetry::proto::collector::trace::v1::ExportTraceServiceResponse;
using testing::HasSubstr;
using testing::StartsWith;

constexpr size_t kRequestBytesMax = 64 << 10;
constexpr char kProtobuf[] = "application/x-protobuf";
constexpr char kJson[] = "application/json";

std::string ThreeSpans() {
  Random random(1);
  return TypicalTraces(3, random).SerializeAsString();
}

std::string Gzip(std::string_view content) {
  return net::EncodeContent(net::ContentCoding::kGzip, content);
}
std::string Zstd(std::string_view content) {
  return net::EncodeContent(net::ContentCoding::kZstd, content);
}
std::string Deflate(std::string_view content) {
  return net::EncodeContent(net::ContentCoding::kDeflate, content);
}

// One span, as OTLP/JSON.
constexpr char kJsonSpan[] =
    R"({"resourceSpans":[{"scopeSpans":[{"spans":[{"traceId":"5b8efff798038103d269b633813fc60c",)"
    R"("spanId":"eee19b7ec3c1b174","endTimeUnixNano":"1544712661300000000"}]}]}]})";

// A request of `size` bytes: one unknown field with a length of three bytes.
std::string BodyOfSize(size_t size) {
  std::string body;
  protozero::pbf_writer(body).add_bytes(15, std::string(size - 4, 'x'));
  EXPECT_EQ(body.size(), size);
  return body;
}

class Listener {
 public:
  explicit Listener(FakeSink::OnIngest on_ingest = FakeSink::AcceptAll)
      : sink(std::move(on_ingest)) {
    net::ServerOptions options;
    options.address = {"127.0.0.1", 0};
    options.name = "otlp_http";
    options.budget = &budget;
    auto started = net::HttpServer::Start(
        options, OtlpHttpRoutes({.request_bytes_max = kRequestBytesMax}, sink, registry), registry);
    EXPECT_TRUE(started.ok()) << base::Message(started.status());
    server = *std::move(started);
  }

  net::HttpResult Call(net::HttpCall call) {
    call.url = "http://" + server->address().Text() + call.url;
    auto result = net::Call(call);
    EXPECT_TRUE(result.ok()) << base::Message(result.status());
    return result.ok() ? *std::move(result) : net::HttpResult();
  }
  net::HttpResult Post(std::string body, std::string content_type = kProtobuf,
                       std::vector<net::HttpHeader> headers = {}) {
    return Call({.method = "POST",
                 .url = "/v1/traces",
                 .headers = std::move(headers),
                 .body = std::move(body),
                 .content_type = std::move(content_type)});
  }
  std::string Metrics() const { return prometheus::TextSerializer().Serialize(registry.Collect()); }

  prometheus::Registry registry;
  base::MemoryBudget budget{64 << 20};
  FakeSink sink;
  std::unique_ptr<net::HttpServer> server;
};

std::string_view ContentType(const net::HttpResult& result) {
  return net::FindHeader(result.headers, "Content-Type");
}

// --- Where Prometheus has it --------------------------------------------------------------------

TEST(PrometheusOtlpRouteTest, IsTheSameAsThatOfMetrics) {
  FakeSink sink;
  prometheus::Registry registry;
  const net::Route route =
      PrometheusOtlpRoute({.request_bytes_max = kRequestBytesMax}, sink, registry);
  EXPECT_EQ(net::Role(route.role), net::Role::kWrite);
  EXPECT_EQ(route.method, "POST");
  EXPECT_EQ(route.pattern, "/api/v1/otlp/v1/metrics");
  EXPECT_EQ(route.body_bytes_max, kRequestBytesMax);
  net::HttpRequest request;
  request.headers.push_back({"Content-Type", kJson});
  request.body = R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"up","gauge":{
      "dataPoints":[{"timeUnixNano":"1","asInt":"1"}]}}]}]}]})";
  net::HttpResponse got;
  route.handler(std::move(request), [&got](net::HttpResponse response) { got = response; });
  EXPECT_EQ(got.status, 200) << got.body;
  EXPECT_EQ(got.body, "{}");
  EXPECT_EQ(sink.bodies().size(), 1u);
}

TEST(PrometheusOtlpRouteTest, H6_H9_SoAreItsErrorsOfTheListener) {
  FakeSink sink;
  prometheus::Registry registry;
  const net::Route route =
      PrometheusOtlpRoute({.request_bytes_max = kRequestBytesMax}, sink, registry);
  net::HttpRequest request;
  request.headers.push_back({"Content-Type", kProtobuf});
  const net::HttpResponse busy = route.errors(request, 503, "come again");
  EXPECT_EQ(busy.content_type, kProtobuf);
  google::rpc::Status status;
  ASSERT_TRUE(status.ParseFromString(busy.body));
  EXPECT_EQ(status.code(), 14);
  EXPECT_EQ(net::FindHeader(busy.headers, "Retry-After"), "1");
  request.headers.front().value = kJson;
  const net::HttpResponse large = route.errors(request, 413, "too much");
  EXPECT_EQ(large.content_type, kJson);
  EXPECT_EQ(large.body, R"({"code":8,"message":"too much"})");
  EXPECT_EQ(sink.refused(RequestRefusal::kOverloaded), 1);
  EXPECT_EQ(sink.refused(RequestRefusal::kTooLarge), 1);
}

// --- Success ----------------------------------------------------------------------------------

struct AcceptedCase {
  std::string name;
  std::string body;
  std::string content_type;
  std::vector<net::HttpHeader> headers;
};

class AcceptedTest : public testing::TestWithParam<AcceptedCase> {};

TEST_P(AcceptedTest, Is200WithoutBytes) {
  Listener listener;
  const AcceptedCase& row = GetParam();
  const net::HttpResult result = listener.Post(row.body, row.content_type, row.headers);
  EXPECT_EQ(result.status, 200) << result.body;
  const bool is_json = row.content_type.starts_with(kJson);
  EXPECT_EQ(ContentType(result), is_json ? kJson : kProtobuf);
  EXPECT_EQ(result.body, is_json ? "{}" : "");
  EXPECT_EQ(listener.sink.bodies().size(), 1u);
  EXPECT_THAT(listener.Metrics(),
              HasSubstr("outcome=\"accepted\",signal=\"traces\",transport=\"http\"} 1"));
  EXPECT_EQ(listener.budget.used(), 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Requests, AcceptedTest,
    testing::ValuesIn<AcceptedCase>({
        {"H1_H5_Protobuf", ThreeSpans(), kProtobuf, {}},
        {"E2_EmptyBody", "", "", {{"Content-Type", kProtobuf}}},
        {"H3_ParametersAreIgnored", ThreeSpans(), "application/x-protobuf; charset=utf-8", {}},
        {"H3_AnyCase", ThreeSpans(), "Application/X-Protobuf", {}},
        {"H12_Gzip", Gzip(ThreeSpans()), kProtobuf, {{"Content-Encoding", "gzip"}}},
        {"H12_GzipAnyCase", Gzip(ThreeSpans()), kProtobuf, {{"Content-Encoding", "GZIP"}}},
        {"H13_Zstd", Zstd(ThreeSpans()), kProtobuf, {{"Content-Encoding", "zstd"}}},
        {"H13_Deflate", Deflate(ThreeSpans()), kProtobuf, {{"Content-Encoding", "deflate"}}},
        {"H3_Json", kJsonSpan, kJson, {}},
        {"E7_JsonWithCharset", kJsonSpan, "application/json; charset=utf-8", {}},
        {"E3_EmptyJsonObject", "{}", kJson, {}},
        {"H12_JsonGzip", Gzip(kJsonSpan), kJson, {{"Content-Encoding", "gzip"}}},
        {"E9_Identity", ThreeSpans(), kProtobuf, {{"Content-Encoding", "identity"}}},
        {"E9_EmptyEncoding", ThreeSpans(), kProtobuf, {{"Content-Encoding", ""}}},
        {"E10_AtLimit", BodyOfSize(kRequestBytesMax), kProtobuf, {}},
        {"E10_GzipAtLimit",
         Gzip(BodyOfSize(kRequestBytesMax)),
         kProtobuf,
         {{"Content-Encoding", "gzip"}}},
    }),
    [](const auto& info) { return info.param.name; });

TEST(OtlpHttpTest, SinkGetsTheDecompressedBody) {
  Listener listener;
  listener.Post(Gzip(ThreeSpans()), kProtobuf, {{"Content-Encoding", "gzip"}});
  EXPECT_EQ(listener.sink.bodies().at(0), ThreeSpans());
  EXPECT_EQ(listener.sink.items(model::Signal::kTraces), 3u);
}

// deflate does not say what it holds: the room is found by doubling, and paid for whole.
TEST(OtlpHttpTest, TheRoomOfADecompressedBodyIsPaidFor) {
  size_t size = 0;
  size_t room = 0;
  uint64_t paid = 0;
  Listener listener([&](RequestBody body, model::SignalBatch& batch, AnswerFn answer) {
    size = body.storage.size();
    room = body.storage.capacity();
    paid = body.lease.bytes();
    FakeSink::AcceptAll(std::move(body), batch, std::move(answer));
  });
  const std::string content = BodyOfSize(kRequestBytesMax / 2 + 1000);
  EXPECT_EQ(listener.Post(Deflate(content), kProtobuf, {{"Content-Encoding", "deflate"}}).status,
            200);
  EXPECT_EQ(size, content.size());
  EXPECT_GT(room, size * 3 / 2);
  EXPECT_GE(paid + net::HttpRequest::kBodyPadding, room);
}

TEST(OtlpHttpTest, E6_H5_PartialSuccessIs200WithTheCount) {
  Listener listener;
  TracesData traces;
  ASSERT_TRUE(traces.ParseFromString(ThreeSpans()));
  traces.mutable_resource_spans(0)->mutable_scope_spans(0)->mutable_spans(1)->clear_span_id();
  const net::HttpResult result = listener.Post(traces.SerializeAsString());
  EXPECT_EQ(result.status, 200);
  ExportTraceServiceResponse response;
  ASSERT_TRUE(response.ParseFromString(result.body));
  EXPECT_EQ(response.partial_success().rejected_spans(), 1);
  EXPECT_EQ(response.partial_success().error_message(), "an item is not valid");
  EXPECT_THAT(listener.Metrics(),
              HasSubstr("outcome=\"partial\",signal=\"traces\",transport=\"http\"} 1"));
}

// --- Errors -----------------------------------------------------------------------------------

struct RefusedCase {
  std::string name;
  net::HttpCall call;
  int want_status;
  int want_code;
  RequestRefusal want_refusal;
  std::string want_message;  // part of it
};

class RefusedTest : public testing::TestWithParam<RefusedCase> {};

TEST_P(RefusedTest, H6_IsAStatusInTheRequestsEncoding) {
  Listener listener;
  const RefusedCase& row = GetParam();
  const net::HttpResult result = listener.Call(row.call);
  EXPECT_EQ(result.status, row.want_status);
  if (row.call.content_type.starts_with(kJson)) {
    EXPECT_EQ(ContentType(result), kJson);
    EXPECT_THAT(result.body,
                StartsWith(fmt::format("{{\"code\":{},\"message\":\"", row.want_code)));
    EXPECT_THAT(result.body, HasSubstr(row.want_message));
  } else {
    EXPECT_EQ(ContentType(result), kProtobuf);
    google::rpc::Status status;
    ASSERT_TRUE(status.ParseFromString(result.body));
    EXPECT_EQ(status.code(), row.want_code);
    EXPECT_THAT(status.message(), HasSubstr(row.want_message));
    EXPECT_EQ(status.details_size(), row.want_status == 400 ? 1 : 0);  // a BadRequest
  }
  EXPECT_EQ(listener.sink.refused(row.want_refusal), 1);
  EXPECT_TRUE(listener.sink.bodies().empty());
  EXPECT_THAT(
      listener.Metrics(),
      testing::ContainsRegex("outcome=\"refused\",signal=\"[a-z]+\",transport=\"http\"} 1"));
  EXPECT_EQ(listener.budget.used(), 0u);
}

net::HttpCall PostCall(std::string body, std::string content_type = kProtobuf,
                       std::string encoding = "", std::string path = "/v1/traces") {
  net::HttpCall call{.method = "POST",
                     .url = std::move(path),
                     .body = std::move(body),
                     .content_type = std::move(content_type)};
  if (!encoding.empty()) call.headers.push_back({"Content-Encoding", std::move(encoding)});
  return call;
}

constexpr auto kUndecodable = RequestRefusal::kUndecodable;
constexpr auto kTooLarge = RequestRefusal::kTooLarge;
constexpr auto kUnsupported = RequestRefusal::kUnsupported;

INSTANTIATE_TEST_SUITE_P(
    Requests, RefusedTest,
    testing::ValuesIn<RefusedCase>({
        {"E5_H7_Truncated", PostCall(ThreeSpans().substr(0, 100)), 400, 3, kUndecodable,
         "request at byte 0"},
        {"H8_TooLarge", PostCall(BodyOfSize(kRequestBytesMax + 1)), 413, 8, kTooLarge, ""},
        {"H8_TooLargeJson", PostCall(std::string(kRequestBytesMax + 1, ' '), kJson), 413, 8,
         kTooLarge, ""},
        {"H8_TooLargeDecompressed",
         PostCall(Gzip(BodyOfSize(kRequestBytesMax + 1)), kProtobuf, "gzip"), 413, 8, kTooLarge,
         ""},
        {"R2_GzipBomb", PostCall(Gzip(std::string(16 << 20, '\0')), kProtobuf, "gzip"), 413, 8,
         kTooLarge, ""},
        {"H12_BrokenGzip", PostCall("no gzip", kProtobuf, "gzip"), 400, 3, kUndecodable, ""},
        {"E8_GzipIsOpenedOnce", PostCall(Gzip(Gzip(ThreeSpans())), kProtobuf, "gzip"), 400, 3,
         kUndecodable, ""},
        {"E4_EmptyJson",
         {.method = "POST",
          .url = "/v1/traces",
          .headers = {{"Content-Type", kJson}},
          .content_type = kJson},
         400,
         3,
         kUndecodable,
         ""},
        {"E5_TruncatedJson", PostCall("{\"resourceSpans\":[", kJson), 400, 3, kUndecodable, ""},
        {"H12_BrokenZstd", PostCall("no zstd", kProtobuf, "zstd"), 400, 3, kUndecodable, "zstd"},
        {"H11_OtherContentType", PostCall("x", "text/plain"), 415, 12, kUnsupported, "text/plain"},
        {"H11_OtherEncoding", PostCall(ThreeSpans(), kProtobuf, "snappy"), 415, 12, kUnsupported,
         "snappy"},
        {"H11_TwoEncodings", PostCall(ThreeSpans(), kProtobuf, "gzip, gzip"), 415, 12, kUnsupported,
         "gzip, gzip"},
        {"H11_OtherMethod",
         {.method = "PUT", .url = "/v1/traces", .body = "x", .content_type = kProtobuf},
         405,
         12,
         kUnsupported,
         ""},
        {"G2_Profiles", PostCall("", "", "", "/v1development/profiles"), 404, 12, kUnsupported, ""},
        {"H11_OtherPathJson", PostCall("{}", kJson, "", "/v1/events"), 404, 12, kUnsupported, ""},
    }),
    [](const auto& info) { return info.param.name; });

struct UnavailableCase {
  std::string name;
  std::chrono::milliseconds retry_delay;
  std::string want_retry_after;
};

class UnavailableTest : public testing::TestWithParam<UnavailableCase> {};

TEST_P(UnavailableTest, H9_Is503WithWholeSeconds) {
  Listener listener(
      [delay = GetParam().retry_delay](RequestBody, model::SignalBatch&, AnswerFn answer) {
        std::move(answer)({.outcome = ExportAnswer::Outcome::kUnavailable,
                           .message = "the store is full",
                           .retry_delay = delay});
      });
  const net::HttpResult result = listener.Post(ThreeSpans());
  EXPECT_EQ(result.status, 503);
  EXPECT_EQ(net::FindHeader(result.headers, "Retry-After"), GetParam().want_retry_after);
  google::rpc::Status status;
  ASSERT_TRUE(status.ParseFromString(result.body));
  EXPECT_EQ(status.code(), 14);
  EXPECT_EQ(status.message(), "the store is full");
  EXPECT_THAT(listener.Metrics(),
              HasSubstr("outcome=\"unavailable\",signal=\"traces\",transport=\"http\"} 1"));
}

INSTANTIATE_TEST_SUITE_P(Delays, UnavailableTest,
                         testing::ValuesIn<UnavailableCase>({
                             {"Zero", std::chrono::milliseconds(0), "1"},
                             {"UnderASecond", std::chrono::milliseconds(200), "1"},
                             {"RoundedUp", std::chrono::milliseconds(2001), "3"},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST(OtlpHttpTest, DroppedAnswerIs503WithRetryAfter) {
  Listener listener([](RequestBody, model::SignalBatch&, AnswerFn) {});
  const net::HttpResult result = listener.Post(ThreeSpans());
  EXPECT_EQ(result.status, 503);
  EXPECT_EQ(net::FindHeader(result.headers, "Retry-After"), "1");
}

TEST(OtlpHttpTest, H9_OverloadedIs503BeforeAnythingIsOpened) {
  Listener listener;
  listener.sink.set_overloaded("memory is short");
  const net::HttpResult result = listener.Post("no gzip", kJson, {{"Content-Encoding", "gzip"}});
  EXPECT_EQ(result.status, 503);
  EXPECT_EQ(result.body, R"({"code":14,"message":"memory is short; send the request again"})");
  EXPECT_EQ(net::FindHeader(result.headers, "Retry-After"), "1");
  EXPECT_EQ(listener.sink.refused(RequestRefusal::kOverloaded), 1);
}

TEST(OtlpHttpTest, R8_J11_PartialSuccessInJsonNamesTheSignalsItems) {
  Listener listener;
  const std::string point = R"({"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"m",)"
                            R"("gauge":{"dataPoints":[{"asInt":"1"}]}}]}]}]})";
  const net::HttpResult result = listener.Call(PostCall(point, kJson, "", "/v1/metrics"));
  EXPECT_EQ(result.status, 200);
  EXPECT_EQ(
      result.body,
      R"({"partialSuccess":{"rejectedDataPoints":"1","errorMessage":"an item is not valid"}})");
}

TEST(OtlpHttpTest, BytesAreCountedAsTheyCame) {
  Listener listener;
  const std::string gzip = Gzip(ThreeSpans());
  listener.Post(gzip, kProtobuf, {{"Content-Encoding", "gzip"}});
  EXPECT_THAT(
      listener.Metrics(),
      HasSubstr(fmt::format(
          "slowburn_collector_request_bytes_total{{signal=\"traces\",transport=\"http\"}} {}",
          gzip.size())));
}

}  // namespace
}  // namespace slowburn::collector
