// tests/fuzz/decoded_content.h: what every decompressor promises, whatever the bytes.
//
// Room     tests/fuzz
// Uses     net/
// Threads  one
// Units    bytes
#pragma once

#include <string>
#include <string_view>

#include "base/memory_budget.h"
#include "net/content_coding.h"
#include "tests/fuzz/fuzz_target.h"

namespace slowburn {

inline void DecodeUnderLimits(net::ContentCoding coding, std::string_view input) {
  constexpr size_t kBytesMax = 1 << 20;
  constexpr size_t kSlack = 64 << 10;
  std::string content;
  base::MemoryBudget budget(2 * kBytesMax);
  {
    base::MemoryLease lease(&budget);
    const absl::Status decoded = net::DecodeContent(
        coding, input, {.bytes_max = kBytesMax, .ratio_max = 100}, lease, content);
    if (decoded.ok()) {
      FUZZ_CHECK(content.size() <= kBytesMax);
      FUZZ_CHECK(lease.bytes() >= content.size());
    }
    FUZZ_CHECK(content.capacity() <= 2 * kBytesMax + kSlack);
  }
  FUZZ_CHECK(budget.used() == 0);
  // What was compressed comes out again.
  base::MemoryLease lease;
  const std::string compressed = net::EncodeContent(coding, input);
  FUZZ_CHECK(net::DecodeContent(coding, compressed,
                                {.bytes_max = input.size(), .ratio_max = SIZE_MAX / 2}, lease,
                                content)
                 .ok());
  FUZZ_CHECK(content == input);
}

}  // namespace slowburn
