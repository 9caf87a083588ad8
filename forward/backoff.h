// forward/backoff.h: how long to leave a peer alone that has just failed.
//
// Room     forward
// Uses     standard library
// Threads  one thread at a time
// Units    milliseconds
// Source   OTLP specification, "exponential backoff with jitter"
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace slowburn::forward {

// Waits bounded by min, 2 min, 4 min, ... up to max. The same seed gives the same waits.
class Backoff {
 public:
  // Full: uniform in [1 ms, bound], so that many senders do not come back at one instant.
  enum class Jitter { kNone, kFull };
  struct Options {
    std::chrono::milliseconds min;
    std::chrono::milliseconds max;
    Jitter jitter = Jitter::kFull;
    uint64_t seed = 0;
  };
  explicit Backoff(const Options& options);

  // The wait before the next try; each call is one more failure in a row.
  std::chrono::milliseconds Next();
  // The peer answered: the next failure is a first one.
  void Reset() { bound_ = min_; }

 private:
  std::chrono::milliseconds min_;
  std::chrono::milliseconds max_;
  Jitter jitter_;
  std::chrono::milliseconds bound_;
  std::mt19937_64 random_;
};

}  // namespace slowburn::forward
