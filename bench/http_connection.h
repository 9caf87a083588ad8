// bench/http_connection.h: the cheapest HTTP client: one keep-alive connection that posts and
// waits.
//
// Room     bench
// Uses     POSIX sockets, OpenSSL
// Threads  one owner
// Units    bytes
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include <openssl/ssl.h>

#include "bench/payload.h"

namespace slowburn::bench {

class HttpConnection {
 public:
  // Throws std::runtime_error when nobody listens on `address` (HOST:PORT, an IPv4 address), or
  // speaks TLS there where `tls` says so.
  HttpConnection(const std::string& address, Encoding encoding, bool tls = false);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // True when the answer is 200.
  bool Post(const Payload& payload, uint64_t serial);

 private:
  bool Send(const Payload& payload);
  bool SendTls(std::string_view begin, const Payload& payload);
  bool ReceiveOk();

  int socket_;
  std::unique_ptr<SSL_CTX, void (*)(SSL_CTX*)> context_{nullptr, SSL_CTX_free};
  std::unique_ptr<SSL, void (*)(SSL*)> tls_{nullptr, SSL_free};  // null: plaintext
  std::string request_begin_;  // up to the number after Content-Length
  std::string head_, trailer_, answer_;
};

}  // namespace slowburn::bench
