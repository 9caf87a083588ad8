// net/gzip.h: gzip with a cap on what comes out.
//
// Room     net
// Uses     libdeflate
// Threads  thread-safe (one decompressor a thread, inside)
// Units    bytes
// Source   RFC 1952; faults 25
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

namespace slowburn::net {

// Replaces `out` by the content of all members of `compressed`. kInvalidArgument for bytes that are
// not whole gzip members, kResourceExhausted when the content is larger than `bytes_max`; it never
// holds more than `bytes_max` plus a page, and takes its memory as the content grows, not by what
// the trailer claims.
absl::Status GunzipTo(std::string_view compressed, size_t bytes_max, std::string& out);

// One member, level 1.
std::string Gzip(std::string_view content);

// Whether `bytes` begin like a gzip member.
inline bool LooksGzipped(std::string_view bytes) {
  return bytes.size() > 2 && bytes[0] == '\x1f' && bytes[1] == '\x8b';
}

}  // namespace slowburn::net
