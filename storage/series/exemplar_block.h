// storage/series/exemplar_block.h: exemplars of one series, packed.
//
// Room     storage/series: pure functions
// Uses     base/, model/, storage/api
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

#include "model/label_set.h"

namespace slowburn::storage {

// An exemplar without its time.
struct ExemplarValue {
  double value = 0;
  model::LabelSet labels;
};

// Appends a block of 1 to kBlockSamplesMax exemplars, times strictly increasing.
void EncodeExemplars(std::span<const int64_t> times_ms, std::span<const ExemplarValue> exemplars,
                     std::string& out);

// Appends the exemplars of the block that `bytes` is. kDataLoss, and nothing is appended, where
// they are none.
absl::Status DecodeExemplars(std::string_view bytes, std::vector<int64_t>& times_ms,
                             std::vector<ExemplarValue>& exemplars);

}  // namespace slowburn::storage
