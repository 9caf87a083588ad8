// tests/sim/sim_clock.h: virtual time: a monotonic clock that the event loop moves, and a wall
// clock beside it that may be set.
//
// Room     tests/sim
// Uses     base/
// Threads  one owner
// Units    as base/clock.h
#pragma once

#include <chrono>

#include "base/clock.h"

namespace slowburn::sim {

class SimClock final : public base::Clock {
 public:
  explicit SimClock(base::UnixNanos start) : start_(start) {}

  base::UnixNanos Now() const override { return start_ + elapsed_ + offset_; }
  std::chrono::steady_clock::time_point Monotonic() const override {
    return std::chrono::steady_clock::time_point(elapsed_);
  }
  std::chrono::nanoseconds elapsed() const { return elapsed_; }

  // Time passes; it never goes back.
  void AdvanceTo(std::chrono::nanoseconds elapsed) {
    if (elapsed > elapsed_) elapsed_ = elapsed;
  }
  // The wall clock is set; monotonic time does not see it.
  void StepWall(std::chrono::nanoseconds by) { offset_ += by; }
  std::chrono::nanoseconds offset() const { return offset_; }

 private:
  const base::UnixNanos start_;
  std::chrono::nanoseconds elapsed_{0};
  std::chrono::nanoseconds offset_{0};
};

}  // namespace slowburn::sim
