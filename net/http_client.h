// net/http_client.h: one HTTP/1.1 request, waited for.
//
// Room     net
// Uses     net/, Boost.Beast and OpenSSL (inside)
// Threads  thread-safe; each call has its own connection and blocks its thread
// Units    timeouts in chrono, sizes in bytes
#pragma once

#include <chrono>
#include <string>
#include <vector>

#include <absl/status/statusor.h>

#include "net/http_message.h"
#include "net/tls_context.h"

namespace slowburn::net {

struct HttpCall {
  std::string method = "GET";
  std::string url;  // http://host:port/path?query, or https://
  std::vector<HttpHeader> headers;
  std::string body;
  std::string content_type;                   // sent when there is a body
  std::chrono::milliseconds timeout{10'000};  // for the whole call
  size_t response_bytes_max = 4 << 20;        // as sent, and decompressed
  TlsClientOptions tls;                       // for https; the files are read for each call
};

struct HttpResult {
  int status = 0;
  std::vector<HttpHeader> headers;
  std::string body;
};

// Any status code is a result. Over https the server's certificate must be trusted and be for the
// URL's host. A body that the server compressed, though not asked to, is decompressed where its
// coding is known; the headers stay as they came. Redirects are not followed.
//
// kInvalidArgument for a URL it cannot use; kUnavailable when no answer came (refused, reset,
// unknown host, no trust); kDeadlineExceeded after `timeout`; kResourceExhausted for a response
// over its limit; for the files of `tls` as MakeTlsClientContext. Every message names the URL.
absl::StatusOr<HttpResult> Call(const HttpCall& call);

}  // namespace slowburn::net
