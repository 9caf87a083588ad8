// Goal: a block counts exactly and its bytes read back, or are refused. Method: a plain array as
// oracle; every truncation; random bytes.
#include "slo/slice_block.h"

#include <array>
#include <random>

#include <gtest/gtest.h>

#include "base/status.h"

namespace slowburn::slo {
namespace {

TEST(SliceBlockTest, CountsLikeAnArrayAndReadsBack) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 200; ++round) {
    SliceBlock block(kHourSlots);
    std::array<SliCounts, kHourSlots> want{};
    const uint64_t step_max = round % 2 == 0 ? 1000 : 3'000'000'000;  // odd rounds pass 32 bits
    for (int i = 0; i < round; ++i) {
      const auto slot = static_cast<uint32_t>(random() % kHourSlots);
      const SliCounts counts{random() % step_max, random() % step_max};
      block.Add(slot, counts);
      want[slot] += counts;
    }
    const auto back = SliceBlock::Decode(block.Encode(), kHourSlots);
    ASSERT_TRUE(back.ok()) << back.status();
    for (uint32_t slot = 0; slot < kHourSlots; ++slot) {
      ASSERT_EQ(block.At(slot), want[slot]);
      ASSERT_EQ(back->At(slot), want[slot]);
    }
    SliCounts sum;
    for (uint32_t slot = 17; slot < 300; ++slot) sum += want[slot];
    ASSERT_EQ(back->Sum(17, 300), sum);
  }
}

TEST(SliceBlockTest, EmptyTakesNoMemoryAndOneByte) {
  SliceBlock block(kHourSlots);
  block.Add(5, {});
  EXPECT_TRUE(block.empty());
  EXPECT_EQ(block.Encode(), "\x01");
  EXPECT_EQ(block.Sum(0, kHourSlots), SliCounts{});
}

TEST(SliceBlockTest, TheDocumentedExample) {
  // docs/format/slice_block.md: slot 0 has 300 good and 2 bad, slot 3 has 1 good.
  SliceBlock block(kHourSlots);
  block.Add(0, {300, 2});
  block.Add(3, {1, 0});
  EXPECT_EQ(block.Encode(), std::string("\x01\x00\xac\x02\x02\x02\x01\x00", 8));
}

TEST(SliceBlockTest, RefusesWhatItNeverWrites) {
  SliceBlock block(kHourSlots);
  block.Add(359, {300, 70'000});
  const std::string bytes = block.Encode();
  for (size_t size = 2; size < bytes.size(); ++size) {
    EXPECT_EQ(SliceBlock::Decode(bytes.substr(0, size), kHourSlots).status().code(),
              absl::StatusCode::kDataLoss)
        << size;
  }
  EXPECT_FALSE(SliceBlock::Decode("", kHourSlots).ok());
  EXPECT_FALSE(SliceBlock::Decode("\x02", kHourSlots).ok());
  EXPECT_FALSE(SliceBlock::Decode(bytes, kDaySlots).ok());  // slot 359 is past a day's 288
  EXPECT_FALSE(SliceBlock::Decode("\x01\xff\xff\xff\xff\xff\xff\xff\xff\xff\x7f", kHourSlots).ok());
}

TEST(SliceBlockTest, RandomBytesNeverCrash) {
  std::mt19937_64 random(11);
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(1, '\x01');
    for (uint64_t i = random() % 40; i > 0; --i) bytes += static_cast<char>(random());
    const auto got = SliceBlock::Decode(bytes, kHourSlots);
    if (got.ok()) {
      ASSERT_TRUE(SliceBlock::Decode(got->Encode(), kHourSlots).ok());
    } else {
      ASSERT_EQ(got.status().code(), absl::StatusCode::kDataLoss);
    }
  }
}

// Where good or bad comes from a difference, it can be negative in a slice; a slice may even add up
// to nothing.
TEST(SliceBlockTest, KeepsNegativeCounts) {
  const SliCounts one_turned_bad{.good = uint64_t{0} - 1, .bad = 1};
  SliceBlock block(kHourSlots);
  block.Add(5, one_turned_bad);
  block.Add(6, {.good = 3, .bad = uint64_t{0} - 2});
  const auto read = SliceBlock::Decode(block.Encode(), kHourSlots);
  ASSERT_TRUE(read.ok());
  EXPECT_EQ(read->At(5), one_turned_bad);
  EXPECT_EQ(read->Sum(0, kHourSlots), (SliCounts{2, uint64_t{0} - 1}));
  block.Add(5, {.good = 1, .bad = 0});
  EXPECT_EQ(block.At(5), (SliCounts{0, 1}));
}

TEST(SliceBlockTest, CopiesAreTheirOwn) {
  SliceBlock block(kHourSlots);
  block.Add(1, {1, 1});
  SliceBlock copy = block;
  copy.Add(1, {1, 1});
  EXPECT_EQ(block.At(1), (SliCounts{1, 1}));
  EXPECT_EQ(copy.At(1), (SliCounts{2, 2}));
}

}  // namespace
}  // namespace slowburn::slo
