// net/content_coding.h: compressed bodies, opened under limits.
//
// Room     net
// Uses     base/, libdeflate, zstd
// Threads  thread-safe (one set of decompressors a thread, inside)
// Units    bytes
// Source   RFC 9110 section 8.4; RFC 1950, 1952, 8878; faults 25
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "base/memory_budget.h"
#include "net/http_message.h"

namespace slowburn::net {

enum class ContentCoding : uint8_t { kIdentity, kGzip, kDeflate, kZstd };

// One coding, as grpc-encoding names it, case folded; "" and "identity" are kIdentity, "x-gzip" is
// gzip. Nothing for any other.
std::optional<ContentCoding> ParseContentCoding(std::string_view token);
// What Content-Encoding says in however many fields: they are one list, "identity, gzip".
std::string ContentEncodingOf(const std::vector<HttpHeader>& headers);
// Such a list, of which empty elements and "identity" change nothing. Nothing for more than one
// coding, or one that is unknown.
std::optional<ContentCoding> ParseContentCodings(std::string_view list);
std::string_view ContentCodingName(ContentCoding coding);

struct DecodeLimits {
  size_t bytes_max = 64 << 20;  // of what comes out
  // Past the first MiB, at most this many bytes come out of one byte. Telemetry with its random ids
  // reaches 20; gzip bombs make 1,000, zstd ones 30,000.
  size_t ratio_max = 100;
};

// Replaces `out` by the content, in the memory it has if that suffices; room of
// HttpRequest::kBodyPadding follows. All members of a gzip file, all frames of a zstd stream
// (65,536 of them; windows up to 8 MiB; skippable frames too); "deflate" is zlib's format, and raw
// deflate, which some senders mean.
//
// What comes out is charged to `lease` on top of what it holds, before memory is taken for it. What
// a part claims to hold is believed up to 32 times the bytes that came; from there the room
// doubles, and while content moves both rooms are charged.
//
// kInvalidArgument for bytes that are not whole (naming the coding), kResourceExhausted past a
// limit (naming it), kUnavailable when the lease cannot grow; then `out` is empty and its memory
// given back, and the lease holds what it held before.
absl::Status DecodeContent(ContentCoding coding, std::string_view compressed,
                           const DecodeLimits& limits, base::MemoryLease& lease, std::string& out);

// One member or frame, fast rather than small. kIdentity copies.
std::string EncodeContent(ContentCoding coding, std::string_view content);

}  // namespace slowburn::net
