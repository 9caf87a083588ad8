// slo/cumulative_stream.h: the newest points of a cumulative counter or histogram, and what they
// count.
//
// Room     slo: pure
// Uses     slo/
// Threads  a value; one thread at a time writes
// Units    unix nanoseconds; events
// Source   OTLP metrics data model, "Resets and Gaps"; docs/metrics_sli.md
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "slo/metric_increment.h"

namespace slowburn::slo {

// Whether all of a stream's first value happened under our eyes. A value that has been growing
// since before anybody looked says nothing about when.
struct FirstValueRule {
  uint64_t sli_since = 0;     // the SLI's first point of any stream
  uint64_t writer_since = 0;  // the writer's first point of this metric, any stream; 0: none yet

  bool CountsFully(const CounterPoint& point) const;
};

// What is counted depends on the points alone, not on their order, as long as a late one finds the
// one before it, or the first one ever, among the newest kPointsMax.
struct CumulativeStream {
  static constexpr size_t kPointsMax = 8;
  // Where the oldest point that is kept comes from.
  enum class Head : uint8_t {
    kContinues,  // there were others before it: nothing can come before it any more
    kBase,       // it is the first one; its value is where counting begins
    kCounted,    // it is the first one, and counts fully
  };
  // Counts since the stream began.
  struct Sums {
    CounterValue total;
    CounterValue good;
    // By how much the estimate of good values is ahead of `good`, which neither falls nor grows by
    // more than the total: estimates within a bucket move when the buckets do.
    double lead = 0;
    friend bool operator==(const Sums&, const Sums&) = default;
  };

  uint64_t covered_until = 0;  // what was before is counted by another temporality
  Head head = Head::kContinues;
  Sums head_sums;                    // up to and with the oldest point
  std::vector<CounterPoint> points;  // ascending by time, each time once

  // Goes on from a point that was counted elsewhere: nothing before it is placed. Whole events are
  // those of the counter's own value, whoever began where.
  static CumulativeStream From(const CounterPoint& point);
  // Lets go of the oldest of at least two points: none is placed before the next one.
  void DropOldest();
  // Whether the point was counted, perhaps as a base. Appends what changes.
  bool Place(CounterPoint point, const FirstValueRule& rule, std::vector<Increment>& increments,
             MetricTally& tally);
  uint64_t newest() const { return points.empty() ? 0 : points.back().time; }
  friend bool operator==(const CumulativeStream&, const CumulativeStream&) = default;
};

}  // namespace slowburn::slo
