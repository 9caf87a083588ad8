// Goal: equal values hash alike, others differ, and only points of cumulative streams count.
// Method: batches by hand, a row per value.
#include "app/stream_point.h"

#include <cmath>
#include <limits>
#include <string>

#include <gtest/gtest.h>

namespace slowburn::app {
namespace {

using model::MetricBatch;
using model::MetricPoint;
using model::MetricType;
using model::Temporality;

// One metric of one point with `value`.
struct ValueCase {
  std::string name;
  std::string equals;  // of which earlier row it is the same value; empty: of none
  MetricType type = MetricType::kSum;
  void (*fill)(MetricBatch& batch, MetricPoint& point);
};

uint64_t HashOf(const ValueCase& row) {
  MetricBatch batch;
  MetricPoint point;
  row.fill(batch, point);
  batch.points.push_back(point);
  model::Metric metric;
  metric.type = row.type;
  metric.temporality = Temporality::kCumulative;
  metric.point_end = 1;
  batch.metrics.push_back(metric);
  const std::vector<StreamPoint> points = CumulativePoints(batch);
  EXPECT_EQ(points.size(), 1u);
  return points.at(0).value_hash;
}

void SetInteger(MetricPoint& point, int64_t value) {
  point.is_int = true;
  point.as_int = value;
}
void AddHistogram(MetricBatch& batch, MetricPoint& point, std::vector<uint64_t> counts,
                  std::vector<double> bounds) {
  model::HistogramValue value;
  value.counts = {static_cast<uint32_t>(batch.counts.size()),
                  static_cast<uint32_t>(batch.counts.size() + counts.size())};
  value.bounds = {static_cast<uint32_t>(batch.bounds.size()),
                  static_cast<uint32_t>(batch.bounds.size() + bounds.size())};
  for (const uint64_t count : counts) value.count += count;
  batch.counts.insert(batch.counts.end(), counts.begin(), counts.end());
  batch.bounds.insert(batch.bounds.end(), bounds.begin(), bounds.end());
  point.index = static_cast<uint32_t>(batch.histograms.size());
  batch.histograms.push_back(value);
}
model::ExponentialHistogramValue& AddExponential(MetricBatch& batch, MetricPoint& point) {
  model::ExponentialHistogramValue value;
  value.count = 3;
  value.scale = 2;
  value.positive = {-1, {0, 2}};
  batch.counts = {1, 2};
  point.index = 0;
  batch.exponentials.push_back(value);
  return batch.exponentials.back();
}

constexpr MetricType kHistogram = MetricType::kHistogram;
constexpr MetricType kExponential = MetricType::kExponentialHistogram;

const std::vector<ValueCase>& Rows() {
  static const auto& rows = *new std::vector<ValueCase>{
      {"Zero", "", MetricType::kSum, [](auto&, auto& p) { SetInteger(p, 0); }},
      {"Five", "", MetricType::kSum, [](auto&, auto& p) { SetInteger(p, 5); }},
      {"FivePointZero", "Five", MetricType::kSum, [](auto&, auto& p) { p.as_double = 5.0; }},
      {"MinusZero", "Zero", MetricType::kSum, [](auto&, auto& p) { p.as_double = -0.0; }},
      {"MinusFive", "", MetricType::kSum, [](auto&, auto& p) { SetInteger(p, -5); }},
      {"FiveAndAHalf", "", MetricType::kSum, [](auto&, auto& p) { p.as_double = 5.5; }},
      {"TwoTo63", "", MetricType::kSum, [](auto&, auto& p) { p.as_double = std::ldexp(1, 63); }},
      {"Least", "", MetricType::kSum,
       [](auto&, auto& p) { SetInteger(p, std::numeric_limits<int64_t>::min()); }},
      {"MinusTwoTo63", "Least", MetricType::kSum,
       [](auto&, auto& p) { p.as_double = -std::ldexp(1, 63); }},
      {"Infinite", "", MetricType::kSum,
       [](auto&, auto& p) { p.as_double = std::numeric_limits<double>::infinity(); }},
      {"NotANumber", "", MetricType::kSum,
       [](auto&, auto& p) { p.as_double = std::numeric_limits<double>::quiet_NaN(); }},
      {"Nothing", "", MetricType::kSum, [](auto&, auto& p) { p.no_recorded_value = true; }},
      {"NothingOfFive", "Nothing", MetricType::kSum,
       [](auto&, auto& p) {
         SetInteger(p, 5);
         p.no_recorded_value = true;
       }},
      {"NothingOfAHistogram", "Nothing", kHistogram,
       [](auto&, auto& p) { p.no_recorded_value = true; }},
      {"Histogram", "", kHistogram,
       [](auto& b, auto& p) {
         AddHistogram(b, p, {1, 2}, {10});
       }},
      {"HistogramElsewhere", "Histogram", kHistogram,
       [](auto& b, auto& p) {
         AddHistogram(b, p, {7}, {});
         AddHistogram(b, p, {1, 2}, {10});
       }},
      {"OtherCounts", "", kHistogram,
       [](auto& b, auto& p) {
         AddHistogram(b, p, {2, 1}, {10});
       }},
      {"OtherBounds", "", kHistogram,
       [](auto& b, auto& p) {
         AddHistogram(b, p, {1, 2}, {11});
       }},
      {"WithSum", "", kHistogram,
       [](auto& b, auto& p) {
         AddHistogram(b, p, {1, 2}, {10});
         b.histograms[0].has_sum = true;
       }},
      {"WithMin", "", kHistogram,
       [](auto& b, auto& p) {
         AddHistogram(b, p, {1, 2}, {10});
         b.histograms[0].has_min = true;
       }},
      {"Exponential", "", kExponential, [](auto& b, auto& p) { AddExponential(b, p); }},
      {"OtherScale", "", kExponential, [](auto& b, auto& p) { AddExponential(b, p).scale = 3; }},
      {"OtherZeroes", "", kExponential,
       [](auto& b, auto& p) { AddExponential(b, p).zero_count = 1; }},
      {"OtherOffset", "", kExponential,
       [](auto& b, auto& p) { AddExponential(b, p).positive.offset = 0; }},
      {"Negative", "", kExponential,
       [](auto& b, auto& p) {
         auto& value = AddExponential(b, p);
         std::swap(value.positive, value.negative);
       }},
  };
  return rows;
}

TEST(StreamPointTest, ValuesAreEqualAsTheRowsSay) {
  for (const ValueCase& row : Rows()) {
    for (const ValueCase& other : Rows()) {
      if (&other == &row) break;
      const std::string& kind = other.equals.empty() ? other.name : other.equals;
      EXPECT_EQ(HashOf(row) == HashOf(other), row.equals == kind) << row.name << " " << other.name;
    }
    EXPECT_EQ(HashOf(row), HashOf(row)) << row.name;
  }
}

TEST(StreamPointTest, OnlyCumulativePointsAndTheirPlaces) {
  MetricBatch batch;
  for (uint64_t i = 0; i < 6; ++i) {
    MetricPoint point;
    point.stream = {i, i + 1};
    point.start_time_unix_nano = 10 + i;
    point.time_unix_nano = 20 + i;
    point.ordinal = static_cast<uint32_t>(3 * i);  // others of the request were refused
    SetInteger(point, 1);
    batch.points.push_back(point);
  }
  const auto add = [&](Temporality temporality, uint32_t end) {
    model::Metric metric;
    metric.type = temporality == Temporality::kNone ? MetricType::kGauge : MetricType::kSum;
    metric.temporality = temporality;
    metric.point_begin = batch.metrics.empty() ? 0 : batch.metrics.back().point_end;
    metric.point_end = end;
    batch.metrics.push_back(metric);
  };
  add(Temporality::kNone, 1);
  add(Temporality::kCumulative, 3);
  add(Temporality::kDelta, 5);
  add(Temporality::kCumulative, 6);
  const std::vector<StreamPoint> points = CumulativePoints(batch);
  ASSERT_EQ(points.size(), 3u);
  EXPECT_EQ(points[0].position, 1u);
  EXPECT_EQ(points[1].position, 2u);
  EXPECT_EQ(points[2].position, 5u);
  EXPECT_EQ(points[2].stream, (model::StreamHash{5, 6}));
  EXPECT_EQ(points[2].start_time_unix_nano, 15u);
  EXPECT_EQ(points[2].time_unix_nano, 25u);
}

}  // namespace
}  // namespace slowburn::app
