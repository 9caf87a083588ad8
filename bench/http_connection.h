// bench/http_connection.h: the cheapest HTTP client: one keep-alive connection that posts and
// waits.
//
// Room     bench
// Uses     POSIX sockets
// Threads  one owner
// Units    bytes
#pragma once

#include <cstdint>
#include <string>

#include "bench/payload.h"

namespace slowburn::bench {

class HttpConnection {
 public:
  // Throws std::runtime_error when nobody listens on `address` (HOST:PORT, an IPv4 address).
  HttpConnection(const std::string& address, Encoding encoding);
  ~HttpConnection();
  HttpConnection(const HttpConnection&) = delete;
  HttpConnection& operator=(const HttpConnection&) = delete;

  // True when the answer is 200.
  bool Post(const Payload& payload, uint64_t serial);

 private:
  bool Send(const Payload& payload);
  bool ReceiveOk();

  int socket_;
  std::string request_begin_;  // up to the number after Content-Length
  std::string head_, trailer_, answer_;
};

}  // namespace slowburn::bench
