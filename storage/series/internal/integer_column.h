// storage/series/internal/integer_column.h: a column of integers that mostly change little, or
// change by nearly the same each time.
//
// Room     storage/series, internal
// Uses     storage/series
// Threads  pure functions
// Units    any integers: differences wrap around in 64 bits
// Source   docs/format/chunk.md
#pragma once

#include <cstdint>
#include <span>
#include <string>

#include "storage/series/internal/bit_stream.h"
#include "storage/series/internal/bytes.h"

namespace slowburn::storage::internal {

// Appends the column; its length is not part of it. With `bits` its numbers are split: how large
// each is goes to `out`, where it can be compressed, and what is as good as random goes to `bits`.
// Returns where in `out` those of them begin that follow the column's header.
size_t PutIntegers(std::string& out, std::span<const int64_t> numbers, BitWriter* bits = nullptr);

// Fills `numbers`. False where the bytes are wrong or end too soon.
bool ReadIntegers(ByteReader& in, std::span<int64_t> numbers, BitReader& bits);

}  // namespace slowburn::storage::internal
