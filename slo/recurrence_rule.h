// slo/recurrence_rule.h: how something repeats, e.g. FREQ=MONTHLY;BYDAY=2TU.
//
// Room     slo: pure
// Uses     base/, Abseil's civil time
// Threads  immutable values
// Units    civil days; ordinals count from 1, negative ones from the end
// Source   RFC 5545, 3.3.10 (Recurrence Rule), the parts that choose days
#pragma once

#include <compare>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>
#include <absl/time/civil_time.h>

namespace slowburn::slo {

enum class Frequency : uint8_t { kDaily, kWeekly, kMonthly, kYearly };

// "MO": every Monday; "2TU": the second Tuesday, "-1FR": the last Friday of the month or year.
struct WeekdayOrdinal {
  int ordinal = 0;  // 0: every one
  absl::Weekday weekday = absl::Weekday::monday;
  friend auto operator<=>(const WeekdayOrdinal&, const WeekdayOrdinal&) = default;
};

// The last moment at which an occurrence may begin.
struct RecurrenceUntil {
  absl::CivilSecond moment;
  bool in_utc = false;  // else on the clocks of the recurrence's zone
  friend bool operator==(const RecurrenceUntil&, const RecurrenceUntil&) = default;
};

// Lists are sorted and hold each value once; an empty one does not restrict.
struct RecurrenceRule {
  Frequency frequency = Frequency::kDaily;
  int interval = 1;          // 1 to 10,000
  std::optional<int> count;  // 1 to 100,000; never beside `until`
  std::optional<RecurrenceUntil> until;
  std::vector<int> by_month;      // 1 to 12
  std::vector<int> by_month_day;  // 1 to 31, -31 to -1
  std::vector<WeekdayOrdinal> by_day;
  std::vector<int> by_set_pos;  // 1 to 366, -366 to -1
  absl::Weekday week_start = absl::Weekday::monday;

  // Reads "FREQ=WEEKLY;BYDAY=SU" in any case, with or without "RRULE:" before it; at most 1,000
  // bytes. kInvalidArgument says what is wrong and what to write. What RFC 5545 has beyond (BYHOUR
  // and finer, BYYEARDAY, BYWEEKNO, hourly and finer frequencies) is refused by name, and so is
  // what it forbids. UNTIL=20241224 means all of that day, on the zone's clocks.
  static absl::StatusOr<RecurrenceRule> Parse(std::string_view text);

  // In one spelling: equal rules have equal texts, and Parse reads it back.
  std::string Text() const;

  // Whether the rule chooses this day of a period, BYSETPOS and INTERVAL aside.
  bool Chooses(absl::CivilDay day) const;

  friend bool operator==(const RecurrenceRule&, const RecurrenceRule&) = default;
};

}  // namespace slowburn::slo
