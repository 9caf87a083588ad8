#include "net/internal/tls_client.h"

#include <memory>
#include <utility>

#include <boost/asio/ip/address.hpp>
#include <boost/asio/ssl/error.hpp>
#include <openssl/sslerr.h>
#include <openssl/x509_vfy.h>
#include <openssl/x509v3.h>

#include "base/status.h"

namespace slowburn::net::internal {
namespace {

constexpr unsigned char kHttp11[] = {8, 'h', 't', 't', 'p', '/', '1', '.', '1'};

// What is wrong with the server's certificate.
std::string CertificateTrouble(long verdict, const std::string& host) {
  const char* const reason = X509_verify_cert_error_string(verdict);
  switch (verdict) {
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return fmt::format(
          "the server's certificate is not trusted ({}); name its authority's file as tls.ca",
          reason);
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return fmt::format(
          "the server's certificate is not for {}; write a name that is among its alternative "
          "names",
          host);
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return "the server's certificate has expired; renew it there";
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return "the server's certificate is not valid yet; compare the clocks of both machines";
    default:
      return fmt::format("the server's certificate is refused ({})", reason);
  }
}

// What the other side said, or how it spoke.
std::string ProtocolTrouble(const boost::system::error_code& error) {
  switch (ERR_GET_REASON(static_cast<unsigned long>(error.value()))) {
    case SSL_R_TLSV13_ALERT_CERTIFICATE_REQUIRED:
      return "the server wants a certificate of us; name one as tls.certificate and tls.key";
    // How servers before TLS 1.3 say that.
    case SSL_R_SSLV3_ALERT_HANDSHAKE_FAILURE:
      return "the server refuses the handshake; if it wants a certificate of us, name one as "
             "tls.certificate and tls.key";
    case SSL_R_TLSV1_ALERT_UNKNOWN_CA:
    case SSL_R_SSLV3_ALERT_BAD_CERTIFICATE:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_EXPIRED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_REVOKED:
    case SSL_R_SSLV3_ALERT_CERTIFICATE_UNKNOWN:
    case SSL_R_SSLV3_ALERT_UNSUPPORTED_CERTIFICATE:
    case SSL_R_TLSV1_ALERT_ACCESS_DENIED:
      return fmt::format("the server refuses the certificate in tls.certificate ({})",
                         error.message());
    case SSL_R_WRONG_VERSION_NUMBER:
    case SSL_R_HTTP_REQUEST:
      return "the server does not speak TLS there; write http://, or its port for TLS";
    case SSL_R_UNSUPPORTED_PROTOCOL:
    case SSL_R_TLSV1_ALERT_PROTOCOL_VERSION:
      return "the server speaks no TLS 1.2; let it";
    default:
      return error.message();
  }
}

}  // namespace

absl::StatusOr<OpensslOwned<SSL>> NewTlsClient(const TlsClientOptions& options,
                                               const std::string& host) {
  SB_ASSIGN_OR_RETURN(const std::shared_ptr<SSL_CTX> context, MakeTlsClientContext(options));
  OpensslOwned<SSL> ssl(SSL_new(context.get()));
  if (ssl == nullptr) return base::Internal("no TLS: {}", TakeOpensslReason());
  boost::system::error_code not_address;
  boost::asio::ip::make_address(host, not_address);
  bool is_set = SSL_set_alpn_protos(ssl.get(), kHttp11, sizeof kHttp11) == 0;  // 0 is success.
  if (not_address) {
    // "localhost." is localhost, written out; certificates have no dot there.
    const std::string name = host.ends_with('.') ? host.substr(0, host.size() - 1) : host;
    SSL_set_hostflags(ssl.get(),
                      X509_CHECK_FLAG_NO_PARTIAL_WILDCARDS | X509_CHECK_FLAG_NEVER_CHECK_SUBJECT);
    is_set = is_set && SSL_set1_host(ssl.get(), name.c_str()) == 1 &&
             SSL_set_tlsext_host_name(ssl.get(), name.c_str()) == 1;
  } else {
    is_set = is_set && X509_VERIFY_PARAM_set1_ip_asc(SSL_get0_param(ssl.get()), host.c_str()) == 1;
  }
  if (!is_set) {
    return base::InvalidArgument("\"{}\" cannot be the name of a TLS server ({}); write another",
                                 host, TakeOpensslReason());
  }
  return ssl;
}

std::string TlsTrouble(const SSL& ssl, const boost::system::error_code& error,
                       const std::string& host) {
  if (error == boost::asio::ssl::error::stream_truncated) {
    return "the connection ended without TLS's goodbye: what came may not be all";
  }
  if (error.category() != boost::asio::error::get_ssl_category()) return error.message();
  const long verdict = SSL_get_verify_result(&ssl);
  return verdict == X509_V_OK ? ProtocolTrouble(error) : CertificateTrouble(verdict, host);
}

}  // namespace slowburn::net::internal
