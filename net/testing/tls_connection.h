// net/testing/tls_connection.h: a client connection under TLS, for tests that look at how it begins
// and ends.
//
// Room     net/testing
// Uses     net/, OpenSSL
// Threads  one thread at a time
// Units    none
#pragma once

#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "base/status.h"
#include "net/internal/openssl.h"
#include "net/testing/raw_http.h"
#include "net/tls_context.h"

namespace slowburn::net {

inline std::shared_ptr<SSL_CTX> TestClientContext(const TlsClientOptions& options) {
  auto context = MakeTlsClientContext(options);
  if (!context.ok()) throw std::runtime_error(std::string(base::Message(context.status())));
  return *std::move(context);
}

class TlsConnection final : public RawConnection {
 public:
  // Throws where the server is not the one that it should be, or does not want us. (With TLS 1.3 a
  // client learns only by its first read that its certificate is not wanted.)
  TlsConnection(const HostPort& server, SSL_CTX& context, int version_max = TLS1_3_VERSION)
      : RawConnection(server), ssl_(SSL_new(&context)) {
    SSL_set_max_proto_version(ssl_.get(), version_max);
    SSL_set1_host(ssl_.get(), "localhost");
    SSL_set_fd(ssl_.get(), fd());
    if (SSL_connect(ssl_.get()) != 1) {
      throw std::runtime_error("no TLS: " + internal::TakeOpensslReason());
    }
  }
  TlsConnection(TlsConnection&&) = default;

  SSL& ssl() { return *ssl_; }
  // After ReadToEnd(): whether the server ended the session in form, rather than just gone.
  bool was_goodbye_said() const {
    return (SSL_get_shutdown(ssl_.get()) & SSL_RECEIVED_SHUTDOWN) != 0;
  }
  // The serial number of the server's certificate.
  std::string serial() const {
    const X509* const certificate = SSL_get0_peer_certificate(ssl_.get());
    const ASN1_INTEGER* const number = X509_get0_serialNumber(certificate);
    return std::string(reinterpret_cast<const char*>(ASN1_STRING_get0_data(number)),
                       static_cast<size_t>(ASN1_STRING_length(number)));
  }

  ssize_t ReceiveSome(std::span<char> into) override {
    return SSL_read(ssl_.get(), into.data(), static_cast<int>(into.size()));
  }

 protected:
  ssize_t SendSome(std::string_view bytes) override {
    return SSL_write(ssl_.get(), bytes.data(), static_cast<int>(bytes.size()));
  }

 private:
  internal::OpensslOwned<SSL> ssl_;
};

}  // namespace slowburn::net
