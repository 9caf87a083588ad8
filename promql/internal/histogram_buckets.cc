#include "promql/internal/histogram_buckets.h"

#include <algorithm>
#include <cmath>
#include <limits>

#include <fmt/format.h>

#include "promql/internal/go_float.h"

namespace slowburn::promql {
namespace {

constexpr double kInfinity = std::numeric_limits<double>::infinity();

double CustomBound(const NativeHistogram& histogram, int64_t index) {
  if (index < 0) return -kInfinity;
  const auto at = static_cast<size_t>(index);
  return at < histogram.custom_bounds.size() ? histogram.custom_bounds[at] : kInfinity;
}

std::vector<Bucket> MakeBuckets(const NativeHistogram& histogram,
                                std::span<const NativeHistogram::Span> spans,
                                std::span<const double> counts) {
  std::vector<Bucket> buckets;
  buckets.reserve(counts.size());
  for (const IndexedCount& bucket : IndexedCounts(spans, counts)) {
    if (UsesCustomBounds(histogram)) {
      buckets.push_back({CustomBound(histogram, int64_t{bucket.index} - 1),
                         CustomBound(histogram, bucket.index), bucket.count});
    } else {
      buckets.push_back({ExponentialBound(bucket.index - 1, histogram.schema),
                         ExponentialBound(bucket.index, histogram.schema), bucket.count});
    }
  }
  return buckets;
}

std::vector<IndexedCount> Populated(std::span<const NativeHistogram::Span> spans,
                                    std::span<const double> counts) {
  std::vector<IndexedCount> buckets = IndexedCounts(spans, counts);
  std::erase_if(buckets, [](const IndexedCount& bucket) { return bucket.count == 0; });
  return buckets;
}

bool SameNumber(double a, double b) { return a == b || (std::isnan(a) && std::isnan(b)); }

bool SameCounts(const std::vector<IndexedCount>& a, const std::vector<IndexedCount>& b) {
  return std::ranges::equal(a, b, [](const IndexedCount& x, const IndexedCount& y) {
    return x.index == y.index && SameNumber(x.count, y.count);
  });
}

void AppendBucket(std::string& text, const Bucket& bucket, char open, char close) {
  if (bucket.count == 0) return;
  text += fmt::format(", {}{},{}{}:{}", open, GoFloatG(bucket.lower), GoFloatG(bucket.upper), close,
                      GoFloatG(bucket.count));
}

}  // namespace

double ExponentialBound(int32_t index, int schema) {
  if (schema <= 0) {
    const int64_t exponent = int64_t{index} << -schema;
    if (exponent == 1024) return std::numeric_limits<double>::max();
    return std::ldexp(1.0, static_cast<int>(std::clamp<int64_t>(exponent, -2000, 2000)));
  }
  const int32_t steps = 1 << schema;  // between two powers of two
  const int32_t step = index & (steps - 1);
  const int32_t exponent = index >> schema;
  if (step == 0 && exponent == 1024) return std::numeric_limits<double>::max();
  return std::ldexp(std::exp2(static_cast<double>(step) / steps), exponent);
}

std::vector<IndexedCount> IndexedCounts(std::span<const NativeHistogram::Span> spans,
                                        std::span<const double> counts) {
  std::vector<IndexedCount> buckets;
  buckets.reserve(counts.size());
  int32_t index = 0;
  for (const NativeHistogram::Span& span : spans) {
    index += span.offset;
    for (uint32_t i = 0; i < span.length && buckets.size() < counts.size(); ++i, ++index) {
      buckets.push_back({index, counts[buckets.size()]});
    }
  }
  return buckets;
}

void SetSpans(std::span<const IndexedCount> buckets, std::vector<NativeHistogram::Span>& spans,
              std::vector<double>& counts) {
  spans.clear();
  counts.clear();
  int32_t next = 0;
  for (const IndexedCount& bucket : buckets) {
    if (bucket.count == 0) continue;
    if (spans.empty() || bucket.index != next) spans.push_back({bucket.index - next, 0});
    ++spans.back().length;
    counts.push_back(bucket.count);
    next = bucket.index + 1;
  }
}

void Compact(NativeHistogram& histogram) {
  const auto positive = IndexedCounts(histogram.positive_spans, histogram.positive_counts);
  SetSpans(positive, histogram.positive_spans, histogram.positive_counts);
  const auto negative = IndexedCounts(histogram.negative_spans, histogram.negative_counts);
  SetSpans(negative, histogram.negative_spans, histogram.negative_counts);
}

std::vector<Bucket> PositiveBuckets(const NativeHistogram& histogram) {
  return MakeBuckets(histogram, histogram.positive_spans, histogram.positive_counts);
}

std::vector<Bucket> NegativeBuckets(const NativeHistogram& histogram) {
  std::vector<Bucket> buckets =
      MakeBuckets(histogram, histogram.negative_spans, histogram.negative_counts);
  for (Bucket& bucket : buckets) bucket = {-bucket.upper, -bucket.lower, bucket.count};
  return buckets;
}

std::vector<Bucket> AllBuckets(const NativeHistogram& histogram) {
  if (UsesCustomBounds(histogram)) return PositiveBuckets(histogram);
  const double zero = histogram.zero_threshold;
  std::vector<Bucket> buckets = NegativeBuckets(histogram);
  std::ranges::reverse(buckets);
  for (Bucket& bucket : buckets) bucket.upper = std::min(bucket.upper, -zero);
  if (histogram.zero_count > 0) buckets.push_back({-zero, zero, histogram.zero_count});
  for (Bucket bucket : PositiveBuckets(histogram)) {
    bucket.lower = std::max(bucket.lower, zero);
    buckets.push_back(bucket);
  }
  return buckets;
}

bool SameDistribution(const NativeHistogram& a, const NativeHistogram& b) {
  return a.schema == b.schema && SameNumber(a.count, b.count) && SameNumber(a.sum, b.sum) &&
         a.zero_threshold == b.zero_threshold && SameNumber(a.zero_count, b.zero_count) &&
         a.custom_bounds == b.custom_bounds &&
         SameCounts(Populated(a.positive_spans, a.positive_counts),
                    Populated(b.positive_spans, b.positive_counts)) &&
         SameCounts(Populated(a.negative_spans, a.negative_counts),
                    Populated(b.negative_spans, b.negative_counts));
}

std::string HistogramText(const NativeHistogram& histogram) {
  std::string text =
      fmt::format("{{count:{}, sum:{}", GoFloatG(histogram.count), GoFloatG(histogram.sum));
  std::vector<Bucket> negative = NegativeBuckets(histogram);
  std::ranges::reverse(negative);
  for (const Bucket& bucket : negative) AppendBucket(text, bucket, '[', ')');
  const double zero = histogram.zero_threshold;
  AppendBucket(text, {-zero, zero, histogram.zero_count}, '[', ']');
  for (const Bucket& bucket : PositiveBuckets(histogram)) AppendBucket(text, bucket, '(', ']');
  return text + '}';
}

}  // namespace slowburn::promql
