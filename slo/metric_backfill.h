// slo/metric_backfill.h: counts of the past from points of the past, by the same rules as live.
//
// Room     slo
// Uses     slo/
// Threads  one thread at a time
// Units    slices, events
// Source   docs/metrics_sli.md
#pragma once

#include <cstdint>

#include "slo/backfill.h"
#include "slo/metric_delta.h"
#include "slo/metric_streams.h"

namespace slowburn::slo {

struct SliceRange {
  Slice begin = 0;
  Slice end = 0;
};

// Feed it the points of one SLI's series, each series' in the order of time; what they come to in
// the range goes to a Backfill. Series begin as they do live: the first value is a base unless it
// grew within the points.
class MetricBackfill {
 public:
  // `to` must outlive it, and is of this SLI.
  MetricBackfill(SliId sli, Backfill& to, SliceRange range = {0, UINT32_MAX})
      : sli_(sli), to_(to), range_(range), streams_(MakeOptions()) {}

  // Observations of other SLIs are passed over.
  void Add(const MetricDelta& delta);
  const MetricTally& tally() const { return tally_; }

 private:
  static MetricStreams::Options MakeOptions();

  SliId sli_;
  Backfill& to_;
  SliceRange range_;
  MetricStreams streams_;
  MetricTally tally_;
};

}  // namespace slowburn::slo
