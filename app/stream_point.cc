#include "app/stream_point.h"

#include <bit>
#include <cmath>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "collector/ingest_sink.h"

namespace slowburn::app {
namespace {

using model::IndexRange;
using model::MetricBatch;
using model::MetricPoint;
using model::MetricType;

// The first word of what is hashed. The numbers are in the store.
enum class Kind : uint64_t { kNothing, kInteger, kDouble, kHistogram, kExponential };

// Hashes a value as a row of words.
class ValueHasher {
 public:
  explicit ValueHasher(const MetricBatch& batch) : batch_(batch) {}

  uint64_t Hash(const MetricPoint& point, MetricType type) {
    words_.clear();
    if (point.no_recorded_value) {
      Add(Kind::kNothing);
    } else if (type == MetricType::kHistogram) {
      AddHistogram(batch_.histograms[point.index]);
    } else if (type == MetricType::kExponentialHistogram) {
      AddExponential(batch_.exponentials[point.index]);
    } else if (point.is_int) {
      AddInteger(point.as_int);
    } else {
      AddDouble(point.as_double);
    }
    return XXH3_64bits(words_.data(), words_.size() * sizeof(uint64_t));
  }

 private:
  void Add(uint64_t word) { words_.push_back(word); }
  void Add(double number) { Add(std::bit_cast<uint64_t>(number)); }
  void Add(Kind kind) { Add(static_cast<uint64_t>(kind)); }
  void AddInteger(int64_t number) {
    Add(Kind::kInteger);
    Add(static_cast<uint64_t>(number));
  }
  void AddDouble(double number) {
    constexpr double kTwoTo63 = 9223372036854775808.0;
    if (number >= -kTwoTo63 && number < kTwoTo63 && std::trunc(number) == number)
      return AddInteger(static_cast<int64_t>(number));
    Add(Kind::kDouble);
    Add(number);
  }
  // Ranges come with their lengths, so that no two values are the same row.
  void AddCounts(IndexRange range) {
    Add(uint64_t{range.size()});
    words_.insert(words_.end(), batch_.counts.begin() + range.begin,
                  batch_.counts.begin() + range.end);
  }
  template <typename Histogram>
  void AddSummary(const Histogram& value) {
    Add(value.count);
    Add((value.has_sum ? 1u : 0u) | (value.has_min ? 2u : 0u) | (value.has_max ? uint64_t{4} : 0u));
    if (value.has_sum) Add(value.sum);
    if (value.has_min) Add(value.min);
    if (value.has_max) Add(value.max);
  }
  void AddHistogram(const model::HistogramValue& value) {
    Add(Kind::kHistogram);
    AddSummary(value);
    AddCounts(value.counts);
    for (uint32_t i = value.bounds.begin; i < value.bounds.end; ++i) Add(batch_.bounds[i]);
  }
  void AddExponential(const model::ExponentialHistogramValue& value) {
    Add(Kind::kExponential);
    AddSummary(value);
    Add(value.zero_count);
    Add(value.zero_threshold);
    Add(static_cast<uint64_t>(value.scale));
    for (const auto& buckets : {value.positive, value.negative}) {
      Add(static_cast<uint64_t>(buckets.offset));
      AddCounts(buckets.counts);
    }
  }

  const MetricBatch& batch_;
  std::vector<uint64_t> words_;
};

}  // namespace

static_assert(sizeof(StreamPoint) <= collector::kCumulativePointBytes);

std::vector<StreamPoint> CumulativePoints(const MetricBatch& batch) {
  std::vector<StreamPoint> points;
  size_t count = 0;
  for (const model::Metric& metric : batch.metrics) {
    if (metric.temporality == model::Temporality::kCumulative)
      count += metric.point_end - metric.point_begin;
  }
  points.reserve(count);  // Exactly what was paid for.
  ValueHasher hasher(batch);
  for (const model::Metric& metric : batch.metrics) {
    if (metric.temporality != model::Temporality::kCumulative) continue;
    for (uint32_t i = metric.point_begin; i < metric.point_end; ++i) {
      const MetricPoint& point = batch.points[i];
      points.push_back({point.stream, point.start_time_unix_nano, point.time_unix_nano,
                        hasher.Hash(point, metric.type), i});
    }
  }
  return points;
}

}  // namespace slowburn::app
