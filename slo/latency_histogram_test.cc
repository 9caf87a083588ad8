// Goal: a histogram counts exactly whatever the order and the parts, and its bytes read back, or
// are refused. Method: a map by bucket as oracle over seeded values; every truncation; random
// bytes; OTLP buckets of finer and coarser scales beside single recordings.
#include "slo/latency_histogram.h"

#include <cmath>
#include <map>
#include <random>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace slowburn::slo {
namespace {

using testing::HasSubstr;

std::map<int, uint64_t> Counts(const LatencyHistogram& histogram) {
  std::map<int, uint64_t> counts;
  histogram.ForEach([&](const LatencyHistogram::Bucket& b) { counts[b.index] = b.count; });
  return counts;
}

uint64_t RandomNanos(std::mt19937_64& random) {
  return random() % 9 == 0 ? 0 : random() >> (random() % 64);
}

TEST(LatencyHistogramTest, AnyOrderAndAnyPartsGiveTheSameBytes) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 50; ++round) {
    LatencyHistogram in_order;
    std::vector<LatencyHistogram> parts(1 + random() % 7);
    std::map<int, uint64_t> want;
    for (int i = 0; i < round * 10; ++i) {
      const uint64_t nanos = RandomNanos(random);
      in_order.Record(nanos);
      parts[random() % parts.size()].Record(nanos);
      ++want[LatencyBucketOf(nanos)];
    }
    LatencyHistogram merged;
    while (!parts.empty()) {
      const size_t next = random() % parts.size();
      merged.Merge(parts[next]);
      parts.erase(parts.begin() + static_cast<std::ptrdiff_t>(next));
    }
    ASSERT_EQ(Counts(merged), want);
    ASSERT_EQ(merged, in_order);
    ASSERT_EQ(merged.count(), static_cast<uint64_t>(round) * 10);
    const auto back = LatencyHistogram::Decode(merged.Encode());
    ASSERT_TRUE(back.ok()) << back.status();
    ASSERT_EQ(*back, merged);
  }
}

TEST(LatencyHistogramTest, WhatLastsAboutTheSameSharesABucket) {
  LatencyHistogram histogram;
  histogram.Record(0);
  for (int i = 0; i < 300; ++i) histogram.Record(120'000'000);
  histogram.Record(121'000'000);
  histogram.Record(121'000'000);
  EXPECT_EQ(Counts(histogram), (std::map<int, uint64_t>{{kLatencyZeroBucket, 1}, {429, 302}}));
}

TEST(LatencyHistogramTest, ACountStaysAtItsMaximum) {
  LatencyHistogram full;
  full.Append(7, UINT64_MAX - 1);
  LatencyHistogram more;
  more.Append(7, 5);
  full.Merge(more);
  full.Append(8, 1);
  EXPECT_EQ(Counts(full), (std::map<int, uint64_t>{{7, UINT64_MAX}, {8, 1}}));
  EXPECT_EQ(full.count(), UINT64_MAX);
}

TEST(LatencyHistogramTest, RefusesWhatItNeverWrites) {
  struct Case {
    const char* name;
    std::string bytes;
  };
  LatencyHistogram last;
  last.Append(kLatencyBucketMax, 300);
  const std::vector<Case> cases = {
      {"CountIsMissing", std::string("\x00", 1)},
      {"CountIsZero", std::string("\x00\x00", 2)},
      {"CountIsCutShort", std::string("\x00\x80", 2)},
      {"CountIsLongerThanItHasToBe", std::string("\x00\x81\x00", 3)},
      {"CountIsOver64Bits", std::string("\x00\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02", 11)},
      {"BucketIsPastTheLast", std::string("\xf1\x0f\x01", 3)},  // 2033 skipped
      {"BucketIsAfterTheLast", last.Encode() + std::string("\x00\x01", 2)},
  };
  for (const Case& c : cases) {
    const auto decoded = LatencyHistogram::Decode(c.bytes);
    EXPECT_EQ(decoded.status().code(), absl::StatusCode::kDataLoss) << c.name;
    EXPECT_THAT(std::string(decoded.status().message()), HasSubstr("is broken at byte")) << c.name;
  }
  EXPECT_TRUE(LatencyHistogram::Decode(last.Encode()).ok());
}

TEST(LatencyHistogramTest, RandomBytesAreRefusedOrReadBackAsTheyAre) {
  std::mt19937_64 random(2);
  int read = 0;
  for (int round = 0; round < 20'000; ++round) {
    std::string bytes(random() % 12, '\0');
    for (char& byte : bytes) byte = static_cast<char>(random() % 4 == 0 ? random() : random() % 16);
    const auto histogram = LatencyHistogram::Decode(bytes);
    if (!histogram.ok()) continue;
    ++read;
    LatencyHistogram again;
    histogram->ForEach([&](const auto& bucket) { again.Append(bucket.index, bucket.count); });
    ASSERT_EQ(again.Encode(), bytes);
  }
  EXPECT_GT(read, 1000);
}

// --- exponential histograms of OTLP

// The bucket of `value` at `scale`, as the data model's text has it.
int32_t OtlpIndex(int32_t scale, uint64_t value) {
  const long double at =
      std::log2(static_cast<long double>(value)) * std::exp2(static_cast<long double>(scale));
  return static_cast<int32_t>(std::ceil(at)) - 1;
}

