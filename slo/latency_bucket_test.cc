// Goal: every duration falls into the bucket that OTLP's scale 4 has for it, exactly on the bounds
// too, and its estimate is as near as is promised. Method: powers of whole numbers as oracle at
// every bound of every octave; long double where it is exact enough; random durations.
#include "slo/latency_bucket.h"

#include <bit>
#include <cmath>
#include <random>

#include <boost/multiprecision/cpp_int.hpp>
#include <gtest/gtest.h>

namespace slowburn::slo {
namespace {

using boost::multiprecision::cpp_int;

constexpr uint64_t kMax = uint64_t{1} << 63;

// Whether 2^(sixteenths/16) < value.
bool IsAbove(uint64_t value, int sixteenths) {
  if (sixteenths < 0) return value >= 1;
  cpp_int power = 1;
  for (int i = 0; i < kBucketsPerOctave; ++i) power *= value;
  const auto top = static_cast<int>(msb(power));
  return top > sixteenths || (top == sixteenths && !std::has_single_bit(value));
}

void ExpectExact(uint64_t value) {
  const int bucket = LatencyBucketOf(value);
  ASSERT_TRUE(IsAbove(value, bucket)) << value;
  ASSERT_FALSE(IsAbove(value, bucket + 1)) << value;
}

TEST(LatencyBucketTest, EveryBoundIsExact) {
  for (int octave = 0; octave < 63; ++octave) {
    for (size_t i = 0; i < kBucketsPerOctave; ++i) {
      const uint64_t bound = internal::kMantissaBounds[i] >> (63 - octave);
      ExpectExact(bound);
      ExpectExact(bound + 1);
      if (bound > 1) ExpectExact(bound - 1);
    }
  }
}

// With 64 bits of mantissa the bounds below 2^60 are known to a sixteenth.
TEST(LatencyBucketTest, LongDoubleAgrees) {
  for (int bucket = 0; bucket < 60 * kBucketsPerOctave; ++bucket) {
    const long double lower = std::exp2(static_cast<long double>(bucket) / kBucketsPerOctave);
    const auto below = static_cast<uint64_t>(std::floor(lower));
    EXPECT_LT(LatencyBucketOf(below), bucket) << bucket;
    EXPECT_GE(LatencyBucketOf(below + 1), bucket) << bucket;
  }
}

TEST(LatencyBucketTest, TheEndsOfTheRange) {
  EXPECT_EQ(LatencyBucketOf(0), kLatencyZeroBucket);
  EXPECT_EQ(LatencyBucketOf(1), -1);
  EXPECT_EQ(LatencyBucketOf(2), 15);
  EXPECT_EQ(LatencyBucketOf(3), 25);
  EXPECT_EQ(LatencyBucketOf(kMax), kLatencyBucketMax);
  EXPECT_EQ(LatencyBucketOf(kMax + 1), kLatencyBucketMax);
  EXPECT_EQ(LatencyBucketOf(UINT64_MAX), kLatencyBucketMax);
  EXPECT_EQ(LatencyEstimateOf(kLatencyZeroBucket), 0);
}

TEST(LatencyBucketTest, RandomDurationsAreExactAndTheirEstimateIsNear) {
  std::mt19937_64 random(4);
  for (int i = 0; i < 100'000; ++i) {
    const uint64_t value = random() >> (1 + random() % 63);
    if (value == 0) continue;
    ExpectExact(value);
    const auto exact = static_cast<double>(value);
    ASSERT_LE(std::abs(LatencyEstimateOf(LatencyBucketOf(value)) - exact),
              kLatencyRelativeError * exact)
        << value;
  }
}

}  // namespace
}  // namespace slowburn::slo
