// app/load_latency.h: how long made-up requests take: log-normal, like real ones.
//
// Room     app
// Uses     base/
// Threads  immutable values
// Units    as named; shares are 0..1
#pragma once

#include <chrono>
#include <cstdint>
#include <string_view>
#include <vector>

#include <absl/status/statusor.h>

namespace slowburn::app {

class LoadLatency {
 public:
  // `text` in milliseconds: "20,200" is the 50th and the 99th percentile, "20/1.1" the median and
  // sigma, the deviation of the logarithm. kInvalidArgument with what is wrong.
  static absl::StatusOr<LoadLatency> Parse(std::string_view text);

  // The latency at a uniformly drawn number: one of 4096 equally likely ones.
  std::chrono::nanoseconds At(uint64_t random) const { return quantiles_[random >> 52]; }
  // The share of requests that take at most so long.
  double ShareWithin(std::chrono::nanoseconds latency) const;
  std::chrono::duration<double> mean() const;

 private:
  LoadLatency(double median_seconds, double sigma);

  double median_seconds_;
  double sigma_;
  std::vector<std::chrono::nanoseconds> quantiles_;
};

}  // namespace slowburn::app
