// app/series_identity.h: what a stream of OTLP points comes to: its series in Prometheus.
//
// Room     app
// Uses     app/, model/, storage/series
// Threads  immutable, but for what the one writer notes; shared between threads
// Units    bounds as observed
// Source   OpenTelemetry specification, "Prometheus and OpenMetrics Compatibility"
#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include <absl/container/fixed_array.h>

#include "app/metric_type_claims.h"
#include "model/label_set.h"
#include "model/metric_batch.h"
#include "model/prometheus_name.h"
#include "storage/series/head.h"
#include "storage/series/sample_fate.h"

namespace slowburn::app {

// A metric of one target, by its name in Prometheus.
struct MetricFamily {
  storage::MetricMetadata metadata;  // its metric is the base name: without _bucket, _sum, _count
  uint64_t description_hash = 0;     // of the bytes and the type hint as they came
  // Why its points cannot be stored: the fate, and words for whoever sent them.
  storage::SampleFate fate = storage::SampleFate::kTaken;
  std::string refusal;
  std::unique_ptr<const MetricTypeClaims::Claim> claim;
  // The store has its metadata: noted by the one writer, read by all.
  mutable std::atomic<bool> is_stored{false};

  size_t memory_bytes() const;
};

// Where a point lies in its batch.
struct PointPlace {
  const model::MetricBatch& batch;
  size_t resource = 0;
  size_t scope = 0;
  const model::Metric& metric;
  const model::MetricPoint& point;
};

uint64_t DescriptionHash(const model::Metric& metric);
// How many series a point becomes.
size_t SeriesOf(const PointPlace& place);
// Of a resource's job and instance.
uint64_t TargetHash(const model::LabelSet& target);
// Takes the name for the target, or says that it cannot: it is none, or of another type.
std::shared_ptr<const MetricFamily> MakeFamily(const PointPlace& place, uint64_t target,
                                               MetricTypeClaims& claims);

// Its series: one of a number and of a native histogram; of a classic histogram the buckets by
// ascending bound, then le="+Inf", _count and _sum; of a summary the quantiles, _count and _sum.
// Small: labels are packed, and made anew for whoever has to define a series.
class SeriesIdentity : public std::enable_shared_from_this<SeriesIdentity> {
 public:
  enum class Shape : uint8_t { kSingle, kClassicHistogram, kSummary };

  // `packed`: the labels that its series have in common, without the name.
  SeriesIdentity(const PointPlace& place, std::shared_ptr<const MetricFamily> family,
                 std::string packed);
  // Of a resource: target_info.
  SeriesIdentity(const model::LabelSet& labels, std::shared_ptr<const MetricFamily> family);

  size_t size() const { return series_.size(); }
  // That of the labels themselves.
  const storage::SeriesKey& key(size_t i) const { return series_[i].key; }
  // Where the head had it last (Head::FindByKey): noted by the one writer, read by all.
  uint32_t slot(size_t i) const { return series_[i].slot.load(std::memory_order_relaxed); }
  void NoteSlot(size_t i, uint32_t slot) const {
    series_[i].slot.store(slot, std::memory_order_relaxed);
  }
  // Brings the first key and slot into the processor's caches.
  void Prefetch() const { __builtin_prefetch(series_.data()); }
  model::LabelSet Labels(size_t i) const;
  // The bounds of a classic histogram, +Inf left out, or the quantiles of a summary.
  const std::vector<double>& marks() const { return marks_; }
  // Whether a point of the same stream has these bounds or quantiles.
  bool HasMarksOf(const model::MetricBatch& batch, const model::Metric& metric,
                  const model::MetricPoint& point) const;
  const std::shared_ptr<const MetricFamily>& family() const { return family_; }
  size_t memory_bytes() const;

 private:
  struct Series {
    storage::SeriesKey key;
    mutable std::atomic<uint32_t> slot{storage::Head::kNoSlot};
  };
  void MakeKeys();
  const char* mark_label() const { return shape_ == Shape::kSummary ? "quantile" : "le"; }
  // Series with a mark: they come first. A classic histogram has one more than bounds.
  size_t marked() const {
    return marks_.size() + (shape_ == Shape::kClassicHistogram ? size_t{1} : size_t{0});
  }
  std::string MarkText(size_t i) const;

  const std::shared_ptr<const MetricFamily> family_;  // shared by the streams of the metric
  const Shape shape_;
  std::vector<double> marks_;
  absl::FixedArray<Series, 1> series_;
  std::string packed_;  // labels, without the name
};

// What tells a stream from others, its bounds and quantiles included.
model::StreamHash IdentityKeyOf(const model::MetricBatch& batch, const model::Metric& metric,
                                const model::MetricPoint& point);

}  // namespace slowburn::app
