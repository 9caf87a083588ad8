// serve/internal/xor_chunk.h: samples as the chunks that Prometheus keeps them in.
//
// Room     serve
// Uses     model/
// Threads  pure functions
// Units    unix milliseconds
// Source   Prometheus, tsdb/chunkenc (XOR and float histogram chunks); "Gorilla", VLDB 2015
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "model/native_histogram.h"

namespace slowburn::serve::internal {

// As many as Prometheus puts into one.
inline constexpr size_t kChunkSamplesMax = 120;

// Encoding XOR: numbers, stale markers among them. 1 to 65,535 samples, times rising.
std::string XorChunk(std::span<const int64_t> times_ms, std::span<const double> values);

// Encoding FLOAT_HISTOGRAM, of one sample: where the buckets of the next one differ, as they do, a
// chunk ends anyhow.
std::string HistogramChunk(int64_t time_ms, const model::NativeHistogram& histogram);

}  // namespace slowburn::serve::internal
