// storage/series/float_block.h: numbers at times, packed.
//
// Room     storage/series: pure functions
// Uses     base/, storage/series
// Threads  pure functions
// Units    unix milliseconds; every bit of a double counts (NaN payloads, -0.0)
// Source   docs/format/chunk.md; feasibility section 9
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

namespace slowburn::storage {

inline constexpr size_t kBlockSamplesMax = 1 << 16;

// Appends a block of 1 to kBlockSamplesMax samples, times strictly increasing. About 2 bytes a
// sample for counters and decimals, 7 for doubles of full length, next to none for what stands
// still.
void EncodeFloats(std::span<const int64_t> times_ms, std::span<const double> values,
                  std::string& out);
// The same as a chunk (storage/series/sealed_chunk.h), for good: up to two thirds of the size for
// twice the time.
std::string SealFloats(std::span<const int64_t> times_ms, std::span<const double> values);

// Appends the samples of the block that `bytes` is; `bits` are those of its chunk. kDataLoss, and
// nothing is appended, where they are none.
absl::Status DecodeFloats(std::string_view bytes, std::vector<int64_t>& times_ms,
                          std::vector<double>& values, std::string_view bits = {});

}  // namespace slowburn::storage
