// net/internal/openssl.h: OpenSSL's objects with owners, and its errors as text.
//
// Room     net/internal
// Uses     OpenSSL
// Threads  OpenSSL notes errors per thread
// Units    none
#pragma once

#include <memory>
#include <string>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace slowburn::net::internal {

struct FreeOpenssl {
  void operator()(BIO* bio) const { BIO_free_all(bio); }
  void operator()(EVP_PKEY* key) const { EVP_PKEY_free(key); }
  void operator()(SSL* ssl) const { SSL_free(ssl); }
  void operator()(SSL_CTX* context) const { SSL_CTX_free(context); }
  void operator()(X509* certificate) const { X509_free(certificate); }
};
template <typename T>
using OpensslOwned = std::unique_ptr<T, FreeOpenssl>;

// Why the last call failed, "unknown reason" where OpenSSL has not noted it. Forgets all errors of
// the thread: a later call would take one that is left for its own.
inline std::string TakeOpensslReason() {
  const char* const reason = ERR_reason_error_string(ERR_peek_last_error());
  ERR_clear_error();
  return reason == nullptr ? "unknown reason" : reason;
}

}  // namespace slowburn::net::internal
