// slo/testing/metric_batch_builder.h: a MetricBatch by its parts, as the decoder would make it.
//
// Room     slo, tests only
// Uses     model/
// Threads  one owner
// Units    times in seconds
#pragma once

#include <bit>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "model/metric_batch.h"

namespace slowburn::slo::testing {

// Call Resource, then Metric, then a point of its type. Text that is passed in is kept.
class MetricBatchBuilder {
 public:
  using Attributes = std::vector<std::pair<std::string_view, std::string_view>>;
  static constexpr uint64_t kSecond = 1'000'000'000;

  MetricBatchBuilder& Resource(const Attributes& attributes) {
    batch_.resources.push_back(
        {.scope_begin = Size(batch_.scopes), .scope_end = Size(batch_.scopes) + 1});
    batch_.resource_raw_attributes.push_back(Raw(attributes));
    batch_.scopes.push_back({.item_begin = Size(batch_.metrics), .item_end = Size(batch_.metrics)});
    batch_.scope_raw_attributes.push_back({});
    return *this;
  }
  // One more scope of the resource; it begins with one without attributes.
  MetricBatchBuilder& Scope(const Attributes& attributes) {
    batch_.scopes.push_back({.item_begin = Size(batch_.metrics), .item_end = Size(batch_.metrics)});
    batch_.scope_raw_attributes.push_back(Raw(attributes));
    batch_.resources.back().scope_end = Size(batch_.scopes);
    return *this;
  }
  MetricBatchBuilder& Metric(std::string_view name, std::string_view unit, model::MetricType type,
                             model::Temporality temporality, bool monotonic = false) {
    model::Metric metric;
    metric.name = Keep(name);
    metric.unit = Keep(unit);
    metric.type = type;
    metric.temporality = temporality;
    metric.is_monotonic = monotonic;
    metric.point_begin = metric.point_end = Size(batch_.points);
    batch_.metrics.push_back(metric);
    batch_.scopes.back().item_end = Size(batch_.metrics);
    return *this;
  }
  MetricBatchBuilder& Counter(std::string_view name) {
    return Metric(name, "", model::MetricType::kSum, model::Temporality::kCumulative, true);
  }
  MetricBatchBuilder& Gauge(std::string_view name) {
    return Metric(name, "", model::MetricType::kGauge, model::Temporality::kNone);
  }
  MetricBatchBuilder& Int(uint64_t start, uint64_t time, int64_t value,
                          const Attributes& attributes = {}) {
    model::MetricPoint& point = Point(start, time, attributes);
    point.as_int = value;
    point.is_int = true;
    return *this;
  }
  MetricBatchBuilder& Double(uint64_t start, uint64_t time, double value,
                             const Attributes& attributes = {}) {
    Point(start, time, attributes).as_double = value;
    return *this;
  }
  MetricBatchBuilder& Histogram(uint64_t start, uint64_t time, const std::vector<double>& bounds,
                                const std::vector<uint64_t>& counts,
                                const Attributes& attributes = {}) {
    model::HistogramValue value;
    for (const uint64_t count : counts) value.count += count;
    value.bounds = Append(bounds, batch_.bounds);
    value.counts = Append(counts, batch_.counts);
    Point(start, time, attributes).index = Size(batch_.histograms);
    batch_.histograms.push_back(value);
    return *this;
  }
  MetricBatchBuilder& Exponential(uint64_t start, uint64_t time, int32_t scale, int32_t offset,
                                  const std::vector<uint64_t>& counts, uint64_t zeros,
                                  const Attributes& attributes = {}) {
    model::ExponentialHistogramValue value;
    value.count = value.zero_count = zeros;
    for (const uint64_t count : counts) value.count += count;
    value.scale = scale;
    value.positive = {.offset = offset, .counts = Append(counts, batch_.counts)};
    Point(start, time, attributes).index = Size(batch_.exponentials);
    batch_.exponentials.push_back(value);
    return *this;
  }
  MetricBatchBuilder& Summary(uint64_t start, uint64_t time, uint64_t count,
                              const Attributes& attributes = {}) {
    Point(start, time, attributes).index = Size(batch_.summaries);
    batch_.summaries.push_back({.count = count});
    return *this;
  }
  model::MetricPoint& last_point() { return batch_.points.back(); }
  const model::MetricBatch& batch() const { return batch_; }
  model::MetricBatch& batch() { return batch_; }

 private:
  template <typename T>
  static uint32_t Size(const std::vector<T>& values) {
    return static_cast<uint32_t>(values.size());
  }
  template <typename T>
  static model::IndexRange Append(const std::vector<T>& values, std::vector<T>& to) {
    const uint32_t begin = Size(to);
    to.insert(to.end(), values.begin(), values.end());
    return {begin, Size(to)};
  }
  std::string_view Keep(std::string_view text) { return texts_.emplace_back(text); }
  model::IndexRange Raw(const Attributes& attributes) {
    const uint32_t begin = Size(batch_.raw_attributes);
    for (const auto& [key, value] : attributes) {
      std::string encoded{0x0A, static_cast<char>(value.size())};  // AnyValue.string_value
      batch_.raw_attributes.push_back({Keep(key), Keep(encoded.append(value))});
    }
    return {begin, Size(batch_.raw_attributes)};
  }
  // A stream's hash is of its resource, scope, metric and attributes, as the decoder's.
  model::MetricPoint& Point(uint64_t start, uint64_t time, const Attributes& attributes) {
    const model::Metric& metric = batch_.metrics.back();
    std::string identity = std::string(metric.name) + '\0' + std::string(metric.unit) +
                           static_cast<char>(metric.type) + static_cast<char>(metric.temporality);
    const auto add = [&](model::IndexRange range) {
      for (uint32_t i = range.begin; i < range.end; ++i) {
        identity += std::string(batch_.raw_attributes[i].key) + '\0' +
                    std::string(batch_.raw_attributes[i].value) + '\0';
      }
    };
    model::MetricPoint point;
    point.raw_attributes = Raw(attributes);
    for (const auto* around : {&batch_.resource_raw_attributes, &batch_.scope_raw_attributes}) {
      add(around->back());
      identity += '\1';
    }
    add(point.raw_attributes);
    point.stream = {std::hash<std::string>{}(identity), std::hash<std::string>{}(identity + "!")};
    point.start_time_unix_nano = start * kSecond;
    point.time_unix_nano = time * kSecond;
    point.ordinal = Size(batch_.points);
    batch_.points.push_back(point);
    batch_.metrics.back().point_end = Size(batch_.points);
    return batch_.points.back();
  }

  model::MetricBatch batch_;
  std::deque<std::string> texts_;
};

}  // namespace slowburn::slo::testing
