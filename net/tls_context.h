// net/tls_context.h: certificate, key and client CA of the listeners, which may change while they
// listen.
//
// Room     net
// Uses     base/, OpenSSL
// Threads  thread-safe
// Units    unix time
// Source   RFC 8446; requirement H22; faults 42
#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <string>

#include <absl/base/thread_annotations.h>
#include <absl/status/status.h>
#include <absl/status/statusor.h>

typedef struct ssl_ctx_st SSL_CTX;

namespace slowburn::net {

// TLS 1.2 and newer, forward-secret AEAD suites, no renegotiation, no compression. A session begins
// with the context that is current then and keeps it, so a reload drops no connection.
class TlsServerContext {
 public:
  struct Options {
    std::filesystem::path certificate;  // PEM: the server's, then intermediate ones
    std::filesystem::path key;          // PEM, not encrypted
    std::filesystem::path client_ca;    // PEM; empty: clients need no certificate
    bool client_required = true;        // with client_ca: no certificate, no connection
    // What ALPN chooses: "h2" for gRPC, "http/1.1". A client that names protocols, but not h2 where
    // that is ours, is refused; one that names none is not.
    std::string protocol = "http/1.1";
  };
  // Every message names the file and what to do: kNotFound, kPermissionDenied, kInvalidArgument
  // (not PEM, key encrypted or of another certificate, expired, not valid yet). A key that others
  // may read gets a warning in the log.
  static absl::StatusOr<std::unique_ptr<TlsServerContext>> Load(Options options);

  // Reads the files again if one of them changed since (by time, size or inode); keeps what it has
  // when they are wrong, and says so each time until they are right. Whether they were read anew.
  absl::StatusOr<bool> ReloadIfChanged();

  // Shared with the connections that use it.
  std::shared_ptr<SSL_CTX> current() const ABSL_LOCKS_EXCLUDED(mutex_);
  // When the server's certificate ends.
  std::chrono::sys_seconds not_after() const ABSL_LOCKS_EXCLUDED(mutex_);

 private:
  struct Loaded;
  TlsServerContext(Options options, std::shared_ptr<const Loaded> loaded);
  static absl::StatusOr<std::shared_ptr<const Loaded>> Read(const Options& options);
  std::shared_ptr<const Loaded> loaded() const ABSL_LOCKS_EXCLUDED(mutex_);

  const Options options_;
  mutable std::mutex mutex_;
  std::shared_ptr<const Loaded> loaded_ ABSL_GUARDED_BY(mutex_);
};

// For clients: verifies the server's certificate and name. `ca` is a PEM file, empty: the system's
// authorities. `certificate` and `key`: the client's own, both or none.
struct TlsClientOptions {
  std::filesystem::path ca;
  std::filesystem::path certificate;
  std::filesystem::path key;
};

// TLS 1.2 and newer, suites as above; verifies the peer. The caller says which name the certificate
// must have. Errors as TlsServerContext::Load.
absl::StatusOr<std::shared_ptr<SSL_CTX>> MakeTlsClientContext(const TlsClientOptions& options);

}  // namespace slowburn::net
