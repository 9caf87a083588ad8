// A block of latencies from the store: refused, or read back as it is, and merged with itself.
#include "slo/latency_block.h"
#include "slo/latency_sum.h"
#include "tests/fuzz/fuzz_target.h"

void Fuzz(std::string_view input) {
  using namespace slowburn;
  const auto block = slo::LatencyBlock::Decode(input, slo::kLatencySlotsPerHour);
  if (!block.ok()) return;
  FUZZ_CHECK(block->Encode() == input);
  slo::LatencyBlock twice = *block;
  slo::LatencySum once, sum;
  for (uint32_t slot = 0; slot < block->slots(); ++slot) {
    twice.Merge(slot, block->At(slot));
    once.Add(block->At(slot));
    sum.Add(twice.At(slot));
  }
  FUZZ_CHECK(sum.count() >= once.count());
  FUZZ_CHECK(sum.Quantile(500).has_value() == (once.count() > 0));
  FUZZ_CHECK(slo::LatencyBlock::Decode(twice.Encode(), slo::kLatencySlotsPerHour).ok());
}
