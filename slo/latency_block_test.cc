// Goal: a block gives back what was merged into it, and its bytes read back, or are refused.
// Method: histograms slot by slot as oracle; the documented bytes; every truncation; rows.
#include "slo/latency_block.h"

#include <array>
#include <random>
#include <vector>

#include <gtest/gtest.h>

namespace slowburn::slo {
namespace {

TEST(LatencyBlockTest, MergesSlotBySlotAndReadsBack) {
  std::mt19937_64 random(6);
  for (int round = 0; round < 100; ++round) {
    LatencyBlock block(kLatencySlotsPerHour);
    std::array<LatencyHistogram, kLatencySlotsPerHour> want;
    for (int i = 0; i < round; ++i) {
      LatencyHistogram one;
      one.Record(random() % 1'000'000'000);
      const auto slot = static_cast<uint32_t>(random() % kLatencySlotsPerHour);
      block.Merge(slot, one);
      want[slot].Merge(one);
    }
    const auto back = LatencyBlock::Decode(block.Encode(), kLatencySlotsPerHour);
    ASSERT_TRUE(back.ok()) << back.status();
    ASSERT_EQ(*back, block);
    for (uint32_t slot = 0; slot < kLatencySlotsPerHour; ++slot) {
      ASSERT_EQ(block.At(slot), want[slot]);
      ASSERT_EQ(back->At(slot), want[slot]);
    }
  }
}

TEST(LatencyBlockTest, EmptyIsOneByte) {
  LatencyBlock block(kLatencySlotsPerHour);
  block.Merge(3, {});
  EXPECT_TRUE(block.empty());
  EXPECT_EQ(block.Encode(), "\x01");
}

TEST(LatencyBlockTest, TheDocumentedExample) {
  // docs/format/latency_block.md
  LatencyHistogram histogram;
  histogram.Record(0);
  for (int i = 0; i < 300; ++i) histogram.Record(120'000'000);
  LatencyHistogram one;
  one.Record(1);
  LatencyBlock block(kLatencySlotsPerHour);
  block.Merge(0, histogram);
  block.Merge(3, one);
  EXPECT_EQ(block.Encode(),
            std::string("\x01\x00\x06\x00\x01\xad\x0b\xac\x02\x02\x03\x80\x08\x01", 14));
}

TEST(LatencyBlockTest, RefusesWhatItNeverWrites) {
  LatencyHistogram histogram;
  for (int i = 0; i < 300; ++i) histogram.Record(static_cast<uint64_t>(i) * 1'000'000);
  LatencyBlock block(kLatencySlotsPerHour);
  block.Merge(kLatencySlotsPerHour - 1, histogram);
  const std::string bytes = block.Encode();
  for (size_t size = 2; size < bytes.size(); ++size) {
    EXPECT_EQ(LatencyBlock::Decode(bytes.substr(0, size), kLatencySlotsPerHour).status().code(),
              absl::StatusCode::kDataLoss)
        << size;
  }
  struct Case {
    const char* name;
    std::string bytes;
  };
  for (const Case& c : std::vector<Case>{
           {"Nothing", ""},
           {"AnotherFormat", "\x02"},
           {"SlotPastTheLast", std::string("\x01\x0c\x02\x00\x01", 5)},
           {"SlotAfterTheLast", bytes + std::string("\x00\x02\x00\x01", 4)},
           {"EmptyHistogram", std::string("\x01\x00\x00", 3)},
           {"BrokenHistogram", std::string("\x01\x00\x02\x00\x00", 5)},
           {"SizeBeyondTheEnd", std::string("\x01\x00\x03\x00\x01", 5)},
       }) {
    EXPECT_EQ(LatencyBlock::Decode(c.bytes, kLatencySlotsPerHour).status().code(),
              absl::StatusCode::kDataLoss)
        << c.name;
  }
}

}  // namespace
}  // namespace slowburn::slo
