// Goal: a listener's files are taken or refused with what to do, what is spoken is safe, and a
// reload changes new sessions only. Method: certificates of a test's own authority; OpenSSL's
// client and the context under test shake hands in memory.
#include "net/tls_context.h"

#include <functional>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/files.h"
#include "base/status.h"
#include "base/testing/temp_dir.h"
#include "net/internal/openssl.h"
#include "net/testing/certificates.h"

namespace slowburn::net {
namespace {

using absl::StatusCode;
using internal::OpensslOwned;
using std::chrono::seconds;
using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

constexpr seconds kDay{86'400};

// One end of a session whose bytes stay in memory.
class End {
 public:
  End(SSL_CTX& context, bool is_server) : ssl_(SSL_new(&context)) {
    is_server ? SSL_set_accept_state(ssl_.get()) : SSL_set_connect_state(ssl_.get());
  }
  SSL* ssl() const { return ssl_.get(); }
  // Whether there is nothing to wait for any more.
  bool Shake() {
    if (!error_.empty()) return true;
    ERR_clear_error();
    return Check(SSL_do_handshake(ssl_.get()));
  }
  bool Send(char byte) {
    ERR_clear_error();
    return Check(SSL_write(ssl_.get(), &byte, 1)) && error_.empty();
  }
  // What came; 0: nothing.
  char Receive() {
    char byte = 0;
    ERR_clear_error();
    Check(SSL_read(ssl_.get(), &byte, 1));
    return byte;
  }
  const std::string& error() const { return error_; }

 private:
  bool Check(int result) {
    if (result == 1) return true;
    const int kind = SSL_get_error(ssl_.get(), result);
    if (kind == SSL_ERROR_WANT_READ || kind == SSL_ERROR_WANT_WRITE) return false;
    const std::string reason = internal::TakeOpensslReason();
    if (error_.empty()) error_ = reason;  // What follows the first is no news.
    return true;
  }

  OpensslOwned<SSL> ssl_;
  std::string error_;
};

class Session {
 public:
  Session(SSL_CTX& server, SSL_CTX& client) : server_(server, true), client_(client, false) {
    BIO* server_bio = nullptr;
    BIO* client_bio = nullptr;
    BIO_new_bio_pair(&server_bio, 0, &client_bio, 0);
    SSL_set_bio(server_.ssl(), server_bio, server_bio);
    SSL_set_bio(client_.ssl(), client_bio, client_bio);
  }

  // Shakes hands, then sends a byte each way. A client of TLS 1.3 is done before the server has
  // seen its certificate, so only bytes prove the session.
  bool Works() {
    for (int round = 0; round < 100; ++round) {
      const bool client_done = client_.Shake();
      const bool server_done = server_.Shake();
      if (client_done && server_done) break;
    }
    return Echoes();
  }
  bool Echoes() {
    const bool there = client_.Send('a') && server_.Receive() == 'a';
    const bool back = server_.Send('b') && client_.Receive() == 'b';
    client_.Receive();  // an alert, if that is what there is
    return there && back;
  }

  // Who the server said it is.
  std::string ServerName() const {
    char name[100] = "";
    const X509* const certificate = SSL_get0_peer_certificate(client_.ssl());
    if (certificate == nullptr) return "";
    X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_commonName, name,
                              sizeof name);
    return name;
  }
  std::string Protocol() const {
    const unsigned char* name = nullptr;
    unsigned int bytes = 0;
    SSL_get0_alpn_selected(server_.ssl(), &name, &bytes);
    return {reinterpret_cast<const char*>(name), bytes};
  }
  End& server() { return server_; }
  End& client() { return client_; }

 private:
  End server_;
  End client_;
};

class TlsContextTest : public testing::Test {
 protected:
  static TlsServerContext::Options Options(const CertificateFiles& files) {
    TlsServerContext::Options options;
    options.certificate = files.certificate;
    options.key = files.key;
    return options;
  }
  static std::unique_ptr<TlsServerContext> Load(TlsServerContext::Options options) {
    auto loaded = TlsServerContext::Load(std::move(options));
    EXPECT_TRUE(loaded.ok()) << loaded.status();
    return loaded.ok() ? *std::move(loaded) : nullptr;
  }
  static bool Reloads(TlsServerContext& server) {
    const auto reloaded = server.ReloadIfChanged();
    EXPECT_TRUE(reloaded.ok()) << reloaded.status();
    return reloaded.ok() && *reloaded;
  }
  std::shared_ptr<SSL_CTX> Client(const CertificateFiles& own = {}) const {
    auto client = MakeTlsClientContext({authority_.certificate(), own.certificate, own.key});
    EXPECT_TRUE(client.ok()) << client.status();
    return client.ok() ? *std::move(client) : nullptr;
  }

