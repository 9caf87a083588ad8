// slo/latency_reader.h: the latencies of one group over any range: what is in memory first, the
// store for the rest.
//
// Room     slo
// Uses     slo/
// Threads  a LatencyReader belongs to one thread; LatencyView is a value
// Units    five-minute slots, [begin, end)
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include <absl/status/statusor.h>

#include "slo/latency_sum.h"
#include "slo/latency_table.h"
#include "slo/range_sum.h"

namespace slowburn::slo {

// Where the latencies of one group are. `hours` is ascending.
struct LatencyView {
  LatencyView(const GroupView& counts, std::vector<ResidentLatencyHour> resident)
      : sli(counts.sli),
        group(counts.group),
        hours(std::move(resident)),
        first_hour(counts.first / kSlicesPerHour),
        days_rolled(counts.days_rolled),
        hours_kept_from(counts.hours_kept_from) {}

  SliId sli;
  GroupId group;
  std::vector<ResidentLatencyHour> hours;
  uint32_t first_hour;       // of the group's first event; 0: there was none
  uint32_t days_rolled;      // days before this one have a day block where anything was recorded
  uint32_t hours_kept_from;  // days before this one have lost their hour blocks
};

// The least granularity at which latencies at `time` are still known: five minutes, or an hour
// where only day blocks are left.
std::chrono::seconds LatencyGranularityAt(const LatencyView& view, std::chrono::sys_seconds time);

struct LatencySlotRange {
  LatencySlot begin = 0;
  LatencySlot end = 0;
};

class LatencyReader {
 public:
  // Both must outlive the reader.
  LatencyReader(const LatencyView& view, const LatencySource& source)
      : view_(view), source_(source) {}

  // The latencies of [begin, end) without those of `masked`, ranges that are ascending and apart.
  // Where only hours are known, one counts as a whole, unless none of its slots is asked for.
  absl::StatusOr<LatencySum> Sum(LatencySlot begin, LatencySlot end,
                                 std::span<const LatencySlotRange> masked = {});
  // The day block of `day`, made of its hours; empty when there is none of them, so that the store
  // has the right one, if any.
  absl::StatusOr<LatencyBlock> MakeDay(uint32_t day);

 private:
  bool HasResident(uint32_t day) const;
  absl::StatusOr<bool> AddDay(uint32_t day, LatencySum& sum);
  absl::Status AddHour(uint32_t hour, uint32_t slots, LatencySum& sum);
  absl::StatusOr<const LatencyBlock*> Hour(uint32_t hour);
  absl::StatusOr<LatencyBlock> ReadHour(uint32_t hour);
  absl::StatusOr<const LatencyBlock*> Day(uint32_t day);

  const LatencyView& view_;
  const LatencySource& source_;
  // What was read last: short steps ask for it again.
  std::optional<uint32_t> last_hour_;
  std::optional<uint32_t> last_day_;
  LatencyBlock last_hour_block_{kLatencySlotsPerHour};
  LatencyBlock last_day_block_{kLatencyHoursPerDay};
};

}  // namespace slowburn::slo
