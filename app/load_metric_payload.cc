#include <algorithm>
#include <cmath>

#include "app/internal/load_payload_parts.h"

// A request reports a stretch of a service's routes, the next one of that service the next stretch.
// A stream's n-th point is n times the stream's own increment, so what it holds follows from the
// request's number alone, and every bucket grows or stays.

namespace slowburn::app {
namespace {

using std::chrono::nanoseconds;

constexpr LoadEnvelope kEnvelope{{1, "resourceMetrics"}, {2, "scopeMetrics"}};
constexpr LoadField kMetrics{2, "metrics"};
constexpr LoadField kName{1, "name"};
constexpr LoadField kUnit{3, "unit"};
constexpr LoadField kGauge{5, "gauge"};
constexpr LoadField kSum{7, "sum"};
constexpr LoadField kHistogram{9, "histogram"};
constexpr LoadField kDataPoints{1, "dataPoints"};
constexpr LoadField kTemporality{2, "aggregationTemporality"};
constexpr LoadField kMonotonic{3, "isMonotonic"};
constexpr LoadField kStart{2, "startTimeUnixNano"};
constexpr LoadField kTime{3, "timeUnixNano"};
constexpr LoadField kAsDouble{4, "asDouble"};
constexpr LoadField kAsInt{6, "asInt"};
constexpr LoadField kNumberAttributes{7, "attributes"};
constexpr LoadField kCount{4, "count"};
constexpr LoadField kHistogramSum{5, "sum"};
constexpr LoadField kBucketCounts{6, "bucketCounts"};
constexpr LoadField kExplicitBounds{7, "explicitBounds"};
constexpr LoadField kHistogramAttributes{9, "attributes"};

constexpr uint8_t kCumulative = 2;
constexpr uint64_t kIncrementMin = 100;
constexpr uint64_t kIncrements = 1024;  // different ones

// The bounds that semantic conventions advise for durations of HTTP requests.
constexpr std::array<double, 14> kBounds = {0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25,
                                            0.5,   0.75, 1,     2.5,  5,     7.5, 10};
constexpr size_t kBuckets = kBounds.size() + 1;

// Of each route, over all its points.
enum Hole : size_t {
  kGoodTimeHole,
  kGoodStartHole,
  kGoodRouteHole,
  kGoodStatusHole,
  kGoodHole,
  kBadTimeHole,
  kBadStartHole,
  kBadRouteHole,
  kBadStatusHole,
  kBadHole,
  kHistogramTimeHole,
  kHistogramStartHole,
  kHistogramRouteHole,
  kCountHole,
  kSumHole,
  kBucketHole,
  kGaugeTimeHole = kBucketHole + kBuckets,
  kGaugeRouteHole,
  kGaugeHole,
  kHoles
};

class MetricPayload final : public LoadPayload {
 public:
  explicit MetricPayload(const LoadPayloadOptions& options)
      : options_(options),
        stretches_((options.cardinality + RoutesMax(options) - 1) / RoutesMax(options)),
        routes_((options.cardinality + stretches_ - 1) / stretches_),
        service_digits_(DigitsOf(options.services - 1)),
        route_digits_(DigitsOf(routes_ * stretches_ - 1)),
        mean_seconds_(options.latency.mean().count()),
        template_(Write()) {
    for (size_t i = 0; i < kBounds.size(); ++i) {
      shares_[i] = options.latency.ShareWithin(nanoseconds(std::llround(kBounds[i] * 1e9)));
    }
    shares_.back() = 1;
  }

  size_t items() const override { return 4 * routes_; }
  Made Make(uint64_t number, base::UnixNanos now, std::string& body) const override;

 private:
  static size_t RoutesMax(const LoadPayloadOptions& options) {
    return std::max<size_t>(options.items / LoadPayloadOptions::kMetricItemsMin, 1);
  }

  LoadTemplate Write() const;
  void WriteCounter(LoadTemplateWriter& writer) const;
  void WriteHistogram(LoadTemplateWriter& writer) const;
  void WriteGauge(LoadTemplateWriter& writer) const;
  LoadAttribute Route(size_t hole) const {
    return {.key = "http.route",
            .text = RouteText(route_digits_),
            .kind = LoadAttribute::Kind::kTextHole,
            .hole = hole,
            .at = kRouteDigitsAt};
  }
  void PutHistogram(size_t first, uint64_t increment, uint64_t points, std::string& body) const;

