#include "promql/internal/histogram_reset.h"

#include <algorithm>
#include <iterator>
#include <optional>
#include <vector>

#include "promql/internal/histogram_buckets.h"

namespace slowburn::promql {
namespace {

using Hint = NativeHistogram::ResetHint;
using Spans = std::vector<NativeHistogram::Span>;
using Counts = std::vector<double>;

// Those above the zero bucket, in the coarser schema.
std::vector<IndexedCount> Above(const Spans& spans, const Counts& counts, int from, int to,
                                double zero_threshold) {
  std::vector<IndexedCount> buckets;
  for (const IndexedCount& bucket : IndexedCounts(spans, counts)) {
    if (ExponentialBound(bucket.index, from) <= zero_threshold) continue;
    const int32_t index = ReducedIndex(bucket.index, from, to);
    if (!buckets.empty() && buckets.back().index == index) {
      buckets.back().count += bucket.count;
    } else {
      buckets.push_back({index, bucket.count});
    }
  }
  return buckets;
}

bool AnyWentDown(const std::vector<IndexedCount>& previous,
                 const std::vector<IndexedCount>& current) {
  auto at = current.begin();
  for (const IndexedCount& before : previous) {
    while (at != current.end() && at->index < before.index) ++at;
    const double now = at != current.end() && at->index == before.index ? at->count : 0;
    if (now < before.count) return true;
  }
  return false;
}

// What `histogram` counts up to `threshold`, if that cuts no populated bucket.
std::optional<double> CountInZero(const NativeHistogram& histogram, double threshold) {
  double count = histogram.zero_count;
  for (const bool positive : {true, false}) {
    const Spans& spans = positive ? histogram.positive_spans : histogram.negative_spans;
    const Counts& counts = positive ? histogram.positive_counts : histogram.negative_counts;
    for (const IndexedCount& bucket : IndexedCounts(spans, counts)) {
      if (ExponentialBound(bucket.index - 1, histogram.schema) >= threshold) break;
      if (ExponentialBound(bucket.index, histogram.schema) > threshold && bucket.count != 0) {
        return std::nullopt;
      }
      count += bucket.count;
    }
  }
  return count;
}

std::vector<IndexedCount> MappedTo(const std::vector<double>& bounds,
                                   const NativeHistogram& histogram) {
  std::vector<IndexedCount> mapped;
  for (const IndexedCount& bucket :
       IndexedCounts(histogram.positive_spans, histogram.positive_counts)) {
    auto target = static_cast<int32_t>(bounds.size());
    if (bucket.index >= 0 && static_cast<size_t>(bucket.index) < histogram.custom_bounds.size()) {
      const double upper = histogram.custom_bounds[static_cast<size_t>(bucket.index)];
      target = static_cast<int32_t>(std::ranges::lower_bound(bounds, upper) - bounds.begin());
    }
    if (!mapped.empty() && mapped.back().index == target) {
      mapped.back().count += bucket.count;
    } else {
      mapped.push_back({target, bucket.count});
    }
  }
  return mapped;
}

bool CustomWentDown(const NativeHistogram& previous, const NativeHistogram& current) {
  std::vector<double> common;
  std::ranges::set_intersection(previous.custom_bounds, current.custom_bounds,
                                std::back_inserter(common));
  return AnyWentDown(MappedTo(common, previous), MappedTo(common, current));
}

// The same buckets, all of them above the zero bucket: the common case, which needs no indices.
bool SameLayout(const NativeHistogram& a, const NativeHistogram& b) {
  const auto above_zero = [&](const Spans& spans) {
    return spans.empty() || ExponentialBound(spans.front().offset, a.schema) > a.zero_threshold;
  };
  return a.schema == b.schema && a.zero_threshold == b.zero_threshold &&
         a.positive_spans == b.positive_spans && a.negative_spans == b.negative_spans &&
         a.positive_counts.size() == b.positive_counts.size() &&
         a.negative_counts.size() == b.negative_counts.size() && above_zero(a.positive_spans) &&
         above_zero(a.negative_spans);
}

bool AnyBelow(const Counts& now, const Counts& before) {
  bool any = false;
  for (size_t i = 0; i < now.size(); ++i) any |= now[i] < before[i];
  return any;
}

bool ExponentialWentDown(const NativeHistogram& previous, const NativeHistogram& current) {
  if (current.schema > previous.schema) return true;
  if (current.zero_threshold < previous.zero_threshold) return true;
  const std::optional<double> zero_count = CountInZero(previous, current.zero_threshold);
  if (!zero_count.has_value() || current.zero_count < *zero_count) return true;
  if (SameLayout(previous, current)) {
    return AnyBelow(current.positive_counts, previous.positive_counts) ||
           AnyBelow(current.negative_counts, previous.negative_counts);
  }
  const double zero = current.zero_threshold;
  const auto above = [&](const NativeHistogram& of, bool positive) {
    return positive ? Above(of.positive_spans, of.positive_counts, of.schema, current.schema, zero)
                    : Above(of.negative_spans, of.negative_counts, of.schema, current.schema, zero);
  };
  return AnyWentDown(above(previous, true), above(current, true)) ||
         AnyWentDown(above(previous, false), above(current, false));
}

}  // namespace

bool IsReset(const NativeHistogram& previous, const NativeHistogram& current) {
  if (current.reset_hint == Hint::kReset) return true;
  if (current.reset_hint == Hint::kNotReset) return false;
  if (current.count < previous.count) return true;
  if (UsesCustomBounds(current) != UsesCustomBounds(previous)) return true;
  return UsesCustomBounds(current) ? CustomWentDown(previous, current)
                                   : ExponentialWentDown(previous, current);
}

}  // namespace slowburn::promql
