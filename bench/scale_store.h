// bench/scale_store.h: a store as a server leaves it that has had SLOs of many groups for a long
// time.
//
// Room     bench
// Uses     slo/, storage/api, proto (slowburn/store)
// Threads  one
// Units    unix time; counts are events
#pragma once

#include <chrono>
#include <cstdint>

#include <absl/status/status.h>

#include "slo/slo_spec.h"
#include "storage/api/store.h"

namespace slowburn::bench {

class ScaleWriter;

// SLIs of up to 1,000 groups (the total is one), each with an SLO of 30 d and one of 90 d by the
// workbook's policy: nine windows. Each group has ten good events at the first slice
// of each five minutes.
struct ScaleStore {
  size_t groups = 10'000;
  uint32_t days = 91;
  // Only the hour blocks where windows begin and end, or all and the day blocks.
  bool only_edges = false;
  std::chrono::sys_seconds saved{};  // the state is as of its slice

  size_t slis() const { return (groups + 999) / 1000; }
  size_t groups_of(size_t sli) const {
    return sli + 1 < slis() ? 1000 : groups - 1000 * (slis() - 1);
  }
  slo::SloSet Slos() const;
  absl::Status Write(storage::Store& store) const;

 private:
  absl::Status WriteGroups(ScaleWriter& writer) const;
  absl::Status WriteBlocks(ScaleWriter& writer) const;
};

}  // namespace slowburn::bench
