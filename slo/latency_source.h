// slo/latency_source.h: where latencies lie that are not in memory. The program implements it on
// the store, tests on a map.
//
// Room     slo
// Uses     slo/
// Threads  as the implementation says
// Units    hour = unix hours, day = unix days
#pragma once

#include <cstdint>
#include <optional>

#include <absl/status/statusor.h>

#include "slo/latency_block.h"

namespace slowburn::slo {

class LatencySource {
 public:
  virtual ~LatencySource() = default;
  // Nothing where nothing was recorded or the block is past its retention. kDataLoss when the bytes
  // are wrong.
  virtual absl::StatusOr<std::optional<LatencyBlock>> ReadHour(SliId sli, GroupId group,
                                                               uint32_t hour) const = 0;
  virtual absl::StatusOr<std::optional<LatencyBlock>> ReadDay(SliId sli, GroupId group,
                                                              uint32_t day) const = 0;
  // Whether ReadHour gives anything for some hour of the day: for less than reading them.
  virtual absl::StatusOr<bool> HasHours(SliId sli, GroupId group, uint32_t day) const = 0;
};

}  // namespace slowburn::slo
