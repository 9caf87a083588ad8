// slo/delta_stream.h: the time that a delta counter or histogram has covered.
//
// Room     slo: pure
// Uses     slo/
// Threads  a value; one thread at a time writes
// Units    unix nanoseconds; events
// Source   OTLP metrics data model, "Sums: Delta-to-Cumulative"; docs/metrics_sli.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "slo/metric_increment.h"

namespace slowburn::slo {

// Each moment is counted once. A point for time that is not covered yet counts whenever it comes,
// as long as its gap is among the newest kGapsMax.
struct DeltaStream {
  static constexpr size_t kGapsMax = 8;
  struct Gap {
    uint64_t from = 0;
    uint64_t to = 0;
    friend bool operator==(const Gap&, const Gap&) = default;
  };

  // All before `time` is covered.
  static DeltaStream CoveredUntil(uint64_t time);

  CounterPoint last;      // the newest
  std::vector<Gap> gaps;  // before `last`, ascending; all before the first point is one
  double total_rest = 0;  // fractions that are no event yet
  double good_rest = 0;

  // Whether the point was counted. Appends what it counts.
  bool Place(CounterPoint point, std::vector<Increment>& increments, MetricTally& tally);
  uint64_t newest() const { return last.time; }
  friend bool operator==(const DeltaStream&, const DeltaStream&) = default;
};

}  // namespace slowburn::slo
