// Goal: senders of remote write 1.0 and 2.0 get the status, headers and words of
// docs/remote_write.md, and what came is accounted for. Method: a real listener and a real client,
// one row per rule; a fake sink behind.
#include "collector/remote_write_http.h"

#include <optional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <prometheus/text_serializer.h>

#include "base/status.h"
#include "collector/testing/fake_series_sink.h"
#include "net/content_coding.h"
#include "net/http_client.h"
#include "net/http_server.h"
#include "net/snappy_block.h"

namespace slowburn::collector {
namespace {

using testing::HasSubstr;

constexpr size_t kRequestBytesMax = 256 << 10;
constexpr char kType[] = "application/x-protobuf";
constexpr char kType1[] = "application/x-protobuf;proto=prometheus.WriteRequest";
constexpr char kType2[] = "application/x-protobuf;proto=io.prometheus.write.v2.Request";

write1::WriteRequest TwoSeries() {
  std::mt19937_64 random(1);
  return TypicalWrite(2, 3, random);
}
std::string Body1() { return TwoSeries().SerializeAsString(); }
std::string Body2() { return AsV2(TwoSeries()).SerializeAsString(); }

std::string Snappy(std::string_view content) { return net::EncodeSnappyBlock(content); }
std::string Coded(net::ContentCoding coding, std::string_view content) {
  return net::EncodeContent(coding, content);
}

class Listener {
 public:
  explicit Listener(FakeSeriesSink::OnIngest on_ingest = FakeSeriesSink::AcceptAll)
      : sink(std::move(on_ingest)) {
    net::ServerOptions options;
    options.address = {"127.0.0.1", 0};
    options.name = "api";
    options.budget = &budget;
    net::RouteTable routes([](const net::HttpRequest&, int status, std::string_view message) {
      return net::HttpResponse{.status = status, .body = std::string(message)};
    });
    routes.Add(RemoteWriteRoute({.request_bytes_max = kRequestBytesMax}, sink, registry));
    auto started = net::HttpServer::Start(options, std::move(routes), registry);
    EXPECT_TRUE(started.ok()) << base::Message(started.status());
    server = *std::move(started);
  }

  net::HttpResult Post(std::string body, std::string content_type,
                       std::optional<std::string> coding = "snappy") {
    net::HttpCall call{.method = "POST",
                       .url = "http://" + server->address().Text() + "/api/v1/write",
                       .body = std::move(body),
                       .content_type = std::move(content_type)};
    if (coding) call.headers.push_back({"Content-Encoding", *coding});
    auto result = net::Call(call);
    EXPECT_TRUE(result.ok()) << base::Message(result.status());
    return result.ok() ? *std::move(result) : net::HttpResult();
  }
  std::string Metrics() const { return prometheus::TextSerializer().Serialize(registry.Collect()); }

