// net/internal/tls_client.h: the client's end of a TLS connection, and why there is none.
//
// Room     net/internal
// Uses     net/, Boost.System, OpenSSL
// Threads  one thread at a time
// Units    none
// Source   RFC 6066 section 3 (SNI); RFC 9525 (which names count)
#pragma once

#include <string>

#include <absl/status/statusor.h>
#include <boost/system/error_code.hpp>

#include "net/internal/openssl.h"
#include "net/tls_context.h"

namespace slowburn::net::internal {

// Will take the server's certificate only if it is for `host`: a name, or an address without
// brackets. Asks for it by SNI where it is a name. Errors as MakeTlsClientContext.
absl::StatusOr<OpensslOwned<SSL>> NewTlsClient(const TlsClientOptions& options,
                                               const std::string& host);

// Why a handshake, or a read or write after it, ended with `error`, and what to do.
std::string TlsTrouble(const SSL& ssl, const boost::system::error_code& error,
                       const std::string& host);

}  // namespace slowburn::net::internal
