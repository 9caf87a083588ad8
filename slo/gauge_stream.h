// slo/gauge_stream.h: the newest slices of a gauge, and whether it was good in them.
//
// Room     slo: pure
// Uses     slo/
// Threads  a value; one thread at a time writes
// Units    unix nanoseconds; slices
// Source   docs/metrics_sli.md
#pragma once

#include <cstdint>

#include "slo/metric_increment.h"
#include "slo/slice.h"

namespace slowburn::slo {

// One event for each slice that has a sample, bad when any of them is bad; known for the newest 64
// slices (10 min 40 s), so a sample within them counts in any order, and once.
struct GaugeStream {
  Slice newest_slice = 0;
  uint64_t seen = 0;  // bit i: newest_slice - i has a sample
  uint64_t bad = 0;   // of those seen
  uint64_t last_time = 0;

  struct Change {
    Slice slice = 0;
    SliCounts counts;  // bad + 1 and good - 1 when a slice turns bad
  };
  // What the sample changes; counts of nothing where it changes nothing.
  Change Place(uint64_t time, bool is_bad, MetricTally& tally);
  uint64_t newest() const { return last_time; }
  friend bool operator==(const GaugeStream&, const GaugeStream&) = default;
};

}  // namespace slowburn::slo
