// storage/series/sealed_chunk.h: a block as it is stored for good: compressed where that pays, with
// what a reader wants to know before it unpacks it.
//
// Room     storage/series: pure functions
// Uses     base/, zstd
// Threads  pure functions
// Units    unix milliseconds, bytes
// Source   docs/format/chunk.md; feasibility section 9 (zstd-1 pays from about 1,000 samples)
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include <absl/status/status.h>
#include <absl/status/statusor.h>

namespace slowburn::storage {

struct ChunkHeader {
  uint64_t samples = 0;
  int64_t span_ms = 0;  // last time less first time
};

// The value of a chunk. `bits` are what of the block's numbers is not in it and cannot be
// compressed. `cuts`, in order, part the block where other bytes begin to be frequent: each part is
// compressed for itself.
std::string SealChunk(const ChunkHeader& header, std::string_view block, std::string_view bits = {},
                      std::span<const size_t> cuts = {});

struct OpenedChunk {
  std::string_view block;
  std::string_view bits;
};
// kDataLoss where the bytes are no chunk.
absl::StatusOr<ChunkHeader> ReadChunkHeader(std::string_view chunk);
// What it was made of; `scratch` may hold the block.
absl::StatusOr<OpenedChunk> OpenChunk(std::string_view chunk, std::string& scratch);

}  // namespace slowburn::storage
