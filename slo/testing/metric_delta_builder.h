// slo/testing/metric_delta_builder.h: a MetricDelta by its observations.
//
// Room     slo, tests only
// Uses     slo/
// Threads  one owner
// Units    seconds
#pragma once

#include <cstdint>
#include <string_view>
#include <utility>

#include "slo/metric_delta.h"
#include "slo/sli_delta.h"

namespace slowburn::slo::testing {

inline constexpr CountEffect kGoodOfBoth{.total_to_good = 1};
inline constexpr CountEffect kBadOfBoth{.total_to_bad = 1};
inline constexpr CountEffect kBadOfTotal{.total_to_good = -1, .total_to_bad = 1};
inline constexpr CountEffect kTotalBesideBad{.total_to_good = 1};
inline constexpr CountEffect kHistogramEffect{.has_good = true};

// Positions ascend as observations are added.
class MetricDeltaBuilder {
 public:
  static constexpr uint64_t kSecond = 1'000'000'000;

  MetricDeltaBuilder& Point(uint64_t stream, const CounterPoint& point,
                            const CountEffect& effect = kTotalBesideBad,
                            ObservationKind kind = ObservationKind::kCumulative,
                            std::string_view group = {}, SliId sli = SliId{1}) {
    std::string key;
    if (!group.empty()) AppendGroupValue(key, group);
    MetricObservation& observation = delta_.Append(key);
    observation.stream = {stream, 0};
    observation.writer = stream / 100 + 1;
    observation.sli = sli;
    observation.kind = kind;
    observation.effect = effect;
    observation.position = position_++;
    observation.point = point;
    return *this;
  }
  MetricDeltaBuilder& Counter(uint64_t stream, uint64_t start, uint64_t time, uint64_t value,
                              const CountEffect& effect = kTotalBesideBad,
                              ObservationKind kind = ObservationKind::kCumulative) {
    return Point(stream,
                 {.start = start * kSecond, .time = time * kSecond, .total = {.whole = value}},
                 effect, kind);
  }
  MetricDeltaBuilder& Gauge(uint64_t stream, uint64_t time, bool bad) {
    Point(stream, {.time = time * kSecond}, {}, ObservationKind::kGauge);
    last().is_bad = bad;
    return *this;
  }
  // The last one that was appended.
  MetricObservation& last() { return const_cast<MetricObservation&>(delta_.observations().back()); }
  MetricDeltaBuilder& SetLatencies(MetricLatencies latencies) {
    delta_.SetLatencies(last(), std::move(latencies));
    return *this;
  }
  const MetricDelta& delta() const { return delta_; }

 private:
  MetricDelta delta_;
  uint32_t position_ = 0;
};

}  // namespace slowburn::slo::testing
