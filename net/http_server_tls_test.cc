// Goal: a TLS listener answers as a plain one does, knows its clients by their certificates, and
// gets rid of who does not speak TLS. Method: OpenSSL clients of an authority made for the test;
// raw sockets for those who are silent or speak plainly.
#include <csignal>

#include <gmock/gmock.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/testing/temp_dir.h"
#include "net/testing/certificates.h"
#include "net/testing/server_fixture.h"
#include "net/testing/tls_connection.h"

namespace slowburn::net {
namespace {

using std::chrono::seconds;
using testing::HasSubstr;

const std::string kHello = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n";

class HttpServerTlsTest : public ServerFixture {
 protected:
  // OpenSSL writes to sockets without MSG_NOSIGNAL.
  static void SetUpTestSuite() { std::signal(SIGPIPE, SIG_IGN); }

  void StartTls(ServerOptions options = Defaults(), TlsServerContext::Options tls = {}) {
    const CertificateFiles files = authority_.Issue();
    tls.certificate = files.certificate;
    tls.key = files.key;
    auto context = TlsServerContext::Load(tls);
    ASSERT_TRUE(context.ok()) << context.status();
    context_ = *std::move(context);
    options.tls = context_.get();
    Start(std::move(options));
  }

  std::shared_ptr<SSL_CTX> ClientContext(const CertificateFiles& own = {}) const {
    return TestClientContext(
        {.ca = authority_.certificate(), .certificate = own.certificate, .key = own.key});
  }
  TlsConnection ConnectTls(int version_max = TLS1_3_VERSION) const {
    return TlsConnection(server_->address(), *client_, version_max);
  }

  base::TempDir folder_;
  TestAuthority authority_{folder_.path()};
  std::shared_ptr<SSL_CTX> client_ = ClientContext();
  std::unique_ptr<TlsServerContext> context_;
};

class HttpServerTlsVersionTest : public HttpServerTlsTest,
                                 public testing::WithParamInterface<int> {};

TEST_P(HttpServerTlsVersionTest, ServesAsWithoutTls) {
  StartTls();
  TlsConnection connection = ConnectTls(GetParam());
  EXPECT_EQ(SSL_version(&connection.ssl()), GetParam());
  for (int i = 0; i < 20; ++i) {
    ASSERT_TRUE(connection.Send(kHello));
    ASSERT_EQ(connection.Read().body, "hello");
  }
  const std::string body(3'000'000, 'x');
  ASSERT_TRUE(connection.Send("POST /size HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n"));
  ASSERT_TRUE(connection.Send(body));
  EXPECT_EQ(connection.Read().body, "3000000");
  ASSERT_TRUE(connection.Send("GET /late HTTP/1.1\r\nHost: a\r\n\r\n"));
  kept_->Take()(TextResponse(body));
  EXPECT_TRUE(connection.Read().body == body);
  EXPECT_EQ(Metric("slowburn_net_handshakes_failed_total"), 0);
}

INSTANTIATE_TEST_SUITE_P(Versions, HttpServerTlsVersionTest,
                         testing::Values(TLS1_2_VERSION, TLS1_3_VERSION), [](const auto& info) {
                           return info.param == TLS1_2_VERSION ? "Tls12" : "Tls13";
                         });

TEST_F(HttpServerTlsTest, SaysGoodbye) {
  StartTls();
  TlsConnection connection = ConnectTls();
  connection.Send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
  EXPECT_EQ(connection.Read().body, "hello");
  EXPECT_EQ(connection.ReadToEnd(), "");
  EXPECT_TRUE(connection.was_goodbye_said());
}

TEST_F(HttpServerTlsTest, ARefusedSenderStillGetsItsAnswer) {
  StartTls();
  TlsConnection connection = ConnectTls();
  connection.Send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 50000000\r\n\r\n");
  EXPECT_TRUE(connection.Send(std::string(4 << 20, 'x')));
  EXPECT_EQ(connection.Read().status, 413);
  EXPECT_EQ(connection.ReadToEnd(), "");
  EXPECT_TRUE(connection.was_goodbye_said());
}

TEST_F(HttpServerTlsTest, WhoSpeaksPlainlyIsClosedAndCounted) {
  StartTls();
  RawConnection plain = Connect();
  plain.Send(kHello);
  EXPECT_THAT(plain.ReadToEnd(), testing::Not(HasSubstr("HTTP/1.1 ")));
  EXPECT_TRUE(MetricReaches("slowburn_net_handshakes_failed_total", 1));
  EXPECT_EQ(Metric("slowburn_net_requests_total", "4xx"), 0);
}

TEST_F(HttpServerTlsTest, WhoSaysNothingIsClosedInTime) {
  ServerOptions options = Defaults();
  options.header_timeout = seconds(1);
  StartTls(options);
  RawConnection silent = Connect();
  EXPECT_EQ(silent.ReadToEnd(), "");
  EXPECT_TRUE(MetricReaches("slowburn_net_handshakes_failed_total", 1));
  TlsConnection connection = ConnectTls();
  connection.Send(kHello);
  EXPECT_EQ(connection.Read().status, 200);
}

TEST_F(HttpServerTlsTest, WhoNeverFinishesTheHandshakeMakesRoom) {
  ServerOptions options = Defaults();
  options.connections_max = 3;
  StartTls(options);
  TlsConnection regular = ConnectTls();
  regular.Send(kHello);
  EXPECT_EQ(regular.Read().status, 200);
  std::vector<RawConnection> silent;
  for (int i = 0; i < 10; ++i) silent.push_back(Connect());
  TlsConnection newcomer = ConnectTls();
  newcomer.Send(kHello);
  EXPECT_EQ(newcomer.Read().status, 200);
  regular.Send(kHello);
  EXPECT_EQ(regular.Read().status, 200);
}

TEST_F(HttpServerTlsTest, ShutdownEndsHandshakesAndIdleSessions) {
  StartTls();
  TlsConnection idle = ConnectTls();
  idle.Send(kHello);
  EXPECT_EQ(idle.Read().status, 200);
  RawConnection silent = Connect();
  ASSERT_TRUE(MetricReaches("slowburn_net_connections", 2));
  server_->Shutdown(seconds(30));
  EXPECT_EQ(silent.ReadToEnd(), "");
  EXPECT_EQ(idle.ReadToEnd(), "");
}

TEST_F(HttpServerTlsTest, NewConnectionsGetTheNewCertificate) {
  StartTls();
  TlsConnection before = ConnectTls();
  authority_.Issue();
  const absl::StatusOr<bool> reloaded = context_->ReloadIfChanged();
  ASSERT_TRUE(reloaded.ok() && *reloaded) << reloaded.status();
  EXPECT_NE(ConnectTls().serial(), before.serial());
  before.Send(kHello);
  EXPECT_EQ(before.Read().status, 200);
}

// With a certificate of the clients' authority or without; a file that knows two of their names.
class HttpServerClientCertificateTest : public HttpServerTlsTest {
 protected:
  void StartAsking(bool required) {
    const std::filesystem::path file = folder_.path() / "credentials";
    ASSERT_TRUE(base::WriteFileAtomically(file,
                                          "gateway read cert:gateway.example.org\n"
                                          "sidecar read cert:spiffe://example.org/sidecar\n"
                                          "batch read cert:batch job\n")
                    .ok());
    auto access = AccessFile::Load(file, base::SystemClock(), registry_);
    ASSERT_TRUE(access.ok()) << access.status();
    access_ = *std::move(access);
    ServerOptions options = Defaults();
    options.access = access_.get();
    StartTls(options, {.client_ca = authority_.certificate(), .client_required = required});
  }
  int StatusFor(const CertificateFiles& own) {
    TlsConnection connection(server_->address(), *ClientContext(own));
    connection.Send(kHello);
    return connection.Read().status;
  }

