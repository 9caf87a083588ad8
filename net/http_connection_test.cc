// Goal: one connection serves many requests, and a lost one is replaced without a word when nothing
// was under way. Method: a raw listener that plays each kind of server, with and without TLS.
#include "net/http_connection.h"

#include <functional>
#include <future>
#include <thread>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <openssl/ssl.h>

#include "base/status.h"
#include "base/testing/temp_dir.h"
#include "net/testing/certificates.h"
#include "net/testing/raw_http.h"
#include "net/tls_context.h"

namespace slowburn::net {
namespace {

using absl::StatusCode;
using std::chrono::milliseconds;
using testing::HasSubstr;

constexpr milliseconds kPatience{10'000};
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// Runs `play` with a listener on a thread of its own.
class Server {
 public:
  explicit Server(std::function<void(RawListener&)> play)
      : thread_([this, play = std::move(play)] { play(listener_); }) {}
  ~Server() { Join(); }
  void Join() {
    if (thread_.joinable()) thread_.join();
  }
  const HostPort& address() const { return listener_.address(); }

 private:
  RawListener listener_;
  std::thread thread_;
};

absl::StatusOr<HttpResult> Post(HttpConnection& connection, std::string_view body = "x",
                                milliseconds timeout = kPatience) {
  return connection.Post({.target = "/x", .body = body}, timeout);
}

TEST(HttpConnectionTest, ManyRequestsOneConnection) {
  std::vector<RawResponse> requests;
  Server server([&](RawListener& listener) {
    RawConnection peer = listener.Accept();
    for (int i = 0; i < 3; ++i) {
      requests.push_back(peer.Read());
      peer.Send(fmt::format("HTTP/1.1 200 OK\r\nContent-Length: 1\r\nX-Y: z\r\n\r\n{}", i));
    }
  });
  HttpConnection connection({.address = server.address()});
  for (int i = 0; i < 3; ++i) {
    const std::string body(static_cast<size_t>(i) * 100'000, 'b');
    const auto result = connection.Post(
        {.target = "/v1/traces?a=b", .headers = "X-One: 1\r\nX-Two: 2\r\n", .body = body},
        kPatience);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(result->status, 200);
    EXPECT_EQ(result->body, std::to_string(i));
    EXPECT_EQ(FindHeader(result->headers, "x-y"), "z");
  }
  server.Join();
  ASSERT_EQ(requests.size(), 3u);
  EXPECT_EQ(requests[0].body, "");
  EXPECT_EQ(requests[2].body, std::string(200'000, 'b'));
  EXPECT_EQ(requests[2].head,
            fmt::format("POST /v1/traces?a=b HTTP/1.1\r\nHost: {}\r\nUser-Agent: slowburn\r\n"
                        "X-One: 1\r\nX-Two: 2\r\nContent-Length: 200000\r\n\r\n",
                        server.address().Text()));
}

struct AnswerCase {
  std::string name;
  std::string response;
  StatusCode want_code = StatusCode::kOk;
  int want_status = 200;
  std::string want_body;
};
class HttpConnectionAnswerTest : public testing::TestWithParam<AnswerCase> {};

// Whatever the first answer was, a second request finds an open connection.
TEST_P(HttpConnectionAnswerTest, IsReadOrRefusedAndTheNextOneIsServed) {
  const AnswerCase& row = GetParam();
  Server server([&](RawListener& listener) {
    {
      RawConnection peer = listener.Accept();
      peer.Read();
      peer.Send(row.response);
    }
    RawConnection peer = listener.Accept();
    peer.Read();
    peer.Send(kOk);
  });
  HttpConnection connection({.address = server.address(), .response_bytes_max = 100});
  const auto result = Post(connection);
  EXPECT_EQ(result.status().code(), row.want_code) << result.status();
  if (result.ok()) {
    EXPECT_EQ(result->status, row.want_status);
    EXPECT_EQ(result->body, row.want_body);
  } else {
    EXPECT_THAT(std::string(base::Message(result.status())), HasSubstr(server.address().Text()));
  }
  // The close may not have come yet where the answer did not announce it.
  absl::StatusOr<HttpResult> next = Post(connection);
  if (!next.ok()) next = Post(connection);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->body, "ok");
}

const std::string kHead = "HTTP/1.1 200 OK\r\n";
const std::string k100 = std::string(100, 'x');

INSTANTIATE_TEST_SUITE_P(
    Servers, HttpConnectionAnswerTest,
    testing::ValuesIn<AnswerCase>({
        {"Sized", kOk, StatusCode::kOk, 200, "ok"},
        {"Closing", kHead + "Connection: close\r\nContent-Length: 2\r\n\r\nok", StatusCode::kOk,
         200, "ok"},
        {"Chunked", kHead + "Transfer-Encoding: chunked\r\n\r\n2\r\nok\r\n0\r\n\r\n",
         StatusCode::kOk, 200, "ok"},
        {"UntilClose", kHead + "\r\nok", StatusCode::kOk, 200, "ok"},
        {"ErrorIsAResult", "HTTP/1.1 503 No\r\nContent-Length: 3\r\n\r\nbad", StatusCode::kOk, 503,
         "bad"},
        {"ContinueFirst", "HTTP/1.1 100 Continue\r\n\r\n" + kOk, StatusCode::kOk, 200, "ok"},
        {"MoreThanAsked", kOk + kOk, StatusCode::kOk, 200, "ok"},
        {"AtTheLimit", kHead + "Content-Length: 100\r\n\r\n" + k100, StatusCode::kOk, 200, k100},
        {"OverTheLimit", kHead + "Content-Length: 101\r\n\r\nx" + k100,
         StatusCode::kResourceExhausted},
        {"ChunksOverTheLimit",
         kHead + "Transfer-Encoding: chunked\r\n\r\n64\r\n" + k100 + "\r\n1\r\nx\r\n0\r\n\r\n",
         StatusCode::kResourceExhausted},
        {"EndlessHeader", kHead + "X: " + std::string(70'000, 'x'), StatusCode::kResourceExhausted},
        {"CutShort", kHead + "Content-Length: 3\r\n\r\nok", StatusCode::kUnavailable},
        {"ClosedWithoutAWord", "", StatusCode::kUnavailable},
        {"NotHttp", "220 mail ready\r\n\r\n", StatusCode::kUnavailable},
    }),
    [](const auto& info) { return info.param.name; });

TEST(HttpConnectionTest, APeerThatClosedMeanwhileIsNoError) {
  std::promise<void> closed;
  Server server([&](RawListener& listener) {
    {
      RawConnection peer = listener.Accept();
      peer.Read();
      peer.Send(kOk);
    }
    closed.set_value();
    RawConnection peer = listener.Accept();
    peer.Read();
    peer.Send(kOk);
  });
  HttpConnection connection({.address = server.address()});
  ASSERT_TRUE(Post(connection).ok());
  closed.get_future().wait();
  const auto next = Post(connection);
  EXPECT_TRUE(next.ok()) << next.status();
}

TEST(HttpConnectionTest, AnAnnouncedCloseIsNotWaitedFor) {
  Server server([](RawListener& listener) {
    RawConnection closing = listener.Accept();
    closing.Read();
    closing.Send("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 0\r\n\r\n");
    RawConnection peer = listener.Accept();
    peer.Read();
    peer.Send(kOk);
  });
  HttpConnection connection({.address = server.address()});
  ASSERT_TRUE(Post(connection).ok());
  const auto next = Post(connection);
  ASSERT_TRUE(next.ok()) << next.status();
  EXPECT_EQ(next->body, "ok");
}

TEST(HttpConnectionTest, GivesUpInTimeAndStartsAnew) {
  std::promise<void> late;
  Server server([&](RawListener& listener) {
    RawConnection silent = listener.Accept();
    silent.Read();
    late.get_future().wait();
    RawConnection peer = listener.Accept();
    peer.Read();
    peer.Send(kOk);
  });
  HttpConnection connection({.address = server.address()});
  const auto result = Post(connection, "x", milliseconds(50));
  late.set_value();
  EXPECT_EQ(result.status().code(), StatusCode::kDeadlineExceeded) << result.status();
  const auto next = Post(connection);
  EXPECT_TRUE(next.ok()) << next.status();
}

TEST(HttpConnectionTest, GivesUpOnAPeerThatReadsNothing) {
  std::promise<void> late;
  Server server([&](RawListener& listener) {
    const RawConnection silent = listener.Accept();
    late.get_future().wait();
  });
  HttpConnection connection({.address = server.address()});
  const auto result = Post(connection, std::string(64 << 20, 'x'), milliseconds(200));
  late.set_value();
  EXPECT_EQ(result.status().code(), StatusCode::kDeadlineExceeded) << result.status();
  EXPECT_THAT(std::string(base::Message(result.status())), HasSubstr("send"));
}

TEST(HttpConnectionTest, AnEarlyRefusalIsReadThoughTheBodyWasNot) {
  Server server([](RawListener& listener) {
    RawConnection peer = listener.Accept();
    peer.Send("HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig");
    peer.ShutdownSend();
    peer.ReadToEnd();
  });
  HttpConnection connection({.address = server.address()});  // gone before the server is joined
  const auto result = Post(connection, std::string(8 << 20, 'x'));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->status, 413);
  EXPECT_EQ(result->body, "big");
}

TEST(HttpConnectionTest, RefusedAndUnknownAreUnavailable) {
  RawListener listener;
  listener.Close();
  HttpConnection refused({.address = listener.address()});
  const absl::Status status = refused.Connect(kPatience);
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_EQ(base::Message(status),
            fmt::format("{}: connect: Connection refused", listener.address().Text()));
  HttpConnection unknown({.address = {"no.such.host.invalid", 1}});
  EXPECT_EQ(unknown.Connect(kPatience).code(), StatusCode::kUnavailable);
  EXPECT_THAT(std::string(base::Message(unknown.Connect(kPatience))), HasSubstr("look up"));
}

// Takes one session, if it comes to one, and answers its requests.
class TlsServer {
 public:
  TlsServer(const CertificateFiles& files, int requests) {
    sockaddr_in address = LoopbackAddress(0);
    socklen_t length = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (::bind(listener_.fd(), generic, length) != 0 || ::listen(listener_.fd(), 1) != 0 ||
        ::getsockname(listener_.fd(), generic, &length) != 0) {
      throw std::runtime_error("cannot listen");
    }
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this, files, requests] { Serve(files, requests); });
  }
  ~TlsServer() { thread_.join(); }
  uint16_t port() const { return port_; }

 private:
  void Serve(const CertificateFiles& files, int requests) {
    const std::unique_ptr<SSL_CTX, decltype(&SSL_CTX_free)> context(
        SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
    SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str());
    SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM);
    const TestSocket socket(::accept4(listener_.fd(), nullptr, nullptr, SOCK_CLOEXEC));
    const std::unique_ptr<SSL, decltype(&SSL_free)> ssl(SSL_new(context.get()), SSL_free);
    SSL_set_fd(ssl.get(), socket.fd());
    if (SSL_accept(ssl.get()) != 1) return;
    for (int i = 0; i < requests; ++i) {
      std::string request;
      while (!request.ends_with("body")) {
        std::array<char, 1000> buffer;
        const int got = SSL_read(ssl.get(), buffer.data(), static_cast<int>(buffer.size()));
        if (got <= 0) return;
        request.append(buffer.data(), static_cast<size_t>(got));
      }
      SSL_write(ssl.get(), kOk.data(), static_cast<int>(kOk.size()));
    }
  }

  TestSocket listener_;
  uint16_t port_ = 0;
  std::thread thread_;
};

struct TlsCase {
  std::string name;
  std::string host;
  std::string certified;
  bool trusted = true;
  std::string want_error;
};
class HttpConnectionTlsTest : public testing::TestWithParam<TlsCase> {};

TEST_P(HttpConnectionTlsTest, VerifiesTheServer) {
  const TlsCase& row = GetParam();
  const base::TempDir folder;
  const TestAuthority authority(folder.path());
  const TestAuthority stranger(folder.path(), "stranger");
  const TlsServer server(authority.Issue({.alternative_names = {row.certified}}), 2);
  const auto tls =
      MakeTlsClientContext({.ca = row.trusted ? authority.certificate() : stranger.certificate()});
  ASSERT_TRUE(tls.ok()) << tls.status();
  HttpConnection connection({.address = {row.host, server.port()}, .tls = *tls});
  // Larger than a TLS record the second time.
  for (const size_t filling : {0, 200'000}) {
    const auto result = Post(connection, std::string(filling, 'x') + "body");
    if (row.want_error.empty()) {
      ASSERT_TRUE(result.ok()) << result.status();
      EXPECT_EQ(result->body, "ok");
    } else {
      EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);
      EXPECT_THAT(std::string(base::Message(result.status())), HasSubstr(row.want_error));
      break;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(
    Certificates, HttpConnectionTlsTest,
    testing::ValuesIn<TlsCase>({
        {"Address", "127.0.0.1", "IP:127.0.0.1"},
        {"Name", "localhost", "DNS:localhost"},
        {"AnotherAddress", "127.0.0.1", "IP:127.0.0.2", true, "not trusted: IP address mismatch"},
        {"AnotherName", "localhost", "DNS:example.org", true, "not trusted: hostname mismatch"},
        {"UnknownAuthority", "127.0.0.1", "IP:127.0.0.1", false,
         "not trusted: unable to get local issuer"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(HttpConnectionTest, APeerWithoutTlsIsAnErrorInTime) {
  Server server([](RawListener& listener) {
    RawConnection peer = listener.Accept();
    peer.Send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
  });
  const auto tls = MakeTlsClientContext({});
  ASSERT_TRUE(tls.ok()) << tls.status();
  HttpConnection connection({.address = server.address(), .tls = *tls});
  const absl::Status status = connection.Connect(kPatience);
  EXPECT_EQ(status.code(), StatusCode::kUnavailable);
  EXPECT_THAT(std::string(base::Message(status)), HasSubstr("TLS"));
}

}  // namespace
}  // namespace slowburn::net
