// net/internal/zstd_frame.h: what a zstd frame says of itself before it is opened.
//
// Room     net/internal
// Uses     standard library
// Threads  pure functions
// Units    bytes
// Source   RFC 8878, section 3.1
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace slowburn::net::internal {

struct ZstdHeader {
  size_t bytes = 0;  // of the header itself
  uint64_t window = 0;
  std::optional<uint64_t> content;  // not checked yet
};

// Nothing for what does not begin with a frame, zstd's formats from before 1.0 included.
std::optional<ZstdHeader> ReadZstdHeader(std::string_view frame);

// The most that the frame can hold: what its header says, or else the sum of what its blocks can,
// as far as they are there.
uint64_t ZstdFrameHoldsMax(std::string_view frame);

// How many bytes of skippable frames `bytes` begins with; nothing where the last of them is cut
// short.
std::optional<size_t> SkippableZstdBytes(std::string_view bytes);

}  // namespace slowburn::net::internal
