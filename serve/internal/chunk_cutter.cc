#include "serve/internal/chunk_cutter.h"

#include <algorithm>
#include <span>
#include <vector>

#include "serve/internal/histogram_chunk.h"
#include "serve/internal/xor_chunk.h"

namespace slowburn::serve::internal {
namespace {

// The end of the chunk that begins at `begin`: behind as many as one has, before the first that
// has to be behind a sample of the other kind.
size_t EndOf(const std::vector<int64_t>& times_ms, size_t begin,
             const std::vector<int64_t>& others_ms, size_t next_other) {
  const size_t end = std::min(begin + kChunkSamplesMax, times_ms.size());
  if (next_other == others_ms.size()) return end;
  const auto until =
      std::lower_bound(times_ms.begin() + static_cast<ptrdiff_t>(begin),
                       times_ms.begin() + static_cast<ptrdiff_t>(end), others_ms[next_other]);
  return static_cast<size_t>(until - times_ms.begin());
}

}  // namespace

std::optional<Chunk> ChunkCutter::Next() {
  const bool has_float = float_ < samples_.times_ms.size();
  const bool has_histogram = histogram_ < samples_.histogram_times_ms.size();
  if (!has_float && !has_histogram) return std::nullopt;
  const bool floats_first =
      has_float &&
      (!has_histogram || samples_.times_ms[float_] < samples_.histogram_times_ms[histogram_]);
  return floats_first ? NextFloats() : NextHistograms();
}

Chunk ChunkCutter::NextFloats() {
  const size_t begin = float_;
  float_ = EndOf(samples_.times_ms, begin, samples_.histogram_times_ms, histogram_);
  const std::span times = std::span(samples_.times_ms).subspan(begin, float_ - begin);
  const std::span values = std::span(samples_.values).subspan(begin, float_ - begin);
  return {times.front(), times.back(), Chunk::kXor, XorChunk(times, values)};
}

Chunk ChunkCutter::NextHistograms() {
  const std::vector<model::NativeHistogram>& all = samples_.histograms;
  const size_t begin = histogram_;
  const size_t most = EndOf(samples_.histogram_times_ms, begin, samples_.times_ms, float_);
  do {
    ++histogram_;
  } while (histogram_ < most && GoesOn(all[histogram_ - 1], all[histogram_]));
  const size_t count = histogram_ - begin;
  const std::span times = std::span(samples_.histogram_times_ms).subspan(begin, count);
  return {times.front(), times.back(),
          all[begin].is_float ? Chunk::kFloatHistogram : Chunk::kHistogram,
          HistogramChunk(times, std::span(all).subspan(begin, count),
                         HintAfter(begin == 0 ? nullptr : &all[begin - 1], all[begin]))};
}

}  // namespace slowburn::serve::internal
