// base/duration_text.h: durations as Prometheus writes them: 30d, 1h30m, 300ms, 4w.
//
// Room     base
// Uses     std::chrono
// Threads  pure functions
// Units    y = 365 d, w = 7 d, d = 24 h; milliseconds are the finest unit but for nanosecond
// literals Source   Prometheus, "Time durations" of the query language
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

namespace slowburn::base {

// "1h30m": units y w d h m s ms us ns in falling order, each at most once, unsigned integers.
// kInvalidArgument with what is wrong and what to write. The result fits int64 nanoseconds (292
// years).
absl::StatusOr<std::chrono::nanoseconds> ParseDuration(std::string_view text);

// The same form, as Prometheus prints it: whole weeks collapse ("4w" for 28 d, "30d"), zero is
// "0s". Below a second: "300ms"; a remainder below a millisecond in "us" and "ns".
std::string FormatDuration(std::chrono::nanoseconds duration);

}  // namespace slowburn::base
