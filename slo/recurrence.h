// slo/recurrence.h: the occurrences of what repeats, e.g. Sundays from 02:00 to 04:00 in Paris.
//
// Room     slo: pure, but for the zone's file (slo/time_zone.h)
// Uses     base/, slo/, Abseil's time zones
// Threads  immutable values
// Units    seconds; starts are local times, occurrences are unix time
// Source   RFC 5545, 3.3.10 and 3.8.5.3
#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <utility>

#include <absl/functional/function_ref.h>
#include <absl/status/statusor.h>
#include <absl/time/civil_time.h>
#include <absl/time/time.h>

#include "slo/recurrence_rule.h"

namespace slowburn::slo {

// A rule, the local time of its start, a zone, and how long an occurrence lasts.
//
// - An occurrence begins on a day that the rule chooses, on the start's day or later, at the
//   start's time of day on the zone's clocks, and ends a fixed number of seconds later: over a
//   change of clocks two hours stay two hours. The start itself is one only if the rule chooses it.
// - Where clocks skip that time, it is read with the offset before the skip: 02:30 becomes 03:30
//   that day. (RFC 5545 would leave such an occurrence out, and not count it; dateutil and most
//   calendars do as we do, and maintenance does happen that day.) Where they show it twice, it is
//   the first. Two that a skipped day makes one moment are one.
// - BYSETPOS chooses among all days of a period, those before the start included.
// - The years are 1970 to 2100; there is at most one occurrence a day, so at most 47,847.
class Recurrence {
 public:
  static constexpr std::chrono::seconds kDurationMax = std::chrono::days(31);

  // kInvalidArgument, saying what to write, for a rule that is none or never holds from the start
  // to 2100, an unknown zone, a start outside 1970 to 2100, a duration that is not positive or
  // above kDurationMax. The cost is a walk over days: to the first that the rule chooses, and with
  // COUNT to the last; from 1970 to 2100 that is 6 ms.
  static absl::StatusOr<Recurrence> Parse(std::string_view rule, absl::CivilSecond start,
                                          std::string_view time_zone,
                                          std::chrono::seconds duration);

  // Calls fn(begin, end) for each occurrence that overlaps [from, to), by rising begin. The cost
  // follows the periods of the rule within the range, however far its start: no more than a test
  // of each day.
  void ForEach(
      std::chrono::sys_seconds from, std::chrono::sys_seconds to,
      absl::FunctionRef<void(std::chrono::sys_seconds, std::chrono::sys_seconds)> fn) const;

  const RecurrenceRule& rule() const { return rule_; }
  absl::CivilSecond start() const { return start_; }
  const std::string& time_zone() const { return time_zone_; }
  std::chrono::seconds duration() const { return duration_; }
  // "FREQ=WEEKLY;BYDAY=SU from 2026-01-04T02:00:00 Europe/Paris for 7200s": its identity.
  std::string CanonicalText() const;

  friend bool operator==(const Recurrence& a, const Recurrence& b) {
    return a.rule_ == b.rule_ && a.start_ == b.start_ && a.time_zone_ == b.time_zone_ &&
           a.duration_ == b.duration_;
  }

 private:
  Recurrence(RecurrenceRule rule, absl::CivilSecond start, std::string_view time_zone,
             absl::TimeZone zone, std::chrono::seconds duration);

  // Calls visit(day) for each day with an occurrence in [first, last], rising, until it returns
  // false.
  void VisitDays(absl::CivilDay first, absl::CivilDay last,
                 absl::FunctionRef<bool(absl::CivilDay)> visit) const;
  std::chrono::sys_seconds BeginOn(absl::CivilDay day) const;
  absl::CivilDay LastDay() const;

  RecurrenceRule rule_;  // as written
  RecurrenceRule full_;  // with the days that the start implies
  absl::CivilSecond start_;
  std::string time_zone_;
  absl::TimeZone zone_;
  std::chrono::seconds duration_;
  absl::CivilDay last_day_;  // by COUNT, UNTIL or the end of 2100
};

}  // namespace slowburn::slo
