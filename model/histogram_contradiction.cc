#include "model/histogram_contradiction.h"

#include <algorithm>
#include <cmath>
#include <cstdint>

#include "model/sample.h"

namespace slowburn::model {
namespace {

constexpr double kExactEnd = 9007199254740992.0;     // 2^53: sums below it are exact
constexpr double kWholeEnd = 9223372036854775808.0;  // 2^63: readers have them signed

bool IsAnyNegative(const NativeHistogram& histogram) {
  const auto is_any = [](const std::vector<double>& counts) {
    return std::ranges::any_of(counts, [](double count) { return count < 0; });
  };
  return histogram.count < 0 || histogram.zero_count < 0 || is_any(histogram.positive_counts) ||
         is_any(histogram.negative_counts);
}

std::string_view CustomContradiction(const NativeHistogram& histogram) {
  if (histogram.zero_count != 0 || histogram.zero_threshold != 0) {
    return "it has custom buckets and a zero bucket";
  }
  if (!histogram.negative_spans.empty()) return "it has custom buckets and negative ones";
  const std::vector<double>& bounds = histogram.custom_bounds;
  if (!bounds.empty() && std::isinf(bounds.back()) && bounds.back() > 0) {
    return "its last bound is +Inf, where its last bucket ends in any case";
  }
  int64_t end = 0;
  for (const NativeHistogram::Span& span : histogram.positive_spans) {
    if (span.offset < 0) return "its spans begin before its first bucket";
    end += int64_t{span.offset} + span.length;
  }
  return end > static_cast<int64_t>(bounds.size()) + 1 ? "its spans go beyond its bounds" : "";
}

std::string_view WholeContradiction(const NativeHistogram& histogram) {
  double in_buckets = histogram.zero_count;
  for (const auto* counts : {&histogram.positive_counts, &histogram.negative_counts}) {
    for (const double count : *counts) {
      if (std::trunc(count) != count) return "its buckets have floating counts, and it has not";
      in_buckets += count;
    }
  }
  if (histogram.count >= kWholeEnd || histogram.zero_count >= kWholeEnd) {
    return "its counts are beyond what is exact";
  }
  if (histogram.count >= kExactEnd || in_buckets >= kExactEnd) return "";
  // What is NaN is counted and in no bucket.
  const bool fits =
      std::isnan(histogram.sum) ? in_buckets <= histogram.count : in_buckets == histogram.count;
  return fits ? "" : "its buckets do not make up its count";
}

}  // namespace

std::string_view HistogramContradiction(const NativeHistogram& histogram) {
  if (IsStale(histogram.sum)) return "";
  if (!std::isfinite(histogram.zero_threshold) || histogram.zero_threshold < 0) {
    return "its zero bucket has no width";
  }
  if (IsAnyNegative(histogram)) return "it has a count below zero";
  if (histogram.schema == NativeHistogram::kCustomBuckets) {
    const std::string_view wrong = CustomContradiction(histogram);
    if (!wrong.empty()) return wrong;
  }
  return histogram.is_float ? "" : WholeContradiction(histogram);
}

}  // namespace slowburn::model
