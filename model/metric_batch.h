// model/metric_batch.h: one metrics export, projected: points with their streams, as views into the
// request.
//
// Room     model
// Uses     model/
// Threads  one owner; reuse it for the next request (Clear keeps the memory)
// Units    times are unix nanoseconds as on the wire (0: unknown); ranges are [begin, end)
// Source   OTLP metrics.proto; metrics data model
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/signal_batch.h"

namespace slowburn::model {

// Which timeseries a point belongs to: a 128-bit hash of resource and scope, the metric's name,
// unit, type, temporality and monotonicity, and the point's attributes; the same whatever the order
// of attributes, and the same in protobuf and JSON.
struct StreamHash {
  uint64_t high = 0;
  uint64_t low = 0;
  friend bool operator==(const StreamHash&, const StreamHash&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const StreamHash& hash) {
    return H::combine(std::move(h), hash.high, hash.low);
  }
};

// Every attribute, for whoever makes labels of them: `value` is an encoded AnyValue.
struct RawAttribute {
  std::string_view key;
  std::string_view value;
};

struct IndexRange {
  uint32_t begin = 0;
  uint32_t end = 0;
  uint32_t size() const { return end - begin; }
};

enum class MetricType : uint8_t { kGauge, kSum, kHistogram, kExponentialHistogram, kSummary };
enum class Temporality : uint8_t { kNone, kDelta, kCumulative };  // kNone: gauges and summaries

// What something was in Prometheus that OTLP has as a gauge, or as a sum that is not monotonic:
// "prometheus.type" of the metric's metadata.
enum class TypeHint : uint8_t { kNone, kUnknown, kInfo, kStateset };

struct Metric {
  std::string_view name;  // not empty
  std::string_view unit;
  std::string_view description;
  MetricType type = MetricType::kGauge;
  Temporality temporality = Temporality::kNone;
  bool is_monotonic = false;
  TypeHint type_hint = TypeHint::kNone;
  uint32_t point_begin = 0;  // [point_begin, point_end) of MetricBatch::points
  uint32_t point_end = 0;
};

struct MetricPoint {
  StreamHash stream;
  uint64_t start_time_unix_nano = 0;
  uint64_t time_unix_nano = 0;  // never 0
  // By the metric's type: a number's bits, or an index of MetricBatch::histograms, exponentials or
  // summaries.
  union {
    int64_t as_int = 0;
    double as_double;
    uint32_t index;
  };
  AttributeRange attributes;       // those somebody reads
  IndexRange raw_attributes;       // all, of MetricBatch::raw_attributes
  IndexRange exemplars;            // of MetricBatch::exemplars
  uint32_t ordinal = 0;            // among all points of the request, rejected ones included
  bool is_int = false;             // gauges and sums
  bool no_recorded_value = false;  // the series ends here; the value means nothing (V9)
};

struct HistogramValue {
  uint64_t count = 0;
  double sum = 0, min = 0, max = 0;
  bool has_sum = false, has_min = false, has_max = false;
  IndexRange counts;  // of MetricBatch::counts; one more than bounds, or none
  IndexRange bounds;  // of MetricBatch::bounds, strictly increasing
};

struct ExponentialHistogramValue {
  struct Buckets {
    int32_t offset = 0;
    IndexRange counts;  // of MetricBatch::counts
  };
  uint64_t count = 0;
  uint64_t zero_count = 0;
  double sum = 0, min = 0, max = 0;
  double zero_threshold = 0;
  bool has_sum = false, has_min = false, has_max = false;
  int32_t scale = 0;
  Buckets positive;
  Buckets negative;
};

struct SummaryValue {
  struct Quantile {
    double quantile = 0;
    double value = 0;
  };
  uint64_t count = 0;
  double sum = 0;
  IndexRange quantiles;  // of MetricBatch::quantiles
};

struct Exemplar {
  std::string_view trace_id;  // 16 bytes, or empty
  std::string_view span_id;   // 8 bytes, or empty
  uint64_t time_unix_nano = 0;
  double value = 0;
  IndexRange raw_attributes;
};

// The metrics of one request with their valid points. Points hold the order of the wire.
struct MetricBatch : SignalBatch {
  std::vector<Metric> metrics;  // ScopeEntry::item_begin and item_end point here
  std::vector<MetricPoint> points;
  std::vector<HistogramValue> histograms;
  std::vector<ExponentialHistogramValue> exponentials;
  std::vector<SummaryValue> summaries;
  std::vector<uint64_t> counts;
  std::vector<double> bounds;
  std::vector<SummaryValue::Quantile> quantiles;
  std::vector<Exemplar> exemplars;
  std::vector<RawAttribute> raw_attributes;
  // Parallel to resources and scopes.
  std::vector<IndexRange> resource_raw_attributes;
  std::vector<IndexRange> scope_raw_attributes;

  void Clear();
  // Moves points of a later time to `rejected` (kTooNew).
  void RejectAfter(uint64_t latest_unix_nano);
  uint32_t accepted() const { return static_cast<uint32_t>(points.size()); }
  uint32_t decoded() const { return static_cast<uint32_t>(points.size() + rejected.size()); }
  size_t memory_bytes() const;
};

}  // namespace slowburn::model
