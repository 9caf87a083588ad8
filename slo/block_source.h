// slo/block_source.h: where counts lie that are not in memory. The program implements it on the
// store, tests on a map.
//
// Room     slo
// Uses     slo/
// Threads  as the implementation says; the engine calls it from its own thread, readers from theirs
// Units    hour = unix hours, day = unix days
#pragma once

#include <cstdint>
#include <optional>

#include <absl/status/statusor.h>

#include "slo/slice_block.h"

namespace slowburn::slo {

class BlockSource {
 public:
  virtual ~BlockSource() = default;
  // Nothing where no event was counted or the block is past its retention. kDataLoss when the bytes
  // are wrong.
  virtual absl::StatusOr<std::optional<SliceBlock>> ReadHour(SliId sli, GroupId group,
                                                             uint32_t hour) const = 0;
  virtual absl::StatusOr<std::optional<SliceBlock>> ReadDay(SliId sli, GroupId group,
                                                            uint32_t day) const = 0;
};

}  // namespace slowburn::slo
