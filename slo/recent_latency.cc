#include "slo/recent_latency.h"

namespace slowburn::slo {

RecentRange RecentRangeAt(std::chrono::sys_seconds now) {
  const LatencySlot open = LatencySlotOf(now);
  return {LatencySlotStart(open - 1), LatencySlotStart(open + 1)};
}

std::optional<LatencyPercentiles> RecentLatency(const LatencyTable& table, SliId sli, GroupId group,
                                                std::chrono::sys_seconds now,
                                                double nanos_per_unit) {
  const RecentRange range = RecentRangeAt(now);
  const LatencySlot begin = LatencySlotOf(range.start);
  const LatencySlot end = LatencySlotOf(range.end);
  LatencySum sum;
  for (const ResidentLatencyHour& hour : table.CopyHours(sli, group, begin / kLatencySlotsPerHour,
                                                         (end - 1) / kLatencySlotsPerHour + 1)) {
    for (uint32_t slot = 0; slot < kLatencySlotsPerHour; ++slot) {
      const LatencySlot at = hour.hour * kLatencySlotsPerHour + slot;
      if (at >= begin && at < end) sum.Add(hour.block.At(slot));
    }
  }
  if (sum.count() == 0) return std::nullopt;
  return PercentilesOf(sum, range.start, range.end, nanos_per_unit);
}

}  // namespace slowburn::slo
