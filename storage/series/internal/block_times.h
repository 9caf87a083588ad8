// storage/series/internal/block_times.h: how every block begins: how many samples, and when.
//
// Room     storage/series, internal
// Uses     base/, storage/series
// Threads  pure functions
// Units    unix milliseconds
// Source   docs/format/chunk.md
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

#include "storage/series/internal/bit_stream.h"
#include "storage/series/internal/bytes.h"

namespace slowburn::storage::internal {

// `bits`, and what it returns, as of PutIntegers.
size_t PutTimes(std::string& out, std::span<const int64_t> times_ms, BitWriter* bits = nullptr);

// Appends the times; `count` is how many. kDataLoss, and nothing is appended, unless they increase.
absl::Status ReadTimes(ByteReader& in, std::vector<int64_t>& times_ms, size_t& count,
                       BitReader& bits);

// kDataLoss: "a block of floats is broken at byte 7 of 30 (...)".
absl::Status BrokenBlock(std::string_view kind, const ByteReader& in, std::string_view why);

}  // namespace slowburn::storage::internal
