// net/internal/request_parser.h: the bytes of one HTTP/1.1 request after another, taken apart into
// HttpRequest.
//
// Room     net
// Uses     net/, Boost.Beast (inside)
// Threads  one thread at a time
// Units    bytes
// Source   RFC 9112, sections 2 to 7
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "net/http_message.h"

namespace slowburn::net::internal {

// Begin(), PutHeader() until it is done, then the body: a sized one is read by the caller straight
// into request().body, a chunked one goes through PutChunked(). Strict where proxies disagree
// (request smuggling): Content-Length twice, beside Transfer-Encoding, or a transfer coding other
// than "chunked" is broken.
class RequestParser {
 public:
  explicit RequestParser(size_t header_bytes_max);
  ~RequestParser();
  RequestParser(const RequestParser&) = delete;
  RequestParser& operator=(const RequestParser&) = delete;

  void Begin();

  enum class State { kNeedMore, kDone, kBroken, kHeaderTooLarge, kBodyTooLarge };
  struct Progress {
    State state = State::kNeedMore;
    size_t used = 0;  // bytes that must not be shown again
  };
  Progress PutHeader(std::string_view bytes);
  // Once, before the first PutChunked().
  void SetBodyMax(size_t bytes_max);
  // Appends to request().body. Trailer fields are checked and dropped.
  Progress PutChunked(std::string_view bytes);

  // What was read until now; complete when the last Put was done, without peer and path parameters.
  HttpRequest& request();
  const HttpRequest& request() const;
  // Still percent-encoded, without the query.
  std::string_view raw_path() const;
  // Valid once the header is done.
  bool keep_alive() const;
  bool is_http_1_1() const;
  bool chunked() const;
  uint64_t content_length() const;  // 0 where the body is absent or chunked
  bool has_body() const { return chunked() || content_length() > 0; }
  // What is wrong with a kBroken request, for its sender.
  const std::string& error() const;

 private:
  class Impl;
  size_t header_bytes_max_;
  std::unique_ptr<Impl> impl_;
};

}  // namespace slowburn::net::internal
