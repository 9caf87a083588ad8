// net/http_connection.h: an HTTP/1.1 connection that stays open from request to request.
//
// Room     net
// Uses     net/, OpenSSL, Boost.Beast (inside)
// Threads  one thread at a time; a call blocks it
// Units    timeouts in chrono, sizes in bytes
// Source   RFC 9112 section 9
#pragma once

#include <chrono>
#include <memory>
#include <span>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

#include "net/host_port.h"
#include "net/http_client.h"

typedef struct ssl_ctx_st SSL_CTX;

namespace slowburn::net {

class HttpConnection {
 public:
  struct Options {
    HostPort address;
    std::shared_ptr<SSL_CTX> tls;  // null: plaintext; else the server's name is verified
    size_t response_bytes_max = 4 << 20;
  };
  explicit HttpConnection(Options options);
  ~HttpConnection();

  // Nothing when it is open already. kUnavailable (refused, unknown host, wrong certificate),
  // kDeadlineExceeded. Looking up a name may take longer than `timeout`.
  absl::Status Connect(std::chrono::milliseconds timeout);

  struct Request {
    std::string_view target;  // path and query, as it is sent
    // Beyond Host, User-Agent and Content-Length, each with "\r\n" behind it. They are written as
    // they are, so that what all requests have in common is put together (and checked) once.
    std::string_view headers;
    std::string_view body;
  };
  // Opens what is not open, posts, and waits for the answer; any status code is one.
  // kUnavailable: no answer came, and nobody knows whether the request was taken.
  // kDeadlineExceeded: not within `timeout`, connecting included. kResourceExhausted: the answer is
  // over its limit. After any of these the next call opens a new connection.
  absl::StatusOr<HttpResult> Post(const Request& request, std::chrono::milliseconds timeout);

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slowburn::net
