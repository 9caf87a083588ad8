// Goal: over https a call reaches the server that the URL names, and no other; when there is no
// trust the error says what to do. Method: servers of plain OpenSSL with certificates of a test's
// own authority.
#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/status.h"
#include "base/testing/temp_dir.h"
#include "net/http_client.h"
#include "net/internal/tls_client.h"
#include "net/testing/certificates.h"
#include "net/testing/tls_peer.h"
#include "net/tls_context.h"

namespace slowburn::net {
namespace {

using absl::StatusCode;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::HasSubstr;
using testing::StartsWith;

constexpr seconds kDay{86'400};
const std::string kOk = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok";

// Of OpenSSL's own defaults: with certificates that TlsServerContext would refuse.
std::shared_ptr<SSL_CTX> PlainContext(const CertificateFiles& files) {
  std::shared_ptr<SSL_CTX> context(SSL_CTX_new(TLS_server_method()), SSL_CTX_free);
  EXPECT_EQ(SSL_CTX_use_certificate_chain_file(context.get(), files.certificate.c_str()), 1);
  EXPECT_EQ(SSL_CTX_use_PrivateKey_file(context.get(), files.key.c_str(), SSL_FILETYPE_PEM), 1);
  return context;
}

std::string Error(const absl::StatusOr<HttpResult>& result) {
  return std::string(base::Message(result.status()));
}

class CallTlsTest : public testing::Test {
 protected:
  std::shared_ptr<SSL_CTX> Server(const CertificateSpec& spec = CertificateSpec()) const {
    return PlainContext(authority_.Issue(spec));
  }
  // One that asks clients for a certificate of `authority_`.
  std::shared_ptr<SSL_CTX> AskingServer(int version) const {
    const CertificateFiles files = authority_.Issue();
    TlsServerContext::Options options;
    options.certificate = files.certificate;
    options.key = files.key;
    options.client_ca = authority_.certificate();
    const auto server = TlsServerContext::Load(options);
    EXPECT_TRUE(server.ok()) << server.status();
    SSL_CTX_set_max_proto_version((*server)->current().get(), version);
    return (*server)->current();
  }
  HttpCall Make(std::string url) const {
    HttpCall call;
    call.url = std::move(url);
    call.tls.ca = authority_.certificate();
    return call;
  }

  base::TempDir dir_;
  TestAuthority authority_{dir_.path()};
};

TEST_F(CallTlsTest, AsksForTheNameOfTheUrl) {
  TlsPeer peer(Server(), "HTTP/1.1 202 Accepted\r\nX-Y: z\r\nContent-Length: 2\r\n\r\nok");
  HttpCall call = Make(peer.Url("localhost", "/a?b=c"));
  call.method = "POST";
  call.body = "{}";
  call.headers = {{"Authorization", "Bearer t"}};
  const auto result = Call(call);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->status, 202);
  EXPECT_EQ(result->body, "ok");
  EXPECT_EQ(FindHeader(result->headers, "x-y"), "z");
  const TlsPeer::Seen seen = peer.Wait();
  EXPECT_EQ(seen.server_name, "localhost");
  EXPECT_THAT(seen.request, StartsWith("POST /a?b=c HTTP/1.1\r\n"));
  EXPECT_THAT(seen.request, HasSubstr(fmt::format("Host: localhost:{}\r\n", peer.port())));
  EXPECT_THAT(seen.request, HasSubstr("Authorization: Bearer t\r\n"));
  EXPECT_THAT(seen.request, testing::EndsWith("\r\n\r\n{}"));
}

TEST_F(CallTlsTest, AddressesNeedNoServerName) {
  TlsPeer peer(Server({.alternative_names = {"IP:127.0.0.1"}}), kOk);
  const auto result = Call(Make(peer.Url("127.0.0.1")));
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->body, "ok");
  EXPECT_EQ(peer.Wait().server_name, "");
}

TEST_F(CallTlsTest, FinalDotIsNoPartOfTheName) {
  const auto ssl = internal::NewTlsClient({.ca = authority_.certificate()}, "db.example.");
  ASSERT_TRUE(ssl.ok()) << ssl.status();
  EXPECT_STREQ(SSL_get_servername(ssl->get(), TLSEXT_NAMETYPE_host_name), "db.example");
}

struct TrustCase {
  std::string name;
  std::string host = "localhost";
  std::function<CertificateFiles(const base::TempDir& dir, const TestAuthority& authority)> issue;
  bool want = false;
  std::string want_error;
};
class CallTlsTrustTest : public CallTlsTest, public testing::WithParamInterface<TrustCase> {};

TEST_P(CallTlsTrustTest, IsGivenOrRefused) {
  const TrustCase& row = GetParam();
  TlsPeer peer(PlainContext(row.issue(dir_, authority_)), kOk);
  const HttpCall call = Make(peer.Url(row.host));
  const auto result = Call(call);
  EXPECT_EQ(result.ok(), row.want) << result.status();
  if (row.want) return;
  EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(Error(result), StartsWith(fmt::format("GET {}: TLS handshake: ", call.url)));
  EXPECT_THAT(Error(result), HasSubstr(row.want_error));
  const TlsPeer::Seen seen = peer.Wait();
  EXPECT_EQ(seen.request, "") << "the request went to a server that is not trusted";
}

auto Issue(CertificateSpec spec) {
  return [spec](const base::TempDir&, const TestAuthority& authority) {
    return authority.Issue(spec);
  };
}
auto IssueFor(std::vector<std::string> alternative_names) {
  CertificateSpec spec;
  spec.common_name = "localhost";
  spec.alternative_names = std::move(alternative_names);
  return Issue(spec);
}

INSTANTIATE_TEST_SUITE_P(
    Servers, CallTlsTrustTest,
    testing::ValuesIn<TrustCase>({
        {"Right", "localhost", IssueFor({"DNS:localhost"}), true},
        {"RightInAnyCase", "LOCALHOST", IssueFor({"DNS:LocalHost"}), true},
        {"OneOfMany", "localhost", IssueFor({"DNS:a.example", "DNS:localhost"}), true},
        {"BelowAnIntermediate", "localhost",
         [](const base::TempDir&, const TestAuthority& authority) {
           return TestAuthority(authority, "below").Issue();
         },
         true},
        {"OtherName", "localhost", IssueFor({"DNS:other.example"}), false,
         "the server's certificate is not for localhost; write a name"},
        {"CommonNameAlone", "localhost", IssueFor({}), false, "is not for localhost"},
        {"AddressForAName", "localhost", IssueFor({"IP:127.0.0.1"}), false, "is not for localhost"},
        {"NameForAnAddress", "127.0.0.1", IssueFor({"DNS:localhost", "DNS:127.0.0.1"}), false,
         "is not for 127.0.0.1"},
        {"OtherAddress", "127.0.0.1", IssueFor({"IP:127.0.0.2"}), false, "is not for 127.0.0.1"},
        {"SelfSigned", "localhost",
         [](const base::TempDir& dir, const TestAuthority&) { return IssueSelfSigned(dir.path()); },
         false,
         "the server's certificate is not trusted (self-signed certificate); name its authority's "
         "file as tls.ca"},
        {"OtherAuthority", "localhost",
         [](const base::TempDir& dir, const TestAuthority&) {
           return TestAuthority(dir.path(), "other").Issue();
         },
         false, "is not trusted (unable to get local issuer certificate)"},
        {"Expired", "localhost", Issue({.begins = -2 * kDay, .ends = seconds(-1)}), false,
         "the server's certificate has expired; renew it there"},
        {"NotValidYet", "localhost", Issue({.begins = kDay, .ends = 2 * kDay}), false,
         "is not valid yet; compare the clocks"},
        {"OfAClient", "localhost", Issue({.is_client = true}), false,
         "the server's certificate is refused (unsuitable certificate purpose)"},
    }),
    [](const auto& info) { return info.param.name; });

TEST_F(CallTlsTest, SystemsAuthoritiesAreTheDefault) {
  TlsPeer peer(Server(), kOk);
  HttpCall call = Make(peer.Url("localhost"));
  call.tls = {};
  EXPECT_THAT(Error(Call(call)), HasSubstr("is not trusted"));
}

TEST_F(CallTlsTest, ShowsItsOwnCertificate) {
  const CertificateSpec spec{.file = "client", .common_name = "agent", .is_client = true};
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPeer peer(AskingServer(version), kOk);
    HttpCall call = Make(peer.Url("localhost"));
    const CertificateFiles own = authority_.Issue(spec);
    call.tls.certificate = own.certificate;
    call.tls.key = own.key;
    const auto result = Call(call);
    ASSERT_TRUE(result.ok()) << result.status();
    EXPECT_EQ(peer.Wait().client, "agent");
  }
}

