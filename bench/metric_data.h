// bench/metric_data.h: metric exports whose points are known series, with new values each time, at
// the cost of writing a few numbers.
//
// Room     bench
// Uses     the generated OTLP classes, protozero
// Threads  one owner each
// Units    unix nanoseconds
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace slowburn::bench {

enum class MetricKind : uint8_t {
  kGauge,        // walks of doubles with two decimals
  kSum,          // cumulative counters, whole
  kHistogram,    // cumulative, of ten bounds
  kExponential,  // cumulative, of twenty buckets
};
std::string_view MetricKindName(MetricKind kind);  // "gauges"
// How many samples, so how many series, come of a point.
size_t SamplesPerPoint(MetricKind kind);

// One request: its streams are those from `first` on, one point each. Resource of 6 attributes,
// three attributes a point.
class MetricBlock {
 public:
  static constexpr size_t kPointsMax = 1'000;
  static constexpr uint64_t kStepNanos = 15'000'000'000;

  MetricBlock(MetricKind kind, size_t first, size_t points, uint64_t start_unix_nano);

  size_t points() const { return points_.size(); }
  // The request of the next step; the view ends with the next call.
  std::string_view Next();

 private:
  // Where in the body the numbers of a point are, eight bytes each but for the varints.
  struct Point {
    size_t time = 0;
    size_t value = 0;    // of a histogram its sum
    size_t count = 0;    // of both histograms
    size_t buckets = 0;  // of a histogram: kBuckets numbers; of an exponential one varints
  };
  static constexpr size_t kBuckets = 11;

  void FindNumbers();
  void Change(const Point& point);
  uint32_t Random();

  MetricKind kind_;
  uint64_t time_unix_nano_;
  uint64_t state_;  // of the random numbers
  std::string body_;
  std::vector<Point> points_;
};

}  // namespace slowburn::bench
