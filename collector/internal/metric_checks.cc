#include "collector/internal/metric_checks.h"

#include <algorithm>
#include <cmath>
#include <span>

namespace slowburn::collector {
namespace {

using model::IndexRange;
using model::MetricBatch;
using model::Rejection;

template <typename T>
std::span<const T> Slice(const std::vector<T>& values, IndexRange range) {
  return {values.data() + range.begin, range.size()};
}

// Adds `counts` to `total`; false when it does not fit.
bool AddAll(std::span<const uint64_t> counts, uint64_t& total) {
  for (const uint64_t count : counts) {
    if (__builtin_add_overflow(total, count, &total)) return false;
  }
  return true;
}

// Bucket i is (base^i, base^(i+1)] with base = 2^(2^-scale). Doubles go from 2^-1074 to just below
// 2^1024.
bool HasFiniteDouble(int64_t index, int32_t scale) {
  constexpr int64_t kExponentEnd = 1024;
  constexpr int64_t kExponentMin = -1074;
  if (scale >= 0) {
    const int64_t per_octave = int64_t{1} << scale;
    return index < kExponentEnd * per_octave && index + 1 >= kExponentMin * per_octave;
  }
  const int64_t octaves = int64_t{1} << -scale;
  return index * octaves < kExponentEnd && (index + 1) * octaves >= kExponentMin;
}

bool AllUsedHaveFiniteDoubles(const MetricBatch& batch, int32_t scale,
                              const model::ExponentialHistogramValue::Buckets& buckets) {
  const auto counts = Slice(batch.counts, buckets.counts);
  const auto used = [](uint64_t count) { return count != 0; };
  const auto first = std::ranges::find_if(counts, used);
  if (first == counts.end()) return true;
  const auto last = std::find_if(counts.rbegin(), counts.rend(), used).base() - 1;
  // Those between have one where both ends have.
  return HasFiniteDouble(buckets.offset + (first - counts.begin()), scale) &&
         HasFiniteDouble(buckets.offset + (last - counts.begin()), scale);
}

}  // namespace

bool FitsTogether(const MetricBatch& batch, const model::HistogramValue& value) {
  const auto counts = Slice(batch.counts, value.counts);
  const auto bounds = Slice(batch.bounds, value.bounds);
  if (counts.empty()) return bounds.empty();
  if (counts.size() != bounds.size() + 1) return false;
  if (!bounds.empty() && std::isnan(bounds.front())) return false;
  for (size_t i = 1; i < bounds.size(); ++i) {
    if (!(bounds[i - 1] < bounds[i])) return false;  // NaN is less than nothing
  }
  uint64_t total = 0;
  return AddAll(counts, total) && total == value.count;
}

bool FitsTogether(const MetricBatch& batch, const model::ExponentialHistogramValue& value) {
  if (value.scale < kExponentialScaleMin || value.scale > kExponentialScaleMax) return false;
  if (value.positive.counts.size() > kExponentialBucketsMax ||
      value.negative.counts.size() > kExponentialBucketsMax) {
    return false;
  }
  if (!std::isfinite(value.zero_threshold) || value.zero_threshold < 0) return false;
  uint64_t total = value.zero_count;
  return AddAll(Slice(batch.counts, value.positive.counts), total) &&
         AddAll(Slice(batch.counts, value.negative.counts), total) && total == value.count &&
         AllUsedHaveFiniteDoubles(batch, value.scale, value.positive) &&
         AllUsedHaveFiniteDoubles(batch, value.scale, value.negative);
}

bool FitsTogether(const MetricBatch& batch, const model::SummaryValue& value) {
  for (const auto& [quantile, unused] : Slice(batch.quantiles, value.quantiles)) {
    if (!(quantile >= 0 && quantile <= 1)) return false;
  }
  return true;
}

std::optional<Rejection> CheckMonotonic(const model::MetricPoint& point) {
  if (point.is_int) {
    if (point.as_int < 0) return Rejection::kNegative;
    return std::nullopt;
  }
  if (!std::isfinite(point.as_double)) return Rejection::kNotFinite;
  if (point.as_double < 0) return Rejection::kNegative;
  return std::nullopt;
}

}  // namespace slowburn::collector
