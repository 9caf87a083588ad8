#include "slo/calendar_grid.h"

#include <algorithm>
#include <array>

#include <absl/time/civil_time.h>
#include <fmt/format.h>

#include "base/mutant.h"
#include "base/status.h"
#include "slo/time_zone.h"

namespace slowburn::slo {
namespace {

using std::chrono::days;
using std::chrono::seconds;
using std::chrono::sys_seconds;

// The grid ends with the first start after 2100, which clocks east of Greenwich see end early.
constexpr sys_seconds kLast{std::chrono::sys_days(std::chrono::year(2101) / 1 / 2)};

struct PeriodRow {
  std::string_view name;
  days nominal;
  // A start that lies before 1970 in every zone. 1969-12-01 is a Monday.
  absl::CivilDay first;
};
const std::array<PeriodRow, 5>& Rows() {
  static const std::array<PeriodRow, 5> rows = {{
      {"day", days(1), absl::CivilDay(1969, 12, 1)},
      {"week", days(7), absl::CivilDay(1969, 12, 1)},
      {"month", days(30), absl::CivilDay(1969, 12, 1)},
      {"quarter", days(91), absl::CivilDay(1969, 10, 1)},
      {"year", days(365), absl::CivilDay(1969, 1, 1)},
  }};
  return rows;
}
const PeriodRow& Row(CalendarPeriod period) { return Rows()[static_cast<size_t>(period)]; }

// The first day of the period after the one that begins on `day`.
absl::CivilDay Next(CalendarPeriod period, absl::CivilDay day) {
  switch (period) {
    case CalendarPeriod::kDay:
      return day + 1;
    case CalendarPeriod::kWeek:
      return day + 7;
    case CalendarPeriod::kMonth:
      return absl::CivilDay(absl::CivilMonth(day) + 1);
    case CalendarPeriod::kQuarter:
      return absl::CivilDay(absl::CivilMonth(day) + 3);
    case CalendarPeriod::kYear:
      break;
  }
  return absl::CivilDay(absl::CivilYear(day) + 1);
}

// The first slice that begins at `time` or later; 0 for all before 1970.
Slice SliceAtOrAfter(sys_seconds time) {
  return time <= sys_seconds{} ? 0 : SliceOf(time + kSliceLength - seconds(1));
}

}  // namespace

std::string_view CalendarPeriodName(CalendarPeriod period) { return Row(period).name; }

std::optional<CalendarPeriod> ParseCalendarPeriod(std::string_view name) {
  for (size_t i = 0; i < Rows().size(); ++i) {
    if (Rows()[i].name == name) return static_cast<CalendarPeriod>(i);
  }
  return std::nullopt;
}

seconds NominalLength(CalendarPeriod period) { return Row(period).nominal; }

absl::StatusOr<std::shared_ptr<const CalendarGrid>> CalendarGrid::Create(
    CalendarPeriod period, std::string_view time_zone) {
  SB_ASSIGN_OR_RETURN(const absl::TimeZone zone, LoadTimeZone(time_zone));
  std::vector<Slice> starts = {0};
  for (absl::CivilDay day = Row(period).first;; day = Next(period, day)) {
    const Slice start = SliceAtOrAfter(FirstAtOrAfter(absl::CivilSecond(day), zone));
    // A day that is skipped whole would begin where the next one does.
    if (start > starts.back()) starts.push_back(start);
    if (start >= SliceOf(kLast)) break;
  }
  return std::shared_ptr<const CalendarGrid>(
      new CalendarGrid(period, time_zone, std::move(starts)));
}

Slice CalendarGrid::BeginOf(Slice slice) const {
  const Slice begin = *(std::upper_bound(starts_.begin(), starts_.end(), slice) - 1);
  return SB_MUTANT("calendar_edge") && begin < slice ? begin + 1 : begin;
}

Slice CalendarGrid::EndOf(Slice slice) const {
  const auto next = std::upper_bound(starts_.begin(), starts_.end(), slice);
  return next == starts_.end() ? kNoEnd : *next;
}

std::string CalendarGrid::Text() const {
  return fmt::format("{} {}", CalendarPeriodName(period_), time_zone_);
}

}  // namespace slowburn::slo
