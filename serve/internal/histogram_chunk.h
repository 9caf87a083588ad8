// serve/internal/histogram_chunk.h: native histograms as the chunks that Prometheus keeps them in.
//
// Room     serve
// Uses     model/
// Threads  pure functions
// Units    unix milliseconds
// Source   Prometheus, tsdb/chunkenc (HISTOGRAM, FLOAT_HISTOGRAM)
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "model/native_histogram.h"

namespace slowburn::serve::internal {

// Whether `next` may follow `before` in one chunk: it has the same buckets, and in a chunk of
// counters nothing goes down. Behind the end of a series nothing may follow.
bool GoesOn(const model::NativeHistogram& before, const model::NativeHistogram& next);

// What the first histogram of a chunk is to the one before it, null where there is none.
model::NativeHistogram::ResetHint HintAfter(const model::NativeHistogram* before,
                                            const model::NativeHistogram& first);

// Encoding FLOAT_HISTOGRAM where the first one is of floats, else HISTOGRAM. 1 to 65,535 samples,
// times rising, of which each goes on from the one before. Readers take `hint` for the first one's;
// of counters the others are no reset.
std::string HistogramChunk(std::span<const int64_t> times_ms,
                           std::span<const model::NativeHistogram> histograms,
                           model::NativeHistogram::ResetHint hint);

}  // namespace slowburn::serve::internal
