// net/internal/http2_request.h: one HTTP/2 request, put together from its fields and data.
//
// Room     net/internal
// Uses     base/, net/
// Threads  one thread at a time
// Units    bytes
// Source   RFC 9113, section 8.3.1
#pragma once

#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>

#include "net/http_message.h"

namespace slowburn::net::internal {

// nghttp2 has checked what is put in: names are lower case, no field is one of a connection's,
// pseudo-fields come first and once, data are as many as Content-Length says.
class Http2Request {
 public:
  Http2Request(base::MemoryBudget* budget, std::string_view peer);

  void AddField(std::string_view name, std::string_view value);
  // False where the budget has no room for the fields.
  bool ChargeFields();

  enum class Taken { kAll, kTooLarge, kNoMemory };
  // `is_last`: no more is to come. Memory is charged, then taken, in steps that grow.
  Taken AppendBody(std::string_view data, bool is_last, size_t bytes_max);
  // Gives up what was read of the body, and its memory.
  void DropBody();

  // The request for its handler; what ErrorWriter may need of it stays.
  HttpRequest Take();

  HttpRequest& http() { return http_; }
  // Still percent-encoded, without the query.
  const std::string& raw_path() const { return raw_path_; }
  // Of the header; 0 where it has none.
  uint64_t content_length() const { return content_length_; }

 private:
  void SetPath(std::string_view target);
  bool GrowBody(size_t needed, bool is_last, size_t bytes_max);
  // How long the body will be by what the header or the prefix of a gRPC message says; 0: not said.
  uint64_t AnnouncedBytes(std::string_view first) const;

  HttpRequest http_;
  std::string raw_path_;
  uint64_t content_length_ = 0;
  size_t field_bytes_ = 0;
  uint64_t announced_bytes_ = 0;
  size_t body_room_ = 0;  // charged, and reserved
};

}  // namespace slowburn::net::internal
