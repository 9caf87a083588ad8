// model/native_histogram.h: a distribution in exponential or custom buckets, as Prometheus stores
// it.
//
// Room     model
// Uses     standard library
// Threads  a value
// Units    counts are absolute (not deltas between buckets); whole numbers unless `is_float`
// Source   Prometheus, "Native histograms" specification
#pragma once

#include <cstdint>
#include <vector>

namespace slowburn::model {

struct NativeHistogram {
  // Whether the counts go on from those of the sample before.
  enum class ResetHint : uint8_t { kUnknown, kReset, kNotReset, kGauge };

  // Consecutive buckets: `offset` from the end of the span before, the first one from index 0.
  struct Span {
    int32_t offset = 0;
    uint32_t length = 0;
    friend bool operator==(const Span&, const Span&) = default;
  };

  static constexpr int8_t kSchemaMin = -4;
  static constexpr int8_t kSchemaMax = 8;
  static constexpr int8_t kCustomBuckets = -53;

  // Bucket i of an exponential schema is (2^(2^-schema * (i - 1)), 2^(2^-schema * i)]; of
  // kCustomBuckets, (custom_bounds[i - 1], custom_bounds[i]], open at both outer ends.
  int8_t schema = 0;
  ResetHint reset_hint = ResetHint::kUnknown;
  bool is_float = false;  // it came with floating counts; a writer of integers gets integers back
  double zero_threshold = 0;
  double zero_count = 0;
  double count = 0;
  double sum = 0;  // model::StaleMarker(): the series ends here, and nothing else means anything
  std::vector<Span> positive_spans;
  std::vector<Span> negative_spans;
  std::vector<double> positive_counts;  // as many as the spans' lengths together
  std::vector<double> negative_counts;
  std::vector<double> custom_bounds;  // strictly increasing; empty unless kCustomBuckets

  friend bool operator==(const NativeHistogram&, const NativeHistogram&) = default;
};

}  // namespace slowburn::model
