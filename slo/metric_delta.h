// slo/metric_delta.h: what one metrics request has for the SLIs: points, not yet counts.
//
// Room     slo
// Uses     model/, slo/
// Threads  a value with one owner
// Units    unix nanoseconds
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "slo/metric_increment.h"
#include "slo/metric_latencies.h"
#include "slo/metric_sli.h"
#include "slo/slice.h"

namespace slowburn::slo {

// A series as one SLI reads it: a hash of resource, scope, metric name and attributes, the SLI and
// what the series is to it. The type and temporality are not in it: a writer that changes them goes
// on with the same series.
struct StreamKey {
  uint64_t high = 0;
  uint64_t low = 0;
  friend auto operator<=>(const StreamKey&, const StreamKey&) = default;
  template <typename H>
  friend H AbslHashValue(H h, const StreamKey& key) {
    return H::combine(std::move(h), key.high, key.low);
  }
};

enum class ObservationKind : uint8_t { kCumulative, kDelta, kGauge };

// What `total` and `good` of a point add to an SLI's counts. A total beside bad ones is good until
// it is known to be bad, so a bad event moves one from good to bad.
struct CountEffect {
  int8_t total_to_good = 0;
  int8_t total_to_bad = 0;
  bool has_good = false;  // histograms: `good` of them are good, the others bad

  friend bool operator==(const CountEffect&, const CountEffect&) = default;
};

struct CounterEffects {
  CountEffect good, bad, total;
};
// Of (good, total) what is not good is bad until it is known to be good; of (bad, total) the other
// way round.
inline CounterEffects EffectsOf(const CounterSli& sli) {
  const bool has_good = sli.good.has_value(), has_total = sli.total.has_value();
  const auto minus_if_total = static_cast<int8_t>(has_total ? -1 : 0);
  return {.good = {.total_to_good = 1, .total_to_bad = minus_if_total},
          .bad = {.total_to_good = minus_if_total, .total_to_bad = 1},
          .total = {.total_to_good = static_cast<int8_t>(has_good ? 0 : 1),
                    .total_to_bad = static_cast<int8_t>(has_good ? 1 : 0)}};
}

// One point of one series for one SLI.
struct MetricObservation {
  StreamKey stream;
  uint64_t writer = 0;  // a hash of resource, scope and metric name
  // The same series and writer as history has them, which a store knows by labels alone. Zeros:
  // that is not known, or they are the two above.
  StreamKey stored_stream;
  uint64_t stored_writer = 0;
  SliId sli{};
  ObservationKind kind = ObservationKind::kCumulative;
  CountEffect effect;
  bool is_bad = false;  // gauges
  // Exponential histograms of an SLI with a latency: one past its place in the delta; 0: none.
  uint32_t latencies = 0;
  uint32_t position = 0;   // among the points of the request that the decoder accepted
  uint32_t key_begin = 0;  // of the raw group key; empty for an SLI without group_by
  uint32_t key_size = 0;
  CounterPoint point;   // of a gauge the time alone
  BucketBounds around;  // of a histogram whose `good` is an estimate
};

class MetricDelta {
 public:
  // In the order of the request.
  const std::vector<MetricObservation>& observations() const { return observations_; }
  std::string_view key(const MetricObservation& observation) const {
    return {keys_.data() + observation.key_begin, observation.key_size};
  }
  // Null: it has none.
  const MetricLatencies* latencies(const MetricObservation& observation) const {
    return observation.latencies == 0 ? nullptr : &latencies_[observation.latencies - 1];
  }
  bool empty() const { return observations_.empty() && invalid == 0; }
  size_t memory_bytes() const {
    size_t bytes = observations_.capacity() * sizeof(MetricObservation) + keys_.capacity();
    for (const MetricLatencies& latencies : latencies_) bytes += latencies.histogram.memory_bytes();
    return bytes;
  }

  MetricObservation& Append(std::string_view key) {
    MetricObservation& observation = observations_.emplace_back();
    observation.key_begin = static_cast<uint32_t>(keys_.size());
    observation.key_size = static_cast<uint32_t>(key.size());
    keys_.append(key);
    return observation;
  }

  void SetLatencies(MetricObservation& observation, MetricLatencies latencies) {
    latencies_.push_back(std::move(latencies));
    observation.latencies = static_cast<uint32_t>(latencies_.size());
  }

  // Those of one SLI.
  MetricDelta Of(SliId sli) const {
    MetricDelta delta;
    for (const MetricObservation& observation : observations_) {
      if (observation.sli != sli) continue;
      MetricObservation& copy = delta.Append(key(observation));
      const uint32_t key_begin = copy.key_begin;
      copy = observation;
      copy.key_begin = key_begin;
      if (latencies(observation) != nullptr) delta.SetLatencies(copy, *latencies(observation));
    }
    return delta;
  }

  // Values that an SLI selects and cannot count: NaN, below zero, a histogram without buckets.
  uint64_t invalid = 0;

 private:
  std::vector<MetricObservation> observations_;
  std::vector<MetricLatencies> latencies_;
  std::string keys_;
};

}  // namespace slowburn::slo
