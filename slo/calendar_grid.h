// slo/calendar_grid.h: when the days, weeks, months, quarters or years of one time zone begin.
//
// Room     slo: pure, but for the zone's file (slo/time_zone.h)
// Uses     base/, slo/, Abseil's time zones
// Threads  immutable; share one between all threads
// Units    slices; nominal lengths in seconds
// Source   DESIGN section 4, "Windows"; ISO 8601 (weeks begin on Monday)
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <absl/status/statusor.h>

#include "slo/slice.h"

namespace slowburn::slo {

enum class CalendarPeriod : uint8_t { kDay, kWeek, kMonth, kQuarter, kYear };

// "day", "week", "month", "quarter", "year".
std::string_view CalendarPeriodName(CalendarPeriod period);
std::optional<CalendarPeriod> ParseCalendarPeriod(std::string_view name);
// 1, 7, 30, 91 or 365 d: what burn thresholds are scaled by, whatever the real period's length.
std::chrono::seconds NominalLength(CalendarPeriod period);

// The period starts of one calendar period in one IANA time zone, e.g. the months of Europe/Paris,
// as slices. Shared by all SLOs that use it.
//
// A period begins at local midnight: where clocks skip midnight, at the first moment after the
// skip; where they show it twice, the first time. A start between two slices begins with the later
// one. Days that clocks skip whole (Pacific/Apia, 2011-12-30) are no periods.
//
// It covers 1970 to 2100. What is under way at 1970-01-01T00:00Z begins with slice 0, and the
// period that follows the last of 2100 has no end (kNoEnd). At most 47,900 starts of 4 bytes; a
// call is a binary search.
class CalendarGrid {
 public:
  static constexpr Slice kNoEnd = UINT32_MAX;

  // kInvalidArgument, with what to write, for a zone that the database does not have.
  static absl::StatusOr<std::shared_ptr<const CalendarGrid>> Create(CalendarPeriod period,
                                                                    std::string_view time_zone);

  // The start of the period that holds `slice`, and that of the next: [BeginOf, EndOf).
  Slice BeginOf(Slice slice) const;
  Slice EndOf(Slice slice) const;
  bool IsBegin(Slice slice) const { return BeginOf(slice) == slice; }

  CalendarPeriod period() const { return period_; }
  const std::string& time_zone() const { return time_zone_; }
  // "month Europe/Paris": its identity; persisted.
  std::string Text() const;

 private:
  CalendarGrid(CalendarPeriod period, std::string_view time_zone, std::vector<Slice> starts)
      : period_(period), time_zone_(time_zone), starts_(std::move(starts)) {}

  CalendarPeriod period_;
  std::string time_zone_;
  std::vector<Slice> starts_;  // strictly increasing; the first is 0
};

}  // namespace slowburn::slo
