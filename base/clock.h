// base/clock.h: the only way to read time, so that a test can replay a month in a second.
//
// Room     base
// Uses     std::chrono
// Threads  a Clock is thread-safe
// Units    Now() is unix time in nanoseconds; Monotonic() has no epoch and never goes back
#pragma once

#include <chrono>

namespace slowburn::base {

using UnixNanos = std::chrono::sys_time<std::chrono::nanoseconds>;

class Clock {
 public:
  virtual ~Clock() = default;
  // Wall-clock time. May jump either way.
  virtual UnixNanos Now() const = 0;
  // For durations and deadlines.
  virtual std::chrono::steady_clock::time_point Monotonic() const = 0;
};

// The machine's clock. Lives as long as the process.
const Clock& SystemClock();

inline std::chrono::sys_seconds FloorSeconds(UnixNanos time) {
  return std::chrono::floor<std::chrono::seconds>(time);
}

}  // namespace slowburn::base
