// slo/internal/slice_tally.h: increments, added up by SLI, group and slice.
//
// Room     slo/internal
// Uses     slo/
// Threads  one owner
// Units    events, slices
#pragma once

#include <cstdint>
#include <string_view>

#include "slo/delta_index.h"
#include "slo/gauge_stream.h"
#include "slo/metric_delta.h"
#include "slo/sli_delta.h"

namespace slowburn::slo::internal {

class SliceTally {
 public:
  SliceTally() { index_.Begin(); }

  void Add(SliId sli, std::string_view key, const Increment& increment, const CountEffect& effect);
  void Add(SliId sli, std::string_view key, const GaugeStream::Change& change, uint64_t time);
  // Once: without entries that came to nothing.
  SliDelta Take() {
    delta_.DropEmpty();
    return std::move(delta_);
  }

 private:
  struct Group {
    SliId sli{};
    std::string_view key;
  };
  void AddSpread(const Group& group, uint64_t count, const Increment& increment, int to_good,
                 int to_bad);

  SliDelta delta_{model::Signal::kMetrics};
  DeltaIndex index_;
};

}  // namespace slowburn::slo::internal
