// Goal: a packer knows the histogram that it packed last, whatever came before it; an unpacker
// gives all of them back, and names what is wrong with bytes that are none. Method: seeded random
// series of every shape; every truncation and thousands of flips of what they pack to; layouts that
// promise more than there is.
#include "storage/series/histogram_packer.h"

#include <random>
#include <string>
#include <vector>

#include <fmt/format.h>
#include <gtest/gtest.h>

#include "model/sample.h"
#include "storage/series/histogram_block.h"
#include "storage/series/testing/series_samples.h"

namespace slowburn::storage {
namespace {

using internal::ByteReader;
using model::NativeHistogram;
using model::NativeHistogramView;

bool IsEnd(const NativeHistogram& histogram) {
  return model::IsStale(histogram.sum) && histogram.positive_spans.empty();
}

std::string Pack(const std::vector<NativeHistogram>& histograms) {
  HistogramPacker packer;
  std::string bytes;
  for (const NativeHistogram& histogram : histograms) packer.Put(histogram, bytes);
  return bytes;
}

std::vector<NativeHistogram> Make(uint64_t seed, size_t count) {
  SampleMaker maker(seed);
  std::vector<NativeHistogram> made;
  for (size_t i = 0; i < count; ++i) made.push_back(maker.NextHistogram());
  return made;
}

TEST(HistogramPackerTest, KnowsTheLastOne) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    HistogramPacker packer;
    std::string bytes;
    NativeHistogram last;
    for (const NativeHistogram& histogram : Make(seed, 30)) {
      const bool is_last = packer.Put(histogram, bytes);
      ASSERT_EQ(is_last, !IsEnd(histogram));
      if (!is_last && last.positive_spans.empty()) continue;
      if (is_last) last = histogram;
      ASSERT_TRUE(SameBits(packer.Last(), last));
    }
  }
}

TEST(HistogramPackerTest, BeginsAnewOnceReset) {
  for (uint64_t seed = 1; seed <= 100; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    HistogramPacker used;
    std::string bytes;
    for (const NativeHistogram& histogram : Make(seed, 10)) used.Put(histogram, bytes);
    used.Reset();
    bytes.clear();
    const std::vector<NativeHistogram> next = Make(seed + 1000, 10);
    for (const NativeHistogram& histogram : next) used.Put(histogram, bytes);
    ASSERT_EQ(bytes, Pack(next));
  }
}

TEST(HistogramUnpackerTest, GivesBackWhatWasPacked) {
  for (uint64_t seed = 1; seed <= 300; ++seed) {
    SCOPED_TRACE(fmt::format("seed {}", seed));
    const std::vector<NativeHistogram> wanted = Make(seed, 30);
    const std::string bytes = Pack(wanted);
    ByteReader in(bytes);
    HistogramUnpacker unpacker;
    NativeHistogramView got;
    for (size_t i = 0; i < wanted.size(); ++i) {
      ASSERT_EQ(unpacker.Read(in, got), "") << i;
      ASSERT_TRUE(SameBits(NativeHistogram(got), wanted[i])) << i;
    }
    ASSERT_TRUE(in.AtEnd());
  }
}

// How many could be read before `wrong` (if any was). None of them has a fault.
struct Reading {
  size_t read = 0;
  std::string_view wrong;
};
Reading ReadAll(std::string_view bytes, size_t count) {
  ByteReader in(bytes);
  HistogramUnpacker unpacker;
  Reading reading;
  NativeHistogramView got;
  while (reading.read < count) {
    reading.wrong = unpacker.Read(in, got);
    if (!reading.wrong.empty()) break;
    EXPECT_EQ(HistogramFault(got), "");
    ++reading.read;
  }
  return reading;
}