struct Otlp {
  int32_t offset = 0;
  std::vector<uint64_t> counts;
  uint64_t zeros = 0;
};

Otlp MakeOtlp(int32_t scale, const std::vector<uint64_t>& values) {
  std::map<int32_t, uint64_t> buckets;
  Otlp otlp;
  for (const uint64_t value : values) {
    if (value == 0) {
      ++otlp.zeros;
    } else {
      ++buckets[OtlpIndex(scale, value)];
    }
  }
  if (buckets.empty()) return otlp;
  otlp.offset = buckets.begin()->first;
  otlp.counts.resize(static_cast<size_t>(buckets.rbegin()->first - otlp.offset) + 1);
  for (const auto& [index, count] : buckets)
    otlp.counts[static_cast<size_t>(index - otlp.offset)] = count;
  return otlp;
}

std::vector<uint64_t> Latencies(std::mt19937_64& random, int count) {
  std::lognormal_distribution<double> distribution(18, 1.5);  // around 65 ms
  std::vector<uint64_t> values;
  for (int i = 0; i < count; ++i)
    values.push_back(random() % 20 == 0 ? 0 : static_cast<uint64_t>(distribution(random)) + 1);
  return values;
}

TEST(LatencyHistogramTest, FinerOtlpBucketsAddExactly) {
  for (const int32_t scale : {4, 5, 6, 8, 10, 12}) {
    std::mt19937_64 random(static_cast<uint64_t>(scale));
    const std::vector<uint64_t> values = Latencies(random, 500);
    LatencyHistogram want;
    for (const uint64_t value : values) want.Record(value);
    const Otlp otlp = MakeOtlp(scale, values);
    LatencyHistogram got;
    EXPECT_EQ(got.AddExponential(scale, otlp.offset, otlp.counts, otlp.zeros),
              kLatencyRelativeError);
    EXPECT_EQ(Counts(got), Counts(want)) << "scale " << scale;
  }
}

TEST(LatencyHistogramTest, CoarserOtlpBucketsSayHowFarTheyMayBeOff) {
  struct Case {
    int32_t scale;
    double error_min, error_max;
  };
  for (const Case& c :
       {Case{3, 0.06, 0.07}, Case{2, 0.10, 0.11}, Case{1, 0.17, 0.18}, Case{0, 0.38, 0.39}}) {
    std::mt19937_64 random(99);
    for (const uint64_t value : Latencies(random, 300)) {
      const Otlp otlp = MakeOtlp(c.scale, {value});
      LatencyHistogram got;
      const double error = got.AddExponential(c.scale, otlp.offset, otlp.counts, otlp.zeros);
      EXPECT_GE(error, c.error_min);
      EXPECT_LE(error, c.error_max);
      got.ForEach([&](const LatencyHistogram::Bucket& bucket) {
        const auto exact = static_cast<double>(value);
        EXPECT_LE(std::abs(LatencyEstimateOf(bucket.index) - exact), error * exact * 1.000'001)
            << "scale " << c.scale << " value " << value;
      });
    }
  }
}

TEST(LatencyHistogramTest, AddingOtlpBucketsDoesNotDependOnTheOrder) {
  std::mt19937_64 random(5);
  for (const int32_t scale : {1, 3, 4, 7}) {
    const Otlp a = MakeOtlp(scale, Latencies(random, 100));
    const Otlp b = MakeOtlp(scale, Latencies(random, 100));
    LatencyHistogram ab, ba;
    ab.AddExponential(scale, a.offset, a.counts, a.zeros);
    ab.AddExponential(scale, b.offset, b.counts, b.zeros);
    ba.AddExponential(scale, b.offset, b.counts, b.zeros);
    ba.AddExponential(scale, a.offset, a.counts, a.zeros);
    EXPECT_EQ(ab, ba) << "scale " << scale;
    EXPECT_EQ(ab.count(), 200u);
  }
}

TEST(LatencyHistogramTest, OtlpBucketsOutsideTheRangeCountAtItsEnds) {
  const std::vector<uint64_t> counts = {1, 2, 3};
  struct Case {
    const char* name;
    int32_t scale, offset;
    std::map<int, uint64_t> want;
  };
  const std::vector<Case> cases = {
      {"FarBelow", 4, INT32_MIN, {{kLatencyZeroBucket, 10}}},
      {"FarAbove", 4, INT32_MAX - 3, {{kLatencyZeroBucket, 4}, {kLatencyBucketMax, 6}}},
      {"AllInOne", 20, 0, {{kLatencyZeroBucket, 4}, {0, 6}}},
      {"FinestThereIs", INT32_MAX, -3, {{kLatencyZeroBucket, 4}, {-1, 6}}},
      {"CoarsestThereIs", INT32_MIN, -1, {{kLatencyZeroBucket, 5}, {kLatencyBucketMax, 5}}},
      {"CoarsestOfOtlp", -10, -1, {{kLatencyZeroBucket, 5}, {kLatencyBucketMax, 5}}},
  };
  for (const Case& c : cases) {
    LatencyHistogram histogram;
    const double error = histogram.AddExponential(c.scale, c.offset, counts, 4);
    EXPECT_EQ(Counts(histogram), c.want) << c.name;
    EXPECT_GE(error, kLatencyRelativeError) << c.name;
  }
}

}  // namespace
}  // namespace slowburn::slo
