// serve/internal/chunk_cutter.h: the samples of a series cut into chunks.
//
// Room     serve
// Uses     storage/api/
// Threads  one owner
// Units    unix milliseconds
// Source   Prometheus, tsdb/chunkenc; prompb: types.proto
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "storage/api/series_reader.h"

namespace slowburn::serve::internal {

struct Chunk {
  // As prompb numbers them.
  static constexpr int32_t kXor = 1;
  static constexpr int32_t kHistogram = 2;
  static constexpr int32_t kFloatHistogram = 3;

  int64_t first_ms = 0;
  int64_t last_ms = 0;
  int32_t type = 0;
  std::string data;
};

// Chunks of 120 samples at most, as Prometheus', one by one in the order of time. `samples` must
// outlive it.
class ChunkCutter {
 public:
  explicit ChunkCutter(const storage::SampleColumns& samples) : samples_(samples) {}

  std::optional<Chunk> Next();

 private:
  Chunk NextFloats();
  Chunk NextHistograms();

  const storage::SampleColumns& samples_;
  size_t float_ = 0;
  size_t histogram_ = 0;
};

}  // namespace slowburn::serve::internal
