// storage/series/postings_block.h: up to 65,536 neighbouring series ids as bytes.
//
// Room     storage/series: pure functions
// Uses     base/
// Threads  pure functions
// Units    numbers are ids less 65,536 * block
// Source   docs/format/postings.md
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/status.h>

namespace slowburn::storage {

inline constexpr uint64_t kPostingsBlock = 1 << 16;

// `numbers`: sorted, each once, not empty.
std::string EncodePostings(const std::vector<uint16_t>& numbers);
// Appends to `numbers`. kDataLoss for bytes that EncodePostings does not write.
absl::Status DecodePostings(std::string_view bytes, std::vector<uint16_t>& numbers);

}  // namespace slowburn::storage
