// Goal: requests in every legal form reach their handler, and answers come back whatever thread
// gives them and whenever. Method: a raw socket that says exactly what goes over the wire; limits
// and timeouts are in http_server_limits_test.cc.
#include "net/http_server.h"

#include <random>

#include <gmock/gmock.h>

#include "base/status.h"
#include "net/http_client.h"
#include "net/testing/server_fixture.h"

namespace slowburn::net {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;
using testing::Not;

class HttpServerTest : public ServerFixture {};

TEST_F(HttpServerTest, KeepsAConnectionForManyRequests) {
  Start();
  RawConnection connection = Connect();
  for (int i = 0; i < 200; ++i) {
    ASSERT_TRUE(connection.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"));
    const RawResponse response = connection.Read();
    ASSERT_EQ(response.status, 200);
    ASSERT_EQ(response.body, "hello");
    ASSERT_THAT(response.head, Not(HasSubstr("Connection:")));
  }
  EXPECT_EQ(Metric("slowburn_net_connections_accepted_total"), 1);
  EXPECT_EQ(Metric("slowburn_net_connections"), 1);
  EXPECT_EQ(Metric("slowburn_net_requests_total", "2xx"), 200);
  EXPECT_EQ(Metric("slowburn_net_request_bytes_total"), 200.0 * 32);
}

TEST_F(HttpServerTest, WritesItsOwnFields) {
  Start();
  const RawResponse response = Ask("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(response.head, HasSubstr("HTTP/1.1 200 OK\r\n"));
  EXPECT_THAT(response.head, HasSubstr("Content-Type: text/plain; charset=utf-8\r\n"));
  EXPECT_THAT(response.head, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_THAT(response.head, HasSubstr("X-Content-Type-Options: nosniff\r\n"));
  EXPECT_THAT(response.head,
              testing::ContainsRegex("Date: [A-Z][a-z]{2}, [0-9]{2} [A-Z][a-z]{2} [0-9]{4} "
                                     "[0-9:]{8} GMT\r\n"));
}

TEST_F(HttpServerTest, AnswersPipelinedRequestsInOrder) {
  Start();
  RawConnection connection = Connect();
  connection.Send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\none"
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n3\r\ntwo\r\n0\r\n\r\n"
      "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(connection.Read().body, "one");
  EXPECT_EQ(connection.Read().body, "two");
  EXPECT_EQ(connection.Read().body, "hello");
}

struct ExchangeCase {
  std::string name;
  std::string request;
  int want_status = 0;
  std::string want_body;
  bool want_close = false;
};
class HttpServerExchangeTest : public ServerFixture,
                               public testing::WithParamInterface<ExchangeCase> {};

TEST_P(HttpServerExchangeTest, Answers) {
  Start();
  const ExchangeCase& row = GetParam();
  RawConnection connection = Connect();
  connection.Send(row.request);
  const RawResponse response = connection.Read();
  EXPECT_EQ(response.status, row.want_status);
  EXPECT_EQ(response.body, row.want_body);
  if (row.want_close) {
    EXPECT_EQ(connection.ReadToEnd(), "");
  } else {
    connection.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
    EXPECT_EQ(connection.Read().body, "hello");
  }
}

INSTANTIATE_TEST_SUITE_P(
    Forms, HttpServerExchangeTest,
    testing::ValuesIn<ExchangeCase>({
        {"Sized", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody", 200, "body"},
        {"SizedEmpty", "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n", 200, ""},
        {"NoLength", "POST /echo HTTP/1.1\r\nHost: a\r\n\r\n", 200, ""},
        {"Chunked",
         "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n"
         "4\r\nwiki\r\nA;x=y\r\n0123456789\r\n0\r\n\r\n",
         200, "wiki0123456789"},
        {"ChunkedWithTrailer",
         "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n0\r\nX: "
         "y\r\n\r\n",
         200, "ab"},
        {"ChunkedEmpty",
         "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, ""},
        {"PathAndQuery", "GET /items/a%2Fb%20c?q=%41&r HTTP/1.1\r\nHost: a\r\n\r\n", 200,
         "/items/a/b c|q=%41&r|a/b c"},
        {"AbsoluteForm", "GET http://a:1/items/x?y HTTP/1.1\r\nHost: a\r\n\r\n", 200,
         "/items/x|y|x"},
        {"AbsoluteFormInCapitals", "GET HTTPS://A/items/x HTTP/1.1\r\nHost: a\r\n\r\n", 200,
         "/items/x||x"},
        {"AbsoluteFormWithoutAPath", "GET http://a?b=/hello HTTP/1.1\r\nHost: a\r\n\r\n", 404,
         "error 404 /: no such path: \"/\""},
        {"AbsoluteFormWithoutAHost", "GET http:///hello HTTP/1.1\r\nHost: a\r\n\r\n", 400,
         "error 400 /: not a valid HTTP/1.1 request: bad target", true},
        {"AnotherScheme", "GET ftp://a/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400,
         "error 400 /: not a valid HTTP/1.1 request: bad target", true},
        {"AnAddressInTheQuery", "GET x?y=http://a/hello HTTP/1.1\r\nHost: a\r\n\r\n", 400,
         "error 400 /: not a valid HTTP/1.1 request: bad target", true},
        {"AskedToClose", "GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n", 200,
         "hello", true},
        {"Http10", "GET /hello HTTP/1.0\r\n\r\n", 200, "hello", true},
        {"Http10KeepAlive", "GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n", 200, "hello",
         false},
        {"NotFound", "GET /x%20y?q HTTP/1.1\r\nHost: a\r\n\r\n", 404,
         "error 404 /x y: no such path: \"/x y\""},
        {"WrongMethod", "DELETE /hello HTTP/1.1\r\nHost: a\r\n\r\n", 405,
         "error 405 /hello: \"/hello\" does not take DELETE; use GET"},
        {"OtherExpectation", "GET /hello HTTP/1.1\r\nHost: a\r\nExpect: wonders\r\n\r\n", 417,
         "error 417 /hello: unknown expectation \"wonders\"; use 100-continue"},
        {"DroppedReply", "GET /dropped HTTP/1.1\r\nHost: a\r\n\r\n", 503,
         "error 503 /dropped: the request was given up; try again later"},
        {"ThrowingHandler", "GET /throws HTTP/1.1\r\nHost: a\r\n\r\n", 500,
         "error 500 /throws: internal error; see the log of the server"},
    }),
    [](const auto& info) { return info.param.name; });

TEST_F(HttpServerTest, ARouteMayWriteItsOwnErrors) {
  RouteTable routes = Routes();
  Route own{Role::kRead, "POST", "/own", [](HttpRequest, Reply) {}, 3};
  own.errors = [](const HttpRequest& request, int status, std::string_view) {
    return TextResponse(fmt::format("own {} {}", status, request.Header("Content-Type")), status);
  };
  routes.Add(std::move(own));
  auto server = HttpServer::Start(Defaults(), std::move(routes), registry_);
  ASSERT_TRUE(server.ok()) << server.status();
  server_ = *std::move(server);
  const auto ask = [this](std::string_view method, std::string_view path, std::string_view body) {
    return Ask(fmt::format("{} {} HTTP/1.1\r\nHost: a\r\nContent-Type: a/b\r\n"
                           "Content-Length: {}\r\n\r\n{}",
                           method, path, body.size(), body))
        .body;
  };
  EXPECT_EQ(ask("POST", "/own", "long"), "own 413 a/b");
  EXPECT_EQ(ask("POST", "/own", ""), "own 503 a/b");  // its handler dropped the reply
  EXPECT_THAT(ask("GET", "/own", ""), HasSubstr("error 405 /own: "));
  EXPECT_THAT(ask("GET", "/dropped", ""), HasSubstr("error 503 /dropped: "));
}

TEST_F(HttpServerTest, SaysWhichMethodsAreAllowed) {
  Start();
  EXPECT_THAT(Ask("PUT /hello HTTP/1.1\r\nHost: a\r\n\r\n").head, HasSubstr("\r\nAllow: GET\r\n"));
}

TEST_F(HttpServerTest, HeadHasTheLengthButNoBody) {
  Start();
  RawConnection connection = Connect();
  connection.Send(
      "HEAD /hello HTTP/1.1\r\nHost: a\r\n\r\nHEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\nGET /hello "
      "HTTP/1.1\r\nHost: a\r\n\r\n");
  const RawResponse found = connection.Read(true);
  EXPECT_EQ(found.status, 200);
  EXPECT_THAT(found.head, HasSubstr("Content-Length: 5\r\n"));
  EXPECT_EQ(connection.Read(true).status, 404);
  EXPECT_EQ(connection.Read().body, "hello");
}

TEST_F(HttpServerTest, ContinuesBeforeItReadsTheBody) {
  Start();
  RawConnection connection = Connect();
  connection.Send(
      "POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n");
  EXPECT_EQ(connection.Read().head, "HTTP/1.1 100 Continue\r\n\r\n");
  connection.Send("body");
  EXPECT_EQ(connection.Read().body, "body");
}

TEST_F(HttpServerTest, RefusesInsteadOfContinuing) {
  Start();
  const std::string expect = "Host: a\r\nExpect: 100-continue\r\nContent-Length: ";
  EXPECT_EQ(Ask("POST /nothing HTTP/1.1\r\n" + expect + "4\r\n\r\n").status, 404);
  EXPECT_EQ(Ask("PUT /echo HTTP/1.1\r\n" + expect + "4\r\n\r\n").status, 405);
  EXPECT_EQ(Ask("POST /echo HTTP/1.1\r\n" + expect + "1001\r\n\r\n").status, 413);
}

TEST_F(HttpServerTest, TakesBytesOneByOne) {
  Start();
  RawConnection connection = Connect();
  const std::string request =
      "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: "
      "chunked\r\n\r\n3\r\nabc\r\n1\r\nd\r\n0\r\nT: u\r\n\r\n";
  for (const char c : request) ASSERT_TRUE(connection.Send({&c, 1}));
  EXPECT_EQ(connection.Read().body, "abcd");
}

TEST_F(HttpServerTest, LargeBodiesComeWhole) {
  Start();
  std::mt19937 random(7);
  std::string body(235'000, '\0');
  for (char& c : body) c = static_cast<char>(random());
  RouteTable routes = Routes();
  AddRoute(
      routes, "POST", "/back",
      [](HttpRequest request, Reply reply) {
        std::move(reply)(TextResponse(std::move(request.body)));
      },
      1 << 20);
  auto server = HttpServer::Start(Defaults(), std::move(routes), registry_);
  ASSERT_TRUE(server.ok()) << server.status();
  for (int i = 0; i < 3; ++i) {
    HttpCall call;
    call.method = "POST";
    call.url = fmt::format("http://{}/back", (*server)->address().Text());
    call.body = body;
    const auto result = Call(call);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_TRUE(result->body == body);
  }
  RawConnection connection = Connect();
  std::thread sender([&] {
    connection.Send("POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 20000000\r\n\r\n");
    connection.Send(std::string(20'000'000, 'x'));
  });
  EXPECT_EQ(connection.Read().body, "20000000");
  sender.join();
}

TEST_F(HttpServerTest, LateReplyComesFromAnotherThread) {
  Start();
  RawConnection connection = Connect();
  for (int i = 0; i < 50; ++i) {
    connection.Send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
    Reply reply = kept_->Take();
    std::move(reply)(TextResponse(fmt::format("late {}", i)));
    EXPECT_EQ(connection.Read().body, fmt::format("late {}", i));
  }
}

TEST_F(HttpServerTest, DroppedFromAnotherThreadIs503) {
  Start();
  RawConnection connection = Connect();
  connection.Send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
  { const Reply dropped = kept_->Take(); }
  EXPECT_EQ(connection.Read().status, 503);
}

TEST_F(HttpServerTest, ReplyAfterTheConnectionOrTheServerHasGoneIsHarmless) {
  Start();
  {
    RawConnection connection = Connect();
    connection.Send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
    Reply first = kept_->Take();
    connection.Send("x");
    std::move(first)(TextResponse(std::string(1 << 20, 'x')));
  }
  EXPECT_TRUE(MetricReaches("slowburn_net_connections", 0));
  RawConnection connection = Connect();
  connection.Send("GET /late HTTP/1.1\r\nHost: a\r\n\r\nGET /late HTTP/1.1\r\nHost: a\r\n\r\n");
  Reply called = kept_->Take();
  RawConnection another = Connect();
  another.Send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
  {
    Reply dropped_later = kept_->Take();
    server_.reset();
  }
  std::move(called)(TextResponse("for nobody"));
  EXPECT_EQ(connection.Read().status, 0);
}

TEST_F(HttpServerTest, AReplyOfAnEarlierRequestIsNotTakenForALaterOne) {
  KeptReplies kept;
  RouteTable routes = Routes();
  AddRoute(routes, "GET", "/keeps-and-throws", [&](HttpRequest, Reply reply) {
    kept.Put(std::move(reply));
    throw std::runtime_error("after keeping");
  });
  auto server = HttpServer::Start(Defaults(), std::move(routes), registry_);
  ASSERT_TRUE(server.ok()) << server.status();
  RawConnection connection((*server)->address());
  connection.Send("GET /keeps-and-throws HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(connection.Read().status, 500);
  connection.Send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
  Reply right = kept_->Take();
  Reply wrong = kept.Take();
  std::move(wrong)(TextResponse("wrong"));
  std::move(right)(TextResponse("right"));
  EXPECT_EQ(connection.Read().body, "right");
  EXPECT_EQ(Metric("slowburn_net_handler_errors_total"), 1);
}

TEST_F(HttpServerTest, HeaderValuesCannotSplitTheResponse) {
  RouteTable routes = Routes();
  AddRoute(routes, "GET", "/split", [](HttpRequest, Reply reply) {
    HttpResponse response = TextResponse("x");
    response.headers.push_back({"Location", "/a\r\nSet-Cookie: evil=1"});
    std::move(reply)(std::move(response));
  });
  auto server = HttpServer::Start(Defaults(), std::move(routes), registry_);
  ASSERT_TRUE(server.ok()) << server.status();
  RawConnection connection((*server)->address());
  connection.Send("GET /split HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(connection.Read().head, HasSubstr("Location: /a  Set-Cookie: evil=1\r\n"));
}

TEST_F(HttpServerTest, ShutdownLetsAReplyInFlightFinish) {
  Start();
  RawConnection busy = Connect();
  RawConnection idle = Connect();
  idle.Send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_EQ(idle.Read().status, 200);
  RawConnection half = Connect();
  half.Send("GET /hello HTTP/1.1\r\n");
  busy.Send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
  Reply reply = kept_->Take();
  ASSERT_TRUE(MetricReaches("slowburn_net_request_bytes_total", 32 + 21 + 31));
  std::thread stop([&] { server_->Shutdown(seconds(30)); });
  EXPECT_EQ(idle.ReadToEnd(), "");
  half.Send("Host: a\r\n\r\n");
  const RawResponse refused = half.Read();
  EXPECT_EQ(refused.status, 503);
  EXPECT_THAT(refused.head, HasSubstr("Connection: close\r\n"));
  EXPECT_THROW(Connect(), std::runtime_error);
  std::move(reply)(TextResponse("finished"));
  const RawResponse finished = busy.Read();
  EXPECT_EQ(finished.body, "finished");
  EXPECT_THAT(finished.head, HasSubstr("Connection: close\r\n"));
  stop.join();
  server_->Shutdown(seconds(0));
  EXPECT_EQ(Metric("slowburn_net_connections"), 0);
}

TEST_F(HttpServerTest, ShutdownDoesNotWaitLongerThanItsDrain) {
  Start();
  RawConnection connection = Connect();
  connection.Send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n");
  Reply reply = kept_->Take();
  const auto begin = std::chrono::steady_clock::now();
  server_->Shutdown(seconds(1));
  const auto took = std::chrono::steady_clock::now() - begin;
  EXPECT_GE(took, seconds(1));
  EXPECT_LT(took, seconds(9));
  EXPECT_EQ(connection.ReadToEnd(), "");
}

struct BadAddressCase {
  std::string name;
  std::string host;
  absl::StatusCode want_code;
  std::string want_error;
};
class HttpServerStartTest : public ServerFixture,
                            public testing::WithParamInterface<BadAddressCase> {};

TEST_P(HttpServerStartTest, SaysWhatToDo) {
  ServerOptions options = Defaults();
  options.address.host = GetParam().host;
  const auto server = HttpServer::Start(options, Routes(), registry_);
  EXPECT_EQ(server.status().code(), GetParam().want_code);
  EXPECT_THAT(std::string(base::Message(server.status())), HasSubstr(GetParam().want_error));
}

INSTANTIATE_TEST_SUITE_P(Addresses, HttpServerStartTest,
                         testing::ValuesIn<BadAddressCase>({
                             {"UnknownHost", "no.such.host.invalid",
                              absl::StatusCode::kInvalidArgument,
                              "listen on no.such.host.invalid:0: unknown host"},
                             {"NotOurs", "192.0.2.1", absl::StatusCode::kInvalidArgument,
                              "listen on 192.0.2.1:0: not an address"},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST_F(HttpServerTest, AddressInUseIsNamed) {
  Start();
  ServerOptions options = Defaults();
  options.address = server_->address();
  const auto second = HttpServer::Start(options, Routes(), registry_);
  EXPECT_EQ(second.status().code(), absl::StatusCode::kUnavailable);
  EXPECT_EQ(
      base::Message(second.status()),
      fmt::format(
          "listen on 127.0.0.1:{}: address in use; stop the other program or choose another port",
          server_->address().port));
}

}  // namespace
}  // namespace slowburn::net
