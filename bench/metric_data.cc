#include "bench/metric_data.h"

#include <cmath>
#include <cstring>
#include <iterator>
#include <stdexcept>
#include <utility>

#include <fmt/format.h>
#include <protozero/pbf_reader.hpp>

#include "opentelemetry/proto/metrics/v1/metrics.pb.h"

namespace slowburn::bench {
namespace {

namespace otlp = opentelemetry::proto::metrics::v1;
using protozero::pbf_reader;

// Of an exponential histogram. A count begins where a varint takes four bytes, and a run adds too
// little for it to need a fifth.
constexpr size_t kExponentialBuckets = 20;
constexpr uint64_t kFirstCount = 1 << 21;
constexpr size_t kCountBytes = 4;

constexpr double kBounds[] = {.005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5};

template <typename Attributes>
void AddAttribute(Attributes& attributes, std::string_view key, std::string value) {
  auto& attribute = *attributes.Add();
  attribute.set_key(std::string(key));
  attribute.mutable_value()->set_string_value(std::move(value));
}

template <typename Point>
void Describe(Point& point, size_t stream, uint64_t start) {
  point.set_start_time_unix_nano(start);
  point.set_time_unix_nano(start);
  constexpr const char* kMethods[] = {"GET", "POST", "PUT", "DELETE"};
  AddAttribute(*point.mutable_attributes(), "http.route", fmt::format("/api/v1/items/{}", stream));
  AddAttribute(*point.mutable_attributes(), "http.request.method", kMethods[stream % 4]);
  AddAttribute(*point.mutable_attributes(), "http.response.status_code", "200");
}

otlp::MetricsData Make(MetricKind kind, size_t first, size_t points, uint64_t start) {
  otlp::MetricsData data;
  auto& resource = *data.add_resource_metrics();
  auto& attributes = *resource.mutable_resource()->mutable_attributes();
  AddAttribute(attributes, "service.name", "checkout");
  AddAttribute(attributes, "service.namespace", "shop");
  AddAttribute(attributes, "service.instance.id", "checkout-7d9f8b6c5-x2k4j");
  AddAttribute(attributes, "host.name", "node-17.eu-west-1.example.org");
  AddAttribute(attributes, "k8s.cluster.name", "eu-1");
  AddAttribute(attributes, "telemetry.sdk.language", "cpp");
  auto& scope = *resource.add_scope_metrics();
  scope.mutable_scope()->set_name("bench");
  auto& metric = *scope.add_metrics();
  metric.set_description("What the benchmark sends");
  for (size_t stream = first; stream < first + points; ++stream) {
    switch (kind) {
      case MetricKind::kGauge: {
        metric.set_name("bench.queue.utilization");
        auto& point = *metric.mutable_gauge()->add_data_points();
        Describe(point, stream, start);
        point.set_as_double(static_cast<double>(stream % 100));
        break;
      }
      case MetricKind::kSum: {
        metric.set_name("bench.requests");
        auto& sum = *metric.mutable_sum();
        sum.set_aggregation_temporality(otlp::AGGREGATION_TEMPORALITY_CUMULATIVE);
        sum.set_is_monotonic(true);
        auto& point = *sum.add_data_points();
        Describe(point, stream, start);
        point.set_as_int(0);
        break;
      }
      case MetricKind::kHistogram: {
        metric.set_name("bench.request.duration");
        metric.set_unit("s");
        auto& histogram = *metric.mutable_histogram();
        histogram.set_aggregation_temporality(otlp::AGGREGATION_TEMPORALITY_CUMULATIVE);
        auto& point = *histogram.add_data_points();
        Describe(point, stream, start);
        point.set_count(1);  // a zero would not be written, and have no place
        point.set_sum(0);
        for (const double bound : kBounds) point.add_explicit_bounds(bound);
        for (size_t i = 0; i <= std::size(kBounds); ++i) point.add_bucket_counts(i == 0 ? 1 : 0);
        break;
      }
      case MetricKind::kExponential: {
        metric.set_name("bench.request.duration");
        metric.set_unit("s");
        auto& histogram = *metric.mutable_exponential_histogram();
        histogram.set_aggregation_temporality(otlp::AGGREGATION_TEMPORALITY_CUMULATIVE);
        auto& point = *histogram.add_data_points();
        Describe(point, stream, start);
        point.set_count(kExponentialBuckets * kFirstCount);
        point.set_sum(0);
        point.set_scale(2);
        point.mutable_positive()->set_offset(-10);
        for (size_t i = 0; i < kExponentialBuckets; ++i)
          point.mutable_positive()->add_bucket_counts(kFirstCount);
        break;
      }
    }
  }
  return data;
}

template <typename Number>
Number Get(const std::string& body, size_t at) {
  Number number;
  std::memcpy(&number, body.data() + at, sizeof number);
  return number;
}
template <typename Number>
void Put(std::string& body, size_t at, Number number) {
  std::memcpy(body.data() + at, &number, sizeof number);
}

void AddToVarint(std::string& body, size_t at, uint64_t more) {
  uint64_t count = 0;
  for (size_t i = 0; i < kCountBytes; ++i)
    count |= uint64_t{static_cast<uint8_t>(body[at + i]) & 0x7Fu} << (7 * i);
  count += more;
  for (size_t i = 0; i < kCountBytes; ++i) {
    const uint64_t continued = i + 1 < kCountBytes ? 0x80 : 0;
    body[at + i] = static_cast<char>((count >> (7 * i) & 0x7F) | continued);
  }
}

// The only field of this number in the message.
pbf_reader Inner(pbf_reader message, protozero::pbf_tag_type field) {
  if (!message.next(field)) throw std::runtime_error("an export has not what it should have");
  return message.get_message();
}

}  // namespace

std::string_view MetricKindName(MetricKind kind) {
  constexpr std::string_view kNames[] = {"gauges", "sums", "histograms", "exponential"};
  return kNames[static_cast<size_t>(kind)];
}

size_t SamplesPerPoint(MetricKind kind) {
  return kind == MetricKind::kHistogram ? std::size(kBounds) + 3 : 1;  // +Inf, _sum, _count
}

MetricBlock::MetricBlock(MetricKind kind, size_t first, size_t points, uint64_t start_unix_nano)
    : kind_(kind),
      time_unix_nano_(start_unix_nano),
      state_(first * 0x9e3779b97f4a7c15 + 1),
      body_(Make(kind, first, points, start_unix_nano).SerializeAsString()) {
  FindNumbers();
  if (points_.size() != points) throw std::runtime_error("an export has not all of its points");
}

// All that changes is of a fixed width, so a body is made once.
void MetricBlock::FindNumbers() {
  const pbf_reader metric = Inner(Inner(Inner(pbf_reader(body_), 1), 2), 2);
  constexpr protozero::pbf_tag_type kData[] = {5, 7, 9, 10};
  pbf_reader data = Inner(metric, kData[static_cast<size_t>(kind_)]);
  const auto place = [&](const pbf_reader& at) {
    return static_cast<size_t>(at.data().data() - body_.data());
  };
  while (data.next(1)) {
    Point point;
    for (pbf_reader fields = data.get_message(); fields.next(); fields.skip()) {
      const auto tag = fields.tag();
      if (tag == 3) {
        point.time = place(fields);
      } else if (kind_ == MetricKind::kGauge || kind_ == MetricKind::kSum) {
        if (tag == 4 || tag == 6) point.value = place(fields);
      } else if (tag == 4) {
        point.count = place(fields);
      } else if (tag == 5) {
        point.value = place(fields);
      } else if (tag == 6 && kind_ == MetricKind::kHistogram) {
        point.buckets = place(fields) + 1;  // behind the length: 88
      } else if (tag == 8) {
        pbf_reader positive = fields;
        point.buckets = place(Inner(positive.get_message(), 2));
      }
    }
    const bool is_histogram = kind_ == MetricKind::kHistogram || kind_ == MetricKind::kExponential;
    if (point.time == 0 || point.value == 0 ||
        (is_histogram && (point.count == 0 || point.buckets == 0)))
      throw std::runtime_error("an export lacks a number");
    points_.push_back(point);
  }
}

// xorshift64*
uint32_t MetricBlock::Random() {
  state_ ^= state_ >> 12;
  state_ ^= state_ << 25;
  state_ ^= state_ >> 27;
  return static_cast<uint32_t>((state_ * 0x2545f4914f6cdd1d) >> 32);
}

void MetricBlock::Change(const Point& point) {
  Put(body_, point.time, time_unix_nano_);
  const uint32_t random = Random();
  switch (kind_) {
    case MetricKind::kGauge: {
      const double hundredths = std::round(Get<double>(body_, point.value) * 100);
      Put(body_, point.value, (hundredths + static_cast<double>(random % 201) - 100) / 100);
      break;
    }
    case MetricKind::kSum:
      Put(body_, point.value, Get<int64_t>(body_, point.value) + random % 500);
      break;
    case MetricKind::kHistogram: {
      const size_t bucket = point.buckets + random % kBuckets * sizeof(uint64_t);
      const uint64_t more = 1 + (random >> 8) % 50;
      Put(body_, bucket, Get<uint64_t>(body_, bucket) + more);
      Put(body_, point.count, Get<uint64_t>(body_, point.count) + more);
      Put(body_, point.value,
          Get<double>(body_, point.value) + static_cast<double>(random >> 16) / 65536);
      break;
    }
    case MetricKind::kExponential: {
      const size_t bucket = point.buckets + random % kExponentialBuckets * kCountBytes;
      const uint64_t more = 1 + (random >> 8) % 50;
      AddToVarint(body_, bucket, more);
      Put(body_, point.count, Get<uint64_t>(body_, point.count) + more);
      Put(body_, point.value,
          Get<double>(body_, point.value) + static_cast<double>(random >> 16) / 65536);
      break;
    }
  }
}

std::string_view MetricBlock::Next() {
  time_unix_nano_ += kStepNanos;
  for (const Point& point : points_) Change(point);
  return body_;
}

}  // namespace slowburn::bench
