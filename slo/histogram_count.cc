#include "slo/histogram_count.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <span>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/mutant.h"

namespace slowburn::slo {
namespace {

using Buckets = model::ExponentialHistogramValue::Buckets;

constexpr int kCorrectionsMax = 4;

uint64_t Sum(std::span<const uint64_t> counts) {
  return std::accumulate(counts.begin(), counts.end(), uint64_t{0});
}

// `part` of `count`, at most all of it. `part` is 0..1.
CounterValue Part(uint64_t count, double part) {
  const auto share = CounterValue::Of(static_cast<double>(count) * part);
  if (!share.has_value()) return {.whole = part > 0 ? count : 0, .fraction = 0};
  return std::min(*share, CounterValue{.whole = count, .fraction = 0});
}

// Bucket i of an exponential histogram is (Bound(i), Bound(i + 1)].
double Bound(int64_t index, int32_t scale) {
  const double bound = std::exp2(std::ldexp(static_cast<double>(index), -scale));
  return std::min(bound, std::numeric_limits<double>::max());
}

// The bucket that `size` > 0 lies in.
int64_t BucketOf(double size, int32_t scale) {
  auto index = static_cast<int64_t>(std::floor(std::ldexp(std::log2(size), scale)));
  // The logarithm may be off by a little; the bounds decide. (Among denormal numbers many bounds
  // are one number, so the search has an end.)
  for (int i = 0; i < kCorrectionsMax && Bound(index, scale) >= size; ++i) --index;
  for (int i = 0; i < kCorrectionsMax && Bound(index + 1, scale) < size; ++i) ++index;
  return index;
}

// Values above 0 that are at or under `threshold` > 0.
CounterValue Upto(std::span<const uint64_t> counts, int64_t offset, int32_t scale, double threshold,
                  HistogramCount& count) {
  const int64_t at = BucketOf(threshold, scale);
  count.around = {Bound(at, scale), Bound(at + 1, scale)};
  count.is_exact = count.around.upper == threshold;
  const auto size = static_cast<int64_t>(counts.size());
  const int64_t whole = std::clamp<int64_t>(at - offset, 0, size);
  CounterValue sum{.whole = Sum(counts.first(static_cast<size_t>(whole))), .fraction = 0};
  if (at < offset || at - offset >= size) return sum;
  const auto [low, high] = count.around;
  if (!(low < high)) return sum;
  double part = std::clamp((threshold - low) / (high - low), 0.0, 1.0);
  if (SB_MUTANT("part_is_whole")) part = 1;
  return sum += Part(counts[static_cast<size_t>(at - offset)], part);
}

// Nothing where `count` is none.
std::optional<uint64_t> WholeCount(double count) {
  const auto value = CounterValue::Of(count);
  if (!value.has_value() || value->fraction != 0) return std::nullopt;
  return value->whole;
}

// Side by side, as OTLP has them. False where they cannot be.
bool Lay(std::span<const model::NativeHistogram::Span> spans, std::span<const double> counts,
         model::MetricBatch& batch, Buckets& buckets) {
  constexpr size_t kBucketsMax = 65'536;
  const auto begin = static_cast<uint32_t>(batch.counts.size());
  size_t next = 0;
  for (size_t i = 0; i < spans.size(); ++i) {
    if (i == 0) {
      // OTLP calls a bucket by its lower bound, Prometheus by its upper one.
      buckets.offset = spans[0].offset - 1;
    } else if (spans[i].offset < 0 ||
               batch.counts.size() - begin + static_cast<size_t>(spans[i].offset) > kBucketsMax) {
      return false;
    } else {
      batch.counts.resize(batch.counts.size() + static_cast<size_t>(spans[i].offset));
    }
    for (uint32_t j = 0; j < spans[i].length; ++j) {
      const auto count = next < counts.size() ? WholeCount(counts[next++]) : std::nullopt;
      if (!count.has_value() || batch.counts.size() - begin >= kBucketsMax) return false;
      batch.counts.push_back(*count);
    }
  }
  buckets.counts = {begin, static_cast<uint32_t>(batch.counts.size())};
  return true;
}

}  // namespace

std::optional<HistogramCount> CountAtOrUnder(const model::MetricBatch& batch,
                                             const model::HistogramValue& value, double threshold) {
  const std::span<const double> bounds{batch.bounds.data() + value.bounds.begin,
                                       value.bounds.size()};
  const std::span<const uint64_t> counts{batch.counts.data() + value.counts.begin,
                                         value.counts.size()};
  if (bounds.empty()) return std::nullopt;
  const auto at = static_cast<size_t>(std::lower_bound(bounds.begin(), bounds.end(), threshold) -
                                      bounds.begin());
  HistogramCount count{.total = value.count};
  count.at_or_under.whole = Sum(counts.first(at));
  count.around = {at > 0 ? bounds[at - 1] : -HUGE_VAL, at < bounds.size() ? bounds[at] : HUGE_VAL};
  if (at == bounds.size()) return count;  // Among those that only have a lower bound.
  if (bounds[at] == threshold) {
    if (!SB_MUTANT("histogram_under")) count.at_or_under.whole += counts[at];
    count.is_exact = true;
    return count;
  }
  // The first bucket begins at 0, as everybody takes it, where it can.
  const double low = at > 0 ? bounds[at - 1] : 0;
  if (std::isfinite(low) && threshold > low && bounds[at] > low && !SB_MUTANT("bucket_is_over")) {
    count.at_or_under += Part(counts[at], (threshold - low) / (bounds[at] - low));
  }
  return count;
}

HistogramCount CountAtOrUnder(const model::MetricBatch& batch,
                              const model::ExponentialHistogramValue& value, double threshold) {
  const auto slice = [&](const Buckets& buckets) {
    return std::span<const uint64_t>{batch.counts.data() + buckets.counts.begin,
                                     buckets.counts.size()};
  };
  const std::span<const uint64_t> negative = slice(value.negative);
  const CounterValue below_zero{.whole = Sum(negative), .fraction = 0};
  HistogramCount count{.total = value.count};
  if (threshold >= 0) {
    count.at_or_under = below_zero;
    count.at_or_under.whole += value.zero_count;
    count.is_exact = true;
    if (threshold > 0) {
      count.at_or_under +=
          Upto(slice(value.positive), value.positive.offset, value.scale, threshold, count);
    }
    return count;
  }
  // A value below 0 is at or under -t unless its size is under t.
  const CounterValue nearer = Upto(negative, value.negative.offset, value.scale, -threshold, count);
  count.at_or_under = below_zero - nearer;
  count.around = {-count.around.upper, -count.around.lower};
  return count;
}

std::optional<HistogramCount> CountAtOrUnder(const model::NativeHistogram& histogram,
                                             double threshold) {
  const auto count = WholeCount(histogram.count), zero = WholeCount(histogram.zero_count);
  if (histogram.schema == model::NativeHistogram::kCustomBuckets || !count || !zero)
    return std::nullopt;
  model::MetricBatch batch;
  model::ExponentialHistogramValue value;
  value.count = *count;
  value.zero_count = *zero;
  value.scale = histogram.schema;
  if (!Lay(histogram.positive_spans, histogram.positive_counts, batch, value.positive) ||
      !Lay(histogram.negative_spans, histogram.negative_counts, batch, value.negative)) {
    return std::nullopt;
  }
  return CountAtOrUnder(batch, value, threshold);
}

uint32_t LayoutOfBounds(std::span<const double> bounds) {
  const auto hash = static_cast<uint32_t>(XXH3_64bits(bounds.data(), bounds.size_bytes()));
  return hash == 0 ? 1 : hash;
}

}  // namespace slowburn::slo
