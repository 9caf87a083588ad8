#include "net/tls_context.h"

#include <algorithm>
#include <iterator>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include <openssl/ssl.h>
#include <openssl/x509_vfy.h>
#include <sys/stat.h>

#include "base/status.h"
#include "net/internal/openssl.h"
#include "net/internal/tls_files.h"

namespace slowburn::net {
namespace {

using internal::OpensslOwned;

// Of TLS 1.2; those of 1.3 are all of this kind.
constexpr const char* kSuites =
    "ECDHE-ECDSA-AES128-GCM-SHA256:ECDHE-RSA-AES128-GCM-SHA256:ECDHE-ECDSA-AES256-GCM-SHA384:"
    "ECDHE-RSA-AES256-GCM-SHA384:ECDHE-ECDSA-CHACHA20-POLY1305:ECDHE-RSA-CHACHA20-POLY1305";
constexpr int kSecurityLevel = 2;     // 112 bits: RSA of 2048
constexpr int kIntermediatesMax = 4;  // between a client's certificate and its authority
constexpr long kTicketSeconds = 300;  // A resumed client's certificate is not looked at again.

// What ALPN may choose. Static: connections outlive the context that they came from.
struct Alpn {
  std::string_view name;
  bool is_required;
};
constexpr Alpn kAlpn[] = {{"h2", true}, {"http/1.1", false}};

int ChooseProtocol(SSL*, const unsigned char** chosen, unsigned char* chosen_bytes,
                   const unsigned char* offered, unsigned int offered_bytes, void* ours) {
  const Alpn& alpn = *static_cast<const Alpn*>(ours);
  // OpenSSL has checked that these are names, each after its length.
  for (unsigned int at = 0; at < offered_bytes; at += 1u + offered[at]) {
    const std::string_view name(reinterpret_cast<const char*>(offered) + at + 1, offered[at]);
    if (name != alpn.name) continue;
    *chosen = offered + at + 1;
    *chosen_bytes = offered[at];
    return SSL_TLSEXT_ERR_OK;
  }
  return alpn.is_required ? SSL_TLSEXT_ERR_ALERT_FATAL : SSL_TLSEXT_ERR_NOACK;
}

absl::StatusOr<std::shared_ptr<SSL_CTX>> NewContext(const SSL_METHOD* method) {
  OpensslOwned<SSL_CTX> context(SSL_CTX_new(method));
  if (context == nullptr) return base::Internal("no TLS: {}", internal::TakeOpensslReason());
  SSL_CTX_set_security_level(context.get(), kSecurityLevel);
  SSL_CTX_set_options(context.get(), SSL_OP_NO_RENEGOTIATION | SSL_OP_NO_COMPRESSION);
  if (SSL_CTX_set_min_proto_version(context.get(), TLS1_2_VERSION) != 1 ||
      SSL_CTX_set_cipher_list(context.get(), kSuites) != 1) {
    return base::Internal("no TLS 1.2: {}", internal::TakeOpensslReason());
  }
  // Tickets hold sessions; a cache would hold them in memory.
  SSL_CTX_set_session_cache_mode(context.get(), SSL_SESS_CACHE_OFF);
  SSL_CTX_set_mode(context.get(), SSL_MODE_RELEASE_BUFFERS);  // 34 KiB of an idle connection
  return context;
}

absl::Status AskForCertificates(const TlsServerContext::Options& options, SSL_CTX& context) {
  SB_RETURN_IF_ERROR(internal::TrustAuthorities(
      options.client_ca, "the certificate of the clients' authority", context));
  SSL_CTX_set_verify(
      &context, SSL_VERIFY_PEER | (options.client_required ? SSL_VERIFY_FAIL_IF_NO_PEER_CERT : 0),
      nullptr);
  SSL_CTX_set_verify_depth(&context, kIntermediatesMax);
  // Clients choose their certificate by the names of those who may have signed it.
  const STACK_OF(X509_OBJECT)* const trusted =
      X509_STORE_get0_objects(SSL_CTX_get_cert_store(&context));
  for (int i = 0; i < sk_X509_OBJECT_num(trusted); ++i) {
    X509* const authority = X509_OBJECT_get0_X509(sk_X509_OBJECT_value(trusted, i));
    if (authority != nullptr) SSL_CTX_add_client_CA(&context, authority);
  }
  return absl::OkStatus();
}

// What tells one content of a file from the next.
using FileStamp = std::tuple<dev_t, ino_t, off_t, time_t, long>;

std::vector<FileStamp> StampsOf(const TlsServerContext::Options& options) {
  std::vector<FileStamp> stamps;
  for (const std::filesystem::path* file :
       {&options.certificate, &options.key, &options.client_ca}) {
    struct stat status {};
    if (file->empty() || stat(file->c_str(), &status) != 0) status = {};
    stamps.emplace_back(status.st_dev, status.st_ino, status.st_size, status.st_mtim.tv_sec,
                        status.st_mtim.tv_nsec);
  }
  return stamps;
}

}  // namespace

struct TlsServerContext::Loaded {
  std::vector<FileStamp> stamps;  // from before the files were read
  std::shared_ptr<SSL_CTX> context;
  std::chrono::sys_seconds not_after;
};

absl::StatusOr<std::unique_ptr<TlsServerContext>> TlsServerContext::Load(Options options) {
  SB_ASSIGN_OR_RETURN(std::shared_ptr<const Loaded> loaded, Read(options));
  return std::unique_ptr<TlsServerContext>(
      new TlsServerContext(std::move(options), std::move(loaded)));
}

TlsServerContext::TlsServerContext(Options options, std::shared_ptr<const Loaded> loaded)
    : options_(std::move(options)), loaded_(std::move(loaded)) {}

absl::StatusOr<bool> TlsServerContext::ReloadIfChanged() {
  if (StampsOf(options_) == loaded()->stamps) return false;
  SB_ASSIGN_OR_RETURN(std::shared_ptr<const Loaded> fresh, Read(options_));
  const std::lock_guard lock(mutex_);
  loaded_ = std::move(fresh);
  return true;
}

std::shared_ptr<SSL_CTX> TlsServerContext::current() const { return loaded()->context; }

std::chrono::sys_seconds TlsServerContext::not_after() const { return loaded()->not_after; }

std::shared_ptr<const TlsServerContext::Loaded> TlsServerContext::loaded() const {
  const std::lock_guard lock(mutex_);
  return loaded_;
}

absl::StatusOr<std::shared_ptr<const TlsServerContext::Loaded>> TlsServerContext::Read(
    const Options& options) {
  Loaded loaded;
  loaded.stamps = StampsOf(options);
  SB_ASSIGN_OR_RETURN(loaded.context, NewContext(TLS_server_method()));
  SSL_CTX& context = *loaded.context;
  SB_ASSIGN_OR_RETURN(
      loaded.not_after,
      internal::UseIdentity({options.certificate, options.key, "the server's"}, context));
  if (!options.client_ca.empty()) SB_RETURN_IF_ERROR(AskForCertificates(options, context));
  const auto* const alpn = std::ranges::find(kAlpn, options.protocol, &Alpn::name);
  if (alpn == std::end(kAlpn)) {
    return base::InvalidArgument("protocol \"{}\" is not spoken here; take h2 or http/1.1",
                                 options.protocol);
  }
  SSL_CTX_set_alpn_select_cb(&context, ChooseProtocol, const_cast<Alpn*>(alpn));
  SSL_CTX_set_timeout(&context, kTicketSeconds);
  // Without it a client with a certificate could not resume.
  SSL_CTX_set_session_id_context(&context, reinterpret_cast<const unsigned char*>("slowburn"), 8);
  return std::make_shared<const Loaded>(std::move(loaded));
}

absl::StatusOr<std::shared_ptr<SSL_CTX>> MakeTlsClientContext(const TlsClientOptions& options) {
  SB_ASSIGN_OR_RETURN(std::shared_ptr<SSL_CTX> context, NewContext(TLS_client_method()));
  SSL_CTX_set_verify(context.get(), SSL_VERIFY_PEER, nullptr);
  if (!options.ca.empty()) {
    SB_RETURN_IF_ERROR(internal::TrustAuthorities(
        options.ca, "the certificate of the server's authority", *context));
  } else if (SSL_CTX_set_default_verify_paths(context.get()) != 1) {
    return base::Internal("the system's authorities: {}", internal::TakeOpensslReason());
  }
  if (options.certificate.empty() != options.key.empty()) {
    return base::InvalidArgument(
        "'{}' is alone; name both the client's certificate and its key",
        (options.certificate.empty() ? options.key : options.certificate).string());
  }
  if (!options.certificate.empty()) {
    SB_RETURN_IF_ERROR(
        internal::UseIdentity({options.certificate, options.key, "the client's"}, *context)
            .status());
  }
  return context;
}

}  // namespace slowburn::net
