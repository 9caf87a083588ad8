// Goal: what is packed comes back with every bit, takes few bytes, and bytes that are wrong are
// refused, never trusted. Method: seeded random samples of many kinds against themselves; every
// truncation and thousands of flips of real blocks; the examples of docs/format/chunk.md.
#include <bit>
#include <cmath>
#include <limits>
#include <numeric>
#include <random>

#include <absl/strings/escaping.h>
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/sample.h"
#include "storage/series/exemplar_block.h"
#include "storage/series/float_block.h"
#include "storage/series/head_column.h"
#include "storage/series/histogram_block.h"
#include "storage/series/histogram_packer.h"
#include "storage/series/internal/block_times.h"
#include "storage/series/sealed_chunk.h"
#include "storage/series/testing/series_samples.h"

namespace slowburn::storage {
namespace {

using model::NativeHistogram;

std::string Hex(std::string_view bytes) {
  return absl::BytesToHexString(absl::string_view(bytes.data(), bytes.size()));
}

struct Floats {
  std::vector<int64_t> times;
  std::vector<double> values;
};

std::string Encode(const Floats& floats) {
  std::string bytes;
  EncodeFloats(floats.times, floats.values, bytes);
  return bytes;
}

void ExpectSame(const Floats& want, std::string_view bytes, const std::string& what) {
  Floats got;
  const absl::Status read = DecodeFloats(bytes, got.times, got.values);
  ASSERT_TRUE(read.ok()) << what << ": " << read;
  ASSERT_EQ(got.times, want.times) << what;
  ASSERT_TRUE(SameBits(got.values, want.values)) << what;
}

// For good.
void ExpectSameSealed(const Floats& want, const std::string& what) {
  const std::string chunk = SealFloats(want.times, want.values);
  const auto header = ReadChunkHeader(chunk);
  ASSERT_TRUE(header.ok()) << what;
  ASSERT_EQ(header->samples, want.times.size()) << what;
  ASSERT_EQ(header->span_ms, want.times.back() - want.times.front()) << what;
  Floats got;
  const absl::Status read = FloatCodec::Open(chunk, got.times, got.values);
  ASSERT_TRUE(read.ok()) << what << ": " << read;
  ASSERT_EQ(got.times, want.times) << what;
  ASSERT_TRUE(SameBits(got.values, want.values)) << what;
}

constexpr double kInfinity = std::numeric_limits<double>::infinity();

struct FloatCase {
  std::string name;
  std::vector<double> values;
};
class FloatBlockTest : public testing::TestWithParam<FloatCase> {};

TEST_P(FloatBlockTest, ComesBackBitByBit) {
  Floats floats{.values = GetParam().values};
  for (size_t i = 0; i < floats.values.size(); ++i) {
    floats.times.push_back(1'700'000'000'000 + static_cast<int64_t>(i) * 15'000);
  }
  ExpectSame(floats, Encode(floats), GetParam().name);
  ExpectSameSealed(floats, GetParam().name);
}

INSTANTIATE_TEST_SUITE_P(
    Values, FloatBlockTest,
    testing::ValuesIn<FloatCase>({
        {"One", {1}},
        {"Zero", {0}},
        {"MinusZero", {-0.0, 0.0, -0.0}},
        {"Counter", {1, 5, 9, 100, 200, 3, 4}},
        {"Decimals", {0.1, 0.2, 0.3, 12.5, 0.000001, 99.999999}},
        {"Stale", {1, 2, model::StaleMarker(), 3, 4}},
        {"OnlyNan", {std::bit_cast<double>(0x7ff8000000000001)}},
        {"NanPayloads",
         {std::bit_cast<double>(0x7ff8000000000123), std::bit_cast<double>(0xfff0000000000001)}},
        {"Infinities", {1, kInfinity, -kInfinity, 2, 3}},
        {"Tiny", {5e-324, 2.2250738585072014e-308, 1e-7}},
        {"Huge", {1.7976931348623157e308, 1e300, 9007199254740992.0, 9007199254740993.0}},
        {"Edge53", {9007199254740991.0, -9007199254740991.0, 4503599627370496.5}},
        {"Fractions", {1.0 / 3, 2.0 / 3, M_PI, M_E}},
        {"MixedScales", {1e15, 0.25, 1e15 + 1, 0.125}},
        {"BinaryWithExceptions",
         {1.0 / 3, -0.0, 2.0 / 3, kInfinity, 4.0 / 3, 0.0, -5.0 / 3, 1e-9, 8.0 / 3, 1e-8 / 3}},
        {"BinaryTooWide", {1.0 / 3, 1e18 / 3}},
        {"BinaryWidest", {std::ldexp(1.0 / 3, 9), std::ldexp(1.0 / 3, 0)}},
        {"BinaryEdges",
         {std::ldexp(4503599627370497.0, -1022), std::ldexp(4503599627370497.0, 960)}},
        {"BinaryLargest", {1.7976931348623157e308, -1.7976931348623157e308, 1.5e308}},
        {"WideIntegers", {9007199254740991.0, -9007199254740991.0, 9007199254740991.0, 0, 1}},
    }),
    [](const auto& info) { return info.param.name; });

TEST(FloatBlockRandomTest, EverythingComesBack) {
  std::mt19937_64 random(20261129);
  for (int run = 0; run < 3000; ++run) {
    SampleMaker maker(random());
    Floats floats;
    const size_t count = 1 + random() % 200;
    for (size_t i = 0; i < count; ++i) {
      floats.times.push_back(maker.NextTime());
      floats.values.push_back(maker.NextValue());
    }
    ExpectSame(floats, Encode(floats), fmt::format("run {}", run));
    ExpectSameSealed(floats, fmt::format("run {}", run));
  }
}

// For good, numbers that are nothing but noise take little more than their entropy: each column for
// itself, though times and values are of other sizes.
TEST(SealedFloatsTest, TakeLittleMoreThanTheirNoise) {
  struct Case {
    uint64_t time_kinds;  // of distances, each as likely; one needs no numbers
    uint64_t value_kinds;
  };
  for (const Case& one : {Case{1, 41}, Case{1, 700}, Case{20, 700}}) {
    for (const size_t count : {240, 480, 1000}) {
      std::mt19937_64 random(1);
      Floats floats;
      int64_t time_ms = 1'700'000'000'000;
      double value = 12'345;
      for (size_t i = 0; i < count; ++i) {
        floats.times.push_back(time_ms += 15'000 + static_cast<int64_t>(random() % one.time_kinds));
        floats.values.push_back(value += static_cast<double>(random() % one.value_kinds));
      }
      const auto samples = static_cast<double>(count);
      const double noise = std::log2(static_cast<double>(one.time_kinds * one.value_kinds)) / 8;
      // A column has a table of how often each token is, and codes of whole bits.
      const double beside = 35 + (one.time_kinds > 1 ? 2 : 1) * (33 + samples / 28);
      EXPECT_LT(static_cast<double>(SealFloats(floats.times, floats.values).size()),
                noise * samples + beside)
          << count << " of " << one.time_kinds << " and " << one.value_kinds;
      ExpectSameSealed(floats, "noise");
    }
  }
}

TEST(FloatBlockHostileTest, EveryTruncationIsRefusedOrEndsRight) {
  SampleMaker maker(7);
  Floats floats;
  for (int i = 0; i < 60; ++i) {
    floats.times.push_back(maker.NextTime());
    floats.values.push_back(i % 20 == 19 ? model::StaleMarker() : i * 1.5);
  }
  const std::string bytes = Encode(floats);
  for (size_t size = 0; size < bytes.size(); ++size) {
    Floats got{.times = {1}, .values = {2}};
    const absl::Status read =
        DecodeFloats(std::string_view(bytes).substr(0, size), got.times, got.values);
    EXPECT_EQ(read.code(), absl::StatusCode::kDataLoss) << size;
    EXPECT_EQ(got.times.size(), 1u) << "nothing is appended";
    EXPECT_EQ(got.values.size(), 1u);
  }
}

// A flip may give other samples; it may not give times that do not increase, nor leave the bytes.
TEST(FloatBlockHostileTest, FlipsNeverBreakTheReader) {
  std::mt19937_64 random(4);
  for (int run = 0; run < 20000; ++run) {
    SampleMaker maker(random() % 50);
    Floats floats;
    for (int i = 0; i < 40; ++i) {
      floats.times.push_back(maker.NextTime());
      floats.values.push_back(maker.NextValue());
    }
    std::string bytes = Encode(floats);
    for (int flip = 0; flip < 3; ++flip) {
      bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    }
    Floats got;
    if (!DecodeFloats(bytes, got.times, got.values).ok()) continue;
    ASSERT_EQ(got.times.size(), got.values.size());
    ASSERT_LE(got.times.size(), kBlockSamplesMax);
    for (size_t i = 1; i < got.times.size(); ++i) ASSERT_LT(got.times[i - 1], got.times[i]);
  }
}

// Bits, tokens and header alike.
TEST(FloatBlockHostileTest, ASealedOneIsRefusedOrHarmless) {
  std::mt19937_64 random(6);
  for (int run = 0; run < 20000; ++run) {
    SampleMaker maker(random() % 50);
    Floats floats;
    for (uint64_t i = 0; i < 20 + random() % 200; ++i) {
      floats.times.push_back(maker.NextTime());
      floats.values.push_back(maker.NextValue());
    }
    std::string chunk = SealFloats(floats.times, floats.values);
    const bool is_cut = run % 2 == 0;
    if (is_cut) {
      chunk.resize(random() % chunk.size());
    } else {
      chunk[random() % chunk.size()] ^= static_cast<char>(1 << random() % 8);
    }
    Floats got{.times = {1}, .values = {2}};
    const absl::Status read = FloatCodec::Open(chunk, got.times, got.values);
    ASSERT_EQ(got.times.size(), got.values.size());
    if (is_cut || !read.ok()) {
      ASSERT_EQ(read.code(), absl::StatusCode::kDataLoss);
      ASSERT_EQ(got.times.size(), 1u) << "nothing is appended";
      continue;
    }
    for (size_t i = 2; i < got.times.size(); ++i) ASSERT_LT(got.times[i - 1], got.times[i]);
  }
}

// A token has a number's length and its upper three bits: what is left of 10 random bits are 7, of
// the differences of a walk some 36. The bounds are entropies, and an eighth for what goes with
// them.
TEST(FloatBlockSizeTest, NoiseCostsLittleMoreThanItsEntropy) {
  std::mt19937_64 random(20261130);
  std::normal_distribution<double> normal;
  Floats counter;
  Floats walk;
  double count = 0;
  double at = 70'000;
  for (int i = 0; i < 1024; ++i) {
    const int64_t time_ms = 1'700'000'000'000 + i * 15'000;
    counter.times.push_back(time_ms);
    counter.values.push_back(count += static_cast<double>(random() % 1000));
    walk.times.push_back(time_ms);
    walk.values.push_back(at += normal(random));
  }
  const auto bits = [](const Floats& floats) {
    return static_cast<double>(SealFloats(floats.times, floats.values).size()) * 8 / 1024;
  };
  EXPECT_LT(bits(counter), 1.125 * std::log2(1000));
  // From 2^16 to 2^17 a double has 36 bits behind the point.
  EXPECT_LT(bits(walk), 1.125 * (36 + std::log2(std::sqrt(2 * M_PI * M_E))));
}

TEST(FloatBlockSizeTest, WhatStandsStillCostsNextToNothing) {
  Floats floats;
  for (int i = 0; i < 1024; ++i) {
    floats.times.push_back(1'700'000'000'000 + i * 15'000);
    floats.values.push_back(42.5);
  }
  EXPECT_LT(Encode(floats).size(), 30u);
}

TEST(FloatBlockExampleTest, IsTheOneOfTheDocument) {
  EXPECT_EQ(Hex(Encode({{1'700'000'000'000, 1'700'000'015'000, 1'700'000'030'000},
                        {1.5, model::StaleMarker(), 2.5}})),
            "030280a0abfef962b0ea01010101020000000000f07f001e141300");
}

TEST(FloatBlockExampleTest, SealedOnesAreThoseOfTheDocument) {
  EXPECT_EQ(Hex(SealFloats(std::vector<int64_t>{1'700'000'000'000, 1'700'000'015'000,
                                                1'700'000'030'000, 1'700'000'045'000},
                           std::vector<double>{0, 100, 1000, 1000})),
            "010204c8df0214024007040280a0abfef962b0ea0100000300c80100261a");
  EXPECT_EQ(Hex(SealFloats(std::vector<int64_t>{1'700'000'000'000, 1'700'000'015'000},
                           std::vector<double>{1.0 / 3, 2.0 / 3})),
            "01000298751f020280a0abfef962b0ea01086b0002aad5aad5aad5aa15aad5aad5aad5aa15");
}

// --- histograms

void ExpectSameHistograms(const std::vector<int64_t>& times,
                          const std::vector<NativeHistogram>& want, std::string_view bytes) {
  std::vector<int64_t> got_times;
  std::vector<NativeHistogram> got;
  const absl::Status read = DecodeHistograms(bytes, got_times, got);
  ASSERT_TRUE(read.ok()) << read;
  ASSERT_EQ(got_times, times);
  ASSERT_EQ(got.size(), want.size());
  for (size_t i = 0; i < want.size(); ++i) ASSERT_TRUE(SameBits(got[i], want[i])) << i;
}

TEST(HistogramBlockTest, EverythingComesBack) {
  std::mt19937_64 random(11);
  for (int run = 0; run < 1000; ++run) {
    SampleMaker maker(random());
    std::vector<int64_t> times;
    std::vector<NativeHistogram> histograms;
    const size_t count = 1 + random() % 40;
    for (size_t i = 0; i < count; ++i) {
      times.push_back(maker.NextTime());
      histograms.push_back(maker.NextHistogram());
      ASSERT_EQ(HistogramFault(histograms.back()), "");
    }
    std::string bytes;
    EncodeHistograms(times, histograms, bytes);
    ExpectSameHistograms(times, histograms, bytes);
  }
}

TEST(HistogramBlockTest, HostileBytesAreRefusedOrHarmless) {
  std::mt19937_64 random(12);
  for (int run = 0; run < 10000; ++run) {
    SampleMaker maker(random() % 40);
    std::vector<int64_t> times;
    std::vector<NativeHistogram> histograms;
    for (int i = 0; i < 6; ++i) {
      times.push_back(maker.NextTime());
      histograms.push_back(maker.NextHistogram());
    }
    std::string bytes;
    EncodeHistograms(times, histograms, bytes);
    if (run % 2 == 0) {
      bytes.resize(random() % bytes.size());
    } else {
      bytes[random() % bytes.size()] ^= static_cast<char>(1 << random() % 8);
    }
    times.clear();
    histograms.clear();
    const absl::Status read = DecodeHistograms(bytes, times, histograms);
    ASSERT_EQ(times.size(), histograms.size());
    if (run % 2 == 0) {
      ASSERT_EQ(read.code(), absl::StatusCode::kDataLoss);
    }
    for (const NativeHistogram& histogram : histograms) ASSERT_EQ(HistogramFault(histogram), "");
  }
}

// A layout is written once and meant by whatever comes after it, at four bytes each.
TEST(HistogramBlockTest, ALayoutIsNotRepeatedBeyondMeasure) {
  struct Layout {
    std::string name;
    NativeHistogram histogram;
    size_t words;  // of one
  };
  constexpr size_t kMost = kHistogramBucketsMax;
  std::vector<Layout> layouts(3);
  layouts[0] = {"bounds", {.schema = NativeHistogram::kCustomBuckets}, kMost};
  for (size_t i = 0; i < kMost; ++i) {
    layouts[0].histogram.custom_bounds.push_back(static_cast<double>(i));
  }
  layouts[1] = {"spans", {}, kMost};
  layouts[1].histogram.positive_spans.assign(kMost, {0, 0});
  layouts[2] = {"buckets", {}, 3 * kMost};
  layouts[2].histogram = layouts[0].histogram;
  layouts[2].histogram.positive_spans.assign(kMost / 2, {0, 1});
  layouts[2].histogram.negative_spans = layouts[2].histogram.positive_spans;
  layouts[2].histogram.positive_counts.assign(kMost / 2, 0);
  layouts[2].histogram.negative_counts = layouts[2].histogram.positive_counts;
  for (const auto& [name, histogram, words] : layouts) {
    SCOPED_TRACE(name);
    ASSERT_EQ(HistogramFault(histogram), "");
    HistogramPacker packer;
    std::string first, next;
    packer.Put(histogram, first);
    packer.Put(histogram, next);
    const auto read = [&](size_t count, model::NativeHistogramList& histograms) {
      std::vector<int64_t> times(count);
      std::iota(times.begin(), times.end(), 1);
      std::string bytes;
      internal::PutTimes(bytes, times);
      bytes += first;
      for (size_t i = 1; i < count; ++i) bytes += next;
      times.clear();
      return DecodeHistogramList(bytes, times, histograms);
    };
    const size_t most = kHistogramBlockWordsMax / words;
    model::NativeHistogramList histograms;
    const absl::Status refused = read(most + 1, histograms);
    EXPECT_EQ(refused.code(), absl::StatusCode::kDataLoss);
    EXPECT_THAT(refused.message(), testing::HasSubstr("more buckets than a block may have"));
    EXPECT_TRUE(histograms.empty());
    EXPECT_LE(histograms.memory_bytes(), 3 * sizeof(double) * kHistogramBlockWordsMax);
    histograms = {};
    EXPECT_TRUE(read(most, histograms).ok());
    EXPECT_EQ(histograms.size(), most);
  }
}

struct FaultCase {
  std::string name;
  NativeHistogram histogram;
  std::string want;
};
class HistogramFaultTest : public testing::TestWithParam<FaultCase> {};

TEST_P(HistogramFaultTest, IsNamed) {
  EXPECT_EQ(HistogramFault(GetParam().histogram), GetParam().want);
}

INSTANTIATE_TEST_SUITE_P(
    Faults, HistogramFaultTest,
    testing::ValuesIn<FaultCase>({
        {"None", {.positive_spans = {{0, 2}}, .positive_counts = {1, 2}}, ""},
        {"Schema", {.schema = 9}, "its schema is not known"},
        {"Counts",
         {.positive_spans = {{0, 2}}, .positive_counts = {1}},
         "its spans do not fit its counts"},
        {"Overlap",
         {.negative_spans = {{0, 1}, {-1, 1}}, .negative_counts = {1, 2}},
         "its spans overlap"},
        {"Range",
         {.positive_spans = {{2147483647, 1}}, .positive_counts = {1}},
         "its spans are out of range"},
        {"Bounds", {.schema = -53, .custom_bounds = {1, 1}}, "its bounds do not increase"},
        {"ExponentialBounds", {.custom_bounds = {1}}, "it has bounds that it cannot have"},
        {"TooMany",
         {.positive_spans = {{0, 5000}}, .positive_counts = std::vector<double>(5000, 1)},
         "it has too many buckets"},
    }),
    [](const auto& info) { return info.param.name; });

TEST(HistogramBlockTest, TheExampleIsTheOneOfTheDocument) {
  const NativeHistogram first{.schema = 3,
                              .zero_threshold = 1e-128,
                              .zero_count = 1,
                              .count = 6,
                              .sum = 2.5,
                              .positive_spans = {{-2, 2}},
                              .positive_counts = {3, 2}};
  NativeHistogram second = first;
  second.count = 8;
  second.sum = 3.5;
  second.positive_counts = {3, 4};
  NativeHistogram end;
  end.sum = model::StaleMarker();
  std::string bytes;
  EncodeHistograms(std::vector<int64_t>{1000, 2000, 3000},
                   std::vector<NativeHistogram>{first, second, end}, bytes);
  EXPECT_EQ(Hex(bytes), "0302d00fd00f04039d978ccf08ba5b250103020000c0080c0206040080100400000420");
}

// --- exemplars

TEST(ExemplarBlockTest, ComesBackAndRefusesWhatIsWrong) {
  const std::vector<int64_t> times = {10, 20};
  const std::vector<ExemplarValue> exemplars = {{0.25, {{"trace_id", "ab"}}}, {-0.0, {}}};
  std::string bytes;
  EncodeExemplars(times, exemplars, bytes);
  std::vector<int64_t> got_times;
  std::vector<ExemplarValue> got;
  ASSERT_TRUE(DecodeExemplars(bytes, got_times, got).ok());
  ASSERT_EQ(got.size(), 2u);
  EXPECT_EQ(got_times, times);
  EXPECT_EQ(got[0].labels.Get("trace_id"), "ab");
  EXPECT_TRUE(std::signbit(got[1].value));
  for (size_t size = 0; size < bytes.size(); ++size) {
    EXPECT_FALSE(DecodeExemplars(bytes.substr(0, size), got_times, got).ok()) << size;
  }
}

// --- sealed

TEST(SealedChunkTest, OpensToTheBlock) {
  for (const size_t size : {size_t{0}, size_t{10}, size_t{5000}}) {
    std::string block;
    for (size_t i = 0; i < size; ++i) block += static_cast<char>(i % 7);
    const std::string chunk = SealChunk({.samples = 3, .span_ms = 99}, block);
    EXPECT_LE(chunk.size(), size + 12);
    const auto header = ReadChunkHeader(chunk);
    ASSERT_TRUE(header.ok());
    EXPECT_EQ(header->samples, 3u);
    EXPECT_EQ(header->span_ms, 99);
    std::string scratch;
    const auto opened = OpenChunk(chunk, scratch);
    ASSERT_TRUE(opened.ok()) << opened.status();
    EXPECT_EQ(opened->block, block);
    EXPECT_EQ(opened->bits, "");
  }
}

TEST(SealedChunkTest, TheExampleIsTheOneOfTheDocument) {
  const std::string block = Encode({{1'700'000'000'000, 1'700'000'015'000, 1'700'000'030'000},
                                    {1.5, model::StaleMarker(), 2.5}});
  EXPECT_EQ(Hex(SealChunk({.samples = 3, .span_ms = 30'000}, block)),
            "010003b0ea011b" + Hex(block));
}

TEST(SealedChunkTest, RefusesOtherBytes) {
  const std::string chunk = SealChunk({.samples = 1, .span_ms = 0}, std::string(500, 'a'));
  std::string scratch;
  for (size_t size = 0; size < chunk.size(); ++size) {
    const auto opened = OpenChunk(chunk.substr(0, size), scratch);
    EXPECT_EQ(opened.status().code(), absl::StatusCode::kDataLoss) << size;
  }
  std::mt19937_64 random(5);
  for (int run = 0; run < 5000; ++run) {
    std::string other = chunk;
    other[random() % other.size()] ^= static_cast<char>(1 << random() % 8);
    OpenChunk(other, scratch).IgnoreError();  // must not break, nor make room for what it claims
    ASSERT_LT(scratch.capacity(), size_t{64} << 20);
  }
}

}  // namespace
}  // namespace slowburn::storage
