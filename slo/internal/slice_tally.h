// slo/internal/slice_tally.h: increments, added up by SLI, group and slice.
//
// Room     slo/internal
// Uses     slo/
// Threads  one owner
// Units    events, slices
#pragma once

#include <cstdint>
#include <map>
#include <string_view>

#include "slo/delta_index.h"
#include "slo/gauge_stream.h"
#include "slo/latency_histogram.h"
#include "slo/metric_delta.h"
#include "slo/sli_delta.h"

namespace slowburn::slo::internal {

class SliceTally {
 public:
  SliceTally() { index_.Begin(); }

  void Add(SliId sli, std::string_view key, const Increment& increment, const CountEffect& effect);
  void Add(SliId sli, std::string_view key, const GaugeStream::Change& change, uint64_t time);
  // How long the events of an increment took, at its end.
  void Add(SliId sli, std::string_view key, const Increment& increment,
           const LatencyHistogram& latencies);
  // Once: without entries that came to nothing.
  SliDelta Take();

 private:
  struct Group {
    SliId sli{};
    std::string_view key;
  };
  void AddSpread(const Group& group, uint64_t count, const Increment& increment, int to_good,
                 int to_bad);

  SliDelta delta_{model::Signal::kMetrics};
  DeltaIndex index_;
  std::map<uint32_t, LatencyHistogram> latencies_;  // by entry
};

}  // namespace slowburn::slo::internal
