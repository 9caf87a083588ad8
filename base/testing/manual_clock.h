// base/testing/manual_clock.h: a clock that a test moves by hand.
//
// Room     base/testing
// Uses     base/
// Threads  thread-safe
// Units    as base/clock.h
#pragma once

#include <atomic>
#include <cstdint>

#include "base/clock.h"

namespace slowburn::base {

class ManualClock final : public Clock {
 public:
  explicit ManualClock(UnixNanos start) : now_(start.time_since_epoch().count()) {}

  UnixNanos Now() const override { return UnixNanos(std::chrono::nanoseconds(now_.load())); }
  std::chrono::steady_clock::time_point Monotonic() const override {
    return std::chrono::steady_clock::time_point(std::chrono::nanoseconds(elapsed_.load()));
  }

  void Advance(std::chrono::nanoseconds by) {
    now_ += by.count();
    elapsed_ += by.count();
  }
  // A step of the wall clock alone: monotonic time does not see it.
  void JumpTo(UnixNanos to) { now_ = to.time_since_epoch().count(); }

 private:
  std::atomic<int64_t> now_;
  std::atomic<int64_t> elapsed_{0};
};

}  // namespace slowburn::base
