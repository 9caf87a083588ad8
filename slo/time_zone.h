// slo/time_zone.h: time zones by their IANA names, and what their clocks show.
//
// Room     slo
// Uses     Abseil's time zones
// Threads  thread-safe
// Units    seconds; local times are civil times: what a clock on the wall shows
// Source   IANA time zone database
//
// The one thing in this room that reads files: a zone comes from the system's database
// (/usr/share/zoneinfo, Debian's package tzdata) when its name is first used, and is then kept.
#pragma once

#include <chrono>
#include <string_view>

#include <absl/status/statusor.h>
#include <absl/time/civil_time.h>
#include <absl/time/time.h>

namespace slowburn::slo {

// "Europe/Paris", "UTC". kInvalidArgument with what to write for a name that the database does not
// have. Abseil's and the system's own names (localtime, right/..., a path) are no names here: they
// mean something else on each machine.
absl::StatusOr<absl::TimeZone> LoadTimeZone(std::string_view name);

// When clocks of the zone first show `local` or, where they skip it, the moment of the skip.
std::chrono::sys_seconds FirstAtOrAfter(absl::CivilSecond local, const absl::TimeZone& zone);

// When clocks of the zone first show `local`. A time that they skip is read with the offset before
// the skip (RFC 5545, 3.3.5): in Paris 02:30 of 2024-03-31 is what clocks show as 03:30.
std::chrono::sys_seconds InstantOf(absl::CivilSecond local, const absl::TimeZone& zone);

absl::CivilSecond LocalTime(std::chrono::sys_seconds instant, const absl::TimeZone& zone);

}  // namespace slowburn::slo