TEST(HistogramUnpackerTest, EveryTruncationIsNamed) {
  for (uint64_t seed = 1; seed <= 60; ++seed) {
    const std::vector<NativeHistogram> histograms = Make(seed, 8);
    const std::string bytes = Pack(histograms);
    for (size_t size = 0; size < bytes.size(); ++size) {
      SCOPED_TRACE(fmt::format("seed {}, {} of {} bytes", seed, size, bytes.size()));
      const std::string cut = bytes.substr(0, size);
      const Reading reading = ReadAll(cut, histograms.size());
      ASSERT_LT(reading.read, histograms.size());
      ASSERT_NE(reading.wrong, "");
    }
  }
}

TEST(HistogramUnpackerTest, AFlipIsNamedOrHarmless) {
  std::mt19937_64 random(20261130);
  for (int run = 0; run < 20'000; ++run) {
    SCOPED_TRACE(fmt::format("run {}", run));
    std::string bytes = Pack(Make(random() % 50, 8));
    for (uint64_t flips = 1 + random() % 3; flips > 0; --flips) {
      bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    }
    ReadAll(bytes, 8);
    if (testing::Test::HasFailure()) return;
  }
}

struct WrongCase {
  std::string name;
  std::string bytes;  // behind an empty histogram of schema 0
  std::string want;
};
class WrongHistogramTest : public testing::TestWithParam<WrongCase> {};

TEST_P(WrongHistogramTest, IsNamed) {
  const std::string bytes = Pack({{}}) + GetParam().bytes;
  const Reading reading = ReadAll(bytes, 2);
  EXPECT_EQ(reading.read, 1u);
  EXPECT_EQ(reading.wrong, GetParam().want);
}

std::string Layout(int8_t schema, const std::string& spans_and_bounds) {
  std::string bytes(1, '\x04');
  bytes.push_back(static_cast<char>(schema));
  internal::PutFixed64(bytes, 0);
  return bytes + spans_and_bounds;
}

std::string Varints(std::initializer_list<uint64_t> numbers) {
  std::string bytes;
  for (const uint64_t number : numbers) internal::PutVarint(bytes, number);
  return bytes;
}

INSTANTIATE_TEST_SUITE_P(
    Bytes, WrongHistogramTest,
    testing::ValuesIn<WrongCase>({
        {"Nothing", "", "counts that end too soon or are too large"},
        {"Flags", "\x40", "flags that cannot be"},
        {"StaleAndMore", "\x24", "flags that cannot be"},
        {"Schema", Layout(9, Varints({0, 0, 0, 0, 0, 0})), "a layout that cannot be"},
        {"MoreSpansThanBytes", Layout(0, Varints({1'000'000'000'000, 0, 0})),
         "a layout that cannot be"},
        {"ALongSpan", Layout(0, Varints({1, 0, 4097, 0, 0})), "a layout that cannot be"},
        {"LongSpans", Layout(0, Varints({2, 0, 4000, 0, 4000, 0, 0})), "a layout that cannot be"},
        {"LongOnBothSides", Layout(0, Varints({1, 0, 4000, 1, 0, 4000, 0})),
         "a layout that cannot be"},
        {"OverlappingSpans", Layout(0, Varints({2, 0, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0})),
         "a layout that cannot be"},
        {"AnOffsetBeyond32Bits", Layout(0, Varints({1, 4'294'967'296, 1, 0, 0, 0, 0, 0, 0})),
         "a layout that cannot be"},
        {"MoreBoundsThanBytes", Layout(-53, Varints({0, 0, 1'000'000'000'000})),
         "a layout that cannot be"},
        {"BoundsOfNoCustomBuckets", Layout(0, Varints({0, 0, 1}) + std::string(12, '\0')),
         "a layout that cannot be"},
        {"MoreBucketsThanBytes", Layout(0, Varints({1, 0, 4000, 0, 0, 0, 0, 0})),
         "counts that end too soon"},
        {"ALargeCount", Varints({0, 0, 18'014'398'509'481'984, 0}),
         "counts that end too soon or are too large"},
        {"ALongVarint", std::string(1, '\0') + std::string(12, '\xff'),
         "counts that end too soon or are too large"},
    }),
    [](const auto& info) { return info.param.name; });

}  // namespace
}  // namespace slowburn::storage
