// Goal: requests over HTTP/2 are answered as their routes say, refused as the limits say, and end
// well, whatever the client does meanwhile. Method: a server on a free port; a client that writes
// and reads frames.
#include "net/http2_server.h"

#include <future>

#include <gmock/gmock.h>

#include "net/testing/http2_fixture.h"

namespace slowburn::net {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

constexpr size_t kMib = 1 << 20;

// No two pages alike, so that what is lost, doubled or moved is seen.
std::string Pattern(size_t bytes) {
  std::string text;
  text.reserve(bytes + 16);
  for (uint32_t i = 0; text.size() < bytes; ++i) text += fmt::format("{:08x}", i * 2654435761U);
  text.resize(bytes);
  return text;
}

class Http2ServerTest : public Http2Fixture {};

TEST_F(Http2ServerTest, Answers) {
  StartHttp2();
  Http2Client client = Client();
  const Http2Reply hello = client.Ask("GET", "/hello");
  EXPECT_EQ(hello.status, 200);
  EXPECT_EQ(hello.body, "hello");
  EXPECT_EQ(FindHeader(hello.headers, "content-type"), "text/plain; charset=utf-8");
  EXPECT_TRUE(hello.is_complete);
  EXPECT_FALSE(hello.reset_code);
  EXPECT_EQ(client.Ask("POST", "/echo", {}, "some body").body, "some body");
  EXPECT_EQ(client.Ask("GET", "/items/a%2Fb?x=%20").body, "/items/a/b|x=%20|a/b");
  EXPECT_EQ(Metric("slowburn_net_requests_total", "2xx"), 3);
}

TEST_F(Http2ServerTest, HeadHasNoBody) {
  StartHttp2();
  const Http2Reply head = Client().Ask("HEAD", "/hello");
  EXPECT_EQ(head.status, 200);
  EXPECT_TRUE(head.is_complete);
  EXPECT_EQ(head.body, "");
}

TEST_F(Http2ServerTest, HandlerSeesFieldsInOrderWithoutSecrets) {
  StartHttp2();
  const Http2Reply reply = Client().Ask("GET", "/fields",
                                        {{"te", "trailers"},
                                         {"host", "other"},
                                         {"authorization", "Bearer x"},
                                         {"b", "2"},
                                         {"a", ""}});
  EXPECT_EQ(reply.body, "host: test\nte: trailers\nb: 2\na: \n");
}

TEST_F(Http2ServerTest, EndsWithTrailers) {
  StartHttp2();
  const Http2Reply reply = Client().Ask("POST", "/call", {}, "message");
  EXPECT_EQ(reply.body, "message");
  EXPECT_EQ(reply.header_frames, 2);
  EXPECT_EQ(FindHeader(reply.headers, "content-type"), "application/grpc");
  EXPECT_EQ(FindHeader(reply.trailers, "grpc-status"), "0");
  EXPECT_TRUE(reply.is_complete);
}

struct AnswerCase {
  const char* name;
  HttpResponse response;
  int header_frames;
  const char* trailer;
};

class Http2AnswerTest : public Http2Fixture, public testing::WithParamInterface<AnswerCase> {};

TEST_P(Http2AnswerTest, TakesFewestFrames) {
  StartHttp2();
  Http2Client client = Client();
  client.SendRequest(1, "GET", "/late");
  kept_->Take()(GetParam().response);
  const Http2Reply& reply = client.Await(1);
  EXPECT_EQ(reply.status, GetParam().response.status);
  EXPECT_EQ(reply.body, GetParam().response.body);
  EXPECT_EQ(reply.header_frames, GetParam().header_frames);
  EXPECT_EQ(FindHeader(reply.trailers, "t"), GetParam().trailer);
  EXPECT_TRUE(reply.is_complete);
  EXPECT_FALSE(reply.reset_code);
}

INSTANTIATE_TEST_SUITE_P(Shapes, Http2AnswerTest,
                         testing::ValuesIn<AnswerCase>({
                             {"Body", {200, "a/b", {}, "body", {}}, 1, ""},
                             {"NoBody", {204, "", {}, "", {}}, 1, ""},
                             {"OnlyHeader", {200, "a/b", {{"grpc-status", "3"}}, "", {}}, 1, ""},
                             {"BodyAndTrailer", {200, "a/b", {}, "body", {{"t", "1"}}}, 2, "1"},
                             {"NoBodyButTrailer", {200, "a/b", {}, "", {{"t", "1"}}}, 2, "1"},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST_F(Http2ServerTest, FieldsCannotBreakAnswers) {
  StartHttp2();
  Http2Client client = Client();
  client.SendRequest(1, "GET", "/late");
  HttpResponse response = TextResponse("x");
  response.headers = {{"X-Note", "a\r\nb"}};
  kept_->Take()(response);
  EXPECT_EQ(FindHeader(client.Await(1).headers, "x-note"), "a  b");
}

TEST_F(Http2ServerTest, AnswersWithTooLargeHeaderAreReset) {
  StartHttp2();
  Http2Client client = Client();
  client.SendRequest(1, "GET", "/late");
  HttpResponse response = TextResponse("x");
  response.headers = {{"x-note", std::string(80'000, 'x')}};
  kept_->Take()(response);
  EXPECT_EQ(client.Await(1).reset_code, NGHTTP2_INTERNAL_ERROR);
  EXPECT_EQ(Metric("slowburn_net_handler_errors_total"), 1);
  EXPECT_EQ(client.Ask("GET", "/hello").status, 200);
}

TEST_F(Http2ServerTest, AnswersManyStreamsInAnyOrder) {
  StartHttp2();
  Http2Client client = Client();
  std::vector<Reply> replies;
  for (int32_t i = 0; i < 99; ++i) {
    client.SendRequest(2 * i + 1, "GET", "/late");
    replies.push_back(kept_->Take());
  }
  EXPECT_EQ(client.Ask("GET", "/hello").status, 200) << "the others wait, this one does not";
  for (size_t i = replies.size(); i-- > 0;) {
    std::move(replies[i])(TextResponse(fmt::format("{}", i)));
  }
  for (int32_t i = 0; i < 99; ++i) EXPECT_EQ(client.Await(2 * i + 1).body, fmt::format("{}", i));
}

TEST_F(Http2ServerTest, BodiesComeInterleaved) {
  StartHttp2();
  Http2Client client = Client();
  const std::string body = Pattern(100'000);
  for (int32_t stream = 1; stream < 41; stream += 2) {
    client.SendRequest(stream, "POST", "/mirror", {}, false);
  }
  for (size_t at = 0; at < body.size(); at += 10'000) {
    for (int32_t stream = 1; stream < 41; stream += 2) {
      const std::string piece = body.substr(at, 10'000 - static_cast<size_t>(stream));
      ASSERT_TRUE(client.SendBody(stream, piece, at + 10'000 >= body.size()));
    }
  }
  for (int32_t stream = 1; stream < 41; stream += 2) {
    EXPECT_EQ(client.Await(stream).body.size(), 100'000 - 10 * static_cast<size_t>(stream));
  }
}

TEST_F(Http2ServerTest, LargeBodiesCrossTheWindowsBothWays) {
  base::MemoryBudget& budget = Budget(100 * kMib);
  ServerOptions options = Defaults();
  options.budget = &budget;
  StartHttp2(options);
  const std::string body = Pattern(40 * kMib + 17);
  Http2Client client = Client();
  const Http2Reply reply = client.Ask("POST", "/mirror", {}, body);
  EXPECT_EQ(reply.status, 200);
  EXPECT_TRUE(reply.body == body);
  EXPECT_EQ(budget.used(), 0);
}

// Of a client that announces how much: no more than that is charged, and nothing in advance.
TEST_F(Http2ServerTest, ContentLengthIsNoPermission) {
  base::MemoryBudget& budget = Budget(100 * kMib);
  ServerOptions options = Defaults();
  options.budget = &budget;
  StartHttp2(options);
  Http2Client client = Client();
  client.SendRequest(1, "POST", "/size", {{"content-length", "50000000"}}, false);
  client.SendBody(1, Pattern(1'000), false);
  EXPECT_EQ(client.Ask("GET", "/hello").status, 200);
  EXPECT_GT(budget.used(), 1'000);
  EXPECT_LT(budget.used(), 10'000);
  client.SendFrame(NGHTTP2_RST_STREAM, 0, 1, Uint32(NGHTTP2_CANCEL));
  EXPECT_EQ(client.Ask("GET", "/hello").status, 200);
  EXPECT_EQ(budget.used(), 0) << "given back with the stream";
}

struct RefusalCase {
  const char* name;
  const char* method;
  const char* path;
  std::vector<HttpHeader> fields;
  size_t body_bytes;
  int want_status;
  const char* want_body;
};

class Http2RefusalTest : public Http2Fixture, public testing::WithParamInterface<RefusalCase> {};

TEST_P(Http2RefusalTest, IsWrittenByErrorWriter) {
  const RefusalCase& refusal = GetParam();
  base::MemoryBudget& budget = Budget(kMib);
  ServerOptions options = Defaults();
  options.budget = &budget;
  StartHttp2(options);
  Http2Client client = Client();
  const Http2Reply reply = client.Ask(refusal.method, refusal.path, refusal.fields,
                                      std::string(refusal.body_bytes, 'x'));
  EXPECT_EQ(reply.status, refusal.want_status);
  EXPECT_EQ(reply.body, fmt::format("error {} {}", refusal.want_status, refusal.want_body));
  EXPECT_TRUE(reply.is_complete);
  EXPECT_EQ(budget.used(), 0);
  EXPECT_EQ(client.Ask("GET", "/hello").status, 200) << "the connection goes on";
}

INSTANTIATE_TEST_SUITE_P(
    Limits, Http2RefusalTest,
    testing::ValuesIn<RefusalCase>({
        {"UnknownPath", "GET", "/nowhere", {}, 0, 404, "/nowhere: no such path: \"/nowhere\""},
        {"OtherMethod",
         "POST",
         "/hello",
         {},
         0,
         405,
         "/hello: \"/hello\" does not take POST; use GET"},
        {"PathOfAProxy", "OPTIONS", "*", {}, 0, 400, "*: the path must begin with '/'"},
        {"AnnouncedBody",
         "POST",
         "/echo",
         {{"content-length", "1001"}},
         1001,
         413,
         "/echo: the body is larger than 1000 bytes; send smaller requests"},
        {"LargeBody",
         "POST",
         "/echo",
         {},
         1001,
         413,
         "/echo: the body is larger than 1000 bytes; send smaller requests"},
        {"LargeHeader",
         "GET",
         "/hello",
         {{"x", std::string(17'000, 'x')}},
         0,
         431,
         "/hello: the header is larger than 16384 bytes; send fewer or shorter fields"},
        {"ManyFields", "GET", "/hello", std::vector<HttpHeader>(500, {"x", "y"}), 0, 431,
         "/hello: the header is larger than 16384 bytes; send fewer or shorter fields"},
        {"NoMemory",
         "POST",
         "/size",
         {},
         3 * kMib,
         503,
         "/size: the server is short of memory; send it again later"},
        {"Throws",
         "GET",
         "/throws",
         {},
         0,
         500,
         "/throws: internal error; see the log of the server"},
        {"Dropped",
         "GET",
         "/dropped",
         {},
         0,
         503,
         "/dropped: the request was given up; try again later"},
    }),
    [](const auto& info) { return info.param.name; });

TEST_F(Http2ServerTest, RefusalNamesOtherMethods) {
  StartHttp2();
  EXPECT_EQ(FindHeader(Client().Ask("POST", "/hello").headers, "allow"), "GET");
}

TEST_F(Http2ServerTest, CountsRefusalsByLimit) {
  StartHttp2();
  Http2Client client = Client();
  client.Ask("POST", "/echo", {}, std::string(1'001, 'x'));
  client.Ask("GET", "/hello", {{"x", std::string(17'000, 'x')}});
  EXPECT_EQ(Metric("slowburn_net_requests_refused_total", "body_bytes"), 1);
  EXPECT_EQ(Metric("slowburn_net_requests_refused_total", "header_bytes"), 1);
}

TEST_F(Http2ServerTest, StatusThatIsNoneIsAnError) {
  StartHttp2();
  Http2Client client = Client();
  client.SendRequest(1, "GET", "/late");
  kept_->Take()(TextResponse("x", 42));
  EXPECT_EQ(client.Await(1).status, 500);
  EXPECT_EQ(Metric("slowburn_net_handler_errors_total"), 1);
}

// Its answer comes while the body does; then it is told to stop, without blame.
TEST_F(Http2ServerTest, RefusedBodyIsAnsweredThenReset) {
  StartHttp2();
  Http2Client client = Client();
  client.SendRequest(1, "POST", "/nowhere", {}, false);
  EXPECT_EQ(client.Await(1).status, 404);
  EXPECT_TRUE(client.reply(1).is_complete);
  EXPECT_TRUE(client.AwaitFrame(NGHTTP2_RST_STREAM));
  EXPECT_EQ(client.reply(1).reset_code, NGHTTP2_NO_ERROR);
}

// Six times a connection's window goes into refused streams, each a stream's window full.
TEST_F(Http2ServerTest, RefusedBodiesKeepNoWindow) {
  StartHttp2();
  Http2Client client = Client();
  const std::string body(kMib, 'x');
  for (int32_t stream = 1; stream < 49; stream += 2) {
    client.SendRequest(stream, "POST", "/nowhere", {}, false);
    client.SendBody(stream, body, false);
    EXPECT_EQ(client.Await(stream).status, 404);
  }
  EXPECT_EQ(client.Ask("POST", "/size", {}, std::string(5 * kMib, 'x')).body,
            fmt::format("{}", 5 * kMib));
}

TEST_F(Http2ServerTest, ReplyToResetStreamIsHarmless) {
  StartHttp2();
  Http2Client client = Client();
  client.SendRequest(1, "GET", "/late");
  Reply reply = kept_->Take();
  client.SendFrame(NGHTTP2_RST_STREAM, 0, 1, Uint32(NGHTTP2_CANCEL));
  EXPECT_EQ(client.Ask("GET", "/hello").status, 200);
  std::move(reply)(TextResponse("late"));
  EXPECT_EQ(client.Ask("GET", "/hello").status, 200);
  EXPECT_EQ(client.reply(1).header_frames, 0);
}

TEST_F(Http2ServerTest, ReplyAfterTheConnectionIsHarmless) {
  StartHttp2();
  std::optional<Reply> reply;
  {
    Http2Client client = Client();
    client.SendRequest(1, "GET", "/late");
    reply = kept_->Take();
  }
  ASSERT_TRUE(MetricReaches("slowburn_net_connections", 0));
  (*std::move(reply))(TextResponse("late"));
  EXPECT_EQ(Client().Ask("GET", "/hello").status, 200);
}

TEST_F(Http2ServerTest, ReplyAfterTheServerIsHarmless) {
  StartHttp2();
  Http2Client client = Client();
  client.SendRequest(1, "GET", "/late");
  Reply reply = kept_->Take();
  http2_.reset();
  std::move(reply)(TextResponse("late"));
  EXPECT_TRUE(client.AwaitClose());
}

TEST_F(Http2ServerTest, RequestsMaxIsForAllConnections) {
  ServerOptions options = Defaults();
  options.requests_max = 1;
  StartHttp2(options);
  Http2Client first = Client();
  first.SendRequest(1, "GET", "/late");
  Reply reply = kept_->Take();
  const Http2Reply refused = Client().Ask("GET", "/hello");
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.body, HasSubstr("busy with other requests"));
  EXPECT_EQ(Metric("slowburn_net_requests_refused_total", "requests_max"), 1);
  // Also after its stream has gone, for its handler still has it.
  first.SendFrame(NGHTTP2_RST_STREAM, 0, 1, Uint32(NGHTTP2_CANCEL));
  EXPECT_EQ(first.Ask("GET", "/hello").status, 503);
  std::move(reply)(TextResponse("late"));
  EXPECT_EQ(first.Ask("GET", "/hello").status, 200);
}

TEST_F(Http2ServerTest, SlowBodyIs408) {
  ServerOptions options = Defaults();
  options.body_timeout = seconds(1);
  StartHttp2(options);
  Http2Client client = Client();
  client.SendRequest(1, "POST", "/echo", {}, false);
  client.SendBody(1, "begun", false);
  EXPECT_EQ(client.Await(1).status, 408);
  EXPECT_EQ(client.Ask("GET", "/hello").status, 200);
  EXPECT_EQ(Metric("slowburn_net_requests_refused_total", "time"), 1);
}

TEST_F(Http2ServerTest, HeadersMayComeInManyWays) {
  StartHttp2();
  Http2Client client = Client();
  const std::string fields = RequestFields("GET", "/items/x", {{"x", "y"}});
  // In pieces, the first of them padded and with a priority.
  const uint8_t flags = NGHTTP2_FLAG_END_STREAM | NGHTTP2_FLAG_PADDED | NGHTTP2_FLAG_PRIORITY;
  std::string first(1, '\2');
  first += Uint32(0) + "\x10" + fields.substr(0, 5) + std::string(2, '\0');
  client.SendFrame(NGHTTP2_HEADERS, flags, 1, first);
  client.SendFrame(NGHTTP2_CONTINUATION, 0, 1, fields.substr(5, 20));
  client.SendFrame(NGHTTP2_CONTINUATION, NGHTTP2_FLAG_END_HEADERS, 1, fields.substr(25));
  EXPECT_EQ(client.Await(1).body, "/items/x||x");
}

TEST_F(Http2ServerTest, PaddedDataAndTrailersOfRequests) {
  StartHttp2();
  Http2Client client = Client();
  client.SendRequest(1, "POST", "/echo", {}, false);
  client.SendFrame(NGHTTP2_DATA, NGHTTP2_FLAG_PADDED, 1,
                   std::string("\3body", 5) + std::string(3, '\0'));
  client.SendFrame(NGHTTP2_HEADERS, NGHTTP2_FLAG_END_HEADERS | NGHTTP2_FLAG_END_STREAM, 1,
                   HpackField("x", "y"));
  EXPECT_EQ(client.Await(1).body, "body");
}

TEST_F(Http2ServerTest, HttpOneIsToldWhereItIs) {
  StartHttp2();
  RawConnection connection(http2_->address());
  connection.Send("POST /v1/traces HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\n{}");
  const std::string answer = connection.ReadToEnd();
  EXPECT_THAT(answer, StartsWith("HTTP/1.1 400 "));
  EXPECT_THAT(answer, HasSubstr("this port speaks HTTP/2 only"));
}

TEST_F(Http2ServerTest, WrongPrefaceIsDeclined) {
  StartHttp2();
  RawConnection connection(http2_->address());
  connection.Send("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n");
  EXPECT_THAT(connection.ReadToEnd(), StartsWith("HTTP/1.1 400 "));
  EXPECT_TRUE(MetricReaches("slowburn_net_connections", 0));
}

TEST_F(Http2ServerTest, PingsIdleClientsAndKeepsThoseThatAnswer) {
  ServerOptions options = Defaults();
  options.idle_timeout = seconds(1);
  StartHttp2(options);
  Http2Client answering = Client();
  Http2Client silent = Client({.answers_pings = false});
  EXPECT_TRUE(silent.AwaitFrame(NGHTTP2_PING));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(answering.AwaitFrame(NGHTTP2_PING));
  EXPECT_TRUE(silent.AwaitClose());
  EXPECT_EQ(answering.Ask("GET", "/hello").status, 200);
}

TEST_F(Http2ServerTest, DrainLetsRequestsEnd) {
  StartHttp2();
  Http2Client busy = Client();
  Http2Client idle = Client();
  EXPECT_EQ(idle.Ask("GET", "/hello").status, 200);
  busy.SendRequest(1, "GET", "/late");
  Reply reply = kept_->Take();
  std::future<void> drained =
      std::async(std::launch::async, [this] { http2_->Shutdown(seconds(30)); });
  EXPECT_EQ(idle.AwaitGoaway(), NGHTTP2_NO_ERROR) << "closed, for it has no request";
  EXPECT_EQ(idle.goaway_stream(), 1001) << "its last one";
  EXPECT_TRUE(busy.AwaitFrame(NGHTTP2_GOAWAY)) << "that it must go";
  EXPECT_TRUE(busy.AwaitFrame(NGHTTP2_GOAWAY)) << "which was its last request";
  EXPECT_EQ(busy.goaway_stream(), 1);
  std::move(reply)(TextResponse("late"));
  EXPECT_EQ(busy.Await(1).body, "late");
  EXPECT_TRUE(busy.AwaitClose());
  drained.get();
}

TEST_F(Http2ServerTest, DrainEndsByItself) {
  StartHttp2();
  Http2Client client = Client({.answers_pings = false});
  client.SendRequest(1, "GET", "/late");
  Reply reply = kept_->Take();
  http2_->Shutdown(seconds(0));
  EXPECT_TRUE(client.AwaitClose());
}

// It hears of the end only when it asks again: then it is told to come back later.
TEST_F(Http2ServerTest, RequestsDuringDrainAreRefused) {
  StartHttp2();
  Http2Client client = Client({.answers_pings = false});
  client.SendRequest(1, "GET", "/late");
  Reply reply = kept_->Take();
  std::future<void> drained =
      std::async(std::launch::async, [this] { http2_->Shutdown(seconds(30)); });
  EXPECT_TRUE(client.AwaitFrame(NGHTTP2_GOAWAY));
  client.SendRequest(3, "GET", "/hello");
  EXPECT_EQ(client.Await(3).status, 503);
  EXPECT_THAT(client.reply(3).body, HasSubstr("shutting down"));
  std::move(reply)(TextResponse("late"));
  EXPECT_EQ(client.Await(1).body, "late");
  drained.get();
}

TEST_F(Http2ServerTest, IdleConnectionMakesRoom) {
  ServerOptions options = Defaults();
  options.connections_max = 2;
  StartHttp2(options);
  Http2Client busy = Client();
  busy.SendRequest(1, "GET", "/late");
  Reply reply = kept_->Take();
  Http2Client idle = Client();
  EXPECT_EQ(idle.Ask("GET", "/hello").status, 200);
  Http2Client newcomer = Client();
  EXPECT_EQ(newcomer.Ask("GET", "/hello").status, 200);
  EXPECT_TRUE(idle.AwaitClose());
  std::move(reply)(TextResponse("late"));
  EXPECT_EQ(busy.Await(1).body, "late");
}

}  // namespace
}  // namespace slowburn::net
