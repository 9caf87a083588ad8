// Goal: a call gives the answer or says why there is none, in time. Method: a raw listener that
// plays each kind of server.
#include "net/http_client.h"

#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "net/content_coding.h"
#include "net/testing/raw_http.h"

namespace slowburn::net {
namespace {

using absl::StatusCode;
using std::chrono::milliseconds;
using testing::HasSubstr;
using testing::Not;

std::string UrlOf(const HostPort& address, std::string_view path = "/x") {
  return fmt::format("http://{}{}", address.Text(), path);
}

// Takes one connection, reads a request head, says `response` and closes.
class OneShotServer {
 public:
  explicit OneShotServer(std::string response)
      : thread_([this, response = std::move(response)] {
          RawConnection connection = listener_.Accept();
          request_.set_value(connection.Read());
          connection.Send(response);
        }) {}
  ~OneShotServer() { thread_.join(); }

  const HostPort& address() const { return listener_.address(); }
  RawResponse Request() { return request_.get_future().get(); }

 private:
  RawListener listener_;
  std::promise<RawResponse> request_;
  std::thread thread_;
};

TEST(CallTest, SendsWhatItIsGiven) {
  OneShotServer server("HTTP/1.1 202 Accepted\r\nX-Y: z\r\nContent-Length: 2\r\n\r\nok");
  HttpCall call;
  call.method = "POST";
  call.url = UrlOf(server.address(), "/a%20b?c=d");
  call.headers = {{"X-One", "1"}, {"User-Agent", "test"}};
  call.body = "{}";
  call.content_type = "application/json";
  const auto result = Call(call);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->status, 202);
  EXPECT_EQ(result->body, "ok");
  EXPECT_EQ(FindHeader(result->headers, "x-y"), "z");
  const RawResponse request = server.Request();
  EXPECT_EQ(request.body, "{}");
  EXPECT_THAT(request.head, testing::StartsWith("POST /a%20b?c=d HTTP/1.1\r\n"));
  EXPECT_THAT(request.head, HasSubstr(fmt::format("Host: {}\r\n", server.address().Text())));
  EXPECT_THAT(request.head, HasSubstr("Content-Type: application/json\r\n"));
  EXPECT_THAT(request.head, HasSubstr("Content-Length: 2\r\n"));
  EXPECT_THAT(request.head, HasSubstr("X-One: 1\r\n"));
  EXPECT_THAT(request.head, HasSubstr("User-Agent: test\r\n"));
  EXPECT_THAT(request.head, Not(HasSubstr("User-Agent: slowburn")));
}

struct AnswerCase {
  std::string name;
  std::string response;
  StatusCode want_code = StatusCode::kOk;
  int want_status = 200;
  std::string want_body;
  std::string method = "GET";
};
class CallAnswerTest : public testing::TestWithParam<AnswerCase> {};

TEST_P(CallAnswerTest, ReadsOrRefuses) {
  const AnswerCase& row = GetParam();
  OneShotServer server(row.response);
  HttpCall call;
  call.method = row.method;
  call.url = UrlOf(server.address());
  call.response_bytes_max = 100;
  const auto result = Call(call);
  ASSERT_EQ(result.status().code(), row.want_code) << result.status();
  if (!result.ok()) {
    EXPECT_THAT(std::string(base::Message(result.status())), HasSubstr(call.url));
    return;
  }
  EXPECT_EQ(result->status, row.want_status);
  EXPECT_EQ(result->body, row.want_body);
}

const std::string kOk = "HTTP/1.1 200 OK\r\n";
const std::string k100 = std::string(100, 'x');

std::string Compressed(std::string_view token, const std::string& body) {
  return fmt::format("{}Content-Encoding: {}\r\nContent-Length: {}\r\n\r\n{}", kOk, token,
                     body.size(), body);
}
std::string Gzip(std::string_view content) { return EncodeContent(ContentCoding::kGzip, content); }
std::string Zstd(std::string_view content) { return EncodeContent(ContentCoding::kZstd, content); }

INSTANTIATE_TEST_SUITE_P(
    Codings, CallAnswerTest,
    testing::ValuesIn<AnswerCase>({
        {"Gzip", Compressed("gzip", Gzip("ok")), StatusCode::kOk, 200, "ok"},
        {"Zstd", Compressed("zstd", Zstd("ok")), StatusCode::kOk, 200, "ok"},
        {"Identity", Compressed("identity", "ok"), StatusCode::kOk, 200, "ok"},
        {"UnknownIsLeft", Compressed("br", "??"), StatusCode::kOk, 200, "??"},
        {"GzipAtTheLimit", Compressed("gzip", Gzip(k100)), StatusCode::kOk, 200, k100},
        {"GzipOverTheLimit", Compressed("gzip", Gzip(k100 + "x")), StatusCode::kResourceExhausted},
        {"ZstdBomb", Compressed("zstd", Zstd(std::string(1 << 20, 'x'))),
         StatusCode::kResourceExhausted},
        {"NotTheGzipItIsSaidToBe", Compressed("gzip", "ok"), StatusCode::kUnavailable},
        {"HeadOfGzip", kOk + "Content-Encoding: gzip\r\nContent-Length: 50\r\n\r\n",
         StatusCode::kOk, 200, "", "HEAD"},
    }),
    [](const auto& info) { return info.param.name; });

INSTANTIATE_TEST_SUITE_P(
    Servers, CallAnswerTest,
    testing::ValuesIn<AnswerCase>({
        {"Sized", kOk + "Content-Length: 2\r\n\r\nok", StatusCode::kOk, 200, "ok"},
        {"Chunked", kOk + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n", StatusCode::kOk,
         200, "ok"},
        {"UntilClose", kOk + "\r\nok", StatusCode::kOk, 200, "ok"},
        {"NoContent", "HTTP/1.1 204 No Content\r\n\r\n", StatusCode::kOk, 204, ""},
        {"ErrorIsAResult", "HTTP/1.1 500 Oops\r\nContent-Length: 3\r\n\r\nbad", StatusCode::kOk,
         500, "bad"},
        {"RedirectIsAResult", "HTTP/1.1 302 Found\r\nLocation: /y\r\nContent-Length: 0\r\n\r\n",
         StatusCode::kOk, 302, ""},
        {"ContinueFirst", "HTTP/1.1 100 Continue\r\n\r\n" + kOk + "Content-Length: 2\r\n\r\nok",
         StatusCode::kOk, 200, "ok"},
        {"HeadHasNoBody", kOk + "Content-Length: 5000\r\n\r\n", StatusCode::kOk, 200, "", "HEAD"},
        {"AtTheLimit", kOk + "Content-Length: 100\r\n\r\n" + k100, StatusCode::kOk, 200, k100},
        {"OverTheLimit", kOk + "Content-Length: 101\r\n\r\nx" + k100,
         StatusCode::kResourceExhausted},
        {"ChunksOverTheLimit",
         kOk + "Transfer-Encoding: chunked\r\n\r\n64\r\n" + k100 + "\r\n1\r\nx\r\n0\r\n\r\n",
         StatusCode::kResourceExhausted},
        {"UntilCloseOverTheLimit", kOk + "\r\nx" + k100, StatusCode::kResourceExhausted},
        {"EndlessHeader", kOk + "X: " + std::string(70'000, 'x'), StatusCode::kResourceExhausted},
        {"CutShort", kOk + "Content-Length: 3\r\n\r\nok", StatusCode::kUnavailable},
        {"ClosedWithoutAWord", "", StatusCode::kUnavailable},
        {"NotHttp", "220 mail ready\r\n\r\n", StatusCode::kUnavailable},
    }),
    [](const auto& info) { return info.param.name; });

struct BadCallCase {
  std::string name;
  HttpCall call;
  std::string want_error;
};
class CallRefusesTest : public testing::TestWithParam<BadCallCase> {};

TEST_P(CallRefusesTest, BeforeItConnects) {
  const auto result = Call(GetParam().call);
  EXPECT_EQ(result.status().code(), StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(base::Message(result.status())), HasSubstr(GetParam().want_error));
}

HttpCall Make(std::string url, std::string method = "GET", std::vector<HttpHeader> headers = {}) {
  HttpCall call;
  call.url = std::move(url);
  call.method = std::move(method);
  call.headers = std::move(headers);
  return call;
}

INSTANTIATE_TEST_SUITE_P(
    Calls, CallRefusesTest,
    testing::ValuesIn<BadCallCase>({
        {"NoUrl", Make("nonsense"), "\"nonsense\" is not a URL"},
        {"PasswordIsNotRepeated", Make("http://me:secret@a/#x"), "\"a/#x\" is not a URL"},
        {"MethodWithSpace", Make("http://a/", "GET /x"), "is not a method"},
        {"HeaderWithLineBreak", Make("http://a/", "GET", {{"X", "a\r\nY: b"}}), "header \"X\""},
        {"HeaderNameWithSpace", Make("http://a/", "GET", {{"X Y", "a"}}), "header \"X Y\""},
    }),
    [](const auto& info) { return info.param.name; });

TEST(CallTest, RefusedIsUnavailable) {
  RawListener listener;
  listener.Close();
  const auto result = Call(Make(UrlOf(listener.address())));
  EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);
  EXPECT_EQ(base::Message(result.status()),
            fmt::format("GET {}: connect: Connection refused", UrlOf(listener.address())));
}

TEST(CallTest, UnknownHostIsUnavailable) {
  const auto result = Call(Make("http://no.such.host.invalid:1/"));
  EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(std::string(base::Message(result.status())),
              HasSubstr("look up no.such.host.invalid"));
}

TEST(CallTest, NamesAreLookedUp) {
  OneShotServer server(kOk + "Content-Length: 2\r\n\r\nok");
  const auto result = Call(Make(fmt::format("http://localhost:{}/", server.address().port)));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->body, "ok");
}

TEST(CallTest, GivesUpOnAListenerThatNeverAnswers) {
  const RawListener listener;
  HttpCall call = Make(UrlOf(listener.address()));
  call.timeout = milliseconds(200);
  const auto begin = std::chrono::steady_clock::now();
  const auto result = Call(call);
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_EQ(result.status().code(), StatusCode::kDeadlineExceeded);
  EXPECT_EQ(base::Message(result.status()),
            fmt::format("GET {}: no answer within 200 ms", call.url));
  EXPECT_GE(took, milliseconds(200));
  EXPECT_LT(took, milliseconds(5000));
}

TEST(CallTest, AnEarlyRefusalIsReadThoughTheBodyWasNot) {
  RawListener listener;
  std::thread server([&] {
    RawConnection connection = listener.Accept();
    connection.Send(
        "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\nConnection: close\r\n\r\nbig");
    connection.ShutdownSend();
    connection.ReadToEnd();
  });
  HttpCall call = Make(UrlOf(listener.address()), "POST");
  call.body = std::string(8 << 20, 'x');
  const auto result = Call(call);
  server.join();
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->status, 413);
  EXPECT_EQ(result->body, "big");
}

}  // namespace
}  // namespace slowburn::net
