// base/time_text.h: moments as text: RFC 3339 and unix seconds.
//
// Room     base
// Uses     std::chrono
// Threads  pure functions
// Units    unix time; RFC 3339 in UTC
// Source   RFC 3339; Prometheus' HTTP API ("times are unix seconds or RFC 3339")
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include <absl/status/statusor.h>

#include "base/clock.h"

namespace slowburn::base {

// "2006-01-02T15:04:05.000Z", milliseconds always written: what Alertmanager is sent.
std::string FormatRfc3339(UnixNanos time);

// "1700000000", "1700000000.25" or "2023-11-14T22:13:20.25+01:00". kInvalidArgument otherwise, or
// outside 1970..2261.
absl::StatusOr<UnixNanos> ParseTime(std::string_view text);

// RFC 3339 alone, of any of its years (0000 to 9999), rounded down. Nothing otherwise.
std::optional<std::chrono::sys_time<std::chrono::milliseconds>> ParseRfc3339Milliseconds(
    std::string_view text);

// Unix seconds with the fraction a double can hold: how the JSON of the API writes a time.
inline double UnixSeconds(UnixNanos time) {
  return static_cast<double>(time.time_since_epoch().count()) / 1e9;
}

}  // namespace slowburn::base
