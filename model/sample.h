// model/sample.h: a number at a time, and the special number that ends a series.
//
// Room     model
// Uses     standard library
// Threads  values
// Units    unix milliseconds, as in Prometheus
// Source   Prometheus, model/value: the bits of a stale marker
#pragma once

#include <bit>
#include <cstdint>

namespace slowburn::model {

struct Sample {
  int64_t time_ms = 0;
  double value = 0;
};

// A NaN of these very bits says that the series has no value from here on. Any other NaN is a
// value.
inline constexpr uint64_t kStaleBits = 0x7ff0000000000002;

inline bool IsStale(double value) { return std::bit_cast<uint64_t>(value) == kStaleBits; }
inline double StaleMarker() { return std::bit_cast<double>(kStaleBits); }

}  // namespace slowburn::model