TEST_F(CallTlsTest, MissingOwnCertificateIsExplained) {
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPeer peer(AskingServer(version), kOk);
    const auto result = Call(Make(peer.Url("localhost")));
    EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);
    EXPECT_THAT(Error(result), HasSubstr("wants a certificate of us"));
    EXPECT_THAT(Error(result), HasSubstr("name one as tls.certificate and tls.key"));
  }
}

TEST_F(CallTlsTest, RefusedOwnCertificateIsExplained) {
  const TestAuthority other(dir_.path(), "other");
  const CertificateFiles own = other.Issue({.file = "client", .is_client = true});
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    TlsPeer peer(AskingServer(version), kOk);
    HttpCall call = Make(peer.Url("localhost"));
    call.tls.certificate = own.certificate;
    call.tls.key = own.key;
    const auto result = Call(call);
    EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);
    EXPECT_THAT(Error(result), HasSubstr("the server refuses the certificate in tls.certificate"));
  }
}

TEST_F(CallTlsTest, FilesAreNamedWithTheUrl) {
  HttpCall call = Make("https://localhost:1/");
  call.tls.ca = "/nowhere/ca.pem";
  const auto result = Call(call);
  EXPECT_EQ(result.status().code(), StatusCode::kNotFound);
  EXPECT_THAT(Error(result), StartsWith("GET https://localhost:1/: open '/nowhere/ca.pem'"));
}

