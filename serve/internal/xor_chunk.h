// serve/internal/xor_chunk.h: numbers as the chunks that Prometheus keeps them in.
//
// Room     serve
// Uses     standard library
// Threads  pure functions
// Units    unix milliseconds
// Source   Prometheus, tsdb/chunkenc (XOR); "Gorilla", VLDB 2015
#pragma once

#include <cstdint>
#include <span>
#include <string>

namespace slowburn::serve::internal {

// As many as Prometheus puts into one.
inline constexpr size_t kChunkSamplesMax = 120;

// Encoding XOR: numbers, stale markers among them. 1 to 65,535 samples, times rising.
std::string XorChunk(std::span<const int64_t> times_ms, std::span<const double> values);

}  // namespace slowburn::serve::internal