  base::TempDir dir_;
  TestAuthority authority_{dir_.path()};
};

// --- Files ---

struct LoadCase {
  std::string name;
  // Spoils `options`, which are right.
  std::function<void(const base::TempDir& dir, TlsServerContext::Options& options)> spoil;
  StatusCode want_code = StatusCode::kInvalidArgument;
  std::vector<std::string> want_error;
};
class TlsServerContextLoadTest : public TlsContextTest,
                                 public testing::WithParamInterface<LoadCase> {};

TEST_P(TlsServerContextLoadTest, RefusesNamingTheFile) {
  const LoadCase& row = GetParam();
  TlsServerContext::Options options = Options(authority_.Issue());
  options.client_ca = authority_.certificate();
  ASSERT_TRUE(TlsServerContext::Load(options).ok());
  row.spoil(dir_, options);
  const auto loaded = TlsServerContext::Load(options);
  EXPECT_EQ(loaded.status().code(), row.want_code) << loaded.status();
  for (const std::string& text : row.want_error) {
    EXPECT_THAT(std::string(base::Message(loaded.status())), HasSubstr(text));
  }
  EXPECT_EQ(ERR_peek_error(), 0u) << "an error is left for a later call to find";
}

std::string Content(const std::filesystem::path& path) {
  return base::ReadFile(path, 1 << 20).value_or("");
}

void Write(const std::filesystem::path& path, std::string_view content) {
  ASSERT_TRUE(base::WriteFileAtomically(path, content).ok());
}

// Another certificate in place of the right one, from an authority of its own.
auto Reissue(CertificateSpec spec) {
  return [spec](const base::TempDir& dir, TlsServerContext::Options&) {
    TestAuthority(dir.path(), "other").Issue(spec);
  };
}

INSTANTIATE_TEST_SUITE_P(
    Files, TlsServerContextLoadTest,
    testing::ValuesIn<LoadCase>({
        {"NoCertificate",
         [](const auto&, auto& o) { o.certificate = "/nowhere/a.pem"; },
         StatusCode::kNotFound,
         {"'/nowhere/a.pem'", "write where the server's certificate is"}},
        {"NoKey",
         [](const auto&, auto& o) { o.key = "/nowhere/a.key"; },
         StatusCode::kNotFound,
         {"'/nowhere/a.key'", "write where the server's key is"}},
        {"NoClientCa",
         [](const auto&, auto& o) { o.client_ca = "/nowhere/ca.pem"; },
         StatusCode::kNotFound,
         {"'/nowhere/ca.pem'", "of the clients' authority is"}},
        {"CertificateIsAFolder",
         [](const auto& dir, auto& o) { o.certificate = dir.path(); },
         StatusCode::kInvalidArgument,
         {"Is a directory"}},
        {"CertificateIsHuge",
         [](const auto&, auto& o) { Write(o.certificate, std::string(5 << 20, 'x')); },
         StatusCode::kInvalidArgument,
         {"server.pem' is larger than"}},
        {"CertificateIsEmpty",
         [](const auto&, auto& o) { Write(o.certificate, ""); },
         StatusCode::kInvalidArgument,
         {"server.pem' holds no certificate in PEM form"}},
        {"CertificateIsText",
         [](const auto&, auto& o) { Write(o.certificate, "not PEM\n"); },
         StatusCode::kInvalidArgument,
         {"server.pem' holds no certificate in PEM form"}},
        {"CertificateIsTheKey",
         [](const auto&, auto& o) { o.certificate = o.key; },
         StatusCode::kInvalidArgument,
         {"server.key' holds no certificate"}},
        {"CertificateIsCut",
         [](const auto&, auto& o) { Write(o.certificate, Content(o.certificate).substr(0, 300)); },
         StatusCode::kInvalidArgument,
         {"server.pem': certificate 1 in it is broken"}},
        {"SecondCertificateIsBroken",
         [](const auto&, auto& o) {
           const std::string one = Content(o.certificate);
           Write(o.certificate, one + std::string(one).replace(100, 4, "****"));
         },
         StatusCode::kInvalidArgument,
         {"server.pem': certificate 2 in it is broken"}},
        {"KeyIsText",
         [](const auto&, auto& o) { Write(o.key, "not PEM\n"); },
         StatusCode::kInvalidArgument,
         {"server.key' holds no private key in PEM form"}},
        {"KeyIsTheCertificate",
         [](const auto&, auto& o) { o.key = o.certificate; },
         StatusCode::kInvalidArgument,
         {"server.pem' holds no private key"}},
        {"KeyIsEncrypted",
         Reissue({.password = "secret"}),
         StatusCode::kInvalidArgument,
         {"server.key' is encrypted", "openssl pkey -in"}},
        {"KeyOfAnotherCertificate",
         [](const auto& dir, auto& o) {
           const CertificateSpec another{.file = "another"};
           o.key = TestAuthority(dir.path(), "other").Issue(another).key;
         },
         StatusCode::kInvalidArgument,
         {"another.key' is not the key of the first certificate in", "server.pem'"}},
        {"ChainFirst",
         [](const auto& dir, auto& o) {
           Write(o.certificate, Content(dir.path() / "ca.pem") + Content(o.certificate));
         },
         StatusCode::kInvalidArgument,
         {"the server's certificate first"}},
        {"Expired",
         Reissue({.begins = -2 * kDay, .ends = -seconds(1)}),
         StatusCode::kInvalidArgument,
         {"server.pem': the certificate expired at 2", "a new one"}},
        {"NotValidYet",
         Reissue({.begins = kDay, .ends = 2 * kDay}),
         StatusCode::kInvalidArgument,
         {"server.pem': the certificate is valid only from 2", "clock"}},
        {"WeakKey",
         Reissue({.rsa_bits = 1024}),
         StatusCode::kInvalidArgument,
         {"server.pem'", "RSA of 2048 bits"}},
        {"ClientCaIsText",
         [](const auto&, auto& o) { Write(o.client_ca, "x"); },
         StatusCode::kInvalidArgument,
         {"ca.pem' holds no certificate"}},
        {"ClientCaExpired",
         [](const auto& dir, auto& o) {
           o.client_ca = TestAuthority(dir.path(), "old", -seconds(1)).certificate();
         },
         StatusCode::kInvalidArgument,
         {"old.pem': the certificate expired"}},
        {"UnknownProtocol",
         [](const auto&, auto& o) { o.protocol = "spdy"; },
         StatusCode::kInvalidArgument,
         {"\"spdy\""}},
    }),
    [](const auto& info) { return info.param.name; });

TEST_F(TlsContextTest, FilesThatMayNotBeReadAreNamed) {
  if (geteuid() == 0) GTEST_SKIP() << "root may read everything";
  const TlsServerContext::Options options = Options(authority_.Issue());
  ASSERT_EQ(chmod(options.key.c_str(), 0), 0);
  const auto loaded = TlsServerContext::Load(options);
  EXPECT_EQ(loaded.status().code(), StatusCode::kPermissionDenied) << loaded.status();
  EXPECT_THAT(std::string(base::Message(loaded.status())), HasSubstr("server.key"));
}

TEST_F(TlsContextTest, KeyThatOthersReadIsWarnedOf) {
  const TlsServerContext::Options options = Options(authority_.Issue());
  for (const auto& [mode, is_warned] :
       std::vector<std::pair<mode_t, bool>>{{0600, false}, {0640, false}, {0644, true}}) {
    ASSERT_EQ(chmod(options.key.c_str(), mode), 0);
    testing::internal::CaptureStderr();
    Load(options);
    const std::string log = testing::internal::GetCapturedStderr();
    const auto warning = AllOf(HasSubstr("private key"), HasSubstr("server.key mode=644"));
    if (is_warned) {
      EXPECT_THAT(log, warning);
    } else {
      EXPECT_EQ(log, "");
    }
  }
}

TEST_F(TlsContextTest, SaysWhenItsCertificateEnds) {
  const auto now = base::FloorSeconds(base::SystemClock().Now());
  const auto server = Load(Options(authority_.Issue({.ends = 10 * kDay})));
  EXPECT_GE(server->not_after(), now + 10 * kDay);
  EXPECT_LE(server->not_after(), now + 10 * kDay + seconds(60));
}

// --- What is spoken ---

struct VersionCase {
  std::string name;
  int version = TLS1_3_VERSION;
  const char* suites = "ALL:@SECLEVEL=0";
  bool want = true;
};
class TlsVersionTest : public TlsContextTest, public testing::WithParamInterface<VersionCase> {};

TEST_P(TlsVersionTest, SpeaksWhatIsSafe) {
  const VersionCase& row = GetParam();
  for (const int rsa_bits : {0, 2048}) {
    const auto server = Load(Options(authority_.Issue({.rsa_bits = rsa_bits})));
    const OpensslOwned<SSL_CTX> client(SSL_CTX_new(TLS_client_method()));
    ASSERT_EQ(SSL_CTX_set_cipher_list(client.get(), row.suites), 1);
    ASSERT_EQ(SSL_CTX_set_min_proto_version(client.get(), row.version), 1);
    ASSERT_EQ(SSL_CTX_set_max_proto_version(client.get(), row.version), 1);
    Session session(*server->current(), *client);
    EXPECT_EQ(session.Works(), row.want) << session.server().error();
    if (!row.want) {
      EXPECT_NE(session.server().error(), "");
      continue;
    }
    EXPECT_EQ(SSL_version(session.server().ssl()), row.version);
    EXPECT_EQ(SSL_get_current_compression(session.server().ssl()), nullptr);
  }
}

INSTANTIATE_TEST_SUITE_P(Versions, TlsVersionTest,
                         testing::ValuesIn<VersionCase>({
                             {"Tls13", TLS1_3_VERSION},
                             {"Tls12", TLS1_2_VERSION},
                             {"Tls12Aead", TLS1_2_VERSION, "ECDHE+CHACHA20"},
                             {"Tls12Cbc", TLS1_2_VERSION,
                              "ECDHE+AES128+SHA256:ECDHE+AES128+SHA:!AESGCM:!AESCCM", false},
                             {"Tls12NoForwardSecrecy", TLS1_2_VERSION, "RSA+AESGCM", false},
                             {"Tls12FiniteFieldDh", TLS1_2_VERSION, "DHE+AESGCM", false},
                             {"Tls11", TLS1_1_VERSION, "ALL:@SECLEVEL=0", false},
                             {"Tls10", TLS1_VERSION, "ALL:@SECLEVEL=0", false},
                         }),
                         [](const auto& info) { return info.param.name; });

TEST_F(TlsContextTest, RenegotiationIsRefused) {
  const auto server = Load(Options(authority_.Issue()));
  const auto client = Client();
  SSL_CTX_set_options(client.get(), SSL_OP_LEGACY_SERVER_CONNECT);
  SSL_CTX_clear_options(client.get(), SSL_OP_NO_RENEGOTIATION);
  SSL_CTX_set_max_proto_version(client.get(), TLS1_2_VERSION);
  Session session(*server->current(), *client);
  ASSERT_TRUE(session.Works());
  ASSERT_EQ(SSL_renegotiate(session.client().ssl()), 1);
  session.client().Shake();
  session.server().Receive();
  EXPECT_TRUE(session.client().Shake());
  EXPECT_EQ(session.client().error(), "no renegotiation");
}

struct AlpnCase {
  std::string name;
  std::string protocol;
  std::string offered;  // each name after its length
  bool want = true;
  std::string want_protocol;
};
class TlsAlpnTest : public TlsContextTest, public testing::WithParamInterface<AlpnCase> {};

TEST_P(TlsAlpnTest, ChoosesOrRefuses) {
  const AlpnCase& row = GetParam();
  TlsServerContext::Options options = Options(authority_.Issue());
  options.protocol = row.protocol;
  // The context goes before its sessions do.
  const std::shared_ptr<SSL_CTX> server = Load(options)->current();
  const auto client = Client();
  SSL_CTX_set_alpn_protos(client.get(), reinterpret_cast<const unsigned char*>(row.offered.data()),
                          static_cast<unsigned int>(row.offered.size()));
  Session session(*server, *client);
  EXPECT_EQ(session.Works(), row.want);
  EXPECT_EQ(session.Protocol(), row.want_protocol);
  if (!row.want) {
    EXPECT_EQ(session.client().error(), "tlsv1 alert no application protocol");
  }
}

const std::string kH2 = "\x02h2";
const std::string kHttp11 = "\x08http/1.1";

INSTANTIATE_TEST_SUITE_P(Protocols, TlsAlpnTest,
                         testing::ValuesIn<AlpnCase>({
                             {"H2", "h2", kH2, true, "h2"},
                             {"H2AmongOthers", "h2", kHttp11 + kH2, true, "h2"},
                             {"H2NotNamed", "h2", kHttp11, false, ""},
                             {"H2OnlyAlike", "h2", "\x03h2c\x01h", false, ""},
                             {"H2NothingNamed", "h2", "", true, ""},
                             {"Http11", "http/1.1", kH2 + kHttp11, true, "http/1.1"},
                             {"Http11NotNamed", "http/1.1", kH2, true, ""},
                             {"Http11NothingNamed", "http/1.1", "", true, ""},
                         }),
                         [](const auto& info) { return info.param.name; });

// --- Certificates of clients ---

struct ClientCase {
  std::string name;
  bool is_required = true;
  // The client's certificate; nothing: none. `ours` is trusted by the server, `other` is not.
  std::function<CertificateFiles(const TestAuthority& ours, const TestAuthority& other)> issue;
  bool want = true;
  std::string want_error;  // the server's
};
class TlsClientCertificateTest : public TlsContextTest,
                                 public testing::WithParamInterface<ClientCase> {};

TEST_P(TlsClientCertificateTest, IsTakenOrRefused) {
  const ClientCase& row = GetParam();
  TlsServerContext::Options options = Options(authority_.Issue());
  options.client_ca = authority_.certificate();
  options.client_required = row.is_required;
  const auto server = Load(options);
  const TestAuthority other(dir_.path(), "other");
  const CertificateFiles own = row.issue ? row.issue(authority_, other) : CertificateFiles();
  for (const int version : {TLS1_2_VERSION, TLS1_3_VERSION}) {
    // OpenSSL's plain client: it sends what it is told to, expired or not.
    const OpensslOwned<SSL_CTX> client(SSL_CTX_new(TLS_client_method()));
    SSL_CTX_set_max_proto_version(client.get(), version);
    if (row.issue) {
      ASSERT_EQ(SSL_CTX_use_certificate_chain_file(client.get(), own.certificate.c_str()), 1);
      ASSERT_EQ(SSL_CTX_use_PrivateKey_file(client.get(), own.key.c_str(), SSL_FILETYPE_PEM), 1);
    }
    Session session(*server->current(), *client);
    EXPECT_EQ(session.Works(), row.want) << session.server().error();
    EXPECT_EQ(session.server().error(), row.want_error);
    EXPECT_EQ(SSL_get0_peer_certificate(session.server().ssl()) != nullptr,
              row.want && row.issue != nullptr);
    if (!row.want) {
      EXPECT_NE(session.client().error(), "");
    }
  }
}

constexpr const char* kNoCertificate = "peer did not return a certificate";
constexpr const char* kBadCertificate = "certificate verify failed";

CertificateSpec ClientSpec() {
  return {.file = "client", .common_name = "agent", .is_client = true};
}

auto Below(int intermediates) {
  return [intermediates](const TestAuthority& ours, const TestAuthority&) {
    TestAuthority issuer = ours;
    for (int i = 0; i < intermediates; ++i) issuer = TestAuthority(issuer, fmt::format("sub{}", i));
    return issuer.Issue(ClientSpec());
  };
}

INSTANTIATE_TEST_SUITE_P(
    Clients, TlsClientCertificateTest,
    testing::ValuesIn<ClientCase>({
        {"Right", true, Below(0)},
        {"RightThoughOptional", false, Below(0)},
        {"None", true, nullptr, false, kNoCertificate},
        {"NoneIsOptional", false, nullptr},
        {"OtherAuthority", true,
         [](const auto&, const auto& other) { return other.Issue(ClientSpec()); }, false,
         kBadCertificate},
        {"OtherAuthorityThoughOptional", false,
         [](const auto&, const auto& other) { return other.Issue(ClientSpec()); }, false,
         kBadCertificate},
        {"Expired", true,
         [](const auto& ours, const auto&) {
           CertificateSpec spec = ClientSpec();
           spec.begins = -2 * kDay;
           spec.ends = -seconds(1);
           return ours.Issue(spec);
         },
         false, kBadCertificate},
        {"SelfSigned", true,
         [](const TestAuthority& ours, const auto&) {
           return IssueSelfSigned(ours.certificate().parent_path(), ClientSpec());
         },
         false, kBadCertificate},
        {"OfAServer", true,
         [](const auto& ours, const auto&) {
           CertificateSpec spec = ClientSpec();
           spec.is_client = false;
           return ours.Issue(spec);
         },
         false, kBadCertificate},
        {"DepthAtTheLimit", true, Below(4)},
        {"DepthOverTheLimit", true, Below(5), false, kBadCertificate},
    }),
    [](const auto& info) { return info.param.name; });

TEST_F(TlsContextTest, IntermediateAuthorityMayBeTrustedAlone) {
  const TestAuthority below(authority_, "below");
  TlsServerContext::Options options = Options(authority_.Issue());
  options.client_ca = below.certificate();
  const auto server = Load(options);
  const auto good = Client(below.Issue(ClientSpec()));
  EXPECT_TRUE(Session(*server->current(), *good).Works());
  const auto above = Client(authority_.Issue(ClientSpec()));
  EXPECT_FALSE(Session(*server->current(), *above).Works());
}

// --- Reload ---

TEST_F(TlsContextTest, ReloadIsForNewSessionsOnly) {
  const TlsServerContext::Options options =
      Options(authority_.Issue({.common_name = "old", .ends = kDay}));
  const auto server = Load(options);
  const auto client = Client();
  Session old(*server->current(), *client);
  ASSERT_TRUE(old.Works());
  Session begun(*server->current(), *client);  // before its first byte
  EXPECT_FALSE(Reloads(*server));

  authority_.Issue({.common_name = "new", .ends = 9 * kDay});
  EXPECT_TRUE(Reloads(*server));
  EXPECT_FALSE(Reloads(*server));
  EXPECT_GT(server->not_after(), base::FloorSeconds(base::SystemClock().Now()) + 8 * kDay);
  EXPECT_TRUE(old.Echoes());
  EXPECT_TRUE(begun.Works());
  EXPECT_EQ(begun.ServerName(), "old");
  Session fresh(*server->current(), *client);
  EXPECT_TRUE(fresh.Works());
  EXPECT_EQ(fresh.ServerName(), "new");
}

TEST_F(TlsContextTest, ReloadKeepsWhatItHasUntilFilesAreRight) {
  const TlsServerContext::Options options = Options(authority_.Issue({.common_name = "old"}));
  const auto server = Load(options);
  const std::shared_ptr<SSL_CTX> before = server->current();
  // As it is while a rotation has written one of two files.
  const CertificateFiles next = authority_.Issue({.file = "next", .common_name = "new"});
  Write(options.certificate, Content(next.certificate));
  for (int i = 0; i < 2; ++i) {
    const auto reloaded = server->ReloadIfChanged();
    EXPECT_EQ(reloaded.status().code(), StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(base::Message(reloaded.status())), HasSubstr("server.key"));
    EXPECT_EQ(server->current(), before);
  }
  std::filesystem::remove(options.key);
  EXPECT_EQ(server->ReloadIfChanged().status().code(), StatusCode::kNotFound);
  Write(options.key, Content(next.key));
  EXPECT_TRUE(Reloads(*server));
  const auto client = Client();
  Session session(*server->current(), *client);
  EXPECT_TRUE(session.Works());
  EXPECT_EQ(session.ServerName(), "new");
}

TEST_F(TlsContextTest, ReloadSeesTheClientsAuthority) {
  TlsServerContext::Options options = Options(authority_.Issue());
  const TestAuthority other(dir_.path(), "other");
  options.client_ca = dir_.path() / "clients.pem";
  Write(options.client_ca, Content(other.certificate()));
  const auto server = Load(options);
  const auto client = Client(authority_.Issue(ClientSpec()));
  EXPECT_FALSE(Session(*server->current(), *client).Works());
  Write(options.client_ca, Content(other.certificate()) + Content(authority_.certificate()));
  EXPECT_TRUE(Reloads(*server));
  EXPECT_TRUE(Session(*server->current(), *client).Works());
}

TEST_F(TlsContextTest, ReloadEndsTickets) {
  // A client whose authority is trusted no more must not come back by its ticket.
  TlsServerContext::Options options = Options(authority_.Issue());
  const TestAuthority other(dir_.path(), "other");
  options.client_ca = dir_.path() / "clients.pem";
  Write(options.client_ca, Content(authority_.certificate()));
  const auto server = Load(options);
  const auto client = Client(authority_.Issue(ClientSpec()));
  Session first(*server->current(), *client);
  ASSERT_TRUE(first.Works());
  const std::unique_ptr<SSL_SESSION, void (*)(SSL_SESSION*)> ticket(
      SSL_get1_session(first.client().ssl()), SSL_SESSION_free);
  Session resumed(*server->current(), *client);
  SSL_set_session(resumed.client().ssl(), ticket.get());
  EXPECT_TRUE(resumed.Works());
  EXPECT_EQ(SSL_session_reused(resumed.server().ssl()), 1);
  EXPECT_NE(SSL_get0_peer_certificate(resumed.server().ssl()), nullptr);

  Write(options.client_ca, Content(other.certificate()));
  ASSERT_TRUE(Reloads(*server));
  Session refused(*server->current(), *client);
  SSL_set_session(refused.client().ssl(), ticket.get());
  EXPECT_FALSE(refused.Works());
}

// --- Clients ---

TEST_F(TlsContextTest, ClientTrustsItsAuthorityOnly) {
  const auto server = Load(Options(authority_.Issue()));
  EXPECT_TRUE(Session(*server->current(), *Client()).Works());
  const TestAuthority other(dir_.path(), "other");
  for (const TlsClientOptions& options :
       {TlsClientOptions{.ca = other.certificate()}, TlsClientOptions{}}) {
    const auto client = MakeTlsClientContext(options);
    ASSERT_TRUE(client.ok()) << client.status();
    Session session(*server->current(), **client);
    EXPECT_FALSE(session.Works());
    EXPECT_EQ(session.client().error(), "certificate verify failed");
  }
}

TEST_F(TlsContextTest, ClientTrustsASelfSignedServerByName) {
  const CertificateFiles files = IssueSelfSigned(dir_.path());
  const auto server = Load(Options(files));
  const auto client = MakeTlsClientContext({.ca = files.certificate});
  ASSERT_TRUE(client.ok()) << client.status();
  EXPECT_TRUE(Session(*server->current(), **client).Works());
}

TEST_F(TlsContextTest, ClientSpeaksTls12AtLeast) {
  const CertificateFiles files = authority_.Issue();
  const OpensslOwned<SSL_CTX> server(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_set_cipher_list(server.get(), "ALL:@SECLEVEL=0");
  SSL_CTX_set_min_proto_version(server.get(), TLS1_VERSION);
  ASSERT_EQ(SSL_CTX_use_certificate_chain_file(server.get(), files.certificate.c_str()), 1);
  ASSERT_EQ(SSL_CTX_use_PrivateKey_file(server.get(), files.key.c_str(), SSL_FILETYPE_PEM), 1);
  const auto client = Client();
  EXPECT_TRUE(Session(*server, *client).Works());
  SSL_CTX_set_max_proto_version(server.get(), TLS1_1_VERSION);
  EXPECT_FALSE(Session(*server, *client).Works());
}

TEST_F(TlsContextTest, ClientFilesAreRefusedByName) {
  const CertificateFiles own = authority_.Issue(ClientSpec());
  struct Row {
    TlsClientOptions options;
    StatusCode want_code;
    std::string want_error;
  };
  for (const Row& row : {
           Row{{.ca = "/nowhere/ca.pem"}, StatusCode::kNotFound, "of the server's authority is"},
           Row{{.certificate = own.certificate},
               StatusCode::kInvalidArgument,
               "client.pem' is alone"},
           Row{{.key = own.key}, StatusCode::kInvalidArgument, "client.key' is alone"},
           Row{{.certificate = own.key, .key = own.key},
               StatusCode::kInvalidArgument,
               "client.key' holds no certificate"},
       }) {
    const auto client = MakeTlsClientContext(row.options);
    EXPECT_EQ(client.status().code(), row.want_code) << client.status();
    EXPECT_THAT(std::string(base::Message(client.status())), HasSubstr(row.want_error));
  }
}

}  // namespace
}  // namespace slowburn::net