  const LoadPayloadOptions options_;
  const size_t stretches_;  // in which a service's routes are reported
  const size_t routes_;     // in each
  const size_t service_digits_;
  const size_t route_digits_;
  const double mean_seconds_;
  std::array<double, kBuckets> shares_{};  // within each bucket's upper bound
  const LoadTemplate template_;            // last: written from the others
};

LoadTemplate MetricPayload::Write() const {
  return WriteEnvelope(options_, kEnvelope, [this](LoadTemplateWriter& writer) {
    writer.Messages(kMetrics, 3, [&](size_t i) {
      if (i == 0) return WriteCounter(writer);
      return i == 1 ? WriteHistogram(writer) : WriteGauge(writer);
    });
  });
}

void MetricPayload::WriteCounter(LoadTemplateWriter& writer) const {
  writer.Text(kName, "http.server.requests");
  writer.Text(kUnit, "{request}");
  writer.Message(kSum, [&] {
    writer.Messages(kDataPoints, 2 * routes_, [&](size_t i) {
      const size_t first = kFirstItemHole + i / 2 * kHoles + (i % 2) * (kBadTimeHole);
      writer.Fixed64Hole(kStart, first + kGoodStartHole);
      writer.Fixed64Hole(kTime, first + kGoodTimeHole);
      writer.Fixed64Hole(kAsInt, first + kGoodHole);
      const std::array<LoadAttribute, 3> attributes = {
          {{.key = "http.request.method", .text = "GET"},
           Route(first + kGoodRouteHole),
           {.key = "http.response.status_code",
            .kind = LoadAttribute::Kind::kIntHole,
            .hole = first + kGoodStatusHole}}};
      WriteAttributes(kNumberAttributes, attributes, writer);
    });
    writer.Enum(kTemporality, kCumulative);
    writer.Bool(kMonotonic, true);
  });
}

void MetricPayload::WriteHistogram(LoadTemplateWriter& writer) const {
  writer.Text(kName, "http.server.request.duration");
  writer.Text(kUnit, "s");
  writer.Message(kHistogram, [&] {
    writer.Messages(kDataPoints, routes_, [&](size_t i) {
      const size_t first = kFirstItemHole + i * kHoles;
      writer.Fixed64Hole(kStart, first + kHistogramStartHole);
      writer.Fixed64Hole(kTime, first + kHistogramTimeHole);
      writer.Fixed64Hole(kCount, first + kCountHole);
      writer.DoubleHole(kHistogramSum, first + kSumHole);
      writer.Fixed64Holes(kBucketCounts, kBuckets, first + kBucketHole);
      writer.Doubles(kExplicitBounds, kBounds);
      const std::array<LoadAttribute, 2> attributes = {
          {{.key = "http.request.method", .text = "GET"}, Route(first + kHistogramRouteHole)}};
      WriteAttributes(kHistogramAttributes, attributes, writer);
    });
    writer.Enum(kTemporality, kCumulative);
  });
}

void MetricPayload::WriteGauge(LoadTemplateWriter& writer) const {
  writer.Text(kName, "http.server.queue.length");
  writer.Text(kUnit, "{request}");
  writer.Message(kGauge, [&] {
    writer.Messages(kDataPoints, routes_, [&](size_t i) {
      const size_t first = kFirstItemHole + i * kHoles;
      writer.Fixed64Hole(kTime, first + kGaugeTimeHole);
      writer.DoubleHole(kAsDouble, first + kGaugeHole);
      const std::array<LoadAttribute, 2> attributes = {
          {{.key = "http.request.method", .text = "GET"}, Route(first + kGaugeRouteHole)}};
      WriteAttributes(kNumberAttributes, attributes, writer);
    });
  });
}

LoadPayload::Made MetricPayload::Make(uint64_t number, base::UnixNanos now,
                                      std::string& body) const {
  body = template_.bytes();
  const Made made{.service = number % options_.services};
  template_.PutDigits(kServiceHole, made.service, service_digits_, body);
  std::mt19937_64 random = RequestRandom(options_, number);
  const uint64_t round = number / options_.services;
  const uint64_t points = round / stretches_ + 1;  // of each stream, this one included
  const auto time = static_cast<uint64_t>(now.time_since_epoch().count());
  const auto start = static_cast<uint64_t>(options_.start.time_since_epoch().count());
  for (size_t i = 0; i < routes_; ++i) {
    const size_t first = kFirstItemHole + i * kHoles;
    const uint64_t route = round % stretches_ * routes_ + i;
    const uint64_t stream = Scramble(options_.seed) + made.service * stretches_ * routes_ + route;
    const uint64_t increment = kIncrementMin + Scramble(stream) % kIncrements;
    const uint64_t total = points * increment;
    const auto bad = static_cast<uint64_t>(static_cast<double>(total) * options_.error_ratio);
    for (const size_t hole : {kGoodTimeHole, kBadTimeHole, kHistogramTimeHole, kGaugeTimeHole}) {
      template_.PutFixed64(first + hole, time, body);
    }
    for (const size_t hole : {kGoodStartHole, kBadStartHole, kHistogramStartHole}) {
      template_.PutFixed64(first + hole, start, body);
    }
    for (const size_t hole :
         {kGoodRouteHole, kBadRouteHole, kHistogramRouteHole, kGaugeRouteHole}) {
      template_.PutDigits(first + hole, route, route_digits_, body);
    }
    template_.PutInt(first + kGoodStatusHole, 200, body);
    template_.PutInt(first + kBadStatusHole, 500, body);
    template_.PutFixed64(first + kGoodHole, total - bad, body);
    template_.PutFixed64(first + kBadHole, bad, body);
    PutHistogram(first, increment, points, body);
    template_.PutDouble(first + kGaugeHole, static_cast<double>(random() % 4000) / 4, body);
  }
  return made;
}

void MetricPayload::PutHistogram(size_t first, uint64_t increment, uint64_t points,
                                 std::string& body) const {
  template_.PutFixed64(first + kCountHole, points * increment, body);
  template_.PutDouble(first + kSumHole, static_cast<double>(points * increment) * mean_seconds_,
                      body);
  uint64_t below = 0;
  for (size_t bucket = 0; bucket < kBuckets; ++bucket) {
    const auto within = static_cast<uint64_t>(static_cast<double>(increment) * shares_[bucket]);
    template_.PutFixed64(first + kBucketHole + bucket, points * (within - below), body);
    below = within;
  }
}

}  // namespace

std::unique_ptr<LoadPayload> MakeMetricPayload(const LoadPayloadOptions& options) {
  return std::make_unique<MetricPayload>(options);
}

}  // namespace slowburn::app
