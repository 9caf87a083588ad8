// A body in snappy's block format.
#include <string>

#include "net/snappy_block.h"
#include "tests/fuzz/fuzz_target.h"

void Fuzz(std::string_view input) {
  using namespace slowburn;
  constexpr size_t kBytesMax = 1 << 20;
  constexpr size_t kSlack = 64;
  std::string content;
  base::MemoryBudget budget(kBytesMax);
  {
    base::MemoryLease lease(&budget);
    const bool is_open =
        net::DecodeSnappyBlock(input, {.bytes_max = kBytesMax}, lease, content).ok();
    FUZZ_CHECK(lease.bytes() == content.size());
    FUZZ_CHECK(is_open || content.empty());
    FUZZ_CHECK(content.capacity() <= kBytesMax + kSlack);
    // Not even what a block claims can be more than this.
    FUZZ_CHECK(content.size() <= 23 * input.size());
  }
  FUZZ_CHECK(budget.used() == 0);
  // What was compressed comes out again.
  base::MemoryLease lease;
  const std::string block = net::EncodeSnappyBlock(input);
  FUZZ_CHECK(net::DecodeSnappyBlock(block, {.ratio_max = 0}, lease, content).ok());
  FUZZ_CHECK(content == input);
}