  std::unique_ptr<AccessFile> access_;
};

CertificateSpec Client(std::string common_name, std::vector<std::string> alternative_names) {
  CertificateSpec spec;
  spec.file = "client";
  spec.common_name = std::move(common_name);
  spec.alternative_names = std::move(alternative_names);
  spec.is_client = true;
  return spec;
}

TEST_F(HttpServerClientCertificateTest, NamesTheCaller) {
  StartAsking(false);
  EXPECT_EQ(StatusFor({}), 401);
  EXPECT_EQ(StatusFor(authority_.Issue(Client("nobody", {}))), 401);
  EXPECT_EQ(StatusFor(authority_.Issue(Client("x", {"DNS:a.org", "DNS:gateway.example.org"}))),
            200);
  EXPECT_EQ(StatusFor(authority_.Issue(Client("x", {"URI:spiffe://example.org/sidecar"}))), 200);
  EXPECT_EQ(StatusFor(authority_.Issue(Client("batch job", {}))), 200);
  // An e-mail address is no name of a machine.
  EXPECT_EQ(StatusFor(authority_.Issue(Client("x", {"email:gateway.example.org"}))), 401);
}

TEST_F(HttpServerClientCertificateTest, OthersHaveNoNameHere) {
  StartAsking(true);
  EXPECT_EQ(StatusFor(authority_.Issue(Client("batch job", {}))), 200);
  const TestAuthority other(folder_.path(), "other");
  EXPECT_EQ(StatusFor({}), 0);
  EXPECT_EQ(StatusFor(other.Issue(Client("batch job", {}))), 0);
  EXPECT_TRUE(MetricReaches("slowburn_net_handshakes_failed_total", 2));
}

}  // namespace
}  // namespace slowburn::net
