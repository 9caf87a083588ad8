// bench/payload.h: trace exports of which no two are equal, at the cost of copying a kilobyte.
//
// Room     bench
// Uses     collector/testing, zlib
// Threads  immutable after construction; Stamp from any thread
// Units    bytes
// Source   RFC 1951, RFC 1952
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <zlib.h>

namespace slowburn::bench {

enum class Encoding : uint8_t { kNone, kGzip, kJson };

// One export whose first trace id is written anew each time it is sent: dedup never knows it.
// Compressed, the id lies in a stored block between two compressed ones, and the checksum is put
// together from its parts, so that a stamp costs the same however large the body is.
class Payload {
 public:
  // `body` has `id` once: 16 bytes, in JSON 32 hex digits.
  Payload(const std::string& body, std::string_view id, Encoding encoding);

  // The request is head + tail() + trailer.
  void Stamp(uint64_t serial, std::string& head, std::string& trailer) const;
  std::string_view tail() const { return tail_; }
  size_t size() const { return head_.size() + tail_.size() + (is_gzip_ ? 8 : 0); }

 private:
  bool is_gzip_;
  bool is_json_;
  std::string head_;  // ends with the id
  std::string tail_;
  // Of the plain body, for the trailer.
  uint32_t size_plain_ = 0;
  uLong crc_before_ = 0;
  uLong crc_after_ = 0;
  uLong combine_ = 0;  // zlib's operator for the length of what follows the id
};

// 512 spans of 10 attributes under one resource of 12, about 459 B each, ended now; each export
// from one of `services` services called bench-0, bench-1, ...
struct PayloadOptions {
  int spans = 512;
  int services = 1;
  Encoding encoding = Encoding::kNone;
};
inline constexpr int kPayloads = 64;  // so many that no branch predictor knows them
std::vector<Payload> MakePayloads(const PayloadOptions& options);
// The same exports whole, for the bare loops.
std::vector<std::string> MakeBodies(const PayloadOptions& options);  // not with kGzip
// One gzip member of zlib's usual level, as clients send it.
std::string GzipAsClientsDo(std::string_view content);

}  // namespace slowburn::bench
