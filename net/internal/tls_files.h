// net/internal/tls_files.h: PEM files with certificates and keys, into OpenSSL's contexts.
//
// Room     net/internal
// Uses     base/, OpenSSL
// Threads  pure functions over files
// Units    unix time
// Source   RFC 7468
#pragma once

#include <chrono>
#include <filesystem>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "net/internal/openssl.h"

namespace slowburn::net::internal {

struct Identity {
  std::filesystem::path certificate;
  std::filesystem::path key;
  std::string_view whose;  // "the server's", in messages
};

// Gives `context` a certificate, those between it and its authority, and its key; returns when it
// ends. Every message names the file and what to do: kNotFound, kPermissionDenied,
// kInvalidArgument. A key file that others may read gets a warning in the log.
absl::StatusOr<std::chrono::sys_seconds> UseIdentity(const Identity& identity, SSL_CTX& context);

// Lets `context` trust the certificates in `ca`, be they roots or not; `what` is what messages call
// them. Errors as above; one at least must be valid now.
absl::Status TrustAuthorities(const std::filesystem::path& ca, std::string_view what,
                              SSL_CTX& context);

}  // namespace slowburn::net::internal