TEST_F(CallTlsTest, OldTlsIsRefused) {
  const std::shared_ptr<SSL_CTX> server = Server();
  SSL_CTX_set_cipher_list(server.get(), "ALL:@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(server.get(), TLS1_VERSION);
  SSL_CTX_set_max_proto_version(server.get(), TLS1_1_VERSION);
  TlsPeer peer(server, kOk);
  const auto result = Call(Make(peer.Url("localhost")));
  EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(Error(result), HasSubstr("the server speaks no TLS 1.2"));
}

TEST_F(CallTlsTest, PlainServerIsExplained) {
  RawListener listener;
  std::thread server([&] {
    RawConnection connection = listener.Accept();
    connection.Send("HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\n\r\n");
    connection.ShutdownSend();
    connection.ReadToEnd();
  });
  const auto result = Call(Make(fmt::format("https://{}/", listener.address().Text())));
  server.join();
  EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(Error(result), HasSubstr("does not speak TLS there; write http://"));
}

TEST_F(CallTlsTest, ConnectionThatEndsInTheHandshakeIsUnavailable) {
  RawListener listener;
  std::thread server([&] { listener.Accept(); });
  const auto result = Call(Make(fmt::format("https://{}/", listener.address().Text())));
  server.join();
  EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(Error(result), HasSubstr("TLS handshake: "));
}

TEST_F(CallTlsTest, RefusedConnectionIsUnavailable) {
  RawListener listener;
  listener.Close();
  const auto result = Call(Make(fmt::format("https://{}/", listener.address().Text())));
  EXPECT_EQ(result.status().code(), StatusCode::kUnavailable);
  EXPECT_THAT(Error(result), HasSubstr("connect: Connection refused"));
}

TEST_F(CallTlsTest, GivesUpOnAListenerThatNeverShakesHands) {
  const RawListener listener;
  HttpCall call = Make(fmt::format("https://{}/", listener.address().Text()));
  call.timeout = milliseconds(200);
  EXPECT_EQ(Call(call).status().code(), StatusCode::kDeadlineExceeded);
}

struct EndCase {
  std::string name;
  std::string response;
  bool says_goodbye = true;
  StatusCode want_code = StatusCode::kOk;
  std::string want_body;
};
class CallTlsEndTest : public CallTlsTest, public testing::WithParamInterface<EndCase> {};

TEST_P(CallTlsEndTest, IsTheEndOrACut) {
  const EndCase& row = GetParam();
  TlsPeer peer(Server(), row.response, {.says_goodbye = row.says_goodbye});
  HttpCall call = Make(peer.Url("localhost"));
  call.response_bytes_max = 100'000;
  const auto result = Call(call);
  ASSERT_EQ(result.status().code(), row.want_code) << result.status();
  if (result.ok()) {
    EXPECT_EQ(result->body, row.want_body);
  } else {
    EXPECT_THAT(Error(result), HasSubstr(call.url));
  }
}

const std::string kUntilClose = "HTTP/1.1 200 OK\r\n\r\nall of it";
const std::string kLarge = std::string(100'000, 'x');

INSTANTIATE_TEST_SUITE_P(
    Ends, CallTlsEndTest,
    testing::ValuesIn<EndCase>({
        {"SizedWithoutGoodbye", kOk, false, StatusCode::kOk, "ok"},
        {"UntilClose", kUntilClose, true, StatusCode::kOk, "all of it"},
        // Anyone on the way can end a connection; only the server can say goodbye.
        {"UntilCloseWithoutGoodbye", kUntilClose, false, StatusCode::kUnavailable},
        {"CutShort", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nok", true,
         StatusCode::kUnavailable},
        {"NoAnswer", "", true, StatusCode::kUnavailable},
        {"AtTheLimit", "HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n\r\n" + kLarge, true,
         StatusCode::kOk, kLarge},
        {"OverTheLimit", "HTTP/1.1 200 OK\r\nContent-Length: 100001\r\n\r\nx" + kLarge, true,
         StatusCode::kResourceExhausted},
        {"RedirectIsNotFollowed",
         "HTTP/1.1 302 Found\r\nLocation: http://localhost:1/\r\nContent-Length: 2\r\n\r\nno", true,
         StatusCode::kOk, "no"},
    }),
    [](const auto& info) { return info.param.name; });

TEST_F(CallTlsTest, AnEarlyRefusalIsReadThoughTheBodyWasNot) {
  TlsPeer peer(Server(), "HTTP/1.1 413 Content Too Large\r\nContent-Length: 3\r\n\r\nbig",
               {.reads_request = false});
  HttpCall call = Make(peer.Url("localhost"));
  call.method = "POST";
  call.body = std::string(8 << 20, 'x');
  const auto result = Call(call);
  ASSERT_TRUE(result.ok()) << result.status();
  EXPECT_EQ(result->status, 413);
  EXPECT_EQ(result->body, "big");
}

}  // namespace
}  // namespace slowburn::net