  prometheus::Registry registry;
  base::MemoryBudget budget{64 << 20};
  FakeSeriesSink sink;
  std::unique_ptr<net::HttpServer> server;
};

// "samples/histograms/exemplars" of the headers of 2.0, "" where there are none.
std::string Written(const net::HttpResult& result) {
  std::string text;
  for (const char* const kind : {"Samples", "Histograms", "Exemplars"}) {
    const std::string_view value =
        net::FindHeader(result.headers, fmt::format("X-Prometheus-Remote-Write-{}-Written", kind));
    if (value.empty()) continue;
    if (!text.empty()) text += '/';
    text += value;
  }
  return text;
}

struct AcceptedCase {
  std::string name;
  std::string body;
  std::string content_type;
  std::optional<std::string> coding;
  std::string want_written;
};
class WriteAcceptedTest : public testing::TestWithParam<AcceptedCase> {};

TEST_P(WriteAcceptedTest, Is204WithoutBody) {
  Listener listener;
  const AcceptedCase& row = GetParam();
  const net::HttpResult result = listener.Post(row.body, row.content_type, row.coding);
  EXPECT_EQ(result.status, 204) << result.body;
  EXPECT_EQ(result.body, "");
  EXPECT_EQ(Written(result), row.want_written);
  EXPECT_EQ(listener.sink.lines(), Describe(TwoSeries()));
  EXPECT_GT(listener.sink.lease_bytes(), Body1().size() / 2);
  const std::string version = row.want_written.empty() ? "1.0" : "2.0";
  EXPECT_THAT(
      listener.Metrics(),
      HasSubstr(fmt::format("requests_total{{outcome=\"accepted\",version=\"{}\"}} 1", version)));
  EXPECT_THAT(
      listener.Metrics(),
      HasSubstr(fmt::format("samples_total{{outcome=\"accepted\",version=\"{}\"}} 6", version)));
  EXPECT_EQ(listener.budget.used(), 0u);
}

using net::ContentCoding;
INSTANTIATE_TEST_SUITE_P(
    Requests, WriteAcceptedTest,
    testing::ValuesIn<AcceptedCase>({
        {"Version1", Snappy(Body1()), kType, "snappy", ""},
        {"Version1Named", Snappy(Body1()), kType1, "snappy", ""},
        {"Version1WithCharset", Snappy(Body1()), "application/x-protobuf; charset=utf-8", "Snappy",
         ""},
        // As Prometheus takes it of old clients.
        {"NoCodingIsSnappy", Snappy(Body1()), kType, {}, ""},
        {"NoType", Snappy(Body1()), "", "snappy", ""},
        {"Zstd", Coded(ContentCoding::kZstd, Body1()), kType, "zstd", ""},
        {"Gzip", Coded(ContentCoding::kGzip, Body1()), kType, "gzip", ""},
        {"Identity", Body1(), kType, "identity", ""},
        {"Version2", Snappy(Body2()), kType2, "snappy", "6/0/0"},
        {"Version2Quoted", Snappy(Body2()),
         "application/x-protobuf; proto=\"io.prometheus.write.v2.Request\"", "snappy", "6/0/0"},
        {"Version2Zstd", Coded(ContentCoding::kZstd, Body2()), kType2, "zstd", "6/0/0"},
    }),
    [](const auto& info) { return info.param.name; });

struct RefusedCase {
  std::string name;
  std::string body;
  std::string content_type;
  std::string coding;
  int want_status;
  RequestRefusal want_refusal;
  std::string want_message;
};
class WriteRefusedTest : public testing::TestWithParam<RefusedCase> {};

TEST_P(WriteRefusedTest, SaysWhatAndWhy) {
  Listener listener;
  const RefusedCase& row = GetParam();
  const net::HttpResult result = listener.Post(row.body, row.content_type, row.coding);
  EXPECT_EQ(result.status, row.want_status);
  EXPECT_THAT(result.body, HasSubstr(row.want_message));
  // 2.0: an error says that nothing was written.
  EXPECT_EQ(Written(result), row.content_type == kType2 ? "0/0/0" : "");
  EXPECT_EQ(listener.sink.refused(row.want_refusal), 1);
  EXPECT_TRUE(listener.sink.lines().empty());
  EXPECT_EQ(net::FindHeader(result.headers, "Retry-After"), "");
  EXPECT_THAT(listener.Metrics(), HasSubstr("requests_total{outcome=\"refused\",version="));
  EXPECT_EQ(listener.budget.used(), 0u);
}

constexpr auto kUnsupported = RequestRefusal::kUnsupported;
constexpr auto kUndecodable = RequestRefusal::kUndecodable;
constexpr auto kTooLarge = RequestRefusal::kTooLarge;

// Of `size` bytes: one unknown field with a length of three bytes.
std::string BodyOfSize(size_t size) {
  std::string body = "\x7a" + std::string(size - 4 + 4, 'x');
  const size_t length = size - 4;
  body[1] = static_cast<char>((length & 0x7f) | 0x80);
  body[2] = static_cast<char>(((length >> 7) & 0x7f) | 0x80);
  body[3] = static_cast<char>(length >> 14);
  body.resize(size);
  return body;
}

INSTANTIATE_TEST_SUITE_P(
    Requests, WriteRefusedTest,
    testing::ValuesIn<RefusedCase>({
        {"Json", "{}", "application/json", "snappy", 415, kUnsupported,
         "content type \"application/json\": this server takes application/x-protobuf"},
        {"OtherMessage", Snappy(Body1()), "application/x-protobuf;proto=a.B", "snappy", 415,
         kUnsupported, "proto=io.prometheus.write.v2.Request"},
        {"OtherCoding", Snappy(Body1()), kType, "br", 415, kUnsupported,
         "content encoding \"br\": this server takes snappy"},
        {"OtherCodingOf2", Snappy(Body2()), kType2, "br", 415, kUnsupported,
         "content encoding \"br\": this server takes snappy"},
        {"NoSnappy", Body1(), kType, "snappy", 400, kUndecodable, "snappy"},
        {"NoProtobuf", Snappy("no protobuf"), kType, "snappy", 400, kUndecodable,
         "is no prometheus.WriteRequest"},
        {"NoProtobuf2", Snappy("no protobuf"), kType2, "snappy", 400, kUndecodable,
         "is no io.prometheus.write.v2.Request"},
        {"Version2As1", Snappy(Body2()), kType, "snappy", 400, kUndecodable,
         "name its message in Content-Type"},
        {"Version1As2", Snappy(Body1()), kType2, "snappy", 400, kUndecodable,
         "name its message in Content-Type"},
        // The listener refuses it, in the words of any other API: the route says it in its own.
        {"TooLargeAsSent", BodyOfSize(kRequestBytesMax + 1), kType, "identity", 413, kTooLarge,
         "send smaller requests\n"},
        {"TooLargeAsSent2", BodyOfSize(kRequestBytesMax + 1), kType2, "identity", 413, kTooLarge,
         "send smaller requests\n"},
        {"TooLargeAsSentJson", BodyOfSize(kRequestBytesMax + 1), "application/json", "identity",
         413, kTooLarge, "send smaller requests\n"},
        {"TwoCodings", Snappy(Body1()), kType, "snappy, snappy", 415, kUnsupported,
         "content encoding \"snappy, snappy\": this server takes snappy"},
        {"TooLargeOpened", Snappy(BodyOfSize(kRequestBytesMax + 1)), kType, "snappy", 413,
         kTooLarge, "bytes_max"},
        {"TooLargeOpened2", Snappy(BodyOfSize(kRequestBytesMax + 1)), kType2, "snappy", 413,
         kTooLarge, "bytes_max"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(RemoteWriteHttpTest, AnUnknownCodingIsToldTheKnownOnes) {
  Listener listener;
  const net::HttpResult result = listener.Post("x", kType, "br");
  EXPECT_EQ(net::FindHeader(result.headers, "Accept-Encoding"), "snappy, zstd, gzip, deflate");
}

TEST(RemoteWriteHttpTest, AtTheLimitItIsTaken) {
  Listener listener;
  EXPECT_EQ(listener.Post(Snappy(BodyOfSize(kRequestBytesMax)), kType).status, 204);
}

// The rest is written, and 2.0 says how much.
TEST(RemoteWriteHttpTest, RefusedSamplesAre400WithTheReason) {
  Listener listener([](const ReceivedSeries&, SeriesAnswerFn answer) {
    SeriesAnswer partial;
    partial.samples_written = 4;
    partial.histograms_written = 1;
    partial.exemplars_written = 2;
    partial.refused = 1;
    partial.message = "1 sample is too old, the first of {__name__=\"up\"}";
    std::move(answer)(std::move(partial));
  });
  const net::HttpResult second = listener.Post(Snappy(Body2()), kType2);
  EXPECT_EQ(second.status, 400);
  EXPECT_EQ(second.body, "1 sample is too old, the first of {__name__=\"up\"}\n");
  EXPECT_EQ(Written(second), "4/1/2");
  const net::HttpResult first = listener.Post(Snappy(Body1()), kType);
  EXPECT_EQ(first.status, 400);
  EXPECT_EQ(Written(first), "");
  for (const char* const version : {"1.0", "2.0"}) {
    const std::string of = fmt::format(",version=\"{}\"}} ", version);
    EXPECT_THAT(listener.Metrics(), HasSubstr("requests_total{outcome=\"partial\"" + of + "1"));
    EXPECT_THAT(listener.Metrics(), HasSubstr("samples_total{outcome=\"accepted\"" + of + "5"));
    EXPECT_THAT(listener.Metrics(), HasSubstr("samples_total{outcome=\"refused\"" + of + "1"));
  }
}

TEST(RemoteWriteHttpTest, RefusedExemplarsAre400In2Alone) {
  Listener listener([](const ReceivedSeries&, SeriesAnswerFn answer) {
    SeriesAnswer partial;
    partial.samples_written = 6;
    partial.exemplars_refused = 1;
    partial.message = "1 of 1 exemplars are not stored";
    std::move(answer)(std::move(partial));
  });
  const net::HttpResult second = listener.Post(Snappy(Body2()), kType2);
  EXPECT_EQ(second.status, 400);
  EXPECT_EQ(second.body, "1 of 1 exemplars are not stored\n");
  EXPECT_EQ(Written(second), "6/0/0");
  const net::HttpResult first = listener.Post(Snappy(Body1()), kType);
  EXPECT_EQ(first.status, 204);
  EXPECT_EQ(first.body, "");
  const std::string metrics = listener.Metrics();
  EXPECT_THAT(metrics, HasSubstr("requests_total{outcome=\"partial\",version=\"2.0\"} 1"));
  EXPECT_THAT(metrics, HasSubstr("requests_total{outcome=\"accepted\",version=\"1.0\"} 1"));
  EXPECT_THAT(metrics, HasSubstr("samples_total{outcome=\"refused\",version=\"2.0\"} 0"));
}

// Whatever may succeed later: senders come again with 503, and give up after any 400.
void ExpectToComeAgain(const net::HttpResult& result, std::string_view seconds,
                       std::string_view message) {
  EXPECT_EQ(result.status, 503);
  EXPECT_EQ(net::FindHeader(result.headers, "Retry-After"), seconds);
  EXPECT_THAT(result.body, HasSubstr(message));
  EXPECT_EQ(Written(result), "0/0/0");
}

TEST(RemoteWriteHttpTest, NoRoomIs503WithRetryAfter) {
  Listener listener([](const ReceivedSeries&, SeriesAnswerFn answer) {
    SeriesAnswer full;
    full.outcome = ExportAnswer::Outcome::kUnavailable;
    full.message = "the disk is full";
    full.retry_delay = std::chrono::milliseconds(4200);
    full.samples_written = 3;  // not true, so not told
    std::move(answer)(std::move(full));
  });
  ExpectToComeAgain(listener.Post(Snappy(Body2()), kType2), "5", "the disk is full");
  EXPECT_THAT(listener.Metrics(),
              HasSubstr("samples_total{outcome=\"unavailable\",version=\"2.0\"} 6"));
}

TEST(RemoteWriteHttpTest, OverloadIsToldBeforeABodyIsOpened) {
  Listener listener;
  listener.sink.set_overloaded("memory is short");
  ExpectToComeAgain(listener.Post("no snappy at all", kType2), "1", "memory is short");
  EXPECT_EQ(listener.sink.refused(RequestRefusal::kOverloaded), 1);
}

TEST(RemoteWriteHttpTest, AnAnswerThatIsDroppedIs503) {
  Listener listener([](const ReceivedSeries&, SeriesAnswerFn) {});
  ExpectToComeAgain(listener.Post(Snappy(Body2()), kType2), "1", "send it again");
}

TEST(RemoteWriteHttpTest, WithoutMemoryForTheBodyItComesAgain) {
  Listener listener;
  base::MemoryLease other(&listener.budget);
  ASSERT_TRUE(other.GrowTo((64 << 20) - 1));
  ExpectToComeAgain(listener.Post(Snappy(Body2()), kType2), "1", "short of memory");
  EXPECT_EQ(listener.sink.refused(RequestRefusal::kOverloaded), 1);
  EXPECT_THAT(listener.Metrics(),
              HasSubstr("requests_total{outcome=\"unavailable\",version=\"2.0\"} 1"));
}

TEST(RemoteWriteHttpTest, WithoutMemoryForTheBatchItComesAgain) {
  Listener listener;
  base::MemoryLease other(&listener.budget);
  ASSERT_TRUE(other.GrowTo((64 << 20) - (200 << 10)));
  const std::string body = BodyOfSize(kRequestBytesMax - 1000);
  ExpectToComeAgain(listener.Post(Snappy(body), kType2), "1", "memory for requests");
  other.Release();
  EXPECT_EQ(listener.budget.used(), 0u);
}

TEST(RemoteWriteHttpTest, OnlyPostIsRouted) {
  Listener listener;
  auto result = net::Call({.url = "http://" + listener.server->address().Text() + "/api/v1/write"});
  ASSERT_TRUE(result.ok());
  EXPECT_EQ(result->status, 405);
}

}  // namespace
}  // namespace slowburn::collector
