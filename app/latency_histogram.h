// app/latency_histogram.h: how long things took, to three significant digits, in bounded memory.
//
// Room     app
// Uses     standard library
// Threads  a value; one thread at a time
// Units    nanoseconds
// Source   HdrHistogram's log-linear buckets
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace slowburn::app {

// Below 2048 ns every nanosecond has a bucket of its own; from there on each power of two is cut
// into 1024 equal ones, so a percentile is at most 1/1024 above the true one. 260 KiB at most.
class LatencyHistogram {
 public:
  // Longer ones count as this long; max() keeps the truth.
  static constexpr std::chrono::hours kLatencyMax{1};

  // A negative latency counts as none: clocks of several cores may differ a little.
  void Record(std::chrono::nanoseconds latency);
  void Add(const LatencyHistogram& other);
  void Clear();

  uint64_t count() const { return count_; }
  // 0 when empty.
  std::chrono::nanoseconds max() const { return max_; }
  std::chrono::nanoseconds Mean() const;
  // The smallest latency that at least `share` (0..1) of all are at most: nearest rank, the upper
  // end of its bucket, never above max(). 0 when empty.
  std::chrono::nanoseconds Percentile(double share) const;

 private:
  std::vector<uint64_t> buckets_;  // as many as the largest latency needs
  uint64_t count_ = 0;
  double sum_ = 0;
  std::chrono::nanoseconds max_{0};
};

}  // namespace slowburn::app
