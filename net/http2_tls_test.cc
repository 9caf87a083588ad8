// Goal: under TLS, HTTP/2 is what ALPN has agreed on, and a client's certificate says who calls.
// Method: clients of grpc++ and of OpenSSL, with certificates of an authority made for the test.
#include <csignal>

#include <gmock/gmock.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/testing/temp_dir.h"
#include "net/testing/certificates.h"
#include "net/testing/grpc_echo.h"
#include "net/testing/http2_fixture.h"
#include "net/testing/tls_connection.h"

namespace slowburn::net {
namespace {

using testing::HasSubstr;
using testing::StartsWith;

class Http2TlsTest : public Http2Fixture {
 protected:
  // OpenSSL writes to sockets without MSG_NOSIGNAL.
  static void SetUpTestSuite() { std::signal(SIGPIPE, SIG_IGN); }

  void StartTls(TlsServerContext::Options tls = {}, ServerOptions options = Defaults()) {
    const CertificateFiles files = authority_.Issue();
    tls.certificate = files.certificate;
    tls.key = files.key;
    tls.protocol = "h2";
    auto context = TlsServerContext::Load(tls);
    ASSERT_TRUE(context.ok()) << context.status();
    context_ = *std::move(context);
    options.tls = context_.get();
    RouteTable routes = Http2Routes();
    AddEcho(routes);
    auto server = Http2Server::Start(std::move(options), std::move(routes), registry_);
    ASSERT_TRUE(server.ok()) << server.status();
    http2_ = *std::move(server);
  }

  static std::string Read(const std::filesystem::path& file) {
    return base::ReadFile(file, 1 << 20).value();
  }
  std::shared_ptr<grpc::ChannelCredentials> Credentials(const CertificateFiles& own = {}) const {
    grpc::SslCredentialsOptions options;
    options.pem_root_certs = Read(authority_.certificate());
    if (!own.key.empty()) {
      options.pem_cert_chain = Read(own.certificate);
      options.pem_private_key = Read(own.key);
    }
    return grpc::SslCredentials(options);
  }

  std::shared_ptr<SSL_CTX> OfH2() const {
    std::shared_ptr<SSL_CTX> context = TestClientContext({.ca = authority_.certificate()});
    SSL_CTX_set_alpn_protos(context.get(), reinterpret_cast<const unsigned char*>("\2h2"), 3);
    return context;
  }
  Http2Client TlsClient(Http2Client::Options options = {}) const {
    return {std::make_unique<TlsConnection>(http2_->address(), *OfH2()), std::move(options)};
  }

  base::TempDir folder_;
  TestAuthority authority_{folder_.path()};
  std::unique_ptr<TlsServerContext> context_;
};

TEST_F(Http2TlsTest, ServesGrpc) {
  StartTls();
  EchoClient client(http2_->address(), Credentials());
  for (int i = 0; i < 20; ++i) {
    const auto call = client.Call(fmt::format("message {}", i));
    ASSERT_TRUE(call->status.ok()) << call->status.error_message();
    EXPECT_EQ(call->text(), fmt::format("message {}", i));
  }
  const std::string large(20 << 20, 'x');
  const auto call = client.Call(large);
  ASSERT_TRUE(call->status.ok()) << call->status.error_message();
  EXPECT_TRUE(call->text() == large);
}

TEST_F(Http2TlsTest, ServesWhoAsksForH2) {
  StartTls();
  Http2Client client = TlsClient();
  for (int i = 0; i < 3; ++i) EXPECT_EQ(client.Ask("GET", "/hello").body, "hello");
}

TEST_F(Http2TlsTest, SaysGoodbye) {
  StartTls();
  TlsConnection connection(http2_->address(), *OfH2());
  connection.Send(std::string(kHttp2Preface) + Http2Frame(NGHTTP2_SETTINGS, 0, 0, "") +
                  Http2Frame(NGHTTP2_GOAWAY, 0, 0, Uint32(0) + Uint32(0)));
  connection.ReadToEnd();
  EXPECT_TRUE(connection.was_goodbye_said());
}

// Its buffer is given back while it waits; the PING comes a second later.
TEST_F(Http2TlsTest, ServesAfterARest) {
  ServerOptions options = Defaults();
  options.idle_timeout = std::chrono::seconds(2);
  StartTls({}, options);
  Http2Client client = TlsClient({.opens_windows = false});
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(client.Ask("GET", "/hello").body, "hello");
    EXPECT_EQ(client.Ask("POST", "/size", {}, std::string(200'000, 'x')).body, "200000");
    EXPECT_TRUE(client.AwaitFrame(NGHTTP2_PING));
  }
  EXPECT_EQ(client.Ask("GET", "/hello").body, "hello");
}

// It could be anything, so it is not guessed.
TEST_F(Http2TlsTest, ClosesWhoAsksForNothing) {
  StartTls();
  const std::shared_ptr<SSL_CTX> own = TestClientContext({.ca = authority_.certificate()});
  TlsConnection connection(http2_->address(), *own);
  connection.Send(std::string(kHttp2Preface) + Http2Frame(NGHTTP2_SETTINGS, 0, 0, ""));
  EXPECT_EQ(connection.ReadToEnd(), "");
  EXPECT_EQ(Metric("slowburn_net_handshakes_failed_total"), 1);
}

TEST_F(Http2TlsTest, ClosesWhoSpeaksPlainly) {
  StartTls();
  Http2Client client = Client();
  EXPECT_TRUE(client.AwaitClose());
  EXPECT_EQ(Metric("slowburn_net_handshakes_failed_total"), 1);
}

TEST_F(Http2TlsTest, CertificatesSayWhoCalls) {
  const std::filesystem::path file = folder_.path() / "credentials";
  ASSERT_TRUE(base::WriteFileAtomically(file, "probe write cert:probe.example\n").ok());
  auto access = AccessFile::Load(file, base::SystemClock(), registry_);
  ASSERT_TRUE(access.ok()) << access.status();
  ServerOptions options = Defaults();
  options.access = access->get();
  StartTls({.client_ca = authority_.certificate()}, options);
  const auto call = [&](const std::string& name) {
    const CertificateSpec spec{.file = name, .common_name = name, .is_client = true};
    EchoClient client(http2_->address(), Credentials(authority_.Issue(spec)));
    return client.Call("message")->status;
  };
  EXPECT_TRUE(call("probe.example").ok());
  EXPECT_EQ(call("other.example").error_code(), grpc::UNAUTHENTICATED);
  http2_.reset();  // Before what it was given.
}

}  // namespace
}  // namespace slowburn::net
