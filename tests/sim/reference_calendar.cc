#include "tests/sim/reference_calendar.h"

#include <map>
#include <tuple>

#include <absl/time/civil_time.h>
#include <absl/time/time.h>

namespace slowburn::sim {
namespace {

constexpr int64_t kSliceSeconds = 10;
// No clock is further ahead of UTC.
constexpr int64_t kAheadMaxSeconds = 15 * 3600;

absl::CivilDay DateOf(int64_t slice, const absl::TimeZone& zone) {
  return absl::CivilDay(zone.At(absl::FromUnixSeconds(slice * kSliceSeconds)).cs);
}

absl::CivilDay FirstDate(const std::string& calendar, absl::CivilDay day) {
  if (calendar == "week") return absl::PrevWeekday(day + 1, absl::Weekday::monday);
  if (calendar == "month") return absl::CivilDay(absl::CivilMonth(day));
  if (calendar == "quarter") return absl::CivilDay(day.year(), (day.month() - 1) / 3 * 3 + 1, 1);
  if (calendar == "year") return absl::CivilDay(absl::CivilYear(day));
  return day;
}

}  // namespace

int64_t CalendarBegin(const std::string& calendar, const std::string& time_zone, int64_t slice) {
  static std::map<std::tuple<std::string, std::string, absl::CivilDay>, int64_t> found;
  static std::map<std::string, absl::TimeZone> zones;
  const auto [zone, is_new_zone] = zones.try_emplace(time_zone);
  if (is_new_zone) absl::LoadTimeZone(time_zone, &zone->second);
  const absl::CivilDay first = FirstDate(calendar, DateOf(slice, zone->second));
  const auto [begin, is_new] = found.try_emplace({calendar, time_zone, first}, 0);
  if (!is_new) return begin->second;
  const int64_t midnight_utc = (first - absl::CivilDay(1970, 1, 1)) * 86'400;
  begin->second = (midnight_utc - kAheadMaxSeconds) / kSliceSeconds;
  while (DateOf(begin->second, zone->second) < first) ++begin->second;
  return begin->second;
}

}  // namespace slowburn::sim
