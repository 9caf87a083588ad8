// net/http_client.h: one HTTP/1.1 request, waited for.
//
// Room     net
// Uses     net/, Boost.Beast (inside)
// Threads  thread-safe; each call has its own connection and blocks its thread
// Units    timeouts in chrono, sizes in bytes
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "net/http_message.h"

namespace slowburn::net {

struct HttpCall {
  std::string method = "GET";
  std::string url;  // http://host:port/path?query
  std::vector<HttpHeader> headers;
  std::string body;
  std::string content_type;                   // sent when there is a body
  std::chrono::milliseconds timeout{10'000};  // for the whole call
  size_t response_bytes_max = 4 << 20;
};

struct HttpResult {
  int status = 0;
  std::vector<HttpHeader> headers;
  std::string body;
};

// Any status code is a result. kInvalidArgument for a URL it cannot use (https among them, until
// TLS is built), kUnavailable when no answer came (refused, reset, unknown host), kDeadlineExceeded
// after `timeout`, kResourceExhausted for a response over its limit. Every message names the URL.
// Redirects are not followed.
absl::StatusOr<HttpResult> Call(const HttpCall& call);

}  // namespace slowburn::net
