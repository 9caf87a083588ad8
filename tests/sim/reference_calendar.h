// tests/sim/reference_calendar.h: when the period of a calendar began, found by walking the clock.
//
// Room     tests/sim: includes nothing of slo/
// Uses     Abseil's time zones
// Threads  one thread: it remembers what it found
// Units    slices of 10 s since the epoch
// Source   DESIGN section 4, "Windows"; docs/budgets.md
#pragma once

#include <cstdint>
#include <string>

namespace slowburn::sim {

// The first slice of the day, week (from Monday), month, quarter or year that holds `slice`: the
// first that begins on a date of that period, on the clocks of `time_zone`.
int64_t CalendarBegin(const std::string& calendar, const std::string& time_zone, int64_t slice);

}  // namespace slowburn::sim
