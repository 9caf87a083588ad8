// slo/metric_increment.h: what the points of metric streams come to: counted events, and what could
// not be counted.
//
// Room     slo
// Uses     slo/
// Threads  values
// Units    unix nanoseconds; events
#pragma once

#include <cstdint>
#include <vector>

#include "slo/counter_value.h"

namespace slowburn::slo {

// A point of a sum or histogram, as far as one SLI reads it.
struct CounterPoint {
  uint64_t start = 0;  // 0: unknown
  uint64_t time = 0;
  CounterValue total;    // the counter, or the histogram's count
  CounterValue good;     // of a histogram: its count at or under the threshold
  uint32_t layout = 0;   // of an explicit histogram: a hash of its bounds
  bool is_exact = true;  // `good` does not come from within a bucket

  friend bool operator==(const CounterPoint&, const CounterPoint&) = default;
};

// The bucket that a threshold lies in: (lower, upper]; either may be infinite.
struct BucketBounds {
  double lower = 0;
  double upper = 0;
  friend bool operator==(const BucketBounds&, const BucketBounds&) = default;
};

// Events of [from, to), or such that were counted there and are not any more: a point that comes
// late may divide an interval.
struct Increment {
  uint64_t from = 0;
  uint64_t to = 0;
  uint64_t total = 0;
  uint64_t good = 0;  // of `total`, with histograms
  bool is_taken_back = false;
};

// What happened to points, for the ledger and /metrics.
struct MetricTally {
  uint64_t counted = 0;              // points that are part of the counts
  uint64_t duplicates = 0;           // the same point again
  uint64_t conflicts = 0;            // another value at a known time: the first one stays
  uint64_t out_of_order = 0;         // so late that its place is not known any more
  uint64_t too_late = 0;             // older than max_late
  uint64_t overlaps = 0;             // a delta over time that others cover
  uint64_t resets_by_value = 0;      // a value fell without a new start
  uint64_t layout_changes = 0;       // other bounds without a new start: not counted
  uint64_t temporality_changes = 0;  // the writer went from delta to cumulative, or back
  uint64_t untracked = 0;            // there are too many streams
  uint64_t invalid = 0;              // NaN, below zero, a histogram without buckets
  uint64_t without_latency = 0;      // events of an exponential histogram, not points

  MetricTally& operator+=(const MetricTally& other);
  friend bool operator==(const MetricTally&, const MetricTally&) = default;
};

inline MetricTally& MetricTally::operator+=(const MetricTally& other) {
  counted += other.counted;
  duplicates += other.duplicates;
  conflicts += other.conflicts;
  out_of_order += other.out_of_order;
  too_late += other.too_late;
  overlaps += other.overlaps;
  resets_by_value += other.resets_by_value;
  layout_changes += other.layout_changes;
  temporality_changes += other.temporality_changes;
  untracked += other.untracked;
  invalid += other.invalid;
  without_latency += other.without_latency;
  return *this;
}

}  // namespace slowburn::slo
