// promql/testing/histogram_parts.h: native histograms for tests, from a few numbers.
//
// Room     promql/testing: tests only
// Uses     model/
// Threads  pure functions
// Units    none
#pragma once

#include <cstdint>
#include <utility>
#include <vector>

#include "model/native_histogram.h"

namespace slowburn::promql::testing {

struct HistogramParts {
  int schema = 0;
  double count = 0;
  double sum = 0;
  double zero_count = 0;
  double zero_threshold = 0;
  int offset = 0;
  std::vector<double> buckets;  // one after another from `offset`
  int negative_offset = 0;
  std::vector<double> negative_buckets;
  std::vector<double> custom_bounds;
  model::NativeHistogram::ResetHint hint = model::NativeHistogram::ResetHint::kUnknown;
};

inline model::NativeHistogram MakeHistogram(HistogramParts parts) {
  model::NativeHistogram histogram;
  histogram.schema = static_cast<int8_t>(parts.schema);
  histogram.is_float = true;
  histogram.count = parts.count;
  histogram.sum = parts.sum;
  histogram.zero_count = parts.zero_count;
  histogram.zero_threshold = parts.zero_threshold;
  histogram.reset_hint = parts.hint;
  if (!parts.buckets.empty()) {
    histogram.positive_spans = {{parts.offset, static_cast<uint32_t>(parts.buckets.size())}};
  }
  if (!parts.negative_buckets.empty()) {
    histogram.negative_spans = {
        {parts.negative_offset, static_cast<uint32_t>(parts.negative_buckets.size())}};
  }
  histogram.positive_counts = std::move(parts.buckets);
  histogram.negative_counts = std::move(parts.negative_buckets);
  histogram.custom_bounds = std::move(parts.custom_bounds);
  return histogram;
}

}  // namespace slowburn::promql::testing
