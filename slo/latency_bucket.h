// slo/latency_bucket.h: which bucket of a latency histogram a duration falls into, and what the
// bucket stands for.
//
// Room     slo: pure
// Uses     standard library
// Threads  pure functions
// Units    nanoseconds, or the unit of what is recorded: a histogram does not know it
// Source   OTLP metrics.proto, ExponentialHistogramDataPoint, at the fixed scale 4
#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>

namespace slowburn::slo {

// Bucket i holds (b^i, b^(i+1)] where b = 2^(1/16): sixteen buckets for each power of two.
inline constexpr int kLatencyScale = 4;
inline constexpr int kBucketsPerOctave = 1 << kLatencyScale;

// From 2^-64 to 2^63: what is smaller counts as zero, what is larger as 2^63. Whole nanoseconds
// begin at bucket -1, which holds 1.
inline constexpr int kLatencyBucketMin = -64 * kBucketsPerOctave;
inline constexpr int kLatencyBucketMax = 63 * kBucketsPerOctave - 1;
inline constexpr int kLatencyZeroBucket = kLatencyBucketMin - 1;  // holds 0
inline constexpr int kLatencyBuckets = kLatencyBucketMax - kLatencyZeroBucket + 1;

// An estimate is at most (b - 1) / (b + 1) = 0.02166 away from what it stands for, as a share of
// it.
inline constexpr double kLatencyRelativeError = 0.0217;

namespace internal {

// floor(2^(63 + j/16)): where the buckets of an octave end, as mantissas of 64 bits. All but the
// first are irrational, so that a whole number is above the bound when it is above its floor.
inline constexpr std::array<uint64_t, kBucketsPerOctave + 1> kMantissaBounds = {
    0x8000'0000'0000'0000,
    0x85aa'c367'cc48'7b14,
    0x8b95'c1e3'ea8b'd6e6,
    0x91c3'd373'ab11'c336,
    0x9837'f051'8db8'a96f,
    0x9ef5'3260'91a1'11ad,
    0xa5fe'd6a9'b151'38ea,
    0xad58'3eea'42a1'4ac6,
    0xb504'f333'f9de'6484,
    0xbd08'a39f'580c'36be,
    0xc567'2a11'5506'dadd,
    0xce24'8c15'1f84'80e3,
    0xd744'fcca'd69d'6af4,
    0xe0cc'deec'2a94'e111,
    0xeac0'c6e7'dd24'392e,
    0xf525'7d15'2486'cc2c,
    UINT64_MAX};

// An octave in 32 equal parts: narrower than any bucket, so that at most one bound lies in a part.
// How many bounds lie below each part.
inline constexpr int kPartBits = 5;
inline constexpr std::array<uint8_t, 1 << kPartBits> kBoundsBelow = [] {
  std::array<uint8_t, 1 << kPartBits> below{};
  for (size_t part = 0; part < below.size(); ++part) {
    const uint64_t begin = (uint64_t{1} << 63) + (uint64_t{part} << (63 - kPartBits));
    while (kMantissaBounds[below[part]] < begin) ++below[part];
  }
  return below;
}();

}  // namespace internal

// Exact. Some 2 ns: a table instead of a logarithm.
inline int LatencyBucketOf(uint64_t nanos) {
  if (nanos == 0) return kLatencyZeroBucket;
  const int zeros = std::countl_zero(nanos);
  const uint64_t mantissa = nanos << zeros;
  const size_t part = (mantissa >> (63 - internal::kPartBits)) % internal::kBoundsBelow.size();
  const size_t below = internal::kBoundsBelow[part];
  const int bounds =
      static_cast<int>(below) + (mantissa > internal::kMantissaBounds[below] ? 1 : 0);
  return std::min((63 - zeros) * kBucketsPerOctave + bounds - 1, kLatencyBucketMax);
}

// What is in the bucket is taken for this: as far from its lower as from its upper bound, as a
// share of each.
inline double LatencyEstimateOf(int bucket) {
  if (bucket == kLatencyZeroBucket) return 0;
  static const double kFromUpper = 2 / (std::exp2(1.0 / kBucketsPerOctave) + 1);
  return std::exp2(static_cast<double>(bucket + 1) / kBucketsPerOctave) * kFromUpper;
}

}  // namespace slowburn::slo
