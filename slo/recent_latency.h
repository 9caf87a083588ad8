// slo/recent_latency.h: how long events take now: the percentiles that series show.
//
// Room     slo: pure
// Uses     slo/
// Threads  as slo/latency_table.h
// Units    five-minute slots, seconds
#pragma once

#include <chrono>
#include <optional>

#include "slo/latency_sum.h"
#include "slo/latency_table.h"

namespace slowburn::slo {

// [start, end) of what is recent at `now`: the five minutes that are open and those before them, so
// that the newest event counts at once and a quiet beginning of five minutes has company.
struct RecentRange {
  std::chrono::sys_seconds start{};
  std::chrono::sys_seconds end{};
};
RecentRange RecentRangeAt(std::chrono::sys_seconds now);

// The percentiles of that range, of what is in memory: nothing of the store is read. Nothing when
// nothing was recorded.
std::optional<LatencyPercentiles> RecentLatency(const LatencyTable& table, SliId sli, GroupId group,
                                                std::chrono::sys_seconds now,
                                                double nanos_per_unit = 1);

}  // namespace slowburn::slo
